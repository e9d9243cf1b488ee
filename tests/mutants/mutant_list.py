# SPDX-License-Identifier: ISC
"""Reads the mutants of *.toml in this folder. A mutant is a small change of one
place that makes Keel wrong, with the tests that must fail on it."""

import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/api/support"))

from product import boundary  # noqa: E402

LISTS = "tests/mutants/*.toml"
# A project's own lines in a file of Keel: no mutant is about them.
OWN = re.compile(r"^\s*# \w+ of your own project.*?"
                 r"^\s*# End of your own \w+\.$", re.M | re.S)
KEYS = {"file", "text", "replacement", "tests", "equivalent"}
TEST_FILES = {
    "unit": "tests/unit/%s.c",
    "api": "tests/api/%s",
    "asan": "tests/api/%s",
    "attacks": "tests/attacks/%s",
    "fuzz": "tests/fuzz/fuzz_listener.py",
    "lint": "tests/lint/%s.py",
    "openapi": "tests/openapi/%s.py",
}


class Mutant:
    """One change: `text`, which is in `file` once, becomes `replacement`. Each
    of `tests` must fail on it. If no test can, `equivalent` says why. Lines of
    a project's own do not count."""

    def __init__(self, source, entry):
        self.source = source
        file = entry.get("file", "")
        self.file = boundary.file(file)
        self.text = entry.get("text", "")
        self.replacement = entry.get("replacement")
        if self.file != file:   # its names are another project's
            self.text = boundary.shell(self.text)
        self.tests = entry.get("tests", [])
        self.equivalent = entry.get("equivalent", "")
        self.surplus = sorted(set(entry) - KEYS)
        self.line = 0

    def __str__(self):
        return "%s:%d %s -> %s" % (
            self.file, self.line, short(self.text),
            short(self.replacement) or "(nothing)")

    def room(self):
        """A row of the report: a folder of src, or a folder beside it."""
        parts = self.file.split("/")
        if parts[0] != "src":
            return parts[0]
        if parts[1] == "modules":
            return "/".join(parts[1:3])
        return parts[1] if len(parts) > 2 else "top"

    def suites(self):
        return {test.partition(":")[0] for test in self.tests}

    def place(self, content):
        return keels(content).index(self.text)

    def changed(self, content):
        """The file with the change."""
        at = self.place(content)
        return content[:at] + self.replacement + content[
            at + len(self.text):]

    def problem(self, read):
        """What is wrong with it, or None; also finds its line."""
        if self.surplus:
            return "unknown keys: " + ", ".join(self.surplus)
        content = read(self.file)
        if content is None:
            return "no such file"
        if not self.text or self.replacement in (None, self.text):
            return "needs a text and another replacement"
        count = keels(content).count(self.text)
        if count != 1:
            return "is in the file %d times, not once: %s" % (
                count, short(self.text))
        self.line = content[:self.place(content)].count("\n") + 1
        if bool(self.tests) == bool(self.equivalent):
            return "needs tests, or a reason why it is equivalent"
        for test in self.tests:
            if not has_test(test, read):
                return "no such test: " + test
        return None


def keels(content):
    """The text of a file, without the letters of a project's own lines."""
    return OWN.sub(lambda own: "\0" * len(own[0]), content)


def short(text):
    """As much of it as fits in a line."""
    text = " ".join((text or "").split())
    return text if len(text) <= 60 else text[:57] + "..."


def has_test(test, read):
    """SUITE:FILE, SUITE:FILE::FUNCTION or SUITE:FILE ARGUMENTS."""
    suite, _, name = test.partition(":")
    pattern = TEST_FILES.get(suite)
    if pattern is None:
        return False
    path, _, function = name.split(" ")[0].partition("::")
    text = read(pattern % path if "%" in pattern else pattern)
    return text is not None and (
        not function or "def %s(" % function.partition("[")[0] in text)


def parse(source, text, read):
    """The mutants of one list, and what is wrong with it: (line, message)."""
    mutants, problems = [], []
    try:
        entries = tomllib.loads(text).get("mutant", [])
    except tomllib.TOMLDecodeError as error:
        return [], [(1, str(error))]
    lines = [number for number, line in enumerate(text.splitlines(), 1)
             if line.strip() == "[[mutant]]"]
    seen = set()
    for line, entry in zip(lines, entries):
        mutant = Mutant(source, entry)
        problem = mutant.problem(read)
        key = (mutant.file, mutant.text, mutant.replacement)
        if problem is None and key in seen:
            problem = "is in the list twice: %s" % mutant
        if problem is not None:
            problems.append((line, "%s: %s" % (mutant.file, problem)))
        seen.add(key)
        mutants.append(mutant)
    return mutants, problems


def read_tree(path):
    """The text of a file of the tree, or None."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except OSError:
        return None


def load():
    """All mutants, sorted by file, and what is wrong with the lists."""
    mutants, problems = [], []
    for path in sorted(ROOT.glob(LISTS)):
        source = path.relative_to(ROOT).as_posix()
        found, wrong = parse(source, read_tree(source), read_tree)
        mutants += found
        problems += ["%s:%d: %s" % (source, *what) for what in wrong]
    mutants.sort(key=lambda mutant: (mutant.file, mutant.line))
    return mutants, problems
