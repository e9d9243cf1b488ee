# SPDX-License-Identifier: ISC
"""A client disconnects at every await of POST /users: the transaction is
complete or absent, and nothing else stays."""

import json
import time
import uuid

import pytest

from helpers import (measured, new_email, new_user, orphan_jobs,
                     raw_connection, raw_request, read_raw_answer, register,
                     reset, rows_of)
from server import Server
from servers import finish

pytestmark = pytest.mark.faults

STALL = 0.3  # seconds, faults.h: FAULT_STALL_MS
AWAITS_MIN = 5  # hash, BEGIN, two INSERTs, COMMIT
AWAITS_MAX = 30
TRIES = 10  # a busy machine may delay one that does not stall


@pytest.fixture(scope="module")
def stalled(cluster, certificates, template):
    """A server for this module, when it is idle."""
    server = Server(cluster, cluster.database(template), certificates["ec"])
    try:
        server.start()
        with server.client() as client:
            register(client)
        yield server
    finally:
        finish([server])


def post_user(server, user, stall, request_id="x"):
    """Sends the request, and returns the connection."""
    connection = raw_connection(server)
    connection.sendall(raw_request(
        "POST", "/api/v1/users", json.dumps(user).encode(),
        Content_Type="application/json", X_Request_ID=request_id,
        X_Fault="stall=%d" % stall))
    return connection


def close(connection):
    """With close_notify and FIN, like a correct client."""
    try:
        connection.settimeout(0)
        connection.unwrap()
    except (OSError, ValueError):
        pass
    connection.close()


def seconds_of_post(server, stall):
    started = time.monotonic()
    with post_user(server, new_user(), stall) as connection:
        assert read_raw_answer(connection)[0] == 201
    return time.monotonic() - started


def dropped_while_stalled(server, send, hang_up, early=None):
    """The log line of a request whose client hangs up while it is stalled.
    send(request_id) returns its connection. With the status `early`, the client
    was gone before the first await: the machine was too busy."""
    for _ in range(5):
        request_id = str(uuid.uuid4())
        connection = send(request_id)
        time.sleep(STALL / 2)
        hang_up(connection)
        line = server.wait_for_log(request_id)
        if line["client_gone"] and line["status"] != early:
            return line             # or the machine is too busy
    raise AssertionError("it does not stall: %s" % line)


@pytest.fixture(scope="module")
def awaits(stalled):
    """How many awaits POST /users has: those that delay the response."""
    found = 0
    while seconds_of_post(stalled, found + 1) >= STALL:
        found += 1
        assert found < AWAITS_MAX
    while found > 0 and any(seconds_of_post(stalled, found) < STALL
                            for _ in range(TRIES)):
        found -= 1
    measured.append("awaits of POST /users: %d" % found)
    assert found >= AWAITS_MIN
    return found


def check_nothing_stays(server, email):
    server.wait_for_rest()
    server.wait_for_no_transaction()
    users, jobs = rows_of(server, email)
    assert users == jobs
    assert orphan_jobs(server) == 0
    return users


@pytest.mark.parametrize("hang_up", [close, reset],
                         ids=["close", "reset"])
def test_a_client_dropped_at_every_await(stalled, awaits, hang_up):
    for stall in range(1, awaits + 1):
        users = []

        def send(request_id):
            users.append(new_user(email=new_email("gone")))
            return post_user(stalled, users[-1], stall, request_id)

        line = dropped_while_stalled(stalled, send, hang_up, early=503)
        # The handler runs to its end; only the response is lost.
        assert line["status"] == 201, "await %d" % stall
        assert check_nothing_stays(stalled, users[-1]["email"]) == 1


def test_a_client_that_disconnects_before_the_first_await(stalled):
    for hang_up in (close, reset):
        for _ in range(10):
            user = new_user(email=new_email("gone"))
            hang_up(post_user(stalled, user, 0))
            check_email = user["email"]
        check_nothing_stays(stalled, check_email)


def test_a_client_that_disconnects_during_its_request(stalled):
    request = raw_request("POST", "/api/v1/users",
                          json.dumps(new_user()).encode(),
                          Content_Type="application/json")
    before = stalled.sql("SELECT count(*) FROM users")
    for part in (1, 20, request.index(b"\r\n\r\n"), len(request) - 1):
        for hang_up in (close, reset):
            connection = raw_connection(stalled)
            connection.sendall(request[:part])
            hang_up(connection)
    stalled.wait_for_rest()
    assert stalled.sql("SELECT count(*) FROM users") == before


def test_many_clients_dropped_at_once(stalled, awaits):
    users = [new_user(email=new_email("gone")) for _ in range(24)]
    connections = [post_user(stalled, user, 1 + i % awaits)
                   for i, user in enumerate(users)]
    time.sleep(STALL / 2)
    for i, connection in enumerate(connections):
        (reset if i % 2 else close)(connection)
    time.sleep(STALL)
    stalled.wait_for_rest()
    for user in users:
        assert rows_of(stalled, user["email"]) in [(0, 0), (1, 1)]
    check_nothing_stays(stalled, users[0]["email"])
    with stalled.client() as client:
        register(client)


def test_a_sign_in_dropped_at_every_await(stalled):
    with stalled.client() as client:
        user, _ = register(client)
    body = ("username=%s&password=%s" % (
        user["email"].replace("@", "%40"), user["password"])).encode()
    for stall in (1, 2, 3):
        def send(request_id):
            connection = raw_connection(stalled)
            connection.sendall(raw_request(
                "POST", "/api/v1/auth/token", body, X_Request_ID=request_id,
                Content_Type="application/x-www-form-urlencoded",
                X_Fault="stall=%d" % stall))
            return connection

        dropped_while_stalled(stalled, send, reset)
        stalled.wait_for_rest()


def test_the_server_stops_while_clients_wait(start_server):
    """SIGTERM with requests in flight: all processes end, nothing leaks."""
    server = start_server()
    connections = [post_user(server, new_user(), 1 + i) for i in range(5)]
    time.sleep(STALL / 2)
    server.stop()
    assert server.problems == []
    for connection in connections:
        connection.close()
    server.wait_for_no_transaction()
    assert orphan_jobs(server) == 0
