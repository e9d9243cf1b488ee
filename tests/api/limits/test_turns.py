# SPDX-License-Identifier: ISC
"""Connections take turns: whoever sends without end does not keep a worker from
the others. The unit tests of src/wire count what a turn is."""

import threading

import pytest

from helpers import raw_connection
from key_updates import KeyUpdates
from server import IS_ASAN
from wire import GET, Answers

UPDATES = 10000
ATTEMPTS = 3    # a busy machine may stop the client for as long as they take
ENOUGH = 3


def answered_meanwhile(server):
    """How many requests of another client are answered, one after the other,
    before the server has taken all updates."""
    answered = 0
    with KeyUpdates(server.port) as attacker, \
            raw_connection(server) as connection:
        answers = Answers(connection)
        connection.sendall(GET + b"\r\n")
        assert answers.next().status_code == 200
        records = attacker.make(UPDATES)
        sender = threading.Thread(target=attacker.socket.sendall,
                                  args=(records,))
        sender.start()
        while sender.is_alive() or attacker.unread() > 0:
            connection.sendall(GET + b"\r\n")
            assert answers.next().status_code == 200
            if sender.is_alive() or attacker.unread() > 0:
                answered += 1
        sender.join()
        # Each one was accepted, and the connection still works.
        attacker.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            while attacker.socket.recv(65536):
                pass
    return answered


@pytest.mark.skipif(IS_ASAN, reason="takes long")
def test_key_updates_do_not_keep_a_worker(start_server):
    server = start_server(KEEL_WORKERS="1")
    assert any(answered_meanwhile(server) >= ENOUGH for _ in range(ATTEMPTS))
