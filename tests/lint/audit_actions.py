# SPDX-License-Identifier: ISC
"""
The table of docs/audit.md is what the rows of AUDIT_ACTION() in src say: each
action and its meaning. A statement records no other action.

With --write it makes the table, between the page's marks, from the rows.
"""

import re
import sys

from _common import ROOT, line_of, mask, read, run

PAGE = "docs/audit.md"
BEGIN = ("<!-- from the rows of AUDIT_ACTION(): tests/lint/audit_actions.py "
         "--write -->\n")
END = "<!-- the end of what is made -->\n"
HEAD = "| action | what |\n|---|---|\n"

STRING = r'"(?:\\.|[^"\\])*"'
ACTION = re.compile(r"^AUDIT_ACTION\(\s*(\w+)\s*,((?:\s*%s)*)\s*\);" % STRING,
                    re.M)
ANY = re.compile(r"^AUDIT_ACTION\(", re.M)
RECORDED = re.compile(r"INSERT INTO audit_log\b[^']*'(\w+)'")


def rows_of(files):
    """(path, line, action, meaning), by action."""
    rows = []
    for path, text in files.items():
        if not path.endswith(".c"):
            continue
        code = mask(text)
        for match in ACTION.finditer(code):
            meaning = "".join(part[1:-1]
                              for part in re.findall(STRING, match.group(2)))
            rows.append((path, line_of(code, match.start()), match.group(1),
                         meaning))
    return sorted(rows, key=lambda row: row[2])


def page_table(files):
    return HEAD + "".join(f"| `{action}` | {meaning} |\n"
                          for _, _, action, meaning in rows_of(files))


def between_marks(page):
    """The page before, in and after its table, or None."""
    match = re.fullmatch(f"(.*{re.escape(BEGIN)}\n)(.*)(\n{re.escape(END)}.*)",
                         page, re.S)
    return match and match.groups()


def check_rows(files):
    rows = rows_of(files)
    names = [name for _, _, name, _ in rows]
    for number, (path, line, name, meaning) in enumerate(rows):
        if not re.fullmatch(r"[A-Z0-9][^|]*\.", meaning):
            yield path, line, f"{name} has no meaning that is a sentence"
        if not re.fullmatch(r"[a-z_]{1,64}", name):
            yield path, line, f"{name} is no name that can be searched for"
        if name in names[:number]:
            yield path, line, f"{name} has two rows"
    for path, text in files.items():
        if path.endswith(".c"):
            for match in ANY.finditer(mask(text)):
                if not ACTION.match(mask(text), match.start()):
                    yield (path, line_of(text, match.start()),
                           "an AUDIT_ACTION() that is not understood")
        for match in RECORDED.finditer(text):
            if path.endswith(".sql") and match.group(1) not in names:
                yield (path, line_of(text, match.start()),
                       f"records {match.group(1)}, which is no AUDIT_ACTION()")


def check(files):
    found = list(check_rows(files))
    parts = between_marks(files.get(PAGE, ""))
    if parts is None:
        found.append((PAGE, 1, "has no table between its marks"))
    elif parts[1] != page_table(files):
        found.append((PAGE, line_of(files[PAGE], len(parts[0])),
                      "is not what the rows of AUDIT_ACTION() say: run "
                      "tests/lint/audit_actions.py --write"))
    return found


ROWS = """\
AUDIT_ACTION(signed_in, "Somebody \\"x\\" "
    "signed in.");
/*
 *\tAUDIT_ACTION(example, "Of a comment.");
 */
AUDIT_ACTION(a_change, "A change.");
"""
MADE = HEAD + """\
| `a_change` | A change. |
| `signed_in` | Somebody \\"x\\" signed in. |
"""


def sample(rows=ROWS, made=MADE, sql=""):
    return {"src/a.c": rows, "sql/queries/a.sql": sql,
            PAGE: f"# Words\n\n{BEGIN}\n{made}\n{END}\nMore words.\n"}


INSERT = ("INSERT INTO audit_log (id, action)\nSELECT $1::uuid, '%s', 'x'\n")

BAD = [
    (sample() | {PAGE: MADE}, "between its marks"),
    (sample(made=HEAD), "is not what the rows"),
    (sample(made=MADE + "| `more` | More. |\n"), "is not what the rows"),
    (sample(rows=ROWS.replace("A change", "Changes")), "is not what the rows"),
    (sample(rows=ROWS + ROWS), "signed_in has two rows"),
    (sample(rows=ROWS.replace("A change.", "a change")), "is a sentence"),
    (sample(rows=ROWS.replace("A change.", "A | B.")), "is a sentence"),
    (sample(rows=ROWS.replace("a_change", "aChange")), "searched for"),
    (sample(rows=ROWS + "AUDIT_ACTION(odd, TEXT);\n"), "not understood"),
    (sample(sql=INSERT % "a_chang"), "records a_chang, which"),
]
GOOD = [
    sample(), sample(sql=INSERT % "a_change"),
    sample(sql="INSERT INTO audit_log (id)\nVALUES ($1);\nSELECT 1"),
]

if __name__ == "__main__":
    tree = read("src/**/*.c", "sql/queries/*.sql", PAGE)
    if sys.argv[1:] == ["--write"]:
        before, _, after = between_marks(tree[PAGE])
        (ROOT / PAGE).write_text(before + page_table(tree) + after)
    else:
        run(check, tree, BAD, GOOD)
