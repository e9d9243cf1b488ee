# SPDX-License-Identifier: ISC
"""Development: ./keel serve without any setting, and plain kodev in a clone
named keel."""

import fcntl
import os
import shutil
import signal
import subprocess
import time

import httpx
import pytest

from helpers import new_user, register, sign_in
from runner import wait_for
from server import (IS_ASAN, ROOT, clean_environment, folder_processes,
                    read_text)

NOTHING_SET = {name: None for name in (
    "KEEL_DATABASE_URL", "KEEL_DATABASE_POOL", "KEEL_SECRET_KEY",
    "KEEL_TLS_CERT", "KEEL_TLS_KEY", "KEEL_WORKERS")}


@pytest.fixture
def developer(make_server):
    """Servers with a private database, all on one state folder."""
    first = make_server(**NOTHING_SET)
    os.chmod(first.folder, 0o711)
    servers = []

    def make():
        server = make_server(**NOTHING_SET, KEEL_STATE_DIR=first.state) \
            if servers else first
        server.cert = os.path.join(first.state, "ca.pem")
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()
    assert folder_processes(first.state) == []


def test_a_second_start_finds_its_data_again(developer):
    server = developer().start()
    with server.client() as client:
        user, made = register(client)
    assert "create-admin" in server.output()
    server.stop()
    assert server.problems == []
    assert folder_processes(server.state) == []

    again = developer().start()
    with again.client() as client:
        token = sign_in(client, user)
        answer = client.get("/api/v1/users/me", headers={
            "Authorization": "Bearer " + token})
        assert answer.json() == made


def test_pages_of_two_local_ports_are_allowed(developer):
    with developer().start().client() as client:
        for port, allowed in ((5173, True), (3000, True), (8080, False)):
            answer = client.get("/healthz", headers={
                "Origin": "http://localhost:%d" % port})
            assert ("access-control-allow-origin" in answer.headers) == allowed


def test_an_admin_is_made_while_it_serves(developer):
    server = developer().start()
    admin = new_user()
    done = server.command("create-admin", admin["email"],
                          text=admin["password"])
    assert done.returncode == 0, done.stderr
    with server.client() as client:
        sign_in(client, admin)


def test_one_state_folder_has_one_server(developer):
    developer().start()
    second = developer()
    done = second.command("serve", timeout=20)
    assert done.returncode == 1
    assert done.stderr.startswith("keel: a server is already running")


def test_secrets_are_readable_only_by_their_owner(developer):
    server = developer().start()
    for name in ("secret", "key.pem"):
        path = os.path.join(server.state, name)
        assert os.stat(path).st_mode & 0o077 == 0, name


def runners_of(folder):
    """The processes of ./keel jobs itself."""
    return [pid for pid in folder_processes(folder)
            if "KEEL_COMMAND=jobs\0" in read_text("/proc/%d/environ" % pid)
            and read_text("/proc/%d/cmdline" % pid).startswith("kore\0")]


def wait_for_runner(folder, *others):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [pid for pid in runners_of(folder) if pid not in others]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("no runner")


def wait_for_mail(server, address):
    """Waits until a file holds a mail to the address."""
    folder = os.path.join(server.state, "mail")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".eml") and address in read_text(
                    os.path.join(folder, name)):
                return
        time.sleep(0.05)
    raise AssertionError("no mail to " + address)


@pytest.mark.parametrize("private", [True, False])
def test_a_runner_beside_the_server(developer, make_server, private):
    """As make run starts it, with a private or a given database: it does the
    background work, is restarted when it dies, and ends with the server."""
    server = developer() if private else make_server()
    server.start("--with-jobs")
    first = wait_for_runner(server.state)
    with server.client() as client:
        user, _ = register(client)
        wait_for_mail(server, user["email"])
        os.kill(first, signal.SIGKILL)
        second = wait_for_runner(server.state, first)
        user, _ = register(client)
        wait_for_mail(server, user["email"])
    assert os.stat(os.path.join(server.state, "mail")).st_mode & 0o077 == 0
    server.stop()
    assert server.problems == []
    assert not os.path.exists("/proc/%d" % second)
    assert folder_processes(server.state) == []


def is_unlocked(lock):
    """Has the server ended? The next one waits for three seconds only."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_the_runner_ends_with_a_script_that_is_killed(developer):
    server = developer().start("--with-jobs")
    runner = wait_for_runner(server.state)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    deadline = time.monotonic() + 20
    while os.path.exists("/proc/%d" % runner):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    server.process = None
    with open(server.state + "/lock/serve") as lock:
        wait_for(lambda: is_unlocked(lock), 60)
    developer().start().stop()      # it finds the database, and ends it


@pytest.mark.skipif(IS_ASAN, reason="kodev builds the dev flavour; once is "
                    "enough")
def test_plain_kodev_serves_a_clone_named_keel(make_server, tmp_path):
    clone = tmp_path / "keel"
    clone.mkdir()
    for name in ("src", "assets", "sql", "conf"):
        shutil.copytree(os.path.join(ROOT, name), clone / name,
                        symlinks=True)
    shutil.copy(os.path.join(ROOT, "kore.conf"), clone)
    server = make_server()
    environment = clean_environment() | {
        name: value for name, value in server.settings.items()
        if name in ("KEEL_DATABASE_URL", "KEEL_SECRET_KEY", "KEEL_PORT",
                    "KEEL_ADMIN_PORT", "KEEL_STATE_DIR", "KEEL_ALLOW_ROOT")}
    built = subprocess.run(["kodev", "build"], cwd=clone, text=True,
                           env=environment, capture_output=True, timeout=900)
    assert built.returncode == 0, built.stdout + built.stderr
    os.makedirs(server.state)

    with open(server.stdout, "wb") as log:
        process = subprocess.Popen(
            ["kodev", "run"], cwd=clone, env=environment, stdout=log,
            stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while "keel: ready on " not in server.output():
            assert process.poll() is None, server.output()
            assert time.monotonic() < deadline, server.output()
            time.sleep(0.05)
        # kodev's own certificate has no address.
        answer = httpx.post(server.url + "/api/v1/users", json=new_user(),
                            verify=False, timeout=20, trust_env=False)
        assert answer.status_code == 201
    finally:
        for pid in folder_processes(str(clone)):
            if "[parent]" in read_text("/proc/%d/cmdline" % pid):
                os.kill(pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
    assert folder_processes(str(clone)) == []
