# SPDX-License-Identifier: ISC
"""All headers of each kind of response: none is missing, none is too many."""

import httpx
import pytest

from helpers import ask_token, new_user
from people import add_people
from product import NAME
from wire import GET, HOST, POST, exchange

VARIABLE = {"date", "x-request-id", "content-length", "etag", "location",
            "ratelimit"}
COMMON = {
    "server": NAME,
    "connection": "keep-alive",
    "keep-alive": "timeout=75",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "date": None,
    "x-request-id": None,
}
JSON = {"content-type": "application/json", "content-length": None}
ERROR = {"vary": "Accept"}      # of every error but the guard's
OAUTH = JSON | {"pragma": "no-cache"}
NOTHING = {"content-length": None}
ROW = {"etag": None, "cache-control": "private, no-cache",
       "vary": "Authorization"}
FILE = {"etag": None, "cache-control": "no-cache", "content-length": None}
CSS = {"content-type": "text/css; charset=utf-8"}
JS = {"content-type": "text/javascript; charset=utf-8"}
GZIP = {"content-encoding": "gzip", "vary": "Accept-Encoding"}
PAGE = {
    "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
LINK_PAGE = {
    "content-security-policy":
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "content-length": None,
}
SVG = {"content-type": "image/svg+xml"}
ROOT = {"vary": "Accept"}
BROWSER = {"Accept": "text/html,*/*;q=0.8"}
HTML = {"content-type": "text/html; charset=utf-8"}

ME = "/api/v1/users/me"
USERS = "/api/v1/users"
TOKEN = "/api/v1/auth/token"
PATCHES = {"accept-patch": "application/merge-patch+json, application/json"}
LOGIN = "/api/v1/auth/login"
FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# who, method, path, headers and body sent, status, headers besides COMMON
ANSWERS = [
    (None, "GET", "/healthz", {}, None, 200, JSON),
    (None, "HEAD", "/healthz", {}, None, 200, JSON),
    (None, "GET", "/readyz", {}, None, 200, JSON),
    ("user", "GET", ME, {}, None, 200, JSON | ROW),
    ("user", "HEAD", ME, {}, None, 200, JSON | ROW),
    ("user", "PATCH", ME, {}, {"name": "x"}, 200, JSON | ROW),
    ("admin", "GET", USERS + "?q=nobody", {}, None, 200,
     JSON | {"vary": "Authorization"}),
    ("user", "GET", ME + "/sessions", {}, None, 200,
     JSON | {"vary": "Authorization"}),
    (None, "GET", "/api/v1/posts?q=nobody", {}, None, 200,
     JSON | {"vary": "Authorization"}),
    ("user", "POST", "/api/v1/posts", {}, {"title": "T", "content": "C"}, 201,
     JSON | ROW | {"location": None}),
    (None, "OPTIONS", "/healthz", {}, None, 204,
     {"allow": "GET, HEAD, OPTIONS"}),
    (None, "GET", "/healthz/", {}, None, 308, NOTHING | {"location": None}),
    (None, "POST", USERS, {}, b"{", 400, JSON),
    (None, "GET", ME, {}, None, 401, JSON | {"www-authenticate": "Bearer"}),
    (None, "GET", ME, {"Authorization": "Bearer x"}, None, 401, JSON | {
        "www-authenticate": 'Bearer error="invalid_token"'}),
    ("user", "GET", USERS, {}, None, 403, JSON),
    (None, "GET", "/nothing", {}, None, 404, JSON),
    (None, "PATCH", "/healthz", {}, None, 405,
     JSON | {"allow": "GET, HEAD, OPTIONS"}),
    (None, "OPTIONS", ME, {}, None, 204,
     {"allow": "GET, HEAD, PATCH, DELETE, OPTIONS"} | PATCHES),
    (None, "GET", "/docs/swagger-ui.css", {"Accept-Encoding": "identity;q=0"},
     None, 406, JSON),
    ("user", "PATCH", ME, {"If-Match": '"x"'}, {"name": "x"}, 412, JSON),
    ("user", "POST", "/api/v1/auth/confirm", {}, {"current_password": "x"},
     422, JSON),
    (None, "POST", USERS, {"Content-Type": "text/plain"}, b"x", 415, JSON),
    (None, "POST", USERS, {"Content-Encoding": "gzip"}, b"x", 415,
     JSON | {"accept-encoding": "identity"}),
    ("user", "PATCH", ME, {"Content-Type": "text/plain"}, b"x", 415,
     JSON | PATCHES),
    ("user", "PATCH", ME, {"Content-Encoding": "br"}, b"x", 415,
     JSON | PATCHES | {"accept-encoding": "identity"}),
    (None, "POST", TOKEN, {"Content-Encoding": "gzip"}, b"x", 400,
     OAUTH | {"accept-encoding": "identity"}),
    (None, "POST", USERS + "?x=1", {}, b"", 422, JSON),
    (None, "GET", "/", {}, None, 200, JSON | ROOT),
    (None, "HEAD", "/", {}, None, 200, JSON | ROOT),
    (None, "GET", "/", BROWSER, None, 303,
     NOTHING | ROOT | {"location": None}),
    (None, "HEAD", "/", BROWSER, None, 303,
     NOTHING | ROOT | {"location": None}),
    (None, "GET", "/favicon.ico", {}, None, 200, FILE | SVG),
    (None, "GET", "/docs", {}, None, 200, FILE | HTML | PAGE),
    (None, "HEAD", "/docs", {}, None, 200, FILE | HTML | PAGE),
    (None, "GET", "/account/verify?token=x", {}, None, 200, HTML | LINK_PAGE),
    (None, "HEAD", "/account/verify?token=x", {}, None, 200,
     HTML | LINK_PAGE),
    (None, "GET", "/account/reset?token=x", {}, None, 200, HTML | LINK_PAGE),
    (None, "GET", "/account/reset", {}, None, 400, HTML | LINK_PAGE),
    (None, "GET", "/account/email?token=x", {}, None, 200, HTML | LINK_PAGE),
    (None, "GET", "/account/email/cancel?token=x", {}, None, 200,
     HTML | LINK_PAGE),
    (None, "POST", "/account/email", FORM, b"token=x", 400,
     HTML | LINK_PAGE),
    (None, "POST", "/account/reset", FORM, b"token=x", 422,
     HTML | LINK_PAGE),
    (None, "POST", "/account/verify", FORM, b"token=x", 400,
     HTML | LINK_PAGE),
    (None, "POST", "/account/verify", FORM, b"", 400, HTML | LINK_PAGE),
    (None, "POST", "/account/reset", {}, {}, 415, HTML | LINK_PAGE),
    (None, "POST", "/account/email/cancel", FORM | {
        "Content-Encoding": "gzip"}, b"x", 415,
     HTML | LINK_PAGE | {"accept-encoding": "identity"}),
    (None, "DELETE", "/account/verify", {}, None, 405,
     JSON | {"allow": "GET, HEAD, POST, OPTIONS"}),
    (None, "GET", "/account/account.css", {}, None, 200,
     CSS | {"cache-control": "no-cache", "content-length": None}),
    (None, "POST", FORGOT, {}, {"email": "nobody@example.com"}, 202, NOTHING),
    (None, "POST", RESET, {}, {"token": "x", "new_password": "Rainy-day-43"},
     400, JSON),
    (None, "GET", "/docs/docs.js", {}, None, 200, FILE | JS),
    (None, "GET", "/docs/docs.css", {}, None, 200, FILE | CSS),
    (None, "GET", "/docs/swagger-ui.css", {}, None, 200, FILE | CSS | GZIP),
    (None, "GET", "/docs/swagger-ui.css", {"Accept-Encoding": "br"}, None,
     200, FILE | CSS | {"vary": "Accept-Encoding"}),
    (None, "GET", "/docs/swagger-ui-bundle.js", {}, None, 200,
     FILE | JS | GZIP),
    (None, "GET", "/docs/other.js", {}, None, 404, JSON),
    (None, "GET", "/openapi.json", {}, None, 200, FILE | JSON),
    (None, "POST", TOKEN, {}, b"", 400, OAUTH),
    (None, "POST", LOGIN, {}, b"{", 400, OAUTH),
    (None, "POST", LOGIN, {}, {}, 400, OAUTH),
    (None, "GET", TOKEN, {}, None, 405, JSON | {"allow": "POST, OPTIONS"}),
]


def check_headers(answer, status, headers, **other):
    """It has these and no others, each once, with these values."""
    assert answer.status_code == status, answer.text
    if status >= 400:
        headers = ERROR | headers
    wanted = {name: value for name, value in (
        COMMON | headers | other).items() if value != ""}
    assert sorted(answer.headers.multi_items()) == sorted(
        (name, answer.headers.get(name, "") if name in VARIABLE else value)
        for name, value in wanted.items())
    assert all(answer.headers[name] for name in wanted)


@pytest.fixture(scope="module")
def people(server):
    return {person.role: person
            for person in add_people(server, "user", "admin")}


@pytest.mark.parametrize(
    "who, method, path, sent, body, status, headers", ANSWERS,
    ids=["%s %s %d" % (row[1], row[2], row[5]) for row in ANSWERS])
def test_all_headers(client, people, who, method, path, sent, body, status,
                     headers):
    sent = dict(people[who].headers if who else {}) | sent
    options = {"json": body} if isinstance(body, dict) else {}
    if isinstance(body, bytes):
        options["content"] = body
        sent = {"Content-Type": "application/json"} | sent
    check_headers(client.request(method, path, headers=sent, **options),
                  status, headers)


@pytest.mark.parametrize("path, kept", [
    (ME, ROW), ("/openapi.json", FILE), ("/docs", FILE | PAGE),
    ("/docs/swagger-ui.css", FILE | GZIP)])
def test_all_headers_of_what_has_not_changed(client, people, path, kept):
    """RFC 9110, 15.4.5: those that a cache needs, and no content's."""
    sent = dict(people["user"].headers)
    tag = client.get(path, headers=sent).headers["etag"]
    kept = {name: value for name, value in kept.items()
            if name != "content-length"}
    answer = client.get(path, headers=sent | {"If-None-Match": tag})
    check_headers(answer, 304, kept)


def test_all_headers_of_sign_in_and_out(start_server):
    """And those of a limit."""
    server = start_server(KEEL_RATE_LIMITS="register=1/h,token=3/h")
    limit = {"ratelimit": None, "ratelimit-policy": '"register";q=1;w=3600'}
    with server.client() as client:
        user = new_user()
        check_headers(client.post(USERS, json=user), 201,
                      JSON | ROW | limit | {"location": None})
        refused = client.post(USERS, json=new_user())
        check_headers(refused, 429, JSON | limit, **{
            "retry-after": refused.headers["retry-after"]})
        assert 3000 < int(refused.headers["retry-after"]) <= 3600
        failures = {
            "ratelimit": None, "ratelimit-policy":
            '"token";q=3;w=3600, "sign_in_failures";q=5;w=60, '
            '"address_failures";q=20;w=60'}
        token = {"ratelimit": None, "ratelimit-policy": '"token";q=3;w=3600'}
        check_headers(ask_token(client, user["email"], "wrong"), 400,
                      OAUTH | failures)
        account = {"username": user["email"], "password": user["password"]}
        check_headers(client.post(LOGIN, json=account), 200, OAUTH | token)
        answer = ask_token(client, user["email"], user["password"])
        check_headers(answer, 200, OAUTH | token)
        for refused in (client.post(TOKEN, data=account),
                        client.post(LOGIN, json=account)):
            check_headers(refused, 429, OAUTH | token,
                          **{"retry-after": refused.headers["retry-after"]})
        sent = {"Authorization": "Bearer " + answer.json()["access_token"]}
        check_headers(client.delete(ME + "/sessions", headers=sent), 204, {})


REFUSED = {"connection": "close", "keep-alive": "", "server": ""}


@pytest.mark.parametrize("request_bytes, status, vary", [
    (b"GET /healthz HTTP/1.1\r\n\r\n", 400, "Accept"),
    (GET + b"X Y: z\r\n\r\n", 400, ""),
    (POST + b"Content-Length: 99999999\r\n\r\n", 413, "Accept"),
    (b"GET /" + b"x" * 9999 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, ""),
    (GET + b"Expect: x\r\n\r\n", 417, "Accept"),
    (GET + b"X: " + b"y" * 99999 + b"\r\n\r\n", 431, ""),
    (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 501, "Accept"),
    (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505, "")],
    ids=lambda value: str(value) if isinstance(value, int) else "")
def test_all_headers_of_a_refusal(server, request_bytes, status, vary):
    """They are the guard's, which Kore never sees. Accept counts if the
    lines of the head are fine."""
    [answer] = exchange(server, request_bytes)
    check_headers(answer, status, JSON, vary=vary, **REFUSED)


@pytest.mark.parametrize("path, status, headers", [
    ("/metrics", 200, {"content-type": "text/plain; version=0.0.4",
                       "content-length": None}),
    ("/metrics?x=%zz", 200, {"content-type": "text/plain; version=0.0.4",
                             "content-length": None}),
    ("/metrics/", 308, NOTHING | {"location": None}),
    ("/healthz", 404, JSON)])
def test_all_headers_of_the_admin_listener(server, path, status, headers):
    check_headers(httpx.get(server.admin_url + path, trust_env=False,
                            verify=False), status, headers)
