# SPDX-License-Identifier: ISC
"""nginx, HAProxy and Caddy in front of the server, set up as docs/proxies.md
says. A test whose program is not installed is skipped."""

import os
import re

import pytest

from helpers import bearer, new_user, sign_in
from proxies import NAME, UPSTREAM, gateway_client, proxy, shown
from runner import wait_for
from server import ROOT, make_certificate, read_text

USERS = "/api/v1/users"
CLIENT = "127.0.0.7"        # the proxies connect from 127.0.0.1
FILES = ["nginx.conf", "haproxy.cfg", "haproxy-tcp.cfg", "Caddyfile"]
PREFIX = "/backend"
CHECKED = '"client":"127.0.0.1"'   # a line of the log


@pytest.mark.parametrize("file", FILES + [
    "haproxy-two.cfg", "haproxy-postgres.cfg"])
def test_the_page_shows_what_is_tested(file):
    page = read_text(os.path.join(ROOT, "docs/proxies.md"))
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```$", page)
    assert shown(file) in blocks


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("gw")), "ec",
                            "DNS:" + NAME)


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_TRUSTED_PROXIES="127.0.0.1,::1",
                               KEEL_PUBLIC_URL="https://gw.example.org")


@pytest.fixture(scope="module")
def prefixed(start_module_server):
    return start_module_server(
        KEEL_TRUSTED_PROXIES="127.0.0.1,::1",
        KEEL_PUBLIC_URL="https://gw.example.org/backend")


@pytest.fixture(scope="module")
def plain(start_module_server):
    return start_module_server(KEEL_TLS="off", KEEL_HOST="0.0.0.0",
                               KEEL_TRUSTED_PROXIES="127.0.0.1,::1",
                               KEEL_PUBLIC_URL="https://gw.example.org")


def check(client, prefix=""):
    """What a client sees through a proxy, though it lies about its address."""
    client.headers["X-Forwarded-For"] = "192.0.2.66"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["x-request-id"]

    user = new_user()
    answer = client.post(USERS, json=user)
    assert answer.status_code == 201, answer.text
    where = answer.headers["location"]
    assert where.startswith(prefix + USERS + "/")
    where = where.removeprefix(prefix)
    headers = bearer(sign_in(client, user))
    answer = client.get(USERS + "/me/sessions", headers=headers)
    assert [item["client"] for item in answer.json()["items"]] == [CLIENT]

    # A proxy that compresses makes the ETag weak, and If-Match fails.
    answer = client.get(where, headers=headers | {"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    answer = client.patch(where, json={"name": "New"}, headers=headers | {
        "If-Match": answer.headers["etag"]})
    assert (answer.status_code, answer.json()["name"]) == (200, "New")
    answer = client.post(USERS, content=b"x" * 131073, headers={
        "Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile"])
def test_a_proxy_that_strips_a_prefix(prefixed, gateway, tmp_path, file):
    with proxy(file, prefixed, gateway, tmp_path) as port, \
            gateway_client(port, gateway[0], CLIENT, path=PREFIX) as client:
        check(client, PREFIX)


# What docs/proxies.md says about HTTP between the proxy and Keel.
WITHOUT_TLS = {
    "nginx.conf": [("https://keel/", "http://keel/"),
                   ("proxy_ssl_", "# proxy_ssl_")],
    "haproxy.cfg": [("ssl verify required ca-file /etc/keel/cert.pem", ""),
                    ("verifyhost localhost", "")],
    "Caddyfile": [("https://localhost:8888", "http://localhost:8888"),
                  ("tls_trusted_ca_certs", "# tls_trusted_ca_certs")]}


@pytest.mark.parametrize("file", WITHOUT_TLS)
def test_a_proxy_that_ends_tls(plain, gateway, tmp_path, file):
    path = "" if file == "haproxy.cfg" else PREFIX
    with proxy(file, plain, gateway, tmp_path, WITHOUT_TLS[file]) as port, \
            gateway_client(port, gateway[0], CLIENT, path=path) as client:
        check(client)


# No server name at all, the upstream's, and one that is no name of Keel's.
@pytest.mark.parametrize("line", [
    "", "proxy_ssl_server_name on;",
    "proxy_ssl_server_name on; proxy_ssl_name other.example.org;"])
def test_nginx_may_send_any_server_name(server, gateway, tmp_path, line):
    changes = [("proxy_ssl_server_name on;", ""),
               ("proxy_ssl_name localhost;", ""),
               ("proxy_ssl_verify on;", line)]
    with proxy("nginx.conf", server, gateway, tmp_path, changes) as port, \
            gateway_client(port, gateway[0], CLIENT, path=PREFIX) as client:
        assert client.get("/healthz").status_code == 200


def test_nginx_at_a_socket(make_server, gateway, tmp_path):
    path = str(tmp_path / "keel.sock")
    server = make_server(KEEL_TLS="off", KEEL_HOST=path,
                         KEEL_PUBLIC_URL="https://gw.example.org").start()
    changes = WITHOUT_TLS["nginx.conf"] + [(UPSTREAM, "unix:" + path)]
    with proxy("nginx.conf", server, gateway, tmp_path, changes) as port, \
            gateway_client(port, gateway[0], CLIENT, path=PREFIX) as client:
        check(client)


def check_health_checks(server, client):
    """After some of them, the proxy still sends it requests."""
    seen = server.output().count(CHECKED)
    wait_for(lambda: server.output().count(CHECKED) > seen + 4)
    assert client.get("/healthz").status_code == 200


# A check must be answered in this time, or five one after the other.
FAST = ("inter 2s", "inter 500ms fall 5")


# The second one sends OPTIONS / in HTTP/1.0, without Host.
@pytest.mark.parametrize("line", ["option httpchk GET /healthz",
                                  "option httpchk"])
def test_haproxy_ends_tls(server, gateway, tmp_path, line):
    mine = {"X-Request-ID": "mine"}
    changes = [FAST, ("option httpchk GET /healthz", line)]
    with proxy("haproxy.cfg", server, gateway, tmp_path, changes) as port, \
            gateway_client(port, gateway[0], CLIENT) as client:
        check(client)
        check_health_checks(server, client)
        answer = client.get("/healthz", headers=mine)
        assert answer.headers["x-request-id"] != "mine"


def test_haproxy_passes_tls_on(server, gateway, tmp_path):
    changes = [FAST, ("verifyhost " + NAME, "verifyhost localhost")]
    with proxy("haproxy-tcp.cfg", server, gateway, tmp_path, changes) as \
            port, gateway_client(port, server.cert, CLIENT, "localhost") as \
            client:
        check(client)
        check_health_checks(server, client)
