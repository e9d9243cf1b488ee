# SPDX-License-Identifier: ISC
"""Requests that wait for a connection to the database: for how long, and in
which turn."""

from helpers import raw_connection, raw_request, read_raw_answer
from people import add_people, transaction, wait_for_waiting

SECONDS = 2  # docs/limits.md: a free database connection


def test_requests_wait_for_two_seconds_and_in_turn(start_server):
    """The only connection waits for a lock. The second request gives up; of
    those who come later, who came first is served first."""
    server = start_server(KEEL_WORKERS="1", KEEL_DATABASE_POOL="1")
    people = add_people(server, *["user"] * 5)
    waiting = [raw_connection(server) for _ in people]

    with server.client() as client:
        def send(number):
            waiting[number].sendall(raw_request(
                "GET", "/api/v1/users/me",
                X_Request_ID="turn-%d" % number, **people[number].headers))
            # The worker has read it when it has answered this.
            assert client.get("/healthz").status_code == 200

        with transaction(server, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"):
            send(0)
            wait_for_waiting(server, 1)
            send(1)
            status, headers, body = read_raw_answer(waiting[1])
            for number in (4, 2, 3):
                send(number)
        assert [read_raw_answer(waiting[number])[0]
                for number in (4, 2, 3)] == [200] * 3

    assert status == 503, body
    assert int(headers["retry-after"]) >= 1
    server.wait_for_log("turn-3")
    # By the server's clock: this process may be busy.
    took = server.wait_for_log("turn-1")["duration_us"] / 1e6
    assert SECONDS - 0.1 < took < SECONDS + 2
    turns = [line["request_id"] for line in server.log()
             if line.get("event") == "request" and
             line.get("request_id", "").startswith("turn-")]
    assert turns == ["turn-%d" % number for number in (1, 0, 4, 2, 3)]
    for connection in waiting:
        connection.close()
