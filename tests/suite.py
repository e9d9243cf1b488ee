# SPDX-License-Identifier: ISC
"""Runs a suite and prints at its end how many tests it had and its duration.

usage: suite.py NAME COMMAND...     one suite
       suite.py --table             the times of this run's suites

It counts the tests from the end of the command's output: pytest's summary, or
lines `name: N passed, N failed`. A suite without a single test has failed. With
SUITES_FILE, the name of a file, each suite appends its line there."""

import os
import re
import resource
import signal
import subprocess
import sys
import time

COUNTS = re.compile(r"^(?:.*: )?(\d+) passed, (\d+) failed$", re.M)
PYTEST = re.compile(r"^=* ?((?:\d+ \w+,? ?)+) in [\d.]+s.*$", re.M)


def read(command):
    """Its exit status and its output, which is also printed at once."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # the command gets it
    parts = []
    while data := os.read(process.stdout.fileno(), 65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        parts.append(data)
    return process.wait(), b"".join(parts).decode(errors="replace")


def count(output):
    """How many tests have passed, how many have failed."""
    passed = failed = 0
    for match in COUNTS.finditer(output):
        passed += int(match[1])
        failed += int(match[2])
    for match in PYTEST.finditer(output):
        for number, what in re.findall(r"(\d+) (\w+)", match[1]):
            passed += int(number) * (what == "passed")
            failed += int(number) * (what in ("failed", "error", "errors"))
    return passed, failed


def run(name, command):
    started = time.monotonic()
    status, output = read(command)
    took = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    passed, failed = count(output)
    if passed + failed == 0:
        print("%s: no test was run" % name)
        status = status or 1
    elif status and not failed:
        failed = 1      # not a test: the suite itself
    line = "%s: %d passed, %d failed in %.0f s" % (name, passed, failed, took)
    print(line, flush=True)
    if "SUITES_FILE" in os.environ:
        with open(os.environ["SUITES_FILE"], "a") as f:
            f.write("%s\t%d\t%d\t%.0f\t%.0f\n" % (
                name, passed, failed, took, used.ru_utime + used.ru_stime))
    return status or int(failed > 0)


def table():
    row = "%-18s %8s %8s %6s %8s"
    print(row % ("suite", "passed", "failed", "s", "CPU s"))
    totals = [0] * 4
    with open(os.environ["SUITES_FILE"]) as f:
        for line in f:
            name, *numbers = line.rstrip("\n").split("\t")
            print(row % (name, *numbers))
            totals = [a + int(b) for a, b in zip(totals, numbers)]
    print(row % ("all", *totals))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1:2] != ["--table"] and \
            len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(table() if sys.argv[1] == "--table" else
             run(sys.argv[1], sys.argv[2:]))
