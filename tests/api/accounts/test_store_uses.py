# SPDX-License-Identifier: ISC
"""The statement that stores the last uses of sessions, run alone, on rows that
miss one of its conditions or that others have locked."""

import psycopg2
import pytest

from queries import begin

ADA, BOB = ("00000000-0000-4000-8000-%012d" % n for n in (1, 2))
ADA_1, ADA_2, BOB_1, BOB_2, NONE = ("00000000-0000-4000-9000-%012d" % n
                                    for n in range(1, 6))
FILL = f"""
INSERT INTO users (id, email, name, hashed_password, role) VALUES
    ('{ADA}', 'ada@example.com', 'Ada', 'x', 'user'),
    ('{BOB}', 'bob@example.com', 'Bob', 'x', 'user');
INSERT INTO sessions (id, user_id, client, expires_at, last_used_at)
SELECT id::uuid, user_id::uuid, client, '9999-01-01', now() - interval '1 hour'
  FROM (VALUES ('{ADA_1}', '{ADA}', '::1'), ('{ADA_2}', '{ADA}', '::2'),
    ('{BOB_1}', '{BOB}', '::3'), ('{BOB_2}', '{BOB}', '::4'))
    AS t (id, user_id, client);
"""


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        db.sql(FILL)
        yield db


def store_uses(db, *uses):
    """Each use is a session, an address, and how many seconds ago. Returns the
    sessions that are returned."""
    arrays = ["{%s}" % ",".join(array) for array in zip(*[
        (session, client, str(round(ago * 1000)))
        for session, client, ago in uses])]
    return [id for id, in db.run("sessions.store_uses", **dict(zip(
        ("ids", "clients", "ages"), arrays)))]


def used(db, session, ago, client=None):
    db.sql("UPDATE sessions SET last_used_at = now() - make_interval(secs => "
           "%s), last_client = %s WHERE id = %s", ago, client, session)


def last_use(db, session):
    return db.sql("SELECT extract(epoch FROM now() - last_used_at)::float, "
                  "last_client FROM sessions WHERE id = %s", session)[0]


def test_last_uses_are_stored(db):
    for session in ADA_1, ADA_2, BOB_1, BOB_2:
        used(db, session, 3600)
    assert store_uses(db, (BOB_2, "::9", 0), (ADA_1, "::8", 2.5),
                      (NONE, "::9", 0), (BOB_1, "192.0.2.7", 60)) == []
    assert last_use(db, BOB_2) == (0, "::9")
    assert last_use(db, ADA_1) == (2.5, "::8")
    assert last_use(db, BOB_1) == (60, "192.0.2.7")
    assert last_use(db, ADA_2) == (3600, None)


# How many seconds ago it was used, says the row; the new use; is it stored?
@pytest.mark.parametrize("before, client, ago, stored", [
    (11, "::1", 1, False), (11.001, "::1", 1, True),
    (11, "::5", 1, True), (1.001, "::5", 1, True), (1, "::5", 1, False),
    (0, "::5", 1, False), (-60, "::5", 0, False), (-60, "::1", 0, False),
    (40, "::1", 35, False), (40, "::1", 29, True)])
def test_a_last_use_is_stored_if_it_is_later(db, before, client, ago, stored):
    """By more than ten seconds, or from another address."""
    used(db, ADA_1, before)
    assert store_uses(db, (ADA_1, client, ago)) == []
    assert last_use(db, ADA_1) == ((ago, client) if stored else
                                   (before, None))


def test_the_address_that_was_last_used_counts(db):
    used(db, ADA_1, 5, "::5")
    assert store_uses(db, (ADA_1, "::5", 0)) == []
    assert last_use(db, ADA_1) == (5, "::5")
    store_uses(db, (ADA_1, "::1", 0))      # that of the sign-in
    assert last_use(db, ADA_1) == (0, "::1")


def test_a_session_that_was_revoked_has_no_later_use(db):
    used(db, ADA_1, 3600)
    db.sql("UPDATE sessions SET revoked_at = now() WHERE id = %s", ADA_1)
    assert store_uses(db, (ADA_1, "::9", 0)) == []
    assert last_use(db, ADA_1) == (3600, None)


def test_sessions_that_others_lock_are_returned(db, cluster, database):
    """They are left as they are; the others are stored."""
    db.sql("COMMIT")
    other = psycopg2.connect(host=cluster.socket, user="postgres",
                             port=cluster.port, dbname=database)
    try:
        other.cursor().execute("SELECT FROM sessions WHERE id IN (%s, %s) "
                               "FOR NO KEY UPDATE", (BOB_2, ADA_1))
        db.sql("BEGIN")
        assert sorted(store_uses(db, *[
            (session, "::9", 0) for session in
            (BOB_2, BOB_1, ADA_2, ADA_1)])) == [ADA_1, BOB_2]
        # A new refresh token only refers to the session.
        other.rollback()
        other.cursor().execute("SELECT FROM sessions WHERE id = %s FOR KEY "
                               "SHARE", (BOB_2,))
        assert store_uses(db, (BOB_2, "::9", 0)) == []
        assert [client for client, in db.sql(
            "SELECT last_client FROM sessions ORDER BY id")] == [
                None, "::9", "::9", "::9"]
    finally:
        other.close()
        db.sql("ROLLBACK; TRUNCATE users CASCADE; COMMIT")
