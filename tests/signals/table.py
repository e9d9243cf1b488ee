# SPDX-License-Identifier: ISC
"""The table: what must happen when a process of a server or of a runner gets a
signal. A row is a way to start, a moment, a process, a signal, and what must
happen."""

import collections
import contextlib
import os
import signal

from moments import MOMENTS
from scene import SECONDS, Unexpected, freeze, send, stat, wait_for
from server import read_text

Row = collections.namedtuple("Row", "way moment role signal expected")

HELD = "STOP CONT"      # it is stopped, and goes on
FROZEN = "STOP"         # it is stopped, and ./keel is told to end


class Serves:
    """No process ends, and no request is cut."""

    def __str__(self):
        return "goes on"

    def check(self, scene, moment):
        moment.go_on()
        moment.check_finished()
        scene.check_serving()
        after = scene.settled()
        if moment.before and after != moment.before:
            raise Unexpected("other processes: %s, not %s" % (
                after, moment.before))


class Again:
    """That process is begun again, and no other one."""

    def __init__(self, *roles):
        self.roles = roles

    def __str__(self):
        return "is begun again"

    def check(self, scene, moment):
        moment.go_on()

        def changed():
            after = scene.settled()
            return after if any(after[role] != moment.before[role]
                                for role in self.roles) else None
        after = wait_for("it is begun again", changed)
        scene.check_serving()
        after = scene.settled()
        for role in after.keys() - set(self.roles):
            if after[role] != moment.before[role]:
                raise Unexpected("%s: %s, not %s" % (
                    role, after[role], moment.before[role]))


class Recovers(Serves):
    """The same, but the sessions with PostgreSQL are lost."""

    def __str__(self):
        return "goes on, on new sessions"


class Ends:
    """./keel ends with one of these statuses, and nothing is left. Requests
    may be cut."""

    def __init__(self, *statuses, seconds=SECONDS):
        self.statuses = statuses
        self.seconds = seconds

    def __str__(self):
        return "ends, " + " or ".join(map(str, self.statuses))

    def check(self, scene, moment):
        moment.go_on()
        scene.wait_ended(*self.statuses, seconds=self.seconds)


class LeavesDatabase(Ends):
    """Nobody is left who could stop PostgreSQL."""

    def __str__(self):
        return "ends, %s, but not PostgreSQL" % self.statuses

    def check(self, scene, moment):
        wait_for("it has ended", scene.has_ended)
        if scene.status not in self.statuses:
            raise Unexpected("status %d" % scene.status)
        wait_for("only PostgreSQL is left", lambda: all(
            read_text("/proc/%d/comm" % pid) == "postgres\n"
            for pid in scene.own()))
        scene.up()


class Leaves(Ends):
    """It ends, and the other ./keel goes on."""

    def __str__(self):
        return "ends, %s, the other goes on" % self.statuses

    def check(self, scene, moment):
        wait_for("it has ended", scene.has_ended)
        if scene.status not in self.statuses:
            raise Unexpected("status %d" % scene.status)
        moment.other.check_jobs()
        moment.other.down()
        scene.check_nothing_left()


class Stays(Ends):
    """The other ./keel ends, and this one goes on."""

    def __str__(self):
        return "ends, %s, the server goes on" % self.statuses

    def check(self, scene, moment):
        moment.other.wait_ended(*self.statuses)
        scene.check_serving()
        wait_for("only the server is there", lambda: scene.settled() ==
                 moment.before)


class Drains(Ends):
    """The same, but the requests in flight are answered."""

    def __str__(self):
        return "drains, " + " or ".join(map(str, self.statuses))

    def check(self, scene, moment):
        moment.go_on()
        moment.check_finished()
        scene.wait_ended(*self.statuses)


class Cuts(Ends):
    """It ends although requests are in flight."""

    def __str__(self):
        return "ends at once, " + " or ".join(map(str, self.statuses))

    def check(self, scene, moment):
        scene.wait_ended(*self.statuses, seconds=moment.left())
        moment.go_on()


class EndsOrServes(Ends):
    """It depends on how far the start is."""

    def __str__(self):
        return "goes on, or ends, " + " or ".join(map(str, self.statuses))

    def check(self, scene, moment):
        moment.go_on()
        wait_for("it is ready or has ended",
                 lambda: scene.is_ready() or scene.has_ended())
        if scene.has_ended():
            scene.wait_ended(*self.statuses)
        else:
            scene.wait_ready()
            scene.check_data()


def number(name):
    return signal.Signals["SIG" + name].value


def rows_of(way, moment, role, *groups):
    """Each group: signals, and what must happen. A status "-" stands for the
    signal's own."""
    for names, expected in groups:
        for name in names.split(" ") if names not in (HELD,) else [names]:
            yield Row(way, moment, role, name,
                      expected(number(name)) if callable(expected) else
                      expected)


#
# Groups that many processes share.
#

def killed(signum):
    """Of a program that is the process itself."""
    return Ends(-signum)


def reported(signum):
    """The same, as a shell's status."""
    return Ends(128 + signum)


class AnyEnd(Ends):
    """As a shell says that a signal has ended the program, or one that this
    one has run."""

    def __str__(self):
        return "ends"


ANY_END = AnyEnd(0, 1, 129, 130, 131, 143, -1, -2, -3, -15)
HARMLESS = "PIPE CHLD CONT"
DEADLY = "USR2 SEGV ABRT KILL"
STOPS = "TERM INT QUIT"


def server_rows(way, died):
    """Kore's processes. `died`: the end when the parent dies."""
    yield from rows_of(
        way, "idle", "parent", (HARMLESS + " HUP USR1 ALRM", Serves()),
        (HELD, Serves()), (STOPS, Ends(0)), (DEADLY, died))
    yield from rows_of(
        way, "idle", "worker",
        (HARMLESS + " HUP USR1 ALRM " + STOPS, Serves()), (HELD, Serves()),
        (DEADLY, Again("worker")), (FROZEN, Ends(0)))
    yield from rows_of(
        way, "idle", "key manager",
        (HARMLESS + " HUP USR1 ALRM", Serves()), (HELD, Serves()),
        (STOPS + " " + DEADLY, Ends(1)), (FROZEN, Ends(0)))
    yield from rows_of(
        way, "busy", "parent", (HARMLESS + " HUP USR1 ALRM", Serves()),
        (HELD, Serves()), (STOPS, Drains(0)), (DEADLY, died))
    yield from rows_of(
        way, "busy", "worker",
        (HARMLESS + " HUP USR1 ALRM " + STOPS, Serves()), (HELD, Serves()),
        (DEADLY, Again("worker")))
    yield from rows_of(
        way, "busy", "key manager", ("TERM QUIT KILL", Drains(1)))
    yield from rows_of(
        way, "draining", "parent",
        (HARMLESS + " HUP USR1 ALRM", Drains(0)), (HELD, Drains(0)),
        (STOPS, Cuts(0)), ("USR2 SEGV KILL", died))
    yield from rows_of(
        way, "draining", "worker",
        (HARMLESS + " HUP USR1 ALRM " + STOPS, Drains(0)), (HELD, Drains(0)),
        (DEADLY, Ends(0)))
    yield from rows_of(
        way, "draining", "key manager",
        ("HUP USR1 ALRM " + STOPS + " " + DEADLY, Drains(0)))
    yield from rows_of(
        way, "worker away", "parent",
        ("CHLD HUP USR1 ALRM", Again("worker")), (STOPS, Ends(0)),
        ("USR2 KILL", died))
    yield from rows_of(
        way, "worker away", "new worker",
        ("CHLD HUP USR1 ALRM " + STOPS + " " + DEADLY, Again("worker")))
    yield from rows_of(
        way, "worker away", "key manager", ("TERM KILL", Ends(1)))
    yield from rows_of(
        way, "workers", "parent", ("HUP USR1 CHLD ALRM", EndsOrServes()),
        (STOPS, Ends(0)), ("USR2 KILL", died))
    yield from rows_of(
        way, "workers", "worker", ("HUP USR1 ALRM " + STOPS + " KILL SEGV",
                                   EndsOrServes()))


def away_rows(way, died, role="postmaster"):
    yield from rows_of(
        way, "database away", "parent",
        ("HUP USR1 ALRM", Again(role) if role else Serves()),
        (STOPS, Ends(0)), ("KILL", died))
    yield from rows_of(
        way, "database away", "worker",
        ("TERM", Again(role) if role else Serves()),
        ("KILL", Again("worker", role) if role else Again("worker")))
    yield from rows_of(
        way, "database away", "key manager", ("KILL", Ends(1)))


def configure_rows(way, died):
    yield from rows_of(
        way, "configures", "kore", (STOPS, Ends(0)),
        ("HUP USR1 CHLD CONT PIPE", EndsOrServes()), ("USR2 KILL", died))


def serve_rows():
    """./keel has become Kore's parent, as under systemd."""
    way = "serve"
    yield from server_rows(way, killed)
    yield from away_rows(way, killed, None)
    yield from configure_rows(way, killed)
    yield from rows_of(
        way, "script", "script",
        ("HUP INT QUIT TERM USR1 USR2 ALRM KILL", killed),
        ("PIPE", lambda n: EndsOrServes(-n)), ("CHLD CONT", EndsOrServes()),
        (HELD, EndsOrServes()))
    yield from rows_of(
        way, "kore", "kore", ("INT QUIT TERM", lambda n: Ends(0, -n)),
        ("HUP USR1 ALRM", lambda n: EndsOrServes(-n)),
        ("CHLD PIPE", EndsOrServes()), ("USR2 KILL", killed))


def jobs_rows():
    """./keel has become the runner."""
    way = "jobs"
    yield from rows_of(
        way, "idle", "jobs", (HARMLESS + " HUP USR1", Serves()),
        (HELD, Serves()), (STOPS, Ends(0)), (DEADLY + " ALRM", killed))
    yield from rows_of(
        way, "database away", "jobs", ("HUP", Serves()), (STOPS, Ends(0)),
        ("KILL", killed))


def script_rows(way):
    """The script, and what it runs beside Kore."""
    yield from rows_of(
        way, "idle", "script", (HARMLESS + " USR1", Serves()),
        (HELD, Serves()), (STOPS + " HUP", Ends(0)),
        ("USR2 ALRM SEGV ABRT KILL", killed))
    yield from rows_of(
        way, "idle", "timeout", (HARMLESS, Serves()), (HELD, Serves()),
        (STOPS, Ends(0)), ("ALRM", Ends(124)),
        ("USR1 USR2 SEGV ABRT KILL", reported), (FROZEN, Ends(0)))


def keeper_rows(way):
    yield from rows_of(
        way, "idle", "keeper", (HARMLESS + " HUP INT QUIT", Serves()),
        (HELD, Serves()),
        ("TERM USR1 USR2 ALRM SEGV ABRT KILL", Again("keeper")),
        (FROZEN, Ends(0)))
    yield from rows_of(
        way, "idle", "postmaster",
        (HARMLESS + " HUP USR1 USR2 ALRM", Serves()), (HELD, Serves()),
        ("INT QUIT SEGV ABRT KILL", Again("postmaster")))
    yield from rows_of(
        way, "idle", "parent", (FROZEN, Ends(0)))
    yield from rows_of(
        way, "idle", "backend",
        (HARMLESS + " HUP USR1 USR2 ALRM INT", Serves()), (HELD, Serves()),
        ("TERM QUIT SEGV ABRT KILL", Recovers()))


def runner_rows(way):
    """The runner beside a server."""
    yield from rows_of(
        way, "idle", "jobs", (HARMLESS + " HUP USR1", Serves()),
        (HELD, Serves()), (STOPS + " " + DEADLY + " ALRM", Again("jobs")),
        (FROZEN, Ends(0)))


def start_rows(way):
    """Of a private database."""
    given = {"INT": 130, "TERM": 143, "HUP": 129, "QUIT": 131}
    for moment in ("script", "initdb", "PostgreSQL", "migrate", "kore"):
        for name, status in given.items():
            yield Row(way, moment, "script", name,
                      Ends(status, -number(name)) if moment == "script" else
                      ANY_END)
        yield Row(way, moment, "script", "KILL", Ends(-9))
        yield from rows_of(way, moment, "group", (
            "INT QUIT HUP TERM", ANY_END))
    yield Row(way, "initdb", "initdb", "KILL", Ends(1))
    yield Row(way, "initdb", "initdb", "TERM", Ends(1))
    yield Row(way, "PostgreSQL", "pg_ctl", "KILL", Ends(1))
    yield from rows_of(
        way, "migrate", "migrate", ("INT TERM QUIT KILL HUP",
                                    lambda n: Ends(128 + n)))
    yield from rows_of(
        way, "kore", "kore", (STOPS, lambda n: Ends(0, 128 + n)),
        ("USR2 KILL", reported))
    yield from rows_of(
        way, "keeper starts it", "script", (STOPS + " HUP", Ends(0)),
        ("KILL", killed))
    yield from rows_of(
        way, "keeper starts it", "keeper",
        ("TERM KILL", Again("keeper", "postmaster")))
    yield from rows_of(
        way, "keeper starts it", "group", (STOPS + " HUP", Ends(0)))
    yield from rows_of(
        way, "keeper starts it", "pg_ctl", ("TERM KILL", Again("postmaster")))


def private_rows():
    way = "private serve"
    yield from script_rows(way)
    yield from keeper_rows(way)
    yield from server_rows(way, reported)
    yield from away_rows(way, reported)
    yield from configure_rows(way, reported)
    yield from rows_of(way, "configures", "script", (STOPS + " HUP", Ends(0)),
                       ("KILL", killed))
    yield from rows_of(
        way, "draining", "script", (STOPS + " HUP", Cuts(0)),
        ("CHLD USR1 CONT", Drains(0)), (HELD, Drains(0)), ("KILL", killed))
    yield from rows_of(
        way, "busy", "script", (STOPS + " HUP", Drains(0)), ("KILL", killed))
    yield from rows_of(
        way, "idle", "group", (STOPS + " HUP", Ends(0)),
        ("KILL", LeavesDatabase(-9)))
    yield from rows_of(
        way, "draining", "group", (STOPS + " HUP", Cuts(0)))
    yield from rows_of(
        way, "beside", "script", ("TERM INT", Leaves(0)), ("KILL",
                                                           Leaves(-9)))
    yield from rows_of(
        way, "beside", "other script", ("TERM INT", Stays(0)), ("KILL",
                                                                Stays(-9)))
    yield from rows_of(
        way, "beside", "postmaster", ("KILL", Again("postmaster")))
    yield from rows_of(way, "draining", "keeper",
                       ("HUP INT QUIT TERM KILL", Drains(0)))
    yield from rows_of(
        way, "draining", "postmaster", ("KILL", Ends(0)))
    yield from start_rows(way)


def private_with_jobs_rows():
    way = "private serve --with-jobs"
    yield from script_rows(way)
    yield from runner_rows(way)
    yield from rows_of(way, "idle", "keeper", ("KILL", Again("keeper")))
    yield from rows_of(way, "idle", "postmaster", ("KILL",
                                                   Again("postmaster")))
    yield from rows_of(way, "idle", "parent", (STOPS, Ends(0)),
                       ("KILL", reported))
    yield from rows_of(way, "idle", "key manager", ("KILL", Ends(1)))


def with_jobs_rows():
    way = "serve --with-jobs"
    yield from script_rows(way)
    yield from runner_rows(way)
    yield from rows_of(way, "idle", "parent", (STOPS, Ends(0)),
                       ("KILL", reported))


def private_jobs_rows():
    way = "private jobs"
    yield from script_rows(way)
    yield from rows_of(
        way, "idle", "jobs", (HARMLESS + " HUP USR1", Serves()),
        (HELD, Serves()), (STOPS, Ends(0)), (DEADLY + " ALRM", reported))
    yield from rows_of(
        way, "idle", "keeper", ("TERM KILL", Again("keeper")),
        (FROZEN, Ends(0)))
    yield from rows_of(
        way, "idle", "postmaster", ("QUIT KILL", Again("postmaster")))


def all_rows():
    for rows in (serve_rows, jobs_rows, with_jobs_rows, private_rows,
                 private_with_jobs_rows, private_jobs_rows):
        yield from rows()


# A short selection, in `make test`.
SAMPLE = [
    "serve idle parent ALRM", "serve idle parent INT",
    "serve idle worker TERM", "serve idle worker KILL",
    "serve draining parent ALRM", "serve draining parent TERM",
    "serve draining key manager KILL", "serve worker away new worker TERM",
    "serve workers parent TERM", "serve configures kore INT",
    "private serve idle keeper STOP", "private serve idle timeout STOP",
    "private serve PostgreSQL group INT", "private serve idle script QUIT",
    "private serve idle script USR1"]


def sample():
    """Those with a database of their own come last: one scene for each."""
    found = [row for name in SAMPLE for row in all_rows()
             if " ".join(name_of(row).split()) == name]
    assert len(found) == len(SAMPLE)
    return found


def name_of(row):
    return "%-26s %-16s %-12s %-10s" % row[:4]


def run_row(scene, row):
    """Raises Unexpected if it does not hold."""
    moment = MOMENTS[row.moment](scene)
    try:
        target = scene.process.pid if row.role == "group" else \
            moment.target(row.role)
        scene.seen.add(target)
        scene.pids()
        if row.role == "group":
            os.killpg(target, number(row.signal))
        elif row.signal in (HELD, FROZEN):
            if not freeze(target):
                raise Unexpected("it cannot be stopped")
            if row.signal == HELD:
                send(target, signal.SIGCONT)
            else:
                scene.process.send_signal(signal.SIGTERM)
        else:
            send(target, number(row.signal))
        row.expected.check(scene, moment)
    finally:
        with contextlib.suppress(AttributeError):
            moment.close()
    if scene.process is not None:
        scene.check_no_zombies()
        if not stat(scene.process.pid):
            raise Unexpected("./keel has ended")
