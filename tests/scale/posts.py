# SPDX-License-Identifier: ISC
"""Do pages and searches of posts take longer when there are more posts?

usage: posts.py [--large 1000000] [--small 10000] [--count 300]

Two servers, each with a database of its own, get the same requests over TLS, in
turn and in a new order each time. It prints the median of each in milliseconds,
and fails if the larger one takes more than twice as long for one of the first
four. The others are for information: an exact total counts all rows."""

import argparse
import gc
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

from cluster import Cluster  # noqa: E402
from helpers import raw_connection  # noqa: E402
from people import add_people  # noqa: E402
from scale import Connection, Requests, load  # noqa: E402
from server import BUILD, flavor, make_certificate  # noqa: E402
from servers import make_template, server_maker  # noqa: E402

ROW = 10000
WARM_UP = 20
TIMES_MAX = 2


class Side:
    """A server with so many posts."""

    def __init__(self, server, count):
        started = time.monotonic()
        load(server, count)
        print("scale: %d posts loaded in %.0f s" % (
            count, time.monotonic() - started), flush=True)
        [person] = add_people(server, "admin")
        server.start()
        self.connections = {
            False: Connection(raw_connection(server)),
            True: Connection(raw_connection(server), person)}
        self.requests = Requests(server, count, min(ROW, count),
                                 self.connections[True])

    def time(self, request):
        target, is_admin, check = request
        started = time.perf_counter_ns()
        answer = self.connections[is_admin].get(target)
        ended = time.perf_counter_ns()
        check(answer)
        return (ended - started) / 1e6


def measure(sides, kind, count):
    """{name: [the milliseconds of each side]}"""
    requests = [getattr(side.requests, kind)() for side in sides]
    times = {}
    for turn in range(WARM_UP + count):
        order = [(name, number) for name in requests[0] for number in (0, 1)]
        random.shuffle(order)
        for name, number in order:
            taken = sides[number].time(requests[number][name])
            if turn >= WARM_UP:
                times.setdefault(name, ([], []))[number].append(taken)
    return {name: times[name] for name in requests[0]}


def report(times, asserted):
    """Prints a line for each request; returns how many have passed, failed."""
    passed = failed = 0
    for name, (large, small) in times.items():
        ratio = statistics.median(large) / statistics.median(small)
        good = not asserted or ratio <= TIMES_MAX
        print("%-28s %10.3f %10.3f %8.2f  %s" % (
            name, statistics.median(large), statistics.median(small), ratio,
            "" if not asserted else "ok" if good else "FAILED"), flush=True)
        passed += asserted and good
        failed += asserted and not good
    return passed, failed


def compare(make, options):
    sides = [Side(make(KEEL_WORKERS="1"), count)
             for count in (options.large, options.small)]
    gc.disable()
    print("%-28s %10d %10d %8s" % ("median of %d, ms" % options.count,
                                   options.large, options.small, "ratio"))
    outcome = report(measure(sides, "measured", options.count), True)
    report(measure(sides, "others", max(options.count // 10, 1)), False)
    return outcome


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=1000000)
    parser.add_argument("--small", type=int, default=10000)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    print("scale: %s" % flavor(BUILD))
    folder = tempfile.mkdtemp(prefix="keel-tls-")
    cluster = Cluster()
    try:
        cluster.start()
        certificates = {"ec": make_certificate(folder, "ec")}
        template = make_template(cluster, certificates)
        with server_maker(cluster, certificates, template) as make:
            passed, failed = compare(make, options)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("scale: %d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
