# SPDX-License-Identifier: ISC
"""Errors as problem+json (RFC 9457): the same facts as in the shape that the
client gets without asking, and who gets which."""

import re

import httpx
import pytest

from helpers import ask_token, new_user, raw_connection
from links import add_token
from people import add_people
from runner import wait_for
from wire import GET, HOST, POST, Answers, exchange

JSON = "application/json"
PROBLEM = "application/problem+json"
ASKS = {"Accept": PROBLEM}
ASKS_LINE = b"Accept: application/problem+json\r\n"
MEMBERS = ["type", "title", "status", "detail", "instance", "code", "errors"]
# Different in every response, or another shape's.
OWN = {"date", "x-request-id", "content-type", "content-length", "ratelimit"}

USERS = "/api/v1/users"
ME = USERS + "/me"
NOBODY = USERS + "/0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"
AUTH = "/api/v1/auth/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RESET = "/account/reset"

# who, method, path, headers and body sent, title
ERRORS = [
    (None, "POST", USERS, {}, b"{", "400 Bad Request"),
    ("admin", "GET", USERS + "?cursor=x", {}, None, "400 Bad Request"),
    (None, "POST", AUTH + "password/reset", {},
     {"token": "x", "new_password": "Rainy-day-43"}, "400 Bad Request"),
    (None, "GET", ME, {}, None, "401 Unauthorized"),
    (None, "GET", ME, {"Authorization": "Bearer x"}, None,
     "401 Unauthorized"),
    ("user", "GET", USERS, {}, None, "403 Forbidden"),
    (None, "GET", "/nothing", {}, None, "404 Not Found"),
    (None, "GET", "/%6eothing/%2f/a", {}, None, "404 Not Found"),
    ("admin", "GET", NOBODY, {}, None, "404 Not Found"),
    (None, "GET", "/docs/nothing", {}, None, "404 Not Found"),
    (None, "PATCH", "/healthz", {}, None, "405 Method Not Allowed"),
    (None, "GET", AUTH + "token", {}, None, "405 Method Not Allowed"),
    (None, "DELETE", RESET, {}, None, "405 Method Not Allowed"),
    (None, "GET", "/docs/swagger-ui.css",
     {"Accept-Encoding": "identity;q=0"}, None, "406 Not Acceptable"),
    ("user", "POST", USERS, {}, "taken", "409 Conflict"),
    ("user", "PATCH", ME, {"If-Match": '"x"'}, {"name": "x"},
     "412 Precondition Failed"),
    (None, "POST", USERS, {"Content-Type": "text/plain"}, b"x",
     "415 Unsupported Media Type"),
    ("user", "PATCH", ME, {"Content-Encoding": "gzip"}, b"x",
     "415 Unsupported Media Type"),
    (None, "POST", USERS + "?x=1", {}, {"email": 1, "y": 2},
     "422 Unprocessable Content"),
    ("admin", "GET", USERS + "/no-id", {}, None,
     "422 Unprocessable Content"),
    (None, "POST", AUTH + "token", FORM, b"username=a&password=b",
     "400 Bad Request"),
    (None, "POST", AUTH + "token", FORM, b"", "400 Bad Request"),
    (None, "POST", AUTH + "token", {}, {}, "400 Bad Request"),
    (None, "POST", AUTH + "token", FORM | {"Content-Encoding": "gzip"}, b"x",
     "400 Bad Request"),
    (None, "POST", AUTH + "login", {}, {"username": 1, "x": 2},
     "400 Bad Request"),
    (None, "POST", AUTH + "revoke", FORM, b"", "400 Bad Request"),
    (None, "GET", RESET, {}, None, "400 Bad Request"),
    (None, "POST", RESET, FORM, b"token=x", "422 Unprocessable Content"),
    (None, "POST", RESET, FORM, b"token=x&new_password=short",
     "422 Unprocessable Content"),
    (None, "POST", RESET, FORM, b"token=x&new_password=Rainy-day-43",
     "400 Bad Request"),
    (None, "POST", RESET, {}, {}, "415 Unsupported Media Type"),
    (None, "POST", "/account/verify", FORM, b"token=x", "400 Bad Request"),
    (None, "POST", "/account/verify", FORM, b"token=%ff", "400 Bad Request"),
    (None, "GET", "/account/email", {}, None, "400 Bad Request"),
    (None, "POST", "/account/email", FORM, b"token=x", "400 Bad Request"),
    (None, "POST", "/account/email/cancel", FORM, b"", "400 Bad Request"),
]


def other_headers(answer):
    return sorted((name, value) for name, value in
                  answer.headers.multi_items() if name not in OWN)


def facts_of(answer):
    """Code, message and details of the shape that nobody asked for."""
    if answer.headers["content-type"].startswith("text/html"):
        return None
    assert answer.headers["content-type"] == JSON
    body = answer.json()
    if isinstance(body["error"], str):
        return body["error"], body["error_description"], None
    error = body["error"]
    return error["code"], error["message"], error["details"]


def check_problem(answer, title, path, facts=None):
    """Checks all members; facts: what they have to be."""
    status, _, title = title.partition(" ")
    assert answer.status_code == int(status), answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert "Accept" in answer.headers["vary"].split(", ")
    problem = answer.json()
    assert list(problem) == MEMBERS
    assert problem["type"] == "about:blank"
    assert (problem["title"], problem["status"]) == (title, int(status))
    assert problem["instance"] == "%s#%s" % (
        path, answer.headers["x-request-id"])
    assert problem["detail"] and problem["code"]
    if facts is not None:
        assert (problem["code"], problem["detail"],
                problem["errors"]) == facts
    return problem


@pytest.fixture(scope="module")
def people(server):
    return {person.role: person
            for person in add_people(server, "user", "admin")}


@pytest.mark.parametrize(
    "who, method, path, sent, body, title", ERRORS, ids=[
        "%d %s %s" % (at, row[1], row[2]) for at, row in enumerate(ERRORS)])
def test_the_same_facts(client, people, who, method, path, sent, body, title):
    sent = dict(people[who].headers if who else {}) | sent
    if body == "taken":
        body = new_user(email=people["user"].email)
    options = {"json": body} if isinstance(body, dict) else {"content": body}
    if isinstance(body, bytes):
        sent = {"Content-Type": JSON} | sent
    plain = client.request(method, path, headers=sent, **options)
    asked = client.request(method, path, headers=sent | ASKS, **options)
    normal = path.partition("?")[0].replace("%6e", "n").replace("%2f", "%2F")
    problem = check_problem(asked, title, normal, facts_of(plain))
    assert plain.status_code == asked.status_code
    assert other_headers(plain) == other_headers(asked)
    assert (problem["errors"] is not None) == (asked.status_code == 422)


def test_several_details(client):
    problem = client.post(USERS, headers=ASKS, json={
        "email": 1, "name": "", "x": 2}).json()
    assert problem["code"] == "VALIDATION_ERROR"
    assert {error["field"] for error in problem["errors"]} == {
        "body.email", "body.name", "body.password", "body.x"}
    assert all(sorted(error) == ["code", "field", "message"]
               for error in problem["errors"])


def test_a_page_about_a_taken_address(client, server):
    ada, other = add_people(server, "user", "user")
    ada.set(pending_email=other.email)
    token = add_token(server, ada.id, "email")
    answer = client.post("/account/email", data={"token": token},
                         headers=ASKS)
    problem = check_problem(answer, "409 Conflict", "/account/email")
    assert (problem["code"], problem["errors"]) == ("CONFLICT", None)
    assert token not in answer.text


@pytest.mark.parametrize("path", [
    ME, "/nothing", RESET, USERS + "?cursor=x"])
def test_head_has_the_headers_and_no_body(client, people, path):
    sent = dict(people["admin"].headers) if "?" in path else {}
    read = client.get(path, headers=sent | ASKS)
    head = client.head(path, headers=sent | ASKS)
    assert head.status_code == read.status_code
    assert head.content == b""
    assert head.headers["content-type"] == PROBLEM
    assert other_headers(head) == other_headers(read)
    assert head.headers["content-length"] == read.headers["content-length"]


CHOICES = [
    ([PROBLEM], True), (["Application/PROBLEM+json"], True),
    ([], False), ([""], False), (["*/*"], False), (["application/*"], False),
    ([JSON], False), (["text/html, */*;q=0.8"], False),
    ([JSON + ", " + PROBLEM], True), ([PROBLEM + "," + JSON], True),
    ([JSON + ", " + PROBLEM + ";q=0.5"], False),
    ([JSON + ";q=0.5, " + PROBLEM + "; q=0.5"], True),
    (["*/*, " + PROBLEM + ";q=0.1"], True), ([PROBLEM + ";q=0"], False),
    ([PROBLEM + ";q=0.001"], True),
    ([JSON, PROBLEM], True), ([PROBLEM + ";q=0.5", JSON], False),
    (["*/*", PROBLEM + ";q=0.5", "text/html"], True),
    # Malformed, so they do not count.
    ([PROBLEM + ";q=2"], False), ([PROBLEM + ";q=x"], False),
    ([PROBLEM + " x"], False), ([PROBLEM + ';a="'], False),
    (['text/html;a=", %s, "' % PROBLEM], False),
    ([PROBLEM + ";q=0.1, " + JSON + ";q=1.5"], True),
    ([PROBLEM + ";q=0.1, " + JSON + ";q=1.5", PROBLEM + "x"], True),
]


@pytest.mark.parametrize("lines, asked", CHOICES, ids=[
    "|".join(lines) for lines, _ in CHOICES])
def test_the_choice(server, lines, asked):
    """Also where a quoted string has a comma, which httpx's clients send in
    one line: these are bytes."""
    [answer] = exchange(server, b"GET /nothing HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n" + b"".join(
                            ("Accept: %s\r\n" % line).encode()
                            for line in lines) + b"\r\n")
    assert answer.headers["vary"] == "Accept"
    if asked:
        check_problem(answer, "404 Not Found", "/nothing")
    else:
        assert facts_of(answer) == ("NOT_FOUND", "Not found", None)


def test_a_success_does_not_vary(client, people):
    sent = dict(people["user"].headers) | ASKS
    for path in "/healthz", "/openapi.json":
        answer = client.get(path, headers=sent)
        assert (answer.status_code, "vary" in answer.headers) == (200, False)
    answer = client.get(ME, headers=sent)
    assert (answer.status_code, answer.headers["vary"]) == (
        200, "Authorization")
    assert answer.headers["content-type"] == JSON
    assert client.get("/healthz/", headers=ASKS).status_code == 308


def test_the_instance_is_a_reference(server):
    """Whatever bytes the path has; RFC 3986, 4.2."""
    for sent, wanted in [
            (b'/a"b\\c<d>{}|^`[]', "/a%22b%5Cc%3Cd%3E%7B%7D%7C%5E%60%5B%5D"),
            (b"//host.test/x", "/.//host.test/x"),
            (b"/" + b'"' * 7900, "/" + "%22" * 7900)]:
        [answer] = exchange(server, b"GET " + sent + b" HTTP/1.1\r\n" + HOST +
                            b"Connection: close\r\nX-Request-ID: my-id\r\n" +
                            ASKS_LINE + b"\r\n")
        assert answer.json()["instance"] == wanted + "#my-id"
        assert re.fullmatch(r"[!-~]+", answer.json()["instance"])


BIG = b"Content-Length: 99999999\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\nx\r\n"


@pytest.mark.parametrize("rest, title", [
    (BIG, "413 Content Too Large"), (CHUNKED, "400 Bad Request")],
    ids=lambda value: value if isinstance(value, str) else "")
def test_refusals_after_the_head(server, rest, title):
    [plain] = exchange(server, POST + rest)
    [asked] = exchange(server, POST + ASKS_LINE + rest)
    check_problem(asked, title, USERS, facts_of(plain))
    assert other_headers(plain) == other_headers(asked)


def test_another_host(server):
    def ask(lines):
        with raw_connection(server, name="localhost") as connection:
            connection.sendall(b"GET /a HTTP/1.1\r\nHost: b\r\n" + lines +
                               b"\r\n")
            [answer] = Answers(connection).all()
        return answer

    check_problem(ask(ASKS_LINE), "421 Misdirected Request", "/a",
                  facts_of(ask(b"")))


@pytest.mark.parametrize("method, target, rest, title", [
    (b"GET", b"/a", b"", "400 Bad Request"),
    (b"GET", b"/a", HOST + b"Expect: x\r\n", "417 Expectation Failed"),
    (b"GET", b"/a", HOST + b"Content-Length: 1\r\n", "400 Bad Request"),
    (b"TRACE", b"/a", HOST, "501 Not Implemented"),
    (b"BREW", b"//a?q", b"", "501 Not Implemented"),
    (b"POST", b"/a", HOST + b"Transfer-Encoding: gzip, chunked\r\n",
     "501 Not Implemented")],
    ids=lambda value: value if isinstance(value, str) else "")
def test_a_head_that_asks_for_too_much(server, method, target, rest, title):
    """Its lines are fine, so what it accepts is known."""
    line = b"%s %s HTTP/1.1\r\n" % (method, target) + rest
    [plain] = exchange(server, line + b"\r\n")
    [asked] = exchange(server, line + ASKS_LINE + b"\r\n")
    check_problem(asked, title, "/.//a" if target == b"//a?q" else "/a",
                  facts_of(plain))
    assert other_headers(plain) == other_headers(asked)


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /healthz HTTP/1.1\r\nX Y: z\r\n" + HOST + ASKS_LINE, 400),
    (b"GET /%zz HTTP/1.1\r\n" + HOST + ASKS_LINE, 400),
    (b"GET /" + b"x" * 9999 + b" HTTP/1.1\r\n" + HOST + ASKS_LINE, 414),
    (GET + ASKS_LINE + b"X: " + b"y" * 99999 + b"\r\n", 431),
    (b"CONNECT a:1 HTTP/1.1\r\n" + HOST + ASKS_LINE, 501),
    (b"BREW /" + b"x" * 9999 + b" HTTP/1.1\r\n" + HOST + ASKS_LINE, 501),
    (b"GET / HTTP/2.0\r\n" + HOST + ASKS_LINE, 505)],
    ids=lambda value: str(value) if isinstance(value, int) else "")
def test_a_refused_head_says_nothing(server, request_bytes, status):
    """What it accepts is not known: the envelope, and no Vary."""
    [answer] = exchange(server, request_bytes + b"\r\n")
    assert answer.status_code == status
    assert facts_of(answer)[2] is None
    assert "vary" not in answer.headers


def test_rate_limits(start_server):
    server = start_server(KEEL_RATE_LIMITS="register=1/h,token=2/h")
    with server.client() as client:
        assert client.post(USERS, json=new_user()).status_code == 201
        for ask, path in [
                (lambda **sent: client.post(USERS, json=new_user(), **sent),
                 USERS),
                (lambda **sent: client.post(AUTH + "token", **sent),
                 AUTH + "token")]:
            for _ in range(2):
                ask()
            plain, asked = ask(), ask(headers=ASKS)
            check_problem(asked, "429 Too Many Requests", path,
                          facts_of(plain))
            assert "retry-after" in asked.headers
            assert asked.headers["ratelimit-policy"] == \
                plain.headers["ratelimit-policy"]


def test_without_a_database(start_server):
    server = start_server()
    with server.client() as client:
        server.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS false" %
                           server.database)
        server.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                           "pg_stat_activity WHERE datname = %s",
                           server.database)
        wait_for(lambda: client.get("/readyz").status_code == 503)
        for ask, path in [
                (lambda **sent: client.get("/readyz", **sent), "/readyz"),
                (lambda **sent: ask_token(client, "a@b.test", "x", **sent),
                 AUTH + "token"),
                (lambda **sent: client.post("/account/verify", data={
                    "token": "x" * 43}, **sent), "/account/verify")]:
            plain, asked = ask(), ask(headers=ASKS)
            check_problem(asked, "503 Service Unavailable", path,
                          facts_of(plain))
            assert other_headers(plain) == other_headers(asked)
            assert asked.headers["retry-after"] == "1"


@pytest.mark.faults
@pytest.mark.parametrize("path", ["/healthz", AUTH + "token", RESET])
def test_without_memory(client, path):
    """Without a ctx, then without an arena."""
    for n in range(1, 4):
        fault = {"X-Fault": "alloc=%d" % n}
        plain = client.get(path, headers=fault)
        asked = client.get(path, headers=fault | ASKS)
        assert plain.status_code == asked.status_code
        if asked.status_code == 503:
            check_problem(asked, "503 Service Unavailable", path,
                          facts_of(plain))


def test_the_admin_listener(server):
    answer = httpx.get(server.admin_url + "/nothing", trust_env=False,
                       headers=ASKS)
    check_problem(answer, "404 Not Found", "/nothing",
                  ("NOT_FOUND", "Not found", None))
    answer = httpx.post(server.admin_url + "/metrics", trust_env=False,
                        headers=ASKS)
    check_problem(answer, "405 Method Not Allowed", "/metrics")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_behind_a_path(start_server):
    """The instance is below KEEL_PUBLIC_URL, as Location is."""
    server = start_server(KEEL_PUBLIC_URL="https://gw.example.org/backend",
                          KEEL_CORS_ORIGINS="https://app.example.org")
    with server.client() as client:
        answer = client.get("/nothing", headers=ASKS)
        check_problem(answer, "404 Not Found", "/backend/nothing")
        assert answer.headers["vary"] == "Accept, Origin"
    [answer] = exchange(server, POST + ASKS_LINE + BIG)
    check_problem(answer, "413 Content Too Large", "/backend" + USERS)
    answer = httpx.get(server.admin_url + "/nothing", trust_env=False,
                       headers=ASKS)
    check_problem(answer, "404 Not Found", "/nothing")
