# SPDX-License-Identifier: ISC
"""The statements about times of jobs: for later, of leases that stand still,
after a clock was set back, and of kinds that nobody knows."""

import uuid

import pytest

from queries import begin
from released import RELEASED, text_of

ME, OTHER = (str(uuid.UUID(int=n)) for n in (1, 2))


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        yield db


def store(db, seconds=0, at=None, key=None, payload="{}", kind="a"):
    """Returns the job's id and whether it was stored or changed another, as
    jobs_repository_enqueue() does it."""
    id = str(uuid.uuid4())
    stored = db.run("jobs.enqueue", id=id, kind=kind, payload=payload,
                    unique_key=key, request_id="r", seconds=seconds, at=at)
    return id, stored or db.run("jobs.sooner", kind=kind, unique_key=key,
                                seconds=seconds, at=at)


def insert(db, run_at, set_at="0", status="queued", kind="a", attempts=0):
    """Times are intervals from now; set_at may be None."""
    return db.sql(
        "INSERT INTO jobs (id, kind, payload, status, attempts, run_at, "
        "set_at) VALUES (gen_random_uuid(), %s, '{}', %s, %s, now() + "
        "%s::interval, now() + %s::interval) RETURNING id::text", kind,
        status, attempts, run_at, set_at)[0][0]


def times(db, id):
    """Seconds from now of run_at, and of set_at."""
    return tuple(n if n is None else float(n) for n in db.sql(
        "SELECT extract(epoch FROM run_at - now()), extract(epoch FROM "
        "set_at - now()) FROM jobs WHERE id = %s", id)[0])


def when(db, interval):
    return db.sql("SELECT (now() + %s::interval)::text", interval)[0][0]


#
# For later.
#

@pytest.mark.parametrize("seconds, at, run_at, set_at", [
    (0, None, 0, 0), (1, None, 1, 0), (86400, None, 86400, 0),
    (316224000, None, 316224000, 0), (0, "1 hour", 3600, None),
    (0, "1 microsecond", 1e-6, None), (0, "0", 0, 0), (0, "-1 day", 0, 0)])
def test_when_a_job_is_due(db, seconds, at, run_at, set_at):
    """What was to be done in the past is due now, and not before others."""
    id, stored = store(db, seconds, at and when(db, at))
    assert stored == 1
    assert times(db, id) == (run_at, set_at)
    assert len(db.run("jobs.claim", runner=ME, kinds="{a}", limit=9,
                      lease_seconds=20)) == (run_at == 0)


@pytest.mark.parametrize("first, second, expected", [
    (60, 0, 0), (60, 30, 30), (30, 60, 30), (0, 60, 0), (30, 30, 30)])
def test_of_two_alike_the_earlier_time_counts(db, first, second, expected):
    id, _ = store(db, first, key="k", payload='{"n": 1}')
    _, changed = store(db, second, key="k", payload='{"n": 2}')
    assert changed == (second < first)
    assert times(db, id)[0] == expected
    assert db.sql("SELECT payload FROM jobs") == [({"n": 1},)]


@pytest.mark.parametrize("status, attempts", [
    ("queued", 1), ("running", 0), ("running", 1)])
def test_a_job_that_was_begun_keeps_its_time(db, status, attempts):
    """So nobody shortens the pause after a failure."""
    id, _ = store(db, 60, key="k")
    db.sql("UPDATE jobs SET status = %s, attempts = %s", status, attempts)
    assert store(db, 0, key="k")[1] == 0
    assert times(db, id)[0] == 60


#
# Leases.
#

def test_the_leases_of_all_runners(db):
    ids = [insert(db, "%d seconds" % n, status="running") for n in (5, -9)]
    for status in "queued", "done", "dead":
        insert(db, "0", status=status)
    rows = {str(id): run_at for id, run_at in db.run("jobs.held", limit=9)}
    [[now]] = db.sql("SELECT now()")
    assert set(rows) == {*ids, "None"} and rows["None"] == now
    rows = [str(id) for id, _ in db.run("jobs.held", limit=1)]
    assert sorted(rows) == sorted(["None", ids[1]])


@pytest.mark.parametrize("status, change, named, put_back", [
    ("running", "0", True, True), ("running", "1 microsecond", True, False),
    ("running", "0", False, False), ("queued", "0", True, False),
    ("done", "0", True, False), ("dead", "0", True, False)])
def test_a_lease_that_stood_still(db, status, change, named, put_back):
    id = insert(db, "7 seconds", status=status, attempts=3)
    other = insert(db, "8 seconds", status="running")
    db.sql("UPDATE jobs SET runner = %s", OTHER)
    lease = when(db, "7 seconds")
    db.sql("UPDATE jobs SET run_at = run_at + %s::interval", change)
    ids = [id if named else str(uuid.uuid4()), str(uuid.uuid4())]
    assert db.run("jobs.put_back", ids="{%s}" % ",".join(ids),
                  leases='{"%s","%s"}' % (lease, lease)) == \
        [(id, "a")] * put_back
    row = db.sql("SELECT status, runner::text, attempts FROM jobs WHERE "
                 "id = %s", id)
    if put_back:
        assert row == [("queued", None, 3)] and times(db, id) == (0, 0)
        assert db.run("jobs.settle", id=id, runner=OTHER, attempts=3,
                      status="done", error=None, seconds=0, uncounted=0) == 0
    else:
        assert row == [(status, OTHER, 3)]
    assert db.sql("SELECT status FROM jobs WHERE id = %s", other) == [
        ("running",)]


#
# A clock that is set back.
#

@pytest.mark.parametrize("run_at, set_at, status, expected", [
    # Stored by a clock that was an hour ahead: at once, or with a wait.
    ("1 hour", "1 hour", "queued", 0),
    ("1 hour 50 seconds", "1 hour", "queued", 50),
    ("2 hours", "2 seconds", "queued", 7198),
    # An old server set run_at only.
    ("1 hour", "3 hours", "queued", 0),
    # The wait began before; a time; not queued; a transaction's start.
    ("1 hour", "0", "queued", None), ("1 hour", "-1 day", "queued", None),
    ("1 hour", None, "queued", None), ("1 hour", "1 hour", "done", None),
    ("1 hour", "1 hour", "running", None),
    ("1 hour", "1 second", "queued", None)])
def test_waits_after_a_clock_was_set_back(db, run_at, set_at, status,
                                          expected):
    id = insert(db, run_at, set_at, status)
    before = times(db, id)
    changed = expected is not None
    assert db.run("jobs.reset_waits", limit=9) == changed
    assert times(db, id) == ((expected, 0) if changed else before)
    assert db.run("jobs.reset_waits", limit=9) == 0


def test_waits_are_reset_in_batches(db):
    for _ in range(5):
        insert(db, "1 hour", "1 hour")
    assert [db.run("jobs.reset_waits", limit=2) for _ in range(4)] == [
        2, 2, 1, 0]


@pytest.mark.parametrize("status, seconds", [("queued", 9), ("done", 0)])
def test_an_outcome_counts_from_now(db, status, seconds):
    """A retry is a wait, also of a job that was stored for a time."""
    id = insert(db, "1 hour", None, "running", attempts=1)
    db.sql("UPDATE jobs SET runner = %s", ME)
    assert db.run("jobs.settle", id=id, runner=ME, attempts=1, status=status,
                  error=None, seconds=seconds, uncounted=0) == 1
    assert times(db, id) == (seconds, 0)


def test_a_retry_by_an_admin_counts_from_now(db):
    id = insert(db, "1 hour", None)
    db.run("admin_jobs.retry", id=id)
    run_at, set_at = times(db, id)
    assert set_at == 0 and 0 <= run_at < 60


#
# Kinds that nobody knows.
#

@pytest.mark.parametrize("kind, status, age, shown, dead", [
    ("x", "queued", "-59 minutes", 0, 0), ("x", "queued", "-61 minutes", 1, 0),
    ("x", "queued", "-7 days 1 second", 1, 0),
    ("x", "queued", "-7 days -1 second", 1, 1),
    ("a", "queued", "-8 days", 0, 0), ("x", "running", "-8 days", 0, 0),
    ("x", "dead", "-8 days", 0, 0), ("x", "queued", "8 days", 0, 0)])
def test_jobs_of_unknown_kinds(db, kind, status, age, shown, dead):
    id = insert(db, age, status=status, kind=kind)
    [[run_at]] = db.sql("SELECT run_at FROM jobs")
    assert db.run("jobs.unknown", kinds="{a,b}") == [(kind, 1, run_at)] * shown
    assert db.run("jobs.bury", kinds="{a,b}", days=7, limit=9) == dead
    assert db.sql("SELECT status, error, finished_at = now() FROM jobs WHERE "
                  "id = %s", id) == [
                      ("dead", "No runner knows jobs of this kind (7 days)",
                       True) if dead else (status, None, None)]


#
# Jobs of the version before.
#

def test_jobs_that_wait_while_the_migration_runs(cluster):
    """They keep their times, and wait since then."""
    database = cluster.database()
    for name in RELEASED:
        if name == "0019_jobs_times.sql":
            break
        cluster.sql(text_of(name), database=database)
    with begin(cluster, database) as db:
        db.sql("INSERT INTO jobs (id, kind, payload, run_at) VALUES "
               "(gen_random_uuid(), 'a', '{}', now() + interval '1 hour')")
        db.sql("INSERT INTO job_schedules VALUES ('b', now())")
        [[id]] = db.sql("SELECT id::text FROM jobs")
        db.sql(text_of("0019_jobs_times.sql"))
        assert times(db, id) == (3600, 0)
        # Its server and runner go on.
        db.sql("INSERT INTO jobs (id, kind, payload) VALUES "
               "(gen_random_uuid(), 'c', '{}')")
        assert db.run("jobs.reset_waits", limit=9) == 0
        assert [row[1] for row in db.run("jobs.claim", runner=ME, limit=9,
                                         kinds="{a,c}", lease_seconds=20)] == [
            "c"]
        assert db.sql("SELECT day, before FROM job_schedules") == [
            (None, None)]
