# SPDX-License-Identifier: ISC
"""The pages in docs name only what exists: each `function()`, and, in tables
under the mark below, each `code` in the right column (blanks do not count)."""

import re

from _common import line_of, mask, read, run

NAMED = re.compile(r"`(\w+)\(\)`")
DEFINED = re.compile(r"^(\w+)\(|^[ \t]*#[ \t]*define[ \t]+(\w+)\(", re.M)
# A repository's header: QUERY_ONE(users, find, user, id) declares a function.
QUERY = re.compile(r"^QUERY_\w+\((\w+),\s*(\w+)", re.M)
MARK = "<!-- the right column stands in the tree -->"
CODE = re.compile(r"`([^`]+)`")


def plain(text):
    """The text without blanks and comments."""
    return re.sub(r"\s+", "", mask(text))


def check_functions(page, text, files):
    defined = {
        function or macro
        for path, source in files.items() if path.endswith((".c", ".h"))
        for function, macro in DEFINED.findall(mask(source))
    }
    defined |= {
        f"{file}_repository_{title}"
        for path, source in files.items() if path.endswith(".h")
        for file, title in QUERY.findall(source)
    }
    for match in NAMED.finditer(text):
        if match.group(1) not in defined:
            yield (page, line_of(text, match.start()),
                   f"{match.group(1)}() is not defined in src")


def check_tables(page, text, files):
    tree = [plain(source) for path, source in files.items()
            if not path.endswith(".md")]
    marked = rows = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line == MARK:
            marked, rows = number, 0
        if not marked:
            continue
        if not line.startswith("|"):
            marked = marked if rows == 0 else 0
            continue
        rows += 1
        for code in CODE.findall(line.rstrip("| ").split(" | ")[-1]):
            code = code.replace("\\|", "|")
            if not any(plain(code) in source for source in tree):
                yield page, number, f"not in the tree: {code}"


def check(files):
    pages = {path: text for path, text in files.items()
             if path.endswith(".md")}
    if not any(NAMED.search(text) for text in pages.values()):
        return [("docs", 1, "no page names a function")]
    return [found for page, text in pages.items()
            for rule in (check_functions, check_tables)
            for found in rule(page, text, files)]


C = "static void\nf(int a)\n{\n}\n#define g(x) (x)\n/*\nh(int)\n*/\n"
PAGE = "docs/a.md"
TABLE = f"`f()`\n\n{MARK}\n\n| a | b |\n|---|---|\n| `x` | "
BAD = [
    ({"src/a.c": C}, "no page"),
    ({"src/a.c": C, PAGE: "nothing"}, "no page"),
    ({"src/a.c": C, PAGE: "`f()` then `h()`"}, "h() is not defined"),
    ({"src/a.c": C, PAGE: TABLE + "`f(int  b)` |"}, "not in the tree: f(int"),
    ({"src/a.c": C, PAGE: TABLE + "`f(int a)` and `h(int)` |"}, "h(int)"),
]
GOOD = [
    {"src/a.c": C, PAGE: "`f()` then `g()`"},
    {"src/a.c": C, PAGE: TABLE + "`static void f(int a)`, words |\n\n`z`"},
]

if __name__ == "__main__":
    run(check, read("src/**/*.[ch]", "sql/**/*.sql", "kore.conf",
                    "docs/*.md"), BAD, GOOD)
