# SPDX-License-Identifier: ISC
"""TLS with independent clients: openssl s_client, sslscan, Python's ssl."""

import os
import re
import socket
import ssl
import subprocess
import warnings

import pytest

from helpers import raw_connection, raw_request, read_raw_answer
from server import Server
from servers import finish

KINDS = ["ec", "rsa"]


@pytest.fixture(scope="module")
def tls_servers(cluster, certificates, template):
    """One server with an EC certificate, one with an RSA certificate."""
    servers = {kind: Server(cluster, cluster.database(template),
                            certificates[kind]) for kind in KINDS}
    try:
        for server in servers.values():
            server.start()
        yield servers
    finally:
        finish(servers.values())


def s_client(server, *options, text=""):
    return subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port,
         "-CAfile", server.cert, *options], input=text, text=True,
        capture_output=True, timeout=20)


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_connects(tls_servers, kind, version):
    done = s_client(tls_servers[kind], "-" + version, "-verify_return_error",
                    "-verify_ip", "127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert "Verify return code: 0 (ok)" in done.stdout
    assert "New, TLSv1.%s, Cipher is " % version[-1] in done.stdout
    cipher = re.search("Cipher is (.*)", done.stdout)[1]
    assert "GCM" in cipher or "CHACHA20" in cipher
    key = {"ec": "EC|ECDSA|id-ecPublicKey", "rsa": "RSA"}[kind]
    assert re.search("Peer signature type: .*(%s)" % key, done.stdout)


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_gets_a_response(tls_servers, kind, version):
    request = raw_request("GET", "/healthz", Connection="close").decode()
    done = s_client(tls_servers[kind], "-" + version, "-quiet",
                    "-ign_eof", text=request)
    assert "HTTP/1.1 200 OK" in done.stdout
    assert '{"status":"ok"}' in done.stdout


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_older_versions_are_refused_by_the_server(tls_servers, kind, version):
    done = s_client(tls_servers[kind], "-" + version, "-cipher",
                    "DEFAULT@SECLEVEL=0")
    assert done.returncode != 0
    assert "alert protocol version" in done.stderr


@pytest.mark.parametrize("kind, cipher", [
    ("ec", "ECDHE-ECDSA-AES128-SHA"), ("ec", "ECDHE-ECDSA-AES256-SHA384"),
    ("rsa", "ECDHE-RSA-AES128-SHA"), ("rsa", "ECDHE-RSA-AES128-SHA256"),
    ("rsa", "AES128-GCM-SHA256"), ("rsa", "AES256-SHA"),
    ("rsa", "DHE-RSA-AES128-GCM-SHA256")])
def test_cbc_and_static_keys_are_refused_by_the_server(tls_servers, kind,
                                                       cipher):
    done = s_client(tls_servers[kind], "-tls1_2", "-cipher",
                    cipher + ":@SECLEVEL=0")
    assert done.returncode != 0
    assert "alert handshake failure" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_sslscan_finds_only_aead_and_no_sha_1(tls_servers, kind):
    done = subprocess.run(
        ["sslscan", "--no-colour", "--show-sigs", "--timeout=20",
         "127.0.0.1:%d" % tls_servers[kind].port], text=True,
        capture_output=True, timeout=300)
    accepted = re.findall(
        r"^(?:Preferred|Accepted)\s+(TLSv1\.\d)\s+\d+ bits\s+(\S+)",
        done.stdout, re.M)
    assert {version for version, _ in accepted} == {"TLSv1.2", "TLSv1.3"}
    for version, cipher in accepted:
        assert "GCM" in cipher or "CHACHA20" in cipher, cipher
        assert version == "TLSv1.3" or cipher.startswith("ECDHE-"), cipher
    for old in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
        assert re.search(r"^%s\s+disabled$" % re.escape(old), done.stdout,
                         re.M), old
    signatures = done.stdout.partition("Server Signature Algorithm(s):")[2]
    assert re.search("sha256", signatures, re.I)
    assert not re.search("sha1|md5|sha224", signatures, re.I)
    assert re.search(r"^Signature Algorithm: \S*sha256", done.stdout,
                     re.I | re.M)
    assert "Session renegotiation not supported" in done.stdout


def test_a_client_cannot_renegotiate(tls_servers):
    done = s_client(tls_servers["ec"], "-tls1_2", text="R\nQ\n")
    assert "no renegotiation" in done.stderr or done.returncode != 0


@pytest.mark.parametrize("kind", KINDS)
def test_http_1_1_is_chosen_by_alpn(tls_servers, kind):
    context = tls_servers[kind].tls()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with raw_connection(tls_servers[kind], context) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def sockets_of(pid):
    """The inodes of a process's sockets."""
    inodes = set()
    folder = "/proc/%d/fd" % pid
    for name in os.listdir(folder):
        try:
            target = os.readlink(os.path.join(folder, name))
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes


def accepted_sockets(port):
    """The inodes of the established connections to one of our ports."""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return {row[9] for row in rows
            if row[1].endswith(":%04X" % port) and row[3] == "01"}


def shares_of(server):
    """How many connections each worker holds."""
    accepted = accepted_sockets(server.port)
    return [len(sockets_of(pid) & accepted) for pid in server.workers()]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3],
                         ids=["tls1_2", "tls1_3"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_session_is_resumed_by_every_worker(tls_servers, kind, version):
    """All connections stay open. It opens four at a time, until both workers
    have some."""
    server = tls_servers[kind]
    context = server.tls()
    context.minimum_version = context.maximum_version = version
    connections = []

    def use(connection):
        connection.sendall(raw_request("GET", "/healthz"))
        assert read_raw_answer(connection)[0] == 200
        return connection.session

    try:
        connections.append(raw_connection(server, context))
        session = use(connections[0])
        while len(connections) < 80 and (
                len(connections) < 12 or min(shares_of(server)) == 0):
            plain = [socket.create_connection(("127.0.0.1", server.port), 20)
                     for _ in range(4)]
            for each in plain:
                connections.append(context.wrap_socket(
                    each, server_hostname="127.0.0.1", session=session))
                assert connections[-1].session_reused
                session = use(connections[-1])
        shares = shares_of(server)
        assert len(shares) == 2 and min(shares) > 0, shares
    finally:
        for connection in connections:
            connection.close()


def test_python_is_not_served_tls_1_1(tls_servers):
    context = tls_servers["ec"].tls()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        raw_connection(tls_servers["ec"], context)


def test_random_bytes_on_the_port_do_no_harm(tls_servers):
    server = tls_servers["ec"]
    for rubbish in (b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01", b"\x00" * 500,
                    b"\x16\x03\x01\xff\xff" + b"A" * 2000, b""):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(rubbish)
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
