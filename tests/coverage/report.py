# SPDX-License-Identifier: ISC
"""Prints how much of src the tests run, by room: lines, branches, functions.

usage: report.py FOLDER

FOLDER has the objects, compiled with --coverage, of the server and of the unit
tests. A function that no test reaches is a failure unless unreached.txt has it,
with the reason; so is a line of unreached.txt about a function that is reached
or gone."""

import collections
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNREACHED = HERE / "unreached.txt"


def measured(folder):
    """What gcov says of each source of each object."""
    for path in sorted(pathlib.Path(folder).rglob("*.gcno")):
        if not path.with_suffix(".gcda").exists():
            path = path.with_suffix(".gcno")
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-probabilities",
             str(path.resolve())], cwd=path.parent, capture_output=True,
            text=True, check=True)
        for line in done.stdout.splitlines():
            found = json.loads(line)
            base = pathlib.Path(found["current_working_directory"])
            for source in found["files"]:
                file = os.path.relpath((base / source["file"]).resolve(),
                                       ROOT)
                if file.startswith("src/"):
                    yield file, source


class Source:
    """What all builds of one file have run."""

    def __init__(self):
        self.lines = collections.Counter()
        self.branches = {}
        self.functions = collections.Counter()

    def add(self, source):
        for line in source["lines"]:
            number = line["line_number"]
            self.lines[number] += line["count"]
            old = self.branches.get(number, [])
            new = [branch["count"] for branch in line["branches"]]
            # Two flavours may compile a line differently.
            if len(old) == len(new):
                new = [a + b for a, b in zip(old, new)]
            self.branches[number] = max(old, new, key=lambda counts: (
                len(counts) - counts.count(0), len(counts)))
        for function in source["functions"]:
            self.functions[function["name"]] += function["execution_count"]

    def counts(self):
        branches = [count for counts in self.branches.values()
                    for count in counts]
        return [share(self.lines.values()), share(branches),
                share(self.functions.values())]


def share(counts):
    """How many were run, of how many."""
    counts = list(counts)
    return sum(count > 0 for count in counts), len(counts)


def room(file):
    parts = file.split("/")
    return parts[1] if len(parts) > 2 else "top"


def table(sources):
    rooms = {}
    for file, source in sources.items():
        for name in (room(file), "all"):
            row = rooms.setdefault(name, [(0, 0)] * 3)
            rooms[name] = [(a + c, b + d) for (a, b), (c, d) in
                           zip(row, source.counts())]
    print("%-12s%18s%18s%18s" % ("room", "lines", "branches", "functions"))
    for name in sorted(rooms, key=lambda name: (name == "all", name)):
        print("%-12s%s" % (name, "".join(
            "%11s %5.1f%%" % ("%d/%d" % (run, of), 100 * run / max(of, 1))
            for run, of in rooms[name])))


def allowed():
    """The functions of unreached.txt: FILE FUNCTION reason."""
    found = {}
    for line in UNREACHED.read_text().splitlines():
        if line and not line.startswith("#"):
            file, function, reason = line.split(None, 2)
            found[file, function] = reason
    return found


def main(folder):
    sources = collections.defaultdict(Source)
    for file, source in measured(folder):
        sources[file].add(source)
    if not sources:
        sys.exit("coverage: nothing was measured in %s" % folder)
    table(sources)
    listed = allowed()
    functions = {(file, name): count for file, source in sources.items()
                 for name, count in source.functions.items()}
    wrong = ["%s %s: no test reaches it" % key
             for key, count in sorted(functions.items())
             if count == 0 and key not in listed]
    wrong += ["%s %s: is in unreached.txt, but is %s" % (
        *key, "reached" if key in functions else "gone")
        for key in sorted(listed) if functions.get(key) != 0]
    for line in wrong:
        print(line)
    print("coverage: %d passed, %d failed" % (
        sum(count > 0 for count in functions.values()), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
