# SPDX-License-Identifier: ISC
"""The database dies, hangs and comes back. Requests get 503 at once, the health
page stays fast, and no process needs a restart."""

import os
import signal
import threading
import time

import psycopg2
import pytest

from cluster import Cluster
from helpers import (bearer, check_error, measured, new_user, register,
                     sign_in)
from people import add_people, transaction
from runner import wait_for
from server import IS_ASAN, Server, read_text
from servers import finish, make_template
from standby import exists
from watch import Background, HealthWatch

# Seconds until a 503: a second is promised, and the machine may be busy. By the
# server's clock, and by that of this process, which may be busy itself.
AT_ONCE = 3.0 if IS_ASAN else 2.0
NOTICED = 5.0
RECOVERY = 10.0
STEADY = 1.0        # then, seconds without a failure
DEADLINE = 9.0      # the longest await of a statement, plus a tick
HEALTH = 3.0        # the 99th percentile
POOL = 4            # connections of one worker (server.py)


@pytest.fixture(scope="module")
def mortal(certificates):
    """A cluster for this module, which the tests kill."""
    cluster = Cluster(durable=True)
    try:
        cluster.start()
        yield cluster, make_template(cluster, certificates)
    finally:
        cluster.stop()


# The transport is libpq's code, so the sanitizers need only one.
@pytest.fixture(params=["socket"] if IS_ASAN else ["socket", "tcp"])
def server(request, mortal, certificates):
    cluster, template = mortal
    database = cluster.database(template)
    url = cluster.url if request.param == "socket" else cluster.tcp_url
    server = Server(cluster, database, certificates["ec"],
                    KEEL_DATABASE_URL=url(database))
    server.transport = request.param
    try:
        server.start()
        yield server
    finally:
        if cluster.process.poll() is not None:
            cluster.run()
        cluster.thaw()
        finish([server])


class Load(Background):
    """Clients that read and write all the time; records every request."""

    def __init__(self, server, token):
        super().__init__(range(6))
        self.server = server
        self.token = token
        # (started, ended, status, retry-after, n, request id)
        self.requests = []
        self.failures = []

    def run(self, number):
        with self.server.client() as client:
            while not self.ended.wait(0.02):
                started = time.monotonic()
                try:
                    if number == 0:
                        answer = client.post("/api/v1/users", json=new_user())
                    else:
                        answer = client.get("/api/v1/users/me",
                                            headers=bearer(self.token))
                except Exception as error:
                    self.failures.append(repr(error))
                    return
                self.requests.append((
                    started, time.monotonic(), answer.status_code,
                    answer.headers.get("retry-after"), number,
                    answer.headers["x-request-id"]))

    def between(self, start, end):
        return [r for r in self.requests if start <= r[0] < end]

    def ended_after(self, start):
        return [r for r in self.requests if r[1] > start]

    def wait_until_served(self, since):
        """Waits for a while without failures, which must begin in time; returns
        when it began."""
        while True:
            now = time.monotonic()
            assert {r[2] for r in self.ended_after(since)} <= {200, 201, 503}
            steady = max([since] + [r[1] for r in self.requests
                                    if r[2] not in (200, 201)])
            assert steady < since + RECOVERY, "it does not recover"
            if now > steady + STEADY and {200, 201} <= {
                    r[2] for r in self.between(steady, now)}:
                return steady
            time.sleep(0.05)


def check_took(load, requests, seconds):
    """By the server's clock; a line may still be missing."""
    ids = {request[5] for request in requests}
    took = [event["duration_us"] / 1e6 for event in
            load.server.log('"event":"request"')
            if event["request_id"] in ids]
    assert took and max(took) < seconds


def check_outage(load, stopped, halted, started):
    """Every request that ran meanwhile got a 503, and soon. PostgreSQL was
    gone when it was halted, and was stopped a moment before."""
    meanwhile = [r for r in load.requests
                 if r[1] >= stopped and r[0] <= started - 0.2]
    worst = max(ended - max(began, stopped)
                for began, ended, *_ in meanwhile)
    for began, ended, status, retry, *_ in meanwhile:
        if began > halted and ended < started:
            assert status == 503
        assert status in (200, 201, 503)
        assert status != 503 or int(retry) >= 1
    check_took(load, meanwhile, AT_ONCE)
    assert worst < NOTICED
    return worst


def recovery(load, started):
    """The seconds from the start to the last failure."""
    failed = [ended for _, ended, status, *_ in load.requests
              if status == 503 and ended > started]
    return max(failed, default=started) - started


def check_served(load, steady):
    """Every request that has ended since then succeeded."""
    assert {r[2] for r in load.ended_after(steady)} == {200, 201}


def user_and_token(server):
    with server.client() as client:
        user, _ = register(client)
        return user, sign_in(client, user)


def test_postgresql_dies_under_load_and_comes_back(server):
    _, token = user_and_token(server)
    with HealthWatch(server) as health, Load(server, token) as load:
        time.sleep(1)
        wait_for(lambda: load.requests)
        stopped = time.monotonic()
        server.cluster.halt()
        halted = time.monotonic()
        time.sleep(2)
        started = time.monotonic()
        server.cluster.run()
        answering = time.monotonic()
        steady = load.wait_until_served(answering)
    assert load.failures == [] and health.failures == []
    before = [r[2] for r in load.requests if r[1] < stopped]
    assert before and set(before) <= {200, 201}
    worst = check_outage(load, stopped, halted, started)
    took = recovery(load, answering)
    measured.append(
        "PostgreSQL stopped under load (%s): 503 within %.0f ms, recovered "
        "%.1f s after it, healthz p99 %.0f ms" % (
            server.transport, worst * 1e3, took, health.percentile(99) * 1e3))
    assert took < RECOVERY
    check_served(load, steady)
    assert health.percentile(99) < HEALTH
    server.wait_for_rest()


def test_postgresql_dies_while_statements_wait(server):
    """Requests wait for a lock, or for a connection, when it dies: they get
    503. None has a password, which would be hashed before."""
    people = add_people(server, *["user"] * 12)
    db = psycopg2.connect(host=server.cluster.socket, user="postgres",
                          port=server.cluster.port, dbname=server.database)
    db.cursor().execute("LOCK TABLE users IN EXCLUSIVE MODE")
    _answers = []

    def patch(person):
        with server.client() as client:
            answer = client.patch("/api/v1/users/me", json={"name": "New"},
                                  headers=person.headers)
            _answers.append((time.monotonic(), answer))

    threads = [threading.Thread(target=patch, args=(person,))
               for person in people]
    for thread in threads:
        thread.start()
    wait_for(lambda: server.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND "
        "application_name = 'keel' AND wait_event_type = 'Lock'",
        server.database)[0][0] >= POOL)
    stopped = time.monotonic()
    server.cluster.halt()
    for thread in threads:
        thread.join(20)
    assert len(_answers) == 12
    for ended, answer in _answers:
        check_error(answer, 503, "SERVICE_UNAVAILABLE")
        assert ended - stopped < NOTICED
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
    db.close()
    server.cluster.run()


def test_postgresql_dies_and_comes_back_without_requests(server):
    user, token = user_and_token(server)
    server.cluster.halt()
    time.sleep(1.5)
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        check_error(answer, 503, "SERVICE_UNAVAILABLE")
        line = server.wait_for_log(answer.headers["x-request-id"])
        assert line["duration_us"] < AT_ONCE * 1e6
    server.cluster.run()
    wait_for(lambda: server.metrics()["keel_db_down"] == 0, RECOVERY)
    with server.client() as client:
        for _ in range(50):
            answer = client.get("/api/v1/users/me", headers=bearer(token))
            assert answer.status_code == 200
        assert sign_in(client, user)


def test_the_last_use_of_a_session_survives_an_outage(server):
    """It cannot be stored before, since the row is locked."""
    [person] = add_people(server, "user")
    server.sql("UPDATE sessions SET last_used_at = '2026-01-01'")
    with pytest.raises(psycopg2.Error):
        with transaction(server, "SELECT FROM sessions FOR UPDATE"):
            with server.client() as client:
                answer = client.get("/api/v1/users/me",
                                    headers=person.headers)
                assert answer.status_code == 200
            server.cluster.halt()
    server.cluster.run()
    wait_for(lambda: server.sql("SELECT 1 FROM sessions WHERE last_used_at > "
                                "now() - interval '1 minute'"))


def test_a_database_that_holds_its_connections_and_never_answers(server):
    _, token = user_and_token(server)
    with HealthWatch(server) as health, Load(server, token) as load:
        time.sleep(0.5)
        server.cluster.freeze()
        stopped = time.monotonic()
        wait_for(lambda: len({r[4] for r in load.ended_after(stopped + 1)}) ==
                 len(load.threads), 3 * DEADLINE)
        started = time.monotonic()
        server.cluster.thaw()
        steady = load.wait_until_served(started)
    assert load.failures == [] and health.failures == []
    during = [r for r in load.ended_after(stopped + 1) if r[0] < started]
    assert {r[2] for r in during if r[0] > stopped and r[1] < started} == {503}
    worst = max(ended - began for began, ended, *_ in during)
    measured.append("PostgreSQL frozen (%s): 503 after %.1f s at most, "
                    "healthz p99 %.0f ms" % (
                        server.transport, worst, health.percentile(99) * 1e3))
    check_took(load, during, DEADLINE)
    assert health.percentile(99) < HEALTH
    check_served(load, steady)
    server.wait_for_rest()


def test_a_database_that_accepts_and_never_answers(server):
    """The postmaster is stopped and the sessions end: the kernel accepts new
    connections, and no process reads them."""
    _, token = user_and_token(server)
    os.kill(server.cluster.process.pid, signal.SIGSTOP)
    sessions = [pid for pid in server.cluster.backends() if
                "postgres: keel" in read_text("/proc/%d/cmdline" % pid)]
    for pid in sessions:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not any(map(exists, sessions)))
    time.sleep(1)
    with HealthWatch(server) as health, Load(server, token) as load:
        time.sleep(6)
    assert load.failures == [] and health.failures == []
    assert {r[2] for r in load.requests} == {503}
    worst = max(ended - began for began, ended, *_ in load.requests)
    measured.append("PostgreSQL accepts and is silent (%s): 503 within "
                    "%.0f ms, healthz p99 %.0f ms" % (
                        server.transport, worst * 1e3,
                        health.percentile(99) * 1e3))
    check_took(load, load.requests, AT_ONCE)
    assert worst < NOTICED
    assert health.percentile(99) < HEALTH
    os.kill(server.cluster.process.pid, signal.SIGCONT)
    with server.client() as client:
        wait_for(lambda: client.get("/readyz").status_code == 200, RECOVERY)
        for _ in range(20):
            assert client.get("/readyz").status_code == 200
