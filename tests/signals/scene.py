# SPDX-License-Identifier: ISC
"""A server or a runner whose processes get signals: its processes by their
roles, what it does for clients, and what is left of it."""

import contextlib
import copy
import glob
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

import httpx
import psycopg2

from cluster import is_free
from helpers import read_me, register, sign_in
from script import DBUSER
from server import KEEL, Server, flavor, read_text

SECONDS = 30        # the longest that anything may take
DRAIN_SECONDS = 8
NOTHING_SET = {name: None for name in (
    "KEEL_DATABASE_URL", "KEEL_DATABASE_POOL", "KEEL_SECRET_KEY",
    "KEEL_TLS_CERT", "KEEL_TLS_KEY")}
OURS = ("script", "keeper", "timeout", "parent", "worker", "key manager",
        "jobs", "postmaster")


class Unexpected(AssertionError):
    """A row of the table that does not hold."""


class Missed(Unexpected):
    """A moment that was over before it was seen."""


def wait_for(what, condition, seconds=SECONDS, pause=0.01):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Unexpected("%s, within %d s: no" % (what, seconds))
        time.sleep(pause)
    return found


def stat(pid):
    """The fields after its name, from its state on; [] if it has ended."""
    return read_text("/proc/%d/stat" % pid).rpartition(")")[2].split()


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def send(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def freeze(pid):
    """Returns whether it is there."""
    send(pid, signal.SIGSTOP)
    wait_for("it is frozen", lambda: (stat(pid) or "Z")[0] in "TZX",
             pause=0.001)
    return (stat(pid) or "Z")[0] == "T"


class Scene(Server):
    """One way to start ./keel, in a folder of its own."""

    def __init__(self, cluster, database, certificate, *command, private=False,
                 **settings):
        super().__init__(cluster, database, certificate, **{
            **(NOTHING_SET if private else {}),
            "KEEL_DRAIN_SECONDS": str(DRAIN_SECONDS), **settings})
        os.chmod(self.folder, 0o711)
        self.command_line = command
        self.private = private
        self.serves = command[0] == "serve"
        self.ready = self.ready if self.serves else "keel: jobs ready"
        self.user = None
        self.only = True        # nobody else uses the state folder
        self.made = int(time.time())
        self.seen = set()       # the pids of all processes
        self.database_died = False  # and may not have been started again
        self.is_slow = flavor(self.build) == "asan"
        self.status = None      # of the last ./keel that has ended
        self.socket = "/tmp/keel-%s-%d" % (hashlib.sha256(
            self.state.encode()).hexdigest()[:16], DBUSER.pw_uid)
        if private:
            self.cert = os.path.join(self.state, "ca.pem")

    def another(self, *command):
        """Another ./keel in the same state folder."""
        other = copy.copy(self)
        other.command_line, other.serves = command, False
        other.ready, other.process = "keel: jobs ready", None
        other.stdout = self.stdout + "-other"
        other.only = False
        return other

    #
    # Its start and its end.
    #

    def begin(self):
        """Does not wait."""
        self.before = len(self.output())
        self.errors_before = len(self.errors())
        self.status = None
        self.database_died = False
        with open(self.stdout, "ab") as out, open(self.stderr, "ab") as err:
            self.process = subprocess.Popen(
                [KEEL, *self.command_line],
                env=self.environment(), stdout=out, stderr=err,
                stdin=subprocess.DEVNULL, start_new_session=True)
        return self

    def is_ready(self):
        return self.ready in self.output()[self.before:]

    def has_ended(self):
        if self.process is not None and self.process.poll() is not None:
            self.status, self.process = self.process.returncode, None
        return self.process is None

    def wait_ready(self):
        wait_for("it is ready or has ended",
                 lambda: self.is_ready() or self.has_ended())
        if self.has_ended():
            raise Unexpected("the start ended with status %d: %s%s" % (
                self.status, self.output()[self.before:],
                self.errors()[self.errors_before:]))
        if "jobs" in self.command_line or \
                "--with-jobs" in self.command_line:
            wait_for("a runner is ready", lambda: "keel: jobs ready" in
                     self.output()[self.before:])

    def up(self):
        """Starts it, if it does not run, with the data of before."""
        if self.process is None:
            self.begin()
            self.wait_ready()
            self.check_data()
        return self

    def check_data(self):
        if self.serves:
            with self.client() as client:
                if self.user is None:
                    self.user, _ = register(client)
                    self.token = sign_in(client, self.user)
                elif read_me(client, self.token).status_code != 200:
                    self.token = sign_in(client, self.user)
        else:
            self.check_jobs()
        found = glob.glob(self.state + "/kore.*.pid")
        if self.only and len(found) != self.serves:
            raise Unexpected("pid files: %s" % found)

    def down(self, number=signal.SIGINT):
        """Ends it, if it runs."""
        if not self.has_ended():
            self.process.send_signal(number)
            self.wait_ended(0)

    def wait_ended(self, *statuses, seconds=SECONDS):
        wait_for("it has ended", self.has_ended, seconds)
        if self.status not in statuses:
            raise Unexpected("status %d, not %s: %s%s" % (
                self.status, "/".join(map(str, statuses)),
                self.output()[self.before:][-300:],
                self.errors()[self.errors_before:]))
        if self.only:
            self.check_nothing_left()

    def remove_state(self):
        shutil.rmtree(self.state, ignore_errors=True)
        self.user = None

    def destroy(self):
        """After a row that does not hold: all is killed."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in self.own():
                send(pid, number)
        if self.process is not None:
            self.process.wait()
            self.process = None
        wait_for("all are killed", lambda: not self.own())

    #
    # Its processes.
    #

    def own(self):
        """All that have to do with its folder, except zombies: by settings, by
        what they have open, by where they work."""
        mine = self.folder.encode()
        found = []
        for pid in all_pids():
            if (stat(pid) or "Z")[0] in "ZX":
                continue
            with contextlib.suppress(OSError):
                with open("/proc/%d/environ" % pid, "rb") as f:
                    is_own = mine in f.read()
                is_own = is_own or os.readlink(
                    "/proc/%d/cwd" % pid).startswith(self.folder)
                for path in glob.glob("/proc/%d/fd/[0-9]*" % pid) * \
                        (not is_own):
                    with contextlib.suppress(OSError):
                        is_own = is_own or os.readlink(path).startswith(
                            self.folder)
                if is_own and pid != os.getpid():
                    found.append(pid)
        self.seen.update(found)
        return found

    def tree(self):
        """{pid: its fields} of ./keel and all below it."""
        fields = {pid: stat(pid) for pid in all_pids()}
        found = {}
        grown = [self.process.pid] if self.process else []
        while grown:
            pid = grown.pop()
            if fields.get(pid):
                found[pid] = fields[pid]
                grown += [child for child, its in fields.items()
                          if its and int(its[1]) == pid]
        self.seen.update(found)
        return found

    def role(self, pid, parent):
        line = read_text("/proc/%d/cmdline" % pid)
        if "[wrk " in line:
            return "worker"
        if "[keymgr]" in line:
            return "key manager"
        if "[parent]" in line:
            above = read_text("/proc/%d/cmdline" % parent)
            return "newborn" if "[parent]" in above else "parent"
        words = line.split("\0")
        if words[0] == "timeout":
            return "timeout"
        if words[0] == "kore":
            command = [word.partition("=")[2] for word in read_text(
                "/proc/%d/environ" % pid).split("\0")
                if word.startswith("KEEL_COMMAND=")]
            return "kore" if command in ([], ["serve"]) else command[0]
        if words[0] in ("/bin/sh", "sh") and KEEL in words[1]:
            if pid == self.process.pid:
                return "script"
            if parent == self.process.pid and words[2:3] == [
                    self.command_line[0]]:
                return "keeper"
        return os.path.basename(words[0])

    def processes(self):
        """{role: pids}"""
        found = {}
        for pid, fields in self.tree().items():
            if fields[0] not in "ZX":
                found.setdefault(self.role(pid, int(fields[1])),
                                 []).append(pid)
        text = read_text(self.state + "/postgres/postmaster.pid").split()
        if self.private and text and (
                stat(int(text[0])) or "Z")[0] not in "ZX":
            found["postmaster"] = [int(text[0])]
            self.seen.add(int(text[0]))
        return found

    def wanted(self):
        """How many there are of each role, when it serves or works."""
        counts = {}
        if self.serves:
            counts |= {"parent": 1, "worker": 2, "key manager": 1}
        if self.private or "--with-jobs" in self.command_line:
            counts |= {"script": 1, "timeout": 1}
        if self.private:
            counts |= {"keeper": 1, "postmaster": 1}
        if "--with-jobs" in self.command_line or not self.serves:
            counts |= {"jobs": 1}
        return counts

    def pids(self):
        """Notes all that there are."""
        return set(self.own()) | set(self.tree())

    def settled(self):
        """Waits until all are there, and returns them. A copy of a shell that
        is about to run a program counts as a keeper for a moment."""
        def look():
            found = {role: sorted(pids) for role, pids in
                     self.processes().items() if role in OURS}
            return {role: len(pids) for role, pids in found.items()} == \
                self.wanted() and found
        return wait_for("all processes are there", look)

    def find_backend(self):
        """Of one of its sessions with PostgreSQL."""
        return self.sql_once(
            "SELECT pid FROM pg_stat_activity WHERE application_name = "
            "'keel' AND state = 'idle' ORDER BY pid LIMIT 1")[0][0]

    def check_no_zombies(self):
        wait_for("no zombies", lambda: not [
            pid for pid, fields in self.tree().items() if fields[0] == "Z"])

    #
    # What it does for clients.
    #

    def connect_database(self):
        place = {"host": self.socket, "dbname": "keel"} if self.private else {
            "host": self.cluster.socket, "port": self.cluster.port,
            "dbname": self.database}
        return psycopg2.connect(user="postgres", **place)

    def sql_once(self, statement, *params):
        with contextlib.closing(self.connect_database()) as db:
            db.autocommit = True
            cursor = db.cursor()
            cursor.execute(statement, params or None)
            return cursor.fetchall() if cursor.description else None

    def readiness(self):
        try:
            with self.client(timeout=5) as client:
                return client.get("/readyz").status_code
        except (httpx.TransportError, OSError):
            return 0

    def check_serving(self):
        """Each of some connections gets an answer. The first may be of a
        worker that has just lost its sessions."""
        if not self.serves:
            self.check_jobs()
            return
        wait_for("/readyz says 200", lambda: self.readiness() == 200)
        for _ in range(4):
            wait_for("/readyz says 200", lambda: self.readiness() == 200)

    def check_jobs(self):
        """A job of an unknown kind is done with at once."""
        def done():
            with contextlib.suppress(psycopg2.Error):
                [[job]] = self.sql_once(
                    "INSERT INTO jobs (id, kind, payload) VALUES "
                    "(gen_random_uuid(), 'send_welcome_email', %s) "
                    "RETURNING id::text",
                    json.dumps({"id": "00000000-0000-7000-8000-"
                                      "000000000000"}))
                self.sql_once("NOTIFY keel_jobs")
                wait_for("a job is done", lambda: self.sql_once(
                    "SELECT 1 FROM jobs WHERE id = %s AND finished_at IS "
                    "NOT NULL", job), 15)
                return True
        if self.private or self.cluster is not None:
            wait_for("a job is stored", done)

    #
    # What is left of it.
    #

    def memory(self):
        """Shared memory that one of its processes has made, none of which is
        left. Processes of other tests had the same ids, or have them."""
        return [line for line in read_text(
            "/proc/sysvipc/shm").splitlines()[1:]
            if int(line.split()[4]) in self.seen and
            int(line.split()[13]) >= self.made and
            (stat(int(line.split()[4])) or "Z")[0] in "ZX"]

    def check_nothing_left(self):
        """What PostgreSQL or Kore's parent cannot remove when they are killed
        is gone after the next end, which is orderly."""
        wait_for("no process is left", lambda: not self.own())
        for port in (self.port, self.admin_port):
            # A process that is ending may show no files, and have them.
            wait_for("port %d is free" % port, lambda: is_free(port))
        orderly = self.status == 0
        found = [line for line in self.memory() if orderly and not
                 (self.database_died and line.split()[0] != "0")]
        found += glob.glob(self.state + "/kore.*.pid")[not orderly:]
        found += [self.socket] * (self.private and
                                  os.path.exists(self.socket))
        found += glob.glob(self.state + "/postgres/postmaster.pid"
                           )[self.database_died:]
        if found:
            raise Unexpected("left: %s" % found)
