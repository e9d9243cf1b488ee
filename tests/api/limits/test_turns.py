# SPDX-License-Identifier: ISC
"""Connections take turns: whoever sends without end does not keep a worker from
the others. The unit tests of src/wire count what a turn is."""

import pytest

from helpers import raw_connection
from key_updates import KeyUpdates, answered_meanwhile
from server import IS_ASAN
from wire import GET, Answers

UPDATES = 10000
ATTEMPTS = 3    # a busy machine may stop the client for as long as they take
ENOUGH = 3

pytestmark = pytest.mark.skipif(IS_ASAN, reason="takes long")


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_WORKERS="1")


def test_key_updates_do_not_keep_a_worker(server):
    with raw_connection(server) as connection:
        assert any(
            answered_meanwhile(server.port, connection, UPDATES) >= ENOUGH
            for _ in range(ATTEMPTS))


def test_key_updates_end_no_connection(server):
    """What comes after them is read with the new key."""
    with KeyUpdates(server.port) as client:
        client.socket.sendall(client.make(1000))
        client.send(GET + b"Connection: close\r\n\r\n")
        answers = Answers(client)
        [answer] = answers.all()
    assert answer.status_code == 200
