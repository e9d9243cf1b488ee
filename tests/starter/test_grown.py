# SPDX-License-Identifier: ISC
"""A tree that has grown. docs/tutorial.md: each of its edits is made, what it
makes is built and tested, and its commands print what it says; failures name
the page's line. And ./keel new-resource: resources with all types of fields and
all kinds of owners build, pass make lint and their own tests, and do what the
description says, without an edit."""

import concurrent.futures
import os
import re
import shlex
import subprocess

import pytest

from project import (BUILT, NOTES, ROOT, Failed, Project, together,
                     without)
from tutorial import PAGE, Page, Wrong, make_step

# With a line of kore.conf that is long, and names that mean something in an
# OpenAPI document.
LABELS = ["labels", "a_b:str:2", "above:ref:labels?", "type:int",
          "properties:int:0..9223372036854775807", "examples:bool",
          "kind:choice:" + ",".join("a_long_word_%d" % n for n in range(40))]
THINGS = ["things", "a:str:5", "b:str:300?", "c:text:30", "d:text?", "e:int",
          "f:int:-5..5?", "g:bool", "h:bool?", "i:time", "j:time?",
          "k:choice:new,done", "l:choice:x?", "m:uuid", "n:uuid?",
          "post:ref", "note:ref?", "user:ref?", "--owner", "--shared"]
MADE = {command[0]: command for command in (NOTES, LABELS, THINGS)}


def own_migrations():
    return [name for name in os.listdir(os.path.join(ROOT, "sql/migrations"))
            if re.match("[1-9]", name)]


# Its numbers and names are those of a project that has none of its own.
of_the_page = pytest.mark.skipif(
    bool(own_migrations()) or not os.path.exists(os.path.join(ROOT, PAGE)),
    reason="this project has resources of its own, or no tutorial")


class Tree(Project):
    def __init__(self, folder):
        super().__init__(folder, *BUILT)
        self.page = Page(self.read(PAGE))
        self.before = self.files()
        self.done = set()

    def needs(self, *steps):
        if not self.done.intersection(steps):
            pytest.skip("none of these was done: " + ", ".join(steps))

    def compile(self, path):
        """What the compiler says against a file, as it is now."""
        flags = shlex.split(" ".join(re.findall(
            r"^cflags=(.*)$", self.read("conf/build.conf").split("{")[0],
            re.M)))
        if path.startswith("tests/unit/"):
            with open("/usr/share/kore/features", encoding="utf-8") as f:
                flags += [*f.read().split(), "-Itests/unit", "-include",
                          "tests/unit/product.h"]
        done = subprocess.run(
            ["gcc", "-fsyntax-only", *flags, "-Isrc", path], cwd=self.folder,
            capture_output=True, text=True, check=False)
        return done.stderr if done.returncode else ""

    def new_tests(self, *folders, ending):
        """The names of the files of tests that are new or have changed."""
        after = self.files()
        return sorted(
            str(path) for path in after
            if str(path).startswith(folders) and path.name.startswith("test_")
            and path.suffix == ending and after[path] != self.before.get(path))

    def new_words(self, is_one, pattern):
        """What the pattern finds in these files, and did not before."""
        before, after = (
            {word for path, data in files.items() if is_one(path)
             for word in re.findall(pattern, data.decode(), re.M)}
            for files in (self.before, self.files()))
        return after - before

    def endpoints(self):
        """Words in the names of tests of the new paths and operations."""
        paths = self.new_words(lambda path: str(path) == "kore.conf",
                               r"^\s*route\s+\^?([^\s(]+)")
        return {path.rstrip("/$") for path in paths} | self.new_words(
            lambda path: path.match("src/modules/*/*.c"),
            r"^ +(?:GET|POST|PUT|PATCH|DELETE)\((\w+),")

    def passes(self, *processes):
        try:
            return together(*processes)
        except Failed as failed:
            problem = str(failed)
        _, _, output = problem.partition("\n")
        pytest.fail("%s\n%s" % (self.page.places(output), problem),
                    pytrace=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree(tmp_path_factory.mktemp("grown") / "a tree")


@of_the_page
def test_each_step_of_the_tutorial_is_made_and_compiles(tree):
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        for step in tree.page.steps:
            changed = make_step(tree.folder, step)
            paths = [path for path in changed if path.endswith(".c")]
            for path, errors in zip(paths, threads.map(tree.compile,
                                                       paths)):
                if errors:
                    raise Wrong(changed[path], "%s does not compile after "
                                "this step:\n%s", path, errors)
    tree.done.add("tutorial")


@without(*MADE)
def test_resources_are_made(tree):
    for command in MADE.values():
        status, _, errors = tree.keel("new-resource", *command)
        assert (status, errors) == (0, "")
    tree.done.add("resources")


def test_it_builds_and_passes_lint_and_unit_tests(tree):
    tree.needs("tutorial", "resources")
    names = [name.removeprefix("tests/unit/").removesuffix(".c") for name in
             tree.new_tests("tests/unit/", ending=".c")]
    assert names
    tree.passes(tree.build(), tree.lint(), tree.unit(*names))
    tree.done.add("build")


def test_it_passes_the_tests_of_the_api_and_prints_what_the_page_says(tree):
    tree.needs("build")
    files = tree.new_tests("tests/api/", ending=".py")
    assert files
    names = {os.path.basename(name)[:-len(".py")] for name in files}
    these = names | tree.endpoints() | {
        "the_table_has_every_endpoint", "the_one_in_git", "catalog",
        "integers", "choices"}
    processes = [tree.api(
        *files, "tests/api/description/test_rules.py",
        "tests/api/description/test_openapi.py",
        "tests/api/description/test_operations.py",
        "tests/api/accounts/test_access.py",
        "tests/api/database/test_catalog.py",
        "-k", " or ".join(sorted(these)))]
    if "tutorial" in tree.done:
        processes.append(tree.start(
            "/usr/bin/python3", "-B", "tests/starter/tutorial_commands.py",
            PYTHONPATH="tests/api/support",
            KEEL_BUILD=str(tree.folder / ".build/prod/keel")))
    tree.passes(*processes)
