# Copyright (c) 2026 The Keel authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
"""HTTP itself: methods, headers, request ids, unknown paths and queries."""
"""The wire guard: what a client may send, byte by byte, and what it gets for
what it may not. Every one of these reached Kore's own parser once, which lost
requests, mixed them up, or stopped the server."""

import json
import re
import socket
import ssl
import time

import httpx
import pytest

from helpers import (bearer, check_error, new_user, raw_connection, register,
                     sign_in)

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
POST = b"POST /api/v1/users HTTP/1.1\r\n" + HOST + \
    b"Content-Type: application/json\r\n"
OK = b'{"status":"ok"}'
WAIT = 10  # seconds; every answer comes at once


class Answers:
    """The answers on one connection, one after the other."""

    def __init__(self, connection):
        self.connection = connection
        self.data = b""

    def more(self):
        try:
            data = self.connection.recv(65536)
        except (ssl.SSLEOFError, ConnectionResetError):
            data = b""
        self.data += data
        return data != b""

    def next(self, head=False):
        """The next one, as httpx.Response; None when there is none."""
        while b"\r\n\r\n" not in self.data:
            if not self.more():
                assert self.data == b""
                return None
        top, _, rest = self.data.partition(b"\r\n\r\n")
        lines = top.split(b"\r\n")
        status = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [A-Za-z -]*", lines[0])
        assert status, lines[0]
        headers = [line.split(b": ", 1) for line in lines[1:]]
        length = int(dict(headers).get(b"content-length", b"0"))
        while not head and len(rest) < length:
            assert self.more(), "the body is cut short"
            _, _, rest = self.data.partition(b"\r\n\r\n")
        length = 0 if head else length
        self.data = rest[length:]
        return httpx.Response(int(status[1]), headers=headers,
                              content=rest[:length])

    def all(self):
        """Those until the server closes."""
        found = []
        while (answer := self.next()) is not None:
            found.append(answer)
        return found


def exchange(server, *parts, pause=0.05):
    """Sends the parts, one record each; the answers until the server closes,
    which it has to."""
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        for part in parts:
            connection.sendall(part)
            if part is not parts[-1]:
                time.sleep(pause)
        return Answers(connection).all()


def check_refused(server, request, status, code, message=None):
    """One answer, in the envelope, and the connection is closed."""
    [answer] = exchange(server, request)
    check_error(answer, status, code, message)
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["server"] == "keel"
    assert "date" in answer.headers
    return answer


def check_bad(server, request, message=None):
    return check_refused(server, request, 400, "BAD_REQUEST", message)


# Framing: where does a request end?

def test_transfer_encoding_beside_content_length_is_400(server):
    for lines in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                  b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
                  b"Content-Length: 5\r\n" + b"X: y\r\n" * 30 +
                  b"Transfer-Encoding: chunked\r\n"):
        check_bad(server, POST + lines + b"\r\n0\r\n\r\n",
                  "Content-Length beside Transfer-Encoding")


@pytest.mark.parametrize("coding, status", [
    (b"gzip", 501), (b"identity", 501), (b"gzip, chunked", 501),
    (b"chunked, chunked", 501), (b"xchunked", 501), (b"", 501),
    (b"chunked\r\nTransfer-Encoding: chunked", 400)])
def test_other_transfer_codings_are_not_implemented(server, coding, status):
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


def test_a_client_that_goes_on_sending_gets_its_413(server):
    """20 MB are on their way when the answer is sent: it must arrive."""
    [answer] = exchange(server, POST + b"Content-Length: 20000000\r\n\r\n" +
                        b"x" * 500000)
    check_error(answer, 413, "CONTENT_TOO_LARGE")


def test_a_client_that_is_long_about_sending_gets_its_413(server):
    """It looks for an answer only when it has sent all of its body."""
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
def test_no_body_where_none_belongs(server, method, framing):
    """A body that Kore does not expect is its next request: smuggling."""
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


def user_body():
    return json.dumps(new_user()).encode()


def chunks(data, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (
        data[i:i + size] for i in range(0, len(data), size)))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_is_put_together(server, size):
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
    b"ffffffffffffffff1\r\n"])
def test_a_malformed_chunked_body_is_400(server, body):
    check_bad(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" + body,
              "The chunked body is not valid")


def test_a_chunked_body_too_large_is_413(server):
    check_refused(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" +
                  chunks(b"x" * 140000, 10000), 413, "CONTENT_TOO_LARGE")


def test_expect_100_continue_is_answered(server):
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


def test_content_length_1_with_20_mb_behind_it(server):
    """The bytes behind the body are no request: the first is answered, they
    are refused, and nobody else waits."""
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
    assert worst < 1
    first, second = exchange(server, POST + b"Content-Length: 1\r\n\r\n{" +
                             b"x" * 100000)
    check_error(first, 400, "INVALID_JSON")
    check_error(second, 414, "URI_TOO_LONG")


# The bytes of a head

BAD_HEADS = {
    "nul in the target": b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "nul in a value": GET + b"X: a\x00b\r\n\r\n",
    "nul in a name": GET + b"X\x00: a\r\n\r\n",
    "bare cr": GET + b"X: a\rY: b\r\n\r\n",
    "bare cr at a line's start": GET + b"\rX: a\r\n\r\n",
    "bare lf": GET + b"X: a\nY: b\r\n\r\n",
    "lf for all line ends": b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
    "folded line": GET + b"X: a\r\n b\r\n\r\n",
    "folded by a tab": GET + b"X: a\r\n\tb\r\n\r\n",
    "folded first line": b"GET / HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n",
    "bell": GET + b"X: a\x07b\r\n\r\n",
    "escape": GET + b"X: \x1b[31m\r\n\r\n",
    "delete": GET + b"X: \x7f\r\n\r\n",
    "blank before the colon": GET + b"X : a\r\n\r\n",
    "no colon": GET + b"X\r\n\r\n",
    "no name": GET + b": a\r\n\r\n",
    "brackets in a name": GET + b"X[]: a\r\n\r\n",
    "not ascii in a name": GET + b"X\xc3\xa9: a\r\n\r\n",
    "authorization twice": GET + b"Authorization: Bearer a\r\n"
                                 b"authorization: Bearer b\r\n\r\n",
    "content-type twice": POST + b"Content-Type: text/plain\r\n\r\n",
    "no version": b"GET / \r\n" + HOST + b"\r\n",
    "http/0.9": b"GET /\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
    "tab": b"GET\t/\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "more than three words": b"GET / HTTP/1.1 x\r\n" + HOST + b"\r\n",
    "blank first": b" GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "version in lower case": b"GET / http/1.1\r\n" + HOST + b"\r\n",
    "version with a plus": b"GET / HTTP/+1.1\r\n" + HOST + b"\r\n",
    "version of three parts": b"GET / HTTP/1.1.1\r\n" + HOST + b"\r\n",
    "bad method": b"G<T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "garbage first": b"Extra lineGET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no target": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "target without a slash": b"GET healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "fragment": b"GET /healthz#a HTTP/1.1\r\n" + HOST + b"\r\n",
    "not ascii in the target": b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n",
    "star for get": b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
    "another scheme": b"GET ftp://127.0.0.1/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "user in the target": b"GET https://u@127.0.0.1/ HTTP/1.1\r\n" + HOST +
                          b"\r\n",
    "three empty lines first": b"\r\n\r\n\r\n" + GET + b"\r\n",
    "a client of tls in tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_a_bad_head_is_400(server, name):
    check_bad(server, BAD_HEADS[name])


@pytest.mark.parametrize("name", BAD_HEADS)
def test_a_bad_head_in_single_bytes_is_400(server, name):
    head = BAD_HEADS[name]
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        try:
            for i in range(len(head)):
                connection.sendall(head[i:i + 1])
        except OSError:
            pass    # refused before its end
        [answer] = Answers(connection).all()
    check_error(answer, 400, "BAD_REQUEST")


@pytest.mark.parametrize("head", [
    GET + b"X:\r\n\r\n", GET + b"X: \r\nY:\t\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nhoSt:\t127.0.0.1 \r\nempty:\r\n\r\n",
    GET + b"X: \xc3\xa9\xff\r\n\r\n", b"\r\n" + GET + b"\r\n",
    GET + b"Accept: */*\r\nAccept: text/html\r\n\r\n",
    b"GET /healthz HTTP/1.2\r\n" + HOST + b"\r\n",
    GET + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"])
def test_an_odd_but_good_head_is_served(server, head):
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        connection.sendall(head)
        answer = Answers(connection).next()
    assert (answer.status_code, answer.content) == (200, OK)
    assert answer.headers["connection"] == "keep-alive"


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"BREW", b"get",
                                    b"PROPFIND", b"X" * 1000])
def test_an_unknown_method_is_501(server, method):
    check_refused(server, method + b" / HTTP/1.1\r\n" + HOST + b"\r\n", 501,
                  "NOT_IMPLEMENTED")


@pytest.mark.parametrize("version", [b"2.0", b"9.9", b"0.9"])
def test_another_version_is_505(server, version):
    check_refused(server, b"GET / HTTP/" + version + b"\r\n" + HOST + b"\r\n",
                  505, "HTTP_VERSION_NOT_SUPPORTED")


def test_a_target_too_long_is_414(server):
    for length in (1998, 1999, 5000, 16300, 16400, 30000):
        head = b"GET /" + b"x" * (length - 1) + b" HTTP/1.1\r\n" + HOST
        [answer] = exchange(server, head + b"Connection: close\r\n\r\n")
        if length <= 1998:
            check_error(answer, 404, "NOT_FOUND")
        else:
            check_error(answer, 414, "URI_TOO_LONG")


def test_up_to_100_header_lines_count(server):
    """Kore holds 23: beyond them it once lost Authorization."""
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user).encode()
    for lines in (21, 22, 23, 24, 50, 97):
        [answer] = exchange(
            server, b"GET /api/v1/users/me HTTP/1.1\r\n" + HOST +
            b"".join(b"X-%d: y\r\n" % i for i in range(lines)) +
            b"Authorization: Bearer " + token + b"\r\n"
            b"Connection: close\r\n\r\n")
        assert answer.status_code == 200, (lines, answer.text)


def test_more_than_100_header_lines_are_431(server):
    check_refused(server, GET + b"X: y\r\n" * 100 + b"\r\n", 431,
                  "REQUEST_HEADER_FIELDS_TOO_LARGE")


def test_header_lines_of_more_than_16_kib_are_431(server):
    for line in (b"X: " + b"y" * 16384 + b"\r\n", b"X: y" * 4200 + b"\r\n",
                 (b"X: " + b"y" * 1000 + b"\r\n") * 17):
        for first in (b"", b"\r\n", b"\r\n\r\n"):
            check_refused(server, first + GET + line + b"\r\n", 431,
                          "REQUEST_HEADER_FIELDS_TOO_LARGE")


def test_a_head_of_just_under_16_kib_is_served(server):
    rest = GET + b"Connection: close\r\nX: \r\n\r\n"
    head = rest.replace(b"X: ", b"X: " + b"y" * (16384 - len(rest)))
    [answer] = exchange(server, head)
    assert answer.status_code == 200


# Host

@pytest.mark.parametrize("lines", [
    b"", b"Host: a\r\nHost: a\r\n", b"Host: a\r\nHost: b\r\n", b"Host:\r\n",
    b"HostEvil: 127.0.0.1\r\n", b"Host : a\r\n", b"Host: a b\r\n",
    b"Host: a/b\r\n", b"Host: u@a\r\n", b"Host: a,b:c\r\n", b"Host: [::1\r\n",
    b"Host: [x]\r\n", b"Host: a:80:80\r\n", b"Host: a\\b\r\n", b"Host: <a>\r\n",
    b"Host: " + b"a" * 254 + b"\r\n"])
def test_a_request_has_exactly_one_good_host(server, lines):
    check_bad(server, b"GET /healthz HTTP/1.1\r\n" + lines + b"\r\n")


def test_host_evil_is_not_taken_for_host(server):
    [answer] = exchange(server, b"GET /healthz HTTP/1.1\r\nHostEvil: evil\r\n"
                        + HOST + b"Connection: close\r\n\r\n")
    assert answer.status_code == 200


def test_no_link_is_made_from_host(server):
    body = user_body()
    [answer] = exchange(
        server, b"POST /api/v1/users HTTP/1.1\r\nHost: evil.example\r\n"
        b"Content-Type: application/json\r\nConnection: close\r\n"
        b"X-Forwarded-Host: evil.example\r\nContent-Length: %d\r\n\r\n" %
        len(body) + body)
    assert answer.status_code == 201
    assert answer.headers["location"].startswith("/api/v1/users/")
    assert "evil" not in str(answer.headers)


def test_a_host_other_than_tls_named_is_421(server):
    for host, status in ((b"localhost", 200), (b"LOCALHOST:1", 200),
                         (b"evil.example", 421), (b"127.0.0.1", 421)):
        with socket.create_connection(("127.0.0.1", server.port)) as raw, \
                server.tls().wrap_socket(
                    raw, server_hostname="localhost") as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: " + host +
                               b"\r\nConnection: close\r\n\r\n")
            [answer] = Answers(connection).all()
        assert answer.status_code == status
        if status == 421:
            check_error(answer, 421, "MISDIRECTED_REQUEST")


@pytest.mark.parametrize("target", [
    b"https://127.0.0.1/healthz", b"http://127.0.0.1:80/healthz",
    b"HTTPS://[::1]:8888/healthz"])
def test_an_absolute_target_is_as_good_as_a_path(server, target):
    [answer] = exchange(server, b"GET " + target + b" HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n\r\n")
    assert (answer.status_code, answer.content) == (200, OK)


def test_over_ipv6(start_server):
    """Kore does not find the port in a name there."""
    server = start_server(KEEL_HOST="::1")
    for host, answered in ((b"localhost:8888", 200), (b"localhost", 200),
                           (b"[::1]:8888", 421), (b"evil:1", 421)):
        with socket.create_connection(("::1", server.port)) as raw, \
                server.tls().wrap_socket(
                    raw, server_hostname="localhost") as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: " + host +
                               b"\r\nX-Request-ID: v6\r\n"
                               b"Connection: close\r\n\r\n")
            [answer] = Answers(connection).all()
        assert answer.status_code == answered
    assert server.wait_for_log("v6")["client"] == "::1"


def test_options_star_is_about_the_server(server):
    [answer] = exchange(server, b"OPTIONS * HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n\r\n")
    assert answer.status_code == 204
    assert "PATCH" in answer.headers["allow"]


# One request at a time

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
    """A registration takes a password hash, the health page nothing; the
    registration's body comes late."""
    body = user_body()
    answers = exchange(
        server, POST + b"X-Request-ID: slow\r\nContent-Length: %d\r\n\r\n" %
        len(body) + body[:10], body[10:] + numbered(1) +
        numbered(2, b"Connection: close\r\n"))
    assert [(a.headers["x-request-id"], a.status_code) for a in answers] == [
        ("slow", 201), ("r1", 200), ("r2", 200)]


def test_a_bad_request_behind_good_ones_is_refused_in_its_turn(server):
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
def test_who_closes_the_connection(server, version, connection, kept):
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
def test_http_1_0_knows_every_method(server, method):
    [answer] = exchange(server, method + b" /healthz HTTP/1.0\r\n" + HOST +
                        b"\r\n")
    check_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_refusal_is_logged_with_its_id_and_counted(server):
    before = server.metrics()['keel_requests_total{status="4xx"}']
    answer = check_bad(server, GET + b"Host: b\r\n\r\n")
    request_id = answer.headers["x-request-id"]
    deadline = time.monotonic() + 5
    while request_id not in server.output():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    [line] = [event for event in server.log()
              if event.get("request_id") == request_id]
    assert line["event"] == "refused"
    assert line["status"] == 400
    assert line["client"] == "127.0.0.1"
    assert server.metrics()['keel_requests_total{status="4xx"}'] > before


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


def test_a_large_answer_is_sent_whole_to_a_slow_reader(server):
    """A hundred mistakes make an answer that no small window holds."""
    body = json.dumps({"x" * 90 + str(i): 1 for i in range(1000)}).encode()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.connect(("127.0.0.1", server.port))
    with server.tls().wrap_socket(raw, server_hostname="127.0.0.1") as c:
        c.settimeout(WAIT)
        c.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body +
                  numbered(1, b"Connection: close\r\n"))
        time.sleep(2)
        first, second = Answers(c).all()
    assert first.status_code == 422
    assert len(first.json()["error"]["details"]) == 100
    assert second.status_code == 200


def test_a_half_read_answer_does_not_keep_others_waiting(server):
    with raw_connection(server) as connection, server.client() as client:
        connection.sendall(numbered(1) * 2000)
        started = time.monotonic()
        for _ in range(20):
            assert client.get("/healthz").status_code == 200
        assert time.monotonic() - started < 5


def test_bearer_tokens_of_16_kib_do_no_harm(client):
    answer = client.get("/api/v1/users/me", headers=bearer("x" * 15000))
    assert answer.status_code == 401
