# SPDX-License-Identifier: ISC
"""Where a request ends: lengths, chunks, and bodies that are not allowed."""

import ssl
import time

import pytest

from helpers import check_error, raw_connection
from wire import (GET, HOST, POST, WAIT, Answers, check_bad, check_refused,
                  exchange, user_body)


def test_transfer_encoding_beside_content_length_is_400(server):
    for lines in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                  b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
                  b"Content-Length: 5\r\n" + b"X: y\r\n" * 30 +
                  b"Transfer-Encoding: chunked\r\n"):
        check_bad(server, POST + lines + b"\r\n0\r\n\r\n",
                  "Content-Length beside Transfer-Encoding")


@pytest.mark.parametrize("coding, status", [
    (b"gzip", 400), (b"identity", 400), (b"chunked, gzip", 400),
    (b"chunked, chunked", 400), (b"xchunked", 400), (b"", 400),
    (b"chunked,", 400), (b",chunked", 400),
    (b"gzip, chunked", 501), (b"identity, chunked", 501),
    (b"chunked\r\nTransfer-Encoding: chunked", 400)])
def test_chunked_is_the_last_coding_and_the_only_one(server, coding, status):
    """RFC 9112, 6.3: without it at the end nobody knows where the request
    ends."""
    code = {400: "BAD_REQUEST", 501: "NOT_IMPLEMENTED"}[status]
    check_refused(server, POST + b"Transfer-Encoding: " + coding +
                  b"\r\n\r\n0\r\n\r\n", status, code)


@pytest.mark.parametrize("lines", [
    b"Content-Length: 5\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5, 5\r\n", b"Content-Length: +5\r\n",
    b"Content-Length: -5\r\n", b"Content-Length: 5 5\r\n",
    b"Content-Length: 0x5\r\n", b"Content-Length: five\r\n",
    b"Content-Length:\r\n", b"Content-Length: 5.0\r\n",
    b"Content-Length: \xef\xbc\x95\r\n"])
def test_a_content_length_is_one_number(server, lines):
    check_bad(server, POST + lines + b"\r\nhello")


@pytest.mark.parametrize("length", [
    b"131073", b"20000000", b"9223372036854775807", b"9223372036854775808",
    b"18446744073709551617", b"9" * 100])
def test_a_body_too_large_is_413_before_it_is_read(server, length):
    check_refused(server, POST + b"Content-Length: " + length + b"\r\n\r\n",
                  413, "CONTENT_TOO_LARGE")


def test_a_client_that_keeps_sending_gets_its_413(server):
    """20 MB are on their way when the server sends its response."""
    [answer] = exchange(server, POST + b"Content-Length: 20000000\r\n\r\n" +
                        b"x" * 500000)
    check_error(answer, 413, "CONTENT_TOO_LARGE")


def test_a_slow_sender_gets_its_413(server):
    """It reads the response only after it has sent its whole body."""
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        connection.sendall(POST + b"Content-Length: 200000\r\n\r\n")
        for _ in range(50):
            connection.sendall(b"x" * 4000)
            time.sleep(0.1)
        [answer] = Answers(connection).all()
    check_error(answer, 413, "CONTENT_TOO_LARGE")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("framing", [b"Content-Length: 38",
                                     b"Transfer-Encoding: chunked"])
def test_a_body_where_none_is_allowed_is_refused(server, method, framing):
    """Kore would read the body as the next request: request smuggling."""
    hidden = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    request = method.encode() + b" /healthz HTTP/1.1\r\n" + HOST + framing + \
        b"\r\n\r\n"
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        connection.sendall(request)
        time.sleep(0.1)
        connection.sendall(hidden)
        answers = Answers(connection)
        answer = answers.next(head=method == "HEAD")
        assert answer.status_code == 400
        assert answers.next() is None


def test_content_length_0_is_fine_everywhere(server):
    for method in (b"GET", b"DELETE", b"OPTIONS", b"POST", b"PATCH"):
        [answer] = exchange(server, method + b" /nothing HTTP/1.1\r\n" +
                            HOST + b"Content-Length: 0\r\n"
                            b"Connection: close\r\n\r\n")
        check_error(answer, 404, "NOT_FOUND")


def test_a_post_without_a_length_has_no_body(server):
    [answer] = exchange(server, POST + b"Connection: close\r\n\r\n")
    check_error(answer, 400, "INVALID_JSON")


def chunks(data, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (
        data[i:i + size] for i in range(0, len(data), size)))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_is_assembled(server, size):
    [answer] = exchange(server, POST + b"Transfer-Encoding: chunked\r\n"
                        b"Connection: close\r\n\r\n" +
                        chunks(user_body(), size) + b"0\r\n\r\n")
    assert answer.status_code == 201, answer.text


def test_chunk_extensions_and_trailers_are_dropped(server):
    body = user_body()
    [answer] = exchange(
        server, POST + b"Transfer-Encoding: Chunked\r\nConnection: close\r\n"
        b"\r\n" + b"%X;a=b;c=\"d\"\r\n" % len(body) + body + b"\r\n0;x\r\n"
        b"Authorization: Bearer x\r\nContent-Length: 5\r\n\r\n")
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("body", [
    b"z\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"\r\n", b"123456789\r\n",
    b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\n", b"5\r\nhello\r\n0\r\na\x00b\r\n\r\n",
    b"5;\r\nhello\r\n0\r\n\r\n", b"5;a=\r\nhello\r\n0\r\n\r\n",
    b"5;a \r\nhello\r\n0\r\n\r\n", b"5;a=\"\x07\"\r\nhello\r\n",
    b"5\r\nhello\r\n0\r\na\r\n\r\n", b"5\r\nhello\r\n0\r\na : b\r\n\r\n",
    b"ffffffffffffffff1\r\n"])
def test_a_malformed_chunked_body_is_400(server, body):
    check_bad(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" + body,
              "The chunked body is not valid")


def test_a_chunked_body_too_large_is_413(server):
    check_refused(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" +
                  chunks(b"x" * 140000, 10000), 413, "CONTENT_TOO_LARGE")


def test_expect_100_continue_gets_100(server):
    body = user_body()
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        connection.sendall(POST + b"Content-Length: %d\r\nExpect: "
                           b"100-continue\r\n\r\n" % len(body))
        answers = Answers(connection)
        assert answers.next().status_code == 100
        connection.sendall(body)
        assert answers.next().status_code == 201


def test_expect_100_continue_of_a_body_too_large_is_413(server):
    check_refused(server, POST + b"Content-Length: 999999\r\nExpect: "
                  b"100-continue\r\n\r\n", 413, "CONTENT_TOO_LARGE")


def test_another_expectation_is_417(server):
    check_refused(server, GET + b"Expect: 200-ok\r\n\r\n", 417,
                  "EXPECTATION_FAILED")


def longest_wait(server):
    """Of another client, in seconds, while one sends 20 MB after its body."""
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        connection.sendall(POST + b"Content-Length: 1\r\n\r\n{")
        connection.setblocking(False)
        sent, block, deadline = 0, b"x" * 65536, time.monotonic() + 5
        worst = 0
        with server.client() as client:
            while sent < 20000000 and time.monotonic() < deadline:
                try:
                    sent += connection.send(block)
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    pass
                except OSError:
                    break
                started = time.monotonic()
                assert client.get("/healthz").status_code == 200
                worst = max(worst, time.monotonic() - started)
    return worst


def test_content_length_1_followed_by_20_mb(server):
    """The bytes after the body are not a request: the first request gets its
    response, they are refused, and other clients do not wait. If one did,
    perhaps it was the machine that was busy: then two more are asked."""
    assert any(longest_wait(server) < 1 for _ in range(3))
    first, second = exchange(server, POST + b"Content-Length: 1\r\n\r\n{" +
                             b"x" * 100000)
    check_error(first, 400, "INVALID_JSON")
    check_error(second, 414, "URI_TOO_LONG")
