# SPDX-License-Identifier: ISC
"""The server as a process: where it listens, its limits, and that nothing is
left of it."""

import os
import re
import resource
import signal
import socket
import time

import pytest

from helpers import raw_connection, raw_request
from server import read_text, session_processes


def accepts(host, port):
    try:
        socket.create_connection((host, port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def open_files(pid):
    """How many descriptors the process may have, and could."""
    limits = read_text("/proc/%d/limits" % pid)
    return tuple(int(number) for number in re.search(
        r"^Max open files +(\d+) +(\d+)", limits, re.M).groups())


@pytest.fixture(scope="module")
def everywhere(start_module_server):
    return start_module_server(KEEL_HOST="0.0.0.0", KEEL_WORKERS="2")


def test_the_admin_listener_is_on_loopback_only(everywhere):
    """Whatever the address of the API is: /metrics has no access control."""
    assert accepts("127.0.0.2", everywhere.port)
    assert accepts("127.0.0.1", everywhere.admin_port)
    assert not accepts("127.0.0.2", everywhere.admin_port)
    assert "keel: ready on https://0.0.0.0:%d (" % everywhere.port in \
        everywhere.output()


def test_the_numbers_of_open_files(everywhere):
    """The parent loops over all that it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert open_files(everywhere.parent())[0] == min(4096, soft)
    for pid in everywhere.workers():
        assert 2048 <= open_files(pid)[0] <= 4096


@pytest.mark.parametrize("port", ["port", "admin_port"])
def test_a_port_that_another_server_has(make_server, everywhere, port):
    setting = "KEEL_" + port.upper()
    other = make_server(**{setting: str(getattr(everywhere, port))})
    done = other.command("serve", timeout=20)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "keel: cannot listen on 127.0.0.1 port %d: Address already in use: set "
        "%s to another one\n" % (getattr(everywhere, port), setting))


def test_it_starts_again_on_its_ports(everywhere):
    """A connection that the server has closed is in TIME_WAIT for a minute."""
    with raw_connection(everywhere) as connection:
        connection.sendall(raw_request("GET", "/healthz", Connection="close"))
        while connection.recv(65536):
            pass
    everywhere.end()
    everywhere.start()
    assert accepts("127.0.0.1", everywhere.port)


def test_workers_do_not_outlive_their_parent(everywhere):
    session = everywhere.process.pid
    os.kill(everywhere.parent(), signal.SIGKILL)
    everywhere.process.wait(10)
    deadline = time.monotonic() + 10
    while session_processes(session):
        assert time.monotonic() < deadline, [read_text(
            "/proc/%d/cmdline" % pid) for pid in session_processes(session)]
        time.sleep(0.02)
    everywhere.process = None
    everywhere.start()
