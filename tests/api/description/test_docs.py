# SPDX-License-Identifier: ISC
"""/openapi.json and /docs: what a browser gets, and what the page may do.
tests/openapi tests the page itself in a browser."""

import gzip
import re
import socket
import time

import httpx
import pytest

from helpers import check_error, raw_request, read_raw_answer
from product import TITLE, VERSION
from wire import HOST, exchange

FILES = {
    "/openapi.json": "application/json",
    "/docs": "text/html; charset=utf-8",
    "/docs/docs.css": "text/css; charset=utf-8",
    "/docs/docs.js": "text/javascript; charset=utf-8",
    "/docs/favicon.svg": "image/svg+xml",
    "/favicon.ico": "image/svg+xml",
    "/docs/swagger-ui.css": "text/css; charset=utf-8",
    "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}
COMPRESSED = ["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]


@pytest.mark.parametrize("path", FILES)
def test_a_file_has_its_type_and_is_cached(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == FILES[path]
    assert answer.headers["cache-control"] == "no-cache"
    assert len(answer.content) > 100

    again = client.get(path, headers={
        "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == answer.headers["etag"]
    other = client.get(path, headers={"If-None-Match": '"another"'})
    assert other.content == answer.content

    head = client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == answer.headers["content-length"]


@pytest.mark.parametrize("path", COMPRESSED)
@pytest.mark.parametrize("accepted, coding", [
    (["gzip"], "gzip"), (["br, GZIP;q=0.5"], "gzip"), (["*"], "gzip"),
    (["identity;q=0.5, gzip"], "gzip"), (["identity;q=0", "*"], "gzip"),
    ([], None), (["identity"], None), ([""], None), (["br, deflate"], None),
    (["gzip;q=0, *"], None), (["gzip; q=0.000"], None),
    (["gzip;q=0;level=1"], None), (["gzip;q=0.1", "identity"], None),
    (["*;q=0"], 406), (["identity;q=0, br"], 406),
    (["identity;q=0", "gzip;q=0.0"], 406)],
    ids=lambda value: " / ".join(value) if isinstance(value, list) else "")
def test_accept_encoding_is_respected(client, path, accepted, coding):
    """Several lines are one list; without any, a client may know no gzip."""
    request = client.build_request("GET", path)
    headers = [(name, value) for name, value in request.headers.multi_items()
               if name != "accept-encoding"]
    request.headers = httpx.Headers(
        headers + [("Accept-Encoding", value) for value in accepted])
    answer = client.send(request, stream=True)
    body = b"".join(answer.iter_raw())
    answer.close()
    if coding == 406:
        assert answer.status_code == 406
        assert b"NOT_ACCEPTABLE" in body
        return
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert b"swagger-ui" in (gzip.decompress(body) if coding else body)


@pytest.mark.parametrize("path", COMPRESSED)
def test_both_codings_are_one_file_with_two_etags(client, path):
    """RFC 9110, 8.8.3.3: a cache must not mix them."""
    gzipped = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert plain.content == gzipped.content
    assert plain.headers["etag"] != gzipped.headers["etag"]
    for answer, coding in ((plain, "identity"), (gzipped, "gzip")):
        for other in (plain, gzipped):
            again = client.get(path, headers={
                "Accept-Encoding": coding,
                "If-None-Match": other.headers["etag"]})
            assert again.status_code == (304 if other is answer else 200)
            assert again.headers["vary"] == "Accept-Encoding"
    head = client.head(path, headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(plain.content))


@pytest.mark.parametrize("path", [*FILES, "/healthz", "/readyz"])
@pytest.mark.parametrize("query", [
    "v=1.2.3", "_=1700000000&_=1", "%", "x=%zz&%00", "&&=&", "limit=0"])
def test_a_query_is_ignored(client, path, query):
    """Monitors and caches are given one to be new."""
    answer = client.get(path)
    again = client.get(path + "?" + query)
    assert again.status_code == 200
    # After a minute without a runner, /readyz warns.
    assert again.content == answer.content or \
        again.content == client.get(path).content
    assert again.headers.get("etag") == answer.headers.get("etag")


def test_the_page_may_run_only_its_own_files(client):
    page = client.get("/docs")
    policy = dict(part.split(" ", 1) for part in page.headers[
        "content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert page.headers["x-frame-options"] == "DENY"
    assert not any("unsafe" in sources for sources in policy.values())

    # Relative, so that it works below any prefix of a proxy.
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert asked and "<script>" not in page.text
    for path in asked:
        assert client.get("/" + path).status_code == 200


NAMES = {"name": TITLE, "version": VERSION, "docs": "/docs",
         "openapi": "/openapi.json"}


@pytest.mark.parametrize("accept", [
    None, "*/*", "application/json", "application/json, text/plain, */*",
    "text/html, application/json", "image/png", "",
    "text/html;q=0.4, application/json;q=0.5", "text/html;q=0"])
def test_the_root_names_the_service_for_a_client(client, accept):
    request = client.build_request("GET", "/")
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    answer = client.send(request)
    assert answer.status_code == 200
    assert answer.headers["vary"] == "Accept"
    assert answer.json() == NAMES
    for name in ("docs", "openapi"):
        assert client.get(answer.json()[name]).status_code == 200


@pytest.mark.parametrize("accept", [
    "text/html", "text/html;q=0.5, application/json;q=0.4", "text/*",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
    "image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_leads_a_browser_to_the_page(client, method, accept):
    answer = client.request(method, "/", headers={"Accept": accept})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/docs"
    assert answer.headers["vary"] == "Accept"
    assert answer.content == b""


def test_several_accept_lines_are_one_list(client):
    for second, status in (("application/json;q=0.9", 303),
                           ("application/json", 200)):
        assert client.get("/", headers=[
            ("Accept", "text/html"),
            ("Accept", second)]).status_code == status


def test_the_root_names_the_path_that_clients_use(start_server):
    """A proxy removes /backend from requests."""
    server = start_server(KEEL_PUBLIC_URL="https://gw.example.org/backend")
    with server.client() as client:
        assert client.get("/").json() == NAMES | {
            "docs": "/backend/docs", "openapi": "/backend/openapi.json"}
        assert client.get("/", headers={"Accept": "text/html"}).headers[
            "location"] == "/backend/docs"
    assert "keel: ready on %s (docs: https://gw.example.org/backend/docs)\n" \
        % server.url in server.output()


def test_the_ready_line_names_the_page(server):
    assert "keel: ready on %s (docs: %s/docs)\n" % (
        server.url, server.url) in server.output()


@pytest.mark.parametrize("name", ["nothing.js", "docs.html", "%2e%2e",
                                  "%2e%2e%2fkore.conf", "swagger-ui.css.gz"])
def test_no_other_file_is_served(client, name):
    check_error(client.get("/docs/" + name), 404, "NOT_FOUND", "Not found")


def test_dots_are_no_folder(server):
    [answer] = exchange(server, b"GET /docs/.. HTTP/1.1\r\n" + HOST +
                        b"Connection: close\r\n\r\n")
    check_error(answer, 404, "NOT_FOUND", "Not found")


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_slow_reader_gets_all_of_it(client, server, coding):
    """Much more than the buffers between the two can hold."""
    path = "/docs/swagger-ui-bundle.js"
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(20)
    plain.connect(("127.0.0.1", server.port))
    with server.tls().wrap_socket(plain,
                                  server_hostname="127.0.0.1") as connection:
        connection.sendall(raw_request("GET", path, Accept_Encoding=coding))
        time.sleep(1)
        _, headers, body = read_raw_answer(connection)
    assert len(body) == int(headers["content-length"])
    plain = gzip.decompress(body) if coding == "gzip" else body
    assert plain == client.get(path).content


def test_the_command_prints_the_same_bytes(client, server):
    done = server.command("openapi")
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode() == client.get("/openapi.json").content
