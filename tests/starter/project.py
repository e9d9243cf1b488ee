# SPDX-License-Identifier: ISC
"""A project: a copy of the tree in which ./keel new-resource and the like are
run, and what they made is built and tested."""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tree import ROOT, copy_tree  # noqa: E402

# Variables of the make and the pytest that run these tests.
NOT_OURS = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "SUITES_FILE", "KEEL_BUILD",
            "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST", "PYTHONPATH")

# What is built before: all but the unit tests' programs, which take 500 MB.
BUILT = ("prod", "unit/src", "unit/tests/unit", "unit/assets.o")

NOTES = ["notes", "title:str:120", "body:text?", "pinned:bool", "due:time?",
         "post:ref", "--owner"]


def without(*names):
    """Skips a test in a project that has resources of these names."""
    there = [name for name in names if os.path.exists(
        os.path.join(ROOT, "src/modules", name))]
    return pytest.mark.skipif(bool(there), reason="this project has %s" %
                              ", ".join(there))


class Failed(Exception):
    """A command failed: its output."""


UNIT = """
make -s --no-print-directory -C tests/unit $(for name; do
    echo "../../.build/unit/tests/$name.log"; done) &&
for name; do
    grep -qx 'exit 0' ".build/unit/tests/$name.log" || exit 1
done"""


class Project:
    def __init__(self, folder, *builds):
        self.folder = pathlib.Path(folder)
        copy_tree(self.folder, *builds)

    def start(self, *command, **environment):
        env = {name: value for name, value in os.environ.items()
               if name not in NOT_OURS}
        return subprocess.Popen(
            command, cwd=self.folder, env=env | environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def run(self, *command, **environment):
        """Its output; raises Failed."""
        return finish(self.start(*command, **environment), command)

    def keel(self, *command):
        """Status, standard output and standard error of ./keel."""
        done = subprocess.run(
            [self.folder / "keel", *command], text=True, capture_output=True,
            stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def read(self, path):
        return (self.folder / path).read_text()

    def files(self):
        """{path: bytes} of the tree, without what is built."""
        return {path.relative_to(self.folder): path.read_bytes()
                for path in self.folder.rglob("*")
                if path.is_file() and not {".build", ".git", "__pycache__"} &
                set(path.parts)}

    # Each of these is what a developer runs.

    def build(self):
        return self.start("make", "build", "FLAVOR=prod")

    def lint(self):
        return self.start("make", "lint")

    def unit(self, *names):
        """make only says that a test failed; the log ends with its status."""
        return self.start("sh", "-c", UNIT, "sh", *names)

    def api(self, *tests, workers=2):
        return self.start(
            "/usr/bin/python3", "-B", "-m", "pytest", "-n", str(workers),
            "--dist", "loadfile", *tests,
            KEEL_BUILD=str(self.folder / ".build/prod/keel"))


def finish(process, command=None):
    output, _ = process.communicate()
    if process.returncode != 0:
        raise Failed("%s: exit %d\n%s" % (
            command or process.args, process.returncode, output))
    return output


def together(*processes):
    """The outputs of commands that run side by side; raises Failed."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return list(threads.map(finish, processes))
