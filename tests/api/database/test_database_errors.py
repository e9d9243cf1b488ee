# SPDX-License-Identifier: ISC
"""Database errors and their responses: a trigger raises each SQLSTATE, so that
the real server gets the real error."""

import concurrent.futures
import os
import signal

import pytest

from helpers import check_error, new_user, register, rows_of, sign_in
from people import add_people, transaction, wait_for_waiting
from runner import wait_for
from server import read_text

CONFLICT = "Resource already exists or constraint violation"


def raising(server, sqlstate, when="true"):
    """From now on an INSERT into users fails like this, if `when` holds."""
    server.sql(
        "CREATE SEQUENCE attempts; "
        "CREATE FUNCTION refuse() RETURNS trigger "
        "LANGUAGE plpgsql SECURITY DEFINER AS $$ "
        "BEGIN IF nextval('attempts') > 0 AND (%s) THEN "
        "RAISE EXCEPTION 'a secret of the database' USING ERRCODE = '%s'; "
        "END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON users FOR EACH ROW "
        "EXECUTE FUNCTION refuse()" % (when, sqlstate))


def attempts(server):
    return server.sql("SELECT last_value FROM attempts")[0][0]


def post(server):
    user = new_user()
    with server.client() as client:
        return client.post("/api/v1/users", json=user)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_collision_is_retried_once(start_server, sqlstate):
    """The client and the operator see one request."""
    server = start_server(KEEL_RATE_LIMITS="register=20/h")
    raising(server, sqlstate, "currval('attempts') = 1")
    answer = post(server)
    assert answer.status_code == 201, answer.text
    assert len(answer.headers.multi_items()) == len(answer.headers)
    assert answer.headers["ratelimit"].startswith('"register";r=19;')
    request_id = answer.headers["x-request-id"]
    server.wait_for_log(request_id)
    assert [line["event"] for line in server.log()
            if line.get("request_id") == request_id] == ["request"]
    assert attempts(server) == 2
    assert server.sql("SELECT count(*) FROM users")[0][0] == 1
    assert server.sql("SELECT count(*) FROM jobs")[0][0] == 1
    server.wait_for_rest()


def test_a_second_collision_is_503(start_server):
    server = start_server()
    raising(server, "40001")
    answer = post(server)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert attempts(server) == 2
    assert server.sql("SELECT count(*) FROM users")[0][0] == 0
    server.wait_for_rest()


@pytest.mark.parametrize("sqlstate", ["23505", "23503", "23514", "23502"])
def test_a_violated_constraint_is_409_and_one_log_line(start_server, sqlstate):
    server = start_server()
    raising(server, sqlstate)
    answer = post(server)
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error == {"code": "CONFLICT", "message": CONFLICT,
                     "details": None, "request_id": error["request_id"]}
    lines = [line for line in server.log()
             if line.get("event") == "integrity"]
    assert len(lines) == 1
    assert lines[0]["request_id"] == error["request_id"]
    assert sqlstate in lines[0]["message"]


def test_anything_else_is_500_without_internals(start_server):
    server = start_server()
    raising(server, "P0001")
    answer = post(server)
    assert answer.status_code == 500
    error = answer.json()["error"]
    assert error["code"] == "INTERNAL_ERROR"
    assert error["message"] == "Internal server error"
    assert "secret" not in answer.text
    lines = [line for line in server.log()
             if line.get("event") == "error"]
    assert [line["request_id"] for line in lines] == [error["request_id"]]
    assert "a secret of the database" in lines[0]["message"]


@pytest.mark.parametrize("sqlstate", ["53300", "57P03", "57014", "08006"])
def test_an_unavailable_database_is_503(start_server, sqlstate):
    server = start_server()
    raising(server, sqlstate)
    answer = post(server)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    server.sql("DROP TRIGGER refuse ON users")
    with server.client() as client:
        register(client)


def test_unavailable_is_503_and_a_bug_is_500(start_server):
    """Those that are easily confused; 25006 has its own file, and the unit
    test of SQLSTATEs has all."""
    server = start_server()
    for status, states in (503, ["55P03", "58000", "58030", "58P01"]), \
            (500, ["25P01", "25P02", "42501", "55006", "XX000"]), \
            (422, ["22001", "22003", "22021"]), (409, ["23P01"]):
        for sqlstate in states:
            raising(server, sqlstate)
            assert (sqlstate, post(server).status_code) == (sqlstate, status)
            server.sql("DROP FUNCTION refuse CASCADE; DROP SEQUENCE attempts")
    with server.client() as client:
        register(client)


def test_a_lock_timeout_is_503(start_server, cluster, template):
    """The operator has set lock_timeout."""
    database = cluster.database(template)
    server = start_server(database=database, KEEL_DATABASE_URL=cluster.url(
        database) + " options='-c lock_timeout=100'")
    with server.client() as client, transaction(
            server, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"):
        answer = client.post("/api/v1/users", json=new_user())
        check_error(answer, 503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
    assert "55P03" in server.output()
    with server.client() as client:
        register(client)


def test_a_session_that_ends_in_a_transaction(start_server):
    """PostgreSQL ends a session that is idle in a transaction for too long
    (25P03): the test stops the worker that holds it. Only the transaction
    that adds this user has so little time."""
    server = start_server(KEEL_WORKERS="1")
    database = server.database
    server.sql(
        "CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN PERFORM set_config('idle_in_transaction_session_timeout', "
        "'50', true); RETURN NEW; END $$; "
        "CREATE TRIGGER hurry BEFORE INSERT ON users FOR EACH ROW "
        "EXECUTE FUNCTION hurry()")
    [worker] = server.workers()
    user = new_user()
    with concurrent.futures.ThreadPoolExecutor(1) as pool, \
            server.client() as client:
        with transaction(server, "LOCK TABLE users IN EXCLUSIVE MODE"):
            asked = pool.submit(client.post, "/api/v1/users", json=user)
            wait_for_waiting(server, 1)
            os.kill(worker, signal.SIGSTOP)
            wait_for(lambda: ") T " in read_text("/proc/%d/stat" % worker))
        wait_for(lambda: not server.sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND "
            "application_name = 'keel' AND xact_start IS NOT NULL", database))
        os.kill(worker, signal.SIGCONT)
        answer = asked.result(20)
        check_error(answer, 503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
        assert rows_of(server, user["email"]) == (0, 0)
        server.sql("DROP TRIGGER hurry ON users")
        register(client)


def test_a_newer_schema_under_a_running_server(start_server):
    """Every statement that was prepared before the change is stale."""
    server = start_server()
    with server.client() as client:
        user, _ = register(client)
        sign_in(client, user)
        server.sql("ALTER TABLE users ALTER name TYPE varchar(200)")
        for _ in range(40):
            answer = client.get("/api/v1/users/me", headers={
                "Authorization": "Bearer " + sign_in(client, user)})
            assert answer.status_code == 200
        register(client)

        # The request is retried with the same parameters.
        [admin] = add_people(server, "admin")
        server.sql("ALTER TABLE users ALTER name TYPE varchar(300)")
        for path in ("?limit=1&sort=name", "?cursor=&limit=1",
                     "/" + admin.id) * 6:
            answer = client.get("/api/v1/users" + path,
                                headers=admin.headers)
            assert answer.status_code == 200, answer.text
    server.wait_for_rest()
