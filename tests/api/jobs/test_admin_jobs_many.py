# SPDX-License-Identifier: ISC
"""Many jobs at once, as an admin retries, cancels and deletes them by a
filter."""

import concurrent.futures
import json
import uuid

import pytest

from helpers import check_error, check_validation
from job_admin import JOBS, Admin, add_job, row_of, statuses
from people import add_people, transaction, wait_for_waiting
from queries import begin

ACTIONS = {"retry": ("dead", "cancelled"), "cancel": ("queued",),
           "delete": ("done", "dead", "cancelled")}
BECOMES = {"retry": "queued", "cancel": "cancelled", "delete": None}
EVERY = ("queued", "running", "done", "dead", "cancelled")
PAIRS = [(action, status) for action, some in ACTIONS.items()
         for status in some]
USER = str(uuid.UUID(int=0xabc))


@pytest.fixture(scope="module")
def admin(start_module_server):
    server = start_module_server()
    with server.client() as client:
        yield Admin(server, client)


@pytest.fixture
def kind():
    """A kind that no other test has, and no runner knows."""
    return "k" + uuid.uuid4().hex


def add_many(admin, count, status, kind, **columns):
    """Jobs that were stored one after the other; returns their ids."""
    more = "".join(", " + name for name in columns)
    return [id for id, in admin.server.sql(
        "INSERT INTO jobs (id, kind, payload, status, created_at, attempts, "
        "finished_at%s) SELECT gen_random_uuid(), %%s, '{}', %%s, timestamptz "
        "'2026-01-01Z' + i * interval '1 second', 3, CASE WHEN %%s NOT IN "
        "('queued', 'running') THEN timestamptz '2026-02-01Z' + i * interval "
        "'1 second' END%s FROM generate_series(1, %%s) i RETURNING id::text" %
        (more, ", %s" * len(columns)), kind, status, status,
        *columns.values(), count)]


#
# The filter.
#

@pytest.mark.parametrize("action, status", PAIRS)
def test_it_changes_what_matches_and_nothing_else(admin, kind, action, status):
    server = admin.server
    ids = add_many(admin, 3, status, kind)
    others = [add_many(admin, 1, other, kind)[0] for other in EVERY
              if other != status]
    others += add_many(admin, 1, status, "other_" + kind)
    before = [row_of(server, id) for id in others]
    assert admin.change(action, status=status, kind=kind) == (3, 0, False)
    assert statuses(server, ids) == [BECOMES[action]] * 3
    assert [row_of(server, id) for id in others] == before
    assert admin.change(action, status=status, kind=kind) == (0, 0, False)


def test_a_retry_gives_all_attempts_and_is_due_now(admin, kind):
    [id] = add_many(admin, 1, "dead", kind, error="busy",
                    run_at="2200-01-01Z")
    before = row_of(admin.server, id)
    assert admin.change("retry", status="dead", kind=kind)[0] == 1
    after = row_of(admin.server, id)
    assert after == before | {"status": "queued", "attempts": 0,
                              "finished_at": None, "run_at": after["run_at"],
                              "set_at": after["run_at"]}
    [[seconds]] = admin.server.sql("SELECT extract(epoch FROM run_at - now()) "
                                   "FROM jobs WHERE id = %s", id)
    assert -60 < seconds <= 0


def test_a_cancelled_job_has_ended_and_keeps_the_rest(admin, kind):
    [id] = add_many(admin, 1, "queued", kind, error="busy")
    before = row_of(admin.server, id)
    assert admin.change("cancel", status="queued", kind=kind)[0] == 1
    after = row_of(admin.server, id)
    assert after["finished_at"] is not None
    assert after == before | {"status": "cancelled",
                              "finished_at": after["finished_at"]}


@pytest.mark.parametrize("filters, n", [
    ({"created_since": "2026-01-01T00:00:03Z"}, {3, 4, 5}),
    ({"created_until": "2026-01-01T01:00:03+01:00"}, {1, 2}),
    ({"finished_since": "2026-02-01T00:00:05Z"}, {5}),
    ({"finished_until": "2026-02-01T00:00:02Z"}, {1}),
    ({"created_since": "2026-01-01T00:00:02Z",
      "finished_until": "2026-02-01T00:00:04Z"}, {2, 3}),
    ({"created_since": "2026-01-02T00:00:00Z"}, set()),
    ({"limit": 2}, {1, 2}), ({}, {1, 2, 3, 4, 5})])
@pytest.mark.parametrize("user", [None, USER])
def test_every_filter(admin, kind, filters, n, user):
    """With and without a user: these are two statements."""
    ids = add_many(admin, 5, "dead", kind, user_id=USER)
    other = add_many(admin, 2, "dead", kind, user_id=str(uuid.uuid4())) \
        if user else []
    if user:
        filters = filters | {"user_id": user}
    shown = [job["id"] for job in admin.list("&".join(
        ["status=dead", "kind=" + kind, "limit=100"] + [
            "%s=%s" % (name, str(value).replace("+", "%2B"))
            for name, value in filters.items() if name != "limit"]))["items"]]
    assert "limit" in filters or shown == [
        id for i, id in reversed(list(enumerate(ids, 1))) if i in n]
    assert admin.change("delete", status="dead", kind=kind, **filters) == (
        len(n), 0, "limit" in filters)
    assert statuses(admin.server, ids) == [
        None if i in n else "dead" for i in range(1, 6)]
    assert statuses(admin.server, other) == ["dead"] * len(other)


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_is_changed_without_a_status(admin, kind, action):
    ids = [add_many(admin, 1, status, kind)[0] for status in EVERY]
    missing = {"body.status": ["Is required"]}
    assert check_validation(admin.ask_many(action)) == missing
    assert check_validation(admin.ask_many(action, kind=kind)) == missing
    choice = {"body.status": ["Must be one of: " + ", ".join(
        ACTIONS[action])]} if len(ACTIONS[action]) > 1 else None
    for status in [*(set(EVERY) - set(ACTIONS[action])), "", "Dead", "all"]:
        refused = check_validation(admin.ask_many(action, status=status,
                                                  kind=kind))
        assert refused == choice or choice is None
    assert statuses(admin.server, ids) == list(EVERY)


@pytest.mark.parametrize("body, field, message", [
    ({"kind": ""}, "kind", "Must match ^[A-Za-z0-9_]{1,100}$"),
    ({"kind": None}, "kind", "Must be a string, not null"),
    ({"kind": "%"}, "kind", "Must match ^[A-Za-z0-9_]{1,100}$"),
    ({"user_id": ""}, "user_id", "Must be a UUID"),
    ({"user_id": None}, "user_id", "Must be a UUID, not null"),
    ({"created_since": ""}, "created_since",
     "Must be a time of RFC 3339, such as 2026-01-31T12:00:00Z"),
    ({"finished_until": "now"}, "finished_until",
     "Must be a time of RFC 3339, such as 2026-01-31T12:00:00Z"),
    ({"limit": 0}, "limit", "Must be a number from 1 to 1000"),
    ({"limit": 1001}, "limit", "Must be a number from 1 to 1000"),
    ({"limit": "5"}, "limit", "Must be an integer"),
    ({"kinds": "x"}, "kinds", "Is not a field of this request")])
def test_a_filter_that_is_not_understood_changes_nothing(admin, kind, body,
                                                         field, message):
    """An empty value, as of a variable that is not set, is no absent one."""
    ids = add_many(admin, 2, "dead", kind)
    assert check_validation(admin.ask_many(
        "delete", **{"status": "dead"} | body)) == {"body." + field: [message]}
    assert statuses(admin.server, ids) == ["dead"] * 2


def test_a_query_is_no_filter(admin, kind):
    answer = admin.client.post(JOBS + "/delete?kind=" + kind,
                               json={"status": "dead"},
                               headers=admin.me.headers)
    assert check_validation(answer) == {
        "query.kind": ["Is not a parameter of this operation"]}


#
# In parts.
#

@pytest.mark.parametrize("action, status", PAIRS)
def test_the_oldest_come_first_and_has_more_tells_the_end(admin, kind, action,
                                                          status):
    ids, then = add_many(admin, 7, status, kind), BECOMES[action]
    for done, more in ((3, True), (6, True), (7, False)):
        assert admin.change(action, status=status, kind=kind, limit=3) == (
            min(3, 7 - done + 3) if more else 1, 0, more)
        assert statuses(admin.server, ids) == [then] * done + [status] * (
            7 - done)


def test_a_full_part_without_a_rest_is_the_end(admin, kind):
    add_many(admin, 3, "done", kind)
    assert admin.change("delete", status="done", kind=kind, limit=3) == (
        3, 0, False)


def test_at_most_1000_at_once(admin, kind):
    """In each of the three, within the five seconds of a statement."""
    add_many(admin, 2001, "dead", kind, unique_key=None)
    admin.server.sql("UPDATE jobs SET unique_key = id WHERE kind = %s", kind)
    for action, status in (("retry", "dead"), ("cancel", "queued"),
                           ("delete", "cancelled")):
        assert [admin.change(action, status=status, kind=kind)
                for _ in range(3)] == [(1000, 0, True), (1000, 0, True),
                                       (1, 0, False)]


#
# A kind that is unique.
#

def test_of_equal_jobs_one_is_retried_and_the_others_are_counted(admin, kind):
    server = admin.server
    for status in ("dead", "cancelled"):
        free = add_many(admin, 2, status, kind)
        equal = add_many(admin, 3, status, kind, unique_key=status)
        waits = add_job(server, kind=kind, unique_key="b" + status,
                        attempts=2, status="running")
        blocked = add_many(admin, 2, status, kind, unique_key="b" + status)
        before = row_of(server, waits)
        assert admin.change("retry", status=status, kind=kind) == (3, 4,
                                                                   False)
        assert statuses(server, free + equal + blocked) == (
            ["queued"] * 3 + [status] * 4)
        assert row_of(server, waits) == before
        assert admin.change("retry", status=status, kind=kind) == (0, 4,
                                                                   False)
        server.sql("DELETE FROM jobs WHERE kind = %s AND status IN ('queued', "
                   "'running')", kind)
        assert admin.change("retry", status=status, kind=kind,
                            user_id=USER) == (0, 0, False)
        assert admin.change("retry", status=status, kind=kind) == (2, 2,
                                                                   False)


def test_jobs_that_are_blocked_do_not_hold_up_those_behind_them(admin, kind):
    add_job(admin.server, kind=kind, unique_key="u")
    add_many(admin, 4, "dead", kind, unique_key="u")
    free = add_many(admin, 3, "dead", kind)
    assert admin.change("retry", status="dead", kind=kind, limit=2) == (
        2, 4, True)
    assert admin.change("retry", status="dead", kind=kind, limit=2) == (
        1, 4, False)
    assert statuses(admin.server, free) == ["queued"] * 3


def test_an_equal_job_that_is_stored_meanwhile_is_skipped(admin, kind):
    """It is there when the retry queues its own, and not yet when it looks."""
    free, = add_many(admin, 1, "dead", kind)
    late, = add_many(admin, 1, "dead", kind, unique_key="u")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(admin.server, "INSERT INTO jobs (id, kind, payload, "
                         "unique_key) VALUES (%s, %s, '{}', 'u')",
                         str(uuid.uuid4()), kind):
            changed = pool.submit(admin.change, "retry", status="dead",
                                  kind=kind)
            wait_for_waiting(admin.server, 1)
    assert changed.result() == (1, 1, False)
    assert statuses(admin.server, [free, late]) == ["queued", "dead"]


#
# At the same time.
#

@pytest.mark.parametrize("action, status", PAIRS)
def test_a_job_that_another_has_locked_is_left_out(admin, kind, action,
                                                   status):
    """It waits for nobody, and so for no deadlock either."""
    ids = add_many(admin, 3, status, kind)
    with transaction(admin.server, "SELECT FROM jobs WHERE id = %s FOR UPDATE",
                     ids[1]):
        assert admin.change(action, status=status, kind=kind) == (2, 0, False)
    assert statuses(admin.server, ids) == [
        BECOMES[action], status, BECOMES[action]]


@pytest.mark.parametrize("action, status", [
    ("retry", "dead"), ("cancel", "queued"), ("delete", "done")])
def test_two_admins_at_once_change_each_job_once(admin, kind, action, status):
    ids = add_many(admin, 200, status, kind)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = [part[0] for part in pool.map(lambda _: admin.change(
            action, status=status, kind=kind, limit=20), range(16))]
    while (part := admin.change(action, status=status, kind=kind,
                                limit=50)[0]) > 0:
        parts.append(part)
    assert sum(parts) == 200
    assert statuses(admin.server, ids) == [BECOMES[action]] * 200
    counts = [int(changes["jobs"]["to"]) for _, changes in admin.entries({
        "retry": "jobs_retried", "cancel": "jobs_cancelled",
        "delete": "jobs_deleted"}[action]) if changes["kind"]["to"] == kind]
    assert sorted(counts) == sorted(part for part in parts if part)


#
# The audit log, and repetitions.
#

@pytest.mark.parametrize("action, entry, status, then", [
    ("retry", "jobs_retried", "dead", "queued"),
    ("cancel", "jobs_cancelled", "queued", "cancelled"),
    ("delete", "jobs_deleted", "done", None)])
def test_one_entry_has_the_filter_and_the_count(admin, kind, action, entry,
                                                status, then):
    add_many(admin, 3, status, kind, user_id=USER)
    filters = {"kind": kind, "user_id": USER,
               "created_since": "2026-01-01T01:00:00+01:00",
               "created_until": "2026-01-02T00:00:00Z"}
    if status != "queued":
        filters |= {"finished_since": "2026-02-01T00:00:00Z",
                    "finished_until": "2026-02-02T00:00:00Z"}
    admin.change(action, status=status, **filters)
    admin.change(action, status=status, **filters)  # nothing is left
    [(target, changes)] = [row for row in admin.entries(entry)
                           if row[1]["kind"]["to"] == kind]
    assert target is None
    assert changes["status"] == {"from": status, "to": then}
    assert changes["jobs"] == {"from": None, "to": "3"}
    assert set(changes) == {"status", "jobs", *filters}
    assert changes["user_id"]["to"] == USER
    assert changes["created_since"]["to"].startswith("2026-01-01")


@pytest.mark.parametrize("action, status", [
    ("retry", "dead"), ("cancel", "queued"), ("delete", "dead")])
def test_a_repeated_request_changes_no_other_jobs(admin, kind, action,
                                                  status):
    add_many(admin, 3, status, kind)
    headers = admin.me.headers | {"Idempotency-Key": str(uuid.uuid4())}
    answers = [admin.client.post(JOBS + "/" + action, headers=headers, json={
        "status": status, "kind": kind, "limit": 1}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [
        {"affected": 1, "skipped": 0, "has_more": True}] * 2
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_only_admins(admin, kind):
    ids = add_many(admin, 1, "dead", kind)
    for person in add_people(admin.server, "user", "staff"):
        for action, some in ACTIONS.items():
            check_error(admin.client.post(
                JOBS + "/" + action, json={"status": some[0], "kind": kind},
                headers=person.headers), 403, "FORBIDDEN")
    assert statuses(admin.server, ids) == ["dead"]


#
# Many jobs.
#

@pytest.fixture(scope="module")
def plenty(cluster, template):
    """A database with 100,000 jobs; 20 are dead, and about one user."""
    with begin(cluster, cluster.database(template)) as db:
        # ANALYZE takes a sample, which may have no dead one.
        db.sql("ALTER TABLE jobs ALTER status SET (n_distinct = 2)")
        db.sql("INSERT INTO jobs (id, kind, payload, status, user_id, "
               "created_at) SELECT gen_random_uuid(), 'k', '{}', CASE WHEN i "
               "%% 5000 = 0 THEN 'dead' ELSE 'done' END, CASE WHEN i %% 5000 "
               "= 0 THEN %s::uuid ELSE gen_random_uuid() END, now() - interval "
               "'1 second' * i FROM generate_series(1, 100000) i", USER)
        db.sql("ANALYZE jobs")
        yield db


@pytest.mark.parametrize("name, params, index, most", [
    ("admin_jobs.match", {}, "ix_jobs_status", 11),
    ("admin_jobs.match_of_user", {"user_id": USER}, "ix_jobs_user_id", 20)])
def test_a_part_of_many_reads_only_its_own_rows(plenty, name, params, index,
                                                most):
    plenty.sql("SET plan_cache_mode = force_generic_plan")
    [[plan]] = plenty.execute(
        "EXPLAIN (ANALYZE, FORMAT JSON) ", name, (), params | {
            "status": "dead", "limit": 10, "to_retry": "true"})
    text = json.dumps(plan)
    assert '"Index Name": "%s"' % index in text, text

    def rows(node):
        return max([node["Actual Rows"] if "Scan" in node["Node Type"] else 0]
                   + [rows(one) for one in node.get("Plans", [])])
    assert rows(plan[0]["Plan"]) <= most, text
