"""What a machine can see of the style: docs/architecture.md has the rest."""

import re

from _common import read, run

WIDTH = 80
LENGTH = 500
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
LICENCE = (
    "Copyright (c) 2026 The Keel authors",
    "Permission to use, copy, modify, and distribute this software for any",
    'THE SOFTWARE IS PROVIDED "AS IS"',
)


def check(files):
    found = []
    for path, text in files.items():
        lines = text.split("\n")
        top = "\n".join(lines[:20])
        if not all(part in top for part in LICENCE):
            found.append((path, 1, "the ISC header is missing"))
        if text and not text.endswith("\n"):
            found.append((path, len(lines), "no newline at the end"))
        if len(lines) - 1 > LENGTH:
            found.append((path, LENGTH, f"more than {LENGTH} lines"))
        for number, line in enumerate(lines, 1):
            width = len(line.expandtabs(8))
            if width > WIDTH:
                found.append((path, number, f"{width} columns"))
            if line != line.rstrip():
                found.append((path, number, "blank at the end"))
            if "\ufffd" in line:
                found.append((path, number, "not UTF-8"))
            if UNFINISHED.search(line):
                found.append((path, number, "unfinished"))
    return found


HEADER = "/*\n" + "".join(f" * {part}\n" for part in LICENCE) + " */\n"
BAD = [
    ({"a.c": "int a;\n"}, "ISC header"),
    ({"a.c": HEADER + "\t" * 9 + "1234567\n" + "é" * 81 + "\n"}, "81 columns"),
    ({"a.c": HEADER + "int a; \n"}, "blank at the end"),
    ({"a.c": HEADER + "int a;\r\n"}, "blank at the end"),
    ({"a.c": HEADER + "int a;"}, "no newline"),
    ({"a.c": HEADER + "/* TODO */\n"}, "unfinished"),
    ({"a.c": HEADER + "\n" * LENGTH}, "more than"),
    ({"a.c": HEADER + "\ufffd\n"}, "not UTF-8"),
]
GOOD = [{"a.c": HEADER + "\t" * 9 + "12345678\n" + "é" * 80 + "\n"}]

if __name__ == "__main__":
    run(check, read("src/**/*.[ch]", "tests/unit/**/*.[ch]"), BAD, GOOD)
