# SPDX-License-Identifier: ISC
"""One request at a time: pipelining, closing, the log."""

import json
import socket
import time

import pytest

from helpers import bearer, check_error, raw_connection
from runner import wait_for
from wire import GET, HOST, POST, WAIT, Answers, check_bad, exchange, user_body


def numbered(i, more=b""):
    return GET + b"X-Request-ID: r%d\r\n" % i + more + b"\r\n"


@pytest.mark.parametrize("count", [2, 50, 1000])
def test_pipelined_requests_are_answered_in_order(server, count):
    requests = [numbered(i) for i in range(count - 1)] + [
        numbered(count - 1, b"Connection: close\r\n")]
    answers = exchange(server, b"".join(requests))
    assert [a.headers["x-request-id"] for a in answers] == [
        "r%d" % i for i in range(count)]
    assert {a.status_code for a in answers} == {200}


def test_a_slow_request_is_answered_before_a_fast_one(server):
    """A registration hashes a password, the health page does nothing; the
    registration's body comes late."""
    body = user_body()
    answers = exchange(
        server, POST + b"X-Request-ID: slow\r\nContent-Length: %d\r\n\r\n" %
        len(body) + body[:10], body[10:] + numbered(1) +
        numbered(2, b"Connection: close\r\n"))
    assert [(a.headers["x-request-id"], a.status_code) for a in answers] == [
        ("slow", 201), ("r1", 200), ("r2", 200)]


def test_a_bad_request_after_good_ones_is_refused_in_order(server):
    good, bad = exchange(server, numbered(1) + b"GET / HTTP/1.1\r\n\r\n" +
                         numbered(2))
    assert good.status_code == 200
    check_error(bad, 400, "BAD_REQUEST")


def test_pipelined_bytes_wait_and_are_not_lost(server):
    """Half of the second request comes with the first."""
    second = numbered(2, b"Connection: close\r\n")
    answers = exchange(server, numbered(1) + second[:30], second[30:],
                       pause=0.3)
    assert [a.headers["x-request-id"] for a in answers] == ["r1", "r2"]


def test_requests_behind_a_close_are_not_served(server):
    answers = exchange(server, numbered(1, b"Connection: close\r\n") +
                       numbered(2))
    assert [a.headers["x-request-id"] for a in answers] == ["r1"]


@pytest.mark.parametrize("version, connection, kept", [
    (b"1.1", b"", True), (b"1.1", b"Connection: Close\r\n", False),
    (b"1.1", b"Connection: x, close\r\n", False),
    (b"1.1", b"Connection: x\r\nConnection: close\r\n", False),
    (b"1.1", b"Connection: keep-alive\r\n", True), (b"1.0", b"", False),
    (b"1.0", b"Connection: keep-alive\r\n", True),
    (b"1.0", b"Connection: keep-alive, close\r\n", False)])
def test_keep_alive_by_version_and_header(server, version, connection, kept):
    with raw_connection(server) as c:
        c.settimeout(WAIT)
        c.sendall(b"GET /healthz HTTP/" + version + b"\r\n" + HOST +
                  connection + b"\r\n")
        answers = Answers(c)
        assert answers.next().headers["connection"] == (
            "keep-alive" if kept else "close")
        if kept:
            c.sendall(numbered(1))
            assert answers.next().status_code == 200
        else:
            assert answers.next() is None


@pytest.mark.parametrize("method", [b"PATCH", b"PUT", b"DELETE"])
def test_http_1_0_accepts_every_method(server, method):
    [answer] = exchange(server, method + b" /healthz HTTP/1.0\r\n" + HOST +
                        b"\r\n")
    check_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_refusal_is_logged_with_its_id_and_counted(server):
    before = server.metrics()['keel_requests_total{status="4xx"}']
    answer = check_bad(server, GET + b"Host: b\r\n\r\n")
    request_id = answer.headers["x-request-id"]
    [line] = wait_for(lambda: [event for event in server.log() if
                               event.get("request_id") == request_id])
    assert line["event"] == "refused"
    assert line["status"] == 400
    assert line["client"] == "127.0.0.1"
    wait_for(lambda: server.metrics()[
        'keel_requests_total{status="4xx"}'] > before)


def test_a_refusal_keeps_a_good_request_id(server):
    [answer] = exchange(server, b"GET /healthz HTTP/1.1\r\n"
                        b"X-Request-ID: mine\r\n" + HOST + HOST + b"\r\n")
    assert answer.headers["x-request-id"] == "mine"


def test_the_admin_listener_has_the_same_guard(server):
    for request, status in ((GET + b"Content-Length: 5\r\n\r\nhello", 400),
                            (b"\x16\x03\x01\x02\x00", 400),
                            (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 501)):
        with socket.create_connection(
                ("127.0.0.1", server.admin_port), timeout=WAIT) as connection:
            connection.sendall(request)
            [answer] = Answers(connection).all()
        assert answer.status_code == status


def test_a_large_response_is_sent_whole_to_a_slow_reader(server):
    """The response to a hundred errors is larger than a small window."""
    body = json.dumps({"x" * 90 + str(i): 1 for i in range(1000)}).encode()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.connect(("127.0.0.1", server.port))
    with server.tls().wrap_socket(raw, server_hostname="127.0.0.1") as c:
        c.settimeout(WAIT)
        c.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body +
                  numbered(1, b"Connection: close\r\n"))
        time.sleep(1)
        first, second = Answers(c).all()
    assert first.status_code == 422
    assert len(first.json()["error"]["details"]) == 100
    assert second.status_code == 200


def test_a_half_read_response_does_not_delay_others(server):
    with raw_connection(server) as connection, server.client() as client:
        connection.sendall(numbered(1) * 2000)
        started = time.monotonic()
        for _ in range(20):
            assert client.get("/healthz").status_code == 200
        # The server waits for such a reader for 30 seconds.
        assert time.monotonic() - started < 20


def test_bearer_tokens_of_16_kib_do_no_harm(client):
    answer = client.get("/api/v1/users/me", headers=bearer("x" * 15000))
    assert answer.status_code == 401
