# SPDX-License-Identifier: ISC
"""More requests at once than a worker runs: the others wait for a moment."""

import contextlib
import json
import selectors
import time

import pytest

from helpers import raw_connection, raw_request, read_raw_answer
from people import add_people, transaction
from runner import wait_for
from server import IS_ASAN

RUNNING = 512
MORE = 40
LOCK = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
BUSY = "The server is busy"
WAIT_WORST = 2.5        # seconds; 1 is promised
ATTEMPTS = 3            # a busy machine may hold the requests up for too long
SOON = 2                # seconds; by then, none waits any more

pytestmark = pytest.mark.skipif(IS_ASAN, reason="so many stacks take long")


class Crowd:
    """Connections that each send a request at the same time."""

    def __init__(self, server, stack):
        [self.reader] = add_people(server, "user")
        self.server = server
        self.connections = [stack.enter_context(raw_connection(server))
                            for _ in range(RUNNING + MORE)]
        self.request = raw_request("GET", "/api/v1/users/me",
                                   **self.reader.headers)

    @contextlib.contextmanager
    def held(self):
        """All have sent theirs, and none can be answered by the database. Was
        it seen in time that as many as are too many wait?"""
        with transaction(self.server, LOCK):
            for connection in self.connections:
                connection.sendall(self.request)
            self.sent = time.monotonic()
            yield self.is_queue_seen()

    def is_queue_seen(self):
        while time.monotonic() < self.sent + SOON:
            if self.server.metrics()["keel_queued"] == MORE:
                return True
        return False

    def first_answers(self, count):
        """The first responses that come in time, and their connections."""
        found = []
        deadline = self.sent + WAIT_WORST
        with selectors.DefaultSelector() as selector:
            for connection in self.connections:
                selector.register(connection, selectors.EVENT_READ)
            while len(found) < count and time.monotonic() < deadline:
                for key, _ in selector.select(0.1):
                    selector.unregister(key.fileobj)
                    found.append((key.fileobj,
                                  read_raw_answer(key.fileobj)))
        return found


@pytest.fixture(scope="module")
def crowd(start_module_server):
    server = start_module_server(KEEL_WORKERS="1",
                                 KEEL_CONNECTIONS_PER_ADDRESS="1000")
    with contextlib.ExitStack() as stack:
        yield Crowd(server, stack)


def test_those_that_wait_are_served(crowd):
    for _ in range(ATTEMPTS):
        with crowd.held() as seen:
            pass
        statuses = {read_raw_answer(connection)[0]
                    for connection in crowd.connections}
        if seen and statuses == {200}:
            break
    assert seen and statuses == {200}
    assert crowd.server.metrics()["keel_queued"] == 0


def test_none_waits_for_more_than_a_second(crowd):
    """The others, which run, may still wait for the database."""
    for _ in range(ATTEMPTS):
        lines = len(crowd.server.log(BUSY))
        with crowd.held() as seen:
            refused = crowd.first_answers(MORE)
        gone = [connection for connection, _ in refused]
        others = [read_raw_answer(connection)[0]
                  for connection in crowd.connections
                  if connection not in gone]
        if seen and len(gone) == MORE and all(
                BUSY in body.decode() for _, (_, _, body) in refused):
            break
    assert seen
    for _, (status, headers, body) in refused:
        error = json.loads(body)["error"]
        assert (status, error["code"], error["message"]) == (
            503, "SERVICE_UNAVAILABLE", BUSY)
        assert int(headers["retry-after"]) >= 1
    assert len(others) == RUNNING and set(others) <= {200, 503}
    assert crowd.server.metrics()["keel_queued"] == 0
    wait_for(lambda: len(crowd.server.log(BUSY)) == lines + MORE)


def leave(server, body, crowd):
    with raw_connection(server) as leaving:
        leaving.sendall(raw_request(
            "POST", "/api/v1/posts", body, **crowd.reader.headers,
            Content_Type="application/json"))
        wait_for(lambda: server.metrics()["keel_connections"] ==
                 len(crowd.connections) + 1)
    wait_for(lambda: server.metrics()["keel_queued"] <= MORE)


def test_who_leaves_while_they_wait_is_not_served(crowd):
    server = crowd.server
    body = json.dumps({"title": "Too late", "content": ""}).encode()
    for _ in range(ATTEMPTS):
        with crowd.held() as seen:
            if seen:
                leave(server, body, crowd)
        for connection in crowd.connections:
            read_raw_answer(connection)
        if seen:
            break
    assert seen
    assert server.metrics()["keel_queued"] == 0
    assert server.sql("SELECT count(*) FROM posts") == [(0,)]
