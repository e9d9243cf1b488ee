# SPDX-License-Identifier: ISC
"""Several servers and runners: made for a test, stopped together."""

import contextlib
import os
import shutil
import tempfile

from runner import Runner
from server import BUILD, Server


def finish(servers):
    """Stops all of them before it fails for any of them."""
    for server in servers:
        server.stop()
    problems = ["%s: %s" % (server.url, problem) for server in servers
                for problem in server.problems]
    for server in servers:
        server.remove()
    assert not problems, "\n".join(problems)


def make_template(cluster, certificates):
    """A database that ./keel migrate has migrated, to be copied."""
    name = cluster.database()
    server = Server(cluster, name, certificates["ec"])
    try:
        done = server.command("migrate")
        assert done.returncode == 0, done.stderr
    finally:
        server.remove()
    return name


@contextlib.contextmanager
def server_maker(cluster, certificates, template):
    servers, databases = [], []

    def make(database=None, certificate="ec", **settings):
        if database is None:
            database = cluster.database(template)
            databases.append(database)
        server = Server(cluster, database, certificates[certificate],
                        **settings)
        servers.append(server)
        return server

    try:
        yield make
    finally:
        finish(servers)
        for database in databases:
            cluster.drop(database)


@contextlib.contextmanager
def runner_starter():
    runners = []

    def start(server, **settings):
        runner = Runner(server, **settings)
        runners.append(runner)
        return runner.start()

    try:
        yield start
    finally:
        finish(runners)


@contextlib.contextmanager
def build_copier():
    folder = tempfile.mkdtemp(prefix="keel-conf-")

    def copy(edit):
        build = os.path.join(folder, str(len(os.listdir(folder))), "keel")
        os.makedirs(build)
        for name in os.listdir(BUILD):
            if name != "kore.conf":
                os.symlink(os.path.realpath(os.path.join(BUILD, name)),
                           os.path.join(build, name))
        with open(os.path.join(BUILD, "kore.conf")) as f:
            before = f.read()
        after = edit(before)
        assert after != before, "the edit changed nothing"
        with open(os.path.join(build, "kore.conf"), "w") as f:
            f.write(after)
        return build

    yield copy
    shutil.rmtree(folder)
