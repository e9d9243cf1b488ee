# SPDX-License-Identifier: ISC
"""The private PostgreSQL dies, or the script that started it: the real ones.
test_script_keeper.py has the details, with fakes."""

import contextlib
import glob
import os
import signal
import subprocess
import time

import httpx
import pytest

from helpers import register, sign_in
from runner import wait_for
from server import KEEL, folder_processes, read_text
from servers import server_maker
from sizes import size
from test_script_keeper import keepers

MOMENTS = size(1, 40)
NOTHING_SET = {name: None for name in (
    "KEEL_DATABASE_URL", "KEEL_DATABASE_POOL", "KEEL_SECRET_KEY",
    "KEEL_TLS_CERT", "KEEL_TLS_KEY", "KEEL_WORKERS")}


@pytest.fixture(scope="module")
def developer(cluster, certificates, template):
    """A server with a private database, which the first test starts."""
    with server_maker(cluster, certificates, template) as make:
        server = make(**NOTHING_SET)
        os.chmod(server.folder, 0o711)
        server.cert = os.path.join(server.state, "ca.pem")
        yield server
        server.stop()
        assert server.problems == []
        assert not processes(server)


def postmaster(server):
    return int(read_text(server.state + "/postgres/postmaster.pid").split()[0])


def readiness(client):
    try:
        return client.get("/readyz").status_code
    except httpx.TransportError:
        return 0


def parent(server):
    """Kore's: one pid file is there, that of the server that runs."""
    [name] = [name for name in os.listdir(server.state)
              if name.startswith("kore.")]
    return int(name.split(".")[1])


def processes(server):
    """Those of the state folder. Kore's titles hide the settings of its own,
    but they have a lock open."""
    found = set(folder_processes(server.state))
    for path in glob.glob("/proc/[0-9]*/fd/7"):
        with contextlib.suppress(OSError):
            if os.readlink(path).startswith(server.state):
                found.add(int(path.split("/")[2]))
    return found


def kill_script(server, process):
    """Its children are told by the kernel, PostgreSQL by its keeper."""
    process.kill()
    process.wait()
    wait_for(lambda: not processes(server), 40)


def test_the_script_is_killed_while_it_starts_for_the_first_time(developer):
    """The next one begins where it was."""
    for moment in range(MOMENTS):
        with open(developer.stdout, "ab") as out:
            process = subprocess.Popen(
                [KEEL, "serve", "--with-jobs"], stdout=out, stderr=out,
                env=developer.environment(), stdin=subprocess.DEVNULL,
                start_new_session=True)
        time.sleep(3 * (moment + 0.5) / MOMENTS)
        kill_script(developer, process)
    developer.start()


def test_postgresql_is_killed(developer):
    """Requests get 503, and then all is as before, without a restart."""
    if developer.process is None:
        developer.start()
    before = parent(developer)
    with developer.client() as client:
        user, _ = register(client)
        [keeper] = keepers(developer.process)
        os.kill(keeper, signal.SIGSTOP)     # until 503 is seen
        try:
            os.kill(postmaster(developer), signal.SIGKILL)
            wait_for(lambda: readiness(client) == 503, pause=0.005)
        finally:
            os.kill(keeper, signal.SIGCONT)
        wait_for(lambda: readiness(client) == 200, 60)
        sign_in(client, user)
    assert parent(developer) == before
    assert developer.errors().count("keel: PostgreSQL has ended") == 1


def test_everything_is_killed_at_once(developer):
    """So nobody could clean up."""
    if developer.process is None:
        developer.start()
    with developer.client() as client:
        user, _ = register(client)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in processes(developer):
            with contextlib.suppress(ProcessLookupError):   # the keeper's sleep
                os.kill(pid, number)
    developer.process.wait()
    wait_for(lambda: not processes(developer))
    developer.start()
    with developer.client() as client:
        sign_in(client, user)
