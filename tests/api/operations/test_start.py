# SPDX-License-Identifier: ISC
"""Starts that must fail, and migrations. A failed start ends with status 1 and
one line, and leaves no process behind."""

import concurrent.futures
import os
import signal
import socket
import subprocess
import time

import pytest

from cluster import free_port
from helpers import register
from server import IS_ASAN, KEEL, clean_environment, session_processes

CONNECT_SECONDS = 3  # database_conninfo.c: CONNECT_TIMEOUT
START_SECONDS = 6 if IS_ASAN else 3


def failing_start(server, *phrases, command="serve"):
    """Starts a server that must fail; returns its one line."""
    done = server.command(command, timeout=20)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.left_over == []
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("keel: ")
    assert "keel: ready" not in done.stdout
    for phrase in phrases:
        assert phrase in lines[0]
    server.check_sanitizers()
    assert server.problems == []
    return lines[0]


def quick_failing_start(seconds, *arguments):
    """The best of some starts takes less: the machine may be busy."""
    for _ in range(5):
        started = time.monotonic()
        failing_start(*arguments)
        took = time.monotonic() - started
        if took < seconds:
            return
    raise AssertionError("it takes %.1f s" % took)


#
# Certificates.
#

def test_a_missing_certificate(make_server):
    failing_start(make_server(KEEL_TLS_CERT="/nonexistent/cert.pem"),
                  "KEEL_TLS_CERT", "/nonexistent/cert.pem")


def test_a_missing_key(make_server):
    failing_start(make_server(KEEL_TLS_KEY="/nonexistent/key.pem"),
                  "KEEL_TLS_KEY", "/nonexistent/key.pem")


def test_a_key_of_another_certificate(make_server, certificates):
    failing_start(make_server(KEEL_TLS_KEY=certificates["rsa"][1]),
                  "private key", certificates["rsa"][1])


def test_a_key_of_the_same_kind_that_does_not_match(make_server, tmp_path):
    key = tmp_path / "other.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", key], check=True,
                   capture_output=True)
    failing_start(make_server(KEEL_TLS_KEY=str(key)), str(key))


def test_an_invalid_certificate(make_server, tmp_path):
    cert = tmp_path / "cert.pem"
    cert.write_text("nothing of the kind\n")
    failing_start(make_server(KEEL_TLS_CERT=str(cert)), str(cert))


def test_a_certificate_without_its_key(make_server):
    failing_start(make_server(KEEL_TLS_KEY=None), "KEEL_TLS_CERT",
                  "KEEL_TLS_KEY")


#
# The database.
#

def test_an_unreachable_unix_socket(make_server):
    quick_failing_start(START_SECONDS, make_server(
        KEEL_DATABASE_URL="host=/nonexistent dbname=keel user=keel"),
        "cannot reach the database", "/nonexistent")


def test_a_closed_tcp_port(make_server):
    port = free_port()
    quick_failing_start(START_SECONDS, make_server(
        KEEL_DATABASE_URL="postgresql://keel:x@127.0.0.1:%d/keel" % port),
        "cannot reach the database", str(port))


def test_a_database_that_never_answers(make_server):
    """It accepts, and sends nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        quick_failing_start(CONNECT_SECONDS + START_SECONDS, make_server(
            KEEL_DATABASE_URL="postgresql://keel:x@127.0.0.1:%d/keel" %
            silent.getsockname()[1]), "cannot reach the database")


@pytest.mark.parametrize("command", [
    ["serve"], ["jobs"], ["migrate"], ["check-config"],
    ["create-admin", "admin@example.com"], ["users"],
    ["set-role", "admin@example.com", "admin"],
    ["reset-password", "user@example.com"]])
def test_a_read_only_database(make_server, command):
    server = make_server()
    server.cluster.sql("ALTER DATABASE %s SET default_transaction_read_only "
                       "= on" % server.database)
    done = server.command(*command, text="Sunny-day-42\n")
    assert done.returncode == 1 and done.left_over == []
    [line] = done.stderr.splitlines()
    assert line.startswith("keel: cannot reach the database: ")
    assert line.endswith(
        "session is read-only (target_session_attrs=read-write)")


def test_an_unknown_database(make_server, cluster):
    failing_start(make_server(KEEL_DATABASE_URL=cluster.url("nowhere")),
                  "cannot reach the database", "nowhere")


def test_a_database_with_an_ascii_locale(make_server, cluster):
    """There, two users could have addresses that differ only in case."""
    cluster.sql("CREATE DATABASE ascii OWNER keel TEMPLATE template0 "
                "LC_COLLATE 'C' LC_CTYPE 'C'")
    server = make_server(database="ascii")
    assert server.command("migrate").returncode == 0
    failing_start(server, "the database's locale knows ASCII alone")


def test_a_wrong_password_of_the_database(make_server, cluster):
    server = make_server()
    line = failing_start(make_server(
        KEEL_DATABASE_URL=cluster.tcp_url(server.database).replace(
            cluster.password, "not-the-password")),
        "cannot reach the database")
    assert "not-the-password" not in line


@pytest.mark.parametrize("url", ["", "nonsense", "host=a,b dbname=keel",
                                 "dbname='", "no=such dbname=option",
                                 "host=no.such.name.invalid dbname=keel"])
def test_an_invalid_database_url(make_server, url):
    # A resolver that does not answer is not waited for.
    failing_start(make_server(KEEL_DATABASE_URL=url, RES_OPTIONS="timeout:1 "
                              "attempts:1"), "KEEL_DATABASE_URL")


@pytest.mark.parametrize("url", [
    "postgresql://keel:hunter2secret@[::1]x/db",
    "postgresql://keel:hunter2secret%zz@localhost/db",
    "password=hunter2secret dbname"])
def test_a_password_in_a_bad_url_is_not_repeated(make_server, url):
    line = failing_start(make_server(KEEL_DATABASE_URL=url),
                         "KEEL_DATABASE_URL")
    assert "hunter2secret" not in line


@pytest.mark.parametrize("length,said", [
    (600, "cannot reach the database"), (1900, "cannot reach the database"),
    (4096, "KEEL_DATABASE_URL: it is too long"),
    (9000, "KEEL_DATABASE_URL: it is too long")])
def test_a_very_long_database_url(make_server, length, said):
    failing_start(make_server(
        KEEL_DATABASE_URL="host=/tmp dbname=" + "x" * length), said)


def test_tcp_works_as_well(start_server, cluster, template):
    database = cluster.database(template)
    server = start_server(database=database,
                          KEEL_DATABASE_URL=cluster.tcp_url(database))
    with server.client() as client:
        register(client)
        assert client.get("/readyz").status_code == 200
    assert {row[0] for row in server.sql(
        "SELECT host(client_addr) FROM pg_stat_activity WHERE "
        "application_name = 'keel' AND datname = %s", database)} == {
            "127.0.0.1"}


def test_a_name_instead_of_an_address_works(start_server, cluster, template):
    database = cluster.database(template)
    server = start_server(
        database=database, KEEL_DATABASE_URL=cluster.tcp_url(
            database).replace("127.0.0.1", "localhost"))
    with server.client() as client:
        assert client.get("/readyz").status_code == 200


#
# Settings.
#

@pytest.mark.parametrize("name, value", [
    ("KEEL_PORT", "0"), ("KEEL_PORT", "65536"), ("KEEL_PORT", "-1"),
    ("KEEL_PORT", "abc"), ("KEEL_PORT", "8888x"), ("KEEL_PORT", " 8888"),
    ("KEEL_PORT", "99999999999999999999"), ("KEEL_ADMIN_PORT", "0"),
    ("KEEL_ADMIN_PORT", "http"), ("KEEL_HOST", "localhost"),
    ("KEEL_HOST", "1.2.3"), ("KEEL_WORKERS", "0"), ("KEEL_WORKERS", "65"),
    ("KEEL_WORKERS", "two"), ("KEEL_DATABASE_POOL", "0"),
    ("KEEL_LOG_LEVEL", "loud"), ("KEEL_USER_DIRECTORY", "foo"),
    ("KEEL_USER_DIRECTORY", "Admin"), ("KEEL_PUBLIC_URL", "http://x"),
    ("KEEL_PUBLIC_URL", "https://x/"), ("KEEL_ALGORITHM", "none"),
    ("KEEL_ALGORITHM", "RS256")])
def test_a_bad_setting_is_named(make_server, name, value):
    failing_start(make_server(**{name: value}), name, value.strip())


@pytest.mark.parametrize("settings, phrases", [
    ({"KEEL_SMTP_URL": "mail.example.org"}, ["neither smtp:// nor smtps://"]),
    ({"KEEL_SMTP_URL": "smtp://mail.example.org/x"}, ["follows the host"]),
    ({"KEEL_SMTP_URL": "smtp://me:hunter2secret@x@mail.example.org"},
     ["more than one @"]),
    ({"KEEL_SMTP_URL": "smtp://me:hunter2secret%@mail.example.org"},
     ["percent-encoded"]),
    ({"KEEL_SMTP_TLS": "maybe"}, ["required or off", "maybe"]),
    ({"KEEL_SMTP_TLS": "off", "KEEL_SMTP_URL": "smtps://mail.example.org"},
     ["KEEL_SMTP_URL"]),
    ({"KEEL_SMTP_TLS": "off",
      "KEEL_SMTP_URL": "smtp://me:hunter2secret@mail.example.org"},
     ["in the clear", "mail.example.org"]),
    ({"KEEL_SMTP_CA": "/nonexistent/ca.pem"}, ["/nonexistent/ca.pem"]),
    ({"KEEL_SMTP_CA": __file__}, ["no certificate"]),
    ({"KEEL_MAIL_FROM": "Keel"}, ["Name <name@example.org>", "Keel"]),
    ({"KEEL_MAIL_FROM": "Keel <keel@\u00fc.example>"}, ["ASCII"]),
    ({"KEEL_MAIL_FROM": "Keel\nBcc: x@example.org <keel@x.example>"}, [])])
@pytest.mark.parametrize("command", ["serve", "jobs"])
def test_bad_settings_of_mail(make_server, command, settings, phrases):
    line = failing_start(make_server(**settings), next(iter(settings)),
                         *phrases, command=command)
    assert "hunter2secret" not in line


def test_the_mail_servers_password_is_masked(make_server):
    done = make_server(
        KEEL_SMTP_URL="smtp://me:hunter2secret@mail.example.org",
        KEEL_MAIL_FROM="Me <me@example.org>").command("check-config")
    assert done.returncode == 0, done.stderr
    assert "hunter2secret" not in done.stdout + done.stderr
    assert "KEEL_SMTP_URL" in done.stdout
    assert "Me <me@example.org>" in done.stdout


def test_one_port_for_two_listeners(make_server):
    server = make_server()
    server.settings["KEEL_ADMIN_PORT"] = server.settings["KEEL_PORT"]
    failing_start(server, "KEEL_PORT", "KEEL_ADMIN_PORT")


@pytest.mark.parametrize("name", ["KEEL_PORT", "KEEL_ADMIN_PORT"])
def test_a_port_in_use(make_server, name):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", free_port()))
        taken.listen(1)
        port = str(taken.getsockname()[1])
        failing_start(make_server(**{name: port}), port, "in use")


@pytest.mark.parametrize("secret, phrase", [
    (None, "not set"), ("", "not set"), ("Zx9-q" * 6, "at least 32"),
    ("changeme-Zx9-q7Lw2Rt5Vb8Nm4Kp1Js6Hg3", "placeholder"),
    ("your-secret-key-here-0123456789abcdefghij", "placeholder"),
    ("a" * 64, "different"), ("ab" * 32, "different")])
def test_an_invalid_secret(make_server, secret, phrase):
    line = failing_start(make_server(KEEL_SECRET_KEY=secret),
                         "KEEL_SECRET_KEY", phrase)
    assert not secret or secret not in line


@pytest.mark.parametrize("name", ["KEEL_SECRET", "KEEL_DATABSE_URL",
                                  "KEEL_", "KEEL_PORTS"])
def test_an_unknown_setting(make_server, name):
    failing_start(make_server(**{name: "x"}), name, "not a setting")


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["serve", "now"], ["migrate", "--dry"],
    ["create-admin"], ["reset-password"]])
def test_wrong_arguments_are_explained(arguments):
    done = subprocess.run([KEEL, *arguments], env=clean_environment(),
                          capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert done.stderr.startswith("keel: ")
    assert "usage: keel" in done.stderr


def test_a_missing_build(make_server, tmp_path):
    failing_start(make_server(build=str(tmp_path)), "not built",
                  str(tmp_path))


#
# Migrations.
#

VERSIONS = "SELECT version, name, checksum FROM keel_migrations ORDER BY 1"


def test_an_empty_database_is_refused(make_server, cluster):
    failing_start(make_server(database=cluster.database()),
                  "./keel migrate")


def test_an_older_schema_is_refused(make_server):
    server = make_server()
    server.sql("DELETE FROM keel_migrations WHERE version = "
               "(SELECT max(version) FROM keel_migrations)")
    failing_start(server, "older", "./keel migrate")


def test_a_newer_schema_is_accepted(make_server):
    server = make_server()
    server.sql("INSERT INTO keel_migrations (version, name, checksum) "
               "VALUES (999, '0999_future', 'x'), (9999, '9999_own', 'x')")
    server.sql("ALTER TABLE users ADD nickname text")
    server.start()
    with server.client() as client:
        register(client)
        assert client.get("/readyz").status_code == 200


def test_a_schema_that_became_older_is_not_ready(start_server):
    server = start_server()
    server.sql("DELETE FROM keel_migrations WHERE version = "
               "(SELECT max(version) FROM keel_migrations)")
    with server.client() as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "retry-after" in answer.headers


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_changed_migration_is_refused(make_server, command):
    server = make_server()
    server.sql("UPDATE keel_migrations SET checksum = repeat('0', 64) "
               "WHERE version = 2")
    failing_start(server, "0002_sessions", command=command)


def test_migrate_fills_an_empty_database(make_server, cluster):
    server = make_server(database=cluster.database())
    done = server.command("migrate")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    applied = server.sql(VERSIONS)
    versions = [row[0] for row in applied]
    count = sum(version < 1000 for version in versions)
    assert versions == [*range(1, count + 1), *range(
        1001, 1001 + len(versions) - count)]
    for _, name, _ in applied:
        assert "applying " + name in done.stdout
    server.start()
    with server.client() as client:
        register(client)


def test_migrate_twice_does_nothing_the_second_time(make_server, cluster):
    server = make_server(database=cluster.database())
    assert server.command("migrate").returncode == 0
    before = server.sql("SELECT * FROM keel_migrations ORDER BY 1")
    done = server.command("migrate")
    assert done.returncode == 0
    assert "up to date" in done.stdout
    assert server.sql("SELECT * FROM keel_migrations ORDER BY 1") == before


def test_a_project_gets_a_later_migration_of_keel(make_server, cluster):
    """Its own, 1001, was applied before it had the last one of Keel."""
    server = make_server(database=cluster.database())
    assert server.command("migrate").returncode == 0
    last, name, *_ = server.sql(VERSIONS.replace(
        "ORDER BY 1", "WHERE version < 1000 ORDER BY 1 DESC LIMIT 1"))[0]
    server.sql("DELETE FROM keel_migrations WHERE version = %s", last)
    server.sql("INSERT INTO keel_migrations (version, name, checksum) VALUES "
               "(9999, '9999_own', 'x')")
    failing_start(server, "older", name, "./keel migrate")
    done = server.command("migrate", "--dry-run")
    assert "would apply " + name in done.stdout


def test_a_dry_run_changes_nothing(make_server, cluster):
    server = make_server(database=cluster.database())
    done = server.command("migrate", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "would apply 0001_users" in done.stdout
    assert server.sql("SELECT count(*) FROM pg_class c JOIN pg_namespace n "
                      "ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
                      ) == [(0,)]


def test_migrations_in_parallel_are_applied_once(make_server, cluster):
    database = cluster.database()
    servers = [make_server(database=database) for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda server: server.command("migrate"),
                             servers))
    assert [d.returncode for d in done] == [0] * 4, [d.stderr for d in done]
    output = "".join(d.stdout for d in done)
    for _, name, _ in servers[0].sql(VERSIONS):
        assert output.count("applying " + name) == 1


def test_a_migration_that_fails_is_rolled_back(make_server, cluster):
    server = make_server(database=cluster.database())
    server.sql("CREATE TABLE sessions (id integer)")
    failing_start(server, "0002_sessions", command="migrate")
    assert [row[0] for row in server.sql(VERSIONS)] == [1]
    server.sql("DROP TABLE sessions")
    assert server.command("migrate").returncode == 0


#
# The end.
#

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_it_started(start_server, number):
    server = start_server()
    session = server.process.pid
    assert len(session_processes(session)) >= 3
    pidfile = os.path.join(server.state, "kore.%d.pid" % session)
    with open(pidfile) as f:
        assert int(f.read()) == session
    server.process.send_signal(number)
    assert server.process.wait(20) == 0
    deadline = time.monotonic() + 10
    while session_processes(session):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not os.path.exists(pidfile)
    server.process = None


def test_a_second_start_finds_its_data_again(start_server, make_server):
    server = start_server()
    with server.client() as client:
        user, made = register(client)
    server.stop()
    again = make_server(database=server.database).start()
    with again.client() as client:
        answer = client.post("/api/v1/auth/token", data={
            "username": user["email"], "password": user["password"]})
        assert answer.status_code == 200
