# SPDX-License-Identifier: ISC
"""Root runs a server only if it is allowed, and no user, above all root,
follows what another user put into the state folder. A refused start changes
nothing."""

import os
import shutil
import stat
import subprocess

import pytest

from helpers import new_email, new_password
from runner import wait_for
from server import (BUILD, IS_ASAN, KEEL, ROOT, clean_environment,
                    folder_processes, read_text)
from test_development import NOTHING_SET
from test_start import failing_start

REFUSED = ("keel: refusing to run as root: run it as a system user, as "
           "conf/keel.service does, or set KEEL_ALLOW_ROOT=1")
WARNING = ("keel: warning: this runs as root; use an ordinary user, or set "
           "KEEL_ALLOW_ROOT=1\n")
SOMEBODY = 65534

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root is refused, and can give files away")

# tests/unit tests the C functions.
pytestmark = pytest.mark.skipif(
    IS_ASAN, reason="the script and its starts are the same in every build")


def snapshot(folder):
    """Everything about a folder that other programs can see."""
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
    """A start that fails and changes nothing; returns its line."""
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
    """Like a user who types sudo on a host where Keel is a service."""
    server = make_server(database="none", KEEL_ALLOW_ROOT=None)
    os.mkdir(server.state, 0o700)
    os.chown(server.state, SOMEBODY, -1)
    assert refused_start(server) == REFUSED


@needs_root
@pytest.mark.parametrize("command", [
    ["migrate"], ["routes"], ["openapi"], ["queries"], ["create-admin"],
    ["users"]], ids=str)
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
def test_root_may_serve_with_allow_root(start_server):
    server = start_server(KEEL_ALLOW_ROOT="1")
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
    assert server.errors() == ""


@pytest.mark.parametrize("value", ["2", "yes", "true", "01", " 1", "-1"])
def test_an_invalid_allow_root_is_refused(make_server, value):
    server = make_server(database="none", KEEL_ALLOW_ROOT=value)
    assert failing_start(server) == \
        "keel: KEEL_ALLOW_ROOT must be 0 or 1, not '%s'" % value


def run_kore(server, before="", **settings):
    """Runs Kore without ./keel, after a line of shell in the same process."""
    return subprocess.run(
        ["sh", "-c", before + "\nexec kore -fnrqc conf/keel.conf"],
        cwd=BUILD, env=server.environment() | settings, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=20)


@needs_root
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
    server.cert = os.path.join(server.state, "ca.pem")
    server.start("--with-jobs")
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    wait_for(lambda: "keel: jobs ready" in server.output())
    assert server.errors() == WARNING
    server.stop()
    assert folder_processes(server.state) == []


@needs_root
def test_root_is_not_warned_with_allow_root(make_server):
    server = make_server(database="none", **NOTHING_SET)
    os.chmod(server.folder, 0o711)
    assert server.settings["KEEL_ALLOW_ROOT"] == "1"
    assert server.command("openapi").stderr == ""


#
# The state folder.
#

@pytest.fixture
def planted(make_server):
    """A server with a private database that was started before; the state
    folder also has files that are not Keel's."""
    server = make_server(database="none", **NOTHING_SET)
    os.chmod(server.folder, 0o711)
    os.mkdir(server.state, 0o711)
    for name in ("log", "lock", "mail"):
        os.mkdir(os.path.join(server.state, name), 0o700)
    os.mkdir(os.path.join(server.folder, "others"), 0o700)
    for name in ("state/secret", "state/log/postgres.log", "state/lock/serve",
                 "state/mail/1.eml", "victim"):
        path = os.path.join(server.folder, name)
        with open(path, "w") as f:
            f.write("Zx9-q7Lw2Rt5Vb8Nm4Kp1Js6Hg3-" + name)
        os.chmod(path, 0o600)
    return server


def put(server, name, make, target=None):
    """Replaces a file or folder by something else."""
    path = os.path.join(server.state, name)
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)
    if target is None:
        make(path)
    else:
        make(os.path.join(server.folder, target), path)
    return path


@pytest.mark.parametrize("name, target", [
    ("log/postgres.log", "victim"), ("log/openssl.log", "none"),
    ("lock/serve", "victim"), ("lock/setup", "victim"), ("secret", "victim"),
    ("secret.new", "none"), ("key.pem", "victim"), ("key.pem.new", "victim"),
    ("mail/1.eml", "victim"), ("log", "others"), ("lock", "others"),
    ("mail", "others"), ("postgres", "others"), ("postgres.new", "others")])
def test_a_link_is_not_followed(planted, name, target):
    path = put(planted, name, os.symlink, target)
    refused_start(planted, path + " is a symbolic link: remove it")


@pytest.mark.parametrize("name", ["log/postgres.log", "secret"])
def test_a_hard_link_is_not_written_to(planted, name):
    path = put(planted, name, os.link, "victim")
    refused_start(planted, path + " is a hard link: remove it")


def test_a_pipe_is_not_opened(planted):
    """Reading it would never end."""
    path = put(planted, "secret", os.mkfifo)
    refused_start(planted, path + " is neither file nor folder")


@needs_root
@pytest.mark.parametrize("name", [
    "secret", "log", "lock", "mail", "log/postgres.log", "lock/serve",
    "mail/1.eml"])
def test_a_file_of_another_user_is_not_used(planted, name):
    path = os.path.join(planted.state, name)
    os.chown(path, SOMEBODY, -1)
    refused_start(planted, path + " belongs to ", "not to you: remove it")


@needs_root
def test_a_folder_of_another_user(planted):
    os.chown(planted.state, SOMEBODY, -1)
    refused_start(planted, planted.state + " belongs to ",
                  "not to you: set KEEL_STATE_DIR")


@needs_root
@pytest.mark.parametrize("owner", [0, SOMEBODY])
def test_a_database_of_another_user(planted, owner):
    path = put(planted, "postgres", os.mkdir)
    os.chown(path, owner, -1)
    refused_start(planted, path + " does not belong to postgres")


@pytest.mark.parametrize("name, mode, advice", [
    (".", 0o731, "chmod go-w"), (".", 0o713, "chmod go-w"),
    ("log", 0o770, "chmod go-w"), ("lock", 0o777, "chmod go-w"),
    ("mail", 0o1777, "chmod go-w"), ("secret", 0o620, "remove it"),
    ("log/postgres.log", 0o602, "remove it")])
def test_a_file_that_others_can_write_is_not_used(planted, name, mode, advice):
    path = os.path.normpath(os.path.join(planted.state, name))
    os.chmod(path, mode)
    refused_start(planted, "%s is open to others (mode %o): %s" % (
        path, mode, advice))


def test_a_database_that_others_can_write(planted):
    path = put(planted, "postgres", os.mkdir)
    os.chmod(path, 0o770)
    refused_start(planted, path + " is open to others (mode 770)")


def test_a_file_name_with_a_line_break_prints_one_line(planted):
    os.symlink("none", os.path.join(planted.state, "log/a\nkeel: b\x1b[2J"))
    refused_start(planted, "log/a?keel: b?[2J is a symbolic link")


@pytest.mark.parametrize("command", ["serve", "jobs"])
def test_a_given_database_has_the_same_checks(make_server, command):
    server = make_server(database="none")
    os.makedirs(os.path.join(server.state, "mail"), 0o700)
    os.symlink("none", os.path.join(server.state, "mail/1.eml"))
    refused_start(server, "1.eml is a symbolic link", command=command)


#
# The folders above it. ./keel openapi would make a secret there.
#

def keel_openapi(state, keel=KEEL):
    """Its error line, or "" if it succeeds."""
    environment = clean_environment() | {
        "KEEL_BUILD": BUILD, "KEEL_ALLOW_ROOT": "1"}
    if state is not None:
        environment["KEEL_STATE_DIR"] = str(state)
    done = subprocess.run(
        [keel, "openapi"], env=environment, text=True, timeout=20,
        stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == (1 if done.stderr else 0), done.stderr
    assert len(done.stderr.splitlines()) <= 1
    return done.stderr


@pytest.fixture
def above(make_server):
    """A folder for folders, which every user may enter."""
    server = make_server(database="none")
    os.chmod(server.folder, 0o711)
    path = os.path.join(server.folder, "above")
    os.mkdir(path)
    os.chmod(path, 0o711)
    return path


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_above_that_all_can_write(above, made):
    state = above + "/below/state"
    if made:
        os.makedirs(state)
    os.chmod(above, 0o777)
    assert keel_openapi(state).startswith(
        "keel: %s, above KEEL_STATE_DIR, is open to everybody (mode 777): "
        "set KEEL_STATE_DIR" % above)
    assert os.listdir(above) == (["below"] if made else [])
    assert not made or os.listdir(state) == []
    os.chmod(above, 0o1777)      # like /tmp
    assert keel_openapi(state) == ""
    assert "secret" in os.listdir(state)


@needs_root
def test_a_folder_above_of_another_users(above):
    os.chown(above, SOMEBODY, -1)
    assert ", above KEEL_STATE_DIR, belongs to " in keel_openapi(
        above + "/state")
    assert os.listdir(above) == []


@needs_root
def test_a_folder_above_of_a_group(above):
    os.chown(above, -1, SOMEBODY)
    os.chmod(above, 0o770)
    assert ", above KEEL_STATE_DIR, is open to the group " in keel_openapi(
        above + "/state")
    assert os.listdir(above) == []
    os.chown(above, -1, 0)
    os.chmod(above, 0o771)
    assert keel_openapi(above + "/state") == ""


@needs_root
def test_the_tree_of_another_user(above):
    """The script's owner can attack without the state folder."""
    keel = shutil.copy(KEEL, above)
    for name in ("conf", "tests"):
        os.symlink(os.path.join(ROOT, name), f"{above}/{name}")
    os.chown(above, SOMEBODY, SOMEBODY)
    os.chmod(above, 0o775)
    assert keel_openapi(None, keel) == ""
    assert "secret" in os.listdir(above + "/var")
    os.chmod(above, 0o777)
    assert "is open to everybody" in keel_openapi(None, keel)


def test_the_operators_link_to_the_folder_is_followed(above):
    os.mkdir(above + "/state")
    os.symlink("state", above + "/link")
    assert keel_openapi(above + "/link") == ""
    assert "secret" in os.listdir(above + "/state")


#
# The pid file and the mails, without ./keel.
#

def test_plain_kore_does_not_write_through_a_link(make_server):
    server = make_server(KEEL_WORKERS="1")
    os.mkdir(server.state, 0o700)
    victim = os.path.join(server.folder, "victim")
    with open(victim, "w") as f:
        f.write("untouched")
    link = 'ln -s "%s" "$KEEL_STATE_DIR/kore.$$.pid"; ' % victim
    # Kore and its workers miss a signal while they start, so it is repeated.
    watch = ("(for i in $(seq 200); do "
             "grep -qx $$ \"$KEEL_STATE_DIR/kore.$$.pid\" && break; "
             "sleep 0.05; done; "
             "test ! -L \"$KEEL_STATE_DIR/kore.$$.pid\" && echo written; "
             "exec >&-; "
             "while kill $$; do sleep 0.5; pkill -P $$; done) 2>/dev/null &")
    done = run_kore(server, link + watch)
    assert done.returncode == 0, done.stderr
    assert "written" in done.stdout
    assert read_text(victim) == "untouched"
    assert os.listdir(server.state) == []


def test_plain_kore_checks_the_folder(make_server):
    server = make_server()
    os.mkdir(server.state)
    os.chmod(server.state, 0o777)
    for command in ("serve", "jobs"):
        done = run_kore(server, KEEL_COMMAND=command)
        assert done.returncode == 1
        assert done.stderr.startswith(
            "keel: %s is open to others (mode 777)" % server.state)
        assert os.listdir(server.state) == []
