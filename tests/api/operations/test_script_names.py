# SPDX-License-Identifier: ISC
"""./keel in a project of another name: its settings begin with OTHER_, outside
of the script only, and its messages have the project's names."""

import os
import re

import pytest

from server import read_text

# A shell could change each of these, or run it.
HARD = {
    "OTHER_ONE": " two  blanks ", "OTHER_TWO": "a\n\nb\n\n", "OTHER_3": "",
    "OTHER_QUOTES": "'\"\\`", "OTHER_RUN": "$(touch ran) `touch ran`; $HOME",
    "OTHER_STAR": "*", "OTHER_BYTES": "\udcff\udc80", "OTHER_EQUALS": "=a=b",
    "OTHER_MORE": "x\nOTHER_FALSE=1\nOTHER_ONE=2", "OTHER_NEWLINE": "\n",
    "OTHER_typo": "1"}


@pytest.fixture
def other(script):
    """The copy of ./keel, of a project called other."""
    for pattern in ("product=.*", "prefix=.*"):
        word = pattern.partition("=")[0]
        text, count = re.subn("^%s$" % pattern, word + (
            "=other" if word == "product" else "=OTHER_"),
            read_text(script.keel), flags=re.M)
        assert count == 1
        script.write("keel", text, 0o755)
    return script


def run(script, *arguments, **settings):
    keels = dict.fromkeys(["KEEL_BUILD", "KEEL_STATE_DIR", "KEEL_DATABASE_URL",
                           "KEEL_ALLOW_ROOT"])
    return script.run(*arguments, **keels | {
        "OTHER_BUILD": script.build, "OTHER_STATE_DIR": script.state,
        "OTHER_DATABASE_URL": "host=/none", "OTHER_ALLOW_ROOT": "1"} |
        settings)


def environment(script, number=0):
    """What the fake Kore got, byte by byte."""
    folder = sorted((entry for entry in os.scandir(script.path("calls"))
                     if entry.name.startswith("kore.")),
                    key=lambda entry: entry.stat().st_mtime_ns)[number]
    with open(folder.path + "/environ", "rb") as f:
        return dict(os.fsdecode(line).split("=", 1)
                    for line in f.read().split(b"\0")[:-1])


def own(script, number=0):
    return {name: value for name, value in environment(script, number).items()
            if name.startswith(("KEEL_", "OTHER_"))}


def test_kore_gets_each_setting_as_it_is(other):
    """Also what is misspelt: the server refuses it."""
    done = run(other, "serve", **HARD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert own(other) == HARD | {
        "OTHER_BUILD": other.build, "OTHER_STATE_DIR": other.state,
        "OTHER_DATABASE_URL": "host=/none", "OTHER_ALLOW_ROOT": "1",
        "OTHER_COMMAND": "serve"}
    assert not os.path.exists(other.path("ran"))


def test_keels_settings_are_not_the_projects(other):
    """They are of another product on the same host."""
    done = run(other, "serve", KEEL_PORT="1", KEEL_DATABASE_URL="x",
               KEEL_="a\nb", OTHER_DATABASE_URL=None, OTHER_TLS="off")
    assert done.returncode == 0, done.stderr
    assert "other: to make the first admin" in done.stdout
    assert "OTHER_STATE_DIR='%s' '" % other.state in done.stdout
    assert "keel: " not in done.stdout + done.stderr
    for number in (0, 1):
        settings = own(other, number)
        assert not any(name.startswith("KEEL_") for name in settings)
        assert "OTHER_PORT" not in settings
        assert settings["OTHER_DATABASE_URL"].endswith("user=keel")


def test_the_arguments_become_settings(other):
    """The caller's own are ignored, as in Keel."""
    run(other, "audit", "-n", "7", "--json", OTHER_LINES="9",
        OTHER_ACTION="a", OTHER_EMAIL="b")
    settings = own(other)
    assert settings["OTHER_COMMAND"] == "audit"
    assert (settings["OTHER_LINES"], settings["OTHER_JSON"]) == ("7", "1")
    assert not {"OTHER_ACTION", "OTHER_EMAIL"} & settings.keys()


def test_the_runner_beside_the_server_gets_them_too(other):
    """With what the script has found, such as the whole path of the build."""
    other.fake("kore", "case $OTHER_COMMAND in serve) for i in $(seq 400); do "
               "[ $(ls -d %s/kore.*/fds | wc -l) -lt 2 ] || break; sleep 0.05; "
               "done;; esac" % other.path("calls"))
    done = run(other, "serve", "--with-jobs", cwd=other.root,
               OTHER_BUILD="build", OTHER_TWO=HARD["OTHER_TWO"])
    assert done.returncode == 0, done.stderr
    both = {one["OTHER_COMMAND"]: one
            for one in (own(other, 0), own(other, 1))}
    assert both.keys() == {"serve", "jobs"}
    assert both["jobs"]["OTHER_BUILD"] == other.build
    for one in both.values():
        assert one["OTHER_TWO"] == HARD["OTHER_TWO"]
        assert not any(name.startswith("KEEL_") for name in one)


def test_its_messages_have_the_projects_names(other):
    done = run(other, "serve", OTHER_BUILD="/none")
    assert done.stderr.startswith("other: not built in /none")
    done = run(other, "serve", OTHER_STATE_DIR="/proc/none",
               OTHER_DATABASE_URL=None)
    assert done.stderr.startswith("other: cannot make /proc/none: set "
                                  "OTHER_STATE_DIR to ")
    done = run(other, "nothing")
    assert done.stderr.startswith("other: unknown command: nothing\n")
    assert "OTHER_BUILD names" in done.stderr and "KEEL" not in done.stderr
