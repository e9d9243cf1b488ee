# SPDX-License-Identifier: ISC
"""KEEL_TLS=off: HTTP behind a proxy that ends TLS. Only this machine or a
trusted proxy may connect."""

import os
import re
import signal
import socket
import stat
import time

import httpx
import pytest

from helpers import register, sign_in
from runner import wait_for
from announce import CLIENT, LOCAL, V1, header
from test_draining import ended
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
    time.sleep(0.7)     # the parent looks for it every 500 ms
    assert ask(plain) == "127.0.0.1"


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


def test_there_is_no_certificate_to_renew(plain):
    os.kill(plain.parent(), signal.SIGHUP)
    [line] = wait_for(lambda: plain.log('"event":"certificate"'))
    assert line["message"] == "none is served: TLS is off"
    assert "keel_certificate_days_left" not in plain.metrics()


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


def at_socket(make_server, path):
    return make_server(KEEL_TLS="off", KEEL_HOST=str(path),
                       KEEL_PUBLIC_URL="https://gw.example.org")


def refuses(path):
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) != 0


def socket_client(path):
    return httpx.Client(base_url="http://gw.example.org", timeout=30,
                        transport=httpx.HTTPTransport(uds=str(path)))


def test_a_socket_instead_of_a_port(make_server, tmp_path):
    """All who may use the socket are trusted proxies."""
    path = tmp_path / "keel.sock"
    server = at_socket(make_server, path).start()
    assert "keel: ready on unix:%s " % path in server.output()
    assert stat.filemode(path.stat().st_mode) == "srw-rw----"
    with socket_client(path) as client:
        for headers, seen in (({}, "127.0.0.1"),
                              ({"X-Forwarded-For": CLIENT}, CLIENT)):
            answer = client.get("/healthz", headers=headers)
            assert answer.status_code == 200
            line = server.wait_for_log(answer.headers["x-request-id"])
            assert line["client"] == seen
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(header(CLIENT) + GET +
                           b"X-Request-ID: announced\r\n\r\n")
        assert Answers(connection).next().status_code == 200
    assert server.wait_for_log("announced")["client"] == CLIENT
    server.stop()
    assert server.problems == [] and not path.exists()


def test_a_refusal_at_a_socket_arrives(make_server, tmp_path):
    path = tmp_path / "keel.sock"
    at_socket(make_server, path).start()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(WAIT)
        connection.connect(str(path))
        connection.sendall(b"BAD\r\n\r\n" + b"x" * 50000)
        time.sleep(0.05)
        connection.sendall(b"x" * 50000)
        [answer] = Answers(connection).all()
    assert answer.status_code == 400


def test_a_path_that_is_taken(make_server, tmp_path):
    path = tmp_path / "keel.sock"
    first = at_socket(make_server, path).start()
    failing_start(at_socket(make_server, path), str(path), "a server has it")
    assert socket_client(path).get("/healthz").status_code == 200

    # A server that was killed leaves its socket behind.
    first.kill()
    assert path.exists()
    again = at_socket(make_server, path).start()
    assert socket_client(path).get("/healthz").status_code == 200
    again.stop()

    path.write_text("mine")
    failing_start(at_socket(make_server, path), str(path), "is no socket")
    assert path.read_text() == "mine"


def test_a_path_that_the_next_server_has(make_server, tmp_path):
    """It starts while the old one drains, and keeps its socket."""
    path = tmp_path / "keel.sock"
    old, new = at_socket(make_server, path), at_socket(make_server, path)
    old.start()
    request = GET + b"\r\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(request[:20])
        wait_for(lambda: old.metrics()["keel_connections"] >= 1)
        old.process.send_signal(signal.SIGINT)
        wait_for(lambda: refuses(path))
        new.start()
        connection.sendall(request[20:])
        assert Answers(connection).next().status_code == 200
    ended(old)
    assert socket_client(path).get("/healthz").status_code == 200
    new.stop()
    assert not path.exists()


def test_a_path_whose_server_is_busy(make_server, tmp_path):
    """The start does not wait until that server accepts."""
    path = tmp_path / "keel.sock"
    with socket.socket(socket.AF_UNIX) as busy, \
            socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))
        failing_start(at_socket(make_server, path), "a server has it")


def test_a_folder_that_is_not_there(make_server, tmp_path):
    path = tmp_path / "none" / "keel.sock"
    failing_start(at_socket(make_server, path), str(path))
