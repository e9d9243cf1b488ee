# SPDX-License-Identifier: ISC
"""KEEL_TLS=off: HTTP behind a proxy that ends TLS. Only this machine or a
trusted proxy may connect."""

import os
import re
import signal
import socket

import httpx
import pytest

from helpers import register, sign_in
from runner import wait_for
from announce import CLIENT, LOCAL, V1, header
from test_start import failing_start
from wire import Answers, GET, WAIT

CLOSED = "without TLS, only proxies that KEEL_TRUSTED_PROXIES names"


@pytest.fixture(scope="module")
def plain(start_module_server):
    return start_module_server(KEEL_TLS="off")


@pytest.fixture(scope="module")
def behind(start_module_server):
    """Open to the network, for a proxy at 127.0.0.1."""
    return start_module_server(KEEL_TLS="off", KEEL_HOST="0.0.0.0",
                               KEEL_TRUSTED_PROXIES="127.0.0.1",
                               KEEL_CONNECTIONS_PER_ADDRESS="3")


def ask(server, *parts, source="127.0.0.1"):
    """The response to these bytes, and a request behind them."""
    with socket.create_connection(("127.0.0.1", server.port), WAIT,
                                  source_address=(source, 0)) as connection:
        for part in parts + (GET + b"X-Request-ID: from-%d\r\n\r\n" %
                             connection.getsockname()[1],):
            connection.sendall(part)
        answer = Answers(connection).next()
        port = connection.getsockname()[1]
    if answer is None:
        return None
    return server.wait_for_log("from-%d" % port)["client"]


def test_it_serves_http(plain):
    assert "keel: ready on http://127.0.0.1:%d" % plain.port in plain.output()
    with plain.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
        answer = client.get("/api/v1/users/me", headers={
            "Authorization": "Bearer " + token})
        assert answer.status_code == 200
    assert len(plain.workers()) == 2


def test_it_asks_no_browser_for_https(plain):
    """RFC 6797, 7.2: not over HTTP."""
    with plain.client() as client:
        for answer in (client.get("/healthz"), client.get("/none"),
                       client.get("/healthz", headers={"Expect": "x"})):
            assert "strict-transport-security" not in answer.headers


def test_tls_is_no_longer_spoken(plain):
    with pytest.raises(httpx.HTTPError):
        httpx.get("https://127.0.0.1:%d/healthz" % plain.port, verify=False)


def test_it_needs_no_key_manager(plain):
    with pytest.raises(ValueError):
        plain.key_manager()


def test_a_worker_that_dies_is_started_again(start_server):
    server = start_server(KEEL_TLS="off")
    server.deaths = 1
    os.kill(server.workers()[0], signal.SIGKILL)
    wait_for(lambda: "a worker died" in server.output())
    assert ask(server) == "127.0.0.1"


def test_only_proxies_may_connect(behind):
    refused = behind.metrics()["keel_connections_refused_total"]
    for _ in range(3):
        try:
            assert ask(behind, source="127.0.0.2") is None
        except ConnectionResetError:
            pass
    assert behind.metrics()["keel_connections_refused_total"] == refused + 3
    told = [event["message"] for event in behind.log()
            if event["event"] == "proxy"]
    assert 1 <= len(told) <= 2      # one of each worker
    assert all(CLOSED in message and "127.0.0.2" in message
               for message in told)
    assert [ask(behind) for _ in range(5)] == ["127.0.0.1"] * 5


@pytest.mark.parametrize("first, client", [
    (b"", "127.0.0.1"), (b"\r\n", "127.0.0.1"), (b"\r\n\r\n", "127.0.0.1"),
    (LOCAL, "127.0.0.1"), (header(CLIENT), CLIENT)])
def test_a_proxy_may_announce_its_client(behind, first, client):
    assert ask(behind, first) == client
    assert ask(behind, *(first[i:i + 1] for i in range(len(first)))) == client


def test_a_header_of_version_1_is_closed(behind):
    with socket.create_connection(("127.0.0.1", behind.port), WAIT) as raw:
        raw.sendall(V1 + GET + b"\r\n")
        try:
            assert raw.recv(1) == b""
        except ConnectionResetError:
            pass
    assert wait_for(lambda: "it is of version 1" in behind.output())


@pytest.mark.parametrize("name", ["KEEL_TLS_CERT", "KEEL_TLS_KEY"])
def test_it_takes_no_certificate(make_server, certificates, name):
    failing_start(make_server(KEEL_TLS="off", **{name: certificates["ec"][0]}),
                  "KEEL_TLS is off", name, "must not be set")


def test_it_is_not_for_everybody(make_server):
    failing_start(make_server(KEEL_TLS="off", KEEL_HOST="0.0.0.0"),
                  "KEEL_TLS", "0.0.0.0", "KEEL_TRUSTED_PROXIES")


def without_tls(text):
    text, n = re.subn(r"tls yes", "tls no", text)
    assert n == 1
    return text


def test_only_the_setting_switches_tls_off(make_server, build_copy):
    build = build_copy(without_tls)
    failing_start(make_server(build=build), "kore.conf", "server api",
                  "`tls no`", "KEEL_TLS=off")
    server = make_server(build=build, KEEL_TLS="off").start()
    assert ask(server) == "127.0.0.1"


def test_check_config_tells_too(make_server, build_copy):
    failing_start(make_server(build=build_copy(without_tls)), "`tls no`",
                  command="check-config")
