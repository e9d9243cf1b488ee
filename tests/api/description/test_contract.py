# SPDX-License-Identifier: ISC
"""Tests the checker itself: it finds everything that is not declared."""

import json
import threading
import types

import httpx
import pytest

import contract
from contract import Contract, Undeclared
from description import Description
from exercised import UNASKED, Exercised, is_whole, wanted
from golden import document_in_git
from server import ROOT

ID = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"
IN_GIT = Description(json.dumps(document_in_git()))
SCHEMA = IN_GIT.document["components"]["schemas"]["User"]
USER = {name: SCHEMA["properties"][name].get("examples", [None])[0]
        for name in SCHEMA["required"]}
HEADERS = {"date": "Sat, 31 Jan 2026 12:00:00 GMT", "server": "keel",
           "cache-control": "no-store",
           "x-content-type-options": "nosniff", "x-request-id": "a"}
USER_HEADERS = HEADERS | {
    "content-type": "application/json", "etag": '"1"',
    "vary": "Authorization", "cache-control": "private, no-cache"}
TOKEN = {"Authorization": "Bearer x"}
JSON = {"content-type": "application/json"}
URL = "https://127.0.0.1:1"


def error(code, *details, **more):
    return {"error": {"code": code, "message": "No", "request_id": "a",
                      "details": list(details) or None, **more}}


def detail(field, code):
    return {"field": field, "message": "No", "code": code}


def check(request, status, headers, body=None):
    """An error varies by Accept unless the headers say otherwise."""
    if status >= 400:
        headers = {"vary": "Accept"} | headers
    content = json.dumps(body).encode() if body is not None else b""
    Contract(IN_GIT).check(request, httpx.Response(
        status, headers=headers, content=content, request=request))


def get(target="/api/v1/users/" + ID, headers=TOKEN):
    return httpx.Request("GET", URL + target, headers=headers)


def patch(body=b"{}", headers=JSON, target="/api/v1/users/" + ID):
    return httpx.Request("PATCH", URL + target, content=body,
                         headers=TOKEN | headers)


def without(items, name):
    return {key: value for key, value in items.items() if key != name}


def test_a_declared_response_passes():
    check(get(), 200, USER_HEADERS, USER)
    check(get(), 304, without(USER_HEADERS, "content-type"))
    check(get(), 404, HEADERS | JSON, error("NOT_FOUND"))
    check(patch(b'{"name": "Ada"}'), 200, USER_HEADERS, USER)
    check(httpx.Request("HEAD", URL + "/healthz"), 200, HEADERS | JSON)
    check(httpx.Request("OPTIONS", URL + "/healthz"), 204,
          HEADERS | {"allow": "GET"})
    check(httpx.Request("OPTIONS", URL + "/nothing"), 204,
          HEADERS | {"access-control-allow-methods": "GET"})
    check(get("/healthz"), 503, HEADERS | JSON | {
        "vary": "Accept, Origin", "retry-after": "1",
        "access-control-allow-origin": "https://a"},
          error("SERVICE_UNAVAILABLE"))
    check(get("/nothing"), 404, HEADERS | JSON, error("NOT_FOUND"))
    check(get("/healthz/"), 308, HEADERS | {"location": "/healthz"})
    check(httpx.Request("PUT", URL + "/healthz"), 405,
          HEADERS | JSON | {"allow": "GET"}, error("METHOD_NOT_ALLOWED"))
    check(get("/healthz"), 400, HEADERS | JSON | {"connection": "close"},
          error("BAD_REQUEST"))


@pytest.mark.parametrize("change, problem", [
    ({"nickname": "A"}, "'nickname' was unexpected"),
    ({"id": None}, "None is not of type 'string'"),
    ({"id": "1"}, "is not a 'uuid'"),
    ({"id": ID.replace("-", "")}, "is not a 'uuid'"),
    ({"is_active": "true"}, "is not of type 'boolean'"),
    ({"created_at": "2026-01-31 12:00:00Z"}, "is not a 'date-time'"),
    ({"created_at": "2026-02-31T12:00:00Z"}, "is not a 'date-time'"),
    ({"updated_at": 1}, "is not of type 'string'")])
def test_a_body_that_is_not_declared_is_found(change, problem):
    with pytest.raises(Undeclared, match=problem):
        check(get(), 200, USER_HEADERS, USER | change)


def test_a_page_of_a_project_is_no_operation(monkeypatch):
    """Its errors are those of Keel, or pages as well."""
    page = HEADERS | {"content-type": "text/html; charset=utf-8"}
    with pytest.raises(Undeclared, match="this is no operation"):
        check(get("/guestbook"), 200, page, "<p>")
    monkeypatch.setattr(contract, "PAGES", contract.page_paths(
        {"/guestbook", "/guestbook/{entry_id}"}))
    check(get("/guestbook"), 200, page, "<p>")
    check(get("/guestbook/1"), 404, page, "<p>")
    check(get("/guestbook/"), 308, HEADERS | {"location": "/guestbook"})
    check(get("/guestbook/1"), 404, HEADERS | JSON, error("NOT_FOUND"))
    with pytest.raises(Undeclared, match="the body"):
        check(get("/guestbook"), 404, HEADERS | JSON, {"detail": "No"})
    with pytest.raises(Undeclared, match="this is no operation"):
        check(get("/guestbook/1/more"), 200, page, "<p>")


@pytest.mark.parametrize("name", USER)
def test_a_missing_member_is_found(name):
    with pytest.raises(Undeclared, match="'%s' is a required" % name):
        check(get(), 200, USER_HEADERS, without(USER, name))


@pytest.mark.parametrize("name", [
    "etag", "vary", "cache-control", "x-request-id",
    "x-content-type-options"])
def test_a_missing_header_is_found(name):
    with pytest.raises(Undeclared, match="(?i)" + name):
        check(get(), 200, without(USER_HEADERS, name), USER)


@pytest.mark.parametrize("request_, status, headers, body, problem", [
    (get(), 418, HEADERS | JSON, error("NOT_FOUND"), "declare this status"),
    (get(), 201, USER_HEADERS, USER, "declare this status"),
    (get(), 400, HEADERS | JSON, error("BAD_REQUEST"), "this status"),
    (get("/healthz"), 400, HEADERS | JSON | {"connection": "close"},
     error("INVALID_JSON"), "declare this status"),
    (get(), 200, USER_HEADERS | {"x-secret": "a"}, USER,
     "x-secret is not declared"),
    (get(), 200, USER_HEADERS | {"content-type": "text/html"}, USER,
     "'text/html' is not declared"),
    (get(), 200, without(USER_HEADERS, "content-type"), USER,
     "'' is not declared"),
    (get(), 304, without(USER_HEADERS, "content-type"), USER,
     "a body is not declared"),
    (get(), 200, USER_HEADERS, [{}], "is not of type 'object'"),
    (get(), 200, USER_HEADERS, None, "the body"),
    (get(), 404, HEADERS | JSON, {"detail": "No"}, "'detail' was unexpected"),
    (get(), 404, HEADERS | JSON, error("NEW_CODE"), "is not one of"),
    (get(), 404, HEADERS | JSON, error("NOT_FOUND", stack="a.c"),
     "'stack' was unexpected"),
    (get(), 404, HEADERS | JSON, error("NOT_FOUND", {"field": "a"}),
     "is a required"),
    (get(), 401, HEADERS | JSON, error("UNAUTHORIZED"),
     "WWW-Authenticate is missing"),
    (get("/healthz"), 503, HEADERS | JSON | {"retry-after": "soon"},
     error("SERVICE_UNAVAILABLE"), "'soon' is no integer"),
    (httpx.Request("HEAD", URL + "/healthz"), 200, HEADERS | JSON,
     {"status": "ok"}, "HEAD has a body"),
    (httpx.Request("OPTIONS", URL + "/healthz"), 200, HEADERS, None,
     "204 was expected"),
    (httpx.Request("OPTIONS", URL + "/healthz"), 204, HEADERS, None,
     "without allow"),
    (httpx.Request("OPTIONS", URL + "/nothing"), 200,
     HEADERS | {"access-control-allow-methods": "GET"}, None,
     "204 was expected"),
    (get("/healthz"), 200, HEADERS | JSON | {"vary": "Accept"},
     {"status": "ok"}, "vary is not declared"),
    (httpx.Request("PUT", URL + "/healthz"), 405, HEADERS | JSON,
     error("METHOD_NOT_ALLOWED"), "without allow"),
    (httpx.Request("PUT", URL + "/healthz"), 200, HEADERS | JSON,
     {"status": "ok"}, "405 was expected"),
    (get("/nothing"), 200, HEADERS | JSON, {"status": "ok"},
     "404 was expected"),
    (get("/nothing"), 404, HEADERS | JSON, {}, "'error' is a required"),
    (get("/healthz/"), 308, HEADERS, None, "without location")])
def test_an_undeclared_response_is_found(request_, status, headers, body,
                                         problem):
    with pytest.raises(Undeclared, match=problem):
        check(request_, status, headers, body)


@pytest.mark.parametrize("request_, problem", [
    (get(headers={}), "no token was sent"),
    (get("/api/v1/users/1"), "user_id: .* is not a 'uuid'"),
    (get("/api/v1/users/%s?x=1" % ID), "'x' is not declared"),
    (patch(b'{"nickname": "A"}'), "'nickname' was unexpected"),
    (patch(b'{"name": ""}'), "does not match"),
    (patch(b'{"name": "%s"}' % (b"x" * 101)), "too long"),
    (patch(b'{"role": "boss"}'), "is not one of"),
    (patch(b'{"is_active": null}'), "is not of type 'boolean'"),
    (patch(b"[]"), "is not of type 'object'"),
    (patch(b"{"), "the body"), (patch(b""), "the body"),
    (patch(b'{"name": NaN}'), "NaN is not JSON"),
    (patch(b'{"name": "\\ud800"}'), "surrogates"),
    (patch(b'{"name": "\xff"}'), "decode"),
    (patch(headers={"content-type": "text/plain"}), "'text/plain' is not"),
    (patch(headers={"content-type": "application/json; charset=latin-1"}),
     "not UTF-8"),
    (patch(headers={"content-type": "application/json; charset"}),
     "malformed"),
    (patch(headers={"content-type": "application/json",
                    "content-encoding": "gzip"}), "is coded")])
def test_an_accepted_invalid_request_is_found(request_, problem):
    with pytest.raises(Undeclared, match="was taken, although .*" + problem):
        check(request_, 200, USER_HEADERS, USER)
    refused = error("VALIDATION_ERROR", detail("body.name", "too_long"))
    check(request_, 422, HEADERS | JSON, refused)


@pytest.mark.parametrize("query, problem", [
    ("page=0", "less than the minimum"), ("limit=101", "greater than"),
    ("limit=01", "no integer"), ("limit=%20", "no integer"),
    ("limit=1e1", "no integer"), ("is_active=2", "no boolean"),
    ("role=boss", "is not one of"), ("q=" + "x" * 101, "too long"),
    ("q=%ff", "decode"), ("q=%00", "0000"),
    ("sort=id", "is not one of")])
def test_an_accepted_invalid_query_is_found(query, problem):
    body = {"items": [USER], "total": 1, "page": 1, "limit": 20, "pages": 1}
    headers = without(USER_HEADERS, "etag")
    for fine in ("page=1&q=a%20b+c&is_active=true",
                 "page=&q=&is_active=&role&is_active=True"):
        check(get("/api/v1/users?" + fine), 200, headers, body)
    check(get("/healthz?x=%zz"), 200, HEADERS | JSON, {"status": "ok"})
    with pytest.raises(Undeclared, match=problem):
        check(get("/api/v1/users?" + query), 200, headers, body)


def test_a_refused_valid_request_is_found():
    refusals = [
        (422, error("VALIDATION_ERROR", detail("body.name", "wrong_type"))),
        (422, error("VALIDATION_ERROR", detail("body.email", "invalid_format"),
                    detail("body.name", "wrong_type"))),
        (415, error("UNSUPPORTED_MEDIA_TYPE")), (400, error("INVALID_JSON"))]
    for status, body in refusals:
        with pytest.raises(Undeclared, match="the request fits"):
            check(patch(), status, HEADERS | JSON, body)
    check(patch(b'{"email": "@"}'.replace(b"@", b"a@b@c")), 422,
          HEADERS | JSON, error("VALIDATION_ERROR", detail(
              "body.email", "invalid_format")))


PROBLEM = HEADERS | {"content-type": "application/problem+json"}
ASKS = TOKEN | {"Accept": "application/problem+json"}


def problem_of(status, code="NOT_FOUND", **more):
    return {"type": "about:blank", "title": "No", "status": status,
            "detail": "No", "instance": "/x#a", "code": code, "errors": None,
            **more}


def test_a_problem_passes():
    check(get(headers=ASKS), 404, PROBLEM, problem_of(404))
    check(get("/nothing", ASKS), 404, PROBLEM, problem_of(404))
    check(httpx.Request("HEAD", URL + "/healthz", headers=ASKS), 503,
          PROBLEM | {"retry-after": "1"})
    check(get("/healthz", ASKS), 400, PROBLEM | {"connection": "close"},
          problem_of(400, "BAD_REQUEST"))
    check(get("/healthz", ASKS), 417, HEADERS | JSON | {"vary": ""},
          error("EXPECTATION_FAILED"))
    check(patch(b'{"name": ""}', JSON | ASKS), 422, PROBLEM, problem_of(
        422, "VALIDATION_ERROR", errors=[detail("body.name", "too_short")]))


@pytest.mark.parametrize("request_, status, headers, body, problem", [
    (get(headers=ASKS), 404, HEADERS | JSON, error("NOT_FOUND"),
     "another shape"),
    (get(), 404, PROBLEM, problem_of(404), "another shape"),
    (get("/nothing"), 404, PROBLEM, problem_of(404), "another shape"),
    (get(), 404, HEADERS | JSON | {"vary": "Origin"}, error("NOT_FOUND"),
     "does not vary"),
    (get("/nothing"), 404, HEADERS | JSON | {"vary": ""}, error("NOT_FOUND"),
     "does not vary"),
    (get(headers=ASKS), 404, PROBLEM, problem_of(400), "another response's"),
    (get(headers=ASKS), 404, PROBLEM, problem_of(404, instance="/x#b"),
     "another response's"),
    (get(headers=ASKS), 404, PROBLEM, problem_of(404, stack="a.c"),
     "'stack' was unexpected"),
    (get(headers=ASKS), 404, PROBLEM, error("NOT_FOUND"), "the body"),
    (patch(headers=JSON | ASKS), 422, PROBLEM, problem_of(
        422, "VALIDATION_ERROR", errors=[detail("body.name", "too_short")]),
     "the request fits")])
def test_a_wrong_problem_is_found(request_, status, headers, body, problem):
    with pytest.raises(Undeclared, match=problem):
        check(request_, status, headers, body)


@pytest.mark.parametrize("accept, wanted_", [
    ("application/problem+json", True), ("application/json", False),
    ("application/problem+json;q=0.5, application/json", False),
    ("application/problem+json;q=0", False), ("*/*", False), ("", False),
    ("application/problem+json;q=2", False),
    ("application/json, Application/Problem+JSON", True)])
def test_what_accept_asks_for(accept, wanted_):
    assert contract.wants_problem({"accept": accept}) == wanted_


def test_only_what_was_checked_is_seen():
    seen = Contract(IN_GIT)
    for request, status in ((get("/healthz"), 200),
                            (httpx.Request("HEAD", URL + "/readyz"), 200)):
        seen.check(request, httpx.Response(
            status, headers=HEADERS | JSON, request=request,
            content=b"" if request.method == "HEAD" else b'{"status": "ok"}'))
    assert seen.seen == {("alive", "200")}


def test_every_client_is_watched(client, server):
    """Also those that exist for one call, and those in threads."""
    options = {"verify": server.tls(), "trust_env": False}

    def ask():
        httpx.get(server.url + "/healthz", **options)

    before = contract.watch.exchanges
    client.get("/healthz")
    ask()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    with server.client(follow_redirects=True) as follower:
        follower.get("/healthz/")
    httpx.get(server.admin_url + "/metrics", trust_env=False)
    assert contract.watch.exchanges == before + 5


def session_of(**options):
    """Like pytest's, after a run without failures."""
    option = dict.fromkeys(("keyword", "markexpr", "collectonly", "deselect",
                            "ignore", "ignore_glob")) | options
    config = types.SimpleNamespace(
        option=types.SimpleNamespace(**option), args=["tests/api"],
        invocation_params=types.SimpleNamespace(dir=ROOT))
    return types.SimpleNamespace(config=config, shouldstop=False,
                                 shouldfail=False, exitstatus=0)


@pytest.fixture
def exercised(monkeypatch):
    """One that has seen every response, as if from a worker."""
    monkeypatch.setattr(contract.watch, "contracts", {})
    exercised = Exercised()
    exercised.pytest_testnodedown(types.SimpleNamespace(workeroutput={
        "contract": {"seen": [list(pair) for pair in wanted()],
                     "exchanges": 1}}))
    return exercised


def test_a_run_that_has_seen_all_passes(exercised):
    session = session_of()
    exercised.pytest_sessionfinish(session)
    assert session.exitstatus == 0


@pytest.mark.parametrize("name, status", [("alive", 200), ("delete_me", 422)])
def test_an_unseen_operation_fails_a_whole_run(exercised, name, status):
    exercised.seen = {pair for pair in exercised.seen if pair[0] != name}
    session = session_of()
    exercised.pytest_sessionfinish(session)
    assert session.exitstatus == 1
    assert "declared, but never seen: %s %d" % (
        name, status) in exercised.lines


def test_a_partial_run_is_not_checked(exercised):
    exercised.seen.clear()
    parts = [session_of(keyword="x"), session_of(markexpr="faults"),
             session_of(deselect=["x"]), session_of()]
    parts[3].config.args = ["tests/api/http/test_http.py"]
    for session in parts:
        assert not is_whole(session.config)
        exercised.pytest_sessionfinish(session)
        assert session.exitstatus == 0


def test_a_worker_sends_what_it_has_seen(exercised):
    session = session_of()
    session.config.workeroutput = {}
    exercised.pytest_sessionfinish(session)
    assert session.config.workeroutput["contract"]["seen"] == []
    assert session.exitstatus == 0


def test_the_wanted_responses():
    assert {("alive", "200"), ("create_user", "201"), ("read_me", "304"),
            ("update_me", "412")} <= wanted()
    assert not {status for _, status in wanted()} & set(UNASKED)
