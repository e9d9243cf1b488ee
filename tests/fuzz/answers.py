# SPDX-License-Identifier: ISC
"""Checks the bytes from the server: HTTP/1.1 responses in Keel's form, one
after the other, and nothing else; or TLS records."""

import json
import re
import struct

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]*")
HEADER = re.compile(rb"([a-z0-9!#$%&'*+.^_`|~-]+): ?([ -~]*)", re.I)
START = b"HTTP/1.1 "
END = b"\r\n\r\n"
COMMON = ["date", "connection", "x-request-id", "x-content-type-options"]
SERVER_ERRORS = {501, 503, 505}
OAUTH_ERRORS = {"invalid_request", "invalid_client", "invalid_grant",
                "unauthorized_client", "unsupported_grant_type",
                "invalid_scope", "temporarily_unavailable", "server_error"}
PROBLEM = "application/problem+json"
PROBLEM_MEMBERS = ["type", "title", "status", "detail", "instance", "code",
                   "errors"]
RECORD_MAX = 16384 + 256  # RFC 8446, 5.2
ALERT = 21
RECORD_TYPES = {20, ALERT, 22, 23}


class Wrong(Exception):
    """An invalid response."""


class Cut(Exception):
    """It is incomplete."""


class Answer:
    def __init__(self, status):
        self.status = status
        self.headers = {}
        self.body = b""

    @property
    def closes(self):
        return self.headers.get("connection") == "close"


def read_head(data):
    """Returns a response without its body, and where its head ends."""
    if not data.startswith(START[:len(data)]):
        raise Wrong("not the start of an answer: %r" % data[:200])
    end = data.find(END)
    if end == -1:
        raise Cut("a head without an end: %r" % data[:200])
    lines = data[:end].split(b"\r\n")
    match = STATUS_LINE.fullmatch(lines[0])
    if match is None:
        raise Wrong("not a status line: %r" % lines[0][:200])
    answer = Answer(int(match[1]))
    for line in lines[1:]:
        match = HEADER.fullmatch(line)
        if match is None:
            raise Wrong("not a header line: %r" % line[:200])
        name = match[1].decode().lower()
        if name in answer.headers:
            raise Wrong("the header %s stands twice" % name)
        answer.headers[name] = match[2].decode()
    return answer, end + len(END)


def read_body(answer, rest, head_sent):
    """Returns the body's length in rest. A response to HEAD has none: the next
    response follows, or nothing."""
    if answer.status == 100:
        if answer.headers:
            raise Wrong("100 with header lines")
        return 0
    length = answer.headers.get("content-length")
    if answer.status == 304:
        if length is not None or "content-type" in answer.headers:
            raise Wrong("304 with a body's header lines")
        return 0
    if answer.status == 204:
        if length not in (None, "0"):
            raise Wrong("204 with a body")
        return 0
    if length is None or not length.isdigit():
        raise Wrong("%d with content-length %r" % (answer.status, length))
    length = int(length)
    if head_sent and (not rest or rest.startswith(START)):
        return 0
    if len(rest) < length:
        raise Cut("%d of %d bytes of a body" % (len(rest), length))
    answer.body = bytes(rest[:length])
    return length


def read_answers(data, complete, head_sent):
    """The responses in data; if not complete, the last one may be cut."""
    answers = []
    data = bytes(data)
    while data:
        if answers and answers[-1].closes:
            raise Wrong("more after the last answer: %r" % data[:200])
        try:
            answer, n = read_head(data)
            n += read_body(answer, data[n:], head_sent)
        except Cut as cut:
            if complete:
                raise Wrong(str(cut)) from None
            break
        answers.append(answer)
        data = data[n:]
    return answers


def count_answers(data):
    """Roughly: every final response has this header once."""
    return data.count(b"\r\nx-request-id: ")


def check_echo(case, answer):
    """The values in a response are those of its own request."""
    if answer.status == 503:
        return
    if case.request_id is not None and \
            answer.headers["x-request-id"] != case.request_id:
        raise Wrong("the answer to %s goes to %s" % (
            answer.headers["x-request-id"], case.request_id))
    if case.fields is not None:
        details = json.loads(answer.body)["error"]["details"]
        named = {d["field"] for d in details if d["code"] == "unknown_field"}
        if named != {"body." + field for field in case.fields}:
            raise Wrong("the body was read wrongly: %s" % ", ".join(
                sorted(named ^ {"body." + field for field in case.fields})))


def check_problem(answer, body):
    if not isinstance(body, dict) or list(body) != PROBLEM_MEMBERS or \
            body["status"] != answer.status or not body["instance"].endswith(
                "#" + answer.headers["x-request-id"]):
        raise Wrong("not a problem: %r" % answer.body[:300])


def check_envelope(answer, oauth_sent):
    media = answer.headers.get("content-type")
    if media != PROBLEM and answer.headers.get("x-robots-tag") == "noindex":
        return      # a page says it to a person
    if media not in (PROBLEM, "application/json"):
        raise Wrong("an error that is not JSON: %d" % answer.status)
    try:
        body = json.loads(answer.body)
    except ValueError:
        raise Wrong("not JSON: %r" % answer.body[:300]) from None
    if media == PROBLEM:
        check_problem(answer, body)
        return
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        if not oauth_sent or sorted(body) != ["error", "error_description"] \
                or error not in OAUTH_ERRORS or answer.status not in \
                (400, 401, 429, 503):
            raise Wrong("not an error of OAuth: %r" % answer.body[:300])
    elif not isinstance(error, dict) or list(body) != ["error"] or \
            list(error) != ["code", "message", "details", "request_id"]:
        raise Wrong("not the envelope: %r" % answer.body[:300])
    elif error["request_id"] != answer.headers["x-request-id"]:
        raise Wrong("two request ids in one answer")


def check_answer(answer, head_sent, oauth_sent):
    """Checks one final response."""
    missing = [name for name in COMMON if name not in answer.headers]
    if missing:
        raise Wrong("%d without %s" % (answer.status, ", ".join(missing)))
    if answer.status >= 500 and answer.status not in SERVER_ERRORS:
        raise Wrong("status %d" % answer.status)
    if answer.status == 408:
        raise Wrong("408: it waits for what was sent long ago")
    if answer.status == 405 and "allow" not in answer.headers:
        raise Wrong("405 without allow")
    if answer.status == 401 and "www-authenticate" not in answer.headers:
        raise Wrong("401 without www-authenticate")
    if answer.status >= 400 and (answer.body or not head_sent):
        check_envelope(answer, oauth_sent)
    elif answer.body and "content-type" not in answer.headers:
        raise Wrong("%d has a body of no type" % answer.status)


def check_answers(sent, received, complete):
    """Raises Wrong, or returns the final responses. complete: the server has
    sent everything and closed the connection."""
    head_sent = b"HEAD " in sent
    oauth_sent = b"/api/v1/auth/" in sent
    answers = read_answers(received, complete, head_sent)
    final = [answer for answer in answers if answer.status >= 200]
    for answer in answers:
        if 100 < answer.status < 200:
            raise Wrong("status %d" % answer.status)
    for answer in final:
        check_answer(answer, head_sent, oauth_sent)
    continues = len(answers) - len(final)
    heads = sent.count(END)
    if continues > 0 and b"100-continue" not in sent.lower():
        raise Wrong("100 without an Expect")
    if continues > heads:
        raise Wrong("%d times 100 for %d heads" % (continues, heads))
    if len(final) > heads + 1:
        raise Wrong("%d answers to %d heads" % (len(final), heads))
    if complete and not (final and final[-1].closes):
        raise Wrong("closed without saying so, after %s" %
                    [answer.status for answer in answers])
    return final


def check_records(raw):
    """Below TLS, the server sends only TLS records; the last may be cut. An
    alert repeats the version of an invalid hello."""
    raw = bytes(raw)
    while len(raw) >= 5:
        kind, version, _, length = struct.unpack(">BBBH", raw[:5])
        if kind not in RECORD_TYPES or length > RECORD_MAX or (
                version != 3 and kind != ALERT):
            raise Wrong("not a TLS record: %r" % raw[:200])
        raw = raw[5 + length:]
