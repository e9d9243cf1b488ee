# SPDX-License-Identifier: ISC
"""./keel migrate beside a server that serves: what it waits for, how long, and
what ends it."""

import contextlib
import os
import signal
import subprocess

import pytest

from cluster import BIN
from load import Load
from migrating import (LOCK, Migrate, applied, build_with_migrations, lacking,
                       session, sessions)
from runner import wait_for

READER = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
          "SELECT count(*) FROM users")
HOLDER = ("SELECT pg_advisory_xact_lock(%d)" % LOCK,)
INDEX = ("SELECT indisvalid FROM pg_index WHERE indexrelid = "
         "to_regclass(%s)")


@pytest.fixture(scope="module")
def build():
    with build_with_migrations() as folder:
        yield folder


@pytest.fixture
def make(make_server, build):
    """A server whose build has migrations that its database lacks."""
    def make(*words, **settings):
        server = lacking(make_server(**settings), *words)
        server.settings["KEEL_BUILD"] = build
        return server
    return make


def gone(server):
    """No session of ./keel is left in the database."""
    wait_for(lambda: not sessions(server))
    return True


def migrated(server):
    done = server.command("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def failing(server, **settings):
    """Its only line."""
    server.settings |= settings
    done = server.command("migrate")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("keel: ")
    assert gone(server)
    return done.stderr


#
# Waits.
#

def test_a_reader_is_named_and_stops_no_request(make, make_server):
    server = make("column")
    served = make_server(server.database, secret=server.secret).start()
    with Load(served, served.client, threads=2) as load:
        load.wait_for(5)
        with Migrate(server) as migrate:
            with session(server, *READER, user="keel") as reader:
                migrate.wait_for("waits for")
                load.wait_for(20)
                assert migrate.process.poll() is None
                assert not applied(server, "column")
                pid = reader.info.backend_pid
            assert migrate.end() == 0
            load.wait_for(5)
    assert applied(server, "column")
    line = migrate.errors()
    assert line.startswith(
        "keel: 1001_column waits for process %d (user keel, application "
        "reader, idle in transaction for " % pid)
    assert line.endswith(" s)\n") and line.count("\n") == 1
    assert migrate.output() == "keel: applying 1001_column\n"


def test_it_gives_up(make):
    """What a reader is called may hold what a terminal would obey."""
    server = make("column")
    server.sql('CREATE ROLE "odd\x1b[2J\u0085one" SUPERUSER LOGIN')
    with session(server, *READER, user="odd\x1b[2J\u0085one"):
        lines = giving_up(server)
    server.sql('DROP ROLE "odd\x1b[2J\u0085one"')
    assert lines[0].startswith("keel: 1001_column waits for process ")
    assert lines[1].startswith(
        "keel: 1001_column is not applied: it got no lock in 1 s "
        "(KEEL_MIGRATE_LOCK_SECONDS); it waited for process ")
    for line in lines:
        assert line.endswith(" (user odd?[2J?one, application reader, its "
                             "state is hidden from this role)")
    assert not applied(server, "column")
    assert migrated(server) == "keel: applying 1001_column\n"


def giving_up(server):
    """Its lines."""
    with Migrate(server, KEEL_MIGRATE_LOCK_SECONDS="1") as migrate:
        assert migrate.end() == 1
    assert gone(server)
    return migrate.errors().splitlines()


def test_another_migrate_is_named_and_waits_without_a_snapshot(make):
    """The first would wait for its snapshot, and it for the first."""
    server = make("index", "two")
    with contextlib.ExitStack() as stack:
        with session(server, *READER):
            first = stack.enter_context(Migrate(server))
            first.wait_for("1004_index waits for process")
            second = stack.enter_context(Migrate(server))
            second.wait_for("keel: waits for another migrate, process ")
        assert first.end() == 0 and second.end() == 0
    assert "application keel, idle in transaction" in second.errors()
    assert first.output() == \
        "keel: applying 1004_index\nkeel: applying 1006_two\n"
    assert second.output().startswith("keel: the database is up to date")


def test_a_prepared_transaction_is_named(make):
    server = make("column")
    with session(server, "SELECT count(*) FROM users", user="keel") as db:
        db.cursor().execute("PREPARE TRANSACTION 'left'")
    try:
        lines = giving_up(server)
    finally:
        server.sql("ROLLBACK PREPARED 'left'")
    assert lines[0].startswith("keel: 1001_column waits for a prepared "
                               "transaction ('left' of keel, prepared ")


#
# Signals.
#

@contextlib.contextmanager
def waiting(server, word, *statements, line=""):
    """./keel migrate, which waits: a line says so, or a query."""
    asleep = ("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND "
              "wait_event = 'PgSleep'")
    with session(server, *statements), Migrate(server) as migrate:
        if line:
            migrate.wait_for(line)
        else:
            wait_for(lambda: server.sql(asleep, server.database) == [(1,)])
        yield migrate


@pytest.mark.parametrize("number,word,statements,line", [
    (signal.SIGTERM, "column", READER, "waits for process"),
    (signal.SIGINT, "column", HOLDER, "waits for another migrate, process"),
    (signal.SIGTERM, "slow", (), ""),
    (signal.SIGHUP, "step", (), ""),
    (signal.SIGQUIT, "index", READER, "waits for process"),
])
def test_a_signal_ends_it(make, number, word, statements, line):
    server = make(word)
    server.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
               "(gen_random_uuid(), 'a@example.org', 'a', 'none')")
    server.sql("INSERT INTO posts (id, author_id, title, content) SELECT "
               "gen_random_uuid(), id, 'slow', 'x' FROM users")
    with waiting(server, word, *statements, line=line) as migrate:
        assert migrate.end(number) == -number
        assert "keel: ended by %s" % number.name in migrate.errors()
        assert gone(server)
        assert not applied(server, word)
        assert server.sql("SELECT to_regclass('slow') IS NULL AND NOT EXISTS ("
                          "SELECT FROM pg_attribute WHERE attname IN ('later',"
                          " 'letters'))") == [(True,)]
    if word in ("column", "index"):
        migrated(server)
        assert applied(server, word)


def test_a_signal_ends_a_pause(make):
    server = make("column")
    waits = ("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND "
             "application_name = 'keel' AND wait_event_type = 'Lock'")
    with session(server, *READER), Migrate(server) as migrate:
        migrate.wait_for("waits for process")
        wait_for(lambda: server.sql(waits, server.database) == [(0,)])
        assert migrate.end(signal.SIGTERM) == -signal.SIGTERM
    assert "ended by SIGTERM: 1001_column was rolled back" in migrate.errors()
    assert gone(server)


#
# Crashes.
#

def test_after_a_kill_the_next_goes_on(make):
    """A server process notices that its client is gone."""
    server = make("slow")
    with waiting(server, "slow") as migrate:
        assert migrate.end(signal.SIGKILL) == -signal.SIGKILL
        assert gone(server)
    assert server.sql("SELECT to_regclass('slow')") == [(None,)]


@pytest.mark.parametrize("which", ["worker", "guard"])
def test_a_lost_connection(make, which):
    server = make("slow")
    asleep = "wait_event = 'PgSleep'"
    with waiting(server, "slow") as migrate:
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE datname = %s AND application_name = 'keel' AND "
                   + ("" if which == "worker" else "NOT ") +
                   "coalesce(%s, false)" % asleep, server.database)
        assert migrate.end() == 1
        assert gone(server)
    assert migrate.errors().count("\n") == 1
    assert "1002_slow" in migrate.errors()
    assert not applied(server, "slow")


def test_an_index_is_built_again_after_a_kill(make):
    server = make("index")
    with session(server, *READER), Migrate(server) as migrate:
        migrate.wait_for("1004_index waits for process")
        assert migrate.end(signal.SIGKILL) == -signal.SIGKILL
        assert gone(server)
        assert server.sql(INDEX, '"Later"') == [(False,)]
    migrated(server)
    assert server.sql(INDEX, '"Later"') == [(True,)]
    assert applied(server, "index")
    lacking(server, "index")        # a crash before it was recorded
    migrated(server)
    assert applied(server, "index")


def test_a_unique_index_is_built_again(make):
    server = make("unique")
    server.sql("INSERT INTO users (id, email, name, hashed_password) SELECT "
               "gen_random_uuid(), n || '@example.org', 'same', 'none' "
               "FROM generate_series(1, 2) AS n")
    assert "could not create unique index" in failing(server)
    assert server.sql(INDEX, "later_names") == [(False,)]
    assert not applied(server, "unique")
    server.sql("UPDATE users SET name = email")
    migrated(server)
    assert server.sql(INDEX, "later_names") == [(True,)]


def test_an_index_that_waits_too_long_is_cancelled(make):
    server = make("index")
    with session(server, *READER):
        lines = giving_up(server)
    assert "1004_index is not applied: it got no lock in 1 s" in lines[-1]
    assert "application reader" in lines[-1]
    migrated(server)


#
# Steps in C.
#

def test_a_step_runs_in_the_transaction(make):
    server = make("step")
    server.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
               "(gen_random_uuid(), 'a@example.org', 'a', 'none')")
    add = ("INSERT INTO posts (id, author_id, title, content) SELECT "
           "gen_random_uuid(), id, %s, 'x' FROM users")
    for title in ("a", "seven c", "none", "wrong"):
        server.sql(add, title)
    letters = "SELECT title, letters FROM posts ORDER BY title"
    assert failing(server) == \
        "keel: 1003_step is not applied: its step: wrong is wrong\n"
    server.sql("UPDATE posts SET title = 'error' WHERE title = 'wrong'")
    assert "division by zero" in failing(server)
    assert server.sql("SELECT count(*) FROM pg_attribute WHERE attname = "
                      "'letters'") == [(0,)]
    server.sql("UPDATE posts SET title = 'none' WHERE title = 'error'")
    migrated(server)
    assert server.sql(letters) == [("a", 1), ("none", None), ("none", None),
                                   ("seven c", 7)]


def test_the_example_of_the_page(make):
    """docs/migrations.md: a step, and then an index without a lock."""
    server = make("posts_slug", "posts_slug_index")
    server.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
               "(gen_random_uuid(), 'a@example.org', 'a', 'none')")
    server.sql("INSERT INTO posts (id, author_id, title, content) SELECT "
               "gen_random_uuid(), id, t, 'x' FROM users, unnest(%s) AS t",
               ["Hello, world!", "..."])
    assert "has no letters in its title" in failing(server)
    server.sql("UPDATE posts SET title = '(2) 3' WHERE title = '...'")
    migrated(server)
    assert server.sql("SELECT slug FROM posts ORDER BY slug") == [
        ("2-3",), ("hello-world",)]
    assert server.sql(INDEX, "posts_slug_key") == [(True,)]


#
# What it prints.
#

def psql(server, text):
    return subprocess.run(
        [BIN + "/psql", "-XAtq", "-h", server.cluster.socket, "-p",
         str(server.cluster.port), "-U", "keel", server.database], text=True,
        input=text, capture_output=True, env={"PATH": os.environ["PATH"]})


def test_psql_takes_a_dry_run(make_server, cluster):
    server = make_server(database=cluster.database())
    done = psql(server, server.command("migrate", "--dry-run").stdout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "up to date" in migrated(server)
    dry = server.command("migrate", "--dry-run").stdout
    assert dry.startswith("-- keel: the database is up to date")


def test_psql_takes_a_dry_run_outside_of_a_transaction(make):
    server = make("column", "index", "two")
    done = psql(server, server.command("migrate", "--dry-run").stdout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert server.sql(INDEX, '"Later"') == [(True,)]
    assert "up to date" in migrated(server)


def test_psql_stops_at_a_step(make):
    server = make("step", "two")
    done = psql(server, server.command("migrate", "--dry-run").stdout)
    assert done.returncode == 3
    assert "1003_step has a step in C: run ./keel migrate" in done.stderr
    assert not applied(server, "step") and not applied(server, "two")
