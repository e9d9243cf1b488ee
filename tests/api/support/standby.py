# SPDX-License-Identifier: ISC
"""A primary and a standby, which has every commit before it is answered:

    pair.kill()         the primary's processes die at once, as with its host
    pair.freeze()       or they stop, and keep their connections
    pair.promote()      the standby becomes the primary
    pair.mend()         the other node becomes its standby, from a copy

What a test asks of a cluster is asked of the primary: pair.sql(), pair.url().
Both nodes have one port, at 127.0.0.1 and 127.0.0.2, and a socket each."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from cluster import BIN, Cluster

ADDRESSES = ["127.0.0.1", "127.0.0.2"]

# What SIGKILL leaves is whole: the kernel still has what was written, so fsync
# does not matter. A page may be written by half, so full_page_writes does.
SETTINGS = {
    "fsync": "off",
    "wal_level": "replica",
    "hot_standby": "on",
    "wal_retrieve_retry_interval": "100ms",
}
READY_SECONDS = 20


def exists(pid):
    """Is it a process that is not a zombie?"""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, what, seconds=READY_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        time.sleep(0.02)


class Node(Cluster):
    def __init__(self, address):
        super().__init__(durable=True)
        self.address = address
        self.settings = self.settings | SETTINGS | {
            "listen_addresses": address}

    def tcp_url(self, database):
        return "postgresql://keel:%s@%s:%d/%s" % (
            self.password, self.address, self.port, database)

    def kill(self):
        """All processes stop, and then they die: none of them sees another one
        die, or ends what it has begun. A host takes its memory with it."""
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            memory = f.read().splitlines()[6].split()[1]
        os.kill(self.process.pid, signal.SIGSTOP)   # it starts no more
        found = [self.process.pid] + self.backends()
        for signum in (signal.SIGSTOP, signal.SIGKILL):
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signum)
        self.process.wait(READY_SECONDS)
        wait_until(lambda: not any(map(exists, found)), "a session survives")
        subprocess.run(["ipcrm", "-m", memory], check=True)
        self.process = None

    def write_settings(self, **settings):
        """Settings that the other node must not have, though it is a copy."""
        path = os.path.join(self.data, "postgresql.auto.conf")
        with open(path, "w") as f:
            f.writelines("%s = '%s'\n" % item for item in settings.items())

    def copy_of(self, primary):
        """Becomes its standby."""
        for folder in (self.data, self.socket):
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder, 0o700)
            if os.getuid() == 0:
                shutil.chown(folder, self.user)
        with open(self.log, "ab") as log:
            subprocess.run(self.as_user(
                BIN + "/pg_basebackup", "-D", self.data, "-h", primary.socket,
                "-p", str(primary.port), "-U", "postgres", "-R", "-X",
                "stream", "-c", "fast", "--no-sync", "--no-manifest"),
                cwd="/", check=True, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        self.write_settings(primary_conninfo="host=%s port=%d user=postgres" % (
            primary.socket, primary.port))
        self.run()

    def require_standby(self, name):
        """From now on, a commit is answered when a standby has it, too."""
        self.write_settings(synchronous_standby_names=name)
        self.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self.sql(
            "SELECT sync_state FROM pg_stat_replication WHERE state = "
            "'streaming'") == [("sync",)], "the standby is not synchronous")

    def promote(self):
        with open(self.log, "ab") as log:
            subprocess.run(self.as_user(
                BIN + "/pg_ctl", "promote", "-w", "-t", str(READY_SECONDS),
                "-D", self.data), cwd="/", check=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def remove(self):
        """Also if it is dead, frozen, or was never started."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pair:
    def __init__(self):
        self.nodes = [Node(address) for address in ADDRESSES]
        self.primary, self.standby = self.nodes
        self.standby.port = self.primary.port
        self.standby.password = self.primary.password
        self.is_whole = False

    def __getattr__(self, name):
        return getattr(self.primary, name)

    def start(self):
        self.primary.start()
        self.mend()

    def mend(self):
        """Unless it is one already, the other node becomes the standby, as a
        copy of the primary."""
        if self.is_whole:
            return
        if self.standby.process is not None:
            self.standby.kill()
        self.standby.copy_of(self.primary)
        self.primary.require_standby("*")
        self.is_whole = True

    def promote(self):
        """The new primary has no standby to wait for."""
        self.is_whole = False
        self.standby.promote()
        self.standby.databases = self.primary.databases
        self.primary, self.standby = self.standby, self.primary

    def hosts_url(self, database):
        """Both nodes, always in this order."""
        return "postgresql://keel:%s@%s/%s" % (
            self.password, ",".join("%s:%d" % (node.address, node.port)
                                    for node in self.nodes), database)

    def sockets_url(self, database):
        return "host=%s port=%d dbname=%s user=keel" % (
            ",".join(node.socket for node in self.nodes), self.port, database)

    def stop(self):
        for node in self.nodes:
            node.remove()
