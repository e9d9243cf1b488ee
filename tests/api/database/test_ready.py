# SPDX-License-Identifier: ISC
"""/readyz while the database refuses connections, and when it comes back."""

import psycopg2
import pytest

from helpers import (bearer, check_error, new_user, raw_connection,
                     raw_request, register, sign_in, read_me)
from runner import wait_for
from wire import Answers

CONNECTIONS = 8     # of two workers (server.py)


def lock_out(server):
    """Forbids connections to the server's database."""
    server.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS false" %
                       server.database)
    cut_off(server)


def cut_off(server):
    server.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                       "pg_stat_activity WHERE datname = %s",
                       server.database)


def sessions(server):
    return {pid for pid, in server.cluster.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND "
        "application_name = 'keel' AND state = 'idle'", server.database)}


def let_in(server):
    server.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS true" %
                       server.database)


def lock_users(server):
    """Until the connection that it returns rolls back."""
    db = psycopg2.connect(host=server.cluster.socket, user="postgres",
                          port=server.cluster.port, dbname=server.database)
    with db.cursor() as cursor:
        cursor.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
    return db


def took(server, answer):
    """The seconds of a request; this process may be busy."""
    return server.wait_for_log(
        answer.headers["x-request-id"])["duration_us"] / 1e6


def wait_ready(client, status=200):
    wait_for(lambda: client.get("/readyz").status_code == status)


def test_readyz_is_200_while_the_database_answers(client):
    assert client.get("/readyz").status_code == 200


def test_without_a_database_responses_are_503_at_once(start_server):
    server = start_server()
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
        lock_out(server)
        wait_ready(client, 503)
        for ask in (lambda: client.get("/readyz"),
                    lambda: read_me(client, token),
                    lambda: client.post("/api/v1/users", json=new_user())):
            answer = ask()
            check_error(answer, 503, "SERVICE_UNAVAILABLE")
            # As if it could recover; by the server's clock.
            assert took(server, answer) < 2
            assert int(answer.headers["retry-after"]) >= 1
        answer = client.post("/api/v1/auth/token", data={
            "username": user["email"], "password": user["password"]})
        assert (answer.status_code, answer.json()["error"]) == (
            503, "temporarily_unavailable")
        assert client.get("/healthz").status_code == 200

        let_in(server)
        wait_ready(client)
        assert read_me(client, token).status_code == 200
        register(client)
    server.wait_for_rest()


def test_cut_connections_come_back(start_server):
    server = start_server()
    with server.client() as client:
        wait_for(lambda: len(sessions(server)) == CONNECTIONS)
        for _ in range(5):
            old = sessions(server)
            cut_off(server)
            wait_ready(client)
        # A session that is cut ends a little later.
        wait_for(lambda: len(sessions(server) - old) == CONNECTIONS)
        wait_for(lambda: server.metrics()["keel_db_down"] == 0)
        for _ in range(20):
            assert client.get("/readyz").status_code == 200


def test_requests_wait_for_a_locked_table_or_get_503(start_server):
    """A migration elsewhere locks a table: requests wait or get 503, and
    later ones succeed."""
    server = start_server()
    with server.client() as client:
        db = lock_users(server)
        answer = client.post("/api/v1/users", json=new_user())
        db.rollback()
        db.close()
        assert answer.status_code == 503, answer.text
        assert 4 < took(server, answer) < 8
        assert client.get("/readyz").status_code == 200
        register(client)
    server.wait_for_rest()
    server.wait_for_no_transaction()


def test_a_new_worker_makes_requests_wait(start_server):
    """It serves before its first connection has prepared its statements."""
    server = start_server(KEEL_WORKERS="1")
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
    db = lock_users(server)
    server.kill_worker()
    wait_for(lambda: server.cluster.sql(
        "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = %s", server.database))
    connection = raw_connection(server)
    connection.sendall(raw_request("GET", "/api/v1/users/me", **bearer(token)))
    connection.settimeout(0.1)     # it waits for two seconds at most
    with pytest.raises(TimeoutError):
        connection.recv(1)
    db.close()
    connection.settimeout(30)
    assert Answers(connection).next().status_code == 200
    connection.close()
