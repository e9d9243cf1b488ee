# SPDX-License-Identifier: ISC
"""Nobody reads what the server and the runner print, or nobody can: they go on,
drop lines, count them, and say so when there is room again."""

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time

import pytest

from events import problem_of
from helpers import new_email
from runner import Runner, add_jobs, wait_for, wait_for_no_work
from server import IS_ASAN, KEEL
from stranger import AS_STRANGER, needs_root, prepare

SMALL = 4096
ROOMY = 1 << 20
DROPPED = "keel_log_lines_dropped_total"


def make_pipe():
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, SMALL)
    return ours, theirs


def make_socket():
    """Like the journal's."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    return ours.detach(), theirs.detach()


def make_terminal():
    ours, theirs = pty.openpty()
    return ours, theirs


OUTPUTS = {"pipe": make_pipe, "socket": make_socket,
           "terminal": make_terminal}


class Reader:
    """Reads all that comes from now on."""

    def __init__(self, fd):
        self.fd = fd
        self.is_terminal = os.isatty(fd)
        self.data = b""
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while data := os.read(self.fd, 65536):
                self.data += data
        except OSError:     # a terminal that nobody has open
            pass

    def lines(self):
        return self.data.replace(b"\r\n", b"\n").decode().split("\n")[:-1]

    def event_of(self, line):
        """A terminal may cut a line, which another process continues."""
        try:
            return json.loads(line)
        except ValueError:
            assert self.is_terminal, line
            return {"event": None}

    def events(self, name=None):
        events = [self.event_of(line) for line in self.lines()
                  if line.startswith("{")]
        return [event for event in events if name in (None, event["event"])]

    def dropped(self):
        return sum(event["dropped"] for event in self.events("log"))

    def check(self):
        for line in self.lines():
            if not line.startswith("{"):
                assert self.is_terminal or line.startswith(
                    ("keel: ", "[parent]: ", "[keymgr]: ")), line
        for event in self.events():
            assert event["event"] is None or problem_of(event) is None, event


def begin(server, stdout, wrap=()):
    """Starts it; it says that it is ready where nobody may read."""
    server.process = subprocess.Popen(
        [*wrap, KEEL, server.runs], env=server.environment(), stdout=stdout,
        stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        start_new_session=True)
    os.close(stdout)


def dropped(server):
    return int(server.metrics()[DROPPED])


def request_until_dropped(server, more=200):
    """Each request is answered at once; then `more` are."""
    before = dropped(server)
    with server.client(timeout=20) as client:
        deadline = time.monotonic() + 60
        while dropped(server) == before:
            assert time.monotonic() < deadline
            for _ in range(50):
                assert client.get("/healthz").status_code == 200
        for _ in range(more):
            assert client.get("/healthz").status_code == 200


def end(server):
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    server.end_left_overs()
    server.process = None


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_reader_that_stops_for_a_while(make_server, kind):
    server = make_server(KEEL_LOG_FORMAT="json")
    ours, theirs = OUTPUTS[kind]()
    begin(server, theirs)
    wait_for(lambda: server.answers(), 30)
    request_until_dropped(server)

    # The parent prints, too.
    victim = server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    server.deaths = 1
    wait_for(lambda: len(set(server.workers()) - {victim}) == 2)
    wait_for(lambda: server.answers())

    # Each process says what it has lost, without another line to write; what
    # the dead worker had not said yet is only in the metric.
    reader = Reader(ours)
    wait_for(lambda: reader.events("log"))
    assert 0 < reader.dropped() <= dropped(server)
    # A new worker counts it when it begins.
    wait_for(lambda: server.metrics()["keel_worker_restarts_total"] == 1)

    end(server)
    reader.thread.join(10)
    reader.check()
    os.close(ours)


def test_the_metric_and_the_lines_agree(make_server):
    """With a reader in time, nothing is dropped."""
    server = make_server(KEEL_WORKERS="1")
    ours, theirs = make_pipe()
    begin(server, theirs)
    wait_for(lambda: server.answers(), 30)
    request_until_dropped(server)
    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, ROOMY)
    reader = Reader(ours)
    wait_for(lambda: reader.dropped() == dropped(server))
    lost = dropped(server)
    with server.client() as client:
        answered = [client.get("/healthz").headers["x-request-id"]
                    for _ in range(300)]
    wait_for(lambda: [event["request_id"] for event in
                      reader.events("request")][-300:] == answered)
    assert dropped(server) == lost
    end(server)
    reader.thread.join(10)
    reader.check()
    assert reader.dropped() == lost
    os.close(ours)


def test_a_pipe_that_is_full_from_the_start(make_server):
    """It is ready, ends when it is told to, and a worker may crash."""
    server = make_server(KEEL_WORKERS="1")
    ours, theirs = make_pipe()
    os.write(theirs, b"x" * SMALL)
    begin(server, theirs)
    wait_for(lambda: server.answers(), 30)
    assert dropped(server) > 0      # "ready" at least
    if not IS_ASAN:     # which reports the signal
        [victim] = server.workers()
        os.kill(victim, signal.SIGSEGV)
        wait_for(lambda: victim not in server.workers() and server.answers())
    end(server)
    os.close(ours)


@needs_root
def test_a_pipe_of_another_user(make_server):
    """It cannot be opened once more, as in a container with another user."""
    server = prepare(make_server(KEEL_WORKERS="1"))
    ours, theirs = make_pipe()
    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 4 * SMALL)
    begin(server, theirs, AS_STRANGER)
    wait_for(lambda: server.answers(), 30)
    request_until_dropped(server)
    reader = Reader(ours)
    wait_for(lambda: reader.events("log"))
    end(server)
    reader.thread.join(10)
    reader.check()
    os.close(ours)


@pytest.mark.parametrize("kind", ["gone", "/dev/full"])
def test_nothing_can_be_written(make_server, kind):
    server = make_server()
    if kind == "gone":
        ours, theirs = make_pipe()
        os.close(ours)
    else:
        theirs = os.open(kind, os.O_WRONLY)
    begin(server, theirs)
    wait_for(lambda: server.answers(), 30)
    request_until_dropped(server, more=20)
    end(server)


def test_others_may_wait_at_the_same_pipe(make_server):
    """The server's pipe does not change for those who share it."""
    server = make_server()
    ours, theirs = make_pipe()
    shared = os.dup(theirs)
    begin(server, theirs)
    wait_for(lambda: server.answers(), 30)
    assert fcntl.fcntl(shared, fcntl.F_GETFL) & os.O_NONBLOCK == 0
    os.close(shared)
    end(server)
    os.close(ours)


def test_the_runner_goes_on(make_server):
    server = make_server()
    runner = Runner(server)
    ours, theirs = make_pipe()
    os.write(theirs, b"x" * (SMALL - 1) + b"\n")
    begin(runner, theirs)
    try:
        add_jobs(server, [new_email() for _ in range(20)])
        wait_for_no_work(server, 30)
        reader = Reader(ours)
        wait_for(lambda: reader.events("log"))
        end(runner)
    finally:
        runner.stop()
    reader.thread.join(10)
    # Each has a line; those of the last may have come after the reader.
    assert reader.dropped() + len(reader.events("job")) >= 20
    os.close(ours)
