# SPDX-License-Identifier: ISC
"""Servers and runners by the number: made for a test, ended together."""

import contextlib

from runner import Runner
from server import Server


def finish(servers):
    """Stops them all before any of them may complain."""
    for server in servers:
        server.stop()
    problems = ["%s: %s" % (server.url, problem) for server in servers
                for problem in server.problems]
    for server in servers:
        server.remove()
    assert not problems, "\n".join(problems)


def make_template(cluster, certificates):
    """A database that ./keel migrate has been through, to be copied."""
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

    yield make
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

    yield start
    finish(runners)
