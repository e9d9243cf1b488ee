# SPDX-License-Identifier: ISC
"""Does the time of a refused sign-in tell whether an account exists?

usage: sign_in_times.py [--count 500]

It refuses sign-ins for four reasons, in turn and in a new order each time, over
one TLS connection, at both endpoints, and once more with passwords that NFC and
NFD write differently, which take a hash for each form. Two reasons differ if
Mann and Whitney's test says so (p < 0.001) and their medians are more than 1 %
apart: that is about a quarter of a millisecond. Where there is no difference,
the first of the two alone happens once in a thousand comparisons; the second
alone happens when the machine is busy, and a share of less than 1 % takes far
more sign-ins to see than the limits allow."""

import argparse
import gc
import itertools
import os
import random
import statistics
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

import two_samples  # noqa: E402
from helpers import (new_email, new_password, raw_connection,  # noqa: E402
                     raw_request, read_raw_answer, register)
from server import BUILD, flavor  # noqa: E402
from standalone import running_server  # noqa: E402

P_MAX = 0.001
SHARE_MAX = 0.01
WARM_UP = 20
# They count, and refuse nothing.
LIMITS = ",".join("%s=1000000/m" % name for name in (
    "token", "register", "sign_in_failures", "address_failures"))
REFUSAL = (b'{"error":"invalid_grant",'
           b'"error_description":"Incorrect username or password"}')


def as_form(username, password):
    return raw_request(
        "POST", "/api/v1/auth/token", urllib.parse.urlencode({
            "username": username, "password": password}).encode(),
        Content_Type="application/x-www-form-urlencoded")


def as_json(username, password):
    return raw_request(
        "POST", "/api/v1/auth/login", (
            '{"username": "%s", "password": "%s"}' % (
                username, password)).encode(),
        Content_Type="application/json")


class Accounts:
    def __init__(self, server, accent):
        self.server, self.accent = server, accent
        with server.client() as client:
            self.known = register(client, password=self.password())[0]
            self.disabled, body = register(client, password=self.password())
        server.sql("UPDATE users SET is_active = false WHERE id = %s",
                   body["id"])

    def password(self):
        return new_password() + self.accent

    def reasons(self):
        """Addresses and passwords, all of one length."""
        return {
            "unknown address": (new_email(), self.password()),
            "wrong password": (self.known["email"], self.password()),
            "deactivated account": (self.disabled["email"],
                                    self.disabled["password"]),
            "deactivated, wrong": (self.disabled["email"], self.password())}

    def forget_failures(self):
        """So that each attempt is the first one, as for an unknown address."""
        self.server.sql("DELETE FROM sign_in_failures")


def time_taken(connection, request):
    started = time.perf_counter_ns()
    connection.sendall(request)
    status, _, body = read_raw_answer(connection)
    ended = time.perf_counter_ns()
    if (status, body) != (400, REFUSAL):
        raise RuntimeError("%d: %r" % (status, body))
    return (ended - started) / 1e6


def measure(server, accounts, encode, count):
    """The milliseconds of each sign-in, by reason."""
    times = {}
    connection = raw_connection(server)
    for turn in range(WARM_UP + count):
        accounts.forget_failures()
        reasons = list(accounts.reasons().items())
        random.shuffle(reasons)
        for reason, account in reasons:
            taken = time_taken(connection, encode(*account))
            if turn >= WARM_UP:
                times.setdefault(reason, []).append(taken)
    connection.close()
    return times


def judge(times):
    """Prints the comparisons; returns how many pass and how many fail."""
    fine = []
    for (one, a), (other, b) in itertools.combinations(
            sorted(times.items()), 2):
        p = two_samples.probability(a, b)
        median = statistics.median(a)
        share = (statistics.median(b) - median) / median
        fine.append(p >= P_MAX or abs(share) <= SHARE_MAX)
        print("  %-20s %-20s p = %.3g, medians %+.2f %% apart%s" % (
            one, other, p, 100 * share, "" if fine[-1] else "  FAILED"))
    return sum(fine), len(fine) - sum(fine)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    count = parser.parse_args().count
    two_samples.check()
    print("timing: %s, %d sign-ins for each reason" % (flavor(BUILD), count))
    passed = failed = 0
    with running_server(KEEL_RATE_LIMITS=LIMITS, KEEL_WORKERS="1") as server:
        plain, accented = Accounts(server, ""), Accounts(server, "\u00e9")
        gc.disable()
        for title, accounts, encode in (
                ("/auth/token", plain, as_form),
                ("/auth/login", plain, as_json),
                ("/auth/login, with an accent", accented, as_json)):
            times = measure(server, accounts, encode, count)
            print("%s: milliseconds" % title)
            for reason, values in sorted(times.items()):
                print("  %-20s median %.3f, quartiles %.3f and %.3f" % (
                    reason, statistics.median(values),
                    *statistics.quantiles(values)[::2]))
            outcome = judge(times)
            passed += outcome[0]
            failed += outcome[1]
        server.stop()
        for problem in server.problems:
            print(problem)
        failed += len(server.problems)
    print("timing: %d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
