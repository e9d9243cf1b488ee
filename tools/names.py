# SPDX-License-Identifier: ISC
"""Names: singular and plural, and those that C, SQL or Keel has already."""

import re

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 23        # "modules/NAME/NAME_repository.h" is in a line of 80

C_WORDS = set("""
asm auto break case char const continue default do double else enum extern float
for goto if inline int long register restrict return short signed sizeof static
struct switch typedef typeof union unsigned void volatile while bool true false
assert errno linux offsetof stderr stdin stdout unix
""".split())

# PostgreSQL 15's reserved words, and those that no column, function or type may
# have (pg_get_keywords(): R, T and C); and the columns that every table has.
SQL_WORDS = set("""
all analyse analyze and any array as asc asymmetric authorization between
bigint binary bit boolean both case cast char character check coalesce collate
collation column concurrently constraint create cross current_catalog
current_date current_role current_schema current_time current_timestamp
current_user dec decimal default deferrable desc distinct do else end except
exists extract false fetch float for foreign freeze from full grant greatest
group grouping having ilike in initially inner inout int integer intersect
interval into is isnull join lateral leading least left like limit localtime
localtimestamp national natural nchar none normalize not notnull null nullif
numeric offset on only or order out outer overlaps overlay placing position
precision primary real references returning right row select session_user
setof similar smallint some substring symmetric table tablesample then time
timestamp to trailing treat trim true union unique user using values varchar
variadic verbose when where window with xmlattributes xmlconcat xmlelement
xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
tableoid xmin xmax cmin cmax ctid
""".split())

# Every resource has these columns.
OWN = {"id", "version", "created_at", "updated_at"}

IRREGULAR = {"people": "person", "children": "child", "men": "man",
             "women": "woman", "mice": "mouse", "feet": "foot",
             "teeth": "tooth", "geese": "goose", "data": "datum",
             "criteria": "criterion", "analyses": "analysis",
             "diagnoses": "diagnosis", "crises": "crisis",
             "hypotheses": "hypothesis", "axes": "axis",
             "indices": "index", "matrices": "matrix",
             "vertices": "vertex", "appendices": "appendix",
             "movies": "movie", "cookies": "cookie", "caches": "cache",
             "niches": "niche", "shoes": "shoe", "heroes": "hero",
             "potatoes": "potato", "tomatoes": "tomato", "echoes": "echo",
             "vetoes": "veto", "excuses": "excuse", "quizzes": "quiz",
             "aliases": "alias", "canvases": "canvas", "atlases": "atlas",
             "menus": "menu", "gurus": "guru", "gases": "gas",
             "lenses": "lens", "biases": "bias",
             "leaves": "leaf", "halves": "half", "calves": "calf",
             "wolves": "wolf", "shelves": "shelf", "lives": "life",
             "knives": "knife", "wives": "wife", "thieves": "thief",
             "loaves": "loaf"}

# One and many are the same word.
INVARIANT = {"series", "species", "news", "means"}

# "a user", "an hour": words whose sound is not that of their first letter.
A_BEFORE_VOWEL = re.compile(r"(eu|one|uni(?!n)|ur[aeio]|us[aeu]|ut[aeio])")
AN_BEFORE_H = re.compile(r"(heir|honest|honou?r|hour)")


class Refused(Exception):
    """One line for the user."""


def singular_of(plural):
    """Of the last word: notes, categories, boxes. None if it is no plural, or
    tells no singular."""
    head, mark, last = plural.rpartition("_")
    if last in INVARIANT:
        return None
    if last in IRREGULAR:
        one = IRREGULAR[last]
    elif re.fullmatch(r"\w+[^aeiou]ies", last):
        one = last[:-3] + "y"
    elif re.fullmatch(r"\w+(ss|sh|ch|x|tz|zz)es|\w*[^ao]uses", last):
        one = last[:-2]
    elif re.fullmatch(r"\w+[^su]s", last):
        one = last[:-1]
    else:
        return None
    return head + mark + one


def plural_of(singular):
    """The table that a reference such as `post` means."""
    head, mark, last = singular.rpartition("_")
    for many, one in IRREGULAR.items():
        if one == last:
            return head + mark + many
    if re.fullmatch(r"\w*[^aeiou]y", last):
        return head + mark + last[:-1] + "ies"
    if re.fullmatch(r"\w*(s|sh|ch|x|z)", last):
        return singular + "es"
    return singular + "s"


def with_article(words):
    """An item, a note."""
    vowel = words[0] in "aeiou" and not A_BEFORE_VOWEL.match(words)
    return ("an " if vowel or AN_BEFORE_H.match(words) else "a ") + words


def check(what, name, in_sql=True):
    """Raises Refused unless C, paths and, if it is used there, SQL may have
    it."""
    if "-" in name:
        raise Refused("%s: %s has a dash, which C and SQL do not allow: write "
                      "%s" % (what, name, name.replace("-", "_")))
    if not NAME.fullmatch(name):
        raise Refused("%s: %s is no name: it has lower-case letters, digits "
                      "and single underscores, and begins with a letter" % (
                          what, repr(name) if name != name.strip() or not
                              name.isprintable() or not name else name))
    if len(name) > LONGEST:
        raise Refused("%s: %s is longer than %d characters" % (
            what, name, LONGEST))
    if name in C_WORDS:
        raise Refused("%s: %s is a word of C" % (what, name))
    if in_sql and name in SQL_WORDS:
        raise Refused("%s: %s is a word of SQL" % (what, name))
    if name.startswith("pg_"):
        raise Refused("%s: %s: names with pg_ are PostgreSQL's" % (what, name))
