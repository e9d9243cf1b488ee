# SPDX-License-Identifier: ISC
"""The statements of jobs, of mail's count and of /readyz, to the microsecond:
each condition from a table of rows."""

import uuid

import psycopg2
import pytest

from queries import begin

ME, OTHER = (str(uuid.UUID(int=n)) for n in (1, 2))
LEASE = 20
AGES = {"due": "0", "before": "-1 microsecond", "soon": "1 microsecond",
        "late": "-1 hour", "later": "1 hour"}


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        yield db


def add(db, run_at="0", **columns):
    """A job that is due in this time; returns its id."""
    row = {"id": str(uuid.uuid4()), "kind": "a", "payload": '{"n": 1}',
           "error": "before", "request_id": "req", "attempts": 3,
           "created_at": "2026-01-01Z"} | columns
    db.sql("INSERT INTO jobs (%s, run_at) VALUES (%s, now() + %%s::interval)" %
           (", ".join(row), ", ".join(["%s"] * len(row))), *row.values(),
           run_at + " seconds" if run_at.isdigit() else run_at)
    return row["id"]


def read(db, id):
    [[row]] = db.sql("SELECT to_jsonb(j) || jsonb_build_object('in', "
                     "extract(epoch FROM run_at - now()), 'ended', "
                     "finished_at = now()) FROM jobs j WHERE id = %s", id)
    for name in ("run_at", "finished_at"):
        del row[name]
    return row


#
# Claims.
#

@pytest.mark.parametrize("status, when, kind, claimed", [
    ("queued", "due", "a", True), ("queued", "before", "a", True),
    ("queued", "late", "b", True), ("queued", "soon", "a", False),
    ("queued", "later", "a", False), ("queued", "late", "c", False),
    ("running", "due", "a", False), ("running", "late", "b", False),
    ("running", "soon", "a", False), ("running", "later", "a", False),
    ("running", "late", "c", False), ("done", "late", "a", False),
    ("dead", "late", "a", False), ("done", "due", "a", False)])
def test_a_job_that_is_due_is_claimed(db, status, when, kind, claimed):
    """One that runs never is: it must be put back first."""
    id = add(db, AGES[when], status=status, kind=kind, runner=OTHER)
    before = read(db, id)
    rows = db.run("jobs.claim", runner=ME, kinds="{a,b}", limit=10,
                  lease_seconds=LEASE)
    assert [row[:5] for row in rows] == [
        (id, kind, '{"n": 1}', "req", 4)] * claimed
    assert read(db, id) == before | ({
        "status": "running", "runner": ME, "attempts": 4, "in": LEASE}
        if claimed else {})


def test_the_first_due_are_claimed_first(db):
    ids = [add(db, "-%d seconds" % n) for n in (1, 4, 2, 3)]
    assert {row[0] for row in db.run("jobs.claim", runner=ME, kinds="{a}",
                                     limit=2, lease_seconds=LEASE)} == {
        ids[1], ids[3]}
    assert {row[0] for row in db.run("jobs.claim", runner=OTHER, kinds="{a}",
                                     limit=9, lease_seconds=LEASE)
            } == {ids[0], ids[2]}
    assert db.run("jobs.claim", runner=ME, kinds="{a}", limit=9,
                  lease_seconds=LEASE) == []


def test_two_runners_claim_at_once(cluster, template):
    """Neither waits for the other, and none gets a job twice."""
    database = cluster.database(template)
    with begin(cluster, database) as db:
        ids = {add(db) for _ in range(6)}
        db.sql("COMMIT")
    with begin(cluster, database) as one, begin(cluster, database) as two:
        for db in (one, two):
            db.sql("SET LOCAL lock_timeout = 5000")
        claims = [{row[0] for row in db.run("jobs.claim", runner=runner,
                                            kinds="{a}", limit=4,
                                            lease_seconds=LEASE)}
                  for db, runner in ((one, ME), (two, OTHER))]
    assert [len(claim) for claim in claims] == [4, 2]
    assert claims[0] | claims[1] == ids


@pytest.mark.parametrize("status, runner, named, renewed", [
    ("running", ME, True, True), ("running", OTHER, True, False),
    ("running", None, True, False), ("running", ME, False, False),
    ("queued", ME, True, False), ("done", ME, True, False),
    ("dead", ME, True, False)])
def test_a_runner_renews_its_own_leases(db, status, runner, named, renewed):
    id = add(db, "3 seconds", status=status, runner=runner)
    before = read(db, id)
    ids = "{%s,%s}" % (uuid.uuid4(), id if named else uuid.uuid4())
    assert db.run("jobs.renew", runner=ME, ids=ids,
                  lease_seconds=LEASE) == [(id,)] * renewed
    assert read(db, id) == before | ({"in": LEASE} if renewed else {})


#
# Outcomes.
#

@pytest.mark.parametrize("status, delay, uncounted", [
    ("done", "0.000", 0), ("dead", "0.000", 0), ("queued", "7.250", 0),
    ("queued", "0.000", 1)])
@pytest.mark.parametrize("error", [None, "why"])
def test_an_outcome_is_stored(db, status, delay, uncounted, error):
    id = add(db, "9 seconds", status="running", runner=ME)
    bystander = add(db, "9 seconds", status="running", runner=ME)
    before, other = read(db, id), read(db, bystander)
    assert db.run("jobs.settle", id=id, runner=ME, attempts=3, status=status,
                  error=error, seconds=delay,
                  uncounted=uncounted) == 1
    assert read(db, id) == before | {
        "status": status, "error": error, "runner": None,
        "attempts": 3 - uncounted, "in": float(delay),
        "ended": True if status in ("done", "dead") else None}
    assert read(db, bystander) == other


@pytest.mark.parametrize("columns", [
    {"runner": OTHER}, {"runner": None}, {"attempts": 2}, {"attempts": 4},
    {"status": "queued"}, {"status": "done"}, {"status": "dead"}])
def test_an_outcome_of_a_job_that_is_lost_does_not_count(db, columns):
    id = add(db, **{"status": "running", "runner": ME} | columns)
    before = read(db, id)
    assert db.run("jobs.settle", id=id, runner=ME, attempts=3, status="done",
                  error=None, seconds=0, uncounted=0) == 0
    assert read(db, id) == before


@pytest.mark.parametrize("length", [999, 1000, 1001])
def test_an_error_is_cut_to_1000_characters(db, length):
    id = add(db, status="running", runner=ME)
    assert db.run("jobs.settle", id=id, runner=ME, attempts=3, status="dead",
                  error="é" * length, seconds=0, uncounted=0) == 1
    assert read(db, id)["error"] == "é" * min(length, 1000)


#
# New jobs.
#

@pytest.mark.parametrize("status, key, stored", [
    ("queued", "u", 0), ("running", "u", 0), ("done", "u", 1),
    ("dead", "u", 1), ("queued", "v", 1), ("queued", None, 1)])
def test_a_job_waits_or_runs_once(db, status, key, stored):
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    assert db.run("jobs.enqueue", id=first, kind="a", payload='{"n": 2}',
                  unique_key=key, request_id="req", seconds=0) == 1
    row = read(db, first)
    assert {name: row[name] for name in (
        "kind", "payload", "status", "attempts", "unique_key", "request_id",
        "in", "runner", "error", "ended")} == {
            "kind": "a", "payload": {"n": 2}, "status": "queued",
            "attempts": 0, "unique_key": key, "request_id": "req", "in": 0,
            "runner": None, "error": None, "ended": None}
    db.sql("UPDATE jobs SET status = %s", status)
    if key is not None:
        key = "u"
    assert db.run("jobs.enqueue", id=second, kind="a", payload="{}",
                  unique_key=key, request_id=None, seconds=0) == stored
    assert db.run("jobs.enqueue", id=str(uuid.uuid4()), kind="b",
                  payload="{}", unique_key=key, request_id=None,
                  seconds=0) == 1


# The stored round, by $n the seconds of a round, and whether there is a job.
ROUNDS = [
    (None, True),
    ("to_timestamp(floor(extract(epoch FROM now()) / $n) * $n)", False),
    ("to_timestamp(floor(extract(epoch FROM now()) / $n) * $n) - interval "
     "'1 microsecond'", True),
    ("now() - interval '10 years'", True),
    ("now()", False),
    ("now() + $n * interval '1 second'", False),
    ("now() + $n * interval '1 second' + interval '1 microsecond'", True),
    ("now() + interval '10 years'", True),
]


@pytest.mark.parametrize("every", [7, 3600, 86400])
@pytest.mark.parametrize("stored, due", ROUNDS)
def test_a_round_has_one_job(db, every, stored, due):
    db.sql("INSERT INTO job_schedules VALUES ('other', now() + interval "
           "'9 years')")
    if stored:
        db.sql("INSERT INTO job_schedules VALUES ('a', %s)" %
               stored.replace("$n", str(every)))
    [[wait]] = db.sql("SELECT ceil(1000 * (%s - extract(epoch FROM now()) %% "
                      "%s))", every, every)
    rows = []
    for n in (due, 0):
        assert db.run("jobs.schedule", id=uuid.uuid4(), kind="a",
                      every=every) == [(n, wait)]
        rows.append(db.sql("SELECT * FROM job_schedules WHERE kind = 'a'"))
    assert rows[0] == rows[1]
    assert db.sql(
        "SELECT kind, payload, status, run_at = now(), unique_key FROM jobs"
        ) == [("a", {}, "queued", True, None)] * due
    if due:
        assert db.sql("SELECT extract(epoch FROM round) = floor(extract(epoch "
                      "FROM now()) / %s) * %s FROM job_schedules WHERE kind = "
                      "'a'", every, every) == [(True,)]


#
# How many mails a recipient gets.
#

MAILS, SECONDS = 5, 1000
ONE = SECONDS // MAILS      # seconds until one more is free


def count(db, job=None, recipient="r"):
    return db.run("mail.count", recipient=recipient,
                  job_id=job or uuid.uuid4(), most=MAILS, seconds=SECONDS)


def full_in(db):
    """The seconds until the whole limit is free."""
    [[seconds]] = db.sql("SELECT extract(epoch FROM full_at - now())::float "
                         "FROM mail_recipients WHERE recipient = 'r'")
    return seconds


def test_a_recipient_has_a_limit(db):
    for n in range(1, MAILS + 1):
        assert count(db) == 1
        assert full_in(db) == n * ONE
    assert count(db) == 0
    assert full_in(db) == SECONDS
    assert count(db, recipient="another") == 1


@pytest.mark.parametrize("change, free, after", [
    ("0", 0, SECONDS), ("-1 second", 0, SECONDS - 1),
    ("-%d seconds 1 microsecond" % ONE, 0, SECONDS - ONE + 1e-6),
    ("-%d seconds" % ONE, 1, SECONDS),
    ("-%d seconds" % (2 * ONE + 1), 2, SECONDS - 1),
    ("-10 years", MAILS, SECONDS)])
def test_mails_become_free_one_by_one(db, change, free, after):
    for _ in range(MAILS):
        count(db)
    db.sql("UPDATE mail_recipients SET full_at = full_at + %s::interval",
           change)
    assert [count(db) for _ in range(free + 1)] == [1] * free + [0]
    assert full_in(db) == pytest.approx(after, abs=1e-9)


def test_a_job_counts_once(db):
    jobs = [str(uuid.uuid4()) for _ in range(MAILS)]
    for job in jobs:
        assert count(db, job) == 1
    before = db.sql("SELECT jobs, full_at FROM mail_recipients")
    for job in jobs:
        assert count(db, job) == 1
    assert db.sql("SELECT jobs, full_at FROM mail_recipients") == before
    assert count(db) == 0


def test_the_last_100_jobs_are_known(db):
    jobs = [str(uuid.uuid4()) for _ in range(103)]
    for job in jobs:
        assert count(db, job) == 1
        db.sql("UPDATE mail_recipients SET full_at = now()")
    assert db.sql("SELECT jobs::text[] FROM mail_recipients") == [(
        jobs[3:],)]


#
# The state of the database.
#

def own_version(db):
    """Of the project's own migrations: 0 in Keel itself."""
    return db.sql("SELECT coalesce(max(version), 0) FROM keel_migrations "
                  "WHERE version > 1000")[0][0]


@pytest.mark.parametrize("read_only", ["off", "on"])
def test_the_database_is_as_new_as_its_last_migration(db, read_only):
    [[version]] = db.sql("SELECT count(*) FROM keel_migrations WHERE "
                         "version < 1000")
    own = own_version(db)
    db.sql("SET LOCAL transaction_read_only = " + read_only)
    assert db.run("health.database_state") == [
        (version, own, read_only == "off")]


def test_a_projects_own_migrations_count_apart(db):
    add = "INSERT INTO keel_migrations (version, name, checksum) VALUES " \
        "(%s, 'x', 'x')"
    [[version]] = db.sql("SELECT max(version) FROM keel_migrations WHERE "
                         "version < 1000")
    db.sql("DELETE FROM keel_migrations WHERE version > 1000")
    assert db.run("health.database_state") == [(version, 0, True)]
    for own in 9998, 9997:
        db.sql(add % own)
        assert db.run("health.database_state") == [(version, 9998, True)]
    db.sql("DELETE FROM keel_migrations WHERE version < 1000")
    assert db.run("health.database_state") == [(0, 9998, True)]


def test_a_migration_that_is_not_the_last_makes_no_state(db):
    own = own_version(db)
    db.sql("INSERT INTO keel_migrations (version, name, checksum) VALUES "
           "(999, 'x', 'x'), (100, 'x', 'x')")
    assert db.run("health.database_state") == [(999, own, True)]
    with pytest.raises(psycopg2.errors.UniqueViolation):
        db.sql("INSERT INTO keel_migrations (version, name, checksum) VALUES "
               "(100, 'x', 'x')")
