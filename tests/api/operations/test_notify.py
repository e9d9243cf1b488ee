# SPDX-License-Identifier: ISC
"""What the service manager is told: sd_notify(3)."""

import contextlib
import os
import signal
import socket

import pytest

from helpers import raw_connection, raw_request, read_raw_answer
from server import STOP_SECONDS


@contextlib.contextmanager
def manager(name):
    """Its socket: what is sent to it, in order."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(name.replace("@", "\0"))
        s.settimeout(20)
        yield lambda: s.recv(1000).decode()


@pytest.mark.parametrize("kind", ["/", "@"])
def test_a_server_says_when_it_is_ready_and_when_it_stops(
        make_server, tmp_path, kind):
    name = kind + str(tmp_path).strip("/") + "/notify"
    server = make_server(NOTIFY_SOCKET=name)
    with manager(name) as told:
        server.start()
        assert told() == "READY=1"
        with raw_connection(server) as idle:
            idle.sendall(raw_request("GET", "/healthz"))
            assert read_raw_answer(idle)[0] == 200
            server.process.send_signal(signal.SIGTERM)
            assert told() == "STOPPING=1"
        assert server.process.wait(STOP_SECONDS) == 0
    server.process = None


def test_a_runner_does_so_too(make_server, start_runner, tmp_path):
    name = str(tmp_path) + "/notify"
    with manager(name) as told:
        runner = start_runner(make_server(), NOTIFY_SOCKET=name)
        assert told() == "READY=1"
        runner.terminate()
        assert told() == "STOPPING=1"


@pytest.mark.parametrize("name", ["none", "/nowhere/notify", "", "@",
                                  "/" + "x" * 108, "@" + "x" * 108])
def test_a_manager_that_does_not_listen_is_no_harm(start_server, name):
    server = start_server(NOTIFY_SOCKET=name)
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    assert os.path.exists("/proc/%d" % server.process.pid)
