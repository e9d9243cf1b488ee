# SPDX-License-Identifier: ISC
"""Every state of a connection has a deadline, every address has a limit of
connections, and the server always has room for a new client."""

import contextlib
import re
import socket
import ssl
import time

import httpx
import pytest

from helpers import check_error, raw_connection, raw_request
from runner import wait_for
from server import Server
from servers import finish
from wire import GET, POST, Answers

SLACK = 1.5     # seconds: a tick, and a machine that is not too busy
ATTEMPTS = 3    # a busy one may hold either side up for longer


def quick(text):
    for name, seconds in (("http_header_timeout", 2),
                          ("http_body_timeout", 3),
                          ("http_keepalive_time", 4)):
        text, count = re.subn(r"(?m)^(%s\s+)\d+$" % name,
                              r"\g<1>%d" % seconds, text)
        assert count == 1
    return text


@pytest.fixture(scope="module")
def server(start_module_server, module_build_copy):
    """Two seconds for a head, three for a body, four between requests."""
    return start_module_server(build=module_build_copy(quick))


def ends_after(server, sent, seconds, connect=raw_connection,
               read=lambda connection: Answers(connection).all()):
    """The server closes a connection that has sent this after that time, and
    not earlier. What was read from it."""
    for _ in range(ATTEMPTS):
        before = time.monotonic()
        with connect(server) as connection:
            if sent:
                connection.sendall(sent)
            after = time.monotonic()
            connection.settimeout(seconds + 20)
            found = read(connection)
            ended = time.monotonic()
        # Its time begins between the two.
        assert ended - before >= seconds - 0.1
        if ended - after < seconds + SLACK:
            return found
    raise AssertionError("it took %.1f s" % (ended - after))


def test_a_silent_connection_ends_without_a_response(server):
    assert ends_after(server, b"", 2) == []


def test_an_incomplete_head_is_408(server):
    [answer] = ends_after(server, GET, 2)
    check_error(answer, 408, "REQUEST_TIMEOUT", "The request took too long")


def test_a_missing_body_is_408(server):
    for framing in (b"Content-Length: 10\r\n\r\n{",
                    b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
        [answer] = ends_after(server, POST + framing, 3)
        check_error(answer, 408, "REQUEST_TIMEOUT")


@pytest.mark.parametrize("opening, seconds", [
    (GET + b"X: ", 2), (POST + b"Content-Length: 1000\r\n\r\n", 3)],
    ids=["head", "body"])
def test_single_bytes_do_not_extend_the_deadline(server, opening, seconds):
    def go_on_sending(connection):
        """Until there is an answer, or for much too long."""
        started = time.monotonic()
        connection.settimeout(0.2)
        answers = Answers(connection)
        while time.monotonic() - started < seconds + 10:
            with contextlib.suppress(TimeoutError):
                answers.more()
                break
            connection.sendall(b"x")
        connection.settimeout(20)
        return answers.all()

    [answer] = ends_after(server, opening, seconds, read=go_on_sending)
    check_error(answer, 408, "REQUEST_TIMEOUT")


def test_a_kept_connection_ends_without_an_unsolicited_408(server):
    """It may be idle for longer than the time for a head."""
    [answer] = ends_after(server, GET + b"\r\n", 4)
    assert answer.status_code == 200
    assert answer.headers["keep-alive"] == "timeout=4"


def test_a_plain_connection_without_a_handshake_ends(server):
    assert ends_after(
        server, b"", 5, read=lambda plain: plain.recv(1),
        connect=lambda server: socket.create_connection(
            ("127.0.0.1", server.port))) == b""


def test_a_slow_handshake_ends(server):
    """Kore's own timer restarts with every byte."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = server.tls().wrap_bio(incoming, outgoing,
                                   server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in hello:
                plain.sendall(bytes([byte]))
                time.sleep(0.5)
                if time.monotonic() - started > 30:
                    break
        assert time.monotonic() - started < 20


def test_a_connection_whose_responses_are_not_read_ends(start_server):
    """Twenty thousand responses are larger than any window."""
    server = start_server()
    request = raw_request("GET", "/healthz") * 20000
    with raw_connection(server) as connection:
        connection.settimeout(1)
        with contextlib.suppress(TimeoutError, ssl.SSLError):
            connection.sendall(request)
        deadline = time.monotonic() + 40
        while server.metrics()["keel_connections"] > 1:
            assert time.monotonic() < deadline
            time.sleep(0.5)


# The number of connections

def connect(server, source="127.0.0.1"):
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10,
                                     source_address=(source, 0))
    return server.tls().wrap_socket(plain, server_hostname="127.0.0.1")


def ask(connection):
    connection.sendall(GET + b"\r\n")
    return Answers(connection).next().status_code


def connect_unless_refused(server, source="127.0.0.1"):
    try:
        return connect(server, source)
    except (ConnectionError, ssl.SSLError):
        return None


def is_refused(server, source="127.0.0.1"):
    connection = connect_unless_refused(server, source)
    if connection is None:
        return True
    connection.close()
    return False


def test_an_address_has_a_limit_of_connections(start_server):
    server = start_server(KEEL_WORKERS="3", KEEL_CONNECTIONS_PER_ADDRESS="20")
    with contextlib.ExitStack() as stack:
        mine = [stack.enter_context(connect(server)) for _ in range(20)]
        assert {ask(connection) for connection in mine} == {200}
        for _ in range(10):
            assert is_refused(server)
        # Other addresses are not affected.
        other = [stack.enter_context(connect(server, "127.0.0.2"))
                 for _ in range(20)]
        assert {ask(connection) for connection in other + mine} == {200}
        assert is_refused(server, "127.0.0.2")
        assert server.metrics()["keel_connections_refused_total"] >= 11
        mine[0].close()
        newest = wait_for(lambda: connect_unless_refused(server))
        assert ask(stack.enter_context(newest)) == 200
        assert is_refused(server)


def test_a_trusted_proxy_has_no_limit_of_connections(start_server):
    server = start_server(KEEL_CONNECTIONS_PER_ADDRESS="5",
                          KEEL_TRUSTED_PROXIES="127.0.0.0/30")
    with contextlib.ExitStack() as stack:
        mine = [stack.enter_context(connect(server)) for _ in range(30)]
        assert {ask(connection) for connection in mine} == {200}
        for _ in range(5):
            stack.enter_context(connect(server, "127.0.0.7"))
        assert is_refused(server, "127.0.0.7")


@pytest.fixture
def small(cluster, certificates, template, build_copy):
    """One worker with room for 40 connections."""
    build = build_copy(lambda text: re.sub(
        r"(?m)^(worker_max_connections\s+)\d+$", r"\g<1>40", text))
    server = Server(cluster, cluster.database(template), certificates["ec"],
                    build=build, KEEL_WORKERS="1",
                    KEEL_CONNECTIONS_PER_ADDRESS="40")
    try:
        server.start()
        yield server
    finally:
        finish([server])


def test_a_full_server_closes_the_longest_idle_connection(small):
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(connect(small)) for _ in range(32)]
        assert {ask(connection) for connection in kept} == {200}
        time.sleep(0.1)
        for connection in kept[1:]:
            assert ask(connection) == 200
        stack.enter_context(connect(small, "127.0.0.2"))
        kept[0].settimeout(20)
        assert kept[0].recv(1) == b""
        assert {ask(connection) for connection in kept[1:]} == {200}
        assert small.metrics()["keel_connections_evicted_total"] >= 1


def test_silent_connections_do_not_block_others(small):
    """From many addresses, more than the server accepts."""
    with contextlib.ExitStack() as stack:
        for i in range(120):
            plain = socket.create_connection(
                ("127.0.0.1", small.port), timeout=10,
                source_address=("127.0.1.%d" % (i + 1), 0))
            stack.enter_context(plain)
        for _ in range(10):
            with small.client() as client:
                assert client.get("/healthz").status_code == 200


def test_the_admin_listener_has_no_limit_of_connections(start_server):
    server = start_server(KEEL_CONNECTIONS_PER_ADDRESS="2")
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(connect(server))
        assert is_refused(server)
        for _ in range(10):
            client = stack.enter_context(httpx.Client(trust_env=False,
                                                      verify=False))
            answer = client.get(server.admin_url + "/metrics")
            assert answer.status_code == 200
