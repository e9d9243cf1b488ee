# SPDX-License-Identifier: ISC
"""What operators see of a request: its line in the log, and the counters. The
levels and members of every line are compared in support/events.py."""

import collections
import re
import time

import httpx
import pytest

from events import EVENTS, LEVELS, problem_of
from helpers import ask_token, new_user, register
from people import add_people
from product import NAME
from runner import wait_for
from secret_texts import find_secrets
from wire import GET, exchange

TOKEN = "/api/v1/auth/token"
CLASSES = ["2xx", "3xx", "4xx", "5xx"]


@pytest.fixture(scope="module")
def server(start_module_server):
    """One worker, so that nothing is counted by another."""
    return start_module_server(KEEL_WORKERS="1", KEEL_LOG_LEVEL="debug")


# who, method, path, body; then status and route of the line
REQUESTS = [
    (None, "GET", "/healthz", None, 200, "alive"),
    (None, "HEAD", "/healthz", None, 200, "alive"),
    ("user", "GET", "/api/v1/users/me", None, 200, "read_me"),
    ("user", "PATCH", "/api/v1/users/me", {"name": "x"}, 200, "update_me"),
    (None, "POST", "/api/v1/users", {}, 422, "create_user"),
    ("user", "GET", "/api/v1/users", None, 403, "list_users"),
    (None, "GET", "/api/v1/users/me", None, 401, "read_me"),
    (None, "GET", "/docs", None, 200, "show_docs"),
    (None, "GET", "/healthz/", None, 308, None),
    (None, "DELETE", "/healthz", None, 405, None),
    (None, "OPTIONS", "/healthz", None, 204, None),
    (None, "GET", "/no%20thing", None, 404, None),
]


def test_the_line_of_a_request(server):
    """Its path as it was sent, and no query."""
    [person] = add_people(server, "user")
    with server.client() as client:
        for who, method, path, body, status, route in REQUESTS:
            began = time.monotonic()
            answer = client.request(
                method, path, json=body, params={} if who else None,
                headers=person.headers if who else {})
            assert answer.status_code == status
            line = server.wait_for_log(answer.headers["x-request-id"])
            took = time.monotonic() - began     # the client may be faster
            assert 0 <= line.pop("duration_us") <= took * 1e6
            del line["time"]
            length = int(answer.headers.get("content-length", "0"))
            assert line == {
                "level": "info", "event": "request", "method": method,
                "request_id": answer.headers["x-request-id"], "path": path,
                "route": route, "status": status, "bytes": length,
                "client": "127.0.0.1",
                "user": person.id if who else None, "client_gone": False}


def test_a_sign_in_names_its_user(server):
    """So does a refresh; a refused one names nobody."""
    with server.client() as client:
        user, made = register(client)
        signed_in = ask_token(client, user["email"], user["password"])
        refreshed = client.post(TOKEN, data={
            "grant_type": "refresh_token",
            "refresh_token": signed_in.json()["refresh_token"]})
        logged_in = client.post("/api/v1/auth/login", json={
            "username": user["email"], "password": user["password"]})
        refused = [ask_token(client, user["email"], "wrong"),
                   client.post(TOKEN, data={"grant_type": "refresh_token",
                                            "refresh_token": NAME + "_rt_x"})]
    assert [server.wait_for_log(answer.headers["x-request-id"])["user"]
            for answer in (signed_in, refreshed, logged_in, *refused)] == [
                made["id"], made["id"], made["id"], None, None]


def requests_by_class(server):
    values = server.metrics()
    return collections.Counter({
        name: values['keel_requests_total{status="%s"}' % name]
        for name in CLASSES})


@pytest.mark.parametrize("method, path, counted", [
    ("GET", "/healthz", "2xx"), ("OPTIONS", "/healthz", "2xx"),
    ("GET", "/healthz/", "3xx"), ("GET", "/nothing", "4xx"),
    ("POST", "/api/v1/users", "4xx"), (None, None, "4xx")])
def test_a_request_is_counted_once(server, method, path, counted):
    """The page of metrics counts itself, in the next one."""
    before = requests_by_class(server)
    if method is None:      # the guard's own response
        [answer] = exchange(server, GET + b"X Y: z\r\n\r\n")
        assert answer.status_code == 400
    else:
        with server.client() as client:
            client.request(method, path)
    assert requests_by_class(server) - before == \
        collections.Counter({"2xx": 1}) + collections.Counter({counted: 1})


def test_debug_shows_connections(server):
    assert [event for event in server.log() if event["level"] == "debug"]


def test_a_warning_is_logged_where_a_request_is_not(start_server):
    server = start_server(KEEL_LOG_LEVEL="warning")
    with server.client() as client:
        for _ in range(5):
            client.get("/healthz", headers={"X-Forwarded-For": "192.0.2.1"})
            exchange(server, GET + b"X Y: z\r\n\r\n")
    wait_for(lambda: server.log())
    assert {event["event"] for event in server.log()} == {"proxy"}


def test_the_metrics_are_text_for_prometheus(server):
    page = httpx.get(server.admin_url + "/metrics", trust_env=False,
                     timeout=30).text
    kinds = dict(line.split()[2:] for line in page.splitlines()
                 if line.startswith("# TYPE "))
    for line in page.splitlines():
        if not line.startswith("#"):
            name = line.partition(" ")[0].partition("{")[0]
            assert kinds[name] == ("counter" if name.endswith("_total")
                                   else "gauge")


# The table itself

LINE = {"time": "2026-01-01T12:00:00.000000Z", "level": "info",
        "event": "request", "request_id": "x", "method": "GET", "path": "/",
        "route": None, "status": 200, "bytes": 1, "duration_us": 1,
        "client": "192.0.2.1", "user": None, "client_gone": False}


def test_the_table_of_events_finds_errors():
    assert problem_of(LINE) is None
    assert problem_of(LINE, "warning") is not None
    for name, value in LINE.items():
        assert problem_of({k: v for k, v in LINE.items() if k != name}
                          if name not in ("time", "level", "event")
                          else LINE | {name: "x"})
        if name not in ("route", "user"):
            assert problem_of(LINE | {name: [value]}
                              if name not in ("time", "level", "event")
                              else LINE | {name: ""})
    assert problem_of(LINE | {"more": 1})
    assert problem_of(LINE | {"duration_us": 10 ** 15})
    assert problem_of(dict(reversed(LINE.items())))
    assert {level for _, level, _, _ in EVENTS} == set(LEVELS)


def test_a_new_user_is_no_secret_of_the_log(server):
    """Not even at the lowest level."""
    user = new_user()
    with server.client() as client:
        answer = client.post("/api/v1/users", json=user)
        server.wait_for_log(answer.headers["x-request-id"])
    assert user["email"] not in server.output()
    assert user["password"] not in server.output()


def test_lines_for_people(start_server):
    """As on a terminal; all other tests read JSON."""
    server = start_server(KEEL_LOG_FORMAT="text")
    answer = httpx.get(server.url + "/no%1Bthing?q=1", verify=server.cert,
                       trust_env=False, timeout=30)
    line = r"\d\d:\d\d:\d\d\.\d{3} info    GET /no%%1Bthing 404 " \
        r"\d+(\.\d)? ms bytes=\d+ client=127\.0\.0\.1 id=%s\n" % \
        answer.headers["x-request-id"]
    wait_for(lambda: re.search(line, server.output()))
    assert server.log() == []
    assert "\033" not in server.output()


@pytest.mark.parametrize("secret", [
    "0123456789", "x.yz0123456789-_", "eyJhbGciOiJI.eyJzdWIiOiIx", "short",
    "correct horse battery staple", "not a-word", "äöüß-äöüß"])
def test_every_secret_in_a_log_is_found(secret):
    """By the checks after the end of each server."""
    others = ["0123456788", "horse battery", "zz", "unlike-any-0123456"]
    for text in (secret, "ab%scd" % secret, "a\n\"%s\"\n%s" % (
            secret[1:], secret)):
        assert secret in find_secrets(text, [*others, secret])
    assert secret not in find_secrets(
        secret[1:] + secret[:-1].upper(), [*others, secret])
