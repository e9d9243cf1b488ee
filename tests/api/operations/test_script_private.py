# SPDX-License-Identifier: ISC
"""What conf/development.sh does with PostgreSQL, openssl and Kore: all of them
are fakes, so each can fail, and each call is known."""

import os
import shutil
import stat
import subprocess

import pytest

from product import NAME
from script import DBUSER, IS_ROOT, PRIVATE, UNSET, Script
from server import read_text

NOBODY = 65534
WARNING = ("keel: warning: this runs as root; use an ordinary user, or set "
           "KEEL_ALLOW_ROOT=1\n")

needs_root = pytest.mark.skipif(
    not IS_ROOT, reason="only root runs PostgreSQL as another user")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture(scope="module")
def first():
    """A first start, which several tests look at."""
    script = Script()
    script.write("does/psql", "cat; stat -c '%%F %%a %%U' %s" % script.socket)
    script.done = script.run("serve", PGDATA="/none", PGHOST="x", LANG="de",
                             TZ="Asia/Tokyo", **UNSET)
    yield script
    assert script.remove() == []


def test_a_first_start(first):
    assert (first.done.returncode, first.done.stderr) == (0, "")
    assert first.steps() == [
        "initdb", "pg_ctl start", "psql", "kore migrate", "kore serve",
        "pg_ctl stop"]
    data = first.state + "/postgres"
    assert first.call("initdb").argv == [
        "-D", data + ".new", "--username=postgres", "--auth-local=trust",
        "--auth-host=reject", "--encoding=UTF8", "--locale=C.UTF-8",
        "--data-checksums", "--no-instructions"]
    assert [call.argv for call in first.calls("pg_ctl")] == [
        ["-D", data, "-s", "-w", "-t", "60", "start", "-o",
         "-h '' -k " + first.socket],
        ["-D", data, "-s", "-w", "-t", "60", "stop", "-m", "fast"]]
    assert first.call("psql").argv == [
        "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", first.socket, "-U", "postgres",
        "-d", "postgres"]
    assert read_text(first.state + "/log/postgres.log").endswith(
        "\ndirectory 700 %s\n" % DBUSER.pw_name)
    assert not os.path.exists(first.socket)
    assert os.stat(data).st_uid == DBUSER.pw_uid
    assert mode(data) == 0o700 and not os.path.exists(data + ".new")
    assert mode(first.state + "/log") == mode(first.state + "/lock") == 0o700


def test_the_databases_user_and_environment(first):
    """PG* variables of the caller would count, and root may not run it."""
    calls = first.calls("initdb", "pg_ctl", "psql")
    assert len(calls) == 4
    for call in calls:
        assert call.env == {"PATH": first.environment()["PATH"],
                            "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        assert call.cwd == "/"
        assert (call.uid, call.gid) == (DBUSER.pw_uid, DBUSER.pw_gid)
        assert call.groups == sorted(os.getgrouplist(
            DBUSER.pw_name, DBUSER.pw_gid) if IS_ROOT else os.getgroups())
    for call in first.calls("pg_ctl"):
        assert not {7, 8, 9} & set(call.fds)    # the locks


def test_what_kore_is_told(first):
    migrate, serve = first.calls("kore")
    secret = read_text(first.state + "/secret").strip()
    assert serve.settings() == migrate.settings() | {"KEEL_COMMAND": "serve"}
    assert {name: serve.settings()[name] for name in (
        "KEEL_DATABASE_URL", "KEEL_SECRET_KEY", "KEEL_TLS_CERT",
        "KEEL_TLS_KEY", "KEEL_CORS_ORIGINS")} == {
            "KEEL_DATABASE_URL":
            "host=%s port=5432 dbname=keel user=keel" % first.socket,
            "KEEL_SECRET_KEY": secret,
            "KEEL_TLS_CERT": first.state + "/cert.pem",
            "KEEL_TLS_KEY": first.state + "/key.pem",
            "KEEL_CORS_ORIGINS":
            "http://localhost:5173,http://localhost:3000"}
    assert len(secret) == 64
    assert serve.cwd == first.build and serve.umask == "0077"
    admin = "  printf %%s 'A-good-passw0rd' | %s'%s' create-admin admin@" \
        "example.com\n"
    hints = ("keel: to trust this server: curl --cacert '%s/ca.pem'\n"
             "keel: to look into the database: psql -h %s -U keel keel\n"
             "keel: to make the first admin, in another terminal:\n" % (
                 first.state, first.socket))
    assert first.done.stdout == hints + admin % (
        "KEEL_STATE_DIR='%s' " % first.state, first.keel)


def test_the_role_and_the_database_are_made(first):
    log = read_text(first.state + "/log/postgres.log")
    assert log.splitlines()[:-1] == [
        "SELECT 'CREATE ROLE keel LOGIN'",
        " WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'keel') "
        "\\gexec",
        "SELECT 'CREATE DATABASE keel OWNER keel'",
        " WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keel') "
        "\\gexec"]


def x509(path, *options):
    return subprocess.run(["openssl", "x509", "-in", path, "-noout", *options],
                          capture_output=True, text=True)


@pytest.mark.parametrize("name, holds, lacks", [
    ("ca.pem", ["Subject: CN = %s development authority" % NAME,
                "CA:TRUE, pathlen:0", "Certificate Sign",
                "X509v3 Subject Key Identifier:"],
     ["Digital Signature", "TLS Web Server Authentication"]),
    ("cert.pem", ["Subject: CN = localhost", "CA:FALSE", "Digital Signature",
                  "TLS Web Server Authentication",
                  "X509v3 Subject Key Identifier:",
                  "X509v3 Authority Key Identifier:",
                  "DNS:localhost, IP Address:127.0.0.1, "
                  "IP Address:0:0:0:0:0:0:0:1"],
     ["Certificate Sign"])])
def test_the_certificates_contents(first, name, holds, lacks):
    path = first.state + "/" + name
    lines = [line.strip() for line in x509(path, "-text").stdout.splitlines()]
    for line in [*holds, "Issuer: CN = %s development authority" % NAME,
                 "ASN1 OID: prime256v1", "X509v3 Basic Constraints: critical",
                 "X509v3 Key Usage: critical"]:
        assert line in lines, line
    for line in lacks:
        assert line not in lines, line
    for days, ends in ((824, 0), (826, 1)):
        done = x509(path, "-checkend", str(days * 86400))
        assert done.returncode == ends


def test_the_authoritys_key_is_gone(first):
    texts = {name: read_text(os.path.join(folder, name))
             for folder, _, names in os.walk(first.state) for name in names}
    assert [name for name, text in texts.items()
            if "PRIVATE KEY" in text] == ["key.pem"]
    leaf = subprocess.run(["openssl", "pkey", "-pubout", "-in",
                           first.state + "/key.pem"], check=True,
                          capture_output=True, text=True).stdout
    assert leaf == x509(first.state + "/cert.pem", "-pubkey").stdout
    assert leaf != x509(first.state + "/ca.pem", "-pubkey").stdout


def test_a_second_start_keeps_everything(first):
    """Last of these: it starts it again."""
    kept = {name: read_text(first.state + "/" + name)
            for name in ("secret", "ca.pem", "cert.pem", "key.pem")}
    assert all(kept.values())
    for name in kept:
        assert mode(first.state + "/" + name) == 0o600
    first.forget()
    first.run("serve", **UNSET)
    assert first.steps() == ["pg_ctl start", "psql", "kore migrate",
                             "kore serve", "pg_ctl stop"]
    assert kept == {name: read_text(first.state + "/" + name)
                    for name in kept}


def test_the_hint_names_a_folder_that_was_given(script):
    done = script.run("serve", KEEL_STATE_DIR=None, **PRIVATE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "  printf %%s 'A-good-passw0rd' | '%s' create-admin admin@example.com"
        % script.keel)


@pytest.mark.parametrize("command, expected", [
    ("migrate", ["initdb", "pg_ctl start", "psql", "kore migrate",
                 "pg_ctl stop"]),
    ("jobs", ["initdb", "pg_ctl start", "psql", "kore jobs", "pg_ctl stop"]),
    ("routes", ["kore routes"]), ("openapi", ["kore openapi"]),
    ("queries", ["kore queries"])])
def test_the_steps_of_other_commands(script, command, expected):
    script.write("does/kore", "cat; exit 3")
    done = script.run(command, text="input", **PRIVATE)
    assert (done.returncode, done.stdout, done.stderr) == (3, "input", "")
    assert script.steps() == expected
    assert script.call("kore").env["KEEL_DATABASE_URL"].endswith("user=keel")


def test_a_failed_migration_ends_the_start(script):
    script.write("does/kore", "exit 4")
    done = script.run("serve", **PRIVATE)
    assert (done.returncode, done.stdout) == (4, "")
    assert script.steps()[-2:] == ["kore migrate", "pg_ctl stop"]


#
# Secret and certificate.
#

def test_what_is_given_is_not_made(script):
    script.run("openapi", **PRIVATE)
    settings = script.call("kore").settings()
    for name in PRIVATE.keys() - {"KEEL_DATABASE_URL"}:
        assert settings[name] == PRIVATE[name]
    assert sorted(os.listdir(script.state)) == ["lock", "log"]

    # Half of a pair, or an empty secret, is an error that Kore finds.
    for name in ("KEEL_TLS_CERT", "KEEL_TLS_KEY"):
        script.forget()
        script.run("openapi", **UNSET | {"KEEL_SECRET_KEY": "", name: "/x"})
        settings = script.call("kore").settings()
        assert settings["KEEL_SECRET_KEY"] == ""
        assert [key for key in settings if "TLS" in key] == [name]
    assert sorted(os.listdir(script.state)) == ["lock", "log"]


@pytest.mark.parametrize("origins", ["https://app.example.org", ""])
def test_other_pages_or_none_may_be_allowed(script, origins):
    script.run("openapi", **PRIVATE, KEEL_CORS_ORIGINS=origins)
    assert script.call("kore").env["KEEL_CORS_ORIGINS"] == origins


def test_without_tls_no_certificate_is_made(script):
    done = script.run("serve", KEEL_TLS="off", **UNSET)
    assert (done.returncode, done.stderr) == (0, "")
    assert "certificate" not in done.stdout and "curl" not in done.stdout
    assert "create-admin" in done.stdout
    settings = script.calls("kore")[-1].settings()
    assert [key for key in settings if "TLS" in key] == ["KEEL_TLS"]
    assert not {"cert.pem", "key.pem"} & set(os.listdir(script.state))


def test_an_empty_secret_is_made_again(script):
    script.run("openapi", **UNSET)
    script.write("state/secret", "", 0o600)
    script.run("openapi", **UNSET)
    assert len(read_text(script.state + "/secret").strip()) == 64
    assert os.listdir(script.state).count("secret.new") == 0


def certificate(script, days, authority="self"):
    """A certificate that ends in so many days, and who has signed it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", str(days), "-newkey",
         "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=x",
         "-keyout", script.state + "/key.pem",
         "-out", script.state + "/cert.pem"], check=True, umask=0o077,
        stdin=subprocess.DEVNULL, capture_output=True)
    if authority == "self":
        shutil.copy(script.state + "/cert.pem", script.state + "/ca.pem")


@pytest.mark.parametrize("days, authority, lost, renewed", [
    (1, "self", None, True), (2, "self", None, False),
    (2, "self", "key.pem", True), (2, "self", "cert.pem", True),
    (2, "self", "ca.pem", True),
    (2, "none", None, True)])   # as earlier versions left it
def test_a_certificate_is_renewed_on_its_last_day(script, days, authority,
                                                  lost, renewed):
    os.mkdir(script.state)
    certificate(script, days, authority)
    if lost is not None:
        script.write("state/" + lost, "", 0o600)
    before = read_text(script.state + "/cert.pem"), read_text(
        script.state + "/key.pem")
    done = script.run("openapi", **UNSET)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    now = read_text(script.state + "/cert.pem"), read_text(
        script.state + "/key.pem")
    assert (now[0] != before[0], now[1] != before[1]) == (renewed, renewed)
    assert not [name for name in os.listdir(script.state) if ".new" in name]


def test_the_authority_of_an_interrupted_start_is_not_used(script):
    """New is the authority, old the certificate: all is made again."""
    os.mkdir(script.state)
    certificate(script, 2)
    kept = read_text(script.state + "/ca.pem")
    certificate(script, 2, "none")
    before = read_text(script.state + "/cert.pem")
    assert script.run("openapi", **UNSET).returncode == 0
    assert read_text(script.state + "/cert.pem") != before
    assert read_text(script.state + "/ca.pem") != kept


def test_no_certificate_can_be_made(script):
    script.fake("openssl", '[ "$1" != req ] || exit 1; '
                'exec /usr/bin/openssl "$@"')
    assert script.fails("openapi", **UNSET) == (
        "cannot make a certificate: see %s/log/openssl.log" % script.state)
    assert sorted(os.listdir(script.state)) == ["lock", "log", "secret"]


#
# What can be wrong with PostgreSQL.
#

@pytest.mark.parametrize("program, problem", [
    ("initdb", "initdb failed"), ("pg_ctl", "PostgreSQL does not start"),
    ("psql", "cannot make the database keel")])
def test_a_program_of_postgresql_fails(script, program, problem):
    works = read_text(script.path("does", program))
    script.write("does/" + program, works.replace(
        "*start*)", "*start*) echo broken; exit 1") or "echo broken; exit 1")
    assert script.fails() == "%s: see %s/log/postgres.log" % (
        problem, script.state)
    assert read_text(script.state + "/log/postgres.log") == "broken\n"
    assert os.path.exists(script.state + "/postgres") == (program != "initdb")
    script.write("does/" + program, works)
    if program == "initdb":     # what is left of the first is not used
        script.write("state/postgres.new/rest", "")
    assert script.run("migrate", **PRIVATE).returncode == 0
    assert os.listdir(script.state + "/postgres") == []


def test_postgresql_is_not_installed(script):
    os.unlink(script.path("pg/postgres"))
    assert script.fails() == "no PostgreSQL 15: run 'make deps'"
    if IS_ROOT:
        script.fake("id", '[ "$2" != postgres ] || exit 1; '
                    'exec /usr/bin/id "$@"')
        assert script.fails() == "no PostgreSQL: run 'make deps'"


@needs_root
def test_the_databases_user_may_not_enter(script):
    os.makedirs(script.path("closed/open"), 0o700)
    os.chmod(script.path("closed/open"), 0o755)
    os.chmod(script.path("closed"), 0o700)
    for state, closed in (("closed/open/state", "closed"),
                          ("closed/state", "closed")):
        assert script.fails(KEEL_STATE_DIR=script.path(state)) == (
            "the user postgres, who runs PostgreSQL, may not enter %s: set "
            "KEEL_STATE_DIR to a folder elsewhere" % script.path(closed))
    os.mkdir(script.state, 0o700)
    assert ", may not enter %s: set" % script.state in script.fails()
    assert os.listdir(script.state) == []


@needs_root
@pytest.mark.parametrize("kind, owner, bits", [
    ("folder", 0, 0o700), ("folder", NOBODY, 0o700),
    ("folder", DBUSER.pw_uid, 0o710), ("folder", DBUSER.pw_uid, 0o701),
    ("folder", DBUSER.pw_uid, 0o777), ("folder", DBUSER.pw_uid, 0o500),
    ("file", DBUSER.pw_uid, 0o700), ("link", DBUSER.pw_uid, 0o700)])
def test_a_socket_folder_that_somebody_has_made(script, kind, owner,
                                                bits):
    """Who can enter it is the database's superuser."""
    path = script.socket
    if kind == "link":
        path = script.path("target")
        os.symlink(path, script.socket)
        os.lchown(script.socket, owner, -1)
    if kind == "file":
        os.close(os.open(path, os.O_CREAT))
    else:
        os.mkdir(path)
    os.chmod(path, bits)
    os.chown(path, owner, -1)
    assert script.fails() == \
        script.socket + " is not a folder that only postgres may enter"
    assert script.calls("pg_ctl", "psql") == []


def test_a_socket_folder_of_an_earlier_start(script):
    os.mkdir(script.socket, 0o700)
    os.chown(script.socket, DBUSER.pw_uid, -1)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        os.close(os.open(os.path.join(script.socket, name), os.O_CREAT))
    script.write("does/pg_ctl", "ls -A %s >&2" % script.socket + read_text(
        script.path("does/pg_ctl")))
    assert script.run("migrate", **PRIVATE).returncode == 0
    assert read_text(script.state + "/log/postgres.log") == ""


#
# Users.
#

@needs_root
@pytest.mark.parametrize("value, warned, told", [
    (None, True, "1"), ("", True, "1"), ("1", False, "1"), ("0", False, "0")])
def test_root_is_warned_once(script, value, warned, told):
    done = script.run("openapi", KEEL_ALLOW_ROOT=value, **PRIVATE)
    assert (done.returncode, done.stderr) == (0, WARNING if warned else "")
    assert script.call("kore").settings()["KEEL_ALLOW_ROOT"] == told


@needs_root
def test_another_user_runs_postgresql_as_themselves(script):
    os.mkdir(script.state)
    os.chown(script.state, NOBODY, NOBODY)
    script.watch("setpriv")
    done = script.run("migrate", user=NOBODY, KEEL_ALLOW_ROOT=None, **PRIVATE)
    assert (done.returncode, done.stderr) == (0, "")
    calls = script.calls("initdb", "pg_ctl", "psql", "kore")
    assert {(call.uid, call.gid) for call in calls} == {(NOBODY, NOBODY)}
    assert not [call for call in script.calls("setpriv")
                if "--reuid" in " ".join(call.argv)]
    assert "KEEL_ALLOW_ROOT" not in script.call("kore").env
