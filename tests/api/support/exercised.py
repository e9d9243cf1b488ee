# SPDX-License-Identifier: ISC
"""At the end of a whole run, checks that every declared response was seen. With
pytest -n the workers send what they saw to the main process, which checks."""

import os

import pytest

from contract import watch
from description import describe
from server import BUILD

KEY = "contract"    # in a worker's output, which is lists and numbers only

# Declared but not required: errors of a broken server, and refusals before the
# operation is known.
UNASKED = ("413", "4XX", "500", "503", "default")


def only_if_repeated(operation, status):
    """Does only another request with its Idempotency-Key at the same time get
    it? test_idempotency_crash.py has that for all operations."""
    content = operation.facts["responses"][status].get("content", {})
    return list(content.get("application/json", {}).get("examples", ())) == [
        "IN_PROGRESS"]


def wanted():
    """The (operation, status) that must be seen."""
    return {(operation.id, status)
            for operation in describe(BUILD).operations
            for status in operation.answers if status not in UNASKED and
            not only_if_repeated(operation, status)}


def is_whole(config):
    """Is this a run of all tests? A part of them sees only a part."""
    option = config.option
    here = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
    paths = [os.path.join(config.invocation_params.dir, argument)
             for argument in config.args]
    return not (option.keyword or option.markexpr or option.collectonly or
                option.deselect or option.ignore or option.ignore_glob) and \
        all(os.path.realpath(path) == here for path in paths)


class Exercised:
    def __init__(self):
        self.seen = set()
        self.exchanges = 0
        self.lines = []

    def add(self, seen, exchanges):
        self.seen |= {tuple(pair) for pair in seen}
        self.exchanges += exchanges

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """A worker of pytest -n has ended."""
        found = getattr(node, "workeroutput", {}).get(KEY)
        if found:
            self.add(found["seen"], found["exchanges"])

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[KEY] = {
                "seen": [list(pair) for pair in sorted(watch.seen())],
                "exchanges": watch.exchanges}
            return
        self.add(watch.seen(), watch.exchanges)
        self.lines = ["%d exchanges are as described" % self.exchanges]
        if is_whole(session.config) and not (
                session.shouldstop or session.shouldfail):
            self.judge(session)

    def judge(self, session):
        missing = wanted() - self.seen
        self.lines += ["declared, but never seen: %s %s" % pair
                       for pair in sorted(missing)]
        if missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        for line in self.lines:
            terminalreporter.write_line("keel: " + line)
