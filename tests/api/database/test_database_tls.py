# SPDX-License-Identifier: ISC
"""Who gets the database's password: on another machine, only a server with the
right certificate, unless the URL says otherwise. The workers use TLS to it from
their sandbox."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading

import pytest

import impostor
from cluster import free_port
from helpers import read_me, register, sign_in
from impostor import read
from people import add_people
from product import boundary
from runner import wait_for
from server import KEEL, confidential, make_certificate
from servers import server_maker

ADDRESS = "192.0.2.7"
PASSWORD = "Pw-of-the-database"
URL = "postgresql://keel:%s@%s/keel" % (PASSWORD, ADDRESS)
IMPOSTOR = impostor.__file__
RECORD = 16384      # bytes, the most in a TLS record

confidential.add(PASSWORD)


#
# An impostor at an address that is not loopback.
#

@pytest.fixture(scope="module")
def unshare():
    """A command that runs another one in a new network namespace."""
    for options in (["-n"], ["-rn"]):
        command = ["unshare", *options]
        if shutil.which("ip") and shutil.which("unshare") and subprocess.run(
                command + ["ip", "link", "set", "lo", "up"],
                capture_output=True).returncode == 0:
            return command
    pytest.skip("no network namespace can be made here")


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A self-signed certificate for the impostor's address."""
    folder = str(tmp_path_factory.mktemp("named"))
    return make_certificate(folder, "ec", "IP:" + ADDRESS)


@pytest.fixture
def make_server(own_cluster, certificates):
    with server_maker(own_cluster[0], certificates, own_cluster[1]) as make:
        yield make


@pytest.fixture
def meet(unshare, make_server):
    """Runs a command of ./keel whose database is an impostor. Returns what it
    did and sent; the password is in it only if it was sent."""

    def run(*command, url=URL, certificate=None, text="", **environment):
        server = make_server(database="none", KEEL_DATABASE_URL=url)
        options = {"address": ADDRESS, "certificate": certificate,
                   "input": text}
        done = subprocess.run(
            [*unshare, sys.executable, "-B", IMPOSTOR, json.dumps(options),
             KEEL, *(command or ["check-config"])],
            env=server.environment() | environment, capture_output=True,
            text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        met = json.loads(done.stdout)
        for output in ("stdout", "stderr"):
            met[output] = boundary.read(met[output])
        assert met["status"] == 1, met
        assert PASSWORD not in met["stdout"] + met["stderr"]
        return met

    return run


def lines_of(met):
    lines = met["stderr"].splitlines()
    assert all(line.startswith("keel: ") for line in lines), lines
    return lines


def warnings_of(met):
    return [line for line in lines_of(met) if "warning" in line]


def check_refused(met, *phrases):
    """One line, and the impostor does not even get the user's name."""
    [line] = lines_of(met)
    for phrase in phrases:
        assert phrase in line
    assert met["told"] and all(told == ["SSLRequest"]
                               for told in met["told"]), met["told"]


def test_without_an_authority_it_does_not_connect(meet, tmp_path):
    met = meet(HOME=str(tmp_path))
    [line] = lines_of(met)
    assert "KEEL_DATABASE_URL" in line and "sslrootcert=" in line
    assert str(tmp_path) in line
    assert met["told"] == []


@pytest.mark.parametrize("environment", [
    {}, {"PGSSLMODE": "disable"}, {"PGSSLMODE": "prefer"}])
def test_without_tls_it_is_refused(meet, certificates, environment):
    met = meet(url=URL + "?sslrootcert=" + certificates["ec"][0],
               **environment)
    check_refused(met, "does not support SSL", "sslmode=verify-full",
                  "sslrootcert=")


def test_a_certificate_of_another_authority(meet, named, certificates):
    met = meet(url=URL + "?sslrootcert=" + certificates["ec"][0],
               certificate=named)
    check_refused(met, "certificate verify failed", "sslmode=verify-full",
                  "sslrootcert=")


@pytest.mark.parametrize("url", [
    URL, "host=%s password=%s" % (ADDRESS, PASSWORD),
    "hostaddr=%s password=%s" % (ADDRESS, PASSWORD),
    "host=/tmp hostaddr=%s password=%s" % (ADDRESS, PASSWORD)])
def test_a_certificate_of_another_name(meet, certificates, url):
    url += ("?" if "//" in url else " ") + "sslrootcert=" + \
        certificates["ec"][0]
    check_refused(meet(url=url, certificate=certificates["ec"]),
                  "does not match host name", "sslmode=verify-full")


@pytest.mark.parametrize("url", [
    URL, "hostaddr=%s password=%s" % (ADDRESS, PASSWORD)])
def test_the_right_certificate_gets_the_password(meet, named, url):
    url += ("?" if "//" in url else " ") + "sslrootcert=" + named[0]
    met = meet(url=url, certificate=named)
    assert met["told"] == [["SSLRequest", "startup", PASSWORD]]
    assert warnings_of(met) == []


@pytest.mark.parametrize("command", [
    ["check-config"], ["serve"], ["jobs"], ["migrate"],
    ["create-admin", "a@example.com"]])
def test_sslmode_prefer_gives_the_password_away(meet, command):
    """Shows that the other tests can fail."""
    met = meet(*command, url=URL + "?sslmode=prefer", text="Sunny-day-42\n")
    assert met["told"] == [["SSLRequest", "startup", PASSWORD]]
    [warning] = warnings_of(met)
    for phrase in ("KEEL_DATABASE_URL", ADDRESS, "sslmode=verify-full",
                   "sslrootcert="):
        assert phrase in warning
    assert len(lines_of(met)) == 2


def test_verify_ca_is_warned_of(meet, certificates):
    met = meet(url=URL + "?sslmode=verify-ca&sslrootcert=" +
               certificates["ec"][0], certificate=certificates["ec"])
    assert met["told"] == [["SSLRequest", "startup", PASSWORD]]
    [warning] = warnings_of(met)
    assert "has a certificate of the same authority" in warning


def test_channel_binding_keeps_the_password(meet, certificates):
    """It makes the connection safe, so there is no warning."""
    met = meet(url=URL + "?sslmode=require&channel_binding=require",
               certificate=certificates["ec"])
    assert met["told"] == [["SSLRequest", "startup"]]
    assert warnings_of(met) == []


#
# A real PostgreSQL with TLS.
#

@pytest.fixture(scope="module")
def tls_cluster(own_cluster, certificates):
    cluster, template = own_cluster
    for setting, file in zip(("ssl_cert_file", "ssl_key_file"),
                             certificates["ec"]):
        copy = os.path.join(cluster.folder, setting)
        shutil.copy(file, copy)
        os.chmod(copy, 0o600)
        if os.getuid() == 0:
            shutil.chown(copy, cluster.user)
        cluster.sql("ALTER SYSTEM SET %s = '%s'" % (setting, copy))
    cluster.sql("ALTER SYSTEM SET ssl = on")
    cluster.sql("SELECT pg_reload_conf()")
    wait_for(lambda: cluster.sql("SHOW ssl") == [("on",)])
    return cluster, template


@pytest.fixture
def make_tls_server(tls_cluster, certificates, make_server):
    """Makes servers that verify the database's certificate."""
    cluster, template = tls_cluster

    def make(authority="ec", port=cluster.port, **settings):
        database = cluster.database(template)
        return make_server(database=database, KEEL_DATABASE_URL=(
            "postgresql://keel:%s@localhost:%d/%s?hostaddr=127.0.0.1&"
            "sslmode=verify-full&sslrootcert=%s" % (
                cluster.password, port, database,
                certificates[authority][0])), **settings)

    return make


def tls_sessions(server):
    """The process ids of Keel's sessions; all must use TLS."""
    rows = server.cluster.sql(
        "SELECT pid, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) "
        "WHERE datname = %s AND application_name = 'keel'", server.database)
    assert all(encrypted for _, encrypted in rows)
    return {pid for pid, _ in rows}


def test_workers_connect_and_reconnect_in_their_sandbox(make_tls_server):
    server = make_tls_server().start()
    workers = server.workers()
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
        for _ in range(2):
            # A worker is ready when the first one is connected.
            wait_for(lambda: len(tls_sessions(server)) == 8)
            old = tls_sessions(server)
            server.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                               "pg_stat_activity WHERE datname = %s",
                               server.database)
            wait_for(lambda: len(tls_sessions(server) - old) == 8)
            # PostgreSQL has them before Keel has made them ready.
            wait_for(lambda: read_me(client, token).status_code == 200)
            for _ in range(8):
                assert read_me(client, token).status_code == 200
            register(client)
    assert server.workers() == workers


def test_a_runner_has_tls_as_well(make_tls_server, start_runner):
    server = make_tls_server()
    start_runner(server)
    wait_for(lambda: len(tls_sessions(server)) == 4)


@pytest.mark.parametrize("command", ["serve", "jobs", "check-config"])
def test_another_authority_ends_the_start(make_tls_server, command):
    done = make_tls_server("rsa").command(command)
    assert done.returncode == 1 and done.left_over == []
    [line] = done.stderr.splitlines()
    assert line.startswith("keel: ") and "certificate" in line
    assert "sslrootcert=" in line


class LongRecords:
    """A TLS proxy in front of PostgreSQL, like a pooler. It sends the end of
    every long response as one record of the maximum size."""

    def __init__(self, cluster, certificate):
        self.cluster = cluster
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*certificate)
        self.port = free_port()
        self.long = 0

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(s,),
                                 daemon=True).start()

    def serve(self, s):
        with contextlib.suppress(OSError):
            read(s, 8)
            s.sendall(b"S")
            client = self.tls.wrap_socket(s, server_side=True)
            server = socket.create_connection(("127.0.0.1",
                                               self.cluster.port))
            threading.Thread(target=self.answer, args=(server, client),
                             daemon=True).start()
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def answer(self, server, client):
        data = b""
        with contextlib.suppress(OSError):
            while True:
                head = read(server, 5)
                kind, length = struct.unpack("!ci", head)
                data += head + read(server, length - 4)
                if kind in b"RZ":   # the client's turn
                    self.long += len(data) > RECORD
                    if data[:-RECORD]:
                        client.sendall(data[:-RECORD])
                    client.sendall(data[-RECORD:])
                    data = b""


def test_records_longer_than_libpq_reads_at_once(
        make_tls_server, tls_cluster, certificates):
    """The socket does not show what OpenSSL has read ahead."""
    with LongRecords(tls_cluster[0], certificates["ec"]) as proxy:
        server = make_tls_server(port=proxy.port, KEEL_WORKERS="1",
                                 KEEL_DATABASE_POOL="1").start()
        [admin] = add_people(server, "admin")
        server.sql("INSERT INTO users (id, email, name, hashed_password) "
                   "SELECT gen_random_uuid(), n || '@example.com', "
                   "repeat('x', 100), 'none' FROM generate_series(1, 100) n")
        with server.client() as client:
            for limit in range(95, 101):
                answer = client.get("/api/v1/users?limit=%d" % limit,
                                    headers=admin.headers)
                assert answer.status_code == 200
                assert len(answer.json()["items"]) == limit
        assert proxy.long >= 6
        server.stop()
