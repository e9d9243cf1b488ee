# SPDX-License-Identifier: ISC
"""A real pgbouncer in front of a cluster, with tests/proxies/pgbouncer.ini,
which docs/pgbouncer.md shows. Only addresses and files are replaced; a test may
add settings."""

import os
import shutil
import signal
import subprocess
import time

import psycopg2
import pytest

from cluster import free_port, make_folder
from proxies import PATH, replace, shown
from server import read_text

READY_SECONDS = 20


class PgBouncer:
    """Each database of the cluster has its own name in it."""

    def __init__(self, cluster, database, **settings):
        if not shutil.which("pgbouncer", path=PATH):
            pytest.skip("pgbouncer is not installed")
        self.cluster = cluster
        self.database = database
        self.port = free_port()
        self.folder = make_folder()
        self.log = os.path.join(self.folder, "log")
        self.file = os.path.join(self.folder, "pgbouncer.ini")
        self.process = None
        self.settings = {"admin_users": "admin"} | settings
        self.own(self.folder)

    def own(self, path):
        os.chmod(path, 0o755)
        if os.getuid() == 0:
            shutil.chown(path, self.cluster.user)

    def write(self, **settings):
        """Writes its files; the settings are pgbouncer's, or server_host."""
        self.settings |= settings
        more = dict(self.settings)
        host = more.pop("server_host", "127.0.0.1")
        users = os.path.join(self.folder, "users")
        with open(users, "w") as f:
            for user in ("keel", "admin"):
                f.write('"%s" "%s"\n' % (user, self.cluster.password))
        text = replace(shown("pgbouncer.ini"), [
            ("keel = host=127.0.0.1 port=5432 dbname=keel",
             "%s = host=%s port=%d dbname=%s" % (
                 self.database, host, self.cluster.port, self.database)),
            ("listen_port = 6432", "listen_port = %d" % self.port),
            ("/run/postgresql", self.folder),
            ("/etc/pgbouncer/userlist.txt", users)])
        kept = [line for line in text.splitlines()
                if line.partition(" = ")[0] not in more]
        with open(self.file, "w") as f:
            f.write("\n".join(kept + ["%s = %s" % item
                                      for item in more.items()]) + "\n")
        for path in (users, self.file):
            self.own(path)

    def start(self):
        self.write()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.cluster.as_user("pgbouncer", self.file),
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={"PATH": PATH})
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.connect("pgbouncer", user="admin").close()
                return self
            except psycopg2.OperationalError:
                if self.process.poll() is not None or \
                        time.monotonic() > deadline:
                    raise RuntimeError(read_text(self.log))
                time.sleep(0.02)

    def connect(self, database, user="keel", **options):
        db = psycopg2.connect(host="127.0.0.1", port=self.port, user=user,
                              password=self.cluster.password, dbname=database,
                              **options)
        db.autocommit = True
        return db

    def admin(self, command):
        """A command of its console, such as RELOAD; its rows, if any."""
        db = self.connect("pgbouncer", user="admin")
        try:
            with db.cursor() as cursor:
                cursor.execute(command)
                return cursor.fetchall() if cursor.description else None
        finally:
            db.close()

    def kill_all(self):
        """Closes every connection of the database."""
        self.admin("KILL " + self.database)
        self.admin("RESUME " + self.database)

    def change(self, **settings):
        self.write(**settings)
        self.admin("RELOAD")

    def url(self, socket=False):
        return "postgresql://keel:%s@%s:%d/%s" % (
            self.cluster.password, self.folder.replace("/", "%2F") if socket
            else "127.0.0.1", self.port, self.database)

    def end(self):
        """At once, as a crash: SIGTERM, without waiting for clients."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def stop(self):
        self.end()
        print(read_text(self.log)[-4000:])
        shutil.rmtree(self.folder, ignore_errors=True)
