# SPDX-License-Identifier: ISC
"""The moments of the table: what a server or a runner is doing when one of its
processes gets a signal. A moment of the start is a process that has just been
seen, and is held until the signal is there."""

import contextlib
import os
import re
import signal
import time

import psycopg2

from helpers import bearer, raw_connection, raw_request
from scene import (DRAIN_SECONDS, SECONDS, Missed, Unexpected, freeze, send,
                   stat, wait_for)
from server import read_text
from wire import Answers

LOCK = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
FLIGHT = 3
TRIES = 5           # to see a moment of the start

# Those that have prepared their statements, which needs the table; and all.
SESSIONS = """
    SELECT count(*) FILTER (WHERE state = 'idle' AND query <> ''), count(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'keel'"""
POOL = 4            # of a worker


class Idle:
    """It serves, or waits for jobs."""

    def __init__(self, scene):
        self.scene = scene
        scene.up()
        self.before = scene.settled()
        if "jobs" in self.before:
            scene.check_jobs()      # it has all its handlers

    def target(self, role):
        return self.scene.find_backend() if role == "backend" else \
            self.before[role][-1]

    def go_on(self):
        """After the signal."""

    def check_finished(self):
        """If no request may be cut."""


class Busy(Idle):
    """Requests are in flight: they wait for a lock in the database."""

    def __init__(self, scene):
        super().__init__(scene)
        wait_for("its sessions are prepared", self.is_prepared)
        self.db = scene.connect_database()
        self.db.cursor().execute(LOCK)
        self.clients = []
        for _ in range(FLIGHT):
            connection = raw_connection(scene)
            connection.settimeout(30)
            connection.sendall(raw_request(
                "GET", "/api/v1/users/me", **bearer(scene.token)))
            self.clients.append(Answers(connection))
        wait_for("requests wait for a lock", lambda: scene.sql_once(
            "SELECT count(*) FROM pg_locks WHERE NOT granted "
            "AND relation = 'users'::regclass") == [(FLIGHT,)])

    def is_prepared(self):
        (prepared, sessions), = self.scene.sql_once(SESSIONS)
        return prepared == sessions >= POOL * len(self.before["worker"])

    def go_on(self):
        with contextlib.suppress(psycopg2.Error):
            self.db.rollback()

    def close(self):
        self.db.close()
        for client in self.clients:
            client.connection.close()

    def check_finished(self):
        for client in self.clients:
            answer = client.next()
            if answer is None or answer.status_code != 200:
                raise Unexpected("a request was cut: %s" % answer)
            client.connection.close()


class Draining(Busy):
    """The same, and the server has been told to stop."""

    def __init__(self, scene):
        super().__init__(scene)
        watcher = raw_connection(scene)
        answers = Answers(watcher)

        def stops():
            """A 200 that was on its way may close, too."""
            watcher.sendall(raw_request("GET", "/readyz"))
            return "connection" in answers.next().headers
        watcher.sendall(raw_request("GET", "/healthz"))
        answers.next()
        scene.process.send_signal(signal.SIGTERM)
        self.told = told = time.monotonic()
        wait_for("/readyz closes", stops)
        watcher.close()
        # Signals that come together are one: see signals.c.
        wait_for("half a second", lambda: time.monotonic() > told + 0.6)

    def left(self):
        """Seconds; one later, the drain would end by itself."""
        return max(self.told + DRAIN_SECONDS - 1 - time.monotonic(), 3) + \
            SECONDS * self.scene.is_slow


class Beside(Idle):
    """Another ./keel uses the private database: a runner."""

    def __init__(self, scene):
        super().__init__(scene)
        self.other = scene.another("jobs").up()

    def target(self, role):
        return self.other.process.pid if role == "other script" else \
            super().target(role)

    def close(self):
        self.other.down()


class WorkerAway(Idle):
    """A worker has died, and the next one has just been seen. It is held until
    the signal is there."""

    def __init__(self, scene):
        super().__init__(scene)
        parent, = self.before["parent"]
        old = set(self.before["worker"])
        path = "/proc/%d/task/%d/children" % (parent, parent)
        others = old | set(self.before["key manager"])
        send(max(old), signal.SIGKILL)

        def look():
            new = {int(word) for word in read_text(path).split()} - others
            return new and freeze(max(new)) and max(new)
        self.new = wait_for("another worker is seen", look, pause=0)
        scene.seen.add(self.new)
        scene.deaths += 1

    def target(self, role):
        if role == "new worker":
            return self.new
        return {"script": [self.scene.process.pid]}.get(
            role, self.before.get(role, [self.new]))[0]

    def go_on(self):
        send(self.new, signal.SIGCONT)


class DatabaseAway(Idle):
    """PostgreSQL has died, and is not started again before the signal is
    there."""

    def __init__(self, scene):
        super().__init__(scene)
        if scene.private:
            self.keeper, = self.before["keeper"]
            freeze(self.keeper)
            scene.database_died = True
            send(self.before["postmaster"][0], signal.SIGKILL)
            wait_for("PostgreSQL is away", lambda:
                     "postmaster" not in scene.processes())
        else:
            scene.cluster.halt()
        if scene.serves:
            wait_for("/readyz says 503", lambda: scene.readiness() == 503)

    def target(self, role):
        return self.before[role][-1]

    def go_on(self):
        if self.scene.private:
            send(self.keeper, signal.SIGCONT)
        elif self.scene.cluster.process.poll() is not None:
            self.scene.cluster.run()

    def close(self):
        self.go_on()


#
# The start. A process of it is held as soon as it is seen.
#

class Start:
    fresh = False       # without any state
    awaited = None      # the role that is waited for

    def __init__(self, scene):
        self.scene = scene
        for attempt in range(TRIES):
            scene.down()
            if self.fresh:
                scene.remove_state()
            scene.begin()
            self.held = []
            try:
                wait_for("%s is seen" % self.awaited, self.look, pause=0)
                break
            except Missed:      # this process did not run meanwhile
                if attempt == TRIES - 1:
                    raise

    def check_goes_on(self):
        if self.scene.has_ended():
            raise Unexpected("it was never seen: %s" % self.awaited)
        if self.scene.is_ready():
            raise Missed("it was never seen: %s" % self.awaited)

    def look(self):
        self.check_goes_on()
        found = self.scene.processes().get(self.awaited)
        if found and freeze(found[0]):
            self.held.append(found[0])
        return self.held

    def target(self, role):
        if role == self.awaited:
            return self.held[0]
        if role == "script":
            return self.scene.process.pid
        return self.scene.processes()[role][0]

    def go_on(self):
        for pid in self.held:
            send(pid, signal.SIGCONT)

    def check_finished(self):
        pass

    @property
    def before(self):
        return {}


class Script(Start):
    """./keel has just been run."""
    awaited = "script"

    def look(self):
        if stat(self.scene.process.pid):
            freeze(self.scene.process.pid)
            self.held.append(self.scene.process.pid)
        return self.held


class InitDb(Start):
    fresh = True
    awaited = "initdb"


class PostgresStarts(Start):
    awaited = "pg_ctl"


class Migrate(Start):
    awaited = "migrate"


class Kore(Start):
    """Kore has just been run: it may have no handlers yet."""
    awaited = "kore"


def catches(pid):
    """The signals for which it has a handler."""
    found = re.search(r"^SigCgt:\t(\w+)", read_text(
        "/proc/%d/status" % pid), re.M)
    mask = int(found[1], 16) if found else 0
    return {number for number in signal.Signals if mask >> number - 1 & 1}


class Configures(Start):
    """Kore has handlers, and those of Keel are not there yet."""
    awaited = "kore"

    def look(self):
        if not super().look():
            return None
        caught = catches(self.held[0])
        if signal.SIGINT in caught and signal.SIGALRM not in caught:
            return self.held
        send(self.held.pop(), signal.SIGCONT)
        return None


class Workers(Start):
    """A worker is there, and not all are ready, or the parent has not said
    so: it is held."""
    awaited = "worker"

    def look(self):
        self.check_goes_on()
        found = self.scene.processes()
        if "worker" in found and "parent" in found and \
                freeze(found["parent"][0]):
            self.held = found["parent"]
        return self.held

    def target(self, role):
        return self.scene.processes()[role][-1]


def children(pid):
    return [int(word) for word in read_text(
        "/proc/%d/task/%d/children" % (pid, pid)).split()]


class KeeperStarts(Idle):
    """The keeper starts PostgreSQL, which has died: pg_ctl is held."""

    def __init__(self, scene):
        super().__init__(scene)
        self.keeper, = self.before["keeper"]
        scene.database_died = True
        send(self.before["postmaster"][0], signal.SIGKILL)

        def look():
            for pid in self.below(self.keeper):
                if os.path.basename(read_text(
                        "/proc/%d/cmdline" % pid).split("\0")[0]) == \
                        "pg_ctl" and freeze(pid):
                    return pid
        self.held = wait_for("pg_ctl is seen", look, pause=0)

    def below(self, pid):
        for child in children(pid):
            yield child
            yield from self.below(child)

    def target(self, role):
        return self.held if role == "pg_ctl" else self.before[role][0]

    def go_on(self):
        send(self.held, signal.SIGCONT)


MOMENTS = {
    "idle": Idle, "busy": Busy, "draining": Draining, "beside": Beside,
    "worker away": WorkerAway, "database away": DatabaseAway,
    "keeper starts it": KeeperStarts, "script": Script, "initdb": InitDb,
    "PostgreSQL": PostgresStarts, "migrate": Migrate, "kore": Kore,
    "workers": Workers, "configures": Configures,
}
