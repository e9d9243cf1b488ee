# SPDX-License-Identifier: ISC
"""Of a server whose parent is killed, at whatever moment, nothing is left: no
process, no port, no shared memory, and no pid file after the next start."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from cluster import is_free
from runner import wait_for
from server import KEEL, IS_ASAN, read_text, session_processes
from sizes import size

MOMENTS = size(5, 60)


def memory_of(parent, rights=("700", "1700")):
    """The pieces of shared memory that Kore's parent has made. 1700 is marked
    for removal. PostgreSQL's are 600: its process may have had the same id."""
    return [fields[1] for fields in map(
        str.split, read_text("/proc/sysvipc/shm").splitlines()[1:])
        if int(fields[4]) == parent and fields[2] in rights]


def wait_for_nothing(server, session, parent):
    """A reader of /proc keeps a dead process's memory for a moment."""
    wait_for(lambda: session_processes(session) == [] and
             memory_of(parent) == [], pause=0.005)
    wait_for(lambda: is_free(server.port) and is_free(server.admin_port),
             pause=0.005)


def pid_files(server):
    return [name for name in os.listdir(server.state)
            if name.startswith("kore.")]


def die(server, pids, number):
    """The parent's id, after all have got the signal."""
    parent, session = server.parent(), server.process.pid
    for pid in pids:
        # The kernel kills the others with their parent.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    server.process.wait(20)
    wait_for_nothing(server, session, parent)
    server.process = None
    return parent


# Signals that a process does not catch.
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGUSR2] + [
    signal.SIGSEGV] * (not IS_ASAN))
def test_the_parent_dies(start_server, number):
    server = start_server()
    parent = die(server, [server.parent()], number)
    assert pid_files(server) == ["kore.%d.pid" % parent]
    server.start()
    assert pid_files(server) == ["kore.%d.pid" % server.parent()]


def test_the_others_need_not_do_anything(start_server):
    """They are ended by the kernel, even where they do not run."""
    server = start_server()
    for pid in session_processes(server.process.pid):
        if pid != server.parent():
            os.kill(pid, signal.SIGSTOP)
    die(server, [server.parent()], signal.SIGKILL)
    server.start()


def test_all_are_killed_at_once(start_server):
    server = start_server()
    die(server, session_processes(server.process.pid), signal.SIGKILL)
    server.start()


def test_its_memory_is_there_while_it_runs(start_server):
    """And at an orderly end, Kore may remove it once more."""
    server = start_server()
    parent = server.parent()
    assert len(memory_of(parent)) == 1
    victim = server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    server.deaths = 1
    wait_for(lambda: len(server.workers()) == 2 and
             victim not in server.workers())
    assert len(memory_of(parent)) == 1
    server.stop()
    assert server.problems == []
    wait_for(lambda: memory_of(parent) == [])
    assert pid_files(server) == []
    assert "shm" not in server.output() + server.errors()


def test_a_running_server_keeps_its_pid_file(start_server):
    """Of two that share a folder."""
    first = start_server()
    second = start_server(KEEL_STATE_DIR=first.state)
    assert sorted(pid_files(first)) == sorted(
        "kore.%d.pid" % server.parent() for server in (first, second))


def test_the_parent_dies_while_it_starts(make_server):
    """It is the process that was started, as under systemd."""
    server = make_server()
    began = time.monotonic()
    server.start()
    took = time.monotonic() - began
    server.stop()
    for moment in range(MOMENTS):
        with open(server.stdout, "ab") as out:
            process = subprocess.Popen(
                [KEEL, "serve"], env=server.environment(), stdout=out,
                stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        time.sleep(took * (0.3 + 0.9 * moment / MOMENTS))
        process.kill()
        process.wait()
        # No code of ours runs between Kore's shmget() and its first fork().
        for piece in memory_of(process.pid, rights=("700",)):
            subprocess.run(["ipcrm", "-m", piece], check=True)
        wait_for_nothing(server, process.pid, process.pid)
    server.start()
    assert pid_files(server) == ["kore.%d.pid" % server.parent()]
