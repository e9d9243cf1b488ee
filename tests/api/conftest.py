# SPDX-License-Identifier: ISC
"""Fixtures (their helpers are in support/): a PostgreSQL cluster, a server
that most tests share, and more servers with other settings. The run fails if a
server loses a worker, writes a secret, leaks memory or leaves something behind.

With pytest -n each worker has its own cluster, server and ports, and runs whole
files."""

import shutil
import sys
import tempfile

import pytest

sys.dont_write_bytecode = True

pytest.register_assert_rewrite("helpers", "people", "runner", "servers", "wire")

import contract  # noqa: E402
import helpers  # noqa: E402
import selection  # noqa: E402
from cluster import Cluster  # noqa: E402
from exercised import Exercised  # noqa: E402
from script import Script  # noqa: E402
from server import BUILD, IS_ASAN, Server, flavor, make_certificate  # noqa
from servers import (build_copier, finish, make_template,  # noqa: E402
                     runner_starter, server_maker)


@pytest.fixture(autouse=True)
def described(request):
    """Fails a test whose exchange is not in the description, even if a
    thread swallowed the error."""
    failed = request.session.testsfailed
    contract.watch.problems.clear()
    yield
    if request.session.testsfailed == failed:
        assert not contract.watch.problems
    contract.watch.problems.clear()


@pytest.fixture(scope="session")
def cluster():
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def certificates():
    folder = tempfile.mkdtemp(prefix="keel-tls-")
    yield {kind: make_certificate(folder, kind) for kind in ("ec", "rsa")}
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(cluster, certificates):
    return make_template(cluster, certificates)


@pytest.fixture(scope="module")
def own_cluster(certificates):
    """A cluster for one file, for settings that would disturb others, and
    its template."""
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster, make_template(cluster, certificates)
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def server(cluster, certificates, template):
    """The server that most tests share."""
    server = Server(cluster, cluster.database(template), certificates["ec"])
    try:
        server.start()
        yield server
    finally:
        finish([server])


@pytest.fixture(scope="session")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture
def make_server(cluster, certificates, template):
    """Makes servers with a database each; the test starts them."""
    with server_maker(cluster, certificates, template) as make:
        yield make


@pytest.fixture
def start_server(make_server):
    return lambda **settings: make_server(**settings).start()


@pytest.fixture
def start_runner():
    """Starts runners on a server's database: start_runner(server, ...)."""
    with runner_starter() as start:
        yield start


@pytest.fixture(scope="module")
def start_module_runner():
    """The same, for all tests of a file."""
    with runner_starter() as start:
        yield start


@pytest.fixture(scope="module")
def start_module_server(cluster, certificates, template):
    """The same, for all tests of a file."""
    with server_maker(cluster, certificates, template) as make:
        yield lambda **settings: make(**settings).start()


@pytest.fixture
def build_copy():
    """Copies the build folder as links, except kore.conf, which it edits:
    build_copy(lambda text: text.replace(...))."""
    with build_copier() as copy:
        yield copy


@pytest.fixture(scope="module")
def module_build_copy():
    """The same, for all tests of a file."""
    with build_copier() as copy:
        yield copy


@pytest.fixture
def script():
    """A copy of ./keel with fake programs; nothing of it may be left."""
    script = Script()
    try:
        yield script
    finally:
        left = script.remove()
    assert left == []


needs_faults = pytest.mark.skipif(
    not IS_ASAN, reason="only the asan build contains fault points")


# These mostly wait, for long. They start first and together, so that they do
# not end last, and do not run beside the tests that need all CPUs.
FIRST = ["test_jobs_runners.py", "test_outage.py", "test_deadlines.py",
         "test_development.py", "test_jobs_crash.py", "test_jobs_smtp.py",
         "test_workers.py", "test_failover.py"]


def pytest_collection_modifyitems(config, items):
    selection.mark(items, config.option.markexpr)
    for item in items:
        if item.get_closest_marker("faults"):
            item.add_marker(needs_faults)
    items.sort(key=lambda item: FIRST.index(item.path.name)
               if item.path.name in FIRST else len(FIRST))


def pytest_configure(config):
    contract.watch.start()
    config.pluginmanager.register(Exercised())
    for line in ("faults: needs the asan build, which contains "
                 "src/base/faults.c",
                 "smoke: a short run, see selection.py",
                 "asan: run under AddressSanitizer each time, see "
                 "selection.py"):
        config.addinivalue_line("markers", line)


def pytest_report_header(config):
    return "keel: %s (%s)" % (BUILD, flavor() or "no build there")


#
# Collects the results of pytest -n's workers in the process that prints the
# summary. Only lists, dicts, strings and numbers can be sent.
#

def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["measured"] = helpers.measured


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """A worker has ended; a crashed one has sent nothing."""
    found = getattr(node, "workeroutput", {})
    helpers.measured.extend(found.get("measured", []))


def pytest_terminal_summary(terminalreporter):
    for line in helpers.measured:
        terminalreporter.write_line("keel: " + line)
