# SPDX-License-Identifier: ISC
"""Sends requests byte by byte, as no HTTP client does, and reads responses."""

import json
import re
import ssl
import time

import httpx

from helpers import check_error, new_user, raw_connection

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
POST = b"POST /api/v1/users HTTP/1.1\r\n" + HOST + \
    b"Content-Type: application/json\r\n"
OK = b'{"status":"ok"}'
WAIT = 10  # seconds; every response comes at once


class Answers:
    """Reads the responses on one connection, in order."""

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
        """The next response, as httpx.Response; None if there is none."""
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
        """All responses until the server closes the connection."""
        found = []
        while (answer := self.next()) is not None:
            found.append(answer)
        return found


def exchange(server, *parts, pause=0.05):
    """Sends the parts, one TLS record each. Returns the responses; the
    server must close the connection."""
    with raw_connection(server) as connection:
        connection.settimeout(WAIT)
        for part in parts:
            connection.sendall(part)
            if part is not parts[-1]:
                time.sleep(pause)
        return Answers(connection).all()


def check_refused(server, request, status, code, message=None):
    """One response, with the error envelope, and a closed connection."""
    [answer] = exchange(server, request)
    check_error(answer, status, code, message)
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers    # loopback
    assert "date" in answer.headers
    return answer


def check_bad(server, request, message=None):
    return check_refused(server, request, 400, "BAD_REQUEST", message)


def user_body():
    return json.dumps(new_user()).encode()
