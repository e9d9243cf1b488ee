# SPDX-License-Identifier: ISC
"""Every purge: which rows it deletes, to the microsecond; how many at a time;
and the jobs that purge, with more rows than one statement deletes."""

import time
import uuid

import pytest

from queries import begin
from runner import count_jobs, wait_for

USER, NOBODY, OWN = (str(uuid.uuid4()) for _ in range(3))
BATCH = 1000        # rows per statement
KEEP_DAYS = 3
AUDIT_KEEP_DAYS = 5

# A table, the column that names a row, and an INSERT of rows (name, time).
SESSION = ("sessions", "client", "INSERT INTO sessions (client, id, user_id, "
           "expires_at) SELECT name, gen_random_uuid(), '%s', time" % USER)
REVOKED = ("sessions", "client", "INSERT INTO sessions (client, id, user_id, "
           "expires_at, revoked_at) SELECT name, gen_random_uuid(), '%s', "
           "timestamptz '9999-01-01', time" % USER)
TOKEN = ("refresh_tokens", "convert_from(token_hash, 'UTF8')", "WITH owner AS "
         "(INSERT INTO sessions (id, user_id, client, expires_at) VALUES "
         "('%s', '%s', '10.9.9.9', '9999-1-1') ON CONFLICT DO NOTHING) INSERT "
         "INTO refresh_tokens (token_hash, session_id, used_at) SELECT "
         "name::text::bytea, '%s', time" % (OWN, USER, OWN))
FAILURE = ("sign_in_failures", "account", "INSERT INTO sign_in_failures "
           "(account, user_id, last_at) SELECT name, %s, time")
NETWORK = ("sign_in_networks", "host(network)", "INSERT INTO sign_in_networks "
           "(network, user_id, last_at) SELECT name::inet, '%s', time" % USER)
JOB = ("jobs", "kind", "INSERT INTO jobs (kind, id, payload, status, "
       "finished_at, created_at, run_at) SELECT name, gen_random_uuid(), "
       "'{}', '%s', time, time, now() + interval '1 day'")
RECIPIENT = ("mail_recipients", "recipient", "INSERT INTO mail_recipients "
             "(recipient, jobs, full_at) SELECT name, '{}', time")
LINK = ("account_tokens", "email", "INSERT INTO account_tokens (email, "
        "token_hash, purpose, user_id, state, expires_at) SELECT name, "
        "sha256(name::bytea), 'reset', '%s', 'x', time" % USER)
AUDIT = ("audit_log", "action", "INSERT INTO audit_log (action, id, "
         "created_at) SELECT name, gen_random_uuid(), time")

ANSWER = ("idempotency_keys", "convert_from(scope, 'UTF8')", "INSERT INTO "
          "idempotency_keys (scope, request, status, headers, created_at) "
          "SELECT name::text::bytea, '', 201, '', time")


def failure(user):
    return FAILURE[:2] + (FAILURE[2] % ("%s::uuid" % user),)


def job(status):
    return JOB[:2] + (JOB[2] % status,)


# Statement, its parameters before the number of rows, how a row is added, and
# the age at which it may still stay; None: it stays at any age.
PURGES = [
    ("sessions.purge", {}, SESSION, "1 day"),
    ("sessions.purge", {}, REVOKED, "1 day"),
    ("refresh_tokens.purge", {}, TOKEN, "1 hour"),
    ("sign_ins.purge_failures", {}, failure("NULL"), "7 days"),
    ("sign_ins.purge_failures", {}, failure("'%s'" % NOBODY), "7 days"),
    ("sign_ins.purge_failures", {}, failure("'%s'" % USER), None),
    ("sign_ins.purge_networks", {}, NETWORK, "400 days"),
    ("jobs.purge", {"days": 1}, job("done"), "1 day"),
    ("jobs.purge", {"days": 7}, job("done"), "7 days"),
    ("jobs.purge", {"days": 7}, job("cancelled"), "7 days"),
    ("jobs.purge", {"days": 7}, job("dead"), None),
    ("jobs.purge", {"days": 7}, job("queued"), None),
    ("jobs.purge", {"days": 7}, job("running"), None),
    ("mail.purge_recipients", {}, RECIPIENT, "0 days"),
    ("audit.purge", {"days": 1}, AUDIT, "1 day"),
    ("audit.purge", {"days": 365}, AUDIT, "365 days"),
    ("account_tokens.purge", {}, LINK, "0 days"),
    ("idempotency_keys.purge", {}, ANSWER, "1 day"),
]

ADDRESSES = ["192.0.2.%d" % i for i in range(5)]


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        db.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
               "(%s, 'a@example.com', 'A', '!')", USER)
        yield db


def add(db, how, name, age):
    """A row whose time is this long ago."""
    db.sql(how[2] + " FROM (SELECT %s AS name, now() - %s::interval AS time) "
           "t", name, age)


def names(db, how):
    return sorted(row[0] for row in db.sql("SELECT %s FROM %s" % (
        how[1], how[0])))


@pytest.mark.parametrize("name, params, how, age", PURGES)
def test_a_row_is_deleted_at_its_age_and_not_before(db, name, params, how,
                                                    age):
    over, at, under, new, old = ADDRESSES
    keep = age or "0 days"
    add(db, how, over, keep + " 1 microsecond")
    add(db, how, at, keep)
    add(db, how, under, keep + " -1 microsecond")
    add(db, how, new, "-10 years")
    add(db, how, old, "10 years")
    gone = [over, old] if age else []
    assert db.run(name, limit=BATCH, **params) == len(gone)
    assert names(db, how) == sorted(set(ADDRESSES) - set(gone))


@pytest.mark.parametrize("name, params, how, age", [
    purge for purge in PURGES if purge[3]])
def test_a_purge_deletes_as_many_rows_as_it_is_told(db, name, params, how,
                                                    age):
    for address in ADDRESSES:
        add(db, how, address, "10 years")
    assert [db.run(name, limit=2, **params) for _ in range(4)] == [2, 2, 1, 0]


def test_a_session_that_is_over_in_both_ways_is_deleted_once(db):
    for i, age in enumerate(("23 hours", "25 hours", "26 hours")):
        add(db, SESSION, ADDRESSES[i], age)
    db.sql("UPDATE sessions SET revoked_at = expires_at")
    assert [db.run("sessions.purge", limit=n) for n in (1, BATCH, 1)] == [1,
                                                                          1, 0]
    assert names(db, SESSION) == [ADDRESSES[0]]


#
# The jobs.
#

# Notes how many rows each statement deletes.
NOTE = """
CREATE TABLE batches (name text, size integer, n serial);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO batches (name, size) SELECT TG_TABLE_NAME, count(*) FROM gone;
    RETURN NULL;
END $$;
"""
NOTE_ONE = ("CREATE TRIGGER note AFTER DELETE ON %s REFERENCING OLD TABLE AS "
            "gone FOR EACH STATEMENT EXECUTE FUNCTION note()")

DUE = [(SESSION, "1 day"), (TOKEN, "1 hour"), (failure("NULL"), "7 days"),
       (NETWORK, "400 days"), (job("done"), "%d days" % KEEP_DAYS),
       (RECIPIENT, "0 days"), (LINK, "0 days"), (ANSWER, "1 day"),
       (AUDIT, "%d days" % AUDIT_KEEP_DAYS)]

KINDS = {"purge_jobs", "purge_sessions", "purge_recipients", "purge_audit",
         "purge_account_tokens", "purge_idempotency_keys"}


def fill(server, how, age):
    """Two batches and one row more that are a minute too old, and one row that
    lacks an hour."""
    server.sql(how[2] + " FROM (SELECT host('10.0.0.0'::inet + i) AS name, "
               "now() - %s::interval - interval '1 minute' AS time FROM "
               "generate_series(1, %s) i UNION ALL SELECT '10.9.9.9', now() - "
               "%s::interval + interval '1 hour') t", age, 2 * BATCH + 1, age)


def test_the_purges_run_until_nothing_is_left(make_server, start_runner):
    server = make_server(KEEL_JOBS_KEEP_DAYS=str(KEEP_DAYS),
                         KEEL_AUDIT_KEEP_DAYS=str(AUDIT_KEEP_DAYS))
    server.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
               "(%s, 'a@example.com', 'A', '!')", USER)
    for how, age in DUE:
        fill(server, how, age)
    server.sql(NOTE)
    for how, _ in DUE:
        server.sql(NOTE_ONE % how[0])
    start_runner(server)
    wait_for(lambda: server.sql(
        "SELECT count(DISTINCT kind) FROM jobs WHERE kind = ANY (%s) AND "
        "status = 'done'",
        list(KINDS)) == [(len(KINDS),)], 30)
    rounds = dict(server.sql("SELECT kind, extract(epoch FROM round)::bigint "
                             "FROM job_schedules"))
    for how, _ in DUE:
        assert server.sql("SELECT DISTINCT %s FROM %s WHERE NOT %s = ANY (%%s)"
                          % (how[1], how[0], how[1]), list(rounds)) == [
                              ("10.9.9.9",)]
        assert [row[0] for row in server.sql(
            "SELECT size FROM batches WHERE name = %s AND size > 0 ORDER BY n",
            how[0])] == [BATCH, BATCH, 1]
    assert KINDS <= set(rounds)
    now = time.time()
    for moment in map(rounds.get, KINDS):
        assert moment % 3600 == 0 and now - 3660 < moment <= now
    assert count_jobs(server, status="dead") == 0
