# SPDX-License-Identifier: ISC
"""The checks of the fuzzer (tests/fuzz/answers.py) find what they look for."""

import os
import struct
import sys

import pytest

from server import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests/fuzz"))

from answers import Wrong, check_answers, check_records  # noqa: E402

HEADERS = ["date: x", "connection: close", "x-request-id: my-id",
           "x-content-type-options: nosniff"]
ENVELOPE = '{"error":{"code":"X","message":"x","details":null,' \
    '"request_id":"my-id"}}'
PROBLEM = '{"type":"about:blank","title":"x","status":400,"detail":"x",' \
    '"instance":"/#my-id","code":"X","errors":null}'
GET = b"GET / HTTP/1.1\r\n\r\n"


def answer(status=400, body=ENVELOPE, headers=(), without="", length=None,
           kind="application/json"):
    lines = [line for line in HEADERS if line.partition(":")[0] != without]
    lines += ["content-type: " + kind, *headers]
    if length != "":
        lines.append("content-length: %s" % (
            len(body) if length is None else length))
    return ("HTTP/1.1 %d X\r\n%s\r\n\r\n%s" % (
        status, "\r\n".join(lines), body)).encode()


def problem(body=PROBLEM):
    return answer(body=body, kind="application/problem+json")


OK = answer(200, "{}")
KEPT = OK.replace(b"connection: close", b"connection: keep-alive")


@pytest.mark.parametrize("sent, received", [
    (GET, OK), (GET, answer()), (GET, problem()), (GET * 2, KEPT + OK),
    (b"Expect: 100-continue\r\n" + GET, b"HTTP/1.1 100 C\r\n\r\n" + OK),
    (GET.replace(b"GET", b"HEAD"), answer(200, "", length=2))],
    ids=lambda _: "")
def test_what_is_right(sent, received):
    assert check_answers(sent, received, True)


@pytest.mark.parametrize("received, phrase", [
    (b"", "closed without saying so"),
    (KEPT, "closed without saying so"),
    (OK + OK, "more after the last answer"),
    (KEPT + KEPT + OK, "3 answers to 1 heads"),
    (b"x" + OK, "not the start of an answer"),
    (OK[:-1], "of a body"),
    (OK[:40], "a head without an end"),
    (b"HTTP/1.0" + OK[8:], "not the start"),
    (OK.replace(b" 200 ", b" 2000 "), "not a status line"),
    (OK.replace(b"date: x", b"date x"), "not a header line"),
    (OK.replace(b"date: x", b"date: \x01"), "not a header line"),
    (answer(headers=["date: y"]), "stands twice"),
    (answer(length=""), "content-length None"),
    (answer(length="-1"), "content-length '-1'"),
    (answer(304, ""), "304 with a body"),
    (answer(204), "204 with a body"),
    (answer(500), "status 500"),
    (answer(502), "status 502"),
    (answer(408), "408"),
    (answer(405), "405 without allow"),
    (answer(401), "401 without www-authenticate"),
    (answer(400, "{}"), "not the envelope"),
    (answer(400, "no JSON"), "not JSON"),
    (answer(400, '{"error":"invalid_request"}'), "not an error of OAuth"),
    (answer(kind="text/html"), "an error that is not JSON"),
    (problem(ENVELOPE), "not a problem"), (problem("[]"), "not a problem"),
    (problem(PROBLEM.replace("400", "401")), "not a problem"),
    (problem(PROBLEM.replace("my-id", "your-id")), "not a problem"),
    (answer().replace(b'"my-id"', b'"other"'), "two request ids"),
    (b"HTTP/1.1 100 C\r\n\r\n" + OK, "100 without an Expect"),
    (b"HTTP/1.1 103 E\r\n\r\n" + OK, "content-length None"),
] + [(answer(without=name), "without " + name) for name in (
    "date", "connection", "x-content-type-options")],
    ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong(received, phrase):
    with pytest.raises(Wrong, match=phrase):
        check_answers(GET, received, True)


@pytest.mark.parametrize("kind, version, length, right", [
    (22, 3, 4, True), (21, 2, 4, True), (22, 2, 4, False), (24, 3, 4, False),
    (72, 84, 4, False), (23, 3, 16384 + 256, True),
    (23, 3, 16384 + 257, False)])
def test_what_comes_below_tls(kind, version, length, right):
    record = struct.pack(">BBBH", kind, version, 3, length) + b"x" * length
    good = struct.pack(">BBBH", 22, 3, 3, 0)
    if right:
        check_records(good + record + good)
    else:
        with pytest.raises(Wrong, match="not a TLS record"):
            check_records(good + record + good)
