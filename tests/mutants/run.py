# SPDX-License-Identifier: ISC
"""Tests the tests: makes the changes that *.toml in this folder list, one at a
time in a copy of the tree, and runs the tests that must fail on each.

usage: run.py [--only TEXT]... [--sample N] [--seed TEXT] [--jobs N]

--only takes the mutants of files whose path contains TEXT. --sample takes N
that are quickly tested, from as many rooms; which ones depends on --seed, which
is the current commit if it is not given. A test that passes on a mutant is a
failure. Without --sample, the tests first run on the unchanged copy, where they
must pass."""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

from mutant_list import ROOT, load

sys.path.insert(0, os.path.join(ROOT, "tests"))

from tree import copy_path, copy_tree  # noqa: E402

PYTHON = "/usr/bin/python3"
COPIES = os.path.join(ROOT, ".build/mutants")
BUILD_SECONDS = 600
TEST_SECONDS = 180      # a test that takes longer hangs, and so has failed
FLAVORS = {"api": "prod", "attacks": "prod", "openapi": "prod",
           "asan": "asan", "fuzz": "asan"}
# npm's packages, as `make check-openapi` has installed them.
TOOLS = "tests/openapi/node_modules"
WEB_PACKAGES = ".build/web/node_modules"        # vite writes to them
PYTEST = [PYTHON, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
PYTEST_FAILED = 1       # a higher status means that it ran no test


class Broken(Exception):
    """No test can be run: what the build or pytest printed."""


def run(command, folder, seconds, **environment):
    """The exit status, or None if it took too long; and the output."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "SUITES_FILE")}
    process = subprocess.Popen(
        command, cwd=folder, env=env | environment, text=True,
        errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True)
    # SIGINT lets a test stop what it has started.
    for limit, sent in ((seconds, signal.SIGINT), (30, signal.SIGKILL)):
        try:
            output, _ = process.communicate(timeout=limit)
            return (process.returncode if sent == signal.SIGINT else None,
                    output)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, sent)
    return None, process.communicate()[0]


class Copy:
    """A copy of the tree and of its builds, for one change at a time."""

    def __init__(self, number, suites):
        self.folder = os.path.join(COPIES, str(number))
        copy_tree(self.folder, *{FLAVORS.get(suite, suite)
                                 for suite in suites})
        if "openapi" in suites:
            os.symlink(os.path.join(ROOT, TOOLS),
                       os.path.join(self.folder, TOOLS))
            copy_path(WEB_PACKAGES, self.folder)

    def build(self, *command):
        status, output = run(["make", *command], self.folder, BUILD_SECONDS)
        if status != 0:
            raise Broken("does not build:\n" + output)

    def test(self, suite, *names):
        """Do tests of one suite pass here? That, and their output."""
        environment, folder = {}, self.folder
        if suite in FLAVORS:
            self.build("build", "FLAVOR=" + FLAVORS[suite])
            environment["KEEL_BUILD"] = "%s/.build/%s/keel" % (
                self.folder, FLAVORS[suite])
        if suite == "unit":
            [name] = names
            command = ["../../.build/unit/tests/" + name]
            folder += "/tests/unit"
            self.build("-C", "tests/unit", *command)
        elif suite in ("api", "asan"):
            command = PYTEST + ["tests/api/" + name for name in names]
            command += ["-x"] if len(names) == 1 else [
                "-n", "2", "--dist", "loadfile"]
        else:
            script = {"lint": "tests/lint/%s.py", "attacks":
                      "tests/attacks/%s", "fuzz":
                      "tests/fuzz/fuzz_listener.py %s", "openapi":
                      "tests/openapi/run.py %s"}[suite]
            command = [PYTHON, "-B", *(script % names).split()]
        status, output = run(command, folder, TEST_SECONDS * len(names),
                             **environment)
        if suite in ("api", "asan") and (status or 0) > PYTEST_FAILED:
            raise Broken("pytest ran no test:\n" + output)
        return status == 0, output

    def check_clean(self, mutants):
        """Tests that fail without a change, too, cannot tell a mutant."""
        suites = {}
        for mutant in mutants:
            for test in mutant.tests:
                suite, _, name = test.partition(":")
                suites.setdefault(suite, {})[name] = None
        for suite, names in suites.items():
            at_once = suite in ("api", "asan")
            for group in [list(names)] if at_once else [[n] for n in names]:
                passed, output = self.test(suite, *group)
                if not passed:
                    raise Broken("%s %s fails without a change:\n%s" % (
                        suite, " ".join(group), output))

    def survives(self, mutant):
        """The tests that pass on it; there should be none."""
        path = os.path.join(self.folder, mutant.file)
        with open(path, encoding="utf-8") as f:
            clean = f.read()
        try:
            with open(path, "w", encoding="utf-8") as f:
                f.write(mutant.changed(clean))
            return [test for test in mutant.tests if self.test(
                *test.split(":", 1))[0]]
        finally:
            with open(path, "w", encoding="utf-8") as f:
                f.write(clean)


class Report:
    """Prints each result at once, and a table by room at the end."""

    def __init__(self, mutants):
        self.lock = threading.Lock()
        self.rooms = {mutant.room(): [0, 0, 0] for mutant in mutants}

    def add(self, mutant, column, line):
        with self.lock:
            self.rooms[mutant.room()][column] += 1
            print(line, flush=True)

    def killed(self, mutant, seconds):
        self.add(mutant, 0, "killed %s (%s, %.0f s)" % (
            mutant, ", ".join(mutant.tests), seconds))

    def survived(self, mutant, why):
        self.add(mutant, 1, "SURVIVED %s\n  %s: %s" % (
            mutant, mutant.source, why))

    def equivalent(self, mutant):
        self.add(mutant, 2, "equivalent %s: %s" % (
            mutant, mutant.equivalent))

    def table(self):
        row = "%-22s %8s %9s %11s"
        print(row % ("room", "killed", "survived", "equivalent"))
        for room, counts in sorted(self.rooms.items()):
            print(row % (room, *counts))
        killed, survived, equivalent = (
            sum(column) for column in zip(*self.rooms.values()))
        print(row % ("all", killed, survived, equivalent))
        print("mutants: %d passed, %d failed" % (killed, survived))
        return survived == 0


def work(copy, files, report, lock):
    """Takes file by file: two mutants of one file share a build."""
    while True:
        with lock:
            if not files:
                return
            mutants = files.pop(0)
        for mutant in mutants:
            started = time.monotonic()
            try:
                passed = copy.survives(mutant)
            except Exception as error:  # the thread goes on
                report.survived(mutant, error)
                continue
            if passed:
                report.survived(mutant, "passed: " + ", ".join(passed))
            else:
                report.killed(mutant, time.monotonic() - started)


def sample(mutants, count, seed):
    """Takes a mutant of each room in turn, most of them for unit tests."""
    if seed is None:
        seed = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT,
                              capture_output=True, text=True).stdout.strip()
    print("mutants: a sample of %d, --seed %s" % (count, seed))
    chance = random.Random(seed)
    chosen = []
    for number, suite in ((count * 3 // 10, "api"), (count, "unit")):
        rooms = {}
        for mutant in mutants:
            # Everything that includes a header would be built again.
            if mutant.suites() == {suite} and mutant.file[-2:] != ".h":
                rooms.setdefault(mutant.room(), []).append(mutant)
        taken = {mutant.room() for mutant in chosen}
        names = [room for room in sorted(rooms) if room not in taken]
        chance.shuffle(names)
        chosen += [chance.choice(rooms[room]) for room in names][
            :number - len(chosen)]
    return chosen


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    mutants, problems = load()
    if problems:
        sys.exit("\n".join(problems))
    if options.only:
        mutants = [mutant for mutant in mutants
                   if any(text in mutant.file for text in options.only)]
    if options.sample:
        mutants = sample(mutants, options.sample, options.seed)
    report = Report(mutants)
    files = {}
    for mutant in mutants:
        if mutant.equivalent:
            report.equivalent(mutant)
        else:
            files.setdefault(mutant.file, []).append(mutant)
    # The longest first, so that no copy works alone at the end.
    files = sorted(files.values(), key=len, reverse=True)
    suites = set().union(*(mutant.suites() for mutant in mutants))
    copies = [Copy(number, suites) for number in range(
        min(options.jobs, len(files)))]
    if copies and not options.sample:
        try:
            copies[0].check_clean(mutants)
        except Broken as error:
            sys.exit("mutants: %s" % error)
    lock = threading.Lock()
    threads = [threading.Thread(target=work, args=(copy, files, report, lock))
               for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shutil.rmtree(COPIES, ignore_errors=True)
    return 0 if report.table() else 1


if __name__ == "__main__":
    sys.exit(main())
