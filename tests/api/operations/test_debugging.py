# SPDX-License-Identifier: ISC
"""tools/gdb.py shows the coroutines of a running worker, and changes nothing
in it (docs/debugging.md)."""

import os
import re
import shutil
import subprocess
import threading

import pytest

from people import add_people, transaction, wait_for_waiting
from server import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("gdb") is None, reason="gdb is not installed")


def gdb(*commands, process=None):
    """What these commands print in a process."""
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-p", str(process)] +
        [word for command in ("source " + os.path.join(ROOT, "tools/gdb.py"),
                              *commands) for word in ("-ex", command)],
        text=True, capture_output=True, stdin=subprocess.DEVNULL,
        timeout=120, env=os.environ | {"DEBUGINFOD_URLS": ""})
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine lets nobody attach to a process")
    return done.stdout, done.stderr


def test_a_request_that_waits(start_server):
    server = start_server(KEEL_WORKERS="1")
    [ada] = add_people(server, "user")
    answers = []

    def change():
        with server.client() as client:
            answers.append(client.patch(
                "/api/v1/users/me", json={"name": "Ada"},
                headers=ada.headers | {"x-request-id": "parked-1"}))

    thread = threading.Thread(target=change)
    [worker] = server.workers()
    with transaction(server, "SELECT FROM users WHERE id = %s FOR UPDATE",
                     ada.id):
        thread.start()
        wait_for_waiting(server, 1)
        out, errors = gdb("coroutines", "coroutine 1", "coroutine 1 frame 2",
                          "coroutine 2", "bt", process=worker)
    thread.join()
    assert [answer.status_code for answer in answers] == [200]
    assert "1   suspended, in pool_run (database/database_pool.c:" in out
    assert "PATCH update_me /api/v1/users/me, request parked-1" in out
    assert "in users_repository_lock (c=" in out
    assert out.count("in endpoint_run (arg=") == 1, out
    assert re.search(r"^#2  .*\n\d+\t", out, re.M), out
    assert "N is from 1 to 1" in errors
    assert server.workers() == [worker]
