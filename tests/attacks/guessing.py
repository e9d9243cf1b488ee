# SPDX-License-Identifier: ISC
"""Password guessing: one account from many networks, and many accounts from one
address.

usage: guessing.py

It asserts how many guesses are checked: exactly 100 for one account, 20 from
one address and one more in each three seconds that it takes. Meanwhile the
owner can sign in from the networks where they have signed in before."""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

from helpers import new_email, register  # noqa: E402
from server import BUILD, flavor  # noqa: E402
from sign_ins import SignIns, Tally, in_threads  # noqa: E402
from standalone import running_server  # noqa: E402

HOME = "192.0.2.7"          # the owner's
NEIGHBOUR = "192.0.2.99"    # the same /24
AWAY = "203.0.113.7"        # the owner has never signed in there
NETWORKS = 50
EACH = 4                    # below the limit of one address
FROM_ONE = 20               # address_failures: 20/m, so one more in each
MORE_SECONDS = 3


def guess(server, email, address_of, count, threads):
    """Sends wrong passwords, each from address_of(number)."""
    tally = Tally()

    def run(thread):
        client = SignIns(server)
        for number in range(thread, count, threads):
            tally.add(*client.ask(address_of(number), email or new_email(),
                                  "Wrong-passw0rd-%d" % number))
        client.close()

    in_threads(threads, run)
    return tally


def from_many(number):
    return "2001:db8:%x::1" % (0x100 + number % NETWORKS)


class Attack:
    def __init__(self, server):
        self.server = server
        self.failed = self.passed = 0
        with server.client() as client:
            self.owner = register(client)[0]

    def check(self, what, found, expected):
        fine = found == expected
        self.passed += fine
        self.failed += not fine
        print("%-58s %s%s" % (what, found, "" if fine else
                              "  FAILED: expected %s" % expected), flush=True)

    def right(self, address):
        client = SignIns(self.server)
        status, _ = client.ask(address, self.owner["email"],
                               self.owner["password"])
        client.close()
        return status

    def guess_at_one_account(self, email, whose):
        tally = guess(self.server, email, from_many, NETWORKS * EACH, 20)
        print("%-58s %s" % ("200 guesses from 50 networks at %s" % whose,
                            tally), flush=True)
        self.check("  of them looked at", tally.statuses[400], 100)
        self.check("  of them refused", tally.statuses[429], 100)

    def run(self):
        self.check("the owner, at home", self.right(HOME), 200)
        self.guess_at_one_account(self.owner["email"], "one account")
        self.check("the right password, from one of these",
                   self.right(from_many(0)), 429)
        self.check("the right password, from elsewhere", self.right(AWAY),
                   429)
        self.check("the owner, at home", self.right(HOME), 200)
        self.check("the owner, elsewhere, once that has succeeded",
                   self.right(AWAY), 200)
        self.check("the owner, from another address of home's network",
                   self.right(NEIGHBOUR), 200)
        self.guess_at_one_account(new_email(), "an account there is not")
        began = time.monotonic()
        spray = guess(self.server, None, lambda _: "198.51.100.9", 60, 10)
        more = int((time.monotonic() - began) / MORE_SECONDS)
        print("%-58s %s" % ("60 guesses from one address at 60 accounts",
                            spray), flush=True)
        looked = min(max(spray.statuses[400], FROM_ONE), FROM_ONE + more)
        self.check("  of them looked at", spray.statuses[400], looked)
        self.check("  of them refused", spray.statuses[429], 60 - looked)


def main():
    print("guessing: %s (%s)" % (BUILD, flavor() or "no build there"),
          flush=True)
    # More at once than a worker hashes: none may be refused for this reason.
    with running_server(KEEL_WORKERS="2",
                        KEEL_TRUSTED_PROXIES="127.0.0.1",
                        KEEL_RATE_LIMITS="token=1000/m") as server:
        attack = Attack(server)
        attack.run()
        server.stop()
        for problem in server.problems:
            print("    FAILED: " + problem)
            attack.failed += 1
    print("guessing: %d passed, %d failed" % (attack.passed, attack.failed))
    sys.exit(1 if attack.failed else 0)


if __name__ == "__main__":
    main()
