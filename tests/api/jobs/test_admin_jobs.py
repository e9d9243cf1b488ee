# SPDX-License-Identifier: ISC
"""The admin's view of jobs, and retries."""

import concurrent.futures
import json
import urllib.parse
import uuid

import psycopg2
import pytest

from helpers import check_error, check_validation
from job_admin import Admin, MEMBERS, add_job, row_of
from lists import ids, links
from people import add_people, transaction, wait_for_waiting
from queries import begin

STATUSES = "queued, running, done, dead, cancelled"
SORTS = ["created_at", "-created_at"]
TOTAL = 70
USER = str(uuid.UUID(int=0xabc))    # of nobody: a job may outlive its user

# By hand, so that every filter has ties. No kind is one of this version.
FILL = """
INSERT INTO jobs (id, kind, payload, status, user_id, created_at, finished_at)
SELECT gen_random_uuid(), (ARRAY['send_welcome_email', 'purge_jobs'])[i %% 5
       %% 2 + 1], jsonb_build_object('n', i), status, CASE WHEN i %% 7 < 3
       THEN %s::uuid END, timestamptz '2026-01-01Z' -
       interval '1 microsecond' * (i / 7),
       CASE WHEN status IN ('done', 'dead', 'cancelled') THEN
       timestamptz '2026-02-01Z' + interval '1 microsecond' * (i / 9) END
  FROM generate_series(1, %s) i, LATERAL (SELECT (ARRAY['queued', 'running',
       'done', 'done', 'dead', 'cancelled'])[i %% 6 + 1]) s (status)
"""


@pytest.fixture(scope="module")
def crowd(start_module_server):
    """An admin of a server that has the jobs of the query above."""
    server = start_module_server()
    server.sql(FILL, USER, TOTAL)
    with server.client() as client:
        yield Admin(server, client)


@pytest.fixture
def admin(server, client):
    return Admin(server, client)


#
# The members of a job.
#

def test_a_job_has_exactly_its_members(admin):
    id = add_job(
        admin.server, kind="a_kind", status="dead", attempts=20,
        payload='{"b": [1, {"c": null}], "a": "\\u00e9\\n\\u0001\\"😀"}',
        error='said "no"\n', request_id="req-1", unique_key="secret",
        user_id=USER, runner=str(uuid.uuid4()),
        run_at="2026-03-01 10:00:00.5+01",
        created_at="2200-02-01Z", finished_at="2026-03-01 09:00:00.000001Z")
    job = admin.list("limit=1")["items"][0]
    assert list(job) == MEMBERS
    assert job == {
        "id": id, "kind": "a_kind", "user_id": USER, "status": "dead",
        "attempts": 20,
        "payload": {"b": [1, {"c": None}], "a": 'é\n\x01"😀'},
        "error": 'said "no"\n', "request_id": "req-1",
        "run_at": "2026-03-01T09:00:00.500000Z",
        "created_at": "2200-02-01T00:00:00.000000Z",
        "finished_at": "2026-03-01T09:00:00.000001Z"}


def test_an_unknown_value_is_null(admin):
    job = admin.find(add_job(admin.server, created_at="2199-01-01Z"))
    assert (job["error"], job["request_id"], job["finished_at"]) == (
        None, None, None)
    assert (job["payload"], job["status"], job["attempts"]) == (
        {}, "queued", 0)


@pytest.mark.parametrize("number", [
    "9007199254740993", "1e400", "0.1000000000000000055511151231257827"])
def test_a_number_in_a_payload_is_unchanged(admin, number):
    """No JSON parser changes it."""
    id = add_job(admin.server, created_at="2201-01-01Z",
                 payload='{"n": %s}' % number)
    [[text]] = admin.server.sql("SELECT payload::text FROM jobs WHERE id = %s",
                                id)
    answer = admin.ask("limit=1").text
    admin.server.sql("DELETE FROM jobs WHERE id = %s", id)
    assert '"payload":' + text in answer


def test_a_large_payload_is_whole(admin):
    payload = {"list": ["é" * 1000] * 200}
    id = add_job(admin.server, created_at="2201-01-01Z",
                 payload=json.dumps(payload))
    [job] = admin.list("limit=1")["items"]
    admin.server.sql("DELETE FROM jobs WHERE id = %s", id)
    assert job["payload"] == payload


def test_a_registrations_job_has_its_request_id(admin):
    answer = admin.client.post("/api/v1/users", json={
        "email": "seen@example.com", "name": "Seen", "password": "Pw1-seen-by-"
        "an-admin"})
    assert answer.status_code == 201
    [job] = [job for job in admin.list(
        "kind=send_welcome_email&status=queued&limit=100")["items"]
        if job["payload"] == {"id": answer.json()["id"]}]
    assert job["request_id"] == answer.headers["x-request-id"]
    assert job["run_at"] == job["created_at"]


#
# The list.
#

def test_a_page_has_the_form_of_every_list(crowd):
    page = crowd.list()
    assert list(page) == ["items", "total", "page", "limit", "pages"]
    assert ids(page) == crowd.order()[:20]
    del page["items"]
    assert page == {"total": TOTAL, "page": 1, "limit": 20, "pages": 4}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [100, 6])
def test_every_order_is_complete(crowd, sort, limit):
    seen = []
    for page in range(1, TOTAL // limit + 2):
        seen += ids(crowd.list("sort=%s&limit=%d&page=%d" % (sort, limit,
                                                             page)))
    assert seen == crowd.order(sort)


@pytest.mark.parametrize("query", ["", "sort=created_at", "sort=-created_at",
                                   "status=done", "kind=purge_jobs"])
def test_skip_omits_items(crowd, query):
    whole = ids(crowd.list("limit=100&" + query))
    assert ids(crowd.list("skip=5&limit=7&" + query)) == whole[5:12]
    assert ids(crowd.list("skip=999999999&" + query)) == []


@pytest.mark.parametrize("query, where", [
    ("status=queued", "status = 'queued'"),
    ("status=running", "status = 'running'"),
    ("status=done", "status = 'done'"), ("status=dead", "status = 'dead'"),
    ("status=cancelled", "status = 'cancelled'"),
    ("kind=purge_jobs", "kind = 'purge_jobs'"),
    ("user_id=" + USER, "user_id IS NOT NULL"),
    ("kind=purge_jobs&user_id=" + USER,
     "kind = 'purge_jobs' AND user_id IS NOT NULL"),
    ("status=cancelled&user_id=" + USER.upper(),
     "status = 'cancelled' AND user_id IS NOT NULL"),
    ("created_since=2025-12-31T23:59:59.999995Z",
     "created_at >= '2025-12-31T23:59:59.999995Z'"),
    ("created_until=2025-12-31T23:59:59.999995Z",
     "created_at < '2025-12-31T23:59:59.999995Z'"),
    ("finished_since=2026-02-01T01:00:00.000003%2B01:00",
     "finished_at >= '2026-02-01T00:00:00.000003Z'"),
    ("finished_until=2026-02-01T00:00:00.000003Z",
     "finished_at < '2026-02-01T00:00:00.000003Z'"),
    ("created_since=2025-12-31T23:59:59.999993Z&created_until="
     "2025-12-31T23:59:59.999996Z&status=done",
     "created_at >= '2025-12-31T23:59:59.999993Z' AND created_at < "
     "'2025-12-31T23:59:59.999996Z' AND status = 'done'"),
    ("kind=purge_jobs&status=done", "kind = 'purge_jobs' AND status = 'done'"),
    ("kind=send_welcome_email&status=dead",
     "kind = 'send_welcome_email' AND status = 'dead'")])
@pytest.mark.parametrize("sort", SORTS)
def test_a_filter_returns_the_matching_rows(crowd, query, where, sort):
    expected = crowd.order(sort, where)
    page = crowd.list("limit=100&sort=%s&%s" % (sort, query))
    assert ids(page) == expected
    assert 0 < page["total"] == len(expected) < TOTAL


def test_an_unknown_kind_is_an_empty_list(crowd):
    for kind in ("nothing", "PURGE_JOBS", "purge", "x" * 100):
        assert crowd.list("kind=" + kind) == {
            "items": [], "total": 0, "page": 1, "limit": 20, "pages": 0}


@pytest.mark.parametrize("query, field, message", [
    ("status=lost", "status", "Must be one of: " + STATUSES),
    ("status=Dead", "status", "Must be one of: " + STATUSES),
    ("kind=%25", "kind", "Must match ^[A-Za-z0-9_]{1,100}$"),
    ("kind=" + "x" * 101, "kind", "Must match ^[A-Za-z0-9_]{1,100}$"),
    ("user_id=1", "user_id", "Must be a UUID"),
    ("created_since=today", "created_since",
     "Must be a time of RFC 3339, such as 2026-01-31T12:00:00Z; + is %2B in "
     "a query"),
    ("sort=kind", "sort", "Must be one of: created_at, -created_at"),
    ("limit=0", "limit", "Must be a number from 1 to 100"),
    ("limit=101", "limit", "Must be a number from 1 to 100"),
    ("page=0", "page", "Must be a number from 1 to 999999999"),
    ("skip=-1", "skip", "Must be a number from 0 to 999999999"),
    ("q=x", "q", "Is not a parameter of this operation"),
    ("page=1&skip=0", "skip", "Cannot be given together with page"),
    ("cursor=&page=1", "page", "Cannot be given together with cursor"),
    ("cursor=&skip=1", "skip", "Cannot be given together with cursor"),
    ("status=dead&status=dead", "status", "Is given more than once")])
def test_a_bad_parameter_is_named(crowd, query, field, message):
    assert check_validation(crowd.ask(query)) == {"query." + field: [message]}


def test_links_lead_to_the_end_and_keep_the_filter(crowd):
    expected = crowd.order(where="status = 'done'")
    answer, seen = crowd.ask("status=done&limit=9"), []
    while True:
        seen += ids(answer.json())
        target = links(answer).get("next")
        if target is None:
            break
        query = dict(urllib.parse.parse_qsl(target.partition("?")[2]))
        assert (query["status"], query["limit"]) == ("done", "9")
        answer = crowd.get(target)
    assert seen == expected
    assert list(links(answer)) == ["prev"]


#
# By cursor.
#

def walk(admin, query, between=lambda: None):
    seen, cursor = [], ""
    while cursor is not None:
        page = admin.list("cursor=%s&%s" % (cursor, query))
        assert list(page) == ["items", "next_cursor", "has_more", "limit"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        seen += ids(page)
        cursor = page["next_cursor"]
        between()
    return seen


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query, where", [
    ("", "true"), ("status=done&", "status = 'done'"),
    ("kind=purge_jobs&", "kind = 'purge_jobs'"),
    ("status=dead&kind=purge_jobs&",
     "status = 'dead' AND kind = 'purge_jobs'")])
@pytest.mark.parametrize("limit", [1, 6, 100])
def test_each_job_is_seen_once(crowd, sort, query, where, limit):
    assert walk(crowd, "%slimit=%d&sort=%s" % (query, limit, sort)) == \
        crowd.order(sort, where)


@pytest.mark.parametrize("sort", SORTS)
def test_each_job_is_seen_once_while_others_change(crowd, sort):
    """New rows have the same time as those in the list."""
    stayed = crowd.order(sort)
    [[moment]] = crowd.server.sql("SELECT created_at FROM jobs ORDER BY 1 "
                                  "OFFSET 30 LIMIT 1")
    try:
        seen = walk(crowd, "limit=7&sort=" + sort, lambda: add_job(
            crowd.server, kind="churn", created_at=moment))
    finally:
        crowd.server.sql("DELETE FROM jobs WHERE kind = 'churn'")
    assert len(set(seen)) == len(seen)
    assert [id for id in seen if id in stayed] == stayed


def test_a_cursor_has_one_list_and_order(crowd):
    cursor = crowd.list("cursor=&limit=5")["next_cursor"]
    assert ids(crowd.list("cursor=%s&limit=5" % cursor)) == \
        crowd.order()[5:10]
    check_error(crowd.ask("cursor=%s&sort=created_at" % cursor), 400,
                "INVALID_CURSOR",
                "The cursor is of a list sorted by -created_at")
    add_people(crowd.server, "user")
    others = crowd.get("/api/v1/users?cursor=&limit=1").json()["next_cursor"]
    for answer in (crowd.ask("cursor=" + others), crowd.ask("cursor=x"),
                   crowd.get("/api/v1/users?cursor=" + cursor)):
        check_error(answer, 400, "INVALID_CURSOR",
                    "The cursor is not one of this list")


#
# Retry.
#

def due(server, id):
    """The seconds until the job is due."""
    [[seconds]] = server.sql("SELECT extract(epoch FROM run_at - now())::float "
                             "FROM jobs WHERE id = %s", id)
    return seconds


def test_a_dead_job_is_due_at_once(admin):
    id = add_job(admin.server, status="dead", attempts=20, error="refused",
                 runner=str(uuid.uuid4()), request_id="req-2",
                 payload='{"id": "x"}', run_at="2026-01-01Z",
                 created_at="2025-12-31Z", finished_at="2026-01-01Z")
    before = row_of(admin.server, id)
    answer = admin.retry(id)
    assert answer.status_code == 202
    job = answer.json()
    assert list(job) == MEMBERS
    assert job | {"run_at": None} == {
        "id": id, "kind": "send_welcome_email", "user_id": None,
        "payload": {"id": "x"},
        "status": "queued", "attempts": 0, "error": "refused",
        "request_id": "req-2", "run_at": None,
        "created_at": "2025-12-31T00:00:00.000000Z", "finished_at": None}
    assert job in admin.list("limit=100&sort=created_at")["items"]
    after = row_of(admin.server, id)
    assert after == before | {
        "status": "queued", "attempts": 0, "runner": None,
        "finished_at": None, "run_at": after["run_at"],
        "set_at": after["set_at"]}
    assert after["set_at"] > before["set_at"]
    assert -60 < due(admin.server, id) <= 0     # after those that wait


def test_a_job_that_waits_for_its_next_attempt_is_due_at_once(admin):
    id = add_job(admin.server, attempts=7, error="no answer",
                 run_at="2200-01-01Z")
    job = admin.retry(id).json()
    assert (job["status"], job["attempts"], job["error"]) == (
        "queued", 0, "no answer")
    assert -60 < due(admin.server, id) <= 0


def test_a_job_that_is_due_keeps_its_place(admin):
    id = add_job(admin.server, attempts=3, run_at="2026-01-01Z")
    for _ in range(2):
        answer = admin.retry(id)
        assert answer.status_code == 202
        assert answer.json()["attempts"] == 0
        assert answer.json()["run_at"] == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("status", ["running", "done"])
def test_a_running_or_done_job_is_not_retried(admin, status):
    id = add_job(admin.server, status=status, attempts=2,
                 finished_at="2026-01-01Z" if status == "done" else None,
                 runner=str(uuid.uuid4()) if status == "running" else None)
    before = row_of(admin.server, id)
    check_error(admin.retry(id), 409, "CONFLICT", "The job is %s: only one "
                "that is dead, cancelled or queued can be retried" % status)
    assert row_of(admin.server, id) == before


def test_an_unknown_job_is_404(admin):
    check_error(admin.retry(uuid.uuid4()), 404, "NOT_FOUND", "Job not found")
    assert check_validation(admin.retry("1")) == {
        "path.job_id": ["Must be a UUID"]}


def test_of_two_unique_jobs_only_one_is_retried(admin):
    alike = {"unique_key": str(uuid.uuid4())}
    id = add_job(admin.server, status="dead", attempts=20, **alike)
    add_job(admin.server, kind="another", **alike)
    add_job(admin.server, status="done", **alike)
    other = add_job(admin.server, **alike)
    before = row_of(admin.server, id)
    for status in ("queued", "running"):
        admin.server.sql("UPDATE jobs SET status = %s WHERE id = %s", status,
                         other)
        check_error(admin.retry(id), 409, "CONFLICT",
                    "An equal job is queued or running already")
        assert row_of(admin.server, id) == before
    admin.server.sql("UPDATE jobs SET status = 'done' WHERE id = %s", other)
    assert admin.retry(id).status_code == 202


def test_a_retry_notifies_the_runners(admin):
    server = admin.server
    listener = psycopg2.connect(
        host=server.cluster.socket, user="postgres", dbname=server.database,
        port=server.cluster.port)
    listener.autocommit = True
    try:
        for status, told in (("running", 0), ("done", 0), ("dead", 1),
                             ("queued", 1)):
            id = add_job(server, status=status)
            listener.cursor().execute("LISTEN keel_jobs")
            admin.retry(id)
            admin.retry(uuid.uuid4())
            listener.cursor().execute("UNLISTEN keel_jobs")
            listener.poll()
            assert [(note.channel, note.payload)
                    for note in listener.notifies] == [
                        ("keel_jobs", "")] * told, status
            listener.notifies.clear()
    finally:
        listener.close()


@pytest.mark.parametrize("change, status, message", [
    ("UPDATE jobs SET status = 'running', attempts = 1 WHERE id = %s", 409,
     "The job is running: only one that is dead, cancelled or queued can be "
     "retried"),
    ("UPDATE jobs SET status = 'done' WHERE id = %s", 409,
     "The job is done: only one that is dead, cancelled or queued can be "
     "retried"),
    ("UPDATE jobs SET status = 'dead', error = 'new' WHERE id = %s", 202,
     None),
    ("DELETE FROM jobs WHERE id = %s", 404, "Job not found")])
def test_a_concurrent_change_counts(admin, change, status, message):
    """A runner was first, or the retry was: never both."""
    id = add_job(admin.server, attempts=3)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(admin.server, change, id):
            answer = pool.submit(admin.retry, id)
            wait_for_waiting(admin.server, 1)
    answer = answer.result()
    assert answer.status_code == status
    if message:
        assert answer.json()["error"]["message"] == message
    else:
        assert (answer.json()["error"], answer.json()["status"]) == (
            "new", "queued")


def test_two_retries_at_once_are_one(admin):
    id = add_job(admin.server, status="dead", attempts=20)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(admin.retry, [id] * 16))
    assert [answer.status_code for answer in answers] == [202] * 16
    assert len({answer.text for answer in answers}) == 1


#
# Many jobs.
#

@pytest.fixture(scope="module")
def many(cluster, template):
    """A database with 100,000 jobs, few of them dead."""
    with begin(cluster, cluster.database(template)) as db:
        # ANALYZE takes a sample, which may have no dead one.
        db.sql("ALTER TABLE jobs ALTER status SET (n_distinct = 2)")
        db.sql("INSERT INTO jobs (id, kind, payload, status, created_at) "
               "SELECT gen_random_uuid(), 'send_welcome_email', '{}', CASE "
               "WHEN i % 5000 = 0 THEN 'dead' ELSE 'done' END, now() - "
               "interval '1 second' * i FROM generate_series(1, 100000) i; "
               "ANALYZE jobs")
        yield db


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("sort, key, id", [
    ("created_at", "-infinity", "0" * 8), ("-created_at", "infinity", "f" * 8)])
@pytest.mark.parametrize("filters, status, index", [
    ("", {}, "ix_jobs_created_at"),
    ("status:", {"status": "dead"}, "ix_jobs_status")])
def test_a_page_of_many_jobs_reads_only_its_index(many, filters, status,
                                                  index, sort, key, id, mode):
    many.sql("SET plan_cache_mode = " + mode)
    plan = many.plan("admin_jobs.list:%s%s" % (filters, sort), **status, **{
        "page.key": key, "page.id": uuid.UUID(id * 4), "page.limit": 21,
        "page.skip": 0})
    assert "Index Scan" in plan and index in plan, plan
    assert "Sort" not in plan and "Seq Scan" not in plan, plan
