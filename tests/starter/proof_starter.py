# SPDX-License-Identifier: ISC
"""make proof-starter: in clean clones, a resource and another name in either
order, then a merge of a later commit of Keel: they build, pass lint, unit tests
and their own API tests, and once the whole make test. And resources with one
field and with thirty. It takes half an hour."""

import itertools
import os
import pathlib
import subprocess
import tempfile

import pytest

from merge_later import commit_later
from project import ROOT, Project, together

COMMENTS = ["new-resource", "comments", "body:text", "post:ref", "--owner"]
INIT = ["init", "acme"]
KINDS = ["str:40", "text:200", "int", "int:-3..3", "bool", "time",
         "choice:red,green,blue", "uuid"]
THIRTY = ["new-resource", "widgets", "post:ref", "boss:ref:users?", *(
    "f%d:%s%s" % (number, kind, "?" * (number % 2)) for number, kind in zip(
        range(28), itertools.cycle(KINDS)))]
OWNERS = {"private": ["--owner"], "shared": ["--owner", "--shared"],
          "staff": []}


class Clone(Project):
    """A clean clone, in a folder of another name."""

    def __init__(self, folder, source=ROOT):
        subprocess.run(["git", "clone", "-q", source, folder], check=True)
        self.folder = pathlib.Path(folder)
        for name, value in (("user.name", "Acme"),
                            ("user.email", "dev@example.com")):
            self.git("config", name, value)

    def git(self, *command):
        return self.run("git", *command)

    def keels(self, *commands):
        """Runs commands of ./keel, and commits what each has made."""
        for command in commands:
            assert self.keel(*command)[::2] == (0, "")
            self.git("add", "-A")
            self.git("commit", "-q", "-m", command[0])


@pytest.fixture
def place():
    """A folder that all users may enter, as tests of other users need."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield folder


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """A clone of Keel with the later commit."""
    clone = Clone(tmp_path_factory.mktemp("later") / "keel")
    commit_later(clone.folder)
    return clone


def check(project, *resources):
    together(project.build())
    together(project.lint(), project.start("make", "check-unit"))
    names = {name.rstrip("0123456789").removesuffix("s") for name in resources}
    together(project.api(*("tests/api/" + name for name in resources),
                         "tests/api/description", "tests/api/accounts",
                         "-k", " or ".join([*names, "users", "git"])))


@pytest.mark.parametrize("commands", [(COMMENTS, INIT), (INIT, COMMENTS)],
                         ids=["resource, name", "name, resource"])
def test_a_project_takes_a_later_commit(place, later, commands):
    project = Clone(place + "/my shop")
    project.keels(*commands)
    check(project, "comments")
    project.git("fetch", "-q", str(later.folder), "HEAD")
    merged = project.git("merge", "--no-edit", "FETCH_HEAD")
    assert "CONFLICT" not in merged
    check(project, "comments")
    if commands[0] is COMMENTS:
        assert ", 0 failed" in together(project.start("make", "test"))[0]


@pytest.mark.parametrize("owner", OWNERS)
def test_thirty_fields(tmp_path, owner):
    project = Clone(tmp_path / "tree")
    project.keels([*THIRTY, *OWNERS[owner]])
    check(project, "widgets")


@pytest.mark.parametrize("kind", [
    *KINDS, *(kind + "?" for kind in KINDS), "ref:posts", "ref:posts?"])
def test_one_field(one_by_one, kind):
    number = next(one_by_one.numbers)
    name = "ones%d" % number
    one_by_one.keels(["new-resource", name, "--singular", "one%d" % number,
                      "f:" + kind, "--owner"])
    one_by_one.names.append(name)


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory):
    """A tree that gets a resource in each test, and is checked at the end."""
    project = Clone(tmp_path_factory.mktemp("ones") / "tree")
    project.numbers, project.names = itertools.count(), []
    yield project
    check(project, *project.names)
