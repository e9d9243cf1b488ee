# SPDX-License-Identifier: ISC
"""When conf/development.sh starts PostgreSQL, which is a fake, when it stops
it, and its locks."""

import contextlib
import fcntl
import os
import subprocess

from script import DBUSER, IS_ROOT, PRIVATE, UNSET
from server import read_text


@contextlib.contextmanager
def postgres_beside(script, folder=None):
    """A process of PostgreSQL's user whose id is in the pid file. It works in
    the data folder, or in another one."""
    data = script.state + "/postgres"
    os.makedirs(data)
    os.chmod(script.state, 0o711)
    os.chmod(data, 0o700)
    if IS_ROOT:
        os.chown(data, DBUSER.pw_uid, -1)
    process = subprocess.Popen(["sleep", "60"], cwd=folder or data,
                               user=DBUSER.pw_uid, group=DBUSER.pw_gid)
    pid_file = script.write("state/postgres/postmaster.pid", "%d\nnext\n" %
                            process.pid)
    if IS_ROOT:
        os.chown(pid_file, DBUSER.pw_uid, -1)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_another_process_has_the_pid(script):
    """As after a crash, and other users' programs started since."""
    with postgres_beside(script, "/") as other:
        assert script.run("migrate", **PRIVATE).returncode == 0
        assert script.steps() == ["pg_ctl start", "psql", "kore migrate",
                                 "pg_ctl stop"]
        assert other.poll() is None


def test_postgresql_runs_already(script):
    """After a script that was killed; its last user stops it."""
    with postgres_beside(script) as postgres:
        assert script.run("migrate", **PRIVATE).returncode == 0
        assert script.steps() == ["pg_isready", "psql", "kore migrate",
                                 "pg_ctl stop"]
        assert script.call("pg_isready").argv == ["-q", "-h", script.socket]
        assert postgres.wait(10) == -15


def test_a_postgresql_that_does_not_answer_is_started_again(script):
    script.write("does/pg_isready", "exit 2")
    with postgres_beside(script):
        assert script.run("migrate", **PRIVATE).returncode == 0
        assert script.steps() == ["pg_isready", "pg_ctl stop", "pg_ctl start",
                                 "psql", "kore migrate", "pg_ctl stop"]
        assert script.calls("pg_ctl")[0].argv[-3:] == ["stop", "-m", "fast"]


def test_others_use_the_database(script):
    """So it runs on."""
    with postgres_beside(script) as postgres:
        os.mkdir(script.state + "/lock", 0o700)
        os.chmod(script.state + "/lock", 0o700)
        with open(script.write("state/lock/users", "", 0o600)) as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            assert script.run("migrate", **PRIVATE).returncode == 0
        assert script.steps() == ["pg_isready", "psql", "kore migrate"]
        assert postgres.poll() is None
        assert os.path.isdir(script.socket)


def test_a_postgresql_that_does_not_stop(script):
    script.write("does/kore", "exit 6")
    script.write("does/pg_ctl", "case $* in *stop*) exit 1; esac" + read_text(
        script.path("does/pg_ctl")))
    done = script.run("migrate", **PRIVATE)
    [pid] = script.processes()
    os.kill(pid, 9)
    assert (done.returncode, done.stderr) == (
        6, "keel: PostgreSQL does not stop: see %s/log/postgres.log\n" %
        script.state)


#
# The locks.
#

def test_who_holds_which_lock(script):
    seen = script.path("seen")
    held = "".join(
        "flock -n %s/lock/%s true && echo %s >>%s\n" % (
            script.state, name, "$name-%s-free" % name, seen) +
        "flock -sn %s/lock/%s true && echo %s >>%s\n" % (
            script.state, name, "$name-%s-shared" % name, seen)
        for name in ("serve", "setup", "users"))
    script.fake("openssl", held + 'exec /usr/bin/openssl "$@"')
    script.fake("rmdir", held)
    script.write("does/kore", held)
    assert script.run("serve", **UNSET).returncode == 0
    found = read_text(seen).split()
    both = lambda name, lock: {  # noqa: E731
        "%s-%s-%s" % (name, lock, how) for how in ("free", "shared")}
    assert set(found) == both("openssl", "users") | both("kore", "setup") | {
        "kore-users-shared"}


def test_one_server_for_each_folder(script):
    """It waits for one that is ending. Other commands are no servers."""
    script.fake("flock", 'case $* in "-w 3 7") exit 1; esac; '
                'exec /usr/bin/flock "$@"')
    assert script.fails() == "a server is already running on " + script.state
    assert [call.argv for call in script.calls("flock")] == [["-w", "3", "7"]]
    script.forget()
    assert script.run("migrate", **PRIVATE).returncode == 0
    keepers = ["-n", "8"]       # if PostgreSQL takes long to start
    assert [call.argv for call in script.calls("flock")
            if call.argv != keepers] == [
        ["8"], ["-s", "9"], ["-u", "8"], ["8"], ["-n", "9"]]
