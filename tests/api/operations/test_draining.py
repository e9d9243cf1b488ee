# SPDX-License-Identifier: ISC
"""The end of a server: no request is cut, and clients hear of it."""

import contextlib
import os
import select
import signal
import socket
import ssl
import time

import pytest

from given import give, listening
from helpers import raw_connection, raw_request, reset
from people import add_people, transaction, wait_for_waiting
from runner import wait_for
from server import STOP_SECONDS
from wire import POST, Answers, user_body
from workers import worker_at

TERM, INT, QUIT = signal.SIGTERM, signal.SIGINT, signal.SIGQUIT
HEALTH = raw_request("GET", "/healthz")
READY = raw_request("GET", "/readyz")
LOCK = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"

# A session that is still preparing its statements would wait for the lock, too.
UNPREPARED = """
    SELECT %s - count(*) FROM pg_stat_activity WHERE datname = %s AND
    application_name = 'keel' AND state = 'idle' AND query <> ''"""


def sign_up():
    body = user_body()
    return POST + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Client:
    """A connection, and the responses on it."""

    def __init__(self, server, *requests):
        self.connection = raw_connection(server)
        self.answers = Answers(self.connection)
        for request in requests:
            self.send(request)

    def send(self, request):
        self.connection.sendall(request)

    def check(self, status=200, closes=True):
        """The next response."""
        answer = self.answers.next()
        assert answer is not None, "no response"
        assert answer.status_code == status, answer.text
        assert (answer.headers.get("connection") == "close") is closes
        return answer

    def check_last(self):
        """Its next response says so, and closes the connection."""
        self.send(HEALTH)
        self.check()
        self.check_closed()

    def check_closed(self):
        assert self.answers.next() is None
        self.connection.close()


def idle_client(server):
    """It has had a response, and the connection is open."""
    client = Client(server, HEALTH)
    client.check(closes=False)
    return client


def begin(server, signum=TERM):
    """The server has begun to stop when its responses say so."""
    server.process.send_signal(signum)
    deadline = time.monotonic() + 10
    closes = False
    while not closes:
        assert time.monotonic() < deadline
        watcher = Client(server, HEALTH)
        closes = watcher.answers.next().headers.get("connection") == "close"
        watcher.connection.close()
    watcher = Client(server, READY)
    answer = watcher.check(503)
    assert answer.json()["error"]["message"] == "The server is stopping"
    assert int(answer.headers["retry-after"]) >= 1
    watcher.check_closed()


def ended(server, finished=0, cut=0):
    """The server ends with status 0, and says how many requests it finished
    and cut. One that was answered just before may count as finished."""
    assert server.process.wait(STOP_SECONDS) == 0
    server.end_left_overs()
    server.process = None
    server.check_log()
    server.check_sanitizers()
    line = server.log('"event":"stop"')[-1]
    assert (line["finished"] >= finished, line["cut"]) == (True, cut), line
    assert server.problems == []


def is_refused(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def wait_until_refused(server):
    deadline = time.monotonic() + 10
    while not is_refused(server):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def locked(server):
    """When all sessions of the server are prepared."""
    sessions = int(server.settings["KEEL_WORKERS"]) * int(
        server.settings["KEEL_DATABASE_POOL"])
    wait_for(lambda: server.sql(UNPREPARED, sessions, server.database)[0][0]
             <= 0, 30, 0.01)
    with transaction(server, LOCK):
        yield


@contextlib.contextmanager
def waiting(server, count=1):
    """Requests that wait for a lock."""
    people = add_people(server, *["user"] * count)
    with locked(server):
        clients = [Client(server, raw_request(
            "GET", "/api/v1/users/me", **person.headers))
            for person in people]
        wait_for_waiting(server, count)
        yield clients


@pytest.mark.parametrize("signum", [TERM, INT, QUIT])
@pytest.mark.parametrize("workers", [1, 2])
def test_requests_in_flight_finish(start_server, signum, workers):
    """Those that wait for the database, and those that are still arriving."""
    server = start_server(KEEL_WORKERS=str(workers))
    request = sign_up()
    with waiting(server, 4) as clients:
        sign_ups = [Client(server, sign_up()) for _ in range(16)]
        late = Client(server, request[:40])
        if signum == TERM:
            begin(server)
        else:
            server.process.send_signal(signum)
            wait_until_refused(server)
        late.send(request[40:])
    for client in clients:
        client.check(200)
    for client in sign_ups + [late]:
        client.check(201)
    for client in clients + sign_ups + [late]:
        client.check_closed()
    ended(server, 4 + 16 + 1)


def test_a_client_hears_of_it_with_its_next_response(start_server):
    """An idle connection is not closed under a request that is on its way."""
    server = start_server()
    clients = [idle_client(server) for _ in range(8)]
    begin(server)
    for client in clients:
        client.check_last()
    ended(server, 8 + 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_new_connections_are_served_meanwhile(start_server, workers):
    server = start_server(KEEL_WORKERS=str(workers))
    last = idle_client(server)
    begin(server)
    for _ in range(8):
        client = Client(server, HEALTH)
        client.check()
        client.check_closed()
    last.check_last()
    wait_until_refused(server)
    ended(server, 10)


def test_all_workers_go_on_meanwhile(start_server):
    """One alone might have no room for all clients."""
    server = start_server()
    last = idle_client(server)
    begin(server)
    expected, found = set(server.workers()), set()
    deadline = time.monotonic() + 30
    while found != expected:
        client = Client(server)
        found.add(worker_at(server, client.connection.getsockname()[1]))
        client.check_last()
        assert time.monotonic() < deadline, found
    last.check_last()
    ended(server, 3)


def test_a_new_idle_connection_is_not_waited_for(start_server):
    """Only those that were there: otherwise it might never end."""
    server = start_server(KEEL_DRAIN_SECONDS="600")
    old = idle_client(server)
    begin(server)
    new = Client(server)
    began = time.monotonic()
    old.check_last()
    new.check_closed()
    assert time.monotonic() - began < 8     # it might send a head in 10
    ended(server, 2)


def test_a_client_that_has_just_connected_gets_its_response(start_server):
    """Its request is on its way."""
    server = start_server()
    with waiting(server) as [other]:
        client = Client(server)
        server.process.send_signal(INT)
        wait_until_refused(server)
        client.check_last()
    other.check()
    other.check_closed()
    ended(server, 2)


def test_an_idle_connection_is_closed_at_last(start_server):
    server = start_server(KEEL_DRAIN_SECONDS="2")
    client = idle_client(server)
    began = time.monotonic()
    server.process.send_signal(TERM)
    client.check_closed()
    assert time.monotonic() - began > 0.9
    ended(server)


@pytest.mark.parametrize("signum", [INT, QUIT])
def test_some_signals_do_not_wait_for_idle_clients(start_server, signum):
    server = start_server(KEEL_DRAIN_SECONDS="600",
                          KEEL_DRAIN_DELAY_SECONDS="600")
    client = idle_client(server)
    server.process.send_signal(signum)
    client.check_closed()
    ended(server)


def serves_meanwhile(server, delay):
    """Do clients hear of the end, and then another one get a response?"""
    began = time.monotonic()
    server.process.send_signal(TERM)
    told = served = 0
    while not is_refused(server):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            answer = Client(server, HEALTH if told else READY).answers.next()
            if answer is not None and (told or answer.status_code == 503):
                assert answer.headers["connection"] == "close"
                served += told and answer.status_code == 200
                told = 1
    assert time.monotonic() - began > delay - 0.1
    ended(server)
    return served > 0


def test_the_delay(start_server):
    """For a balancer that asks /readyz, and goes on sending requests. A busy
    machine may not do so in one second."""
    assert any(serves_meanwhile(start_server(KEEL_DRAIN_DELAY_SECONDS=str(
        delay)), delay) for delay in (1, 5, 25))


def test_pipelined_requests_are_answered(start_server):
    """The last response closes the connection."""
    server = start_server()
    client = idle_client(server)
    begin(server)
    client.send(HEALTH * 3)
    client.check(closes=False)
    client.check(closes=False)
    client.check()
    client.check_closed()
    ended(server, 4)


def test_empty_lines_are_no_request(start_server):
    """Some clients send one after a request."""
    server = start_server()
    clients = [idle_client(server) for _ in range(2)]
    begin(server)
    for client in clients:
        client.send(HEALTH + b"\r\n")
        client.check()
        client.check_closed()
    ended(server, 3)


def test_what_takes_too_long_is_cut(start_server):
    server = start_server(KEEL_DRAIN_SECONDS="1")
    with waiting(server) as [client]:
        server.process.send_signal(TERM)
        client.check_closed()
        ended(server, cut=1)


@pytest.mark.parametrize("second", [TERM, INT])
def test_a_second_signal_cuts(start_server, second):
    server = start_server()
    with waiting(server) as [client]:
        begin(server)
        deadline = time.monotonic() + 10
        while server.process.poll() is None:
            assert time.monotonic() < deadline
            server.process.send_signal(second)
            time.sleep(0.02)
        client.check_closed()
        ended(server, 1, cut=1)


def test_one_signal_may_come_several_times(start_server):
    """To each process of a group, and some of them pass it on."""
    server = start_server()
    with waiting(server) as [client]:
        for _ in range(3):
            server.process.send_signal(TERM)
        begin(server)
    client.check()
    client.check_closed()
    ended(server, 2)


def test_a_client_that_hangs_up_is_nothing_to_wait_for(start_server):
    """Its request is: the handler runs to its end."""
    server = start_server()
    [person] = add_people(server, "user")
    with locked(server):
        client = Client(server, raw_request(
            "PATCH", "/api/v1/users/me", b'{"name": "Ada"}',
            Content_Type="application/json", **person.headers))
        wait_for_waiting(server, 1)
        server.process.send_signal(INT)
        wait_until_refused(server)
        reset(client.connection)
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            assert server.process.poll() is None
            time.sleep(0.02)
    ended(server)
    assert person.row("name") == ("Ada",)


@pytest.mark.parametrize("signum", [TERM, INT])
def test_a_worker_that_dies_meanwhile(start_server, signum):
    """The one that replaces it drains, too. Its requests are counted."""
    server = start_server(KEEL_WORKERS="1")
    with waiting(server, 2) as clients:
        if signum == TERM:
            begin(server)
        else:
            server.process.send_signal(signum)
            wait_until_refused(server)
        server.kill_worker()
        for client in clients:
            client.check_closed()
    ended(server, cut=2)


def test_a_signal_before_the_server_is_ready(make_server):
    """A worker serves before the others are ready: none of its requests is
    cut. Those that no worker has accepted wait for the next server."""
    server = make_server(KEEL_WORKERS="8", KEEL_TLS="off",
                         KEEL_DRAIN_SECONDS="1")
    with listening(("127.0.0.1", server.port)) as api, \
            contextlib.ExitStack() as stack:
        give(server, api)
        clients = [stack.enter_context(socket.create_connection(
            ("127.0.0.1", server.port), 20)) for _ in range(64)]
        for client in clients:
            client.sendall(HEALTH)
        ready, server.ready = server.ready, ""      # does not wait
        server.start()
        select.select(clients, [], [], 20)
        server.process.send_signal(INT)
        ended(server)
        server.ready = ready
        server.start()
        for client in clients:
            assert Answers(client).next().status_code == 200


def test_a_key_manager_that_dies_meanwhile(start_server):
    """Nobody needs it any more."""
    server = start_server()
    with waiting(server) as [client]:
        begin(server)
        os.kill(server.key_manager(), signal.SIGKILL)
    client.check()
    client.check_closed()
    ended(server, 2)


def test_control_c_reaches_every_process(start_server):
    """On a terminal; only the parent obeys."""
    server = start_server()
    with waiting(server) as [client]:
        os.killpg(server.process.pid, INT)
        wait_until_refused(server)
    client.check()
    client.check_closed()
    ended(server, 1)


def test_processes_obey_their_parent_only(start_server):
    """A worker that ended would take the server with it."""
    server = start_server()
    with waiting(server) as [client]:
        before = server.workers()
        for signum in (TERM, INT, QUIT, signal.SIGHUP, signal.SIGUSR1):
            for pid in before:
                os.kill(pid, signum)
        for signum in (signal.SIGHUP, signal.SIGUSR1):
            os.kill(server.process.pid, signum)
            os.kill(server.key_manager(), signum)
        idle_client(server).connection.close()
        assert server.workers() == before
    client.check(closes=False)
    client.connection.close()
    server.process.send_signal(TERM)
    ended(server)


def test_the_last_uses_of_sessions_are_stored(start_server):
    server = start_server()
    [person] = add_people(server, "user")
    # A worker that stores the uses meanwhile waits for this one.
    with transaction(server, "UPDATE sessions SET last_used_at = now() - "
                     "interval '1 hour' WHERE id = %s", person.session), \
            server.client() as client:
        for _ in range(2):
            assert client.get("/api/v1/users/me",
                              headers=person.headers).status_code == 200
    server.process.send_signal(INT)
    ended(server)
    assert server.sql("SELECT last_used_at > now() - interval '1 minute' FROM "
                      "sessions WHERE id = %s", person.session) == [(True,)]
