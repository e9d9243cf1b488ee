# SPDX-License-Identifier: ISC
"""Where the time of a request goes: perf takes samples of a server's processes
under load. What each library and function has of them is that share of the CPU
time of a request, which was measured without perf."""

import os
import re
import shutil
import subprocess

import processes
from measure import outcome, running
from sides import Failed

SECONDS = 5
FREQUENCY = "997"
# "12.34%  libc.so.6  [.] malloc   -   -"
ROW = re.compile(r"^\s*([\d.]+)%\s+(\S+)(?:\s+\[\S\]\s+(.*?))?[\s-]*$")
LEAST = 0.5         # per cent; what is less is not printed


def perf(*words):
    done = subprocess.run(["perf", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed("perf %s: %s" % (words[0], done.stderr.strip()[-500:]))
    return done.stdout


def read_shares(text):
    """[(per cent, first column, second column)] of perf report."""
    return [(float(match[1]), match[2], match[3] or "")
            for match in map(ROW.match, text.splitlines()) if match]


def report(path, *columns):
    return read_shares(perf("report", "-i", path, "--stdio", "-g", "none",
                            "--sort", ",".join(columns)))


def profile(side, name, connections):
    """(shares of libraries, shares of functions)"""
    if shutil.which("perf") is None:
        raise Failed("perf is not installed: apt-get install linux-perf")
    path = os.path.join(side.folder, name + ".perf")
    with running(side, [name], connections) as [load]:
        perf("record", "-q", "-F", FREQUENCY, "-o", path, "-p",
             ",".join(map(str, sorted(processes.tree(side.process.pid)))),
             "--", "sleep", str(SECONDS))
    if outcome(load.end())["failures"]:
        raise Failed("requests of %s failed under perf" % name)
    libraries = report(path, "dso")
    functions = [row for row in report(path, "dso", "symbol")
                 if row[0] >= LEAST]
    os.remove(path)
    return libraries, functions
