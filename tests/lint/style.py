# SPDX-License-Identifier: ISC
"""
Checks the style as far as a machine can; docs/architecture.md has the rest.
Every file says at its head what it is. The copyright holder and the licence are
not checked, so a project that starts from this one may use its own.
"""

import re

from _common import mask, read, run

WIDTH = 80
FILE_LINES = 450
TEST_LINES = 500
FUNCTION_LINES = 60
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
LICENCE = re.compile(r"[^\n]*(?:SPDX-License-Identifier:|[Cc]opyright)"
                     r"[^\n]*\n+")
HEAD = {
    ".c": re.compile(r"/\*[\s*]*(?!sources:|defines:)[^\s*]"),
    ".h": re.compile(r"/\*[\s*]*\S"),
    ".ts": re.compile(r"/[*/][\s*]*\S"), ".mjs": re.compile(r"/[*/][\s*]*\S"),
    ".py": re.compile(r"\"\"\"\s*\S|#\s*\w"),
}
FUNCTION = re.compile(r"^(\w+)\([^;{}]*\)\n\{\n(.*?)^\}$", re.M | re.S)


def check_head(path, text):
    ending = path[path.rindex("."):]
    text = re.sub(r"\A#![^\n]*\n", "", text)
    rest = text
    while (licence := LICENCE.match(rest)):
        rest = rest[licence.end():]
    if not HEAD[ending].match(rest):
        yield path, 1, "the head does not say what the file is"


def check_lines(path, lines):
    for number, line in enumerate(lines, 1):
        width = len(line.expandtabs(8))
        if width > WIDTH:
            yield path, number, f"{width} columns"
        if line != line.rstrip():
            yield path, number, "blanks at the end of the line"
        if "\ufffd" in line:
            yield path, number, "not UTF-8"
        if UNFINISHED.search(line) and not path.endswith(".py"):
            yield path, number, "unfinished"


def check_lengths(path, text, lines):
    most = FILE_LINES if path.startswith("src/") else TEST_LINES
    if len(lines) - 1 > most:
        yield path, most, f"more than {most} lines"
    for match in FUNCTION.finditer(mask(text)):
        length = match.group(2).count("\n")
        if path.startswith("src/") and length > FUNCTION_LINES:
            yield (path, text.count("\n", 0, match.start()) + 1,
                   f"{match.group(1)}() has {length} lines, "
                   f"more than {FUNCTION_LINES}")


def check(files):
    found = []
    for path, text in files.items():
        lines = text.split("\n")
        found += check_head(path, text)
        if text and not text.endswith("\n"):
            found.append((path, len(lines), "no newline at the end"))
        if path.endswith((".c", ".h", ".py")):
            found += check_lines(path, lines)
        if path.endswith((".c", ".h")):
            found += check_lengths(path, text, lines)
    return found


TOP = "/* SPDX-License-Identifier: ISC */\n/* A sample. */\n"
LONG = "int\nf(void)\n{\n" + "\tg();\n" * FUNCTION_LINES
BAD = [
    ({"a.c": "int a;\n"}, "what the file is"),
    ({"a.c": "/* SPDX-License-Identifier: ISC */\n\nint a;\n"},
     "what the file is"),
    ({"a.c": "/* SPDX-License-Identifier: ISC */\n/* sources: app */\n"},
     "what the file is"),
    ({"a.py": "# SPDX-License-Identifier: ISC\nimport re\n"},
     "what the file is"),
    ({"a.c": TOP + "\t" * 9 + "1234567\n" + "é" * 81 + "\n"}, "81 columns"),
    ({"a.c": TOP + "int a; \n"}, "blanks at the end of the line"),
    ({"a.c": TOP + "int a;\r\n"}, "blanks at the end of the line"),
    ({"a.c": TOP + "int a;"}, "no newline"),
    ({"a.c": TOP + "/* TODO */\n"}, "unfinished"),
    ({"src/a.c": TOP + "\n" * FILE_LINES}, "more than"),
    ({"src/a.c": TOP + LONG + "\tg();\n}\n"}, "f() has 61 lines"),
    ({"a.c": TOP + "\ufffd\n"}, "not UTF-8"),
]
GOOD = [{
    "src/a.c": TOP + "\t" * 9 + "12345678\n" + "é" * 80 + "\n" + LONG + "}\n",
    "src/b.c": "/* Copyright 2030 Acme. All rights reserved. */\n\n"
               "/*\n * Notes.\n */\n",
    "c.py": '#!/usr/bin/python3\n# SPDX-License-Identifier: ISC\n"""C."""\n',
    "d.mjs": "// SPDX-License-Identifier: MIT\n/* D. */\n",
}]

if __name__ == "__main__":
    run(check, read("src/**/*.[ch]", "tests/*/*.[ch]", "tests/unit/**/*.[ch]",
                    "tools/*.py", "tests/**/*.py", "tests/*/*.mjs",
                    "tests/*/*.ts", "examples/*/*.mjs",
                    "examples/*/src/**/*.ts"),
        BAD, GOOD)
