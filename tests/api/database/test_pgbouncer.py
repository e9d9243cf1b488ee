# SPDX-License-Identifier: ISC
"""Behind a real pgbouncer: session mode works, with whatever it does to startup
parameters and however it lets users in; the other modes are refused."""

import contextlib
import os
import time

import pytest

from cluster import free_port
from helpers import bearer, new_email, new_password, register, sign_in
from people import add_people
from pgbouncer import PgBouncer
from proxies import shown
from runner import POLL, add_jobs, wait_for, wait_for_job
from server import ROOT, read_text
from watch import Background

LONG = 60       # seconds, which nothing takes on a machine that is not busy
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
    bouncer.restart({})


@pytest.fixture
def behind(make_server, bouncer, database):
    """Makes a server behind pgbouncer, by TCP or by its socket."""
    def make(socket=False, **settings):
        return make_server(database=database, **{
            "KEEL_DATABASE_URL": bouncer.url(socket)} | settings)
    return make


def check_serves(server):
    with server.client() as client:
        user, made = register(client)
        me = client.get("/api/v1/users/me",
                        headers=bearer(sign_in(client, user)))
        assert me.json()["created_at"] == made["created_at"]


def test_the_page_shows_what_is_tested():
    page = read_text(os.path.join(ROOT, "docs/pgbouncer.md"))
    assert "```ini\n" + shown("pgbouncer.ini") + "```\n" in page


def test_a_server_and_a_runner(bouncer, behind, start_runner):
    """With the file as it is shipped."""
    server = behind().start()
    check_serves(server)
    runner = start_runner(server)
    [job] = add_jobs(server, [new_email()])
    wait_for_job(server, job, status="done")
    # A notification reaches a client that is idle.
    claims = len(runner.events())
    for _ in range(10):
        began = time.monotonic()
        [job] = add_jobs(server, [new_email()])
        wait_for_job(server, job, status="done")
        if time.monotonic() - began < POLL / 2:
            break
    else:
        raise AssertionError("every job waited for a poll")
    wait_for(lambda: len(runner.events()) > claims)
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


#
# What may go wrong while it runs.
#

class Readers(Background):
    """Clients who each read their own user, and nothing else may come."""

    def __init__(self, server, count=4):
        super().__init__(range(count))
        self.server = server
        self.people = add_people(server, *["user"] * count)
        self.statuses = []
        self.wrong = []

    def run(self, number):
        person = self.people[number]
        with self.server.client() as client:
            while not self.ended.wait(0.02):
                answer = client.get("/api/v1/users/me",
                                    headers=person.headers)
                self.statuses.append(answer.status_code)
                if answer.status_code not in (200, 503) or \
                        answer.status_code == 200 and \
                        answer.json()["id"] != person.id:
                    self.wrong.append((answer.status_code, answer.text))

    def wait_until(self, status):
        """Waits until this many seconds of answers have this status."""
        begun = len(self.statuses)
        wait_for(lambda: self.statuses[begun:].count(status) >= 20, LONG)

    def wait_until_served(self):
        """Until every one of the last answers is good."""
        def served():
            last = self.statuses[begun:][-20:]
            return len(last) == 20 and set(last) == {200}
        begun = len(self.statuses)
        wait_for(served, LONG)


def lines(server, text):
    return [event["message"] for event in server.log() if
            text in event.get("message", "")]


def test_restarts(bouncer, behind):
    """Of pgbouncer, and of its connections to PostgreSQL."""
    server = behind(KEEL_WORKERS="1").start()
    with Readers(server) as readers:
        readers.wait_until(200)
        bouncer.end()
        readers.wait_until(503)
        bouncer.start()
        readers.wait_until_served()
        bouncer.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                            "pg_stat_activity WHERE datname = %s AND "
                            "usename = 'keel'", bouncer.database)
        readers.wait_until_served()
    assert readers.wrong == []


def test_a_pool_that_is_too_small(bouncer, behind):
    """Those connections that get none wait for nothing, and the rest serve."""
    bouncer.change(default_pool_size="2", query_wait_timeout="1")
    server = behind(KEEL_WORKERS="1").start()
    with Readers(server) as readers:
        readers.wait_until_served()
        wait_for(lambda: lines(server, "a connection failed"), LONG)
        readers.wait_until_served()
    assert readers.wrong == [] and 503 not in readers.statuses
    assert len(lines(server, "a connection failed")) < 4


def test_no_free_connection_at_the_start(bouncer, behind):
    """pgbouncer lets the client in, and lets it wait."""
    bouncer.change(default_pool_size="1", query_wait_timeout="0")
    server = behind()
    db = bouncer.connect(bouncer.database)
    db.cursor().execute("SELECT 1")
    done = server.command("users")
    assert done.returncode == 1 and "not answer: is a connection pooler" in \
        done.stderr and done.stderr.count("\n") == 1
    db.close()
    done = server.command("users")      # one is enough for it
    assert done.returncode == 0, done.stderr
    assert "gives no second connection" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_switch_to_transaction_mode(bouncer, behind):
    """While the server runs: nothing wrong is answered, and the log says why
    nothing works when it no longer does."""
    server = behind(KEEL_WORKERS="1").start()
    with Readers(server) as readers:
        readers.wait_until_served()
        bouncer.change(pool_mode="transaction")
        for _ in range(10):     # until two connections share a session
            bouncer.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                                "pg_stat_activity WHERE datname = %s AND "
                                "usename = 'keel'", bouncer.database)
            with contextlib.suppress(AssertionError):
                wait_for(lambda: lines(server, "server_reset_query"), 3)
                break
        assert lines(server, "server_reset_query")
        bouncer.restart({})
        readers.wait_until_served()
    assert readers.wrong == []


#
# KEEL_DATABASE_LISTEN_URL.
#

def listens(server):
    return server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                      "%s AND query LIKE 'LISTEN%%'", server.database)[0][0]


def test_a_listener_of_its_own(bouncer, behind, start_runner):
    server = behind()
    url = bouncer.cluster.tcp_url(bouncer.database)
    runner = start_runner(server, KEEL_DATABASE_LISTEN_URL=url)
    wait_for(lambda: lines(runner, "listening at"), LONG)
    assert listens(server) == 1
    for again in (False, True):
        if again:
            server.sql("SELECT pg_terminate_backend(pid) FROM "
                       "pg_stat_activity WHERE query LIKE 'LISTEN%%' AND "
                       "datname = %s", server.database)
            wait_for(lambda: len(lines(runner, "listening at")) == 2, LONG)
        [job] = add_jobs(server, [new_email()])
        wait_for_job(server, job, status="done")
    assert lines(runner, "KEEL_DATABASE_LISTEN_URL was lost") != []


@pytest.mark.parametrize("bad", ["unreachable", "pooled", "nonsense"])
def test_a_listener_that_cannot_listen(bouncer, behind, start_runner, bad):
    server = behind(KEEL_DATABASE_URL=bouncer.cluster.url(bouncer.database))
    url = bouncer.url()
    if bad == "pooled":
        bouncer.change(pool_mode="transaction")
    elif bad == "unreachable":
        url = "host=127.0.0.1 port=%d user=keel" % free_port()
    else:
        done = server.command("check-config")
        server.settings["KEEL_DATABASE_LISTEN_URL"] = "non sense"
        done = server.command("check-config")
        assert done.returncode == 1
        assert done.stderr == "keel: KEEL_DATABASE_LISTEN_URL is neither a " \
            "valid URI nor key=value pairs (percent-encode a URI's password)\n"
        return
    runner = start_runner(server, KEEL_DATABASE_LISTEN_URL=url)
    [job] = add_jobs(server, [new_email()])
    wait_for_job(server, job, status="done")

    def said():
        return runner.errors() + "".join(lines(runner, "LISTEN_URL"))

    wait_for(lambda: "KEEL_DATABASE_LISTEN_URL" in said(), LONG)
    warnings = said()
    assert warnings.count("KEEL_DATABASE_LISTEN_URL") == 1
    if bad == "pooled":
        assert "listen instead" in warnings
