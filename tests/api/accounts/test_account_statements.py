# SPDX-License-Identifier: ISC
"""The statements of sql/queries about users, sessions and sign-ins, run alone,
each on rows that miss one of its conditions. A test is one transaction, so that
now() is the same moment in all of it: a time can be exactly at a border."""

import uuid

import psycopg2
import pytest
from psycopg2.extras import NamedTupleCursor

from queries import in_order, names_of, read_queries

ADA, BOB, EVE, NOBODY = ("00000000-0000-4000-8000-%012d" % n
                         for n in range(1, 5))
ADA_1, ADA_2, BOB_1, EVE_1, NONE = ("00000000-0000-4000-9000-%012d" % n
                                    for n in range(1, 6))
HOME, AWAY, BOBS = "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"
HASH = "the same for everybody"

FILL = f"""
INSERT INTO users (id, email, name, hashed_password, role) VALUES
    ('{ADA}', 'Ada@example.com', 'Ada', '{HASH}', 'user'),
    ('{BOB}', 'bob@example.com', 'Bob', '{HASH}', 'user'),
    ('{EVE}', 'eve@example.com', 'Eve', '{HASH}', 'admin');
INSERT INTO sessions (id, user_id, client, created_at, expires_at) VALUES
    ('{ADA_1}', '{ADA}', '::1', now(), now() + interval '1 day'),
    ('{ADA_2}', '{ADA}', '::2', now() + interval '1 s', '9999-01-01'),
    ('{BOB_1}', '{BOB}', '::3', now(), now() + interval '1 day'),
    ('{EVE_1}', '{EVE}', '::4', now(), now() + interval '1 day');
INSERT INTO sign_in_networks (user_id, network, last_at) VALUES
    ('{ADA}', '{HOME}', '2026-01-01'), ('{ADA}', '{AWAY}', now()),
    ('{BOB}', '{HOME}', '2026-01-01'), ('{BOB}', '{BOBS}', now());
INSERT INTO sign_in_failures (account, user_id, failures, last_at) VALUES
    ('{ADA}', '{ADA}', 2, now() - interval '1 hour'),
    ('{BOB}', '{BOB}', 2, now() - interval '1 hour'),
    ('unknown', NULL, 2, now() - interval '1 hour');
"""


def read_statements():
    return {name: text for file in ("users", "sessions", "sign_ins",
                                    "refresh_tokens")
            for name, text in read_queries(file).items()}


@pytest.fixture(scope="module")
def connection(cluster, template):
    connection = psycopg2.connect(
        host=cluster.socket, user="postgres", port=cluster.port,
        dbname=cluster.database(template))
    connection.cursor().execute("; ".join(
        'PREPARE "%s" AS %s' % pair for pair in read_statements().items()))
    connection.commit()
    yield connection
    connection.close()


class Database:
    def __init__(self, connection):
        # A project has columns of its own: rows are read by name.
        self.cursor = connection.cursor(cursor_factory=NamedTupleCursor)

    def sql(self, statement, *params):
        self.cursor.execute(statement, params or None)
        if self.cursor.description is None:
            return self.cursor.rowcount
        return [row[0] if len(row) == 1 else row
                for row in self.cursor.fetchall()]

    def run(self, name, /, **named):
        """The rows of a statement of sql/queries, or their number."""
        params = in_order(name, (), named)
        return self.sql('EXECUTE "%s"%s' % (name, " (%s)" % ", ".join(
            ["%s"] * len(params)) if params else ""), *params)

    def ids(self, name, /, **named):
        return [row[0] for row in self.run(name, **named)]

    def live(self):
        return self.sql("SELECT id::text FROM sessions WHERE revoked_at IS "
                        "NULL ORDER BY id")

    def networks(self, user):
        return self.sql("SELECT network::text FROM sign_in_networks WHERE "
                        "user_id = %s ORDER BY 1", user)


@pytest.fixture
def db(connection):
    db = Database(connection)
    db.sql(FILL)
    yield db
    connection.rollback()


#
# Who is signed in.
#

CHANGES = ["revoked_at = now()", "revoked_at = '9999-01-01'",
           "expires_at = now()", "expires_at = now() - interval '1 day'"]
ENDED = [f"UPDATE sessions SET {change} WHERE id = '{ADA_1}'"
         for change in CHANGES] + [f"DELETE FROM sessions WHERE id = '{ADA_1}'"]
DISABLED = (f"UPDATE users SET is_active = false WHERE id = '{ADA}'; UPDATE "
            "sessions SET revoked_at = NULL")
NAMES = ["revoked", "revoked_later", "expires_now", "expired", "deleted"]


def signed_in(db, user, session, target):
    """The ids of the users that are read."""
    if target is None:
        return set(db.ids("users.find_signed_in", id=user, session_id=session))
    rows = db.ids("users.find_signed_in_and_target", id=user,
                  session_id=session, target_id=target)
    assert len(rows) == len(set(rows))
    return set(rows)


every_target = pytest.mark.parametrize("target", [
    None, ADA, BOB, EVE, NOBODY], ids=["none", "self", "other", "admin",
                                       "nobody"])


@every_target
def test_a_good_session_signs_its_user_in(db, target):
    expected = {ADA, target} - {None, NOBODY}
    assert signed_in(db, ADA, ADA_1, target) == expected
    assert signed_in(db, ADA, ADA_2, target) == expected


@every_target
@pytest.mark.parametrize("change", [*ENDED, DISABLED],
                         ids=[*NAMES, "disabled"])
def test_a_session_that_has_ended_does_not(db, target, change):
    db.sql(change)
    assert signed_in(db, ADA, ADA_1, target) == set()
    assert signed_in(db, EVE, EVE_1, target) != set()


@every_target
@pytest.mark.parametrize("user, session", [
    (ADA, BOB_1), (BOB, ADA_1), (ADA, EVE_1), (EVE, ADA_1), (ADA, NONE),
    (NOBODY, ADA_1), (NOBODY, NONE), (ADA, ADA)])
def test_user_and_session_belong_together(db, target, user, session):
    assert signed_in(db, user, session, target) == set()


#
# Sessions.
#

IDLE = 1000     # seconds
FIRST = "ab" * 32


def is_confirmed(db, session, seconds=600):
    return db.run("sessions.is_confirmed", id=session, seconds=seconds)


def test_a_new_session_is_confirmed(db):
    assert is_confirmed(db, ADA_1) == [True]
    create(db)
    assert is_confirmed(db, NONE) == [True]


@pytest.mark.parametrize("age, confirmed", [
    ("599.999999 s", True), ("600 s", False), ("-1 s", True)])
def test_a_mark_counts_until_it_is_so_old(db, age, confirmed):
    db.sql("UPDATE sessions SET confirmed_at = now() - %s::interval WHERE id "
           "= %s", age, ADA_1)
    assert is_confirmed(db, ADA_1) == [confirmed]
    assert is_confirmed(db, ADA_2) == [True]
    assert is_confirmed(db, ADA_1, 601) == [True]
    db.sql("UPDATE sessions SET confirmed_at = '-infinity'")
    assert is_confirmed(db, ADA_1, 86400) == [False]
    db.sql("DELETE FROM sessions")
    assert is_confirmed(db, ADA_1) == []


def confirmed(db):
    return db.sql("SELECT id::text FROM sessions WHERE confirmed_at = now() "
                  "ORDER BY id")


def test_a_confirmation_is_of_one_session(db):
    db.sql("UPDATE sessions SET confirmed_at = '-infinity'")
    assert db.run("sessions.confirm", user_id=ADA, id=ADA_1) == 1
    assert confirmed(db) == [ADA_1]
    assert db.sql("SELECT account FROM sign_in_failures ORDER BY 1") == [
        BOB, "unknown"]


@pytest.mark.parametrize("user, session", [(ADA, BOB_1), (BOB, ADA_1),
                                           (ADA, NONE), (NOBODY, ADA_1)])
def test_a_session_of_another_user_is_not_confirmed(db, user, session):
    db.sql("UPDATE sessions SET confirmed_at = '-infinity'")
    assert db.run("sessions.confirm", user_id=user, id=session) == 0
    assert confirmed(db) == []


@pytest.mark.parametrize("change", ENDED, ids=NAMES)
def test_a_session_that_has_ended_is_not_confirmed(db, change):
    db.sql("UPDATE sessions SET confirmed_at = '-infinity'")
    db.sql(change)
    assert db.run("sessions.confirm", user_id=ADA, id=ADA_1) == 0
    assert confirmed(db) == []


def create(db, user=ADA, hash=HASH, network=HOME, device="a phone"):
    return db.run("sessions.create", id=NONE, user_id=user, client="::9",
                  expires_at="9999-01-01Z", hashed_password=hash,
                  network=network, device=device, token_hash=FIRST)


def test_a_new_session_resets_the_users_count_alone(db):
    assert create(db) == [False]
    assert db.sql("SELECT user_id::text, client, expires_at = '9999-01-01Z', "
                  "device FROM sessions WHERE id = %s", NONE) == [
                      (ADA, "::9", True, "a phone")]
    assert db.sql("SELECT encode(token_hash, 'hex'), used_at FROM "
                  "refresh_tokens WHERE session_id = %s", NONE) == [
                      (FIRST, None)]
    assert db.sql("SELECT account FROM sign_in_failures ORDER BY 1") == [
        BOB, "unknown"]
    assert db.sql("SELECT user_id::text FROM sign_in_networks WHERE network "
                  "= %s AND last_at = now()", HOME) == [ADA]
    assert db.networks(ADA) == [HOME, AWAY]


def test_a_new_network_becomes_known(db):
    assert create(db, network=BOBS) == [True]
    assert db.networks(ADA) == [HOME, AWAY, BOBS]
    assert db.networks(EVE) == []


def test_the_first_network_of_a_user_is_not_new(db):
    assert create(db, EVE) == [False]
    assert db.networks(EVE) == [HOME]
    db.sql("DELETE FROM sessions WHERE id = %s", NONE)
    assert create(db, EVE) == [False]
    db.sql("DELETE FROM sessions WHERE id = %s", NONE)
    assert create(db, EVE, network=AWAY) == [True]


@pytest.mark.parametrize("user, hash, change", [
    (ADA, HASH, "UPDATE users SET is_active = false"), (ADA, "x", None),
    (NOBODY, HASH, None)])
def test_no_session_for_a_user_who_has_changed(db, user, hash, change):
    if change:
        db.sql(change)
    assert create(db, user, hash, BOBS) == []
    assert db.sql("SELECT id FROM sessions WHERE id = %s", NONE) == []
    assert db.sql("SELECT token_hash FROM refresh_tokens") == []
    assert db.sql("SELECT sum(failures) FROM sign_in_failures") == [6]
    assert db.networks(ADA) == [HOME, AWAY]


def listed(db, limit=9, skip=0):
    return [(row.id, row.current) for row in db.run(
        "sessions.list:-created_at", current=ADA_1, user_id=ADA,
        idle_seconds=IDLE, **{
            "page.key": "infinity", "page.id": "f" * 32, "page.limit": limit,
            "page.skip": skip})]


def test_the_list_is_the_users_the_latest_first(db):
    assert listed(db) == [(ADA_2, False), (ADA_1, True)]
    assert listed(db, limit=1) == [(ADA_2, False)]
    assert listed(db, skip=1) == [(ADA_1, True)]
    assert db.run("sessions.list:count", user_id=ADA, idle_seconds=IDLE) == [2]
    assert db.run("sessions.list:count", user_id=NOBODY,
                  idle_seconds=IDLE) == [0]


UNUSED = (f"UPDATE sessions SET last_used_at = now() - interval '{IDLE} s' "
          f"WHERE id = '{ADA_1}'")


@pytest.mark.parametrize("change", [*ENDED, UNUSED], ids=[*NAMES, "unused"])
def test_a_session_that_has_ended_is_not_listed(db, change):
    db.sql(change)
    assert listed(db) == [(ADA_2, False)]
    assert db.run("sessions.list:count", user_id=ADA, idle_seconds=IDLE) == [1]
    before = db.sql("SELECT id, revoked_at FROM sessions ORDER BY id")
    # One that was not used may be used again, so it can be ended.
    assert db.run("sessions.revoke", user_id=ADA,
                  id=ADA_1) == (change == UNUSED)
    assert (db.sql("SELECT id, revoked_at FROM sessions ORDER BY id") ==
            before) == (change != UNUSED)


def test_one_session_ends(db):
    for session in (BOB_1, NONE):
        assert db.run("sessions.revoke", user_id=ADA, id=session) == 0
    assert db.run("sessions.revoke", user_id=BOB, id=ADA_1) == 0
    assert db.live() == [ADA_1, ADA_2, BOB_1, EVE_1]
    assert db.run("sessions.revoke", user_id=ADA, id=ADA_1) == 1
    assert db.live() == [ADA_2, BOB_1, EVE_1]


@pytest.mark.parametrize("kept, left", [
    (None, [BOB_1, EVE_1]), (ADA_1, [ADA_1, BOB_1, EVE_1]),
    (BOB_1, [BOB_1, EVE_1])])
def test_all_sessions_of_one_user_end(db, kept, left):
    count = db.run("sessions.revoke_all", user_id=ADA, kept=kept)
    assert count == 4 - len(left)
    assert db.live() == left
    assert db.sql("SELECT revoked_at = now() FROM sessions WHERE revoked_at "
                  "IS NOT NULL") == [True] * count


def test_a_session_keeps_the_time_at_which_it_ended(db):
    db.sql("UPDATE sessions SET revoked_at = '2026-01-01' WHERE id = %s",
           ADA_2)
    assert db.run("sessions.revoke_all", user_id=ADA, kept=None) == 1
    assert db.sql("SELECT revoked_at = '2026-01-01' FROM sessions WHERE id = "
                  "%s", ADA_2) == [True]


#
# What is deleted when it is old. Each row is (age, is it deleted?).
#

def ages(border):
    return [("%s" % border, False), ("%s 1 microsecond" % border, True),
            ("-1 hour", False), ("2000 days", True)]


def check_purge(db, name, count, deleted):
    """First in parts of one row, then of many: nothing is left to do."""
    before = db.sql(count)[0]
    assert db.run(name, limit=1) == 1
    assert db.run(name, limit=1000) == deleted - 1
    assert db.run(name, limit=1000) == 0
    assert db.sql(count) == [before - deleted]


def test_sessions_are_deleted_a_day_after_they_ended(db):
    """They expired or were revoked; their tokens go with them."""
    for age, _ in ages("1 day"):
        db.sql("INSERT INTO sessions (id, user_id, client, expires_at, "
               "revoked_at) SELECT gen_random_uuid(), %s, %s, expires, revoked"
               " FROM (VALUES (now() - %s::interval, NULL), ('9999-1-1', now()"
               " - %s::interval), (now() - %s::interval, now() - "
               "%s::interval)) AS t (expires, revoked)", BOB, age, age, age,
               age, age)
    db.sql("INSERT INTO refresh_tokens (token_hash, session_id) SELECT "
           "sha256(id::text::bytea), id FROM sessions")
    check_purge(db, "sessions.purge", "SELECT count(*) FROM sessions", 6)
    assert db.sql("SELECT DISTINCT client FROM sessions WHERE client !~ '::' "
                  "ORDER BY 1") == ["-1 hour", "1 day"]
    assert db.sql("SELECT count(*) FROM refresh_tokens") == db.sql(
        "SELECT count(*) FROM sessions")


def test_used_tokens_are_deleted_after_an_hour(db):
    for i, (age, _) in enumerate(ages("1 hour")):
        db.sql("INSERT INTO refresh_tokens (token_hash, session_id, "
               "created_at, used_at) SELECT sha256(%s || coalesce(used::text, "
               "'')::bytea), %s, '2020-01-01', used FROM unnest(ARRAY[NULL, "
               "now() - %s::interval]) AS t (used)", bytes([i]), ADA_1, age)
    check_purge(db, "refresh_tokens.purge", "SELECT count(*) FROM "
                "refresh_tokens WHERE used_at IS NOT NULL", 2)


#
# Refresh tokens.
#

SECOND = "cd" * 32


def add_token(db, used="NULL"):
    db.sql("INSERT INTO refresh_tokens (token_hash, session_id, used_at) "
           "VALUES (decode(%s, 'hex'), %s, " + used + ")", FIRST, ADA_1)


def found(db, hash=FIRST):
    return [row[2:] + row[:1] for row in db.run("refresh_tokens.find",
                                                hash=hash,
                                                idle_seconds=IDLE)]


@pytest.mark.parametrize("used, state", [
    ("NULL", (False, False)), ("now()", (True, False)),
    ("now() - interval '10 s'", (True, False)),
    ("now() - interval '10.000001 s'", (True, True))])
def test_a_token_is_found_by_its_hash(db, used, state):
    add_token(db, used)
    assert found(db) == [state + (True, ADA)]
    assert found(db, SECOND) == []


@pytest.mark.parametrize("change", [*ENDED[:-1], UNUSED, DISABLED],
                         ids=[*NAMES[:-1], "unused", "disabled"])
def test_a_token_of_a_session_that_has_ended(db, change):
    add_token(db)
    db.sql(change)
    assert found(db) == [(False, False, False, ADA)]


def test_a_token_is_replaced(db):
    add_token(db)
    db.sql("UPDATE sessions SET last_used_at = '2026-01-01'")
    assert db.run("refresh_tokens.rotate", hash=FIRST, next_hash=SECOND,
                  client="::7") == 1
    assert db.sql("SELECT encode(token_hash, 'hex'), session_id::text, used_at"
                  " = now() FROM refresh_tokens ORDER BY 1") == [
                      (FIRST, ADA_1, True), (SECOND, ADA_1, None)]
    assert db.sql("SELECT last_client FROM sessions WHERE last_used_at = "
                  "now()") == ["::7"]
    assert db.sql("SELECT count(*) FROM sessions WHERE last_used_at = "
                  "'2026-01-01'") == [3]


def by_token(db, session=ADA_1, hash=FIRST, ours="false"):
    return [row if isinstance(row, str) else row[0] for row in db.run(
        "sessions.revoke_by_token", id=session, hash=hash, ours=ours)]


def test_a_session_ends_by_one_of_its_tokens(db):
    add_token(db)
    assert by_token(db, hash=SECOND) == by_token(db, BOB_1) == []
    assert db.live() == [ADA_1, ADA_2, BOB_1, EVE_1]
    assert by_token(db) == [ADA]
    assert by_token(db) == []
    assert by_token(db, BOB_1, SECOND, "true") == [BOB]
    assert db.live() == [ADA_2, EVE_1]


@pytest.mark.parametrize("change", ENDED, ids=NAMES)
def test_a_session_that_has_ended_does_not_end_by_a_token(db, change):
    db.sql(change)
    assert by_token(db, ours="true") == []


def test_an_unused_session_ends_by_a_token(db):
    """Otherwise it would come back with a longer time in the settings."""
    db.sql(UNUSED)
    assert by_token(db, ours="true") == [ADA]


@pytest.mark.parametrize("limit, kept, left", [
    (1, ADA_1, [ADA_1]), (1, ADA_2, [ADA_2]), (2, ADA_1, [ADA_1, ADA_2]),
    (9, ADA_1, [ADA_1, ADA_2])])
def test_the_least_recently_used_sessions_end(db, limit, kept, left):
    db.sql("UPDATE sessions SET last_used_at = now() - interval '9 s' WHERE "
           "id = %s", ADA_1)
    assert db.run("sessions.limit", user_id=ADA, id=kept, most=limit,
                  idle_seconds=IDLE) == 2 - len(left)
    assert db.live() == sorted(left + [BOB_1, EVE_1])


def test_failures_of_nobody_are_deleted_after_a_week(db):
    for age, _ in ages("7 days"):
        db.sql("INSERT INTO sign_in_failures (account, user_id, last_at) "
               "SELECT %s || coalesce(who, ''), who::uuid, now() - "
               "%s::interval FROM unnest(ARRAY[NULL, %s, %s]) AS t (who)",
               age, age, NOBODY, BOB)
    check_purge(db, "sign_ins.purge_failures",
                "SELECT count(*) FROM sign_in_failures", 4)
    assert db.sql("SELECT count(*) FROM sign_in_failures WHERE user_id = %s",
                  BOB) == [5]


def test_networks_are_deleted_after_400_days(db):
    for i, (age, _) in enumerate(ages("400 days")):
        db.sql("INSERT INTO sign_in_networks (user_id, network, last_at) "
               "VALUES (%s, %s, now() - %s::interval)", EVE,
               "10.0.%d.0/24" % i, age)
    db.sql("UPDATE sign_in_networks SET last_at = now() WHERE user_id <> %s",
           EVE)
    check_purge(db, "sign_ins.purge_networks",
                "SELECT count(*) FROM sign_in_networks", 2)
    assert db.networks(EVE) == ["10.0.0.0/24", "10.0.2.0/24"]


def test_a_network_is_deleted_for_one_user(db):
    db.sql("UPDATE sign_in_networks SET last_at = now()")
    db.sql("UPDATE sign_in_networks SET last_at = '2020-01-01' WHERE user_id "
           "= %s AND network = %s", ADA, HOME)
    assert db.run("sign_ins.purge_networks", limit=9) == 1
    assert db.networks(BOB) == [HOME, BOBS]


#
# Attempts.
#

def attempt(db, account=ADA, user=ADA, network=BOBS, most=100):
    """Is the user known there? None: the attempt is refused."""
    rows = db.run("sign_ins.count_attempt", account=account, user_id=user,
                  network=network, most=most)
    return rows[0] if rows else None


def count_of(db, account=ADA):
    return db.sql("SELECT failures, last_at = now() FROM sign_in_failures "
                  "WHERE account = %s", account)


@pytest.mark.parametrize("network, known", [
    (HOME, True), (AWAY, True), (BOBS, False), ("192.0.3.0/24", False)])
def test_a_user_is_known_in_their_own_networks(db, network, known):
    assert attempt(db, network=network) is known
    assert count_of(db) == [(3, True)]
    assert attempt(db, EVE, EVE, network) is False
    assert count_of(db, EVE) == [(1, True)]


def test_so_many_attempts_pass_and_no_more(db):
    assert attempt(db, most=3) is False
    assert count_of(db) == [(3, True)]
    db.sql("UPDATE sign_in_failures SET last_at = '2026-01-01'")
    assert attempt(db, most=3) is None
    assert count_of(db) == [(3, False)]
    assert attempt(db, network=HOME, most=3) is True
    assert count_of(db) == [(4, True)]
    assert count_of(db, BOB) == [(2, False)]


def test_an_account_without_a_user_is_known_nowhere(db):
    assert attempt(db, "unknown", None, HOME, 3) is False
    assert attempt(db, "unknown", None, HOME, 3) is None
    assert attempt(db, "another", None, HOME, 3) is False


def test_the_count_does_not_overflow(db):
    db.sql("UPDATE sign_in_failures SET failures = 1000000")
    assert attempt(db, network=HOME) is True
    assert count_of(db) == [(1000000, True)]
    db.sql("UPDATE sign_in_failures SET failures = 999999")
    assert attempt(db, network=HOME) is True
    assert count_of(db) == [(1000000, True)]


def test_a_user_is_forgotten_in_all_networks_except_one(db):
    assert db.run("sign_ins.forget_networks", user_id=ADA, kept=HOME) == 1
    assert (db.networks(ADA), db.networks(BOB)) == ([HOME], [HOME, BOBS])


#
# Users.
#

def test_a_user_is_found_by_address_and_by_id(db):
    for key, found in (("ada@example.com", [ADA]), ("Ada@example.com", []),
                       ("ada@example.co", [])):
        assert db.ids("users.find_by_email", email_key=key) == found
    assert db.ids("users.find_by_id", id=ADA) == [ADA]
    assert db.ids("users.find_by_id", id=NOBODY) == []


def delete(db, user, version=None, careful=False):
    return db.run("users.delete", id=user, version=version,
                  except_admins=careful)


@pytest.mark.parametrize("careful", [False, True])
def test_one_user_is_deleted_if_the_version_is_the_same(db, careful):
    db.sql("UPDATE users SET name = 'New' WHERE id = %s", ADA)
    assert delete(db, ADA, 1, careful) == delete(db, NOBODY, None,
                                                 careful) == []
    [row] = delete(db, ADA, 2, careful)
    assert (row.id, row.email, row.name) == (ADA, "Ada@example.com", "New")
    [row] = delete(db, BOB, None, careful)
    assert row.id == BOB
    assert db.sql("SELECT id::text FROM users") == [EVE]


@pytest.mark.parametrize("role", ["user", "staff", "admin"])
@pytest.mark.parametrize("active", [True, False])
def test_an_active_admin_alone_is_not_deleted(db, role, active):
    db.sql("UPDATE users SET role = %s, is_active = %s WHERE id = %s", role,
           active, ADA)
    kept = role == "admin" and active
    assert len(delete(db, ADA, careful=True)) == (not kept)
    assert len(delete(db, ADA)) == kept


def test_the_active_admins_are_locked_in_the_order_of_their_ids(db):
    assert db.ids("users.lock_admins") == [EVE]
    db.sql("UPDATE users SET role = 'staff' WHERE id = %s", EVE)
    db.sql("UPDATE users SET role = 'admin'")
    assert db.ids("users.lock_admins") == [ADA, BOB, EVE]
    db.sql("UPDATE users SET is_active = false WHERE id = %s", BOB)
    assert db.ids("users.lock_admins") == [ADA, EVE]


def test_a_password_replaces_the_one_that_was_read(db):
    assert db.run("users.set_password", id=ADA, old_hash="x",
                  new_hash="new") == 0
    assert db.run("users.set_password", id=ADA, old_hash=HASH,
                  new_hash="new") == 1
    assert db.sql("SELECT id::text, hashed_password FROM users ORDER BY id"
                  ) == [(ADA, "new"), (BOB, HASH), (EVE, HASH)]


def row_of(db, user=ADA):
    return db.sql("SELECT email, name, role, is_active, email_verified, "
                  "version::integer FROM users WHERE id = %s", user)[0]


def update(db, user, version=None, **values):
    names = [name for name in names_of("users.update")
             if name.endswith(".set")]
    return db.run("users.update", id=user, version=version, **values, **{
        name: name[:-len(".set")] in values for name in names})


def test_an_update_changes_what_it_is_given(db):
    for i, name, value in [
            (0, "email", "a@example.com"), (1, "name", "Ada L."),
            (2, "role", "staff"), (3, "is_active", False)]:
        before = row_of(db)
        key = {"email_key": value} if name == "email" else {}
        [row] = update(db, ADA, **{name: value}, **key)
        after = row_of(db)
        assert after == before[:i] + (value,) + before[i + 1:5] + (
            before[5] + 1,)
        assert row.id == ADA and row.version == after[5]
    assert update(db, ADA, 4) == []
    assert len(update(db, ADA, 5)) == 1
    assert update(db, NOBODY) == []
    assert row_of(db, BOB)[5] == row_of(db, EVE)[5] == 1


@pytest.mark.parametrize("email, verified", [
    (None, True), ("ADA@example.com", True), ("ada@example.co", False)])
def test_a_verified_address_stays_so_in_any_case(db, email, verified):
    db.sql("UPDATE users SET email_verified = true WHERE id = %s", ADA)
    address = {"email": email, "email_key": email.lower()} if email else {}
    update(db, ADA, name="New", **address)
    assert row_of(db)[4] is verified
    update(db, BOB, name="New")
    assert row_of(db, BOB)[4] is False


def emails_of(db, user=ADA):
    return db.sql("SELECT email, pending_email, email_verified, "
                  "version::integer FROM users WHERE id = %s", user)[0]


def add_links(db, *users):
    for user in users:
        for purpose in ("email", "email_cancel", "reset"):
            db.sql("INSERT INTO account_tokens (token_hash, purpose, user_id, "
                   "state, expires_at) VALUES (sha256((%s || %s)::bytea), %s, "
                   "%s, '', '9999-01-01')", user, purpose, purpose, user)


def links_of(db, user):
    return db.sql("SELECT purpose FROM account_tokens WHERE user_id = %s "
                  "ORDER BY 1", user)


def test_a_pending_address_is_one_users_and_ends_their_links(db):
    add_links(db, ADA, BOB)
    assert db.run("users.set_pending_email", id=ADA, email="new@example.com",
                  version=7) == []
    assert len(links_of(db, ADA)) == 3
    [row] = db.run("users.set_pending_email", id=ADA, email="new@example.com",
                   version=1)
    assert (row.id, row.pending_email) == (ADA, "new@example.com")
    assert emails_of(db) == ("Ada@example.com", "new@example.com", False, 2)
    assert links_of(db, ADA) == ["reset"]
    assert len(links_of(db, BOB)) == 3
    assert emails_of(db, BOB)[1] is None
    assert db.run("users.set_pending_email", id=NOBODY, email="x",
                  version=None) == []
    [row] = db.run("users.set_pending_email", id=ADA, email=None, version=None)
    assert row.pending_email is None


def confirm(db, user, email):
    return db.run("users.confirm_email", id=user, email=email, email_key=email)


def test_a_pending_address_is_confirmed(db):
    db.run("users.set_pending_email", id=ADA, email="new@example.com",
           version=None)
    for user, email in ((ADA, "old@example.com"), (BOB, "new@example.com"),
                        (NOBODY, "new@example.com")):
        assert confirm(db, user, email) == []
    [row] = confirm(db, ADA, "new@example.com")
    assert row.email == "new@example.com"
    assert emails_of(db) == ("new@example.com", None, True, 3)
    assert confirm(db, ADA, "new@example.com") == []


def test_a_pending_address_is_dropped(db):
    for user in (ADA, BOB):
        db.run("users.set_pending_email", id=user, email="new@example.com",
               version=None)
    assert db.run("users.drop_pending_email", id=ADA) == 1
    assert db.run("users.drop_pending_email", id=ADA) == 0
    assert emails_of(db)[1] is None
    assert emails_of(db, BOB)[1] == "new@example.com"


@pytest.mark.parametrize("email, left", [
    (None, "new@example.com"), ("x@example.com", None),
    ("ADA@example.com", None)])
def test_another_address_ends_the_pending_one(db, email, left):
    db.run("users.set_pending_email", id=ADA, email="new@example.com",
           version=None)
    address = {"email": email} if email else {}
    update(db, ADA, name="New", **address)
    assert emails_of(db)[1] == left


def test_nobody_else_sees_a_pending_address(db):
    db.run("users.set_pending_email", id=ADA, email="new@example.com",
           version=None)
    seen = {row.id: row.pending_email for row in db.run(
        "users.find_signed_in_and_target", id=EVE, session_id=EVE_1,
        target_id=ADA)}
    assert seen == {ADA: None, EVE: None}
    for target in (ADA, BOB):
        seen = {row.id: row.pending_email for row in db.run(
            "users.find_signed_in_and_target", id=ADA, session_id=ADA_1,
            target_id=target)}
        assert seen[ADA] == "new@example.com"
    [row] = db.run("users.find_signed_in", id=ADA, session_id=ADA_1)
    assert row.pending_email == "new@example.com"
    for order, key in [
            ("created_at", "-infinity"), ("-created_at", "infinity"),
            ("email", ""), ("-email", None), ("name", ""), ("-name", None)]:
        rows = db.run("users.list:" + order, **{
            "page.key": key, "page.id": ("f" if "-" in order else "0") * 32,
            "page.limit": 9, "page.skip": 0})
        assert [row.pending_email for row in rows] == [None] * 3


@pytest.mark.parametrize("network, known", [(HOME, [HOME]), (None, [])])
def test_a_user_is_created_once(db, network, known):
    row = {"id": NOBODY, "email": "new@example.com", "name": "New",
           "email_key": "new@example.com", "hashed_password": "x",
           "role": "staff", "network": network}
    assert db.ids("users.create", **row) == [NOBODY]
    assert row_of(db, NOBODY) == ("new@example.com", "New", "staff", True,
                                  False, 1)
    assert db.networks(NOBODY) == known
    row.update(id=NONE, email="NEW@example.com")
    assert db.run("users.create", **row) == []
    assert db.networks(NONE) == []


def test_the_first_admin_is_created_once(db):
    entry = str(uuid.uuid4())
    assert db.run("users.create_admin", id=NOBODY, email="new@example.com",
                  email_key="new@example.com", hashed_password="x",
                  record_id=entry) == 1
    assert row_of(db, NOBODY) == ("new@example.com", "Administrator", "admin",
                                  True, True, 1)
    assert db.run("users.create_admin", id=NONE, email="EVE@example.com",
                  email_key="eve@example.com", hashed_password="x",
                  record_id=str(uuid.uuid4())) == 0
    assert db.sql("SELECT id::text, action, actor_id, target_id::text, "
                  "address, changes FROM audit_log") == [
        (entry, "user_created", None, NOBODY, None,
         {"role": {"from": None, "to": "admin"}})]
