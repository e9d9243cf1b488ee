# SPDX-License-Identifier: ISC
"""The checks of ./keel before it opens the state folder, each from both sides,
as root and as another user. test_root.py has those of real starts."""

import os
import pathlib
import shutil
import socket

import pytest

NOBODY = 65534
ELSEWHERE = ", above KEEL_STATE_DIR, "

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give files away")


def refusal(script, command="serve", **options):
    """The line after "keel: "; "" if Kore is run."""
    done = script.run(command, **options)
    ran = len(script.calls("kore"))
    script.forget()
    if ran:
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return ""
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("keel: ")
    return done.stderr[len("keel: "):-1]


#
# Which commands look at the folder.
#

def looks(script, command, **options):
    """Does the command look at the state folder, which is not fit?"""
    os.makedirs(script.state, exist_ok=True)
    os.chmod(script.state, 0o722)
    line = refusal(script, command, **options)
    assert line in ("", script.state + " is open to others (mode 722): chmod "
                    "go-w, or set KEEL_STATE_DIR to a folder of your own")
    return line != ""


def test_server_and_runner_look_at_the_folder(script):
    for command, expected in (("serve", True), ("jobs", True),
                              ("check-config", False), ("migrate", False),
                              ("openapi", False), ("routes", False),
                              ("queries", False)):
        assert looks(script, command) == expected, command


def test_an_asan_build_looks_before_it_logs(script):
    script.write("build/.flavor", "asan\n")
    script.fake("gcc")
    for command in ("serve", "check-config", "migrate", "routes"):
        assert looks(script, command), command
    os.unlink(script.path("build/.flavor"))
    assert not looks(script, "migrate")


def test_the_private_database_is_in_the_folder(script):
    for command in ("serve", "check-config", "migrate", "openapi"):
        assert looks(script, command, KEEL_DATABASE_URL=None), command


@needs_root
def test_a_server_that_root_may_not_run_looks_at_nothing(script):
    """Kore refuses it; with the private database, root is only warned."""
    for command, value in (("serve", None), ("serve", "0"), ("serve", "11"),
                           ("jobs", None), ("check-config", None)):
        assert not looks(script, command, KEEL_ALLOW_ROOT=value), command
    assert looks(script, "serve", KEEL_ALLOW_ROOT=None, KEEL_DATABASE_URL=None)


@needs_root
def test_another_user_needs_no_permission(script):
    os.mkdir(script.state)
    os.chown(script.state, NOBODY, -1)
    assert looks(script, "serve", user=NOBODY, KEEL_ALLOW_ROOT=None)


@needs_root
def test_a_refused_server_starts_no_runner(script):
    """Kore gives the error, once."""
    done = script.run("serve", "--with-jobs", KEEL_ALLOW_ROOT="0")
    assert done.returncode == 0
    assert script.call("kore").env["KEEL_COMMAND"] == "serve"


#
# What is in the folder.
#

def make(script, name, kind="file", mode=None, owner=None):
    path = script.path("state", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if kind == "link":
        os.symlink("/nonexistent", path)
    elif kind == "hard":
        os.link(script.write("target", "", 0o600), path)
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path)
    elif kind == "folder":
        os.makedirs(path, exist_ok=True)
    else:
        with open(path, "w"):
            pass
    if mode is not None:
        os.chmod(path, mode)
    if owner is not None:
        os.chown(path, owner, -1)


OWN = ", or set KEEL_STATE_DIR to a folder of your own"
LINK = " is a symbolic link: remove it" + OWN
HARD = " is a hard link: remove it" + OWN
ODD = " is neither file nor folder: remove it" + OWN
OPEN = " is open to others (mode %s): remove it" + OWN
OPEN_FOLDER = " is open to others (mode %s): chmod go-w" + OWN


@pytest.mark.parametrize("name, how, problem", [
    # Two levels are looked at.
    ("a", {"kind": "link"}, LINK), ("log/a", {"kind": "link"}, LINK),
    ("log/deep", {"kind": "folder", "mode": 0o722},
     OPEN_FOLDER.replace("%s", "722")),
    # PostgreSQL looks after its folder itself.
    ("postgres", {"kind": "folder", "mode": 0o720},
     OPEN_FOLDER.replace("%s", "720")),
    ("postgres", {"kind": "link"}, LINK), ("postgres", {"kind": "hard"}, HARD),
    ("postgres2/a", {"kind": "link"}, LINK),
    ("log/postgres", {"kind": "link"}, LINK),
    # Each kind of file, each bit.
    ("a", {"kind": "hard"}, HARD), ("log/a", {"kind": "hard"}, HARD),
    ("a", {"kind": "pipe"}, ODD), ("log/a", {"kind": "socket"}, ODD),
    ("a", {"mode": 0o620}, OPEN.replace("%s", "620")),
    ("a", {"mode": 0o602}, OPEN.replace("%s", "602")),
    ("log/a", {"mode": 0o620}, OPEN.replace("%s", "620")),
    ("log", {"kind": "folder", "mode": 0o720},
     OPEN_FOLDER.replace("%s", "720")),
    ("log", {"kind": "folder", "mode": 0o1702},
     OPEN_FOLDER.replace("%s", "1702")),
    (".", {"kind": "folder", "mode": 0o720},
     OPEN_FOLDER.replace("%s", "720")),
    (".", {"kind": "folder", "mode": 0o702},
     OPEN_FOLDER.replace("%s", "702")),
    ("a\tb\x1b", {"kind": "link"}, LINK)], ids=str)
def test_a_bad_file_in_the_folder(script, name, how, problem):
    make(script, name, **how)
    path = os.path.normpath(script.path("state", name))
    shown = "".join("?" if c < " " else c for c in path)
    assert refusal(script) == shown + problem


def test_good_files_in_the_folder(script):
    for name, how in [
            ("a", {"mode": 0o644}), ("b", {"mode": 0o7755}),
            ("log", {"kind": "folder", "mode": 0o755}),
            (".", {"kind": "folder", "mode": 0o755}),
            ("log/a b", {"mode": 0o600}), ("log/deep/a", {"kind": "link"}),
            ("log/deep/b", {"mode": 0o666}),
            ("postgres/a", {"kind": "link"}),
            ("postgres.new/a", {"kind": "link"}),
            ("postgres", {"kind": "folder", "mode": 0o755}),
            ("postgres.new", {"kind": "folder", "mode": 0o711})]:
        make(script, name, **how)
    assert refusal(script) == ""


@needs_root
def test_owners_in_the_folder(script):
    owned = " belongs to nobody, not to you: "
    advice = "set KEEL_STATE_DIR to a folder of your own"
    make(script, "log/a", owner=NOBODY)
    assert refusal(script) == script.state + "/log/a" + owned + \
        "remove it, or " + advice
    os.unlink(script.state + "/log/a")
    os.chown(script.state + "/log", NOBODY, -1)
    assert refusal(script) == script.state + "/log" + owned + \
        "remove it, or " + advice
    os.rmdir(script.state + "/log")
    os.chown(script.state, NOBODY, -1)
    assert refusal(script) == script.state + owned + advice
    make(script, "postgres", "folder", owner=NOBODY)
    os.chown(script.state, 0, -1)
    assert refusal(script) == ""

    # The same for another user: root's files are not theirs.
    os.chown(script.state, NOBODY, -1)
    assert refusal(script, user=NOBODY) == ""
    make(script, "secret", mode=0o600)
    assert refusal(script, user=NOBODY) == script.state + \
        "/secret belongs to root, not to you: remove it, or " + advice


def test_a_folder_that_cannot_be_looked_through(script):
    os.mkdir(script.state)
    script.fake("find", "case $2 in -maxdepth) exit 1;; esac")
    assert refusal(script) == (
        "cannot look through %s: set KEEL_STATE_DIR to a folder of your own" %
        script.state)
    script.fake("find", "exit 1")
    assert refusal(script) == (
        "cannot look above %s: set KEEL_STATE_DIR to a folder elsewhere" %
        script.state)


def test_a_folder_that_cannot_be_made(script):
    script.write("state", "")
    assert refusal(script) == (
        "cannot make %s: set KEEL_STATE_DIR to a folder that can be made" %
        script.state)


def test_a_folder_that_is_made(script):
    assert refusal(script, KEEL_STATE_DIR=script.path("a/b")) == ""
    assert os.stat(script.path("a/b")).st_mode & 0o7777 == 0o711
    assert os.stat(script.path("a")).st_mode & 0o7777 == 0o755


def test_somebody_else_is_faster(script):
    """They make the folder, or one above, after the script has looked."""
    os.mkdir(script.path("others"))
    script.fake("install", "ln -s %s %s" % (script.path("others"),
                                            script.state))
    assert refusal(script).startswith("cannot look through " + script.state)
    script.fake("install", "mkdir -m 777 %s; mkdir %s" % (
        script.path("a"), script.path("a/b")))
    assert refusal(script, KEEL_STATE_DIR=script.path("a/b")) == (
        script.path("a") + ELSEWHERE + "is open to everybody (mode 777): "
        "set KEEL_STATE_DIR to a folder elsewhere")


#
# The folders above it.
#

def looked_at(script, **settings):
    """The folders that find is given by each look above."""
    script.watch("find")
    done = script.run("serve", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return [call.argv[:call.argv.index("-maxdepth")]
            for call in script.calls("find") if call.argv[0] != "."]


def folders_above(path):
    return [str(folder) for folder in reversed(pathlib.Path(path).parents)]


def test_all_folders_above_are_looked_at(script):
    """Their owners, only if the script is not below them as well."""
    os.makedirs(script.path("a/b/state"))
    above = folders_above(script.path("a/b/state"))
    assert (above[0], above[-1]) == ("/", script.path("a/b"))
    assert looked_at(script, KEEL_STATE_DIR=script.path("a/b/state")) == [
        above, above[-2:]]


def test_folders_above_the_script_and_the_folder(script):
    """Once before the folder is made, and once more after it."""
    above = folders_above(script.path("var"))
    assert looked_at(script, KEEL_STATE_DIR=None) == [above, above]
    assert os.path.isdir(script.path("var"))


@needs_root
@pytest.mark.parametrize("mode, owner, group, user, problem", [
    (0o755, 0, 0, 0, None), (0o1777, 0, 0, 0, None),
    (0o777, 0, 0, 0, "is open to everybody (mode 777)"),
    (0o703, 0, 0, 0, "is open to everybody (mode 703)"),
    (0o755, NOBODY, 0, 0, "belongs to nobody"),
    (0o770, 0, 0, 0, None), (0o1770, 0, NOBODY, 0, None),
    (0o770, 0, NOBODY, 0, "is open to the group nogroup (mode 770)"),
    (0o755, 0, 0, NOBODY, None), (0o755, NOBODY, 0, NOBODY, None),
    (0o755, 1, 0, NOBODY, "belongs to daemon"),
    (0o775, 0, 0, NOBODY, None), (0o775, NOBODY, NOBODY, NOBODY, None),
    (0o775, NOBODY, 1, NOBODY, "is open to the group daemon (mode 775)")])
def test_a_folder_above(script, mode, owner, group, user, problem):
    path = script.path("above")
    os.makedirs(path + "/state", exist_ok=True)
    os.chown(path + "/state", user, user)
    os.chown(path, owner, group)
    os.chmod(path, mode)
    assert refusal(script, user=user, KEEL_STATE_DIR=path + "/state") == (
        "" if problem is None else path + ELSEWHERE + problem +
        ": set KEEL_STATE_DIR to a folder elsewhere")


@needs_root
def test_the_scripts_own_folder_may_be_anybodys(script):
    """But a folder with which its name only begins may not."""
    os.chown(script.root, NOBODY, NOBODY)
    os.chmod(script.root, 0o775)
    assert refusal(script, KEEL_STATE_DIR=None) == ""
    os.mkdir(script.path("a2"))
    shutil.copy(script.keel, script.path("a2"))
    os.makedirs(script.path("a/state"))
    os.chown(script.path("a"), NOBODY, NOBODY)
    assert refusal(script, keel=script.path("a2/keel"),
                   KEEL_STATE_DIR=script.path("a/state")) == (
        script.path("a") + ELSEWHERE + "belongs to nobody: set "
        "KEEL_STATE_DIR to a folder elsewhere")
