# SPDX-License-Identifier: ISC
"""How requests are written, and what is expected of them."""

from typing import NamedTuple

HOST = "Host: localhost"
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"
ORIGIN = "https://app.example.org"      # whose pages are allowed
BODY_MAX = 131072
HEAD_MAX = 16384
TARGET_MAX = 8000

# What only the running server knows: the requests contain the marks.
TOKEN_MARK, POST_MARK = "the-admin-s-token", "the-id-of-a-post"
NEXT_MARK, PREV_MARK = "the-next-cursor", "the-previous-cursor"
known = {}              # what stands for each mark
SIGNED_IN = "Authorization: Bearer " + TOKEN_MARK


def fill(data):
    """data with what stands for its marks."""
    for mark, value in known.items():
        data = data.replace(mark.encode(), value.encode())
    return data


class Case(NamedTuple):
    data: bytes
    statuses: tuple     # one of these is expected
    closes: bool        # no response follows
    request_id: str = None      # expected in the response
    fields: tuple = None        # unknown fields, expected in the response


def head(method, target, *lines, version="1.1", host=HOST):
    lines = ["%s %s HTTP/%s" % (method, target, version)] + \
        ([host] if host else []) + list(lines)
    return "\r\n".join(lines + ["", ""]).encode("latin-1")


def sized(method, target, body, *lines):
    if isinstance(body, str):
        body = body.encode()
    return head(method, target, *lines, "Content-Length: %d" % len(body)) + \
        body


def chunked(method, target, body, *lines, size=7, extension="", trailer=""):
    """The body in chunks of that size."""
    chunks = [body[i:i + size].encode() for i in range(0, len(body), size)]
    data = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), extension.encode(), chunk)
                    for chunk in chunks)
    return head(method, target, *lines, CHUNKED) + data + \
        b"0%s\r\n%s\r\n" % (extension.encode(), trailer.encode())
