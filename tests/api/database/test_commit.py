# SPDX-License-Identifier: ISC
"""Commits that wait for a synchronous standby which is away: nothing is
answered with success before it has them, and the waits stay few."""

import concurrent.futures
import signal
import subprocess
import time
import uuid

import pytest

from cluster import Cluster
from helpers import ask_token, check_error
from migrating import Migrate
from people import add_people
from runner import wait_for
from server import IS_ASAN, KEEL, Server
from servers import finish, make_template
from sizes import size
from absent_standby import cancel, set_standby, standby_away, waiting
from watch import Background

POSTS = "/api/v1/posts"
POOL = 2
AT_ONCE = 3.0 if IS_ASAN else 2.0   # a 503, when commits are known to hang
DEADLINE = 9.0      # and before: the longest wait, plus a tick
SECONDS = size(7.5, 50)
LACKS = ("committed here, but the synchronous standby may lack it: the wait "
         "for it was ended")
WAITS = ("keel: the database has not answered yet: a commit may wait for a "
         "synchronous standby\n")
ASIDE = ("a statement did not end in time: its connection is set aside until "
         "it ends")


@pytest.fixture(scope="module")
def alone(certificates):
    """A cluster whose commits may wait for a standby that does not exist."""
    cluster = Cluster(durable=True)
    try:
        cluster.start()
        yield cluster, make_template(cluster, certificates)
    finally:
        set_standby(cluster, None)
        cluster.stop()


@pytest.fixture(scope="module")
def start(alone, certificates):
    cluster, template = alone
    servers = []

    def make(**settings):
        server = Server(cluster, cluster.database(template),
                        certificates["ec"], KEEL_WORKERS="1",
                        KEEL_DATABASE_POOL=str(POOL), **settings)
        servers.append(server)
        return server.start()

    yield make
    finish(servers)


@pytest.fixture(scope="module")
def server(start):
    server = start()
    # It is ready as soon as one of them is connected.
    wait_for(lambda: len(backends(server)) == POOL)
    return server


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


def post(client, person, title, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(POSTS, json={"title": title, "content": "-"},
                       headers=person.headers | headers)


def titles(server):
    return {title for title, in server.sql("SELECT title FROM posts")}


def backends(server):
    return {pid for pid, in server.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND "
        "application_name = 'keel'", server.database)}


def lines(server, text):
    return [event for event in server.log(text)
            if event["event"] == "database"]


def answered_after_cancel(server, act):
    """The answer of a request whose commit is cancelled in its wait."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(act)
        wait_for(lambda: waiting(server.cluster, server.database))
        while not answer.done():
            cancel(server.cluster, server.database)
            time.sleep(0.05)
        return answer.result()


def check_lacking(server, answer, what):
    """It is a 503, and one line says what has happened."""
    assert answer.status_code == 503
    assert "The database is unavailable" in answer.text
    [line] = [line for line in lines(server, LACKS) if
              line.get("request_id") == answer.headers["x-request-id"]]
    assert line["message"] == "%s: %s" % (what, LACKS)


def answered_after_return(server, act):
    """The answer of a request that waits until the standby is back."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(act)
        wait_for(lambda: waiting(server.cluster, server.database))
        assert not answer.done()
        set_standby(server.cluster, None)
        return answer.result()


def check_took(server, answer, seconds):
    """By the server's clock: this process may be busy."""
    line = server.wait_for_log(answer.headers["x-request-id"])
    assert line["duration_us"] < seconds * 1e6


class Writers(Background):
    """Clients that write all the time; keeps the answers."""

    def __init__(self, server, person):
        super().__init__(range(4))
        self.server = server
        self.person = person
        self.answers = []

    def run(self, number):
        with self.server.client() as client:
            while not self.ended.wait(0.1):
                self.answers.append(
                    post(client, self.person, str(uuid.uuid4())))


def test_a_standby_that_is_away_for_long(server, client):
    """Reads go on, writes get 503, and at most as many connections as the pool
    has are set aside. All are used again when it is back."""
    [person] = add_people(server, "user")
    assert post(client, person, "first").status_code == 201
    before = backends(server)
    assert len(before) == POOL
    seen, most = set(before), 0
    with standby_away(server.cluster):
        began = time.monotonic()
        with Writers(server, person) as writers:
            # Until it is known that commits hang.
            while time.monotonic() < began + SECONDS or \
                    not lines(server, ASIDE):
                assert time.monotonic() < began + SECONDS + 30
                now = backends(server)
                seen |= now
                most = max(most, len(now))
                time.sleep(0.1)
            answer = client.get("/api/v1/users/me", headers=person.headers)
            assert answer.status_code == 200
            check_took(server, answer, AT_ONCE)
            answer = post(client, person, "refused")
            check_error(answer, 503, "SERVICE_UNAVAILABLE")
            check_took(server, answer, AT_ONCE)
        assert writers.answers
        for answer in writers.answers:
            assert answer.status_code == 503
            check_took(server, answer, DEADLINE)
        assert titles(server) == {"first"}  # nobody sees what waits
        wait_for(lambda: len(lines(server, ASIDE)) == len(
            waiting(server.cluster, server.database, uses=True)))
        written = len(waiting(server.cluster, server.database))
        stuck = waiting(server.cluster, server.database, uses=True)
        assert 0 < written <= len(stuck) <= POOL and most <= 2 * POOL
        assert len(lines(server, ASIDE)) == len(stuck)
        wait_for(lambda: server.metrics()["keel_db_ending"] == len(stuck))
        wait_for(lambda: len(backends(server)) == POOL + len(stuck))
        seen |= backends(server)
    wait_for(lambda: server.metrics()["keel_db_ending"] == 0)
    assert post(client, person, "again").status_code == 201
    wait_for(lambda: len(backends(server)) == POOL)
    assert backends(server) <= seen     # none has connected anew
    assert len(seen) <= 2 * POOL
    assert len(titles(server)) == 2 + written
    assert lines(server, "a connection was lost") == []


def test_a_wait_that_is_cancelled(server, client):
    [person] = add_people(server, "user")
    key = str(uuid.uuid4())
    known = backends(server)
    with standby_away(server.cluster):
        answer = answered_after_cancel(
            server, lambda: post(client, person, "cancelled", key))
        check_lacking(server, answer, "transaction")
        assert "cancelled" in titles(server)
        # Its repetition only reads, and must not be told 201 before.
        answer = answered_after_cancel(
            server, lambda: post(client, person, "cancelled", key))
        check_lacking(server, answer, "transaction")
        answer = answered_after_return(
            server, lambda: post(client, person, "cancelled", key))
    assert answer.status_code == 201
    assert answer.headers["idempotent-replayed"] == "true"
    assert backends(server) == known


def test_a_wait_outside_a_transaction_that_is_cancelled(server, client):
    """A sign-in that is refused, and whose record would be lost."""
    with standby_away(server.cluster):
        answer = answered_after_cancel(server, lambda: ask_token(
            client, "nobody@example.org", "Secret-pass-1"))
        check_lacking(server, answer, "audit.add")


def test_a_success_that_writes_nothing_waits_too(server, client):
    [person] = add_people(server, "user")
    with standby_away(server.cluster):
        answer = answered_after_return(server, lambda: client.patch(
            "/api/v1/users/me", json={}, headers=person.headers))
        assert answer.status_code == 200, answer.text


def test_a_session_that_is_ended_in_its_wait(server, client):
    """pg_terminate_backend(): it may be committed, and the connection is
    gone."""
    [person] = add_people(server, "user")
    with standby_away(server.cluster):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(post, client, person, "ended")
            wait_for(lambda: waiting(server.cluster, server.database))
            for pid in waiting(server.cluster, server.database):
                server.cluster.sql("SELECT pg_terminate_backend(%s)", pid)
            check_lacking(server, answer.result(), "transaction")
    assert "ended" in titles(server)
    wait_for(lambda: len(backends(server)) == POOL)


def test_a_command(server):
    with standby_away(server.cluster):
        done = answered_after_cancel(server, lambda: server.command(
            "create-admin", "ada@example.org", text="Secret-pass-1\n"))
    assert done.returncode == 1
    assert done.stderr == "keel: database: %s\n" % LACKS
    assert server.sql("SELECT 1 FROM users WHERE email = 'ada@example.org'")


def test_a_command_that_is_ended(server):
    """A signal ends it, and its COMMIT goes on."""
    with standby_away(server.cluster):
        with subprocess.Popen(
                [KEEL, "create-admin", "eve@example.org"], text=True,
                stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                env=server.environment()) as process:
            process.stdin.write("Secret-pass-1\n")
            process.stdin.close()
            wait_for(lambda: waiting(server.cluster, server.database))
            if size(False, True):
                assert process.stderr.readline() == WAITS
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == -signal.SIGTERM
            assert process.stderr.read() == ""
        assert len(waiting(server.cluster, server.database)) == 1
    wait_for(lambda: server.sql(
        "SELECT 1 FROM users WHERE email = 'eve@example.org'"))


def test_migrate(alone, certificates):
    """A signal does not cancel its COMMIT; and a cancelled one is told."""
    cluster, _ = alone
    server = Server(cluster, cluster.database(), certificates["ec"])
    server.sql("CREATE TABLE keel_migrations (version integer PRIMARY KEY, "
               "name text NOT NULL, checksum text NOT NULL, applied_at "
               "timestamptz NOT NULL DEFAULT now())")
    server.sql("ALTER TABLE keel_migrations OWNER TO keel")
    for ended in (False, True):
        with standby_away(cluster), Migrate(server) as migrate:
            wait_for(lambda: waiting(cluster, server.database))
            pid, = waiting(cluster, server.database)
            if ended:
                cancel(cluster, server.database)
                assert migrate.end() == 1
            else:
                assert migrate.end(signal.SIGTERM) == -signal.SIGTERM
                assert waiting(cluster, server.database) == [pid]
        wait_for(lambda: server.sql("SELECT count(*) FROM keel_migrations") ==
                 [(1 + ended,)])
        assert migrate.errors().count("\n") == 1
        assert (LACKS if ended else "there is no answer to the COMMIT of "
                "0001_") in migrate.errors()


def test_stopping_meanwhile(start):
    """The commit is not waited for, and not cancelled."""
    server = start(KEEL_DRAIN_SECONDS="1")
    [person] = add_people(server, "user")
    with standby_away(server.cluster), server.client() as client:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(post, client, person, "stopped")
            wait_for(lambda: waiting(server.cluster, server.database))
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(10) == 0
            assert time.monotonic() - began < 5
            assert len(waiting(server.cluster, server.database)) == 1
    wait_for(lambda: titles(server) == {"stopped"})
    server.end_left_overs()
    server.process = None
