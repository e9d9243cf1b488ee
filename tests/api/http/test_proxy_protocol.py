# SPDX-License-Identifier: ISC
"""What a trusted proxy may do: announce its client in a PROXY header, and name
another host in its TLS handshake than its requests have."""

import contextlib
import socket
import ssl
import time
import uuid

import pytest

from announce import CLIENT, LOCAL, SIGNATURE, TLV, V1, header
from helpers import check_error
from runner import wait_for
from wire import Answers, WAIT

# 127.0.0.1 is trusted as a peer, 10.0.0.0/8 as an announced address.
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
SECOND_PROXY = "10.0.0.7"

NOBODY = "This server does not answer for that host"
DIFFER = "The Host header and the server name (SNI) of the TLS handshake differ"


@pytest.fixture(scope="module")
def proxied(start_module_server):
    return start_module_server(KEEL_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8",
                               KEEL_CONNECTIONS_PER_ADDRESS="5")


def connect(server, *first, source=PROXY, name=None):
    """A TLS connection that begins with these bytes, each sent by itself."""
    plain = socket.create_connection(("127.0.0.1", server.port), WAIT,
                                     source_address=(source, 0))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in first:
        plain.sendall(part)
        if part is not first[-1]:
            time.sleep(0.002)
    return server.tls().wrap_socket(plain,
                                    server_hostname=name or "127.0.0.1")


def ask(connection, host="127.0.0.1", **headers):
    """The response to a request, and the request's id."""
    name = str(uuid.uuid4())
    lines = ["GET /healthz HTTP/1.1", "Host: " + host, "X-Request-ID: " + name]
    lines += ["%s: %s" % (key.replace("_", "-"), value)
              for key, value in headers.items()]
    connection.sendall("\r\n".join(lines + ["", ""]).encode())
    return Answers(connection).next(), name


def client_of(server, *first, **headers):
    """Whom the server takes for the client of a request."""
    with connect(server, *first) as connection:
        answer, name = ask(connection, **headers)
    assert answer.status_code == 200
    return server.wait_for_log(name)["client"]


@pytest.mark.parametrize("client", [CLIENT, "2001:db8::9"])
def test_the_announced_client_is_believed(proxied, client):
    assert client_of(proxied, header(client)) == client
    assert client_of(proxied, header(client, TLV)) == client


def test_a_mapped_address_is_an_ipv4_address(proxied):
    assert client_of(proxied, header("::ffff:" + CLIENT)) == CLIENT


def test_a_header_may_come_byte_by_byte(proxied):
    data = header(CLIENT, TLV)
    assert client_of(proxied, *(data[i:i + 1] for i in range(len(data)))) == \
        CLIENT


@pytest.mark.parametrize("first", [
    b"", LOCAL, header(CLIENT, command=0x20), header(CLIENT, family=0x00),
    header(CLIENT, family=0x12), header(CLIENT, family=0x31)])
def test_a_header_without_a_client_keeps_the_peers_address(proxied, first):
    assert client_of(proxied, first) == PROXY


def test_x_forwarded_for_counts_only_from_a_proxy(proxied):
    says = {"X_Forwarded_For": "198.51.100.4"}
    assert client_of(proxied, **says) == "198.51.100.4"
    assert client_of(proxied, LOCAL, **says) == "198.51.100.4"
    assert client_of(proxied, header(CLIENT), **says) == CLIENT
    assert client_of(proxied, header(SECOND_PROXY), **says) == "198.51.100.4"


def test_a_strangers_header_is_not_read(proxied):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connect(proxied, header(CLIENT), source=STRANGER)
    with connect(proxied, source=STRANGER) as connection:
        answer, name = ask(connection, X_Forwarded_For=CLIENT)
    assert answer.status_code == 200
    assert proxied.wait_for_log(name)["client"] == STRANGER


def told(server, phrase):
    return [event["message"] for event in server.log()
            if event["event"] == "proxy" and phrase in event["message"]]


BAD = [SIGNATURE + start + b"x" * 12
       for start in (b"\x11\x11\0\x0c", b"\x22\x11\0\x0c",
                     b"\x21\x41\0\x0c", b"\x21\x11\0\x0b",
                     b"\x21\x11\x10\x01")]


def test_a_bad_header_closes_the_connection(start_server):
    """The log tells why, but not each time."""
    server = start_server(KEEL_TRUSTED_PROXIES=PROXY, KEEL_WORKERS="1")
    for first in [V1] + BAD:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            connect(server, first)
    assert wait_for(lambda: told(server, "it is of version 1"))
    assert client_of(server, header(CLIENT)) == CLIENT
    assert len(told(server, "PROXY")) == 1


def test_the_limit_of_connections_is_the_clients(proxied):
    """Of one that had no connections before: the server may not know yet that
    another test has closed its own."""
    client = "203.0.113.11"
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            assert ask(stack.enter_context(connect(
                proxied, header(client))))[0].status_code == 200
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            connect(proxied, header(client))
        for first in [header("203.0.113.10")] + [b""] * 7:
            assert ask(stack.enter_context(connect(
                proxied, first)))[0].status_code == 200


def test_a_proxys_server_name_need_not_be_its_host(proxied):
    """nginx and Caddy name their upstream, and pass the client's Host on."""
    with connect(proxied, name="localhost") as connection:
        for host in ("api.example.org", "localhost", "127.0.0.1:8888"):
            assert ask(connection, host)[0].status_code == 200
    for first in (LOCAL, header(CLIENT)):
        with connect(proxied, first, name="localhost") as connection:
            assert ask(connection, "api.example.org")[0].status_code == 200


def test_a_clients_server_name_must_be_its_host(proxied):
    with connect(proxied, source=STRANGER, name="localhost") as connection:
        assert ask(connection, "localhost")[0].status_code == 200
        answer, _ = ask(connection, "api.example.org")
    check_error(answer, 421, "MISDIRECTED_REQUEST", DIFFER)


def test_the_domains_of_kore_conf_are_looked_up_by_host(start_server,
                                                        build_copy):
    """Whatever a trusted proxy's handshake names."""
    build = build_copy(lambda text: text.replace(
        "domain * {", "domain api.example.org {", 1))
    server = start_server(build=build, KEEL_TRUSTED_PROXIES=PROXY)
    for source, name, host, message in (
            (PROXY, "localhost", "api.example.org", None),
            (PROXY, "localhost", "API.example.org:443", None),
            (PROXY, "localhost", "localhost", NOBODY),
            (STRANGER, "localhost", "localhost", NOBODY),
            (STRANGER, "localhost", "api.example.org", DIFFER)):
        with connect(server, source=source, name=name) as connection:
            answer, _ = ask(connection, host)
        if message is None:
            assert answer.status_code == 200
        else:
            check_error(answer, 421, "MISDIRECTED_REQUEST", message)
