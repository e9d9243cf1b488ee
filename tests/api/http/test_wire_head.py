# SPDX-License-Identifier: ISC
"""The bytes of a request head, and Host."""

import socket

import pytest

from helpers import check_error, raw_connection, register, sign_in
from product import NAME
from wire import (GET, HOST, OK, POST, WAIT, Answers, check_bad, check_refused,
                  exchange, user_body)


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
    "percent without digits": b"GET /% HTTP/1.1\r\n" + HOST + b"\r\n",
    "percent with one digit": b"GET /a%1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "percent with letters": b"GET /a%zzb HTTP/1.1\r\n" + HOST + b"\r\n",
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
            pass    # refused before the end
        [answer] = Answers(connection).all()
    check_error(answer, 400, "BAD_REQUEST")


@pytest.mark.parametrize("head", [
    GET + b"X:\r\n\r\n", GET + b"X: \r\nY:\t\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nhoSt:\t127.0.0.1 \r\nempty:\r\n\r\n",
    GET + b"X: \xc3\xa9\xff\r\n\r\n", b"\r\n" + GET + b"\r\n",
    GET + b"Accept: */*\r\nAccept: text/html\r\n\r\n",
    b"GET /healthz HTTP/1.2\r\n" + HOST + b"\r\n",
    GET + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"])
def test_an_unusual_valid_head_is_served(server, head):
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


def test_http_1_0_needs_no_host(server):
    """HAProxy's `option httpchk` sends none. RFC 9112, 3.2: only HTTP/1.1
    must have one."""
    for head in (b"GET /healthz HTTP/1.0\r\n\r\n",
                 b"GET https://127.0.0.1/healthz HTTP/1.0\r\n\r\n"):
        [answer] = exchange(server, head)
        assert (answer.status_code, answer.content) == (200, OK)
        assert answer.headers["connection"] == "close"
    [answer] = exchange(server, b"OPTIONS /healthz HTTP/1.0\r\n\r\n")
    assert answer.status_code == 204
    # What is sent is checked, and later versions are like HTTP/1.1.
    check_bad(server, b"GET /healthz HTTP/1.0\r\nHost: a b\r\n\r\n")
    for version in (b"1.1", b"1.2", b"1.9"):
        check_bad(server, b"GET /healthz HTTP/" + version + b"\r\n\r\n",
                  "The Host header is missing")


def test_http_1_0_on_a_connection_whose_tls_named_a_host(server):
    with socket.create_connection(("127.0.0.1", server.port)) as raw, \
            server.tls().wrap_socket(
                raw, server_hostname="localhost") as connection:
        connection.settimeout(WAIT)
        connection.sendall(b"GET /healthz HTTP/1.0\r\n"
                           b"Connection: keep-alive\r\n\r\n"
                           b"GET /healthz HTTP/1.0\r\n\r\n")
        first, second = Answers(connection).all()
    assert (first.status_code, second.status_code) == (200, 200)


def test_http_1_0_on_the_admin_listener(server):
    with socket.create_connection(("127.0.0.1", server.admin_port)) as plain:
        plain.settimeout(WAIT)
        plain.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        [answer] = Answers(plain).all()
    assert answer.status_code == 200
    assert NAME + "_connections" in answer.text


@pytest.mark.parametrize("version", [b"2.0", b"3.0", b"9.9", b"0.9"])
def test_another_version_is_505(server, version):
    check_refused(server, b"GET / HTTP/" + version + b"\r\n" + HOST + b"\r\n",
                  505, "HTTP_VERSION_NOT_SUPPORTED")


def test_a_target_too_long_is_414(server):
    for length in (1998, 1999, 7999, 8000, 8001, 16300, 16400, 30000):
        head = b"GET /" + b"x" * (length - 1) + b" HTTP/1.1\r\n" + HOST
        [answer] = exchange(server, head + b"Connection: close\r\n\r\n")
        if length <= 8000:
            check_error(answer, 404, "NOT_FOUND")
        else:
            check_error(answer, 414, "URI_TOO_LONG")


def test_a_target_of_8000_bytes_reaches_its_route(server):
    """Kore takes 1,998, so it is given another target."""
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user).encode()
    item = b"/api/v1/users/" + b"x" * 7985
    for target, status, location in (
            (b"/api/v1/users/me?x=".ljust(8000, b"y"), 422, None),
            (item + b"y", 422, None), (item + b"/", 308, item),
            (b"/healthz/?x=".ljust(8000, b"y"), 308,
             b"/healthz?x=".ljust(7999, b"y")),
            (b"https://127.0.0.1" + item[:7983], 422, None)):
        assert len(target) == 8000
        [answer] = exchange(server, b"GET " + target + b" HTTP/1.1\r\n" +
                            HOST + b"Authorization: Bearer " + token +
                            b"\r\nConnection: close\r\n\r\n")
        assert answer.status_code == status, answer.text
        if location is not None:
            assert answer.headers["location"].encode() == location


def test_unreserved_characters_need_no_encoding(server):
    """RFC 9110, 4.2.3: %75 is u, everywhere in a path."""
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user).encode()
    for target, status, location in (
            (b"/%68ealthz", 200, None), (b"/healthz%2F", 404, None),
            (b"/health%7a/", 308, "/healthz"),
            (b"/api/v1/%75sers/m%65", 200, None),
            (b"/api/v1/users%2Fme", 404, None),
            (b"/api/v1/%75sers/%ff", 422, None),
            (b"/api/v1/users/%ff%2fa/", 308, "/api/v1/users/%FF%2Fa"),
            # Dot segments are not resolved: a client does that.
            (b"/api/v1/./users", 404, None), (b"/a/../healthz", 404, None),
            (b"/a/%2e%2E/healthz", 404, None)):
        [answer] = exchange(server, b"GET " + target + b" HTTP/1.1\r\n" +
                            HOST + b"Authorization: Bearer " + token +
                            b"\r\nConnection: close\r\n\r\n")
        assert answer.status_code == status, (target, answer.text)
        assert answer.headers.get("location") == location


def test_the_admin_listener_has_its_own_routes(server):
    for target, status in (("/metrics", 200), ("/%6detrics", 200),
                           ("/healthz", 404), ("/api/v1/users", 404)):
        with socket.create_connection(("127.0.0.1",
                                       server.admin_port)) as plain:
            plain.settimeout(WAIT)
            plain.sendall(b"GET " + target.encode() + b" HTTP/1.1\r\n" +
                          HOST + b"Connection: close\r\n\r\n")
            [answer] = Answers(plain).all()
        assert answer.status_code == status


def test_up_to_100_header_lines_count(server):
    """Kore keeps 23: without the guard, Authorization could be lost."""
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


@pytest.mark.parametrize("lines", [
    b"", b"Host: a\r\nHost: a\r\n", b"Host: a\r\nHost: b\r\n", b"Host:\r\n",
    b"HostEvil: 127.0.0.1\r\n", b"Host : a\r\n", b"Host: a b\r\n",
    b"Host: a/b\r\n", b"Host: u@a\r\n", b"Host: a,b:c\r\n", b"Host: [::1\r\n",
    b"Host: [x]\r\n", b"Host: a:80:80\r\n", b"Host: a\\b\r\n", b"Host: <a>\r\n",
    b"Host: " + b"a" * 254 + b"\r\n"])
def test_a_request_has_exactly_one_good_host(server, lines):
    check_bad(server, b"GET /healthz HTTP/1.1\r\n" + lines + b"\r\n")


def test_host_evil_is_not_host(server):
    [answer] = exchange(server, b"GET /healthz HTTP/1.1\r\nHostEvil: evil\r\n"
                        + HOST + b"Connection: close\r\n\r\n")
    assert answer.status_code == 200


def test_links_do_not_use_host(server):
    body = user_body()
    [answer] = exchange(
        server, b"POST /api/v1/users HTTP/1.1\r\nHost: evil.example\r\n"
        b"Content-Type: application/json\r\nConnection: close\r\n"
        b"X-Forwarded-Host: evil.example\r\nContent-Length: %d\r\n\r\n" %
        len(body) + body)
    assert answer.status_code == 201
    assert answer.headers["location"].startswith("/api/v1/users/")
    assert "evil" not in str(answer.headers)


def ask_localhost(server, address, host):
    """The response to a request with this Host; TLS names localhost."""
    with socket.create_connection((address, server.port)) as raw, \
            server.tls().wrap_socket(
                raw, server_hostname="localhost") as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: " + host +
                           b"\r\nConnection: close\r\n\r\n")
        [answer] = Answers(connection).all()
    return answer


def test_a_host_other_than_the_tls_name_is_421(server):
    for host, status in ((b"localhost", 200), (b"LOCALHOST:1", 200),
                         (b"localhost.", 200), (b"localhost.:1", 200),
                         (b"localhost..", 421), (b".", 421),
                         (b"evil.example", 421), (b"127.0.0.1", 421)):
        answer = ask_localhost(server, "127.0.0.1", host)
        assert answer.status_code == status
        if status == 421:
            check_error(answer, 421, "MISDIRECTED_REQUEST",
                        "The Host header and the server name (SNI) of the "
                        "TLS handshake differ")


def test_a_host_of_only_a_dot_stays_one(server):
    [answer] = exchange(server, b"GET /healthz HTTP/1.1\r\nHost: .\r\n"
                        b"Connection: close\r\n\r\n")
    assert (answer.status_code, answer.content) == (200, OK)


@pytest.mark.parametrize("target", [
    b"https://127.0.0.1/healthz", b"http://127.0.0.1:80/healthz",
    b"HTTPS://[::1]:8888/healthz"])
def test_an_absolute_target_is_accepted(server, target):
    [answer] = exchange(server, b"GET " + target + b" HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n\r\n")
    assert (answer.status_code, answer.content) == (200, OK)


def test_over_ipv6(start_server):
    """Kore does not find the port after such a host."""
    server = start_server(KEEL_HOST="::1")
    for host, status in ((b"evil:1", 421), (b"[::1]:8888", 421),
                         (b"localhost", 200), (b"localhost:8888", 200)):
        answer = ask_localhost(server, "::1", host)
        assert answer.status_code == status
    line = server.wait_for_log(answer.headers["x-request-id"])
    assert line["client"] == "::1"


def test_options_star_is_about_the_server(server):
    [answer] = exchange(server, b"OPTIONS * HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n\r\n")
    assert answer.status_code == 204
    assert "PATCH" in answer.headers["allow"]
