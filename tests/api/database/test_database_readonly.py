# SPDX-License-Identifier: ISC
"""The database is read-only: a standby, or a demoted primary. Writes get 503,
/readyz reports it, and Keel reconnects to a server that accepts writes, without
a restart."""

import asyncio
import concurrent.futures
import os
import shutil
import signal
import threading
import time

import pytest

from helpers import (check_error, new_user, read_me, register, rows_of,
                     sign_in)
from people import add_people, transaction, wait_for_waiting
from runner import KIND, count_jobs, wait_for
from server import read_text
from servers import runner_starter, server_maker
from smtp_sink import RealServer

ANY = " target_session_attrs=any"   # a read-only server is accepted, too
POOL = 4    # connections of one worker (server.py)
READ_ONLY = "The database is read-only"
RENEWED = "the database is read-only: connecting anew"


@pytest.fixture
def start(own_cluster, certificates):
    """Starts servers on a cluster whose settings the tests change."""
    cluster, template = own_cluster
    with server_maker(cluster, certificates, template) as make:
        yield lambda **settings: make(**settings).start()
    set_read_only(cluster, "off")


def set_read_only(cluster, value):
    """For every session, including those that are open."""
    cluster.sql("ALTER SYSTEM SET default_transaction_read_only = %s" % value)
    cluster.sql("SELECT pg_reload_conf()")
    wait_for(lambda: cluster.sql("SHOW default_transaction_read_only") ==
             [(value,)])


def demote_sessions(server):
    """Makes the server's sessions read-only when they reconnect, but not
    later ones: as if another server had become the primary."""
    alter = "ALTER DATABASE %s " % server.database
    # The server is ready as soon as one of them is connected.
    wait_for(lambda: len(sessions(server)) == POOL)
    server.cluster.sql(alter + "SET default_transaction_read_only = on")
    old = sessions(server)
    server.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                       "pg_stat_activity WHERE datname = %s", server.database)
    wait_for(lambda: len(sessions(server) - old) == len(old))
    server.cluster.sql(alter + "RESET default_transaction_read_only")


def sessions(server):
    """The process ids of Keel's idle sessions."""
    return {pid for pid, in server.cluster.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND "
        "application_name = 'keel' AND state = 'idle'", server.database)}


def renewals(server):
    return server.output().count(RENEWED)


def post_until(client, status):
    """Registers until the status is this one; others must be 201 or 503."""
    user = new_user()

    def answered():
        answer = client.post("/api/v1/users", json=user)
        assert answer.status_code in (201, 503), answer.text
        return answer if answer.status_code == status else None

    return wait_for(answered), user


def check_unavailable(answer):
    check_error(answer, 503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 1


def errors_logged(server):
    return [line for line in server.log() if line["level"] == "error"]


def test_writes_are_503_while_it_is_read_only(start):
    server = start()
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
        set_read_only(server.cluster, "on")
        answer, refused = post_until(client, 503)
        check_unavailable(answer)
        for _ in range(5):
            check_unavailable(client.post("/api/v1/users", json=refused))
            check_unavailable(client.get("/readyz"))
            assert read_me(client, token).status_code in (200, 503)
        answer = client.post("/api/v1/auth/token", data={
            "username": user["email"], "password": user["password"]})
        assert (answer.status_code, answer.json()["error"]) == (
            503, "temporarily_unavailable")
        assert rows_of(server, refused["email"]) == (0, 0)
        assert client.get("/healthz").status_code == 200

        set_read_only(server.cluster, "off")
        wait_for(lambda: client.get("/readyz").status_code == 200)
        _, user = post_until(client, 201)
        assert rows_of(server, user["email"]) == (1, 1)
        assert read_me(client, token).status_code == 200
    assert errors_logged(server) == []
    wait_for(lambda: server.metrics()["keel_db_down"] == 0)


def test_readyz_reconnects_without_writes(start, own_cluster):
    cluster, template = own_cluster
    database = cluster.database(template)
    server = start(database=database, KEEL_WORKERS="1",
                   KEEL_DATABASE_URL=cluster.url(database) + ANY)
    with server.client() as client:
        demote_sessions(server)
        demoted = sessions(server)
        answer = client.get("/readyz")
        check_unavailable(answer)
        assert answer.json()["error"]["message"] == READ_ONLY
        wait_for(lambda: client.get("/readyz").status_code == 200)
        # PostgreSQL may see the end of an old one later.
        wait_for(lambda: not (now := sessions(server)) & demoted and
                 len(now) == len(demoted))
        register(client)
    assert renewals(server) == 1


def test_writes_reconnect_and_all_succeed(start, own_cluster):
    """Neither is one that runs on an old connection."""
    cluster, template = own_cluster
    database = cluster.database(template)
    server = start(database=database, KEEL_WORKERS="1",
                   KEEL_DATABASE_URL=cluster.url(database) + ANY)
    demote_sessions(server)
    users = [new_user() for _ in range(4)]

    def post(user):
        with server.client() as client:
            return client.post("/api/v1/users", json=user).status_code

    with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
        with transaction(server, "LOCK TABLE users IN EXCLUSIVE MODE"):
            asked = [pool.submit(post, user) for user in users]
            wait_for_waiting(server, len(users))
        assert [one.result(20) for one in asked] == [201] * len(users)
    assert [rows_of(server, user["email"]) for user in users] == [
        (1, 1)] * len(users)
    assert renewals(server) == 1
    assert errors_logged(server) == []


def test_a_server_on_a_standby_can_read(start, own_cluster):
    """With target_session_attrs=any it starts, and reads succeed; writes do
    not make it reconnect again and again."""
    cluster, template = own_cluster
    database = cluster.database(template)
    began = time.monotonic()
    server = start(database=database, KEEL_WORKERS="1",
                   KEEL_DATABASE_URL=cluster.url(database) + ANY)
    [person] = add_people(server, "user")
    set_read_only(cluster, "on")
    with server.client() as client:
        wait_for(lambda: client.get("/readyz").status_code == 503)
        for _ in range(10):
            answer = client.post("/api/v1/users", json=new_user())
            check_unavailable(answer)
            assert answer.json()["error"]["message"] == READ_ONLY
            answer = client.get("/api/v1/users/me", headers=person.headers)
            assert answer.status_code == 200
            check_unavailable(client.get("/readyz"))
    assert server.command("check-config").returncode == 0
    assert 1 <= renewals(server) <= time.monotonic() - began + 1
    assert errors_logged(server) == []


def test_last_uses_of_sessions_are_stored_after_it(start, own_cluster):
    """It is tried again, which neither the log nor the connections show."""
    cluster, template = own_cluster
    database = cluster.database(template)
    server = start(database=database, KEEL_WORKERS="1",
                   KEEL_DATABASE_URL=cluster.url(database) + ANY)
    [person] = add_people(server, "user")
    server.sql("UPDATE sessions SET last_used_at = '2026-01-01'")
    set_read_only(cluster, "on")
    before = len(read_text(cluster.log))
    with server.client() as client:
        assert client.get("/api/v1/users/me", headers=person.headers
                          ).status_code == 200
    wait_for(lambda: read_text(cluster.log)[before:].count(
        "in a read-only transaction") >= 2)
    set_read_only(cluster, "off")
    wait_for(lambda: server.sql("SELECT 1 FROM sessions WHERE last_used_at > "
                                "now() - interval '1 minute'"))
    assert server.output().count("sessions.store_uses: 25006: ") == 1
    assert renewals(server) == 1


class HeldServer(RealServer):
    """Accepts no mail until it is released."""

    def __init__(self):
        super().__init__()
        self.holding = threading.Event()
        self.let_go = threading.Event()

    async def handle_DATA(self, server, session, envelope):
        self.holding.set()
        while not self.let_go.is_set():
            await asyncio.sleep(0.02)
        return await super().handle_DATA(server, session, envelope)


def test_the_job_runner_continues_after_it(start):
    """One job's mail is in transfer when the database becomes read-only,
    another job is added meanwhile: both are done, once each."""
    with HeldServer() as smtp, runner_starter() as run:
        server = start(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        runner = run(server)
        with server.client() as client:
            register(client)
        assert smtp.holding.wait(30)
        set_read_only(server.cluster, "on")
        server.sql("BEGIN READ WRITE; INSERT INTO jobs (id, kind, payload) "
                   "SELECT gen_random_uuid(), kind, payload FROM jobs WHERE "
                   "kind = 'send_welcome_email'; COMMIT")
        smtp.let_go.set()
        smtp.wait(1)
        wait_for(lambda: renewals(runner))
        assert server.sql(
            "SELECT status, attempts FROM jobs WHERE kind = %s ORDER BY 2",
            KIND) == [("queued", 0), ("running", 1)]
        set_read_only(server.cluster, "off")
        wait_for(lambda: count_jobs(server, kind=KIND, status="done",
                                    attempts=1) == 2)
        assert len(smtp.wait(2)) == 2
        assert errors_logged(runner) == []


def restart_as_standby(cluster):
    cluster.process.send_signal(signal.SIGINT)
    cluster.process.wait(20)
    path = os.path.join(cluster.data, "standby.signal")
    with open(path, "w"):
        pass
    if os.getuid() == 0:
        shutil.chown(path, cluster.user)
    cluster.run()


def test_a_primary_becomes_a_standby_and_is_promoted(start, own_cluster):
    cluster, template = own_cluster
    database = cluster.database(template)
    strict = start()
    lenient = start(database=database,
                    KEEL_DATABASE_URL=cluster.url(database) + ANY)
    [person] = add_people(lenient, "user")
    restart_as_standby(cluster)
    with strict.client() as one, lenient.client() as other:
        wait_for(lambda: other.get("/api/v1/users/me", headers=person.headers
                                   ).status_code == 200)
        for answer in (other.get("/readyz"),
                       other.post("/api/v1/users", json=new_user())):
            check_unavailable(answer)
            assert answer.json()["error"]["message"] == READ_ONLY
        check_unavailable(one.get("/readyz"))
        check_unavailable(one.post("/api/v1/users", json=new_user()))
        cluster.sql("SELECT pg_promote()")
        for client in one, other:
            wait_for(lambda: client.get("/readyz").status_code == 200)
            post_until(client, 201)
    assert errors_logged(strict) == errors_logged(lenient) == []
