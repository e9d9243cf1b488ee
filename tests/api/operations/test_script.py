# SPDX-License-Identifier: ISC
"""What ./keel gives to Kore: a copy of the script runs fake programs, which
write down how they were called. Other files about the script:
test_script_state.py, test_script_children.py, test_script_private.py."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from product import NAME
from script import DEFAULT_SIGNALS
from server import read_text

# The arguments of each command, and what Kore is told besides its settings.
COMMANDS = [
    (["serve"], {"KEEL_COMMAND": "serve"}),
    (["jobs"], {"KEEL_COMMAND": "jobs"}),
    (["migrate"], {"KEEL_COMMAND": "migrate"}),
    (["migrate", "--dry-run"],
     {"KEEL_COMMAND": "migrate", "KEEL_DRY_RUN": "1"}),
    (["create-admin", "a b@example.com"],
     {"KEEL_COMMAND": "create-admin", "KEEL_EMAIL": "a b@example.com"}),
    (["set-role", "a b@example.com", "a role"],
     {"KEEL_COMMAND": "set-role", "KEEL_EMAIL": "a b@example.com",
      "KEEL_ROLE": "a role"}),
    (["end-sessions", "a b@example.com"],
     {"KEEL_COMMAND": "end-sessions", "KEEL_EMAIL": "a b@example.com"}),
    (["unlock", "a b@example.com"],
     {"KEEL_COMMAND": "unlock", "KEEL_EMAIL": "a b@example.com"}),
    (["users"], {"KEEL_COMMAND": "users"}),
    (["users", ""], {"KEEL_COMMAND": "users"}),
    (["users", "a b"], {"KEEL_COMMAND": "users", "KEEL_PART": "a b"}),
    (["check-config"], {"KEEL_COMMAND": "check-config"}),
    (["audit"], {"KEEL_COMMAND": "audit"}),
    (["audit", "--json"], {"KEEL_COMMAND": "audit", "KEEL_JSON": "1"}),
    (["audit", "--user", "a b", "--json", "-n", "9", "--action", "-n"],
     {"KEEL_COMMAND": "audit", "KEEL_JSON": "1", "KEEL_LINES": "9",
      "KEEL_ACTION": "-n", "KEEL_USER": "a b"}),
    (["audit", "--since", "2026-01-02 03:04:05.123456789 +0100"],
     {"KEEL_COMMAND": "audit", "KEEL_SINCE": "2026-01-02T02:04:05.123456Z"}),
    (["audit", "--since", "2026-01-02"],
     {"KEEL_COMMAND": "audit", "KEEL_SINCE": "2026-01-02T00:00:00.000000Z"}),
    (["routes"], {"KEEL_COMMAND": "routes"}),
    (["openapi"], {"KEEL_COMMAND": "openapi"}),
    (["queries"], {"KEEL_COMMAND": "queries"}),
    (["queries", ""], {"KEEL_COMMAND": "queries"}),
    (["queries", "a b"], {"KEEL_COMMAND": "queries", "KEEL_QUERY": "a b"})]

# Names of the script's own variables: a caller may have such ones.
OWN = dict.fromkeys(
    ["with_jobs", "private", "uses_state", "preload", "log", "child", "keeper",
     "status", "command", "root", "state", "build", "uid", "password",
     "problem", "folder", "newest", "taken"], "1")


@pytest.mark.parametrize("arguments, told", COMMANDS, ids=str)
def test_kore_is_told_the_command_and_nothing_of_the_callers(
        script, arguments, told):
    done = script.run(*arguments, KEEL_DRY_RUN="1", KEEL_EMAIL="x@example.com",
                      KEEL_ROLE="admin", KEEL_PART="x",
                      KEEL_COMMAND="openapi", KEEL_LINES="1",
                      KEEL_ACTION="x", KEEL_USER="x", KEEL_SINCE="x",
                      KEEL_JSON="1", KEEL_QUERY="x", **OWN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    kore = script.call("kore")
    assert kore.argv == ["-fnrqc", "conf/keel.conf"]
    assert kore.settings() == told | {
        "KEEL_BUILD": script.build, "KEEL_STATE_DIR": script.state,
        "KEEL_DATABASE_URL": "host=/none", "KEEL_ALLOW_ROOT": "1"}
    assert "LD_PRELOAD" not in kore.env and "ASAN_OPTIONS" not in kore.env
    assert kore.cwd == script.build
    assert kore.umask == "0077"


@pytest.mark.parametrize("arguments, problem", [
    ([], "no command given"), ([""], "unknown command: "),
    (["server"], "unknown command: server"),
    (["--dry-run", "migrate"], "unknown command: --dry-run"),
    (["create-admin"], "create-admin: no e-mail address given"),
    (["create-admin", ""], "create-admin: no e-mail address given"),
    (["reset-password"], "reset-password: no e-mail address given"),
    (["reset-password", ""], "reset-password: no e-mail address given"),
    (["reset-password", "a@example.com", "b"],
     "reset-password: unexpected argument: b"),
    (["create-admin", "a@example.com", "b"],
     "create-admin: unexpected argument: b"),
    (["set-role"], "set-role: no e-mail address given"),
    (["set-role", "", "admin"], "set-role: no e-mail address given"),
    (["set-role", "a@example.com"], "set-role: no role given"),
    (["set-role", "a@example.com", ""], "set-role: no role given"),
    (["set-role", "a@example.com", "user", "c"],
     "set-role: unexpected argument: c"),
    (["end-sessions"], "end-sessions: no e-mail address given"),
    (["end-sessions", "a@example.com", "b"],
     "end-sessions: unexpected argument: b"),
    (["unlock", ""], "unlock: no e-mail address given"),
    (["unlock", "a@example.com", "b"], "unlock: unexpected argument: b"),
    (["users", "a", "b"], "users: unexpected argument: b"),
    (["users", "", ""], "users: unexpected argument: "),
    (["migrate", "--dry"], "migrate: unexpected argument: --dry"),
    (["migrate", ""], "migrate: unexpected argument: "),
    (["migrate", "--dry-run", "x"], "migrate: unexpected argument: x"),
    (["serve", "--with-jobs", "x"], "serve: unexpected argument: x"),
    (["serve", "x", "--with-jobs"], "serve: unexpected argument: x"),
    (["jobs", "--with-jobs"], "jobs: unexpected argument: --with-jobs"),
    (["audit", "x"], "audit: unexpected argument: x"),
    (["audit", ""], "audit: unexpected argument: "),
    (["audit", "--json", "x"], "audit: unexpected argument: x"),
    (["audit", "--all"], "audit: unexpected argument: --all"),
    (["audit", "-n"], "audit: -n needs a value"),
    (["audit", "--user", ""], "audit: --user needs a value"),
    (["audit", "--json", "--action"], "audit: --action needs a value"),
    (["audit", "--since", "soonish"], "audit: not a time: soonish"),
    (["check-config", "x"], "check-config: unexpected argument: x"),
    (["routes", "--dry-run"], "routes: unexpected argument: --dry-run"),
    (["openapi", "x"], "openapi: unexpected argument: x"),
    (["queries", "a", "b"], "queries: unexpected argument: b")], ids=str)
def test_wrong_arguments_run_nothing(script, arguments, problem):
    done = script.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    first, usage = done.stderr.split("\n", 1)
    assert first == "keel: " + problem
    assert usage == script.run("help").stdout
    assert script.calls() == []
    assert not os.path.exists(script.state)


@pytest.mark.parametrize("word", ["help", "-h", "--help"])
def test_help_names_each_command(script, word):
    done = script.run(word, "x", KEEL_BUILD="/nonexistent")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^ *(?:usage: )?keel ([a-z-]+)", done.stdout, re.M) == [
        "serve", "jobs", "migrate", "create-admin", "users", "set-role",
        "end-sessions", "unlock", "reset-password", "email-key", "audit",
        "check-config", "routes", "openapi", "queries", "new-resource", "init",
        "backtrace", "help"]
    assert script.calls() == []


def test_kore_replaces_the_script(script):
    """So a supervisor's signals reach Kore, and its status the supervisor."""
    script.write("does/kore", "cat; echo $$; echo err >&2; exit 7")
    for command in ("serve", "migrate"):
        process = script.start(command)
        out, err = process.communicate("two\nlines", timeout=20)
        assert out == "two\nlines%d\n" % process.pid
        assert (process.returncode, err) == (7, "err\n")
    assert set(script.calls("kore")[0].fds) == {0, 1, 2}


#
# Paths and builds.
#

def test_paths_are_the_callers(script):
    """From another folder, relative, and through links. A certificate's link
    stays one: a renewal changes what it points at."""
    os.makedirs(script.path("here/real"))
    os.symlink("real", script.path("here/link"))
    os.symlink("real/keel", script.path("here/keel"))
    os.symlink("../../keel", script.path("here/real/keel"))
    done = script.run(
        "serve", keel="./keel", cwd=script.path("here"),
        KEEL_STATE_DIR="link/../link/state", KEEL_TLS_CERT="link/./cert.pem",
        KEEL_TLS_KEY="../here/link/key.pem", KEEL_SMTP_CA="link/ca.pem",
        KEEL_BUILD="../build")
    assert (done.returncode, done.stderr) == (0, "")
    kore = script.call("kore")
    here = script.path("here")
    assert kore.cwd == script.build
    assert kore.settings() | {"KEEL_COMMAND": None, "KEEL_BUILD": None} == {
        "KEEL_COMMAND": None, "KEEL_BUILD": None, "KEEL_ALLOW_ROOT": "1",
        "KEEL_DATABASE_URL": "host=/none",
        "KEEL_STATE_DIR": here + "/real/state",
        "KEEL_TLS_CERT": here + "/link/cert.pem",
        "KEEL_TLS_KEY": here + "/link/key.pem",
        "KEEL_SMTP_CA": here + "/link/ca.pem"}
    assert sorted(os.listdir(here + "/real")) == ["keel", "state"]

    # What is beside the script is beside the file, not beside the link.
    script.forget()
    done = script.run("serve", keel="./keel", cwd=here, KEEL_STATE_DIR=None)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.call("kore").settings()["KEEL_STATE_DIR"] == \
        script.path("var")


def test_empty_paths_count_as_unset(script):
    empty = dict.fromkeys(["KEEL_TLS_CERT", "KEEL_TLS_KEY", "KEEL_SMTP_CA"],
                          "")
    done = script.run("serve", KEEL_STATE_DIR="", KEEL_FLAVOR="", **empty)
    assert (done.returncode, done.stderr) == (0, "")
    settings = script.call("kore").settings()
    assert {name: settings[name] for name in empty} == empty
    assert settings["KEEL_STATE_DIR"] == script.path("var")
    assert os.stat(script.path("var")).st_mode & 0o7777 == 0o711


def make_builds(script, *names):
    """Each newer than the one before."""
    for number, name in enumerate(names):
        path = script.path(os.path.dirname(name))
        os.makedirs(path, exist_ok=True)
        script.write(name, "")
        os.utime(script.path(name), (1000 + number, 1000 + number))


DEV, PROD, ASAN = (".build/%s/keel/keel.so" % flavor
                   for flavor in ("dev", "prod", "asan"))


@pytest.mark.parametrize("names, settings, folder", [
    ([DEV, PROD, ASAN], {}, ".build/prod/keel"),
    ([PROD, DEV], {}, ".build/dev/keel"),
    ([DEV, PROD, "keel.so"], {}, "."),
    (["keel.so", DEV], {}, ".build/dev/keel"),
    ([DEV, PROD], {"KEEL_FLAVOR": "dev"}, ".build/dev/keel"),
    ([DEV, ASAN], {"KEEL_FLAVOR": "asan"}, ".build/asan/keel"),
    ([DEV], {"KEEL_FLAVOR": "dev", "KEEL_BUILD": "build"}, "build"),
    ([ASAN], {}, None), ([DEV], {"KEEL_FLAVOR": "prod"}, None),
    ([DEV], {"KEEL_BUILD": "none"}, None)], ids=str)
def test_the_build_that_is_run(script, names, settings, folder):
    make_builds(script, *names)
    done = script.run("routes", cwd=script.root, **{
        "KEEL_BUILD": None, **settings})
    if folder is not None:
        assert (done.returncode, done.stderr) == (0, "")
        assert script.call("kore").cwd == os.path.normpath(
            script.path(folder))
        return
    assert done.returncode == 1 and script.calls() == []
    assert re.fullmatch(r"keel: not built in %s/?\S*: run 'make build'\n" %
                        script.root, done.stderr)


#
# The sanitizer.
#

def test_an_asan_build_gets_its_library_and_options(script):
    script.write("build/.flavor", "asan\n")
    script.fake("gcc", "echo /none/$1")
    done = script.run("serve", ASAN_OPTIONS="a=1", UBSAN_OPTIONS="u=1",
                      LSAN_OPTIONS="l=1")
    assert done.returncode == 0
    kore = script.call("kore")
    assert script.call("gcc").argv == ["-print-file-name=libasan.so"]
    log = "log_path='%s/log/asan':" % script.state
    assert {name: kore.env[name] for name in (
        "LD_PRELOAD", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")} == {
            "LD_PRELOAD": "/none/-print-file-name=libasan.so:./asan-first.so",
            "ASAN_OPTIONS": log + "exitcode=99:detect_leaks=1:"
            "detect_stack_use_after_return=0:a=1",
            "LSAN_OPTIONS": "suppressions='%s':print_suppressions=0:"
            "use_tls=0:leak_check_at_exit=0:l=1" %
            script.path("tests/asan/leaks.supp"),
            "UBSAN_OPTIONS": log + "print_stacktrace=1:u=1"}
    assert os.stat(script.state + "/log").st_mode & 0o7777 == 0o700

    script.forget()     # no options, and a log folder that exists
    script.run("serve")
    assert script.call("kore").env["ASAN_OPTIONS"].endswith("_return=0")
    assert script.call("kore").env["LSAN_OPTIONS"].endswith("_at_exit=0")
    assert script.call("kore").env["UBSAN_OPTIONS"].endswith("trace=1")


def test_an_asan_build_that_may_not_run_writes_no_log(script):
    """Its start is refused; the reports go to standard error."""
    if os.getuid() != 0:
        pytest.skip("only root is refused")
    script.write("build/.flavor", "asan\n")
    script.fake("gcc")
    for command in ("serve", "jobs", "check-config"):
        script.forget()
        script.run(command, KEEL_ALLOW_ROOT=None)
        options = script.call("kore").env
        assert options["ASAN_OPTIONS"].startswith("exitcode=")
        assert options["UBSAN_OPTIONS"].startswith("print_stack")
        assert not os.path.exists(script.state)


#
# The password of create-admin.
#

class Typing:
    """Runs create-admin at a terminal."""

    def __init__(self, script, *command):
        self.script = script
        self.terminal, side = pty.openpty()
        self.before = termios.tcgetattr(self.terminal)
        self.process = subprocess.Popen(
            [*DEFAULT_SIGNALS, script.keel, *command],
            env=script.environment(), stdin=side, stdout=subprocess.PIPE,
            stderr=side, start_new_session=True)
        os.close(side)
        self.shown = ""

    def echoes(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def wait(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, self.shown
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.read()

    def read(self):
        """Returns whether there was anything to read."""
        try:
            text = os.read(self.terminal, 1000).decode()
        except OSError:     # the other side is closed
            time.sleep(0.02)
            return False
        self.shown += text
        return True

    def wait_for_prompt(self):
        self.wait(lambda: self.shown.endswith(": ") and not self.echoes())
        assert self.shown == "Password for a@example.com: "

    def end(self):
        """Its status; the terminal is as before."""
        self.wait(lambda: self.process.poll() is not None)
        while select.select([self.terminal], [], [], 0)[0] and self.read():
            pass
        assert termios.tcgetattr(self.terminal) == self.before
        os.close(self.terminal)
        self.process.stdout.close()
        return self.process.returncode


def test_a_password_is_typed_unseen(script):
    script.write("does/kore", "cat >@/read; exit 5".replace("@", script.root))
    typing = Typing(script, "create-admin", "a@example.com")
    typing.wait_for_prompt()
    os.write(typing.terminal, b"  back\\slash $x `y` \n")
    assert typing.end() == 5
    assert typing.shown == "Password for a@example.com: \r\n"
    assert read_text(script.path("read")) == "  back\\slash $x `y` \n"
    assert script.call("kore").settings()["KEEL_EMAIL"] == "a@example.com"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT,
                                    signal.SIGTERM])
def test_a_signal_while_typing_shows_the_terminal_again(script, number):
    typing = Typing(script, "create-admin", "a@example.com")
    typing.wait_for_prompt()
    os.kill(typing.process.pid, number)
    assert typing.end() == 1
    assert script.calls() == []


def test_an_end_instead_of_a_password(script):
    typing = Typing(script, "create-admin", "a@example.com")
    typing.wait_for_prompt()
    os.write(typing.terminal, b"\x04")
    assert typing.end() == 1
    assert typing.shown.endswith(NAME + ": no password given\r\n")
    assert script.calls() == []


def test_another_command_asks_for_no_password(script):
    script.write("does/kore", "exit 4")
    typing = Typing(script, "migrate")
    assert typing.end() == 4
    assert typing.shown == ""
