# SPDX-License-Identifier: ISC
"""One measurement: wrk sends requests, and meanwhile, in a window that begins
when all its connections are open, this counts what everybody has used."""

import contextlib
import json
import resource
import signal
import subprocess
import time

import processes
from sides import Failed
from workloads import WORKLOADS

HERE = __file__.rpartition("/")[0]
WARM_UP = 1             # seconds with all connections, before the window
HANDSHAKE = 0.005       # seconds more for each: it is open before TLS is
OPEN_SECONDS = 60       # until all connections are open
LONGEST = 600           # seconds; a load is ended before


def raise_limit():
    """wrk has a descriptor for each connection."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Load:
    """A running wrk, which dies with us."""

    def __init__(self, side, name, connections):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "wrk", "-t2",
             "-c%d" % connections, "-d%ds" % LONGEST, "--timeout", "20s",
             "-s", HERE + "/load.lua", side.url, "--", side.requests(name)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.result = None

    def end(self):
        """Stops it: {requests, p50_ms, p99_ms, refused, broken, late, sent}."""
        if self.result is None:
            self.process.send_signal(signal.SIGINT)
            output, _ = self.process.communicate()
            found = [line for line in output.splitlines()
                     if line.startswith("RESULT ")]
            if not found:
                raise Failed("wrk: " + output.strip()[-500:])
            self.result = json.loads(found[0][len("RESULT "):])
        return self.result


def wait_for_none(side):
    """Until the connections of the load before are closed."""
    deadline = time.monotonic() + OPEN_SECONDS
    while side.metrics()["keel_connections"] > 0:
        if time.monotonic() > deadline:
            raise Failed("connections stay open")
        time.sleep(0.1)


def wait_for_connections(side, loads, number):
    """The gauge is written twice a second."""
    deadline = time.monotonic() + OPEN_SECONDS
    while (found := side.metrics()["keel_connections"]) < number:
        if time.monotonic() > deadline or \
                any(load.process.poll() is not None for load in loads):
            raise Failed("%d of %d connections are open" % (found, number))
        time.sleep(0.1)


@contextlib.contextmanager
def running(side, names, connections, warm_up=WARM_UP):
    """The loads of these workloads, when all connections are open."""
    amounts = [min(WORKLOADS[name].connections or connections, connections)
               for name in names]
    wait_for_none(side)
    loads = [Load(side, name, amount)
             for name, amount in zip(names, amounts)]
    try:
        wait_for_connections(side, loads, sum(amounts))
        time.sleep(warm_up + sum(amounts) * HANDSHAKE)
        yield loads
    finally:
        for load in loads:
            load.end()


def count(sent, begin, end):
    """How many requests there were between two moments of the monotonic
    clock. `sent` has them by hundredths of a second."""
    total = 0
    for moment, number in sent.items():
        first = int(moment) / 100
        shared = min(end, first + 0.01) - max(begin, first)
        total += number * max(shared, 0) * 100
    return total


def outcome(result):
    """What failed, of the requests of one load."""
    found = {kind: result[kind] for kind in ("refused", "broken", "late")}
    return {"failures": sum(found.values()), **found}


def snapshot(side, loads):
    """Moment, and CPU seconds: of keel, PostgreSQL, the load, all."""
    keel, database, *load = processes.cpu(
        side.process.pid, side.cluster.process.pid,
        *[load.process.pid for load in loads])
    return time.monotonic(), keel, database, sum(load), processes.busy()


def check_alive(side):
    if side.process.poll() is not None:
        raise Failed("%s has ended:\n%s%s" % (
            side.label, side.output()[-2000:], side.errors()[-2000:]))


def measure(side, names, seconds, connections, warm_up=WARM_UP):
    """Runs these workloads at once. Returns {name: what was measured}; the CPU
    times of a run are divided by all its requests."""
    with running(side, names, connections, warm_up) as loads:
        first = snapshot(side, loads)
        time.sleep(seconds)
        last = snapshot(side, loads)
    check_alive(side)
    return summarize(names, [load.end() for load in loads], first, last)


def summarize(names, results, first, last):
    wall, keel, database, load, busy = [
        b - a for a, b in zip(first, last)]
    counts = [count(result["sent"], first[0], last[0]) for result in results]
    if not any(counts):
        raise Failed("no request of %s was sent" % ", ".join(names))
    thousands = sum(counts) / 1000
    return {name: {
        "seconds": round(wall, 2),
        "rps": number / wall,
        "p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"],
        "max_ms": result["max_ms"],
        "keel_cpu": keel / thousands, "database_cpu": database / thousands,
        "load_cpu": load / thousands,
        "others": max(busy - keel - database - load, 0) / wall,
        "requests": result["requests"], **outcome(result),
    } for name, number, result in zip(names, counts, results)}
