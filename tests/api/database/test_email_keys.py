# SPDX-License-Identifier: ISC
"""Migration 0014: the key of each user's address. What it refuses, and what it
leaves; and the trigger for rows that somebody writes with psql."""

import time
import uuid

import psycopg2
import pytest

from queries import begin
from released import released_database
from sizes import size

# Three pairs, each by a way of its own: the case of U+0130, NFC and NFD, and a
# domain with xn--. PostgreSQL's lower() takes none of them for one address.
PAIRS = [("\u0130x@example.org", "i\u0307x@example.org"),
         ("jos\u00e9@example.org", "jose\u0301@example.org"),
         ("x@b\u00fccher.example.org", "x@xn--bcher-kva.example.org")]
KEYS = ["i\u0307x@example.org", "jos\u00e9@example.org",
        "x@b\u00fccher.example.org"]
STATE = ("SELECT md5(string_agg(u::text, ',' ORDER BY id)) FROM users u",
         "SELECT array_agg(version ORDER BY version) FROM keel_migrations",
         "SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE "
         "tablename = 'users'",
         "SELECT array_agg(tgname::text || tgenabled::text) FROM pg_trigger"
         " WHERE tgrelid = 'users'::regclass")


@pytest.fixture
def old(make_server, cluster):
    """A database of the version before."""
    server = make_server(database=cluster.database())
    server.sql("CREATE FUNCTION keel_email_key() RETURNS integer LANGUAGE sql "
               "AS 'SELECT 1'")
    done = server.command("migrate")
    assert "0014_email_keys" in done.stderr
    server.sql("DROP FUNCTION keel_email_key()")
    return server


def add(server, email, seconds=0):
    return server.sql(
        "INSERT INTO users (id, email, name, hashed_password, created_at) "
        "VALUES (gen_random_uuid(), %s, 'x', '!', now() + %s * interval '1 s')"
        " RETURNING id::text", email, seconds)[0][0]


def test_of_all_users_the_six_that_collide_are_named(old):
    count = size(2000, 20000)
    old.sql("INSERT INTO users (id, email, name, hashed_password, updated_at, "
            "version) SELECT gen_random_uuid(), 'User' || n || '@Example.com',"
            " 'x', '!', '2020-02-02', 7 FROM generate_series(1, %s) n", count)
    ids = [(add(old, first), add(old, second, 1)) for first, second in PAIRS]
    before = [old.sql(statement) for statement in STATE]
    done = old.command("migrate")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert sorted(lines[:3]) == sorted(
        "keel: two users have the same address: %s (%s) and %s (%s)" % (
            first, first_id, second, second_id)
        for (first, second), (first_id, second_id) in zip(PAIRS, ids))
    assert lines[3:] == [
        "keel: 0014_email_keys is not applied: its step: of each pair above, "
        "delete one, or give them another address, and run ./keel migrate "
        "again"]
    assert [old.sql(statement) for statement in STATE] == before

    for i, (_, second) in enumerate(ids):
        old.sql("UPDATE users SET email = %s WHERE id = %s",
                "mended%d@example.org" % i, second)
    begun = time.monotonic()
    done = old.command("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    print("%d users have keys after %.1f s" % (count + 6,
                                               time.monotonic() - begun))
    assert old.sql("SELECT count(*) FROM users WHERE email_key = lower(email)"
                   " AND version = 7 AND updated_at = '2020-02-02'") == [
                       (count,)]
    assert old.sql("SELECT email_key FROM users WHERE id::text = ANY (%s) "
                   "ORDER BY created_at", [first for first, _ in ids]) == [
                       (key,) for key in KEYS]
    assert old.sql("SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgrelid = "
                   "'users'::regclass AND NOT tgisinternal") == [("O",)]
    assert "up to date" in old.command("migrate").stdout


def test_all_of_more_than_two_are_named(old):
    """And controls of a terminal are not sent to it."""
    ids = [add(old, email, i) for i, email in enumerate([
        "a@\u0430.example.org", "a@xn--80a.example.org",
        "a@xn--80a.example.org "])]
    odd = add(old, "o\x1b[0mdd@example.org"), add(
        old, " o\x1b[0mdd@example.org", 1)
    done = old.command("migrate")
    assert done.stderr.count("two users have the same address") == 3
    assert done.stderr.count(ids[0]) == 2
    assert all(text in done.stderr for text in (*ids, *odd))
    assert "\x1b" not in done.stderr


def test_what_has_no_key_is_named(old):
    """Each becomes three of 12 bytes in NFC, more than an index takes."""
    user = add(old, "\U0001d160" * 255)
    done = old.command("migrate")
    assert done.stderr.splitlines()[0] == (
        "keel: the address of the user %s is too long for a key" % user)
    old.sql("DELETE FROM users")
    assert old.command("migrate").returncode == 0


def test_a_dry_run_stops_where_there_are_users(old):
    add(old, "a@example.org")
    done = old.command("migrate", "--dry-run")
    assert "IF EXISTS (SELECT FROM users) THEN RAISE EXCEPTION " \
        "'0014_email_keys has a step in C" in done.stdout


#
# The trigger.
#

@pytest.fixture(scope="module")
def database(cluster):
    return released_database(cluster)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        yield db


def insert(db, **columns):
    row = {"id": str(uuid.uuid4()), "name": "x",
           "hashed_password": "!"} | columns
    return db.sql("INSERT INTO users (%s) VALUES (%s) RETURNING email_key" % (
        ", ".join(row), ", ".join(["%s"] * len(row))), *row.values())[0][0]


def refused(db, text, change, *params):
    with db.undone(), pytest.raises(psycopg2.errors.CheckViolation) as error:
        change(*params)
    assert text in str(error.value)
    return error.value


@pytest.mark.parametrize("email, key", [
    ("Ada@Example.COM", "ada@example.com"), ("ROOT@localhost",) * 2,
    ("x@Host_Name.example.com", "x@host_name.example.com"), ("A", "a"),
    ("xn--a@b.com", "xn--a@b.com"), ("a.xn--b@c.com", "a.xn--b@c.com"),
    ("a@bxn--c.com", "a@bxn--c.com"), ("", "")])
def test_an_ascii_address_gets_its_key(db, email, key):
    assert insert(db, email=email) == key.lower()
    assert insert(db, email="b@example.org", email_key=None) == "b@example.org"


@pytest.mark.parametrize("email", [
    "\u0130x@example.org", "jos\u00e9@example.org", "a@XN--bcher-kva.de",
    "a@b.xn--p1ai", " a@example.org", "a b@example.org", "a@b.org\n"])
def test_another_address_needs_a_key(db, email):
    error = refused(db, "PostgreSQL cannot make the email_key",
                    lambda: insert(db, email=email))
    assert "./keel email-key" in error.diag.message_hint
    assert insert(db, email=email, email_key="key") == "key"
    refused(db, "no email_key begins with a blank",
            lambda: insert(db, email=email, email_key=" key"))


def test_a_key_does_not_contradict_the_address(db):
    for key in ("eve@example.org", "", "ADA@example.org"):
        refused(db, "the email_key of Ada@example.org is ada@example.org",
                lambda: insert(db, email="Ada@example.org", email_key=key))
    assert insert(db, email="Ada@example.org",
                  email_key="ada@example.org") == "ada@example.org"
    refused(db, "is ada@example.org, not eve@", db.sql,
            "UPDATE users SET email_key = 'eve@example.org'")


STEPS = [
    ("email = 'New@example.org'", "new@example.org", 2),
    ("email = 'New@example.org'", "new@example.org", 2),
    ("email = 'jos\u00e9@b.org', email_key = 'jos\u00e9@b.org'",
     "jos\u00e9@b.org", 3),
    ("name = 'y'", "jos\u00e9@b.org", 4),
    ("email = email, email_key = email_key, name = 'z'", "jos\u00e9@b.org", 5),
    ("email = 'JOS\u00c9@b.org', email_key = email_key", "jos\u00e9@b.org", 6),
    ("email = 'a@b.org'", "a@b.org", 7),
    ("email_key = 'a@b.org'", "a@b.org", 7),
    ("email_key = NULL", "a@b.org", 7),
    ("email_key = DEFAULT, email = 'c@b.org'", "c@b.org", 8)]


def test_an_update_keeps_the_two_together(db):
    insert(db, email="ada@example.org")
    for change, key, version in STEPS:
        db.sql("UPDATE users SET " + change)
        assert db.sql("SELECT email_key, version::integer FROM users") == [
            (key, version)]


@pytest.mark.parametrize("change", [
    "email = 'jos\u00e9@b.org'", "email = 'a@xn--bcher-kva.de'",
    "email = ' a@b.org'", "email = 'jos\u00e9@b.org', email_key = NULL"])
def test_an_update_needs_a_key_for_another_address(db, change):
    insert(db, email="ada@example.org")
    refused(db, "PostgreSQL cannot make the email_key", db.sql,
            "UPDATE users SET " + change)
