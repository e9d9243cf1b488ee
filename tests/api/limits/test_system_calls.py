# SPDX-License-Identifier: ISC
"""How many system calls a worker makes for a request, with 64 connections of
TLS 1.3 that stay open, one worker, and the log at its default level: each
request has its line. A count says what a speed does not: which calls, and
whether one has come back."""

import pytest

from people import add_people
from server import IS_ASAN
from system_calls import STRACE, Clients, calls_of

REQUESTS = 1500
FEW = 0.1       # of a request: what happens now and then
READS = {"read", "recvfrom", "recvmsg"}
WRITES = {"write", "sendto", "sendmsg", "writev"}

pytestmark = [
    pytest.mark.skipif(IS_ASAN, reason="the sanitizer makes calls of its own"),
    pytest.mark.skipif(STRACE is None, reason="strace is not installed"),
]


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_WORKERS="1", KEEL_LOG_LEVEL="info")


def calls_per_request(server, path, **headers):
    """{name: how many}, and "all"."""
    [worker] = server.workers()
    with Clients(server, path, **headers) as clients:
        sent = len(clients.connections) + REQUESTS
        calls = calls_of(worker, lambda: clients.send(REQUESTS))
    server.wait_for_rest()
    assert len(server.log('"path":"%s"' % path)) == sent
    found = {name: number / REQUESTS for name, number in calls.items()}
    return found | {"all": sum(found.values())}


def sum_of(names, calls):
    return sum(calls.get(name, 0) for name in names)


def others(calls):
    """What is neither input nor output."""
    return {name: number for name, number in calls.items()
            if name not in READS | WRITES | {"epoll_wait", "all"}}


def test_a_request_without_the_database(server):
    """One call reads it, one answers it. Many requests share the rest: the
    wait for the next ones, the log, random bytes."""
    calls = calls_per_request(server, "/healthz")
    assert calls["all"] <= 3, calls
    assert sum_of(READS, calls) <= 1 + FEW, calls
    assert sum_of(others(calls), calls) <= FEW, calls


def test_a_user_by_id(server):
    """The statement is one call more to send, and one to receive."""
    admin, ada = add_people(server, "admin", "user")
    calls = calls_per_request(server, ada.path, **admin.headers)
    assert calls["all"] <= 5, calls
    assert sum_of(READS, calls) <= 2 + 2 * FEW, calls
    assert sum_of(others(calls), calls) <= FEW, calls
