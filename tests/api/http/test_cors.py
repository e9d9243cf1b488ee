# SPDX-License-Identifier: ISC
"""Pages of other origins in a browser (KEEL_CORS_ORIGINS): what each kind of
response tells it, and what preflights get. cors_page.mjs is such a page."""

import socket

import httpx
import pytest

from helpers import new_user
from people import add_people
from wire import HOST, POST, Answers, exchange

PAGE = "http://localhost:5173"
OTHERS = [None, "null", "https://app.example.or", PAGE + "/", PAGE + ".org",
          "http://LOCALHOST:5173", "http://localhost", PAGE + "," + PAGE]
ALLOWED = {
    "access-control-allow-origin": PAGE,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers":
        "Accept-Encoding, Accept-Patch, Allow, ETag, Idempotent-Replayed, "
        "Link, Location, RateLimit, RateLimit-Policy, "
        "Retry-After, WWW-Authenticate, X-Request-ID"}
PREFLIGHT = {
    "access-control-allow-methods":
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-max-age": "600"}
# Browsers show these to every page (Fetch Standard, 2.2.2), or need them alone.
SAFE = {"Cache-Control", "Content-Type", "Pragma", "Vary"}

USERS = "/api/v1/users"
ME = USERS + "/me"
TOKEN = "/api/v1/auth/token"
JSON = {"Content-Type": "application/json"}
REFUSED = {"Expect": "x"}

# who, method, path, headers and body sent, status, what Vary has before Origin
ANSWERS = [
    (None, "GET", "/healthz", {}, None, 200, []),
    (None, "HEAD", "/healthz", {}, None, 200, []),
    (None, "GET", "/readyz", {}, None, 200, []),
    ("user", "GET", ME, {}, None, 200, ["Authorization"]),
    ("user", "PATCH", ME, {}, {"name": "x"}, 200, ["Authorization"]),
    ("admin", "GET", USERS, {}, None, 200, ["Authorization"]),
    ("user", "DELETE", ME + "/sessions?except=current", {}, None, 204, []),
    (None, "GET", "/docs", {}, None, 200, []),
    (None, "GET", "/docs/swagger-ui.css", {}, None, 200, ["Accept-Encoding"]),
    (None, "GET", "/openapi.json", {}, None, 200, []),
    (None, "GET", "/healthz/", {}, None, 308, []),
    (None, "POST", USERS, JSON, b"{", 400, []),
    (None, "POST", TOKEN, {}, None, 400, []),
    (None, "GET", ME, {}, None, 401, []),
    ("user", "GET", USERS, {}, None, 403, []),
    (None, "GET", "/nothing", {}, None, 404, []),
    (None, "PATCH", "/healthz", {}, None, 405, []),
    ("user", "PATCH", ME, {"If-Match": '"x"'}, {"name": "x"}, 412, []),
    (None, "POST", USERS, {"Content-Type": "text/plain"}, b"x", 415, []),
    (None, "POST", USERS, {}, {"email": 1}, 422, []),
    (None, "GET", "/healthz", REFUSED, None, 417, []),
]


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(
        KEEL_CORS_ORIGINS="https://app.example.org," + PAGE)


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def people(server):
    return {person.role: person
            for person in add_people(server, "user", "admin")}


def cors_headers(answer):
    """Its headers for browsers; the list of request headers by itself."""
    return {name: value for name, value in answer.headers.multi_items()
            if name.startswith("access-control-") and
            name != "access-control-allow-headers"}


def vary(answer):
    """What it varies by; one header line."""
    [value] = answer.headers.get_list("vary")
    return value.split(", ")


def from_page(origin=PAGE):
    return {} if origin is None else {"Origin": origin}


def asking(method, headers="authorization", origin=PAGE):
    return from_page(origin) | {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers}


def errors(status):
    """What each error varies by."""
    return ["Accept"] if status >= 400 else []


def check_allowed(answer, status, *varies):
    assert answer.status_code == status, answer.text
    assert cors_headers(answer) == ALLOWED
    assert vary(answer) == [*errors(status), *varies, "Origin"]


def check_preflight(answer):
    assert (answer.status_code, answer.content) == (204, b"")
    assert cors_headers(answer) == ALLOWED | PREFLIGHT
    assert vary(answer) == ["Origin", "Access-Control-Request-Method",
                            "Access-Control-Request-Headers"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "who, method, path, sent, body, status, varies", ANSWERS,
    ids=["%s %s %d" % (row[1], row[2], row[5]) for row in ANSWERS])
def test_each_kind_of_response(client, people, who, method, path, sent, body,
                               status, varies):
    sent = dict(people[who].headers if who else {}) | sent
    options = {"json": body} if isinstance(body, dict) else {"content": body}
    check_allowed(client.request(method, path, headers=sent | from_page(),
                                 **options), status, *varies)
    answer = client.request(method, path, headers=sent, **options)
    assert (answer.status_code, cors_headers(answer)) == (status, {})
    assert vary(answer) == [*errors(status), *varies, "Origin"]


def test_a_created_user_and_a_conflict(client):
    user = new_user()
    check_allowed(client.post(USERS, json=user, headers=from_page()), 201,
                  "Authorization")
    check_allowed(client.post(USERS, json=user, headers=from_page()), 409)


@pytest.mark.parametrize("path, varies", [
    (ME, ["Authorization"]), ("/openapi.json", []),
    ("/docs/swagger-ui.css", ["Accept-Encoding"])])
def test_what_has_not_changed(client, people, path, varies):
    """A 304 is for the page that asks, not for the one that got the 200."""
    sent = dict(people["user"].headers)
    tag = client.get(path, headers=sent | from_page(
        "https://app.example.org")).headers["etag"]
    check_allowed(client.get(path, headers=sent | from_page() | {
        "If-None-Match": tag}), 304, *varies)


@pytest.mark.parametrize("origin", OTHERS)
def test_other_origins_are_served_like_other_clients(client, people, origin):
    sent = from_page(origin) | dict(people["user"].headers)
    for method, path, status, body in [
            ("GET", ME, 200, None), ("GET", "/nothing", 404, None),
            ("PATCH", ME, 200, {"name": "y"})]:
        answer = client.request(method, path, headers=sent, json=body)
        assert (answer.status_code, cors_headers(answer)) == (status, {})
        assert vary(answer)[-1] == "Origin"
    for path, status in [("/healthz", 204), ("/nothing", 404)]:
        answer = client.options(path, headers=asking("GET", origin=origin))
        assert (answer.status_code, cors_headers(answer)) == (status, {})
        assert "Origin" in vary(answer)
    assert client.options("/healthz", headers=asking(
        "GET", origin=origin)).headers["allow"] == "GET, HEAD, OPTIONS"


def test_two_origins_are_none(server):
    lines = ("Origin: %s\r\n" % PAGE).encode()
    [answer] = exchange(server, b"GET /healthz HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n" + lines * 2 + b"\r\n")
    assert (answer.status_code, cors_headers(answer)) == (200, {})


@pytest.mark.parametrize("path", [
    "/healthz", ME, USERS + "/no-id", TOKEN, "/nothing", "/healthz/",
    "/docs", "/openapi.json", "/"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_preflight_of_any_path(client, path, method):
    """Also of one without that method: the page then reads the 404 or 405."""
    check_preflight(client.options(path, headers=asking(method)))
    assert client.options(path, headers=asking(method, "")).status_code == 204


def test_a_preflight_allows_the_headers_that_are_read(client):
    answer = client.options(ME, headers=asking("PATCH"))
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert set(allowed.split(", ")) >= {
        "accept", "authorization", "content-type", "if-match",
        "if-none-match", "x-request-id"}
    assert "*" not in allowed


def test_a_page_may_send_options_itself(client):
    answer = client.options("/healthz", headers=from_page())
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert cors_headers(answer) == ALLOWED


def test_every_described_header_can_be_read(client):
    """By a page: each is exposed, or safe (Fetch Standard, 3.3.6)."""
    answer = client.get("/openapi.json", headers=from_page())
    description = answer.json()
    described = {
        name for operations in description["paths"].values()
        for operation in operations.values() if isinstance(operation, dict)
        for answer in operation["responses"].values()
        for name in answer.get("headers", {})} | {
            name for answer in description["components"].get(
                "responses", {}).values() for name in answer.get(
                    "headers", {})}
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert described - SAFE <= set(exposed)
    assert "Retry-After" in described and "ETag" in described


def test_rate_limits(start_server):
    """A 429 can be read; preflights are not counted."""
    server = start_server(KEEL_CORS_ORIGINS=PAGE,
                          KEEL_RATE_LIMITS="token=1/h")
    with server.client() as client:
        for _ in range(3):
            check_preflight(client.options(TOKEN, headers=asking("POST")))
        check_allowed(client.post(TOKEN, headers=from_page()), 400)
        answer = client.post(TOKEN, headers=from_page())
        check_allowed(answer, 429)
        assert "retry-after" in answer.headers
        check_preflight(client.options(TOKEN, headers=asking("POST")))


ORIGIN = b"Origin: " + PAGE.encode() + b"\r\n"


@pytest.mark.parametrize("request_bytes, status", [
    (POST + ORIGIN + b"Content-Length: 99999999\r\n\r\n", 413),
    (POST + ORIGIN + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + ORIGIN +
     b"Expect: x\r\n\r\n", 417)],
    ids=lambda value: str(value) if isinstance(value, int) else "")
def test_refusals_after_the_head(server, request_bytes, status):
    [answer] = exchange(server, request_bytes)
    check_allowed(answer, status)


def test_a_refusal_before_the_head_is_complete(server):
    """Nobody knows who asks."""
    [answer] = exchange(server, b"GET / HTTP/9.9\r\n" + ORIGIN + HOST +
                        b"\r\n")
    assert (answer.status_code, cors_headers(answer)) == (505, {})
    assert vary(answer) == ["Origin"]


def test_another_host_is_told_to_the_page(server):
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    with server.tls().wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: other.test\r\n" + ORIGIN +
                    b"\r\n")
        [answer] = Answers(tls).all()
    check_allowed(answer, 421)


def test_a_slow_body(start_server, build_copy):
    build = build_copy(lambda text: text.replace(
        "http_body_timeout\t\t30", "http_body_timeout\t\t1"))
    server = start_server(KEEL_CORS_ORIGINS=PAGE, build=build)
    [answer] = exchange(server, POST + ORIGIN + b"Content-Length: 9\r\n\r\n{")
    check_allowed(answer, 408)


def test_the_admin_listener_is_not_for_pages(server):
    for method, path, status in [
            ("GET", "/metrics", 200), ("OPTIONS", "/metrics", 204),
            ("OPTIONS", "/nothing", 404), ("GET", "/nothing", 404)]:
        answer = httpx.request(method, server.admin_url + path,
                               headers=asking("GET"), trust_env=False)
        assert (answer.status_code, cors_headers(answer)) == (status, {})
        assert answer.headers.get("vary", "") == (
            "Accept" if status >= 400 else "")
    answer = httpx.get(server.admin_url + "/", trust_env=False,
                       headers=from_page() | REFUSED)
    assert (answer.status_code, cors_headers(answer)) == (417, {})
    assert answer.headers["vary"] == "Accept"


def test_without_the_setting(start_server):
    server = start_server()
    with server.client() as client:
        for method, path, status in [
                ("OPTIONS", "/healthz", 204), ("OPTIONS", "/nothing", 404),
                ("GET", "/healthz", 200)]:
            answer = client.request(method, path, headers=asking("GET"))
            assert (answer.status_code, cors_headers(answer)) == (status, {})
            assert answer.headers.get("vary", "") == (
                "Accept" if status >= 400 else "")


@pytest.mark.faults
def test_a_busy_server(client):
    """No memory for the request: its page may read that, too."""
    answer = client.get("/healthz", headers=from_page() | {
        "X-Fault": "alloc=1"})
    check_allowed(answer, 503)
