# SPDX-License-Identifier: ISC
"""Is a write lost when the primary dies, or does the server need a restart?

usage: failover.py [--kills 10] [--only hosts|haproxy]

Three PostgreSQL under Patroni. Two servers, each with a runner and a database:
one has all nodes in its URL, the other one has HAProxy before them. Clients
write all the time, and again and again the leader's host dies. It fails if a
write that was answered with 201 is lost or is there twice, if another answer
than 201 and 503 comes, if a job is not done, or if a process starts again."""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

from patroni_nodes import Nodes  # noqa: E402
from postgres_proxies import haproxy  # noqa: E402
from runner import KIND, Runner, wait_for  # noqa: E402
from server import BUILD, Server, flavor, make_certificate  # noqa: E402
from servers import finish  # noqa: E402
from writers import Writers  # noqa: E402

LEADS_WITHIN = 90       # seconds: Patroni's ttl is 20
WRITES_WITHIN = 30      # seconds, once a node leads
REFUSED_WITHIN = 5      # seconds until a 503, while no node leads
MARGIN = 8              # seconds before one leads: others may wait for it
PAUSE = 0.05            # of each client


class Side:
    """A server, its runner, and those who write."""

    def __init__(self, nodes, certificate, name, url):
        self.name = name
        database = nodes.database()
        self.server = Server(nodes, database, certificate,
                             KEEL_DATABASE_URL=url(database))
        self.runner = Runner(self.server)

    def start(self):
        done = self.server.command("migrate")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        self.server.start()
        self.runner.start()
        self.writers = Writers(self.server, pause=PAUSE)

    def check(self):
        """Prints what was written. Returns how many writes were answered with
        201, how many are there, and the longest time without one."""
        written, found = self.writers.check()
        gap = self.writers.longest_gap()
        print("%s: %d writes answered 201, %d found, %d lost; %d answered "
              "503; longest time without a write %.1f s" % (
                  self.name, written, found, written - found,
                  len(self.writers.of(503)), gap))
        return written, found, gap

    def check_jobs(self):
        """Each user who was registered has one job, whose mail was sent."""
        jobs = ("SELECT id::text, attempts FROM jobs WHERE kind = '%s' AND "
                "status = 'done'" % KIND)
        wait_for(lambda: self.server.sql(
            "SELECT count(*) FROM jobs WHERE kind = %s AND status <> 'done'",
            KIND) == [(0,)], 60)
        done = dict(self.server.sql(jobs))
        assert self.server.sql(
            "SELECT count(*) FROM users u WHERE name = 'Test' AND "
            "hashed_password <> 'none' AND NOT EXISTS (SELECT FROM jobs j "
            "WHERE j.kind = %s AND j.payload ->> 'id' = u.id::text)",
            KIND) == [(0,)]
        assert self.server.sql(
            "SELECT payload ->> 'id' FROM jobs WHERE kind = %s GROUP BY 1 "
            "HAVING count(*) > 1", KIND) == []
        mails = os.listdir(os.path.join(self.runner.state, "mail"))
        assert sorted(mails) == sorted(job + ".eml" for job in done)
        assert len(done) >= self.writers.registered()
        print("%s: %d welcome mails, %d of them at a later attempt" % (
            self.name, len(done), sum(n > 1 for n in done.values())))


def kill_leader(nodes, sides, number):
    for side in sides:
        side.writers.wait_for(2)
    leader = nodes.leader()
    leader.kill()
    killed = time.monotonic()
    follower = wait_for(nodes.leader, LEADS_WITHIN)
    leads = time.monotonic()
    again = ["%s %.1f s" % (side.name, side.writers.first(
        201, leads, WRITES_WITHIN) - leads) for side in sides]
    refused = max(side.writers.longest_wait(killed, leads - MARGIN)
                  for side in sides)
    leader.start()
    nodes.wait_until_whole()
    print("kill %d: %s is dead, 503 within %.1f s, %s leads after %.1f s; "
          "written again %s later; whole after %.1f s" % (
              number, leader.name, refused, follower.name, leads - killed,
              ", ".join(again), time.monotonic() - killed), flush=True)
    assert refused < REFUSED_WITHIN


def prove(nodes, sides, kills):
    """Returns True if no write is lost."""
    with contextlib.ExitStack() as stack:
        for side in sides:
            side.start()
            stack.enter_context(side.writers)
        for number in range(1, kills + 1):
            kill_leader(nodes, sides, number)
        for side in sides:
            side.writers.wait_for(2)
    written, found, gaps = zip(*[side.check() for side in sides])
    for side in sides:
        side.check_jobs()
    print("proof-failover: %d kills, %d writes answered 201, %d found, %d "
          "lost, longest time without a write %.1f s" % (
              kills, sum(written), sum(found), sum(written) - sum(found),
              max(gaps)))
    return written == found


def run(options, folder):
    nodes, sides = Nodes(), []
    certificate = make_certificate(folder, "ec")
    try:
        nodes.start()
        checks = [("127.0.0.1", node.port, node.rest) for node in nodes.nodes]
        with haproxy(checks, folder) as port:
            urls = {"hosts": nodes.url,
                    "haproxy": lambda database: nodes.url_at(port, database)}
            sides += [Side(nodes, certificate, name, url)
                      for name, url in urls.items()
                      if options.only in (name, None)]
            try:
                return prove(nodes, sides, options.kills)
            finally:
                finish([each for side in sides
                        for each in (side.runner, side.server)])
    finally:
        nodes.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--only", choices=["hosts", "haproxy"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print("failover: %s" % flavor(BUILD), flush=True)
    folder = tempfile.mkdtemp(prefix="keel-failover-")
    try:
        kept = run(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("failover: %d passed, %d failed" % (kept, not kept))
    return not kept


if __name__ == "__main__":
    sys.exit(main())
