# SPDX-License-Identifier: ISC
"""HTTP itself: methods, headers, request ids, unknown paths and queries."""

import concurrent.futures
import email.utils
import time
import uuid

import httpx
import pytest

from helpers import check_error, check_validation, new_user, register, sign_in
from helpers import bearer, raw_connection, raw_request, read_raw_answer
from product import NAME
from runner import wait_for

ANY_ID = "/00000000-0000-4000-8000-000000000000"
ALLOWED = {
    "/api/v1/users": "GET, HEAD, POST, OPTIONS",
    "/api/v1/users/me": "GET, HEAD, PATCH, DELETE, OPTIONS",
    "/api/v1/users/me/password": "POST, OPTIONS",
    "/api/v1/users/me/sessions": "GET, HEAD, DELETE, OPTIONS",
    "/api/v1/users/me/sessions" + ANY_ID: "DELETE, OPTIONS",
    "/api/v1/users" + ANY_ID: "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/api/v1/users" + ANY_ID + "/activate": "POST, OPTIONS",
    "/api/v1/users" + ANY_ID + "/deactivate": "POST, OPTIONS",
    "/api/v1/users" + ANY_ID + "/unlock": "POST, OPTIONS",
    "/api/v1/users" + ANY_ID + "/sessions": "GET, HEAD, DELETE, OPTIONS",
    "/api/v1/users" + ANY_ID + "/sessions" + ANY_ID: "DELETE, OPTIONS",
    "/api/v1/auth/token": "POST, OPTIONS",
    "/api/v1/admin/audit": "GET, HEAD, OPTIONS",
    "/api/v1/admin/jobs": "GET, HEAD, OPTIONS",
    "/api/v1/admin/jobs/retry": "POST, OPTIONS",
    "/api/v1/admin/jobs/cancel": "POST, OPTIONS",
    "/api/v1/admin/jobs/delete": "POST, OPTIONS",
    "/api/v1/admin/jobs" + ANY_ID: "GET, HEAD, DELETE, OPTIONS",
    "/api/v1/admin/jobs" + ANY_ID + "/retry": "POST, OPTIONS",
    "/api/v1/admin/jobs" + ANY_ID + "/cancel": "POST, OPTIONS",
    "/api/v1/users" + ANY_ID + "/jobs": "GET, HEAD, OPTIONS",
    "/healthz": "GET, HEAD, OPTIONS",
    "/readyz": "GET, HEAD, OPTIONS",
    "/openapi.json": "GET, HEAD, OPTIONS",
    "/docs": "GET, HEAD, OPTIONS",
    "/docs/docs.js": "GET, HEAD, OPTIONS",
    "/": "GET, HEAD, OPTIONS",
    "/favicon.ico": "GET, HEAD, OPTIONS",
}
EVERY_PATH = list(ALLOWED)


def exact(client, path):
    """The URL of a path that may begin with //, which is no host."""
    return client.base_url.copy_with(raw_path=path.encode())


@pytest.mark.parametrize("path", [
    "/api", "/api/v1", "/api/v1/nothing", "/api/v1/users/me/x",
    "/api/v2/users", "/API/v1/users", "/healthzz", "/x" * 500,
    "/api/v1/users%2fme", "/%00", "/a%0d%0ab", "/..%2f..%2fetc/passwd",
    "/index.php", "/metrics", "/nothing/", "/metrics/", "///", "/healthz//",
    "//healthz/", "/api/v1/users//", "/api/v1/users/me//",
    "/api/v1/users//sessions", "/api/v1/users//sessions//",
    "/api/v1/users//activate", "/api/v1/users//activate/",
    "/x" * 500 + "/", "//example.com/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404_whatever_the_method(client, method, path):
    answer = client.request(method, exact(client, path))
    assert check_error(answer, 404, "NOT_FOUND", "Not found") == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH",
                                    "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", EVERY_PATH + ["/api/v1/users/no-uuid"])
def test_a_trailing_slash_is_redirected(client, path, method):
    answer = client.request(method, exact(client, path + "/"))
    assert answer.status_code == 308
    assert answer.headers["location"] == path
    assert answer.content == b""
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("query", ["page=2&limit=3", "q=a%20b%2F", "x=/", "=",
                                   "a=https://example.com/"])
def test_a_trailing_slash_keeps_the_query(client, query):
    answer = client.get("/api/v1/users/?" + query)
    assert answer.status_code == 308
    assert answer.headers["location"] == "/api/v1/users?" + query


def test_a_client_that_follows_a_redirect_repeats_its_request(client, server):
    user = new_user()
    with server.client(follow_redirects=True) as follower:
        assert follower.post("/api/v1/users/", json=user).status_code == 201
    sign_in(client, user)


def test_the_admin_listener_redirects_only_its_own_paths(server):
    for path, status in (("/metrics/", 308), ("/healthz/", 404)):
        answer = httpx.get(server.admin_url + path, trust_env=False,
                           verify=False)
        assert answer.status_code == status
        assert answer.headers.get("location") == (
            "/metrics" if status == 308 else None)


@pytest.mark.parametrize("method, path", [
    (method, path) for path in EVERY_PATH
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    if method not in ALLOWED[path]])
def test_a_wrong_method_is_405_with_allow(client, method, path):
    answer = client.request(method, path)
    check_error(answer, 405, "METHOD_NOT_ALLOWED", "Method not allowed")
    assert answer.headers["allow"] == ALLOWED[path]


@pytest.mark.parametrize("path", EVERY_PATH)
def test_options_lists_the_methods(client, path):
    answer = client.options(path)
    assert answer.status_code == 204
    assert answer.headers["allow"] == ALLOWED[path]
    assert answer.content == b""
    assert "x-request-id" in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_is_get_without_a_body(client, path):
    get, head, again = client.get(path), client.head(path), client.get(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    # After a minute without a runner, /readyz warns.
    assert int(head.headers["content-length"]) in (len(get.content),
                                                   len(again.content))
    assert head.headers["content-type"] == get.headers["content-type"]


def test_head_of_an_error_has_no_body_either(client):
    for path, status in (("/nothing", 404), ("/api/v1/users/me", 401),
                         ("/api/v1/auth/token", 405)):
        answer = client.head(path)
        assert answer.status_code == status
        assert answer.content == b""
        assert client.get("/healthz").json() == {"status": "ok"}


def test_health_says_ok_and_ready(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    # It may warn: no job runner runs beside it.
    assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.parametrize("method, path", [
    ("GET", "/healthz"), ("GET", "/nothing"), ("GET", "/api/v1/users/me"),
    ("POST", "/api/v1/users"), ("POST", "/api/v1/auth/token"),
    ("DELETE", "/readyz"), ("OPTIONS", "/api/v1/users")])
def test_every_response_has_the_common_headers(client, method, path):
    answer = client.request(method, path)
    date = email.utils.parsedate_to_datetime(answer.headers["date"])
    assert abs(date.timestamp() - time.time()) < 60
    assert answer.headers["date"].endswith(" GMT")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers    # loopback
    assert answer.headers["server"] == NAME
    assert uuid.UUID(answer.headers["x-request-id"]).version == 7


@pytest.mark.parametrize("request_id", [
    "a", "A-1", "x" * 64, "93384da9-3ff7-4244-abb2-f47b57fc5440"])
def test_a_clients_request_id_is_kept(client, request_id):
    answer = client.get("/nothing", headers={"X-Request-ID": request_id})
    assert answer.headers["x-request-id"] == request_id
    assert answer.json()["error"]["request_id"] == request_id


@pytest.mark.parametrize("request_id", [
    "a b", "x" * 65, "a_b", "a.b", "<x>", "a\"b", "a;b", "a/b",
    "{}", "x" * 5000])
def test_a_bad_request_id_is_replaced(client, request_id):
    answer = client.get("/nothing", headers={"X-Request-ID": request_id})
    assert uuid.UUID(answer.headers["x-request-id"]).version == 7
    assert answer.json()["error"]["request_id"] == \
        answer.headers["x-request-id"]


def test_request_ids_are_unique(client):
    ids = {client.get("/healthz").headers["x-request-id"] for _ in range(50)}
    assert len(ids) == 50


def test_the_log_line_has_the_request_id(client, server):
    request_id = str(uuid.uuid4())
    client.get("/api/v1/users/me?", headers={"X-Request-ID": request_id})
    line = server.wait_for_log(request_id)
    assert line["method"] == "GET"
    assert line["path"] == "/api/v1/users/me"
    assert line["status"] == 401
    assert line["client"] == "127.0.0.1"
    assert line["duration_us"] >= 0


def test_the_log_has_no_query_string(client, server):
    request_id = str(uuid.uuid4())
    client.get("/healthz?token=" + "very-private-value",
               headers={"X-Request-ID": request_id})
    server.wait_for_log(request_id)
    assert "very-private-value" not in server.output()


@pytest.mark.parametrize("query, field", [
    ("x=1", "query.x"), ("limit=10", "query.limit"), ("x", "query.x"),
    ("=1", "query."), ("%C3%A9=1", "query.é"), ("a%20b=1", "query.a b")])
def test_an_unknown_query_parameter_is_named(client, query, field):
    answer = client.post("/api/v1/users?" + query)
    assert check_validation(answer) == {
        field: ["Is not a parameter of this operation"]}


def test_every_unknown_query_parameter_is_named(client):
    assert list(check_validation(client.post(
        "/api/v1/users?a=1&b=2&c=3"))) == [
            "query.a", "query.b", "query.c"]


@pytest.mark.parametrize("query", ["%", "%zz", "a=%ff", "a=%00"])
def test_a_malformed_query_is_refused(server, query):
    with raw_connection(server) as connection:
        connection.sendall(raw_request(
            "POST", "/api/v1/users?" + query))
        status, _, body = read_raw_answer(connection)
    assert status == 422, body


def test_a_token_in_the_query_is_ignored(client):
    user, _ = register(client)
    answer = client.get("/api/v1/users/me?access_token=" +
                        sign_in(client, user))
    assert answer.status_code == 401


def test_a_body_on_get_changes_nothing(server):
    with server.client() as client:
        answer = client.request("GET", "/healthz", content=b"{}")
        check_error(answer, 400, "BAD_REQUEST", "This method takes no body")
        assert client.get("/healthz").status_code == 200


def test_one_connection_serves_many_requests(server):
    user = None
    with server.client(limits=httpx.Limits(max_connections=1)) as client:
        user, made = register(client)
        token = sign_in(client, user)
        for _ in range(100):
            answer = client.get("/api/v1/users/me", headers=bearer(token))
            assert answer.json() == made


def test_many_connections_are_served_at_once(server):
    def ask(_):
        with server.client() as client:
            return client.get("/readyz").status_code

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(60))) == {200}


def test_a_request_in_single_bytes_is_read(server):
    request = raw_request("GET", "/healthz", X_Request_ID="slow")
    with raw_connection(server) as connection:
        for i in range(len(request)):
            connection.sendall(request[i:i + 1])
        status, headers, body = read_raw_answer(connection)
    assert (status, headers["x-request-id"]) == (200, "slow")
    assert body == b'{"status":"ok"}'


def test_the_admin_listener_serves_metrics_and_nothing_else(server):
    names = set(server.metrics())
    assert {"keel_coroutines", "keel_stack_high_water", "keel_arenas",
            "keel_tasks", "keel_db_in_use", "keel_db_idle", "keel_db_down",
            "keel_db_ending",
            "keel_worker_restarts_total"} <= names
    for path in EVERY_PATH + ["/", "/metricsx"]:
        answer = httpx.get(server.admin_url + path, trust_env=False,
                           verify=False)
        check_error(answer, 404, "NOT_FOUND")


def test_the_depth_of_the_stacks_is_measured(client, server):
    client.post("/api/v1/users", json=new_user())
    wait_for(lambda: server.metrics()["keel_stack_high_water"] > 0)


def test_requests_are_counted_by_class(client, server):
    name = 'keel_requests_total{status="4xx"}'
    before = server.metrics()[name]
    for _ in range(10):
        client.get("/nothing")
    # The last ones are counted after their responses.
    wait_for(lambda: server.metrics()[name] >= before + 10)


def test_plain_http_on_the_tls_port_gets_no_response(server):
    with pytest.raises(httpx.HTTPError):
        httpx.get("http://127.0.0.1:%d/healthz" % server.port, timeout=5,
                  trust_env=False)
