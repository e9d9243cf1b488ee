# SPDX-License-Identifier: ISC
"""A hundred rows of 200 KB: libpq grows its buffers with mremap, which a
worker's seccomp filter must allow."""

import json

from helpers import read_me
from people import add_people

SIZE = 200 * 1024
BODY_MAX = 131072
TIMES = 100


def widen(server):
    """users.name accepts any text. Call it before the server starts."""
    server.sql("ALTER TABLE users ALTER name TYPE text")


def restarts(server):
    return server.metrics()["keel_worker_restarts_total"]


def test_a_row_of_200_kb_is_read_a_hundred_times(make_server):
    server = make_server()
    widen(server)
    server.start()
    workers = server.workers()
    big = "é" * (SIZE // 2)
    [person] = add_people(server, "user")
    person.set(name=big)
    with server.client() as client:
        for _ in range(TIMES):
            answer = read_me(client, person.token)
            assert answer.status_code == 200
            assert answer.json()["name"] == big
    assert restarts(server) == 0
    assert server.workers() == workers


def test_a_row_of_200_kb_is_written_a_hundred_times(make_server):
    """A body is smaller: a trigger makes the row that large, and RETURNING
    returns it."""
    server = make_server()
    widen(server)
    server.sql(
        "CREATE FUNCTION grow() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN NEW.name := repeat(NEW.name, %d); RETURN NEW; END $$; "
        "CREATE TRIGGER grow BEFORE UPDATE OF name ON users FOR EACH ROW "
        "EXECUTE FUNCTION grow()" % (SIZE // 64))
    server.start()
    workers = server.workers()
    [person] = add_people(server, "user")
    with server.client() as client:
        for _ in range(TIMES):
            answer = client.patch("/api/v1/users/me", headers=person.headers,
                                  json={"name": "x" * 64})
            assert answer.status_code == 200, answer.text
            assert answer.json()["name"] == "x" * SIZE
    assert restarts(server) == 0
    assert server.workers() == workers
    server.wait_for_rest()


def test_the_largest_body_is_accepted_a_hundred_times(client, server):
    workers = server.workers()
    [person] = add_people(server, "user")
    body = json.dumps({"name": "Somebody else"})
    body += " " * (BODY_MAX - len(body))
    for _ in range(TIMES):
        answer = client.patch("/api/v1/users/me", content=body, headers={
            **person.headers, "Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
    assert server.workers() == workers
    assert restarts(server) == 0
