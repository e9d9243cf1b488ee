# SPDX-License-Identifier: ISC
"""A process that can make no thread, no socket or no other process: requests
get 503, and the next one tries again."""

import os
import re
import signal
import subprocess

import httpx
import pytest

from helpers import ask_token, register
from runner import wait_for
from server import KEEL
from stranger import AS_STRANGER, needs_root, prepare

SOME = "Too many open files"
LIMITS = {"nproc": "Max processes", "nofile": "Max open files"}
NONE = "Resource temporarily unavailable"

pytestmark = needs_root


def limit(pid, name, value=None):
    """Lowers the soft limit of a process, or makes it the hard one."""
    with open("/proc/%d/limits" % pid) as f:
        hard = re.search(r"(?m)^%s +\S+ +(\S+)" % LIMITS[name], f.read())[1]
    subprocess.run([*AS_STRANGER, "prlimit", "--pid", str(pid),
                    "--%s=%s:" % (name, value or hard)], check=True)


@pytest.fixture
def server(make_server):
    """A server of another user's, whose one worker has no thread yet."""
    server = prepare(make_server(KEEL_WORKERS="1"))
    with open(server.stdout, "ab") as out, open(server.stderr, "ab") as err:
        server.process = subprocess.Popen(
            [*AS_STRANGER, KEEL, "serve"], env=server.environment(),
            stdout=out, stderr=err, stdin=subprocess.DEVNULL,
            start_new_session=True)
    wait_for(lambda: server.ready in server.output() or
             server.process.poll() is not None, 30)
    assert server.process.poll() is None, server.errors()
    return server


def sign_in(server):
    with server.client() as client:
        return ask_token(client, "nobody@example.com", "wrong-Passw0rd")


def assert_busy(answer):
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0


def test_no_thread_is_a_503(server):
    [worker] = server.workers()
    limit(worker, "nproc", 1)
    for _ in range(3):
        assert_busy(sign_in(server))
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    assert [event["message"] for event in server.log('"event":"threads"')] == [
        "cannot make a thread: " + NONE]

    # The next one tries again, and the thread stays.
    limit(worker, "nproc")
    assert sign_in(server).status_code == 400
    limit(worker, "nproc", 1)
    assert sign_in(server).status_code == 400
    assert server.workers() == [worker]
    assert server.metrics()["keel_worker_restarts_total"] == 0


def test_no_sockets_are_a_503(server):
    """Of a connection that is open already."""
    [worker] = server.workers()
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        most = len(os.listdir("/proc/%d/fd" % worker)) + 1
        limit(worker, "nofile", most)
        assert_busy(ask_token(client, "nobody@example.com", "wrong-Passw0rd"))
        limit(worker, "nofile")
        assert ask_token(client, "nobody@example.com",
                         "wrong-Passw0rd").status_code == 400
        register(client)
    assert [event["message"] for event in server.log('"event":"threads"')] == [
        "cannot make a thread: " + SOME]
    assert server.workers() == [worker]


def test_no_process_for_a_new_worker_ends_the_server(server):
    """Kore cannot go on. Its supervisor sees a failure, and starts it again."""
    limit(server.parent(), "nproc", 1)
    os.kill(server.workers()[0], signal.SIGKILL)
    assert server.process.wait(20) == 1
    server.end_left_overs()
    assert server.output().count(
        "could not spawn worker child: " + NONE) == 1
    with pytest.raises(httpx.TransportError):
        sign_in(server)
    server.process = None
