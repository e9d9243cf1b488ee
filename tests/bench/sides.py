# SPDX-License-Identifier: ISC
"""The servers that are measured. Two of them take turns: this checkout and
another one, or two settings."""

import os
import subprocess

import processes
from bench_data import fill
from runner import wait_for
from server import KEEL, ROOT, Server
from workloads import WORKLOADS, People

# None removes what the tests have: a default is measured.
SETTINGS = {
    "KEEL_RATE_LIMITS": "off",
    "KEEL_USER_DIRECTORY": "authenticated",
    "KEEL_DATABASE_POOL": None,
    "KEEL_WORKERS": "2",
}
CONNECTIONS = 1024      # of a worker: kore.conf's worker_max_connections


class Failed(Exception):
    """Nothing can be measured: one line."""


class Side(Server):
    """A server with its jobs, whose people have signed in."""

    def __init__(self, label, cluster, database, certificate, build, keel=KEEL,
                 **settings):
        settings = SETTINGS | settings
        # All connections come from this machine.
        settings.setdefault("KEEL_CONNECTIONS_PER_ADDRESS", str(
            CONNECTIONS * int(settings["KEEL_WORKERS"] or 2)))
        super().__init__(cluster, database, certificate, build, **settings)
        self.label, self.keel = label, keel
        self.people = None
        self.files = {}

    def start(self):
        super().start("--with-jobs")
        wait_for(lambda: "keel: jobs ready" in self.output(), 30)
        self.at_start = processes.memory(self.process.pid)
        return self

    def sign_in(self, users, posts):
        self.people = People(self, users, posts)
        return self

    def requests(self, name):
        """The file of a workload's requests."""
        if name not in self.files:
            self.files[name] = os.path.join(self.folder, name + ".requests")
            with open(self.files[name], "w") as f:
                f.write(WORKLOADS[name].requests(self.people))
        return self.files[name]

    def stop(self):
        """The log is not read: a million lines take longer than the run."""
        if self.process is not None:
            self.end()
        said = self.output()[-1000:] + self.errors()[-1000:]
        self.remove()
        if self.problems:
            raise Failed("%s: %s: %s" % (
                self.label, ", ".join(self.problems), said))


def find_checkout(path):
    """The build and ./keel of another checkout."""
    build = os.path.join(os.path.abspath(path), ".build/prod/keel")
    if not os.path.exists(build + "/keel.so"):
        raise Failed("AGAINST=%s is no checkout with a prod build: run "
                     "'make build FLAVOR=prod' there" % path)
    return build, os.path.join(os.path.abspath(path), "keel")


def read_commit(root=ROOT):
    """What git calls that state of the tree."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root,
                          capture_output=True, text=True)
    return done.stdout.strip() or "no commit"


def same_schema(one, other):
    """Have two checkouts the same migrations?"""
    folders = [os.path.join(root, "sql/migrations") for root in (one, other)]
    names = [sorted(os.listdir(folder)) for folder in folders]
    if names[0] != names[1]:
        return False
    for name in names[0]:
        texts = []
        for folder in folders:
            with open(os.path.join(folder, name), "rb") as f:
                texts.append(f.read())
        if texts[0] != texts[1]:
            return False
    return True


def make_database(cluster, certificate, build, keel, users, posts):
    """A database that this checkout has migrated and that has rows."""
    name = cluster.database()
    side = Side("fill", cluster, name, certificate, build, keel)
    try:
        fill(side, users, posts)
    finally:
        side.remove()
        for connection in cluster.idle.pop(name, []):
            connection.close()      # so that the database can be copied
    return name
