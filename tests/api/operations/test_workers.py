# SPDX-License-Identifier: ISC
"""A dead worker costs only its own connections; a dead key manager ends the
server, so that a supervisor restarts it."""

import contextlib
import itertools
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from helpers import (ask_token, raw_connection, raw_request, read_me,
                     read_raw_answer, register, sign_in)
from runner import wait_for
from server import IS_ASAN, STOP_SECONDS, session_processes
from workers import worker_at


def works(connection):
    """Sends one more request on a kept connection."""
    try:
        connection.sendall(raw_request("GET", "/healthz"))
        return read_raw_answer(connection)[0] == 200
    except OSError:
        return False


def readiness(server):
    """The status of /readyz on a new connection; 0 if it is not accepted."""
    try:
        with server.client() as client:
            return client.get("/readyz").status_code
    except httpx.TransportError:
        return 0


def wait_for_workers(server, count, but):
    deadline = time.monotonic() + 30
    while True:
        workers = [pid for pid in server.workers() if pid not in but]
        if len(workers) == count:
            return
        assert time.monotonic() < deadline, workers
        time.sleep(0.05)


# A sanitizer would report the test's own signal.
DEATHS = [signal.SIGKILL] + [signal.SIGSEGV] * (not IS_ASAN)


def connect_to_two_workers(server):
    """Connects until at least two workers have connections; one of these."""
    kept, found = [], set()
    while True:
        new = [raw_connection(server) for _ in range(12)]
        kept += new
        assert all(works(connection) for connection in kept)
        for connection in new:
            found.add(worker_at(server, connection.getsockname()[1]))
            if len(found) == 2:
                return kept, min(found)
        assert len(kept) < 240, "one worker takes all connections"


@pytest.mark.parametrize("how", DEATHS)
def test_a_dead_worker_costs_its_own_connections_only(start_server, how):
    server = start_server(KEEL_WORKERS="3")
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
    kept, victim = connect_to_two_workers(server)
    others = [pid for pid in server.workers() if pid != victim]
    os.kill(victim, how)
    server.deaths = 1
    wait_for_workers(server, 3, {victim})
    alive = sum(works(connection) for connection in kept)
    assert 0 < alive < len(kept)
    for connection in kept:
        connection.close()
    for _ in range(12):
        with server.client() as client:
            assert read_me(client, token).status_code == 200
    assert set(others) <= set(server.workers())
    server.wait_for_rest()


def test_workers_may_die_again_and_again(start_server):
    server = start_server(KEEL_WORKERS="2")
    for i in range(6):
        victim = server.workers()[i % 2]
        os.kill(victim, signal.SIGKILL)
        server.deaths += 1
        wait_for_workers(server, 2, {victim})
        wait_for(lambda: all(readiness(server) == 200 for _ in range(10)))
    assert server.output().count("keel: ready on ") == 1


def test_a_dead_workers_connections_no_longer_count(start_server):
    server = start_server(KEEL_WORKERS="2", KEEL_CONNECTIONS_PER_ADDRESS="6")
    kept = [raw_connection(server) for _ in range(6)]
    assert all(works(connection) for connection in kept)
    for victim in server.workers():
        os.kill(victim, signal.SIGKILL)
        server.deaths += 1
    wait_for_workers(server, 2, set())
    assert not any(works(connection) for connection in kept)
    wait_for(lambda: readiness(server) == 200)


def counters(server):
    """Asks again if the worker that was asked has died."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            return {name: value for name, value in server.metrics().items()
                    if name.partition("{")[0].endswith("_total")}


def ask_often(server, tls):
    """Some of these get no answer: they are too many, or their worker dies."""
    for path in ["/healthz", "/healthz/", "/nothing"] * 2:
        with contextlib.suppress(httpx.TransportError), \
                server.client(verify=tls) as client:
            client.get(path)


def test_no_counter_goes_down(start_server):
    """Prometheus would take a smaller one for a new server's."""
    server = start_server(KEEL_WORKERS="2", KEEL_CONNECTIONS_PER_ADDRESS="2")
    seen, tls = [counters(server)], server.tls()
    with ThreadPoolExecutor(4) as pool:
        for victim in server.workers():
            load = [pool.submit(ask_often, server, tls) for _ in range(4)]
            wait_for(lambda: sum(counters(server).values()) >
                     sum(seen[0].values()) + 4)
            seen.append(counters(server))
            os.kill(victim, signal.SIGKILL)
            server.deaths += 1
            while not all(future.done() for future in load):
                seen.append(counters(server))
            wait_for_workers(server, 2, {victim})
            seen.append(counters(server))
    for before, after in itertools.pairwise(seen):
        assert before.keys() == after.keys()
        assert [name for name, value in before.items()
                if after[name] < value] == []
    # Of the redirects and the errors, all may have found no connection.
    assert {name for name, value in seen[-1].items() if value == 0} <= {
        'keel_requests_total{status="3xx"}',
        'keel_requests_total{status="4xx"}',
        'keel_requests_total{status="5xx"}', "keel_connections_evicted_total",
        "keel_log_lines_dropped_total"}


def test_rate_limits_survive_a_worker(start_server):
    server = start_server(KEEL_WORKERS="2", KEEL_RATE_LIMITS="token=5/h")
    with server.client() as client:
        for _ in range(5):
            assert ask_token(client, "a@example.com", "x").status_code == 400
    for victim in server.workers():
        os.kill(victim, signal.SIGKILL)
        server.deaths += 1
        wait_for_workers(server, 2, {victim})
    with server.client() as client:
        assert ask_token(client, "a@example.com", "x").status_code == 429


@pytest.mark.parametrize("how", DEATHS + [signal.SIGTERM, signal.SIGQUIT])
def test_a_dead_key_manager_ends_the_server_with_an_error(start_server, how):
    server = start_server()
    session = server.process.pid
    pid_file = os.path.join(server.state, "kore.%d.pid" % session)
    assert os.path.exists(pid_file)
    os.kill(server.key_manager(), how)
    assert server.process.wait(20) == 1
    assert not os.path.exists(pid_file)
    wait_for(lambda: session_processes(session) == [])
    assert "the key manager died" in server.output()
    assert [event["process"] for event in server.log('"event":"crash"')] == [
        "key manager"] * (how == signal.SIGSEGV)
    assert "sandbox violation" not in server.output()
    server.process = None


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT,
                                 signal.SIGQUIT])
def test_a_terminated_server_has_status_0(start_server, how):
    server = start_server()
    os.kill(server.process.pid, how)
    assert server.process.wait(20) == 0
    server.process = None


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT,
                                 signal.SIGQUIT])
def test_a_dead_worker_does_not_lose_the_signal(start_server, how):
    """Kore remembers only the last signal: here that is SIGCHLD."""
    server = start_server()
    parent = server.parent()
    os.kill(parent, signal.SIGSTOP)
    os.kill(parent, how)
    victim = server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: victim not in server.workers())
    os.kill(parent, signal.SIGCONT)
    assert server.process.wait(STOP_SECONDS) == 0
    server.process = None
