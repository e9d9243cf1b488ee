# SPDX-License-Identifier: ISC
"""PostgreSQL's primary dies, or hangs, under load, and its standby is promoted:
the server and the runner write again without a restart, and every write that
was answered with 201 is there."""

import contextlib
import time

import pytest

from helpers import measured, register
from pgbouncer import PgBouncer
from postgres_proxies import NAME, Name, Roles, haproxy
from runner import count_jobs, wait_for
from server import IS_ASAN
from servers import make_template, server_maker
from sizes import size
from standby import Pair
from writers import Writers

# Seconds until a 503: a second is promised, and the machine may be busy.
AT_ONCE = 4.0
RECOVERY = 30       # until a write succeeds, seconds

CHECKS = ("inter 1s", "inter 200ms")    # HAProxy's, of the nodes

KIND = "send_welcome_email"


@pytest.fixture(scope="module")
def pair(certificates):
    pair = Pair()
    try:
        pair.start()
        pair.template = make_template(pair, certificates)
        yield pair
    finally:
        pair.stop()


@pytest.fixture
def make(pair, certificates):
    pair.mend()
    with server_maker(pair, certificates, pair.template) as make:
        yield make


@pytest.fixture
def start(make, pair, start_runner):
    """Starts a server and a runner: start(url), where url makes the setting of
    a database's name."""
    def start(url, database=None, **settings):
        database = database or pair.database(pair.template)
        server = make(database, KEEL_DATABASE_URL=url(database),
                      **settings).start()
        start_runner(server)
        return server
    return start


def through(pair, host, port):
    """The URL of a database at another address."""
    return lambda database: "postgresql://keel:%s@%s:%d/%s" % (
        pair.password, host, port, database)


def sessions(server):
    """How many connections the server and the runner have to the primary."""
    return server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                      "%s AND application_name = 'keel'", server.database)[0][0]


def lose(pair, writers, stop):
    """Stops the primary when they have written, waits until they are refused,
    and promotes the standby. Returns when it stopped and when the other one
    was promoted."""
    writers.wait_for(5)
    wait_for(lambda: writers.server.metrics()["keel_db_down"] == 0)
    writers.sessions = sessions(writers.server)
    stopped = time.monotonic()
    stop()
    writers.first(503, stopped, RECOVERY)
    pair.promote()
    return stopped, time.monotonic()


def check_recovery(writers, counted=True):
    """Every connection leads to the new primary, if they can be counted there,
    and the runner has done the job of each user, and does the next one."""
    server = writers.server
    wait_for(lambda: server.metrics()["keel_db_down"] == 0, RECOVERY)
    wait_for(lambda: not counted or sessions(server) >= writers.sessions,
             RECOVERY)
    with server.client() as client:
        register(client)
    wait_for(lambda: count_jobs(server, kind=KIND, status="done") ==
             count_jobs(server, kind=KIND) > writers.registered(), RECOVERY)


def check_writes(writers, what, stopped, promoted):
    """Every write that was answered with 201 is there."""
    written, found = writers.check()
    again = min(w.ended for w in writers.of(201) if w.began > promoted)
    measured.append(
        "failover, %s: %d writes answered 201, %d found, 503 within %.1f s, "
        "written again %.1f s after the promotion" % (
            what, written, found, writers.longest_wait(stopped, promoted),
            again - promoted))
    assert written == found


def fail_over(server, pair, what, follow=lambda: None, counted=True):
    """The primary is killed."""
    with Writers(server) as writers:
        stopped, promoted = lose(pair, writers, pair.kill)
        follow()
        writers.first(201, promoted, RECOVERY)
        writers.wait_for(5)
    check_writes(writers, what, stopped, promoted)
    assert writers.longest_wait(stopped, promoted) < AT_ONCE
    check_recovery(writers, counted)


@pytest.mark.parametrize("kind", size(["tcp"], ["tcp", "socket"]))
def test_several_hosts(start, pair, kind):
    url = {"tcp": pair.hosts_url, "socket": pair.sockets_url}[kind]
    fail_over(start(url), pair, "several hosts (%s)" % kind)


def test_a_primary_that_hangs(start, pair):
    """It keeps its connections, accepts others, and never answers."""
    server = start(pair.hosts_url)
    with Writers(server) as writers:
        stopped, promoted = lose(pair, writers, pair.freeze)
        writers.first(201, promoted, RECOVERY)
        writers.wait_for(5)
    check_writes(writers, "a primary that hangs", stopped, promoted)
    check_recovery(writers)


@pytest.mark.skipif(IS_ASAN, reason="./keel sets LD_PRELOAD for that build")
def test_a_name_that_moves(start, pair, tmp_path):
    """For a while it does not resolve."""
    name = Name(tmp_path)
    name.set(pair.primary.address)
    server = start(through(pair, NAME, pair.port), **name.settings)

    def kill():
        pair.kill()
        name.set(None)

    with Writers(server) as writers:
        stopped, promoted = lose(pair, writers, kill)
        name.set(pair.primary.address)
        writers.first(201, promoted, RECOVERY)
        writers.wait_for(5)
    check_writes(writers, "a name that moves", stopped, promoted)
    assert writers.longest_wait(stopped, promoted) < AT_ONCE
    check_recovery(writers)


def test_haproxy(start, pair, tmp_path):
    with contextlib.closing(Roles(pair)) as roles:
        nodes = [(node.address, node.port, port)
                 for node, port in zip(pair.nodes, roles.ports)]
        with haproxy(nodes, tmp_path, [CHECKS]) as port:
            server = start(through(pair, "127.0.0.1", port))
            fail_over(server, pair, "HAProxy")


def test_pgbouncer(start, pair):
    """Its settings are changed when the standby is promoted, as a callback of
    Patroni does."""
    database = pair.database(pair.template)
    pgbouncer = PgBouncer(pair, database, server_host=pair.primary.address)
    try:
        server = start(lambda _: pgbouncer.start().url(), database)
        # It has connections of its own.
        fail_over(server, pair, "pgbouncer", lambda: pgbouncer.change(
            server_host=pair.primary.address), counted=False)
    finally:
        pgbouncer.stop()
