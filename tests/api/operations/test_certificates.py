# SPDX-License-Identifier: ISC
"""Certificates that are replaced while the server runs, and the signals for
that. tests/unit/wire/test_tls_renew.c has every kind of bad pair."""

import contextlib
import os
import signal
import socket
import ssl
import threading
import time

import pytest

from helpers import raw_connection, raw_request, read_raw_answer
from pairs import Authority, Files
from runner import wait_for
from server import session_processes
from sizes import size
from watch import Background
from workers import worker_of


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca.pem")


class Renewing:
    """A server, and its files."""

    def __init__(self, authority, folder, make, **settings):
        self.files = Files(str(folder))
        self.pair = authority.pair()
        self.files.write(self.pair)
        self.server = make(**self.files.settings(), **settings)
        self.server.cert = authority.path

    def hang_up(self):
        os.kill(self.server.parent(), signal.SIGHUP)

    @contextlib.contextmanager
    def changing(self):
        """The parent, which looks by itself, too, sees all changes of the files
        at once, and the signal."""
        parent = self.server.parent()
        os.kill(parent, signal.SIGSTOP)
        try:
            yield
            os.kill(parent, signal.SIGHUP)
        finally:
            os.kill(parent, signal.SIGCONT)

    def served(self):
        """The serial number that each worker serves, on new connections."""
        found = {}
        workers = set(self.server.workers())
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with self.server.client() as client:
                answer = client.get("/healthz")
                tls = answer.extensions["network_stream"].get_extra_info(
                    "ssl_object")
                serial = int(tls.getpeercert()["serialNumber"], 16)
                found.setdefault(worker_of(self.server, answer), serial)
            if set(found) == workers:
                return list(found.values())
        raise AssertionError("not all workers answer: %s" % found)

    def serves(self, pair):
        return set(self.served()) == {pair.serial}

    def lines(self):
        return [(event["level"], event["message"]) for event in
                self.server.log('"event":"certificate"')]

    def wait_for_line(self, before, *phrases):
        """The next line, and the only one, is this one."""
        new = wait_for(lambda: self.lines()[len(before):], pause=0.02)
        assert len(new) == 1, new
        assert all(phrase in new[0][1] for phrase in phrases), new
        return new[0][0]

    def renew(self, pair, write, remove=False):
        before = self.lines()
        with self.changing():
            if remove:
                self.files.remove()
            write(pair)
        assert self.wait_for_line(before, self.files.cert, "30 days left",
                                  "from now on") == "info"
        wait_for(lambda: self.serves(pair))
        self.pair = pair


@pytest.fixture(scope="module")
def renewing(authority, tmp_path_factory, start_module_server):
    return Renewing(authority, tmp_path_factory.mktemp("pair"),
                    start_module_server)


@pytest.fixture(scope="module")
def without_signal(authority, tmp_path_factory, start_module_server):
    """A server whose files are replaced, and nobody tells it: the last test
    looks at it, when the time has passed."""
    renewing = Renewing(authority, tmp_path_factory.mktemp("quiet"),
                        start_module_server)
    renewing.hang_up()
    assert renewing.wait_for_line([], "has not changed") == "info"
    renewing.pair = authority.pair()
    renewing.files.write(renewing.pair)
    return renewing


PAUSE = size(0.01, 0)   # of each client: the tests share two processors


class Load(Background):
    """Clients that count the requests without a response, each of which
    would be a failure: none of their connections may end by itself."""

    def __init__(self, server):
        self.server = server
        self.answered = 0
        self.failures = []
        super().__init__((self.fresh, self.fresh, self.kept))

    def run(self, requests):
        try:
            requests()
        except (OSError, AssertionError) as error:
            self.failures.append(repr(error))

    def ask(self, connection):
        connection.sendall(raw_request("GET", "/healthz"))
        assert read_raw_answer(connection)[0] == 200
        self.answered += 1
        self.ended.wait(PAUSE)

    def fresh(self):
        context = self.server.tls()
        while not self.ended.is_set():
            with raw_connection(self.server, context) as connection:
                self.ask(connection)

    def kept(self):
        with raw_connection(self.server) as connection:
            while not self.ended.is_set():
                self.ask(connection)


def test_ten_times_under_load(authority, renewing, without_signal):
    """Files written in place, renamed, and links that point elsewhere."""
    ways = [renewing.files.write, renewing.files.rename, renewing.files.link]
    pairs = [authority.pair(kind="ec" if i else 2048) for i in range(10)]
    with Load(renewing.server) as load:
        for i, pair in enumerate(pairs):
            before = load.answered
            renewing.renew(pair, ways[i % 3], remove=True)
            wait_for(lambda: load.answered > before + 10 or load.failures)
    assert load.failures == []


def lose(files):
    os.unlink(files.cert)


def put_fifo(files):
    os.unlink(files.cert)
    os.mkfifo(files.cert)


def put_folder(files):
    os.unlink(files.key)
    os.mkdir(files.key)


BAD = [(lose, "No such file"), (put_fifo, "it is no regular file"),
       (put_folder, "it is no regular file")]


def refused(renewing):
    return renewing.server.metrics()["keel_certificates_refused"]


def test_bad_files_are_refused(authority, renewing):
    """Each with one line; the old pair is served, and then a good one."""
    other = authority.pair()
    for spoil, phrase in BAD:
        before = renewing.lines()
        with renewing.changing():
            renewing.files.remove()
            renewing.files.write(other)
            spoil(renewing.files)
        assert renewing.wait_for_line(
            before, phrase, "the old pair is still served: 30 days") == "error"
    assert renewing.serves(renewing.pair)
    wait_for(lambda: refused(renewing) == 1)
    renewing.renew(other, renewing.files.write, remove=True)
    wait_for(lambda: refused(renewing) == 0)


def test_a_key_that_comes_later(authority, renewing):
    """Half of a new pair is told, and no more than once."""
    pair = authority.pair()
    before = renewing.lines()
    with renewing.changing():
        renewing.files.write_texts(pair.cert, renewing.pair.key)
    assert renewing.wait_for_line(before, "does not belong") == "error"
    renewing.renew(pair, renewing.files.write)
    before = renewing.lines()
    renewing.hang_up()
    assert renewing.wait_for_line(before, "has not changed") == "info"


def kill_workers(server):
    for victim in server.workers():
        os.kill(victim, signal.SIGKILL)
        server.deaths += 1
        wait_for(lambda: victim not in server.workers() and
                 len(server.workers()) == 2)


def test_nothing_that_happens_to_the_files_stops_it(authority, renewing):
    """A worker that starts later serves the newest pair; Kore's key manager
    would read the files again, and end the server."""
    server = renewing.server
    renewing.renew(authority.pair(), renewing.files.write)
    before = session_processes(server.process.pid)
    renewing.files.remove()
    os.kill(server.parent(), signal.SIGUSR1)
    os.kill(server.key_manager(), signal.SIGUSR1)
    kill_workers(server)
    wait_for(lambda: server.answers())
    assert renewing.serves(renewing.pair)
    assert len(session_processes(server.process.pid)) == len(before)
    renewing.files.write(renewing.pair)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_no_signal_stops_or_reloads(renewing, number):
    server = renewing.server
    before = sorted(session_processes(server.process.pid))
    lines = renewing.lines()
    for pid in before:
        os.kill(pid, number)
    if number == signal.SIGHUP:
        wait_for(lambda: renewing.lines()[len(lines):])
    assert renewing.serves(renewing.pair)
    assert sorted(session_processes(server.process.pid)) == before
    assert "reloaded" not in server.output() + server.errors()


def handles_hang_up(pid):
    """Is SIGHUP ignored or caught? While exec() runs it is not."""
    try:
        with open("/proc/%d/status" % pid) as f:
            masks = [int(line.split()[1], 16) for line in f
                     if line.startswith(("SigIgn", "SigCgt"))]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(mask & 1 << signal.SIGHUP - 1 for mask in masks)


def start_with_signals(server):
    """How many workers there were at each signal."""
    ready, sent = threading.Event(), []

    def hang_up():
        while not ready.wait(0.005):
            if server.process and handles_hang_up(server.process.pid):
                server.process.send_signal(signal.SIGHUP)
                sent.append(len(server.workers()))

    sender = threading.Thread(target=hang_up)
    sender.start()
    try:
        server.start()
    finally:
        ready.set()
        sender.join()
    return sent


def test_a_signal_during_the_start(make_server):
    """A busy machine may send none before there is a worker."""
    server = make_server()
    for _ in range(5):
        if 0 in (sent := start_with_signals(server)):
            break
        server.stop()
    assert 0 in sent
    assert server.answers()
    assert "reloaded" not in server.output() + server.errors()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3],
                         ids=["tls1_2", "tls1_3"])
def test_a_session_outlives_its_certificate_and_its_worker(
        authority, renewing, version):
    server = renewing.server
    context = server.tls()
    context.minimum_version = context.maximum_version = version

    def connect(session):
        plain = socket.create_connection(("127.0.0.1", server.port), 20)
        with context.wrap_socket(plain, server_hostname="127.0.0.1",
                                 session=session) as connection:
            connection.sendall(raw_request("GET", "/healthz"))
            assert read_raw_answer(connection)[0] == 200
            return connection.session_reused, connection.session

    _, session = connect(None)
    renewing.renew(authority.pair(), renewing.files.rename)
    assert all(connect(session)[0] for _ in range(8))
    kill_workers(server)
    wait_for(lambda: server.answers())
    assert all(connect(session)[0] for _ in range(8))


def test_the_days_left(authority, renewing, make_server, tmp_path):
    name = "keel_certificate_days_left"
    assert renewing.server.metrics()[name] == 30
    done = renewing.server.command("check-config")
    assert done.returncode == 0, done.stderr
    assert "%s: 30 days left, until " % renewing.files.cert in done.stdout

    expired = Renewing(authority, tmp_path, make_server)
    expired.files.write(authority.pair(days=-1.5, since=-9))
    done = expired.server.command("check-config")
    assert done.returncode == 0, done.stderr
    assert "%s: expired on " % expired.files.cert in done.stdout
    expired.server.start()
    assert expired.server.metrics()[name] == -2
    [(level, message)] = expired.lines()
    assert level == "warning"
    assert message.startswith("%s: expired on " % expired.files.cert)


def test_without_a_signal(without_signal):
    """The parent looks every ten seconds."""
    wait_for(lambda: without_signal.serves(without_signal.pair), 60)
    assert "from now on" in without_signal.lines()[1][1]
