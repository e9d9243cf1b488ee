# SPDX-License-Identifier: ISC
"""HEAD, OPTIONS and methods that a path does not have: every route of ./keel
routes, and the guard's refusals. Byte by byte, since HTTP clients do not show
what comes after the head of a response to HEAD."""

import contextlib
import socket

import pytest

from helpers import raw_request, read_routes
from people import add_people
from samples import body_of, path_of, template_of
from wire import GET, HOST, Answers

PAGE = "http://localhost:5173"
ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ON_ADMIN_LISTENER = {"/metrics"}
STRANGE = "01890000-0000-7000-8000-000000000000"
# They have nothing to do with the method.
VARIABLE = {"date", "x-request-id"}


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_CORS_ORIGINS=PAGE)


@pytest.fixture(scope="module")
def routes(server):
    """The methods of each path."""
    found = {}
    for method, path, *_ in read_routes(server)[1:]:
        found.setdefault(template_of(path), set()).add(method)
    assert len(found) > 30
    return found


@pytest.fixture(scope="module")
def people(server):
    return add_people(server, "user", "admin")


@contextlib.contextmanager
def connection_to(server, template, name):
    if template in ON_ADMIN_LISTENER:
        address = server.admin_url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])),
                                      timeout=20) as plain:
            yield plain
    else:
        plain = socket.create_connection(("127.0.0.1", server.port),
                                         timeout=20)
        with server.tls().wrap_socket(plain, server_hostname=name) as tls:
            yield tls


def send(server, template, request, name="127.0.0.1"):
    """One response, and what came after it: nothing, for HEAD after its
    head."""
    with connection_to(server, template, name) as connection:
        connection.sendall(request)
        answers = Answers(connection)
        answer = answers.next(head=request.lstrip().startswith(b"HEAD"))
        while answers.more():
            pass
        return answer, answers.data


def ask(server, template, method, path, **headers):
    """A request that ends its connection."""
    answer, rest = send(server, template, raw_request(
        method, path, Connection="close", **headers))
    assert rest == b"", "%s %s has a body" % (method, path)
    return answer


def facts_of(answer):
    return answer.status_code, sorted(
        (name, value) for name, value in answer.headers.multi_items()
        if name not in VARIABLE)


def check_head(server, template, path, **headers):
    """HEAD has the status and the headers of GET. What GET says may change,
    like metrics: then it is asked again. Returns GET's answer."""
    for _ in range(20):
        get, head, again = (ask(server, template, method, path, **headers)
                            for method in ("GET", "HEAD", "GET"))
        if facts_of(get) == facts_of(again):
            assert facts_of(head) == facts_of(get), (path, headers)
            assert head.content == b""
            return get
    raise AssertionError("%s is never the same" % path)


def allow_of(methods):
    return ", ".join(method for method in ORDER if method in methods or
                     method == "OPTIONS" or
                     (method == "HEAD" and "GET" in methods))


def asking(person):
    return {} if person is None else {
        "Authorization": "Bearer " + person.token}


def paths_of(server, template, person):
    """The path of a person's own, and with what a page's link has."""
    path = path_of(server, template, person)
    link = body_of("GET", template, person).get("params")
    return [path, path + "?token=" + link["token"]] if link else [path]


def test_head_is_get_on_every_path(server, routes, people):
    """200 and what else GET answers: 401, 403, 404, 405, 422, 304, 412."""
    user, admin = people
    seen = set()
    for template in routes:
        paths = paths_of(server, template, user)
        for who in (None, user, admin):
            for path in [*paths, paths[0] + "?nothing=1"]:
                get = check_head(server, template, path, **asking(who))
                seen.add(get.status_code)
                if "GET" not in routes[template]:
                    assert get.status_code == 405
                if "etag" in get.headers:
                    for name, status in (("If_None_Match", 304),
                                         ("If_Match", 412)):
                        changed = check_head(
                            server, template, path, **asking(who), **{
                                name: get.headers["etag"] if status == 304
                                else '"x"'})
                        seen.add(changed.status_code)
        if user.id in paths[0]:
            get = check_head(server, template, paths[0].replace(
                user.id, STRANGE), **asking(admin))
            seen.add(get.status_code)
    assert seen >= {200, 304, 400, 401, 403, 404, 405, 412, 422}


@pytest.mark.parametrize("path, headers, status", [
    ("/", {"Accept": "text/html"}, 303), ("/nothing", {}, 404),
    ("/nothing", {"Origin": PAGE}, 404), ("/healthz/", {}, 308),
    ("/docs/swagger-ui.css", {"Accept_Encoding": "gzip"}, 200),
    ("/docs/swagger-ui.css", {"Accept_Encoding": "identity;q=0"}, 406),
    ("/docs/nothing.js", {}, 404), ("/api/v1/users/x", {}, 401),
    ("/healthz", {"Origin": PAGE}, 200),
    ("/healthz", {"X_Request_ID": "mine"}, 200)])
def test_head_is_get_of_other_responses(server, path, headers, status):
    assert check_head(server, "", path, **headers).status_code == status


@pytest.mark.parametrize("rest, status", [
    (b"/ HTTP/1.1\r\n" + HOST * 2 + b"\r\n", 400),
    (b"/ HTTP/1.1\r\n" + HOST + b"X: \x01", 400),
    (b"nowhere HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nx", 400),
    (b"/" + b"x" * 9999 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    (b"/ HTTP/1.1\r\n" + HOST + b"Expect: x\r\n\r\n", 417),
    (b"/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421),
    (b"/ HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 99999 + b"\r\n\r\n", 431),
    (b"/ HTTP/2.0\r\n" + HOST + b"\r\n", 505)],
    ids=["two hosts", "control", "target", "body", "414", "417", "421", "431",
         "505"])
def test_head_of_a_refusal_has_no_body(server, rest, status):
    """Also where the guard does not parse the head, or not all of it."""
    get, head = (send(server, "", method + rest, "localhost" if status == 421
                      else "127.0.0.1") for method in (b"GET ", b"HEAD "))
    assert get[0].status_code == status
    assert get[1] == head[1] == b""
    assert facts_of(head[0]) == facts_of(get[0])
    assert len(get[0].content) > 0


def test_head_of_a_request_that_is_too_slow(start_server, build_copy):
    server = start_server(build=build_copy(lambda text: text.replace(
        "http_header_timeout\t\t10", "http_header_timeout\t\t1")))
    for method in (b"GET", b"HEAD"):
        for _ in range(5):
            answer, rest = send(server, "", GET.replace(b"GET", method))
            if answer is not None:
                break       # or its first byte came too late for an answer
        assert (answer.status_code, rest) == (408, b"")
        assert answer.headers["content-length"] != "0"


def test_options_of_every_path(server, routes, people):
    """Without credentials, and whatever they are."""
    user, _ = people
    for template, methods in routes.items():
        path = path_of(server, template, user)
        for headers in ({}, {"Authorization": "Bearer x"}, asking(user),
                        {"Origin": "https://other.test"}):
            answer = ask(server, template, "OPTIONS", path, **headers)
            assert answer.status_code == 204, template
            assert answer.headers["allow"] == allow_of(methods), template
            assert answer.headers.get("accept-patch") == (
                "application/merge-patch+json, application/json"
                if "PATCH" in methods else None), template
            assert "content-length" not in answer.headers


def test_every_other_method_is_405_with_the_same_allow(server, routes, people):
    user, _ = people
    for template, methods in routes.items():
        path = path_of(server, template, user)
        for method in ORDER:
            if method in allow_of(methods).split(", "):
                continue
            answer, rest = send(server, template, raw_request(
                method, path, Connection="close"))
            assert (answer.status_code, rest) == (405, b""), template
            assert answer.headers["allow"] == allow_of(methods), template


def test_a_preflight_of_every_path(server, routes, people):
    """Not of the admin listener, which is not for pages."""
    user, _ = people
    for template, methods in routes.items():
        path = path_of(server, template, user)
        for method in methods:
            answer = ask(server, template, "OPTIONS", path, Origin=PAGE,
                         Access_Control_Request_Method=method)
            assert answer.status_code == 204
            allowed = answer.headers.get("access-control-allow-methods")
            if template in ON_ADMIN_LISTENER:
                assert allowed is None
                assert answer.headers["allow"] == allow_of(methods)
            else:
                assert set(allowed.split(", ")) == set(ORDER)
                assert answer.headers["access-control-allow-origin"] == PAGE


def test_options_of_other_paths(server):
    answer = ask(server, "", "OPTIONS", "*")
    assert answer.status_code == 204
    assert answer.headers["allow"] == ", ".join(ORDER)
    assert ask(server, "", "OPTIONS", "/healthz/").status_code == 308
    answer, _ = send(server, "", raw_request("OPTIONS", "/nothing",
                                             Connection="close"))
    assert answer.status_code == 404
    assert "allow" not in answer.headers
