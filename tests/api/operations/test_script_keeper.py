# SPDX-License-Identifier: ISC
"""The keeper of the private PostgreSQL, which is a fake: starts it again, and
stops it in place of a script that was killed."""

import contextlib
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess

import pytest

from runner import wait_for
from script import DBUSER, PG_CTL, PRIVATE
from server import read_text

SERVE = """
case $KEEL_COMMAND in
serve|jobs)
	trap 'exit 0' TERM
	while :; do sleep 0.05; done
	;;
esac
"""
ENDED = "keel: PostgreSQL has ended, and is started again: see %s"
STARTS = "keel: PostgreSQL does not start: see %s"
AGAIN = "keel: the keeper of PostgreSQL has ended: it is started again"


def log(script):
    return script.state + "/log/postgres.log"


@pytest.fixture
def serving(script):
    """A script that serves; the keeper does not wait."""
    script.fake("sleep", 'case $1 in 1|5) set -- 0.1 ;; esac; '
                'exec /bin/sleep "$@"')
    script.write("does/kore", SERVE)
    process = script.start("serve", **PRIVATE)
    script.wait_for_call("kore", 2)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate(timeout=20)


def postgres(script):
    return int(read_text(script.state + "/postgres/postmaster.pid") or 0)


def wait_for_another(script, pid):
    wait_for(lambda: postgres(script) not in (0, pid) and os.path.exists(
        "/proc/%d" % postgres(script)))


def kill_postgres(script):
    pid = postgres(script)
    os.kill(pid, signal.SIGKILL)
    wait_for_another(script, pid)


def keepers(process):
    """The script's children that are copies of it."""
    children = read_text("/proc/%d/task/%d/children" % (
        process.pid, process.pid)).split()
    return [int(pid) for pid in children if "/keel\0serve" in read_text(
        "/proc/%s/cmdline" % pid)]


def finish(process, number=signal.SIGTERM):
    """The lines on standard error, but those of a fake that was killed."""
    process.send_signal(number)
    return [line for line in process.communicate(timeout=20)[1].splitlines()
            if not line.startswith("cp: ")]


def test_postgresql_is_started_again(script, serving):
    kill_postgres(script)
    kill_postgres(script)
    assert finish(serving) == [ENDED % log(script)] * 2
    assert serving.returncode == 0
    assert [step for step in script.steps() if "pg_ctl" in step] == [
        "pg_ctl start"] * 3 + ["pg_ctl stop"]
    calls = script.calls("pg_ctl")
    assert calls[1].argv == calls[0].argv
    assert not {3, 4, 5, 6, 7, 8, 9} & set(calls[1].fds)
    assert script.calls("pg_isready") == []


def test_it_was_stopped_by_hand(script, serving):
    """So its pid file is not there."""
    pid = postgres(script)
    os.remove(script.state + "/postgres/postmaster.pid")
    os.kill(pid, signal.SIGKILL)
    wait_for_another(script, pid)
    assert finish(serving) == [ENDED % log(script)]


@pytest.mark.parametrize("below", ["", "/base"])
def test_old_processes_work_on_the_data(script, serving, below):
    """PostgreSQL sees that by its pid file, and does not start then. Otherwise
    the file is removed: another process may have that pid."""
    data = script.state + "/postgres"
    os.makedirs(data + below, exist_ok=True)
    script.write("does/pg_ctl", 'ls "$2" >"$call/found"\n' +
                 read_text(script.path("does/pg_ctl")))
    old = subprocess.Popen(["sleep", "60"], cwd=data + below,
                           user=DBUSER.pw_uid, group=DBUSER.pw_gid)
    try:
        kill_postgres(script)
    finally:
        old.kill()
        old.wait()
    [found] = glob.glob(script.path("calls/pg_ctl.*/found"))
    assert ("postmaster.pid\n" in read_text(found)) is (below == "")


def test_a_zombie_is_no_postgresql(script, serving):
    """It stays where nobody waits for the children of the dead."""
    pid = postgres(script)
    zombie = subprocess.Popen(["true"])
    wait_for(lambda: ") Z " in read_text("/proc/%d/stat" % zombie.pid))
    with open(script.state + "/postgres/postmaster.pid", "w") as f:
        f.write("%d\n" % zombie.pid)
    os.kill(pid, signal.SIGKILL)
    wait_for_another(script, zombie.pid)
    zombie.wait()


def pauses(script):
    """How long it has waited each time."""
    return "".join(call.argv[0] for call in script.calls("sleep")
                   if call.argv[0] in ("1", "5"))


def test_it_does_not_start(script, serving):
    """There is one line, and a longer pause."""
    script.write("does/pg_ctl", "case $* in *start*) [ -e @/go ] || exit 1; "
                 "esac".replace("@", script.root) +
                 read_text(script.path("does/pg_ctl")))
    pid = postgres(script)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: pauses(script).count("5") >= 3)
    script.write("go", "")
    wait_for_another(script, pid)
    count = len(pauses(script))
    wait_for(lambda: len(pauses(script)) > count + 2)
    assert re.fullmatch("1+5{3,}1+", pauses(script))
    kill_postgres(script)
    assert finish(serving) == [ENDED % log(script), STARTS % log(script),
                               ENDED % log(script)]


def test_somebody_else_starts_it(script, serving):
    """They have the lock: the keeper does not wait for it."""
    pid = postgres(script)
    with open(script.state + "/lock/setup") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.kill(pid, signal.SIGKILL)
        count = len(pauses(script))
        wait_for(lambda: len(pauses(script)) > count + 3)
        assert len(script.calls("pg_ctl")) == 1
    wait_for_another(script, pid)
    assert finish(serving) == [ENDED % log(script)]


def test_the_state_folder_is_gone(script, serving):
    """There is nothing to start, and nothing to say."""
    pid = postgres(script)
    shutil.rmtree(script.state)
    os.kill(pid, signal.SIGKILL)
    count = len(pauses(script))
    wait_for(lambda: len(pauses(script)) > count + 2)
    assert finish(serving) == []
    assert serving.returncode == 0


def test_the_script_is_killed_while_it_stops_postgresql(script):
    """The keeper does the rest."""
    script.write("does/pg_ctl", "case $* in *stop*) mkdir @/calls/stopping && "
                 "until [ -e @/go ]; do sleep 0.02; done; esac".replace(
                     "@", script.root) + read_text(script.path("does/pg_ctl")))
    process = script.start("migrate", **PRIVATE)
    wait_for(lambda: os.path.exists(script.path("calls/stopping")))
    os.rmdir(script.path("calls/stopping"))
    script.write("does/pg_ctl", PG_CTL)
    process.kill()
    process.wait()
    wait_for(lambda: script.steps().count("pg_ctl stop") == 2)
    script.write("go", "")
    wait_for_nothing(script)
    assert not os.path.exists(script.socket)


def test_the_keeper_is_killed(script, serving):
    [keeper] = keepers(serving)
    os.kill(keeper, signal.SIGKILL)
    wait_for(lambda: keepers(serving) not in ([], [keeper]))
    kill_postgres(script)
    assert finish(serving) == [AGAIN, ENDED % log(script)]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT,
                                    signal.SIGQUIT])
def test_a_signal_of_the_terminal_is_not_for_the_keeper(
        script, serving, number):
    [keeper] = keepers(serving)
    os.kill(keeper, number)
    kill_postgres(script)
    assert keepers(serving) == [keeper]


def test_it_has_none_of_the_scripts_files(script, serving):
    """It would hold locks and sockets after a script that was killed."""
    [keeper] = keepers(serving)
    folder = "/proc/%d/fd" % keeper
    wait_for(lambda: os.readlink(folder + "/0") == "/dev/null")

    def has_none():
        """It opens some for a moment."""
        with contextlib.suppress(FileNotFoundError):
            links = [os.readlink(os.path.join(folder, fd))
                     for fd in os.listdir(folder)]
            return not [link for link in links if "/lock/" in link] and len(
                [link for link in links if link.startswith("pipe:")]) == 1
    wait_for(has_none)
    assert os.readlink(folder + "/1") == "/dev/null"


def wait_for_nothing(script):
    wait_for(lambda: script.processes() == [])


@pytest.mark.parametrize("command", ["serve", "jobs"])
def test_the_script_is_killed(script, command):
    script.write("does/kore", SERVE)
    process = script.start(command, **PRIVATE)
    script.wait_for_call("kore", 2 if command == "serve" else 1)
    assert finish(process, signal.SIGKILL) == []
    wait_for_nothing(script)
    assert script.steps()[-1] == "pg_ctl stop"
    assert not os.path.exists(script.socket)


def test_a_script_that_is_killed_while_others_use_the_database(script):
    """The keeper waits for a limited time, here shorter."""
    script.fake("flock", 'case $1 in -w) set -- -w 0.1 "$3" ;; esac; '
                'exec /usr/bin/flock "$@"')
    script.write("does/kore", SERVE)
    process = script.start("jobs", **PRIVATE)
    script.wait_for_call("kore")
    with open(script.state + "/lock/users") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        assert finish(process, signal.SIGKILL) == []
        assert [call.argv for call in script.calls("flock")][-3:] == [
            ["-w", "30", "9"], ["8"], ["-n", "9"]]
        assert "pg_ctl stop" not in script.steps()
        os.kill(postgres(script), signal.SIGKILL)
    wait_for_nothing(script)


@pytest.mark.parametrize("program, steps", [
    ("initdb", ["initdb"]),
    ("psql", ["initdb", "pg_ctl start", "psql", "pg_ctl stop"])])
def test_a_script_that_is_killed_while_it_starts_postgresql(
        script, program, steps):
    script.write("does/" + program, "until [ -e @/go ]; do sleep 0.02; "
                 "done".replace("@", script.root))
    process = script.start("serve", **PRIVATE)
    script.wait_for_call(program)
    process.kill()
    process.wait()
    script.write("go", "")
    wait_for_nothing(script)
    assert script.steps() == steps
