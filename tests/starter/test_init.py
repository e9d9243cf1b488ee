# SPDX-License-Identifier: ISC
"""./keel init: what it changes, what it refuses, and that nothing is changed by
half."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/api/support"), str(ROOT / "tools")]

from product import NAME, PREFIX, TITLE, VERSION  # noqa: E402

SAME = {"src/product.h", "keel"}
UNITS = {"conf/%s.service", "conf/%s-jobs.service",
         "conf/%s-migrate.service", "conf/%s.socket"}
CHANGED = SAME | {unit % NAME for unit in UNITS}
NEEDS = CHANGED | {"tools/init.py", "tools/names.py", "tools/output.py"}


def git(tree, *words):
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.example",
         "-c", "commit.gpgsign=false", *words], cwd=tree, check=True,
        capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A repository with the files that it reads."""
    tree = tmp_path_factory.mktemp("init") / "tree"
    for name in NEEDS:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    (tree / "src/modules/posts").mkdir(parents=True)
    git(tree, "init", "-q")
    commit(tree)
    return tree


@pytest.fixture
def tree(template, tmp_path):
    return shutil.copytree(template, tmp_path / "tree")


def commit(tree):
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "a")


def init(tree, *words):
    return subprocess.run([tree / "keel", "init", *words], cwd="/", text=True,
                          capture_output=True, check=False)


def good(tree, *words):
    done = init(tree, *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def state(tree):
    """Every file, with its text and its mode."""
    return {path.relative_to(tree).as_posix(): (path.read_text(),
                                                path.stat().st_mode)
            for path in tree.rglob("*")
            if path.is_file() and ".git" not in path.parts}


def refused(tree, *words):
    """Its one line; nothing may have changed."""
    before = state(tree)
    done = init(tree, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert state(tree) == before
    [line] = done.stderr.splitlines()
    assert line.startswith("keel: init: ")
    return line[len("keel: init: "):]


def wanted(tree, *words):
    """What it would write; without a process, for many names."""
    spec = importlib.util.spec_from_file_location(
        "init", tree / "tools/init.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    old = tool.names_of(tool.read(tool.HEADER), tool.read(tool.SCRIPT))
    try:
        return tool.wanted(tool.read_options(words), old)
    except tool.Refused as refusal:
        return str(refusal)


def names(tree):
    """The lines that have the names."""
    return [line.replace("\t", " ") for line in re.findall(
        r"^(?:#define (?:PRODUCT(?:_TITLE|_AUTHORS|_VERSION)?|ENV\(name\))\t|"
        r"product=|prefix=).*$", (tree / "src/product.h").read_text() +
        (tree / "keel").read_text(), re.M)]


def test_it_changes_these_files_only(tree):
    before = state(tree)
    told = good(tree, "yarn_2")
    after = state(tree)
    assert {name for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)} == SAME | {
                unit % name for unit in UNITS for name in (NAME, "yarn_2")}
    assert [line.strip() for line in told.split("now:")[0].splitlines()] == [
        "changed:", "src/product.h", "keel",
        f"conf/{NAME}.service -> conf/yarn_2.service",
        f"conf/{NAME}-jobs.service -> conf/yarn_2-jobs.service",
        f"conf/{NAME}-migrate.service -> conf/yarn_2-migrate.service",
        f"conf/{NAME}.socket -> conf/yarn_2.socket"]
    assert "/etc/yarn_2/yarn_2.env" in told and "YARN_2_" in told
    assert after["keel"][1] == before["keel"][1]
    # What it says to do next is right.
    git(tree, *re.search(r"git (add .*)", told)[1].split())
    assert git(tree, "status", "--porcelain", "-uall").count("\n") == 6
    assert git(tree, "diff", "--cached", "--name-status", "-M").count("R0") == 4


def test_the_names_follow_from_one(tree):
    good(tree, "yarn_2")
    version = VERSION if NAME != "keel" else "0.1.0"
    assert [re.sub(" +", " ", line) for line in names(tree)] == [
        '#define PRODUCT "yarn_2"', '#define PRODUCT_TITLE "Yarn 2"',
        '#define PRODUCT_AUTHORS "The Yarn 2 authors"',
        f'#define PRODUCT_VERSION "{version}"',
        '#define ENV(name) "YARN_2_" name',
        "product=yarn_2", "prefix=YARN_2_"]


def test_each_may_be_given(tree):
    good(tree, "yarn", "--title", "Ac\u00e9me & S\u00f8n's", "--version",
         "2.0.1-rc.1", "--authors", "A, B", "--prefix", "AC")
    assert [re.sub(" +", " ", line) for line in names(tree)] == [
        '#define PRODUCT "yarn"',
        '#define PRODUCT_TITLE "Ac\u00e9me & S\u00f8n\'s"',
        '#define PRODUCT_AUTHORS "A, B"', '#define PRODUCT_VERSION '
        '"2.0.1-rc.1"', '#define ENV(name) "AC_" name', "product=yarn",
        "prefix=AC_"]
    assert "Description=Ac\u00e9me & S\u00f8n's HTTPS API\n" in (
        tree / "conf/yarn.service").read_text()


def test_the_units_have_no_other_name(tree):
    good(tree, "yarn")
    text = (tree / "conf/yarn.socket").read_text()
    assert re.search("keel", text, re.I) is None
    assert "SocketGroup=yarn " in text and "of yarn.service" in text
    for unit in UNITS - {"conf/%s.socket"}:
        text = (tree / (unit % "yarn")).read_text()
        alone = unit.endswith("-migrate.service")
        assert text.count("/opt/yarn/keel ") == (1 if alone else 2)
        rest = text.replace("/opt/yarn/keel ", "")
        assert re.search("keel", rest, re.I) is None
        for line in ("User=yarn", "Group=yarn", "StateDirectory=yarn",
                     "EnvironmentFile=/etc/yarn/%s.env" % (
                         "migrate" if alone else "yarn"),
                     "Environment=YARN_DATABASE_URL=",
                     "Environment=YARN_FLAVOR=prod "
                     "YARN_STATE_DIR=/var/lib/yarn"):
            assert line in text.splitlines()


def test_there_and_back_changes_nothing(tree):
    first = state(tree)
    good(tree, "yarn")
    commit(tree)
    between = state(tree)
    good(tree, "other", "--title", "Other things")
    assert not any(re.search("yarn", text, re.I)
                   for name, (text, _) in state(tree).items()
                   if name != "tools/init.py")
    commit(tree)
    good(tree, "yarn")
    assert state(tree) == between
    assert first != between


def test_the_same_name_changes_what_is_given(tree):
    good(tree, "yarn", "--title", "One", "--prefix", "ONE_")
    commit(tree)
    assert good(tree, "yarn") == "the project is yarn already\n"
    before = names(tree)
    told = good(tree, "yarn", "--version", "0.2.0")
    assert "src/product.h" in told and "conf/" not in told
    assert [line for line in names(tree) if line not in before] == [
        '#define PRODUCT_VERSION "0.2.0"']


def test_it_repairs_what_a_merge_has_brought(tree):
    good(tree, "yarn")
    unit = tree / "conf/yarn.service"
    right = unit.read_text()
    unit.write_text(right.replace("/var/lib/yarn", "/var/lib/keel")
                    .replace("YARN_FLAVOR", "KEEL_FLAVOR"))
    commit(tree)
    good(tree, "yarn")
    assert unit.read_text() == right


def test_a_dry_run_changes_nothing(tree):
    (tree / "keel").write_text((tree / "keel").read_text() + "# mine\n")
    before = state(tree)
    told = good(tree, "yarn", "--dry-run")
    assert state(tree) == before
    assert told.startswith("would change:\n    src/product.h\n    keel\n")
    assert "now:" not in told


@pytest.mark.parametrize("name, problem", [
    ("keel", "the framework"), ("Yarn", "lower-case letters"),
    ("2yarn", "lower-case letters"), ("ac-me", "lower-case letters"),
    ("ac me", "lower-case letters"), ("yarn_", "lower-case letters"),
    ("a__b", "lower-case letters"), ("_yarn", "lower-case letters"),
    ("acm\u00e9", "lower-case letters"), ("a.b", "lower-case letters"),
    ("../yarn", "lower-case letters"), ("a\nb", "lower-case letters"),
    ("", "lower-case letters"), ("a" * 25, "at most 24"),
    ("root", "of Debian"), ("postgres", "of Debian"), ("kore", "of Debian"),
    ("while", "C or SQL"), ("select", "C or SQL"),
    ("posts", "a module"), ("xdg", "--prefix"), ("state", "--prefix")])
def test_a_name_that_would_not_do(tree, name, problem):
    line = wanted(tree, name)
    assert problem in line and "\n" not in line


@pytest.mark.parametrize("option, values", [
    ("--prefix", ["", "yarn_", "_", "A__B_", "KEEL_X_", "LC_", "1A_", "A-B_"]),
    ("--title", ["", " a", "a\n", 'a"', "a\\", "<a>", "a%", "{{a}}",
                 "a" * 61]),
    ("--authors", ["a\tb", '"', "a" * 61]),
    ("--version", ["1", "1.2", "v1.2.3", "1.2.3 ", '1.2.3"', "1.2.3-", ""])])
def test_a_value_that_would_not_do(tree, option, values):
    assert refused(tree, "yarn", option + "=" + values[0])
    for value in values:
        line = wanted(tree, "yarn", option + "=" + value)
        assert isinstance(line, str) and "\n" not in line, value


@pytest.mark.parametrize("words", [
    [], ["yarn", "more"], ["yarn", "--tit", "a"], ["yarn", "--title"]])
def test_wrong_arguments(tree, words):
    before = state(tree)
    done = init(tree, *words)
    assert done.returncode == 2 and "usage: keel init" in done.stderr
    assert state(tree) == before


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_what_git_does_not_have_is_not_overwritten(tree, name):
    with open(tree / name, "a", encoding="utf-8") as f:
        f.write("# mine\n")
    assert refused(tree, "yarn") == \
        "commit these first, or undo them: " + name


def test_other_files_may_be_uncommitted(tree):
    (tree / "notes.txt").write_text("mine\n")
    good(tree, "yarn")


def test_a_tree_without_git(tree):
    shutil.rmtree(tree / ".git")
    good(tree, "yarn")


def test_a_tree_that_is_renamed_by_half(tree):
    text = (tree / "keel").read_text()
    (tree / "keel").write_text(text.replace(
        "\nproduct=%s\n" % NAME, "\nproduct=shop\n"))
    commit(tree)
    assert refused(tree, "yarn") == (
        "./keel says product=shop, and src/product.h %s: make them equal "
        "first" % NAME)


@pytest.mark.parametrize("name", sorted(CHANGED - {"keel"}))
def test_a_file_that_is_missing(tree, name):
    (tree / name).unlink()
    commit(tree)
    assert refused(tree, "yarn") == \
        f"cannot read {name}: No such file or directory"


def test_a_unit_of_that_name(tree):
    (tree / "conf/yarn-jobs.service").write_text("mine\n")
    assert refused(tree, "yarn") == "conf/yarn-jobs.service is there already"


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_all_or_nothing(tree, at):
    """The at-th file cannot be put in its place."""
    if at == 0:
        (tree / "conf/yarn.service.new").mkdir()
        problem = "yarn.service.new: Is a directory"
    else:
        kept = ["keel", f"conf/{NAME}.service", f"conf/{NAME}-jobs.service"]
        (tree / (kept[at - 1] + ".old")).mkdir()
        problem = "File exists"
    line = refused(tree, "yarn")
    assert line.startswith("nothing was changed: ") and problem in line
    assert not [path for path in tree.rglob("*.new") if path.is_file()]
    assert not [path for path in tree.rglob("*.old") if path.is_file()]


def test_the_rules_of_the_tree_pass_afterwards(tmp_path):
    """The whole tree, with Keel's docs and tests, and another name."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT,
        check=True, capture_output=True, text=True).stdout.split("\0")[:-1]
    for name in files:
        if os.path.lexists(ROOT / name):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name, follow_symlinks=False)
    good(tmp_path, "yarn", "--title", "Yarn & Co.")
    processes = [(rule, subprocess.Popen(
        [sys.executable, "-B", rule], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT))
        for rule in sorted(tmp_path.glob("tests/lint/[a-z]*.py"))]
    assert len(processes) >= 11
    found = {rule.name: process.communicate()[0]
             for rule, process in processes}
    assert {name: text for name, text in found.items() if text} == {}
    assert (PREFIX, TITLE) != ("YARN_", "Yarn & Co.")
