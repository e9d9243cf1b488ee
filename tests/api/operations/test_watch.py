# SPDX-License-Identifier: ISC
"""make watch, in a copy of the tree: what it does on a save, what it leaves
running, and what it ends."""

import fcntl
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

from product import PREFIX, boundary
from server import (BUILD, ROOT, clean_environment, flavor, folder_processes,
                    read_text)
from test_development import NOTHING_SET

HANDLER = "src/modules/health/health_router.c"
SECONDS = 120       # the machine may be busy


class Watcher:
    """On a terminal. It watches the copy, and `text` is what it shows."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.text = ""
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(folder / "tools/watch.py"), flavor()],
            env=environment, stdin=subprocess.DEVNULL, stdout=theirs,
            stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while True:
            try:
                part = os.read(self.terminal, 65536)
            except OSError:     # nobody has the terminal any more
                return
            self.text += part.decode(errors="replace")

    def wait_for(self, text, number=1):
        deadline = time.monotonic() + SECONDS
        while len(re.findall(text, self.text)) < number:
            assert time.monotonic() < deadline, self.text
            assert self.process.poll() is None, self.text
            time.sleep(0.02)

    def save(self, name, text, by_rename=False):
        path = self.folder / name
        if by_rename:
            other = path.with_name("." + path.name)
            other.write_text(text)
            other.rename(path)
        else:
            path.write_text(text)

    def end(self, number):
        self.process.send_signal(number)
        status = self.process.wait(SECONDS)
        self.reader.join(SECONDS)
        os.close(self.terminal)
        return status


def copy_tree(folder):
    """With the times of the files, so that only changes are compiled."""
    for name in ("src", "assets", "sql", "conf", "tools", "tests/asan"):
        shutil.copytree(os.path.join(ROOT, name), folder / name, symlinks=True)
    for name in ("kore.conf", "keel"):
        shutil.copy2(os.path.join(ROOT, name), folder)
    shutil.copytree(BUILD, folder / ".build" / flavor() / "keel",
                    symlinks=True)


@pytest.fixture(name="start_watcher")
def fixture_start_watcher(make_server, tmp_path):
    folder = tmp_path / "my kennel"
    copy_tree(folder)
    server = make_server(**NOTHING_SET)
    os.chmod(server.folder, 0o711)
    server.cert = os.path.join(server.state, "ca.pem")
    environment = boundary.environment(clean_environment() | server.settings)
    environment |= {"TERM": "xterm", "NO_COLOR": "1"}
    del environment[PREFIX + "BUILD"]
    watchers = []

    def start():
        watchers.append(Watcher(folder, environment))
        return watchers[-1], server

    yield start
    for watcher in watchers:
        if watcher.process.poll() is None:
            watcher.end(signal.SIGTERM)
    assert folder_processes(server.state) == []
    assert folder_processes(str(folder)) == []


def health(server):
    return httpx.get(server.url + "/healthz", verify=server.cert,
                     trust_env=False, timeout=20).json()


def test_a_save_is_built_and_served(start_watcher):
    watcher, server = start_watcher()
    watcher.wait_for(r"watch: built and ready in \d+\.\d s\r?\n")
    database = read_text(server.state + "/postgres/postmaster.pid")
    assert health(server) == {"status": "ok"}
    # The server's output is a terminal, too.
    watcher.wait_for(r"\n\d\d:\d\d:\d\d\.\d{3} info +GET /healthz 200 "
                     r"\d+(\.\d)? ms alive .*id=")
    assert '{"time"' not in watcher.text
    second, _ = start_watcher()
    assert second.process.wait(SECONDS) == 1
    second.reader.join(SECONDS)
    assert "watch: another make watch is already running" in second.text

    good = (watcher.folder / HANDLER).read_text()
    changed = good.replace('"ok"', '"changed"')
    watcher.save(HANDLER, changed, by_rename=True)
    watcher.wait_for("watch: rebuilt and ready in ")
    assert "watch: changed: " + HANDLER in watcher.text
    assert health(server) == {"status": "changed"}

    # The old server runs on.
    watcher.save(HANDLER, changed + "#error halfway\n")
    watcher.wait_for("watch: the build failed; the old server runs on")
    assert watcher.text.count("error: #error halfway") == 1
    assert health(server) == {"status": "changed"}

    # A server that does not start.
    routes = (watcher.folder / "kore.conf").read_text()
    watcher.save("kore.conf", routes.replace(
        "/healthz\t\thealthz", "/healthz\t\tno_such_handler"))
    watcher.save(HANDLER, good)
    watcher.wait_for(r"watch: the server does not start \(status \d+\)")
    assert "no_such_handler" in watcher.text
    watcher.save("kore.conf", routes)
    watcher.wait_for("watch: rebuilt and ready in ", 2)
    assert health(server) == {"status": "ok"}

    # PostgreSQL has run all the time.
    assert read_text(server.state + "/postgres/postmaster.pid") == database

    # Ctrl-C during a build.
    header = watcher.folder / "src/base/log.h"
    header.write_text(header.read_text() + "\n")
    deadline = time.monotonic() + SECONDS
    while not any(
            "tools/build.py" in read_text("/proc/%d/cmdline" % pid)
            for pid in folder_processes(str(watcher.folder))):
        assert time.monotonic() < deadline, watcher.text
    assert watcher.end(signal.SIGINT) == 130
    assert folder_processes(server.state) == []
    assert folder_processes(str(watcher.folder)) == []


def test_a_state_has_one_server(make_server):
    """make run, for example."""
    server = make_server(**NOTHING_SET)
    os.makedirs(server.state + "/lock")
    with open(server.state + "/lock/serve", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [sys.executable, "-B", os.path.join(ROOT, "tools/watch.py"),
             flavor()], text=True, capture_output=True, timeout=SECONDS,
            env=boundary.environment(clean_environment() | server.settings),
            check=False)
    assert done.returncode == 1
    assert done.stdout == "watch: a server is already running on %s\n" % \
        server.state
