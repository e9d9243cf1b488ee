# SPDX-License-Identifier: ISC
"""How many system calls a request takes: strace counts those of all processes
of a server under load. That slows the server down, so nothing else is measured
meanwhile. Where perf is installed and may be used, it counts all of them once
more, without slowing anything."""

import os
import re
import select
import shutil
import signal
import subprocess
import time

import processes
from measure import count, outcome, running
from sides import Failed

SECONDS = 3
ATTACH_SECONDS = 20
ROW = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")


def read_table(text):
    """{system call: how often} from strace -c."""
    found = {}
    for line in text.splitlines():
        match = ROW.match(line)
        if match and match[2] != "total":
            found[match[2]] = found.get(match[2], 0) + int(match[1])
    return found


def wait_for_attached(strace, number):
    """It says so for each process."""
    deadline = time.monotonic() + ATTACH_SECONDS
    said = b""
    while said.count(b" attached") < number:
        left = deadline - time.monotonic()
        if not select.select([strace.stderr], [], [], max(left, 0))[0]:
            raise Failed("strace does not begin: %r" % said)
        data = os.read(strace.stderr.fileno(), 65536)
        if not data:
            raise Failed("strace: %s" % said.decode(errors="replace").strip())
        said += data


def trace(pids, path, seconds):
    """Counts for so many seconds; the moments of its begin and end."""
    options = [word for pid in sorted(pids) for word in ("-p", str(pid))]
    with subprocess.Popen(["strace", "-c", "-f", "-o", path, *options],
                          stderr=subprocess.PIPE) as strace:
        try:
            wait_for_attached(strace, len(pids))
            begin = time.monotonic()
            time.sleep(seconds)
            end = time.monotonic()
        finally:
            strace.send_signal(signal.SIGINT)   # which lets them go
            strace.communicate(timeout=ATTACH_SECONDS)
    return begin, end


def count_by_perf(side, name, connections, seconds=SECONDS):
    """All system calls of a request; None if perf cannot tell."""
    if shutil.which("perf") is None:
        return None
    with running(side, [name], connections) as [load]:
        begin = time.monotonic()
        done = subprocess.run(
            ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p",
             ",".join(map(str, sorted(processes.tree(side.process.pid)))),
             "--", "sleep", str(seconds)], capture_output=True, text=True)
        end = time.monotonic()
    result = load.end()
    # perf itself takes a moment before and after.
    requests = count(result["sent"], begin, end) * seconds / (end - begin)
    number = done.stderr.partition(",")[0]
    if done.returncode != 0 or not number.isdigit() or not requests:
        return None
    return int(number) / requests


def count_calls(side, name, connections, seconds=SECONDS):
    """{system call: how many a request}, the most frequent first."""
    path = os.path.join(side.folder, name + ".calls")
    with running(side, [name], connections) as [load]:
        begin, end = trace(processes.tree(side.process.pid), path, seconds)
    result = load.end()
    requests = count(result["sent"], begin, end)
    if outcome(result)["failures"] or not requests:
        raise Failed("%d requests of %s failed under strace" % (
            outcome(result)["failures"], name))
    with open(path) as f:
        calls = read_table(f.read())
    return {call: number / requests for call, number in
            sorted(calls.items(), key=lambda item: -item[1])}
