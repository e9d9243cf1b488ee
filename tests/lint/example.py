# SPDX-License-Identifier: ISC
"""The code of docs/adding-a-resource.md compiles as it stands there. A block
belongs to the file that is named last above it."""

import pathlib
import re
import subprocess
import tempfile

from _common import ROOT, line_of, read, run
from typed import ERROR, flags

PAGE = "docs/adding-a-resource.md"
BLOCK = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"\b(notes\w*\.[ch])\b")


def blocks(text):
    """(file, line of its first line, code) of each block of C."""
    for block in BLOCK.finditer(text):
        names = NAME.findall(BLOCK.sub("", text[:block.start()]))
        yield (names[-1] if names else "", line_of(text, block.start(1)),
               block.group(1))


def check(files):
    text = files[PAGE]
    found = []
    lines = {name: line for name, line, _ in blocks(text)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "modules/notes")
        folder.mkdir(parents=True)
        for name, _, code in blocks(text):
            if name:
                head = "#pragma once\n" if name.endswith(".h") else "\n"
                (folder / name).write_text(head + code)
        if len(lines) < 5:
            return [(PAGE, 1, "has not all files of a resource")]
        for path in sorted(folder.glob("*.c")):
            done = subprocess.run(
                ["gcc", "-fsyntax-only", *flags(), "-I", scratch, "-Isrc",
                 path], capture_output=True, text=True,
                check=False, cwd=ROOT)
            errors = ERROR.findall(done.stderr)
            if done.returncode and not errors:
                errors = [(path, "2", done.stderr.strip().split("\n")[0])]
            for where, line, message in errors:
                name = pathlib.Path(where).name
                found.append((PAGE, lines.get(name, 1) + int(line) - 2,
                              f"{name}: {message}"))
    return found


SAMPLE = (ROOT / PAGE).read_text()
assert SAMPLE.count("note_precondition(c, note)") == 2
BAD = [
    ({PAGE: SAMPLE.replace("MEMBER(note, title, T_STR",
                           "MEMBER(note, title, T_INT")}, "another C type"),
    ({PAGE: SAMPLE.replace("QUERY_EXEC(notes, delete", "QUERY_EXEC(notes, drop")
      }, "implicit declaration"),
    ({PAGE: "```c\nint x;\n```\n"}, "not all files"),
]
GOOD = [{PAGE: SAMPLE}]

if __name__ == "__main__":
    run(check, read(PAGE), BAD, GOOD)
