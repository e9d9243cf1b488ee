# SPDX-License-Identifier: ISC
"""Wrong sign-ins that try to fill the queue for password hashing, and their
effect on users with the right password.

usage: sign_in_flood.py [--seconds N] [--all]

128 clients send a wrong sign-in a second each. Meanwhile a user signs in again
and again: from new networks if the clients share one network, and from known
networks if the clients are in 128. The server has failed if the user is
refused once, or if no wrong sign-in is refused. With the rate limits off, only
the queue has to be fair."""

import argparse
import os
import secrets
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

from helpers import new_email, register  # noqa: E402
from server import BUILD, flavor  # noqa: E402
from sign_ins import SignIns, Tally, in_threads  # noqa: E402
from standalone import running_server  # noqa: E402

ATTACKERS = 128
RIGHT_EACH_SECOND = 10
FULL_SECONDS = 30

NETWORKS = {
    "128 /64s of one /56": "2001:db8:1:%x::1",
    "128 /56s of one /48": "2001:db8:2:%x00::1",
    "128 addresses of one /24": "198.51.100.%d",
    "128 /48s": "2001:db8:%x::1",
}
MANY = "128 /48s"

# Known networks are recorded only if limits are on.
ALL = {"on": list(NETWORKS), "off": [name for name in NETWORKS
                                     if name != MANY]}
SHORT = {"on": ["128 /64s of one /56", MANY],
         "off": ["128 /56s of one /48", "128 addresses of one /24"]}
HOMES = ["198.18.%d.7" % number for number in range(20)]


def flood(server, pattern, tally, ended):
    """Sends one a second until it is told to end."""
    def attack(number):
        client = SignIns(server)
        while not ended.is_set():
            started = time.monotonic()
            tally.add(*client.ask(pattern % number, new_email(), "Wrong-1"))
            ended.wait(max(0, started + 1 - time.monotonic()))
        client.close()

    return threading.Thread(target=in_threads, args=(ATTACKERS, attack))


def new_address(number):
    """An address in a network of its own."""
    return "2001:db8:%x::1" % (0x1000 + number) if number % 2 else \
        "203.0.%d.7" % (number % 256)


def sign_in(server, user, address, tally):
    """Signs in on a new connection."""
    client = SignIns(server)
    tally.add(*client.ask(address, user["email"], user["password"]))
    client.close()


def wait_until_full(wrong):
    """The queue. It takes longer if the clients are slow."""
    began = time.monotonic()
    time.sleep(1)
    while wrong.refused() == 0 and time.monotonic() < began + FULL_SECONDS:
        time.sleep(0.1)


def run(server, user, name, seconds, first):
    """The results of the wrong sign-ins and of the right ones."""
    wrong, right, ended = Tally(), Tally(), threading.Event()
    if name == MANY:
        for address in HOMES:
            sign_in(server, user, address, Tally())
    attack = flood(server, NETWORKS[name], wrong, ended)
    attack.start()
    users = []
    try:
        wait_until_full(wrong)
        for number in range(first, first + int(seconds * RIGHT_EACH_SECOND)):
            address = HOMES[number % len(HOMES)] if name == MANY else \
                new_address(number)
            users.append(threading.Thread(
                target=sign_in, args=(server, user, address, right)))
            users[-1].start()
            ended.wait(1 / RIGHT_EACH_SECOND)
        for thread in users:
            thread.join()
    finally:
        ended.set()
        attack.join()
    return wrong, right, len(users)


def run_all(server, limits, names, seconds):
    """Returns how many have failed."""
    failed = 0
    with server.client() as client:
        user, _ = register(client, password="Pw1-" + secrets.token_hex(8))
    for place, name in enumerate(names):
        wrong, right, asked = run(server, user, name, seconds, place * 1000)
        fine = right.statuses == {200: asked} and wrong.refused() > 0 and \
            wrong.others() == 0
        failed += not fine
        print("%-26s limits %-3s wrong: %s\n%-37s right: %s%s" % (
            name, limits, wrong, "", right, "" if fine else "  FAILED"),
            flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--all", action="store_true",
                        help="every network with and without the limits")
    arguments = parser.parse_args()
    print("sign-in flood: %s (%s)" % (BUILD, flavor() or "no build there"),
          flush=True)
    failed = tried = 0
    for limits, setting in (("on", None), ("off", "off")):
        with running_server(KEEL_WORKERS="1", KEEL_RATE_LIMITS=setting,
                            KEEL_TRUSTED_PROXIES="127.0.0.1") as server:
            names = (ALL if arguments.all else SHORT)[limits]
            failed += run_all(server, limits, names, arguments.seconds)
            tried += len(names)
            server.stop()
            for problem in server.problems:
                print("    FAILED: " + problem)
                failed += 1
                tried += 1
    print("sign_in_flood: %d passed, %d failed" % (tried - failed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
