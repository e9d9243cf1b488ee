# SPDX-License-Identifier: ISC
"""Does the time of a request for a link tell whether an account exists?

usage: link_times.py [--count 500]

It asks for links to set a password and to verify an address, for addresses of
four kinds, in turn and in a new order each time, over one TLS connection. A
runner does the jobs; each request waits until it has none. Two kinds differ as
in sign_in_times.py, but by more than 3 % of the median, since these requests
take a millisecond: that is less than a wake-up of a process takes."""

import argparse
import gc
import os
import random
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

import sign_in_times  # noqa: E402
import two_samples  # noqa: E402
from helpers import (new_email, raw_connection, raw_request,  # noqa: E402
                     read_raw_answer)
from links import FORGOT, RESEND  # noqa: E402
from people import add_people  # noqa: E402
from runner import Runner  # noqa: E402
from server import BUILD, flavor  # noqa: E402
from standalone import running_server  # noqa: E402

WARM_UP = 20
LIMITS = "account_mails=1000000/m,recipient_mails=1000000/d"
sign_in_times.SHARE_MAX = 0.03


def kinds(server):
    """Addresses, all of one length; a new unknown one each time."""
    known, verified, off = add_people(server, "user", "user", "user")
    verified.set(email_verified=True)
    off.set(is_active=False)
    return {"unknown": new_email, "known": lambda: known.email,
            "verified": lambda: verified.email,
            "deactivated": lambda: off.email}


def wait_for_no_job(server):
    while server.sql("SELECT count(*) FROM jobs WHERE status IN ('queued', "
                     "'running')") != [(0,)]:
        time.sleep(0.002)


def time_taken(connection, path, address):
    request = raw_request("POST", path, b'{"email": "%s"}' % address.encode(),
                          Content_Type="application/json")
    started = time.perf_counter_ns()
    connection.sendall(request)
    status, _, body = read_raw_answer(connection)
    ended = time.perf_counter_ns()
    if (status, body) != (202, b""):
        raise RuntimeError("%d: %r" % (status, body))
    return (ended - started) / 1e6


def measure(server, path, count):
    """The milliseconds of each request, by kind."""
    times = {}
    addresses = kinds(server)
    connection = raw_connection(server)
    for turn in range(WARM_UP + count):
        order = list(addresses.items())
        random.shuffle(order)
        for kind, address in order:
            wait_for_no_job(server)
            taken = time_taken(connection, path, address())
            if turn >= WARM_UP:
                times.setdefault(kind, []).append(taken)
    connection.close()
    return times


def compare(server, count):
    passed = failed = 0
    for path in (FORGOT, RESEND):
        times = measure(server, path, count)
        print("%s: milliseconds" % path)
        for kind, values in sorted(times.items()):
            print("  %-20s median %.3f, quartiles %.3f and %.3f" % (
                kind, statistics.median(values),
                *statistics.quantiles(values)[::2]))
        outcome = sign_in_times.judge(times)
        passed += outcome[0]
        failed += outcome[1]
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    count = parser.parse_args().count
    two_samples.check()
    print("timing: %s, %d requests of each kind" % (flavor(BUILD), count))
    with running_server(KEEL_RATE_LIMITS=LIMITS, KEEL_WORKERS="1") as server:
        runner = Runner(server).start()
        gc.disable()
        try:
            passed, failed = compare(server, count)
        finally:
            runner.stop()
        server.stop()
        problems = runner.problems + server.problems
        runner.remove()
    for problem in problems:
        print(problem)
    failed += len(problems)
    print("timing: %d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
