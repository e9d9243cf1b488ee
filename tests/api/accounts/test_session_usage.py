# SPDX-License-Identifier: ISC
"""When and from where a session was last used: every signed-in request is a
use, and the list of sessions knows it within a minute."""

import concurrent.futures
import datetime
import re
import time

import pytest

from helpers import bearer, check_error, claims_for, make_token
from people import add_people, transaction, wait_for_waiting
from runner import wait_for
from server import IS_ASAN, read_text
from workers import client_of_each_worker

ME = "/api/v1/users/me"
SESSIONS = ME + "/sessions"
AGO = "UPDATE sessions SET last_used_at = now() - interval '1 hour' WHERE id = "


@pytest.fixture(scope="module")
def clients(server):
    """A connection to each worker."""
    with client_of_each_worker(server) as clients:
        yield clients


@pytest.fixture
def idle(server):
    """Makes people whose sessions were last used an hour ago."""
    def add(*roles, on=server):
        people = add_people(on, *roles)
        age(on, *people)
        return people
    return add


def age(server, *people):
    for person in people:
        server.sql(AGO + "%s", person.session)


def seconds_ago(server, person):
    """How long ago the session was used, says the table."""
    return float(server.sql(
        "SELECT extract(epoch FROM clock_timestamp() - last_used_at) FROM "
        "sessions WHERE id = %s", person.session)[0][0])


def is_recent(server, person):
    return seconds_ago(server, person) < 30


def row(server, person):
    return server.sql("SELECT last_used_at, last_client FROM sessions WHERE "
                      "id = %s", person.session)[0]


def check_not_stored(server, clients, *people):
    """What these workers have noted before is stored by the time at which a
    later use is."""
    before = [row(server, person) for person in people]
    others = add_people(server, *["user"] * len(clients))
    age(server, *others)
    for client, other in zip(clients, others):
        assert client.get(ME, headers=other.headers).status_code == 200
    for other in others:
        wait_for(lambda: is_recent(server, other))
    assert [row(server, person) for person in people] == before


#
# What is a use.
#

def test_the_list_knows_the_last_use(client, server, idle):
    """Within a minute; in fact within two seconds, if the machine is not
    busy."""
    [person] = idle("user")
    assert client.get(ME, headers=person.headers).status_code == 200
    wait_for(lambda: is_recent(server, person))
    [item] = client.get(SESSIONS, headers=person.headers).json()["items"]
    used = datetime.datetime.fromisoformat(item["last_used_at"])
    now = datetime.datetime.now(datetime.timezone.utc)
    assert 0 <= (now - used).total_seconds() < 60
    assert item["last_used_at"].endswith("Z")
    assert item["client"] == item["last_client"] == "127.0.0.1"
    # It is the time of the request, not the time at which it was stored.
    answered = server.wait_for_log(client.get(
        ME, headers=person.headers).headers["x-request-id"])["time"]
    assert item["last_used_at"] < answered


# Method, path, body, status: also a request that fails is a use.
USES = {
    "success": ("GET", ME, None, 200),
    "head": ("HEAD", ME, None, 200),
    "forbidden": ("GET", "/api/v1/admin/jobs", None, 403),
    "not_found": ("DELETE", SESSIONS + "/" + "0" * 8 + "-0000" * 3 + "-" +
                  "0" * 12, None, 404),
    "invalid": ("PATCH", ME, {"name": ""}, 422),
    "bad_query": ("GET", ME + "?a=b", None, 422),
    "optional": ("POST", "/api/v1/users", {}, 422),
    "by_id": ("GET", "/api/v1/users/{id}", None, 200),
}


def test_every_signed_in_request_is_a_use(client, server, idle):
    """Nobody chooses the address, except proxies that are trusted."""
    people = idle(*["user"] * len(USES))
    for person, (method, path, body, status) in zip(people, USES.values()):
        answer = client.request(
            method, path.format(id=person.id), json=body,
            headers=person.headers | {"X-Forwarded-For": "192.0.2.66"})
        assert answer.status_code == status, answer.text
    for name, person in zip(USES, people):
        wait_for(lambda: is_recent(server, person))
        assert row(server, person)[1] == "127.0.0.1", name


def test_a_refused_token_is_no_use(server, clients, idle):
    """Of a session that has ended, or that is not the token's user's."""
    forged, foreign, expired, revoked, over, thief = people = idle(
        *["user"] * 6)
    server.sql("UPDATE sessions SET revoked_at = now() WHERE id = %s",
               revoked.session)
    server.sql("UPDATE sessions SET expires_at = now() WHERE id = %s",
               over.session)
    now = int(time.time())
    tokens = [
        make_token("x" * 40, claims_for(server, forged.id, forged.session)),
        make_token(server.secret, claims_for(server, thief.id,
                                             foreign.session)),
        make_token(server.secret, claims_for(
            server, expired.id, expired.session, exp=now - 60)),
        revoked.token, over.token]
    for client in clients:
        for token in tokens:
            check_error(client.get(ME, headers=bearer(token)), 401,
                        "UNAUTHORIZED")
        assert client.get("/healthz", headers=thief.headers
                          ).status_code == 200
    check_not_stored(server, clients, *people)
    assert all(seconds_ago(server, person) > 3000 for person in people)


def test_the_last_address(start_server):
    """Through a trusted proxy, in each of its forms. The address of the
    sign-in stays."""
    server = start_server(KEEL_TRUSTED_PROXIES="127.0.0.1", KEEL_WORKERS="1")
    addresses = {"192.0.2.7": "192.0.2.7", "2001:DB8::0:7": "2001:db8::7",
                 "::ffff:198.51.100.7": "198.51.100.7",
                 "10.0.0.1, 203.0.113.7": "203.0.113.7",
                 "[2001:db8::8]:4711": "2001:db8::8"}
    people = add_people(server, *["user"] * len(addresses))
    with server.client() as client:
        for person, sent in zip(people, addresses):
            assert client.get(ME, headers=person.headers | {
                "X-Forwarded-For": sent}).status_code == 200
        # From another address, so it is stored though the sign-in is recent.
        for person, address in zip(people, addresses.values()):
            wait_for(lambda: row(server, person)[1] == address)
            [item] = client.get(SESSIONS, headers=person.headers
                                ).json()["items"]
            assert item["last_client"] == address
            assert item["client"] == "127.0.0.1"


#
# Several workers, and others that change the same rows.
#

def test_two_workers(server, clients, idle):
    """Both store many sessions at the same time, some of them the same."""
    people = idle(*["user"] * 20)
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: [
            client.get(ME, headers=person.headers).raise_for_status()
            for person in people], clients))
    for person in people:
        wait_for(lambda: is_recent(server, person))


def test_a_time_never_goes_back(server, clients, idle):
    """Another server's clock is ahead, or its note came first."""
    [person] = idle("user")
    server.sql("UPDATE sessions SET last_used_at = now() + interval '5 min', "
               "last_client = '192.0.2.9' WHERE id = %s", person.session)
    for client in clients:
        assert client.get(ME, headers=person.headers).status_code == 200
    check_not_stored(server, clients, person)


def test_nobody_waits_for_a_locked_session(client, server, idle):
    """It is stored when the other transaction has ended."""
    locked, free = idle("user", "user")
    with transaction(server, "UPDATE sessions SET confirmed_at = now() WHERE "
                     "id = %s", locked.session):
        for person in locked, free:
            assert client.get(ME, headers=person.headers).status_code == 200
        wait_for(lambda: is_recent(server, free))
        assert not is_recent(server, locked)
        assert server.sql("SELECT count(*) FROM pg_locks WHERE NOT granted"
                          ) == [(0,)]
    wait_for(lambda: is_recent(server, locked))


#
# What it costs, and what may fail.
#

def test_a_request_has_no_statement_more(start_server):
    """The uses of many requests are one statement."""
    server = start_server(KEEL_WORKERS="1")
    people = add_people(server, *["user"] * 10)
    age(server, *people)
    before = len(read_text(server.cluster.log))
    server.cluster.sql("ALTER DATABASE %s SET log_statement = 'all'" %
                       server.database)
    # Waits until each is gone: one that ends later does not log all.
    server.sql("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
               "WHERE datname = %s AND application_name = 'keel'",
               server.database)
    with server.client() as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        for _ in range(10):
            for person in people:
                answer = client.get(ME, headers=person.headers)
                assert answer.status_code == 200
        for person in people:
            wait_for(lambda: is_recent(server, person))
    ran = re.findall(r"LOG:  execute (\S+): (?!SELECT 'backend pid')",
                     read_text(server.cluster.log)[before:])
    assert ran.count("users.find_signed_in") == 100
    assert 1 <= ran.count("sessions.store_uses") <= 10
    assert set(ran) == {"users.find_signed_in", "sessions.store_uses",
                        "health.database_state", "health.runner_seen"}


def test_a_fault_is_logged_once_and_fails_no_request(start_server):
    server = start_server(KEEL_WORKERS="1")
    person, other = add_people(server, "user", "user")
    age(server, person, other)
    server.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN RAISE ''broken''; END'; CREATE TRIGGER refuse BEFORE "
               "UPDATE ON sessions EXECUTE FUNCTION refuse()")

    def lines():
        return [line for line in server.log() if line["event"] == "sessions"]

    with server.client() as client:
        assert client.get(ME, headers=person.headers).status_code == 200
        wait_for(lines)
        assert client.get(ME, headers=other.headers).status_code == 200
        server.sql("DROP TRIGGER refuse ON sessions")
        for one in person, other:
            wait_for(lambda: is_recent(server, one))
    [line] = lines()
    assert line["level"] == "error"
    assert line["message"].startswith(
        "their last use is not stored: sessions.store_uses: P0001: broken")


def test_it_does_not_delay_the_end_of_a_server(start_server):
    """A statement waits for a lock when the server is stopped."""
    server = start_server(KEEL_WORKERS="1")
    [person] = add_people(server, "user")
    age(server, person)
    with server.client() as client, transaction(
            server, "LOCK TABLE sessions IN EXCLUSIVE MODE"):
        assert client.get(ME, headers=person.headers).status_code == 200
        wait_for_waiting(server, 1)
        began = time.monotonic()
        server.stop()
        # The statement itself would end after five seconds.
        assert time.monotonic() - began < (10 if IS_ASAN else 4.5)
    assert server.problems == []
