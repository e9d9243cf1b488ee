# SPDX-License-Identifier: ISC
"""Clients that hold scarce resources: memory, connections. The next client is
served all the same."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time

import pytest

from runner import wait_for
from server import IS_ASAN, read_text
from wire import GET, POST

STRANGER = "127.0.0.99"


def connect(server, source, small_window=False):
    plain = socket.socket()
    if small_window:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
    plain.settimeout(10)
    plain.bind((source, 0))
    plain.connect(("127.0.0.1", server.port))
    return server.tls().wrap_socket(plain, server_hostname="127.0.0.1")


def is_served(server):
    """Sends a request on a new connection from another address."""
    with connect(server, STRANGER) as connection:
        connection.sendall(GET + b"Connection: close\r\n\r\n")
        return connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_incomplete_bodies_do_not_block_others(start_server, build_copy):
    """34 MB of bodies without their last byte; all may have 28 MiB. None ends
    by its deadline, however long it takes to send them."""
    server = start_server(KEEL_WORKERS="1", build=build_copy(
        lambda text: re.sub(r"(?m)^(http_body_timeout\s+)\d+$",
                            r"\g<1>600", text)))
    head = POST + b"Content-Length: 131072\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for i in range(265):
            connection = connect(server, "127.0.0.%d" % (2 + i % 2))
            stack.enter_context(connection)
            connection.sendall(head + b" " * 131071)
        for _ in range(5):
            assert is_served(server)
            time.sleep(0.3)
        wait_for(lambda: server.metrics()["keel_wire_memory"] >
                 27 * 1024 * 1024)
        wait_for(lambda: server.metrics()[
            "keel_connections_evicted_total"] > 0)
    server.wait_for_rest()


def unsent(server):
    """The bytes that wait in the kernel for each of the server's clients."""
    here = ":%04X" % server.port
    rows = [line.split() for line in read_text("/proc/net/tcp").splitlines()]
    return [int(row[4].split(":")[0], 16) for row in rows
            if row[1].endswith(here) and row[3] == "01"]


def wait_until_blocked(server):
    """Until nothing was sent for 3 s. A response may then be evicted."""
    before, since = None, time.monotonic()
    deadline = since + 60
    while time.monotonic() - since < 3:
        assert time.monotonic() < deadline
        if (now := unsent(server)) != before:
            before, since = now, time.monotonic()
        time.sleep(0.1)


def test_unread_responses_do_not_block_others(start_server, build_copy):
    server = start_server(
        build=build_copy(lambda text: re.sub(
            r"(?m)^(worker_max_connections\s+)\d+$", r"\g<1>64", text)),
        KEEL_WORKERS="1", KEEL_CONNECTIONS_PER_ADDRESS="64")
    with contextlib.ExitStack() as stack:
        for i in range(56):
            connection = connect(server, "127.0.0.%d" % (2 + i % 4), True)
            stack.enter_context(connection)
            connection.setblocking(False)
            with contextlib.suppress(ssl.SSLWantWriteError, BlockingIOError):
                for _ in range(150):
                    connection.send((GET + b"\r\n") * 20)
        wait_until_blocked(server)
        for _ in range(10):
            assert is_served(server)
        wait_for(lambda: server.metrics()[
            "keel_connections_evicted_total"] > 0)


def test_the_kernel_holds_little_of_an_unread_response(start_server):
    """The docs page's script has 1.7 MB without gzip."""
    server = start_server(KEEL_WORKERS="1")
    with connect(server, "127.0.0.2") as connection:
        connection.sendall(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\n"
                           b"Host: 127.0.0.1\r\n\r\n" * 3)
        assert wait_for(lambda: max(unsent(server)) > 50000)
        assert is_served(server)    # so the worker has sent what it can
        assert max(unsent(server)) < 1000000


HELLOS = """
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
for _ in range(int(sys.argv[2])):
    plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    context.wrap_socket(plain, server_hostname=".".join(["a" * 60] * 4)
                        ).close()
"""

# The server does not support the first group, and requests another hello.
TWO_HELLOS = """
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = default
[default]
Groups = X448:X25519
"""


@pytest.mark.skipif(IS_ASAN, reason="measures memory")
def test_a_second_client_hello_leaks_nothing(start_server):
    server = start_server(KEEL_WORKERS="1")
    [worker] = server.workers()
    config = os.path.join(server.folder, "openssl.cnf")
    with open(config, "w") as f:
        f.write(TWO_HELLOS)

    def say_hello(count):
        subprocess.run([sys.executable, "-c", HELLOS, str(server.port),
                        str(count)], check=True, timeout=180,
                       env=os.environ | {"OPENSSL_CONF": config})
        status = read_text("/proc/%d/status" % worker)
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    before = say_hello(1000)
    assert say_hello(3000) - before < 300     # KiB; a leak is a thousand
