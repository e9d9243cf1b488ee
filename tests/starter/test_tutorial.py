# SPDX-License-Identifier: ISC
"""docs/tutorial.md: each of its edits is made, what it makes is built and
tested, and its commands print what it says. Failures name the page's line."""

import concurrent.futures
import os
import re
import shlex
import subprocess

import pytest

from project import BUILT, ROOT, Failed, Project, finish, together
from tutorial import PAGE, Page, Wrong, check_output, make_step


def own_migrations():
    return [name for name in os.listdir(os.path.join(ROOT, "sql/migrations"))
            if re.match("[1-9]", name)]


# Its numbers and names are those of a project that has none of its own.
of_the_page = pytest.mark.skipif(
    bool(own_migrations()) or not os.path.exists(os.path.join(ROOT, PAGE)),
    reason="this project has resources of its own, or no tutorial")


class Tutorial(Project):
    def __init__(self, folder):
        super().__init__(folder, *BUILT)
        self.page = Page(self.read(PAGE))
        self.before = self.files()
        self.done = set()

    def needs(self, what):
        if what not in self.done:
            pytest.skip("%s failed" % what)

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

    def new_words(self, suffix, pattern):
        """What the pattern finds in files of this name, and did not before."""
        before, after = (
            {word for path, data in files.items() if path.name.endswith(suffix)
             for word in re.findall(pattern, data.decode(), re.M)}
            for files in (self.before, self.files()))
        return after - before

    def endpoints(self):
        """Words in the names of tests of the new paths and operations."""
        paths = self.new_words("kore.conf", r"^\s*route\s+\^?([^\s(]+)")
        return {path.rstrip("/$") for path in paths} | self.new_words(
            ".c", r"^ +(?:GET|POST|PUT|PATCH|DELETE)\((\w+),")

    def passes(self, *processes):
        try:
            return together(*processes)
        except Failed as failed:
            problem = str(failed)
        _, _, output = problem.partition("\n")
        pytest.fail("%s\n%s" % (self.page.places(output), problem),
                    pytrace=False)


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    return Tutorial(tmp_path_factory.mktemp("tutorial") / "a tree")


@of_the_page
def test_each_step_is_made_and_compiles(tutorial):
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        for step in tutorial.page.steps:
            changed = make_step(tutorial.folder, step)
            paths = [path for path in changed if path.endswith(".c")]
            for path, errors in zip(paths, threads.map(tutorial.compile,
                                                       paths)):
                if errors:
                    raise Wrong(changed[path], "%s does not compile after "
                                "this step:\n%s", path, errors)
    tutorial.done.add("steps")


@of_the_page
def test_it_builds_and_passes_lint_and_unit_tests(tutorial):
    tutorial.needs("steps")
    names = [name.removeprefix("tests/unit/").removesuffix(".c") for name in
             tutorial.new_tests("tests/unit/", ending=".c")]
    assert names
    tutorial.passes(tutorial.build(), tutorial.lint(), tutorial.unit(*names))
    tutorial.done.add("build")


@of_the_page
def test_it_passes_the_tests_of_the_api_and_prints_what_the_page_says(
        tutorial):
    tutorial.needs("build")
    files = tutorial.new_tests("tests/api/", ending=".py")
    assert files
    names = {os.path.basename(name)[:-len(".py")] for name in files}
    these = names | tutorial.endpoints() | {"the_table_has_every_endpoint"}
    commands = tutorial.start(
        "/usr/bin/python3", "-B", "tests/starter/tutorial_commands.py",
        PYTHONPATH="tests/api/support",
        KEEL_BUILD=str(tutorial.folder / ".build/prod/keel"))
    tests = tutorial.api(
        *files, "tests/api/description/test_rules.py",
        "tests/api/accounts/test_access.py", "-k", " or ".join(sorted(these)))
    with concurrent.futures.ThreadPoolExecutor() as threads:
        printed = threads.submit(finish, commands)
        tutorial.passes(tests)
        try:
            printed.result()
        except Failed as failed:
            pytest.fail(str(failed), pytrace=False)


# The reader of the page. Each of these is a page, and what is wrong in it.

DIFF = "# 1\n\n**a/b.c**\n\n```diff\n%s```\n"
WRONG = [
    (DIFF % " no\n+x\n", "6: this passage is not in a/b.c:\nno"),
    (DIFF % " one\n+x\n", "6: this passage is there 2 times in a/b.c:\none"),
    (DIFF % "-two\n+2\n@@\n three\n-four\n",
     "9: this passage is not in a/b.c:\nthree\nfour"),
    (DIFF % " two\n", "6: this passage changes nothing in a/b.c:\ntwo"),
    (DIFF % "+x\n", "6: this passage has no line that is in a/b.c:"),
    (DIFF % "two\n", "6: a line of a diff begins with ' ', '-' or '+': two"),
    (DIFF.replace("a/b.c", "no.c") % "-two\n", "5: there is no no.c"),
    ("**a/b.c**\n```c\nx\n```\n",
     "2: a/b.c is there already: a ```diff changes it"),
    ("**a/b.c**\nOr not.\n", "2: **a/b.c** is not above a block"),
    ("In a/b.c:\n```c\none\n...\nfour\n```\n",
     "2: this is not in a/b.c:\nfour"),
    ("```sql\nSELECT\n```\n", "1: no file is named above: **PATH** makes an "
     "edit of this block"),
    ("```yaml\na: b\n```\n", "1: a block of kind 'yaml' without **PATH** is "
     "not checked: write ```text"),
    ("```text\n", "1: the block does not end"),
    ("```console\nls\n```\n", "2: a console begins with a command: $ ..."),
]


def make(folder, text):
    """The file after the steps of a page."""
    (folder / "a").mkdir()
    (folder / "a/b.c").write_text("one\ntwo\none\nthree\n")
    for step in Page(text).steps:
        make_step(folder, step)
    return (folder / "a/b.c").read_text()


@pytest.mark.parametrize("text, problem", WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, problem):
    with pytest.raises(Wrong) as raised:
        make(tmp_path, text)
    assert str(raised.value).strip() == PAGE + ":" + problem


def test_passages_are_replaced_in_their_order(tmp_path):
    assert make(tmp_path, DIFF % " two\n-one\n+1\n@@\n-three\n+3\n") == \
        "one\ntwo\n1\n3\n"


CONSOLE = ("```console\n$ cd keel && make run\n$ curl \\\n    -d x\n"
           "{\"id\":\"...\"}\n$ ./keel init acme\n```\n")


def test_commands_and_what_they_print():
    page = Page(CONSOLE)
    [curl] = page.final_commands()
    assert (curl.line, curl.text) == (3, "curl \\\n    -d x")
    check_output(curl, '{"id":"1\n2"}\r\n')
    with pytest.raises(Wrong, match=PAGE + ":3: the page says that this "
                       'prints\n.*\nbut it printed\n{"id":1}'):
        check_output(curl, '{"id":1}')
