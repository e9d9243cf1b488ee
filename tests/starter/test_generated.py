# SPDX-License-Identifier: ISC
"""What ./keel new-resource makes builds, passes make lint and its own tests,
and does what the description says, without an edit: all types of fields, all
kinds of owners."""

import pytest

from project import BUILT, NOTES, Project, together, without

LABELS = ["labels", "name:str:3"]
THINGS = ["things", "a:str:5", "b:str:300?", "c:text:30", "d:text?", "e:int",
          "f:int:-5..5?", "g:bool", "h:bool?", "i:time", "j:time?",
          "k:choice:new,done", "l:choice:x?", "m:uuid", "n:uuid?",
          "post:ref", "note:ref?", "user:ref?", "--owner", "--shared"]
MADE = {command[0]: command for command in (NOTES, LABELS, THINGS)}

pytestmark = without(*MADE)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("generated") / "a tree",
                      *BUILT)
    for command in MADE.values():
        status, _, errors = project.keel("new-resource", *command)
        assert (status, errors) == (0, "")
    return project


def test_they_build_and_pass_lint_and_unit_tests(project):
    together(project.build(), project.lint(), project.unit(
        *("modules/%s/test_%s_router" % (name, name) for name in MADE)))


def test_they_pass_the_tests_of_the_api(project):
    names = " or ".join(["note", "label", "thing"])
    output, = together(project.api(
        *("tests/api/" + name for name in MADE),
        "tests/api/description/test_rules.py",
        "tests/api/description/test_openapi.py",
        "tests/api/description/test_operations.py",
        "tests/api/accounts/test_access.py",
        "tests/api/database/test_catalog.py",
        "-k", names + " or catalog or git"))
    assert " passed" in output
