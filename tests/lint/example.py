# SPDX-License-Identifier: ISC
"""The code of docs/adding-a-resource.md is that of tests/starter/notes, which
`./keel new-resource` makes and which is built and tested. A block belongs to
the file that is named last above it."""

import re

from _common import ROOT, line_of, read, run

PAGE = "docs/adding-a-resource.md"
END = "## How Keel finds it"
NOTES = ROOT / "tests/starter/notes"
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```$", re.M | re.S)
MADE = sorted(str(path.relative_to(NOTES)) for path in NOTES.rglob("*")
              if path.is_file())
# A file that gets lines is named as it is.
NAMES = {name.removesuffix(".lines"): name for name in MADE}


def file_above(text, end):
    """The file named last before `end`, outside of blocks; or None."""
    prose = BLOCK.sub("", text[:end])
    at, name = max((prose.rfind(name), name) for name in NAMES)
    return NAMES[name] if at >= 0 else None


def check(files):
    text = files[PAGE].partition(END)[0]
    found, shown = [], set()
    for block in BLOCK.finditer(text):
        name = file_above(text, block.start())
        line = line_of(text, block.start(1))
        if name is None:
            found.append((PAGE, line, "no file is named above"))
        elif block[1] not in (NOTES / name).read_text():
            found.append((PAGE, line, f"is not in tests/starter/notes/{name}"))
        shown.add(name)
    if len(shown) < 9:
        found.append((PAGE, 1, "has not all files of a resource"))
    return found


SAMPLE = (ROOT / PAGE).read_text()
BAD = [
    ({PAGE: SAMPLE.replace("MEMBER(note, title, T_STR",
                           "MEMBER(note, title, T_INT")}, "is not in"),
    ({PAGE: SAMPLE.replace("sql/migrations/1001_notes.sql", "A file", 1)},
     "is not in"),
    ({PAGE: "```c\nint x;\n```\n"}, "no file is named"),
    ({PAGE: "```c\nint x;\n```\n"}, "not all files"),
]
GOOD = [{PAGE: SAMPLE}]

if __name__ == "__main__":
    run(check, read(PAGE), BAD, GOOD)
