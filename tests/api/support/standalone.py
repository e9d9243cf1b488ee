# SPDX-License-Identifier: ISC
"""A server for the harnesses that run without pytest (tests/fuzz,
tests/attacks)."""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time

from cluster import Cluster
from script import make_development_certificate
from server import Server, make_certificate


@contextlib.contextmanager
def running_server(development_certificate=False, **settings):
    """A server with its own database. To see its errors, stop it and read
    `problems`. A SIGTERM ends everything."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cluster = Cluster()
    folder = tempfile.mkdtemp(prefix="keel-tls-")
    server = None
    try:
        cluster.start()
        if development_certificate:
            trusted, *pair = make_development_certificate(folder)
        else:
            pair = make_certificate(folder, "ec")
            trusted = pair[0]
        server = Server(cluster, cluster.database(), pair, **settings)
        server.cert = trusted
        done = server.command("migrate")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        yield server.start()
    finally:
        if server is not None:
            server.stop()
            server.remove()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def make_admin(server):
    """In the environment of a program that needs one."""
    email, password = "admin@example.org", "Pw1-" + secrets.token_urlsafe(12)
    done = server.command("create-admin", email, text=password)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return {"ADMIN_EMAIL": email, "ADMIN_PASSWORD": password}


@contextlib.contextmanager
def unconfirmed(server):
    """A sign-in does not confirm its session meanwhile, as if it were old."""
    default = "ALTER TABLE sessions ALTER COLUMN confirmed_at SET DEFAULT "
    server.sql(default + "'-infinity'")
    try:
        yield
    finally:
        server.sql(default + "now()")


def wait_for_no_connections(server, seconds, most=0):
    """Waits until at most `most` client connections are left and the server
    holds no bytes for them. Returns what is left, as {gauge: value}."""
    deadline = time.monotonic() + seconds
    while True:
        values = server.metrics()
        busy = {name: values[name] for name in
                ("keel_connections", "keel_wire_memory")
                if values[name] > most}
        if not busy or time.monotonic() > deadline:
            return busy
        time.sleep(0.25)


def install_npm(folder, run):
    """Installs what a lock file names, if it is newer than the installation.
    npm runs no scripts of the packages."""
    lock = os.path.join(folder, "package-lock.json")
    stamp = os.path.join(folder, "node_modules/.installed")
    if os.path.exists(stamp) and \
            os.path.getmtime(stamp) >= os.path.getmtime(lock):
        return
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    with open(stamp, "w"):
        pass
