# SPDX-License-Identifier: ISC
"""A request with an Idempotency-Key that comes many times at once, or whose
server or connection dies: the work is done once, and its answer is found."""

import concurrent.futures
import contextlib
import json
import threading
import time
import uuid

import httpx
import pytest

from helpers import (check_error, new_user, orphan_jobs, raw_connection,
                     raw_request, reset, rows_of)
from people import add_people, transaction
from queries import begin
from relay import Relay
from runner import wait_for

USERS = "/api/v1/users"
AT_ONCE = 50
# To add a user, a statement waits for the lock 21.
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock_shared(21); RETURN NULL; END';
CREATE TRIGGER slow AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION slow()
"""


def post(server, body, key, headers=None):
    with server.client() as client:
        return client.post(USERS, json=body, headers=(headers or {}) | {
            "Idempotency-Key": key})


def new_key():
    return str(uuid.uuid4())


def is_replayed(answer):
    return answer.headers.get("idempotent-replayed") == "true"


def check_in_progress(answer):
    check_error(answer, 409, "CONFLICT",
                "A request with this Idempotency-Key is being handled")
    assert answer.headers["retry-after"] == "1"


def check_once(server, body):
    assert rows_of(server, body["email"]) == (1, 1)
    assert orphan_jobs(server) == 0
    assert server.sql(
        "SELECT count(*) FROM audit_log a JOIN users u ON u.id = a.target_id "
        "WHERE u.email = %s", body["email"]) == [(1,)]


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_WORKERS="2", KEEL_DATABASE_POOL="8")


@pytest.mark.parametrize("who", ["stranger", "admin"])
def test_many_at_once_make_one_user(server, who):
    """Every answer is the one 201, or a 409 whose retry gets it. A server that
    is too busy to hash fifty passwords says 503."""
    headers = {} if who == "stranger" else add_people(
        server, "admin")[0].headers
    body, key = new_user(), new_key()
    begin = threading.Barrier(AT_ONCE)

    def ask(_):
        begin.wait()
        answers = [post(server, body, key, headers)]
        while answers[-1].status_code != 201:
            if answers[-1].status_code != 503:
                check_in_progress(answers[-1])
            time.sleep(0.05)
            answers.append(post(server, body, key, headers))
        return answers

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        asked = list(pool.map(ask, range(AT_ONCE)))
    last = [answers[-1] for answers in asked]
    assert {a.status_code for a in last} == {201}
    assert len({a.content for a in last}) == 1
    assert len([a for a in last if not is_replayed(a)]) == 1
    assert all(is_replayed(answers[-1]) for answers in asked
               if len(answers) > 1)
    check_once(server, body)
    server.wait_for_no_transaction()


def wait_for_slow(server, n):
    """Waits until so many have added a user, and wait for the lock."""
    wait_for(lambda: server.sql(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT "
        "granted") == [(n,)])


def test_a_request_in_progress_on_any_worker(make_server):
    """A key is used in one transaction at a time; other keys are free."""
    server = make_server(KEEL_WORKERS="2", KEEL_DATABASE_POOL="8").start()
    server.sql(SLOW)
    body, key = new_user(), new_key()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        with transaction(server, "SELECT pg_advisory_xact_lock(21)"):
            first = pool.submit(post, server, body, key)
            wait_for_slow(server, 1)
            other = pool.submit(post, server, new_user(), key)
            # New connections: both workers are asked.
            for again in [pool.submit(post, server, body, key)
                          for _ in range(8)]:
                check_in_progress(again.result())
            wait_for_slow(server, 2)
        assert first.result().status_code == 201
        assert other.result().status_code == 201
        assert not is_replayed(other.result())
    again = post(server, body, key)
    assert is_replayed(again) and again.content == first.result().content
    check_once(server, body)


@contextlib.contextmanager
def behind_relay(make_server, **settings):
    server = make_server(**settings)
    relay = Relay(server.cluster.port)
    server.settings["KEEL_DATABASE_URL"] = server.cluster.tcp_url(
        server.database).replace(":%d/" % server.cluster.port,
                                 ":%d/" % relay.port)
    try:
        yield server.start(), relay
    finally:
        relay.close()


def wait_for_user(server, body):
    wait_for(lambda: server.sql("SELECT count(*) FROM users WHERE email = %s",
                                body["email"]) == [(1,)])


@pytest.mark.parametrize("dies", ["server", "worker"])
def test_the_server_is_killed_between_commit_and_answer(make_server, dies):
    with behind_relay(make_server, KEEL_WORKERS="1") as (server, relay), \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        body, key = new_user(), new_key()
        relay.next = "hold"
        lost = pool.submit(post, server, body, key)
        assert relay.caught.wait(20)
        wait_for_user(server, body)
        assert not lost.done()
        if dies == "server":
            server.kill()
        else:
            server.kill_worker()
        with pytest.raises(httpx.HTTPError):
            lost.result()
        if dies == "server":
            server.start()
        wait_for(lambda: serves(server))
        again = post(server, body, key)
        assert again.status_code == 201 and is_replayed(again)
        assert again.json()["email"] == body["email"]
        assert post(server, body, key).content == again.content
        check_once(server, body)
        server.stop()


def serves(server):
    with contextlib.suppress(httpx.HTTPError), server.client() as client:
        return client.get("/readyz").status_code == 200
    return False


@pytest.mark.parametrize("how", ["cut", "lose"])
def test_the_connection_is_lost_during_the_commit(make_server, how):
    """The server cannot tell whether it is done, and says 503, never 201. The
    retry finds out."""
    with behind_relay(make_server, KEEL_WORKERS="1") as (server, relay):
        body, key = new_user(), new_key()
        relay.next = how
        check_error(post(server, body, key), 503, "SERVICE_UNAVAILABLE")
        assert relay.caught.is_set()
        wait_for(lambda: serves(server))
        server.wait_for_no_transaction()    # the lost one has ended
        again = post(server, body, key)
        assert again.status_code == 201
        assert is_replayed(again) == (how == "cut")
        assert is_replayed(post(server, body, key))
        check_once(server, body)
        server.stop()


def test_a_client_that_leaves_finds_the_answer(server):
    server.sql(SLOW)
    body, key = new_user(), new_key()
    with transaction(server, "SELECT pg_advisory_xact_lock(21)"):
        connection = raw_connection(server)
        connection.sendall(raw_request(
            "POST", USERS, json.dumps(body).encode(), Idempotency_Key=key,
            Content_Type="application/json"))
        wait_for_slow(server, 1)
        reset(connection)
        check_in_progress(post(server, body, key))
    wait_for_user(server, body)
    again = post(server, body, key)
    assert again.status_code == 201 and is_replayed(again)
    check_once(server, body)
    server.sql("DROP TRIGGER slow ON users; DROP FUNCTION slow()")


def test_a_collision_is_tried_again_once(server):
    """A deadlock that PostgreSQL reports: the whole transaction, with the
    answer, is done anew, and the client sees a 201."""
    server.sql("CREATE SEQUENCE hits; GRANT ALL ON hits TO keel; "
               "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN IF nextval(''hits'') = 1 THEN RAISE EXCEPTION ''x'' "
               "USING ERRCODE = ''40001''; END IF; RETURN NULL; END'; "
               "CREATE CONSTRAINT TRIGGER collide AFTER INSERT ON users "
               "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
               "collide()")
    body, key = new_user(), new_key()
    first = post(server, body, key)
    assert first.status_code == 201 and not is_replayed(first)
    assert server.sql("SELECT last_value FROM hits") == [(2,)]
    again = post(server, body, key)
    assert is_replayed(again) and again.content == first.content
    check_once(server, body)
    server.sql("DROP TRIGGER collide ON users; DROP FUNCTION collide(); "
               "DROP SEQUENCE hits")


def test_a_commit_that_fails_is_no_success(server):
    """The handler has made its 201 already; the client never sees it."""
    server.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN RAISE EXCEPTION ''x'' USING ERRCODE = ''53100''; END'; "
               "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON users "
               "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
               "refuse()")
    body, key = new_user(), new_key()
    answer = post(server, body, key)
    server.sql("DROP TRIGGER refuse ON users; DROP FUNCTION refuse()")
    check_error(answer, 503, "SERVICE_UNAVAILABLE")
    assert "location" not in answer.headers and "etag" not in answer.headers
    assert rows_of(server, body["email"]) == (0, 0)
    answer = post(server, body, key)
    assert answer.status_code == 201 and not is_replayed(answer)
    check_once(server, body)


#
# The statements by themselves: in one transaction, now() stands still.
#

SCOPE, OLD, REQUEST, OTHER = ("%02x" % i * 32 for i in range(1, 5))


@pytest.fixture
def db(cluster, template):
    database = cluster.database(template)
    with begin(cluster, database) as db:
        yield db
    cluster.drop(database)


def store(db, scope, age="0 days", status=201):
    assert db.run("idempotency_keys.store", scope=scope, request=REQUEST,
                  status=status, headers="") == 1
    db.sql("UPDATE idempotency_keys SET created_at = now() - %s::interval "
           "WHERE scope = decode(%s, 'hex')", age, scope)


def find(db, **params):
    return [(row[0], row[3]) for row in db.run("idempotency_keys.find", **(
        {"scope": SCOPE, "request": REQUEST} | params))]


def test_an_answer_is_found_for_a_day_to_the_microsecond(db):
    for age, found in (("1 day", [(201, True)]),
                       ("1 day 1 microsecond", []),
                       ("0 days", [(201, True)])):
        store(db, SCOPE, age)
        assert find(db) == found
    assert find(db, request=OTHER) == [(201, False)]
    assert find(db, scope=OTHER) == []


def test_what_is_stored_again_replaces_all_of_it(db):
    store(db, SCOPE, "1 day 1 microsecond")
    assert db.run("idempotency_keys.store", scope=SCOPE, request=OTHER,
                  status=202, headers="a: b\n", body="x") == 1
    assert db.sql("SELECT encode(request, 'hex'), status, headers, body, "
                  "created_at = now() FROM idempotency_keys") == [
                      (OTHER, 202, "a: b\n", "x", True)]


def test_an_answer_under_the_previous_secret_is_found(db):
    """With both its hashes; the latest of two is the answer."""
    store(db, OLD, "1 hour")
    old = {"request": OTHER, "old_scope": OLD}
    assert find(db, **old, old_request=REQUEST) == [(201, True)]
    assert find(db, **old, old_request=SCOPE) == [(201, False)]
    assert find(db, **old) == [(201, False)]
    store(db, SCOPE, "2 hours", status=202)
    assert find(db, old_scope=OLD) == [(201, True)]
    store(db, SCOPE, "0 hours", status=202)
    assert find(db, old_scope=OLD) == [(202, True)]


@pytest.mark.parametrize("mine, theirs, locked", [
    ({}, {}, False),
    ({"old_scope": OLD}, {}, False),
    ({"old_scope": OLD}, {"scope": OLD}, False),
    ({}, {"scope": OLD, "old_scope": SCOPE}, False),
    ({}, {"scope": OLD}, True),
    ({"old_scope": OTHER}, {"scope": OLD}, True)])
def test_a_lock_is_of_both_secrets(db, cluster, mine, theirs, locked):
    [(name,)] = db.sql("SELECT current_database()::text")
    assert db.run("idempotency_keys.lock", **({"scope": SCOPE} | mine)) == [
        (True,)]
    with begin(cluster, name) as other:
        assert other.run("idempotency_keys.lock", **(
            {"scope": SCOPE} | theirs)) == [(locked,)]
    # The 64 bits, so that it is not a lock of a few values.
    assert db.sql("SELECT classid::bigint, objid::bigint FROM pg_locks WHERE "
                  "locktype = 'advisory' AND classid = %s", 0x01010101) == [
                      (0x01010101, 0x01010101)]
