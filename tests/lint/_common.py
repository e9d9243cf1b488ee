# SPDX-License-Identifier: ISC
"""What the rules share: reads files, masks C, tests each rule, reports."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def read(*patterns):
    """The matching files, as {path from the project's folder: text}."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes().decode(
            "utf-8", "replace")
        for pattern in patterns
        for path in sorted(ROOT.glob(pattern))
        if path.is_file() and "node_modules" not in path.parts
    }


def mask(text, strings=False):
    """Blanks out comments (and strings); all line breaks stay."""
    def blank(match):
        token = match.group()
        if token[0] in "\"'" and not strings:
            return token
        return re.sub(r"[^\n]", " ", token)
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def run(check, files, bad, good):
    """
    Exits with 1 if the tree breaks the rule, or if the rule itself does not
    work: it must find each sample of `bad`, (files, part of the message), and
    nothing in the samples of `good`.
    """
    name = pathlib.Path(sys.argv[0]).name
    broken = [
        f"{name}: self-test: not found: {message}"
        for sample, message in bad
        if not any(message in found for _, _, found in check(sample))
    ] + [
        f"{name}: self-test: wrongly found: {found}"
        for sample in good
        for _, _, found in check(sample)
    ]
    if not files:
        broken.append(f"{name}: no files to check")
    found = [
        f"{path}:{line}: {message}"
        for path, line, message in sorted(check(files))
    ]
    for line in broken + found:
        print(line)
    sys.exit(1 if broken or found else 0)
