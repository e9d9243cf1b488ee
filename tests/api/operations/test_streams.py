# SPDX-License-Identifier: ISC
"""Commands whose standard streams are closed, full, or have no reader, without
a terminal: each ends with one line, and with the right status."""

import contextlib
import os
import subprocess

import httpx
import pytest

from helpers import new_email, new_password
from people import add_people
from runner import wait_for
from script import UNSET
from server import KEEL, session_processes
from sizes import size

# What prints, and changes nothing. The rest of docs/operation.md is below.
PRINTERS = [["help"], ["routes"], ["openapi"], ["queries"], ["audit"],
            ["users"], ["check-config"],
            ["migrate", "--dry-run"], ["migrate"], ["init", "x", "--dry-run"],
            ["new-resource", "notes", "title:str:120", "--dry-run"],
            ["new-resource", "--help"]]
QUICK = [["help"], ["routes"], ["migrate"], ["migrate", "--dry-run"],
         ["init", "x", "--dry-run"]]

LOST = {">&-": "Bad file descriptor", ">/dev/full": "No space left on device",
        "gone": "Broken pipe"}

# What a command with a change says, besides.
DONE = "; the command has done its work"


def run(server, *command, how="", given=subprocess.DEVNULL):
    """With redirections of the shell; `gone`: no reader of its output."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" ' + how.replace("gone", ""), "sh",
             KEEL, *command], env=server.environment(), stdin=given,
            stdout=writer if how == "gone" else subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=60,
            start_new_session=True)
    finally:
        os.close(writer)


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("command", size(QUICK, PRINTERS), ids=" ".join)
def test_what_cannot_be_printed_is_an_error(server, command, how):
    done = run(server, *command, how=how)
    changes = DONE if command == ["migrate"] else ""
    assert (done.returncode, done.stdout or "", done.stderr) == (
        1, "", "keel: cannot write to standard output: %s%s\n" % (
            LOST[how], changes))


@pytest.mark.parametrize("how", ["<&-", "2>&-", "2>/dev/full"])
@pytest.mark.parametrize("command", size(QUICK[:2], PRINTERS), ids=" ".join)
def test_what_is_printed_needs_no_other_stream(server, command, how):
    done = run(server, *command, how=how)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize("command, status", [
    (["serve", "x"], 2), (["users", "x" * 101], 1), (["backtrace"], 1),
    (["init", "keel"], 1), (["init"], 2), (["new-resource", "users"], 1)],
    ids=str)
def test_an_error_that_cannot_be_printed_keeps_its_status(server, command,
                                                          status, how):
    assert run(server, *command, how=how).returncode == status


def test_a_log_that_cannot_be_read(server):
    for how, why in (("<&-", "no crash"), ("0>/dev/null", "cannot read")):
        done = run(server, "backtrace", how=how)
        assert done.returncode == 1 and done.stderr.count("\n") == 1
        assert why in done.stderr


@pytest.mark.parametrize("how", LOST)
def test_a_link_is_not_lost_silently(server, how):
    """It is made, and no other link is the worse for it."""
    [user] = add_people(server, "user")
    done = run(server, "reset-password", user.email, how=how)
    assert (done.returncode, done.stderr) == (
        1, "keel: cannot write to standard output: %s; the link is lost, so "
        "make another one\n" % LOST[how])


def sessions(user):
    return user.server.sql(
        "SELECT count(*) FROM sessions WHERE user_id = %s AND revoked_at IS "
        "NULL", user.id)[0][0]


def test_a_change_that_cannot_be_told_is_made(server):
    [user] = add_people(server, "user")
    line = "keel: cannot write to standard output: %s%s\n" % (
        LOST[">/dev/full"], DONE)
    for command in (["set-role", user.email, "staff"],
                    ["end-sessions", user.email], ["unlock", user.email]):
        done = run(server, *command, how=">/dev/full")
        assert (done.returncode, done.stderr) == (1, line)
    assert user.row("role") == ("staff",)
    assert sessions(user) == 0


def test_an_admin_that_cannot_be_told_is_made(server, tmp_path):
    email = new_email("admin")
    password = tmp_path / "password"
    password.write_text(new_password())
    with open(password) as given:
        done = run(server, "create-admin", email, how=">/dev/full",
                   given=given)
    assert done.returncode == 1 and done.stderr.endswith(DONE + "\n")
    assert server.sql("SELECT role FROM users WHERE email = %s", email) == [
        ("admin",)]


@pytest.mark.parametrize("how, why", [
    ("<&-", "no password given"), ("</dev/null", "no password given"),
    ("</", "cannot read the password: Is a directory"),
    ("0>/dev/null", "cannot read the password: Bad file descriptor")])
def test_no_password_can_be_read(server, how, why):
    done = run(server, "create-admin", new_email("admin"), how=how)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", "keel: %s\n" % why)


def test_a_reader_that_is_slow_gets_everything(server):
    """Also if somebody made the pipe non-blocking."""
    expected = run(server, "openapi").stdout
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen([KEEL, "openapi"], env=server.environment(),
                          stdin=subprocess.DEVNULL, stdout=writer) as process:
        os.close(writer)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.3)       # the pipe is full by now
        with open(reader, encoding="utf-8") as f:
            assert f.read() == expected
        assert process.wait(20) == 0


def descriptors(pid):
    return [os.readlink("/proc/%d/fd/%d" % (pid, fd)) for fd in range(3)]


def is_healthy(server):
    assert server.process.poll() is None
    with contextlib.suppress(httpx.HTTPError), server.client() as client:
        return client.get("/healthz").status_code == 200


@pytest.mark.parametrize("how", ["<&- >&- 2>&-", ">/dev/full 2>/dev/full"])
def test_a_server_runs_without_streams(make_server, how):
    """No connection and no file gets the number of a closed one."""
    server = make_server()
    server.process = subprocess.Popen(
        ["/bin/sh", "-c", 'exec "$@" ' + how, "sh", KEEL, "serve"],
        env=server.environment(), start_new_session=True)
    wait_for(lambda: is_healthy(server), 30)
    if how.startswith("<"):
        for pid in session_processes(server.process.pid):
            assert descriptors(pid) == ["/dev/null"] * 3


@pytest.mark.parametrize("how", ["<&- >&- 2>&-", ">/dev/full"])
def test_a_runner_runs_without_streams(make_server, how):
    server = make_server()
    with subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" ' + how, "sh", KEEL, "jobs"],
            env=server.environment(), start_new_session=True) as process:
        try:
            wait_for(lambda: is_connected(server), 30)
        finally:
            process.terminate()
        assert process.wait(20) == 0


def is_connected(server):
    return server.sql("SELECT 1 FROM pg_stat_activity WHERE datname = %s AND "
                      "application_name = 'keel'", server.database)


@pytest.mark.parametrize("how", ["<&- >&-", ">/dev/full", "2>/dev/full"])
def test_a_first_start_without_streams(script, how):
    """Its hints are lost, and so is what the migration prints."""
    script.write("does/kore", '[ "$KEEL_COMMAND" != migrate ] || echo done')
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" ' + how, "sh", script.keel, "serve"],
        env=script.environment(**UNSET, KEEL_ALLOW_ROOT=None),
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert script.steps()[-3:] == ["kore migrate", "kore serve",
                                   "pg_ctl stop"]
    assert done.stdout.startswith("done\nkeel: to trust") == (
        how == "2>/dev/full")


def test_a_migration_that_fails_ends_the_first_start(script):
    script.write("does/kore", "echo applying; exit 3")
    done = script.run("serve", **UNSET)
    assert (done.returncode, done.stdout) == (3, "applying\n")
    assert script.steps()[-2:] == ["kore migrate", "pg_ctl stop"]
