# SPDX-License-Identifier: ISC
"""The commands of ./keel other than serve and jobs: routes, check-config,
create-admin."""

import os
import resource
import shutil
import subprocess
import tempfile

import pytest

from helpers import (bearer, new_email, new_password, new_user, read_me,
                     read_routes, sign_in)
from server import BUILD, IS_ASAN, KEEL


def test_routes_lists_every_endpoint(make_server):
    """Without a database. test_access.py has the expected routes."""
    rows = read_routes(make_server(KEEL_DATABASE_URL="host=/nonexistent"))
    assert rows[0] == ["METHOD", "PATH", "HANDLER", "AUTH", "DOC"]
    assert {len(row) for row in rows} == {5}
    assert ["POST", "/api/v1/users", "create_user", "may_register"] in [
        row[:4] for row in rows]
    assert ["GET", "/api/v1/users/me", "read_me", "signed_in"] in [
        row[:4] for row in rows]
    assert ["DELETE", "/api/v1/users/me", "delete_me",
            "signed_in, recently_confirmed"] in [row[:4] for row in rows]
    assert ["PUT", "^/api/v1/users/([^/]+)$", "replace_user",
            'self_or_role("admin")'] in [row[:4] for row in rows]


def test_the_columns_of_routes_line_up(make_server):
    titles, *lines = make_server().command("routes").stdout.splitlines()
    starts = [titles.index(title) for title in titles.split()]
    for line in lines:
        for start in starts[1:]:
            assert line[start - 2:start] == "  ", line
            assert line[start] != " ", line


def print_description(server, file, **options):
    done = subprocess.run(
        [KEEL, "openapi"], env=server.environment(), stdout=file,
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
        **options)
    return done.returncode, done.stderr.decode()


def test_the_last_byte_of_the_description_cannot_be_written(make_server):
    server = make_server()
    with tempfile.TemporaryFile() as file:
        assert print_description(server, file) == (0, "")
        size = file.tell()

        def allow_all_but_one():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, size - 1))

        file.seek(0)
        assert print_description(
            server, file, preexec_fn=allow_all_but_one) == (
            1, "keel: cannot write to standard output: File too large\n")


def test_check_config_shows_settings_and_masks_secrets(make_server):
    server = make_server()
    done = server.command("check-config")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = dict(line.split(None, 1) for line in done.stdout.splitlines()
                 if line.startswith("KEEL_"))
    assert shown["KEEL_SECRET_KEY"] == "********"
    assert shown["KEEL_DATABASE_URL"] == "********"
    assert shown["KEEL_PORT"] == str(server.port)
    assert shown["KEEL_PUBLIC_URL"] == server.url + "  (default)"
    assert shown["KEEL_USER_DIRECTORY"] == "admin  (default)"
    assert server.secret not in done.stdout
    assert server.cluster.socket not in done.stdout


def test_check_config_shows_who_may_see_users(make_server):
    done = make_server(KEEL_USER_DIRECTORY="authenticated").command(
        "check-config")
    assert done.returncode == 0, done.stderr
    assert ["KEEL_USER_DIRECTORY", "authenticated"] in [
        line.split() for line in done.stdout.splitlines()]


def test_check_config_needs_no_free_port(start_server):
    assert start_server().command("check-config").returncode == 0


@pytest.mark.parametrize("settings, phrase", [
    ({"KEEL_DATABASE_URL": "host=/nonexistent"}, "cannot reach"),
    ({"KEEL_SECRET_KEY": "short"}, "KEEL_SECRET_KEY"),
    ({"KEEL_WORKERS": "0"}, "KEEL_WORKERS"),
    ({"KEEL_TLS_CERT": "/nonexistent"}, "KEEL_TLS_CERT"),
    ({"KEEL_USER_DIRECTORY": "foo"}, "KEEL_USER_DIRECTORY"),
    ({"KEEL_TYPO": "x"}, "KEEL_TYPO")])
def test_check_config_finds_errors(make_server, settings, phrase):
    done = make_server(**settings).command("check-config")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert phrase in done.stderr


@pytest.fixture
def create_admin(server):
    return lambda email, text: server.command("create-admin", email,
                                              text=text)


def test_an_admin_signs_in_and_makes_another(client, server, create_admin):
    admin = {"email": new_email("admin"), "password": new_password()}
    done = create_admin(admin["email"], admin["password"] + "\n")
    assert done.returncode == 0, done.stderr
    assert admin["email"] in done.stdout
    assert admin["password"] not in done.stdout + done.stderr

    token = sign_in(client, admin)
    me = read_me(client, token).json()
    assert (me["role"], me["email_verified"]) == ("admin", True)
    answer = client.post("/api/v1/users", json=new_user(role="admin"),
                         headers=bearer(token))
    assert answer.status_code == 201
    assert answer.json()["role"] == "admin"


@pytest.mark.parametrize("rest", ["", "\r\n", "\nA second line\n"])
def test_the_password_is_a_line(client, create_admin, rest):
    admin = {"email": new_email("admin"), "password": new_password()}
    assert create_admin(admin["email"], admin["password"] + rest
                        ).returncode == 0
    sign_in(client, admin)


def test_the_address_is_normalised(client, create_admin):
    local, _, _ = new_email("Admin").partition("@")
    admin = {"email": local + "@EXAMPLE.com", "password": new_password()}
    done = create_admin(admin["email"], admin["password"])
    assert local + "@example.com" in done.stdout
    assert read_me(client, sign_in(client, admin)).json()["email"] == \
        local + "@example.com"


@pytest.mark.parametrize("password", ["", "\n", "short", "nodigitsHere",
                                      "nocapitals1", "A1" + "x" * 127,
                                      "A1" + "x" * 2000])
def test_a_bad_password_makes_no_admin(server, create_admin, password):
    email = new_email("admin")
    done = create_admin(email, password)
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "password" in done.stderr.lower()
    assert server.sql("SELECT count(*) FROM users WHERE email = %s",
                      email) == [(0,)]


def test_a_password_that_is_no_utf_8_makes_no_admin(server):
    email = new_email("admin")
    done = subprocess.run(
        [KEEL, "create-admin", email], env=server.environment(),
        input=new_password().encode() + b"\xe9\n", capture_output=True,
        timeout=60)
    assert (done.returncode, done.stderr) == (
        1, b"keel: the password: is not valid UTF-8\n")
    assert server.sql("SELECT count(*) FROM users WHERE email = %s",
                      email) == [(0,)]


@pytest.mark.parametrize("command", ["jobs", "check-config"])
def test_a_command_needs_the_whole_schema(make_server, command):
    server = make_server()
    server.sql("DELETE FROM keel_migrations WHERE version = (SELECT "
               "max(version) FROM keel_migrations)")
    done = server.command(command, timeout=20)
    assert done.returncode == 1
    assert "(run ./keel migrate)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("email", ["x", "a@b", "ada\n@example.com", "@", " "])
def test_a_bad_address_makes_no_admin(create_admin, email):
    done = create_admin(email, new_password())
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "address" in done.stderr


def test_an_address_in_use_is_refused(client, create_admin):
    email, password = new_email("admin"), new_password()
    assert create_admin(email, password).returncode == 0
    for same in (email, email.upper()):
        done = create_admin(same, new_password())
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "exists already" in done.stderr
    sign_in(client, {"email": email, "password": password})


@pytest.mark.skipif(IS_ASAN, reason="its library has to be loaded first")
@pytest.mark.parametrize("settings, given, line", [
    ({"KEEL_COMMAND": "create-admin"}, b"",
     "create-admin needs an e-mail address"),
    ({"KEEL_COMMAND": "create-admin", "KEEL_EMAIL": "x@example.com"},
     b"Sunny-day-\xff42\n", "the password: is not valid UTF-8"),
    ({"KEEL_COMMAND": "create-admin", "KEEL_EMAIL": "x@example.com"},
     b"A1" + b"x" * 3072, "the password: is too long"),
    ({"KEEL_COMMAND": "reset-password"}, b"",
     "reset-password needs an e-mail address"),
    ({"KEEL_COMMAND": "create-admins"}, b"",
     "unknown command 'create-admins'"),
    ({"KEEL_COMMAND": ""}, b"", "unknown command ''")],
    ids=["address", "utf8", "length", "reset", "command", "empty"])
def test_what_kore_itself_refuses(server, settings, given, line):
    """Without ./keel, whose checks come before."""
    done = subprocess.run(
        ["kore", "-fnrqc", "conf/keel.conf"], cwd=BUILD, input=given,
        env=server.environment() | settings, capture_output=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.decode() == "keel: %s\n" % line


def test_help_shows_the_usage(server):
    done = server.command("help")
    assert done.returncode == 0
    for command in ("serve", "migrate", "create-admin", "check-config",
                    "routes"):
        assert "keel " + command in done.stdout


def test_wrong_usage_of_commands(make_server):
    server = make_server()
    for command in (["serve", "--with-job"], ["jobs", "now"]):
        done = server.command(*command)
        assert done.returncode == 2
        assert "unexpected argument" in done.stderr


def test_only_development_reads_its_script(tmp_path):
    """Production ships ./keel without conf/development.sh."""
    keel = shutil.copy(KEEL, tmp_path)
    settings = dict(os.environ, KEEL_BUILD=BUILD,
                    KEEL_STATE_DIR=str(tmp_path / "state"))
    done = run(keel, dict(settings, KEEL_DATABASE_URL="host=/nonexistent"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "create_user" in done.stdout

    settings.pop("KEEL_DATABASE_URL", None)
    done = run(keel, settings)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path}/conf/development.sh" in done.stderr


def run(keel, settings):
    return subprocess.run([keel, "routes"], env=settings, text=True,
                          capture_output=True, timeout=60)
