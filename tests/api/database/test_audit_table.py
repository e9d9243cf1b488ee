# SPDX-License-Identifier: ISC
"""The table of the audit log: rows are only added, whoever asks, and only old
ones are deleted."""

import uuid

import psycopg2
import pytest

from queries import begin

OLD, NEW = (str(uuid.UUID(int=n)) for n in (1, 2))
REFUSED = "rows of audit_log are not changed"


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    """Two rows: exactly a day old, and a microsecond older."""
    with begin(cluster, database) as db:
        for id, age in ((NEW, "1 day"), (OLD, "1 day 1 microsecond")):
            db.sql("INSERT INTO audit_log (id, action, created_at) VALUES "
                   "(%s, 'a', now() - %s::interval)", id, age)
        yield db


@pytest.mark.parametrize("statement", [
    "UPDATE audit_log SET action = 'b'",
    "UPDATE audit_log SET changes = '{}' WHERE id = '%s'" % OLD,
    "UPDATE audit_log SET created_at = '-infinity' WHERE id = '%s'" % NEW,
    "INSERT INTO audit_log (id, action) VALUES ('%s', 'b') ON CONFLICT (id) "
    "DO UPDATE SET action = 'b'" % NEW,
    "DELETE FROM audit_log", "DELETE FROM audit_log WHERE id = '%s'" % NEW,
    "TRUNCATE audit_log"])
def test_what_is_refused(db, statement):
    with db.undone(), pytest.raises(psycopg2.errors.RaiseException,
                                    match=REFUSED):
        db.sql(statement)
    assert db.sql("SELECT id::text, action FROM audit_log ORDER BY id") == [
        (OLD, "a"), (NEW, "a")]


def test_an_old_row_may_go(db):
    db.sql("DELETE FROM audit_log WHERE id = %s", OLD)
    assert db.sql("SELECT id::text FROM audit_log") == [(NEW,)]


def test_an_action_is_all_that_a_row_needs(db):
    [row] = db.sql("INSERT INTO audit_log (id, action) VALUES (%s, 'a') "
                   "RETURNING created_at = now(), actor_id, session_id, "
                   "target_id, account, address, request_id, changes",
                   str(uuid.uuid4()))
    assert row == (True,) + (None,) * 7


def test_users_who_are_deleted_stay(db):
    user = str(uuid.uuid4())
    db.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
           "(%s, 'a@example.com', 'A', '!')", user)
    db.sql("INSERT INTO audit_log (id, action, actor_id, target_id) VALUES "
           "(%s, 'b', %s, %s)", str(uuid.uuid4()), user, user)
    db.sql("DELETE FROM users WHERE id = %s", user)
    assert db.sql("SELECT actor_id::text, target_id::text FROM audit_log "
                  "WHERE action = 'b'") == [(user, user)]


#
# Plans.
#

MANY = """
INSERT INTO audit_log (id, created_at, action, actor_id, target_id, session_id,
       address)
SELECT gen_random_uuid(), now() - i * interval '1 s',
       (ARRAY['a', 'b', 'c'])[i % 3 + 1], md5((i % 50)::text)::uuid,
       md5((i % 49)::text)::uuid, md5((i / 20)::text)::uuid,
       '192.0.2.' || i % 200
  FROM generate_series(1, 5000) i
"""


@pytest.fixture(scope="module")
def full(cluster, template):
    """Many rows, and the plans that PostgreSQL makes without the values."""
    with begin(cluster, cluster.database(template)) as db:
        db.sql(MANY)
        db.sql("ANALYZE audit_log")
        db.sql("SET LOCAL plan_cache_mode = force_generic_plan")
        yield db


@pytest.mark.parametrize("name", [
    "audit.list:-created_at", "audit.list:action:-created_at"])
def test_a_page_is_read_in_its_order(full, name):
    """Where very many rows match, they are not all read and sorted."""
    plan = full.plan(name)
    assert "Index Scan Backward using ix_audit_log_" in plan, plan
    assert "Sort" not in plan, plan
