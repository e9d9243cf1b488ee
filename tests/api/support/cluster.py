# SPDX-License-Identifier: ISC
"""A private PostgreSQL cluster, which exists for one run of the tests."""

import collections
import contextlib
import functools
import itertools
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2

from product import boundary

BIN = "/usr/lib/postgresql/15/bin"

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
SETTINGS = {
    "autovacuum": "off",
    "max_connections": "300",
    "max_prepared_transactions": "5",
    "listen_addresses": "127.0.0.1",
    "log_destination": "stderr",
    "password_encryption": "scram-sha-256",
}


MEMORY = "/dev/shm"
MEMORY_LEAST = 2 ** 30      # bytes that must be free in memory

PORTS = 500     # per process, below the range of ephemeral ports


@functools.cache
def own_ports():
    """Yields ports of this process, again and again. Other runs of the tests
    use other ports: each range is reserved by a socket's name, which the kernel
    frees when the process ends."""
    for first in range(20000, 32000, PORTS):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind("\0keel-tests-%d" % first)
        except OSError:
            name.close()
            continue
        return name, itertools.cycle(range(first, first + PORTS))
    raise RuntimeError("too many runs of the tests at once")


def free_port():
    """A port that no server and no other test uses."""
    _, ports = own_ports()
    for port in itertools.islice(ports, PORTS):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("every port is taken")


def is_free(port):
    """Can a server listen there now?"""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            s.listen()
        except OSError:
            return False
    return True


def make_folder():
    """In memory if there is room, which makes a database ten times faster;
    otherwise on disk."""
    free = os.statvfs(MEMORY) if os.path.isdir(MEMORY) else None
    in_memory = free and free.f_bavail * free.f_frsize > MEMORY_LEAST
    return tempfile.mkdtemp(prefix="keel-api-",
                            dir=MEMORY if in_memory else None)


def run(db, statement, params):
    with db.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else None


class Cluster:
    """Without durability it is faster, but loses data when it is killed."""

    def __init__(self, durable=False, folder=None, **settings):
        self.settings = SETTINGS | ({} if durable else FAST) | settings
        self.folder = folder or make_folder()
        os.chmod(self.folder, 0o711)
        self.data = os.path.join(self.folder, "pg")
        self.socket = os.path.join(self.folder, "s")
        self.log = os.path.join(self.folder, "postgres.log")
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.user = "postgres" if os.getuid() == 0 else \
            pwd.getpwuid(os.getuid()).pw_name
        self.databases = 0
        self.process = None
        self.idle = collections.defaultdict(list)   # by database

    def as_user(self, *command):
        """PostgreSQL refuses to run as root. It dies with this process."""
        wrap = ["setpriv", "--pdeathsig", "INT"]
        if os.getuid() == 0:
            wrap += ["--reuid", self.user, "--regid",
                     str(pwd.getpwnam(self.user).pw_gid), "--init-groups"]
        return wrap + list(command)

    def start(self):
        for folder in (self.data, self.socket):
            os.mkdir(folder, 0o700)
            if os.getuid() == 0:
                shutil.chown(folder, self.user)
        with open(self.log, "wb") as log:
            subprocess.run(self.as_user(
                BIN + "/initdb", "-D", self.data, "-U", "postgres", "-N",
                "--auth-local=trust", "--auth-host=scram-sha-256",
                "--encoding=UTF8", "--locale=C.UTF-8"), cwd="/", check=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.run()
        self.sql("CREATE ROLE keel LOGIN PASSWORD %s", self.password)

    def run(self):
        """Starts the postmaster, and waits until it accepts connections."""
        with open(self.log, "ab") as log:
            options = [a for item in self.settings.items()
                       for a in ("-c", "%s=%s" % item)]
            self.process = subprocess.Popen(self.as_user(
                BIN + "/postgres", "-D", self.data, "-k", self.socket,
                "-p", str(self.port), *options), cwd="/", stdout=log,
                stdin=subprocess.DEVNULL, stderr=log, start_new_session=True)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.sql("SELECT 1")
            except psycopg2.OperationalError:
                if time.monotonic() > deadline or self.process.poll():
                    raise RuntimeError(open(self.log).read())
                time.sleep(0.05)

    def halt(self):
        """Like a crash: pg_ctl stop -m immediate."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def backends(self):
        """The process ids of its sessions and helpers."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)],
                               capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def freeze(self):
        """Stops its processes: it keeps its connections but sends nothing."""
        self.signal_all(signal.SIGSTOP)

    def thaw(self):
        self.signal_all(signal.SIGCONT)

    def signal_all(self, signum):
        for pid in [self.process.pid] + self.backends():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)

    def connect(self, database):
        """Connects as the superuser."""
        db = psycopg2.connect(host=self.socket, port=self.port,
                              user="postgres", dbname=database)
        db.autocommit = True
        return db

    def sql(self, statement, *params, database="postgres"):
        """Runs a statement as the superuser. Returns its rows, if any."""
        with contextlib.closing(self.connect(database)) as db:
            return run(db, boundary.sql(statement), params)

    def sql_kept(self, database, statement, *params):
        """The same on a connection that is kept for the next statement: to
        connect costs 5 ms of CPU time, 50 times more than most statements.
        A statement must leave no setting behind."""
        db = self.take_idle(database) or self.connect(database)
        try:
            rows = run(db, boundary.sql(statement), params)
        except BaseException:
            db.close()
            raise
        self.idle[database].append(db)
        return rows

    def take_idle(self, database):
        """A connection that no other thread uses and that was not cut."""
        while True:
            try:
                db = self.idle[database].pop()
            except IndexError:
                return None
            if not select.select([db], [], [], 0)[0]:
                return db
            db.close()

    def database(self, template="template0"):
        """Creates a database that keel owns, and returns its name. It copies
        the template's files; the WAL strategy would be four times slower."""
        self.databases += 1
        name = "keel_%d" % self.databases
        self.sql("CREATE DATABASE %s TEMPLATE %s OWNER keel "
                 "STRATEGY FILE_COPY" % (name, template))
        return name

    def drop(self, name):
        """Frees the database's memory, unless the cluster is read-only."""
        for db in self.idle.pop(name, []):
            db.close()
        with contextlib.suppress(psycopg2.Error):
            self.sql("DROP DATABASE %s WITH (FORCE)" % name)

    def url(self, database):
        return "host=%s port=%d dbname=%s user=keel" % (
            self.socket, self.port, database)

    def tcp_url(self, database):
        return "postgresql://keel:%s@127.0.0.1:%d/%s" % (
            self.password, self.port, database)

    def stop(self):
        if self.process is not None:
            self.thaw()
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
