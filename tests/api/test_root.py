# Copyright (c) 2026 The Keel authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
"""Root runs a server only where it is allowed to. A start that is refused leaves
everything as it was."""

import os
import stat
import subprocess

import pytest

from helpers import new_email, new_password
from runner import wait_for
from server import BUILD, IS_ASAN, folder_processes, read_text
from test_development import NOTHING_SET
from test_start import failing_start

REFUSED = ("keel: refusing to run as root: run it as a system user, as "
           "conf/keel.service does, or set KEEL_ALLOW_ROOT=1")
WARNING = ("keel: warning: this runs as root; use an ordinary user, or set "
           "KEEL_ALLOW_ROOT=1\n")
SOMEBODY = 65534

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root is refused, and can give files away")
needs_prod = pytest.mark.skipif(
    IS_ASAN, reason="needs no sanitizer's library and no log")


def snapshot(folder):
    """All that can be seen of a folder from outside."""
    seen = {}
    for path, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            file = os.path.join(path, name)
            info = os.lstat(file)
            content = os.readlink(file) if stat.S_ISLNK(info.st_mode) else \
                read_text(file) if stat.S_ISREG(info.st_mode) else ""
            seen[file] = (info.st_mode, info.st_uid, info.st_mtime_ns, content)
    return seen


def refused_start(server, *phrases, command="serve"):
    """A start that leaves all as it was; its line."""
    before = snapshot(server.folder)
    line = failing_start(server, *phrases, command=command)
    assert snapshot(server.folder) == before
    assert folder_processes(server.state) == []
    return line


#
# Root.
#

@needs_root
@pytest.mark.parametrize("command, value", [
    ("serve", None), ("jobs", None), ("check-config", None), ("serve", "0"),
    ("serve", "")])
def test_root_is_refused(make_server, command, value):
    server = make_server(database="none", KEEL_ALLOW_ROOT=value)
    assert refused_start(server, command=command) == REFUSED
    assert not os.path.exists(server.state)


@needs_root
def test_root_is_refused_once_for_server_and_runner(make_server):
    server = make_server(database="none", KEEL_ALLOW_ROOT=None)
    done = server.command("serve", "--with-jobs", timeout=20)
    assert (done.returncode, done.stderr) == (1, REFUSED + "\n")
    assert done.left_over == []


@needs_root
def test_root_is_refused_before_a_state_folder_of_the_services(make_server):
    """As who types sudo on a host where Keel runs."""
    server = make_server(database="none", KEEL_ALLOW_ROOT=None)
    os.mkdir(server.state, 0o700)
    os.chown(server.state, SOMEBODY, -1)
    assert refused_start(server) == REFUSED


@needs_root
@needs_prod
@pytest.mark.parametrize("command", [
    ["migrate"], ["routes"], ["openapi"], ["create-admin"]], ids=str)
def test_root_may_run_the_other_commands(make_server, command):
    server = make_server(KEEL_ALLOW_ROOT=None)
    os.mkdir(server.state, 0o700)
    os.chown(server.state, SOMEBODY, -1)
    before = snapshot(server.folder)
    if command == ["create-admin"]:
        command = [*command, new_email("admin")]
    done = server.command(*command, text=new_password())
    assert (done.returncode, done.stderr) == (0, "")
    assert snapshot(server.folder) == before


@needs_root
def test_root_may_serve_where_it_is_allowed(start_server):
    server = start_server(KEEL_ALLOW_ROOT="1")
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
    assert server.errors() == ""


@pytest.mark.parametrize("value", ["2", "yes", "true", "01", " 1", "-1"])
def test_what_is_neither_yes_nor_no(make_server, value):
    server = make_server(database="none", KEEL_ALLOW_ROOT=value)
    assert failing_start(server) == \
        "keel: KEEL_ALLOW_ROOT must be 0 or 1, not '%s'" % value


def run_kore(server, before="", **settings):
    """Kore without ./keel, after a line of shell by the same process."""
    return subprocess.run(
        ["sh", "-c", before + "\nexec kore -fnrqc conf/keel.conf"],
        cwd=BUILD, env=server.environment() | settings, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=20)


@needs_root
@needs_prod
def test_plain_kore_refuses_root(make_server):
    server = make_server(database="none", KEEL_ALLOW_ROOT=None)
    os.mkdir(server.state)
    before = snapshot(server.folder)
    done = run_kore(server)
    assert (done.returncode, done.stderr) == (1, REFUSED + "\n")
    assert snapshot(server.folder) == before


@needs_root
def test_root_is_warned_in_development(make_server):
    server = make_server(database="none", **NOTHING_SET, KEEL_ALLOW_ROOT=None)
    os.chmod(server.folder, 0o711)
    server.cert = os.path.join(server.state, "cert.pem")
    server.start("--with-jobs")
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    wait_for(lambda: "keel: jobs ready" in server.output())
    assert server.errors() == WARNING
    server.stop()
    assert folder_processes(server.state) == []


@needs_root
def test_root_is_not_warned_who_was_told(make_server):
    server = make_server(database="none", **NOTHING_SET)
    os.chmod(server.folder, 0o711)
    assert server.settings["KEEL_ALLOW_ROOT"] == "1"
    assert server.command("openapi").stderr == ""


#
# The pid file and the mails, without ./keel.
#

@needs_prod
def test_plain_kore_does_not_write_through_a_link(make_server):
    server = make_server(KEEL_WORKERS="1")
    os.mkdir(server.state, 0o700)
    victim = os.path.join(server.folder, "victim")
    with open(victim, "w") as f:
        f.write("untouched")
    link = 'ln -s "%s" "$KEEL_STATE_DIR/kore.$$.pid"; ' % victim
    watch = ("(while kill -0 $$ && ! grep -qx $$ "
             "\"$KEEL_STATE_DIR/kore.$$.pid\"; do sleep 0.05; done; "
             "test ! -L \"$KEEL_STATE_DIR/kore.$$.pid\" && echo written; "
             "kill $$) 2>/dev/null &")
    done = run_kore(server, link + watch)
    assert done.returncode == 0, done.stderr
    assert "written" in done.stdout
    assert read_text(victim) == "untouched"
    assert os.listdir(server.state) == []


@needs_prod
def test_plain_kore_wants_a_folder_of_its_own(make_server):
    server = make_server()
    os.mkdir(server.state)
    os.chmod(server.state, 0o777)
    for command in ("serve", "jobs"):
        done = run_kore(server, KEEL_COMMAND=command)
        assert done.returncode == 1
        assert done.stderr.startswith(
            "keel: %s is open to others (mode 777)" % server.state)
        assert os.listdir(server.state) == []
