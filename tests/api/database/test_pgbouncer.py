# SPDX-License-Identifier: ISC
"""Behind a real pgbouncer: session mode works, with whatever it does to startup
parameters and however it lets users in; the other modes are refused."""

import concurrent.futures
import time

import pytest

from helpers import bearer, new_email, new_password, new_user, register, sign_in
from pgbouncer import PgBouncer
from runner import (POLL, Runner, add_job, add_jobs, count_jobs, read_job,
                    wait_for, wait_for_job)
from servers import finish
from sizes import size
from watch import Background

REFUSED = ("keel: KEEL_DATABASE_URL: a connection pooler in transaction or "
           "statement mode answers there: Keel needs session mode "
           "(pool_mode = session)\n")


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture(scope="module")
def bouncer(cluster, database):
    bouncer = PgBouncer(cluster, database)
    try:
        yield bouncer.start()
    finally:
        bouncer.stop()


@pytest.fixture(autouse=True)
def as_shipped(bouncer):
    """Each test begins and ends with the settings of pgbouncer.ini."""
    yield
    bouncer.settings = {"admin_users": "admin"}
    bouncer.change()
    bouncer.kill_all()


@pytest.fixture
def behind(make_server, bouncer, database):
    """Makes a server behind pgbouncer, by TCP or by its socket."""
    def make(socket=False, **settings):
        return make_server(database=database, KEEL_DATABASE_URL=bouncer.url(
            socket), **settings)
    return make


def check_serves(server):
    with server.client() as client:
        user, made = register(client)
        me = client.get("/api/v1/users/me",
                        headers=bearer(sign_in(client, user)))
        assert me.json()["created_at"] == made["created_at"]


def test_a_server_and_a_runner(bouncer, behind, start_runner):
    """With the file as it is shipped."""
    server = behind().start()
    check_serves(server)
    runner = start_runner(server)
    [job] = add_jobs(server, [new_email()])
    wait_for_job(server, job, status="done")
    # A notification reaches a client that is idle.
    claims = len(runner.events())
    for _ in range(3):
        began = time.monotonic()
        [job] = add_jobs(server, [new_email()])
        wait_for_job(server, job, status="done")
        if time.monotonic() - began < POLL / 2:
            break
    else:
        raise AssertionError("every job waited for a poll")
    assert len(runner.events()) > claims
    done = server.command("create-admin", new_email(), text=new_password())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("ways", [
    {"ignore_startup_parameters": "options,extra_float_digits"},
    {"auth_type": "md5", "server_host": "SOCKET"},
    {"auth_type": "trust", "server_host": "SOCKET",
     "server_round_robin": "1"}])
def test_other_settings_of_pgbouncer(bouncer, behind, ways):
    ways = {name: bouncer.cluster.socket if value == "SOCKET" else value
            for name, value in ways.items()}
    bouncer.change(**ways)
    server = behind(socket="server_host" in ways)
    for command in (["check-config"], ["users"], ["migrate"]):
        done = server.command(*command)
        assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.parametrize("mode, more", [
    ("transaction", {}), ("transaction", {"default_pool_size": "1"}),
    ("transaction", {"server_round_robin": "1"}), ("statement", {})])
def test_other_modes_are_refused(bouncer, behind, mode, more):
    bouncer.change(pool_mode=mode, **more)
    server = behind()
    commands = [["check-config"], ["users"], ["migrate"]]
    for command in commands[:3 if not more else 1]:
        done = server.command(*command)
        assert (done.returncode, done.stderr) == (1, REFUSED), command
    if not more:
        with pytest.raises(RuntimeError, match="pool_mode = session"):
            server.start()
        server.process = None
