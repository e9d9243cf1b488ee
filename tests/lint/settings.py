# SPDX-License-Identifier: ISC
"""
The table of docs/settings.md is what the rows of SETTINGS() in src say: each
name, default, meaning, values, and whether it is secret. Each row is whole.

With --write it makes the table, between the page's marks, from the rows.
"""

import re
import sys

from _common import ROOT, line_of, mask, read, run

PAGE = "docs/settings.md"
BEGIN = "<!-- from the rows of SETTINGS(): tests/lint/settings.py --write -->\n"
END = "<!-- the end of what is made -->\n"
HEAD = ("| setting | default | meaning | values | secret | jobs |\n"
        "|---|---|---|---|---|---|\n")
SERVERS = "src/config_table.c"
# The page has Keel's names in every project, so that it merges.
NAMES = "tests/unit/product.h"

TABLE = re.compile(r"^SETTINGS\(\s*(\w+)\s*,", re.M)
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')
DEFINE = re.compile(r'^#define\s+(\w+)(\(name\))?\s+"([^"]*)"', re.M)
WORD = re.compile(r'\s*(?:"((?:\\.|[^"\\])*)"|(\w+)(?:\(\s*"([^"]*)"\s*\))?)')
PAIRS = {"(": ")", "{": "}"}
FIELDS = {"text", "number", "fallback", "find_fallback", "required", "then",
          "secret", "serving", "meaning", "values", "unset"}


def close(code, start):
    """Where the bracket at `start` is closed, strings aside."""
    depth, at = 0, start
    while at < len(code):
        if code[at] == '"':
            at = STRING.match(code, at).end()
            continue
        depth += (code[at] in "({") - (code[at] in ")}")
        if depth == 0:
            return at
        at += 1
    return at


def split(code):
    """(offset, text) of what commas part, brackets and strings aside."""
    start = at = 0
    while at <= len(code):
        if at == len(code) or code[at] == ",":
            if code[start:at].strip():
                yield start, code[start:at].strip()
            start = at + 1
        elif code[at] == '"':
            at = STRING.match(code, at).end() - 1
        elif code[at] in PAIRS:
            at = close(code, at)
        at += 1


def text_of(code, names):
    """What a string of C is: literals, and names of product.h, in a row."""
    found, at = "", 0
    while at < len(code):
        match = WORD.match(code, at)
        if match is None or (match.group(2) and match.group(2) not in names):
            return None
        literal, name, argument = match.groups()
        if name:
            found += names[name] + (argument or "")
        else:
            found += re.sub(r"\\(.)", r"\1", literal)
        at = match.end()
    return found


def check_default(row, kind, arguments):
    """Is the default what the type takes?"""
    default = row["fallback"]
    if kind == "NUMBER":
        least, most = (int(argument) for argument in arguments)
        return default.isdigit() and least <= int(default) <= most
    return kind not in ("CHOICE", "FLAG") or default in arguments


def row_of(code, names):
    """A row as a dictionary; its mistakes are in row["wrong"]."""
    row = dict.fromkeys(FIELDS, None)
    row.update(name=None, kind=None, wrong=[])
    arguments = []
    for number, (_, part) in enumerate(split(code)):
        field = re.match(r"\.(\w+)\s*=\s*", part)
        kind = re.match(r"([A-Z]+)\b\s*(?:\((.*)\)$)?", part, re.S)
        if number == 0:
            row["name"] = text_of(part, names)
        elif field and field.group(1) in FIELDS:
            value = part[field.end():]
            row[field.group(1)] = value if field.group(1) in (
                "text", "number", "find_fallback", "then", "secret",
                "serving",
            ) else text_of(value, names)
        elif kind and row["kind"] is None:
            row["kind"] = kind.group(1)
            arguments = [text.strip('"')
                         for _, text in split(kind.group(2) or "")]
        else:
            row["wrong"].append(f"is not understood: {part}")
    if row["kind"] == "FLAG":
        arguments = ["0", "1"]
    check_row(row, arguments)
    row["values"] = ", ".join(filter(None, [
        kind_values(row["kind"], arguments), row["values"]]))
    return row


def kind_values(kind, arguments):
    if kind == "NUMBER":
        return " to ".join(arguments)
    if kind in ("CHOICE", "FLAG"):
        return ", ".join(f"`{argument}`" for argument in arguments)
    return ""


def check_row(row, arguments):
    wrong = row["wrong"]
    if row["name"] is None:
        wrong.append("has no name")
    if row["kind"] not in ("TEXT", "NUMBER", "CHOICE", "FLAG"):
        wrong.append("has no type")
    if row["text"] is None and row["number"] is None:
        wrong.append("has no target")
    if not re.fullmatch(r"[A-Z0-9].*\.", row["meaning"] or ""):
        wrong.append("has no .meaning that is a sentence")
    if row["kind"] == "TEXT" and not row["values"]:
        wrong.append("has no .values, and its type says nothing of them")
    if (row["fallback"] is None) == (row["unset"] is None):
        wrong.append("needs .fallback or, for the page, .unset; not both")
    elif row["fallback"] is not None and not check_default(
            row, row["kind"], arguments):
        wrong.append(f"has the default {row['fallback']}, which is refused")
    if row["find_fallback"] and row["fallback"] is not None:
        wrong.append("has .fallback and .find_fallback")
    if "|" in "".join(row[field] or "" for field in (
            "meaning", "values", "unset", "fallback")):
        wrong.append("has a | in it, which would end the column")


def rows_of(files):
    """(path, line, row) of all, in the order of config.c: next_table()."""
    names = {name: value for name, _, value in DEFINE.findall(
        files.get(NAMES, ""))}
    tables = []
    for path, text in files.items():
        if not path.endswith(".c"):
            continue
        code = mask(text)
        for table in TABLE.finditer(code):
            start = code.index("(", table.start())
            body = code[table.end():close(code, start)]
            rows = [(path, line_of(code, table.end() + offset) + 1,
                     row_of(part[1:-1], names))
                    for offset, part in split(body)]
            tables.append((path != SERVERS, table.group(1), rows))
    return [row for _, _, rows in sorted(tables, key=lambda t: t[:2])
            for row in rows]


def page_row(row):
    default = row["unset"] or f"`{row['fallback']}`"
    return (f"| `{row['name']}` | {default} | {row['meaning']} | "
            f"{row['values']} | {'yes' if row['secret'] == 'true' else 'no'} "
            f"| {'no' if row['serving'] == 'true' else 'yes'} |\n")


def page_table(files):
    return HEAD + "".join(page_row(row) for _, _, row in rows_of(files))


def between_marks(page):
    """The page before, in and after its table, or None."""
    match = re.fullmatch(f"(.*{re.escape(BEGIN)}\n)(.*)(\n{re.escape(END)}.*)",
                         page, re.S)
    return match and match.groups()


def check_page(files):
    page = files.get(PAGE, "")
    parts = between_marks(page)
    if parts is None:
        return [(PAGE, 1, "has no table between its marks")]
    have, want = parts[1].splitlines(), page_table(files).splitlines()
    for number, line in enumerate(want):
        if have[number:number + 1] != [line]:
            name = re.search(r"`(\w+)`|$", line).group(1)
            return [(PAGE, line_of(page, len(parts[0])) + number,
                     f"is not what the row of {name} says: run "
                     "tests/lint/settings.py --write")]
    return [] if len(have) == len(want) else [
        (PAGE, line_of(page, len(parts[0])) + len(want),
         "has more than the rows: run tests/lint/settings.py --write")]


def check(files):
    rows = rows_of(files)
    if not rows:
        return [("src", 1, "has no SETTINGS()")]
    found = [(path, line, f"{row['name'] or 'a setting'} {wrong}")
             for path, line, row in rows for wrong in row["wrong"]]
    names = [row["name"] for _, _, row in rows]
    found += [(path, line, f"{row['name']} has two rows")
              for number, (path, line, row) in enumerate(rows)
              if row["name"] in names[:number]]
    titles = [title for path, text in files.items() if path.endswith(".c")
              for title in TABLE.findall(mask(text))]
    found += [("src", 1, f"two tables are called {title}")
              for title in sorted(set(titles)) if titles.count(title) > 1]
    return found or check_page(files)


PRODUCT = '#define PRODUCT "acme"\n#define ENV(name)\t"ACME_" name\n'
PORT = ('    { ENV("PORT"), NUMBER(1, 99), .number = &port,\n'
        '\t.serving = true, .fallback = "8", .values = "not {",\n'
        '\t.meaning = "The port (of "\n\t    PRODUCT ").", }')
KEY = ('    {\n\tENV("KEY"), TEXT, /* a }, */ .text = &key,\n'
       '\t.secret = true, .unset = "unset: none",\n'
       '\t.values = "a text", .meaning = "It signs.",\n    }')
KIND = ('    { ENV("KIND"), CHOICE("a", "b"), .number = &kind,\n'
        '\t.fallback = "b", .meaning = "Which." }')
FLAG = '    { ENV("FLAG"), FLAG, .number = &f, .fallback = "0",\n'
MADE = HEAD + """\
| `ACME_KEY` | unset: none | It signs. | a text | yes | yes |
| `ACME_PORT` | `8` | The port (of acme). | 1 to 99, not { | no | no |
"""
KIND_ROW = "| `ACME_KIND` | `b` | Which. | `a`, `b` | no | yes |\n"


def sample(*rows, made=MADE, more=None):
    return {
        NAMES: PRODUCT,
        SERVERS: "SETTINGS(server,\n" + ",\n".join(rows) + ");\n",
        PAGE: f"# Words\n\n{BEGIN}\n{made}\n{END}\nMore words.\n",
        **(more or {}),
    }


BAD = [
    ({"src/a.c": "int a;\n"}, "no SETTINGS()"),
    (sample(KEY, PORT) | {PAGE: MADE}, "between its marks"),
    (sample(KEY, PORT, made=MADE + KIND_ROW), "more than the rows"),
    (sample(KEY, PORT, KIND), "the row of ACME_KIND says"),
    (sample(PORT, KEY), "the row of ACME_PORT says"),
    (sample(KEY, PORT.replace('"8"', '"9"')), "the row of ACME_PORT says"),
    (sample(KEY, PORT.replace("99", "98")), "the row of ACME_PORT says"),
    (sample(KEY, PORT.replace("of", "for")), "the row of ACME_PORT says"),
    (sample(KEY.replace(".secret = true, ", ""), PORT),
     "the row of ACME_KEY says"),
    (sample(KEY, KEY, PORT), "ACME_KEY has two rows"),
    (sample(KEY, PORT.replace('"8"', '"100"')), "the default 100"),
    (sample(KIND.replace('"b",', '"c",')), "the default c"),
    (sample(FLAG.replace('"0"', '"no"') + '\t.meaning = "It is." }'),
     "the default no"),
    (sample(FLAG + '\t.meaning = "it is" }'), "that is a sentence"),
    (sample(FLAG + "\t}"), "that is a sentence"),
    (sample(FLAG + '\t.meaning = "A | b." }'), "a | in it"),
    (sample(FLAG + '\t.unset = "no", .meaning = "It is." }'), "not both"),
    (sample(FLAG + '\t.find_fallback = f, .meaning = "It is." }'),
     "and .find_fallback"),
    (sample(FLAG + '\t.mean = "It is." }'), "is not understood: .mean"),
    (sample(KEY.replace('"KEY"', "KEY")), "has no name"),
    (sample(KEY.replace("TEXT", "WHAT")), "has no type"),
    (sample(KEY.replace(".text = &key", "")), "has no target"),
    (sample(KEY.replace('.values = "a text", ', "")), "has no .values"),
    (sample(KEY, PORT, more={
        "src/m.c": f"SETTINGS(server,\n{KIND});\n"}), "two tables"),
]
GOOD = [
    sample(KEY, PORT),
    sample(KEY, PORT, made=MADE + KIND_ROW + KIND_ROW.replace("KIND", "Z"),
           more={
               "src/a.c": "SETTINGS(z,\n%s);\n" % KIND.replace("KIND", "Z"),
               "src/b.c": f"int a;\nSETTINGS(posts,\n{KIND});\n",
           }),
]

if __name__ == "__main__":
    tree = read("src/**/*.c", NAMES, PAGE)
    if sys.argv[1:] == ["--write"]:
        before, _, after = between_marks(tree[PAGE])
        (ROOT / PAGE).write_text(before + page_table(tree) + after)
    else:
        run(check, tree, BAD, GOOD)
