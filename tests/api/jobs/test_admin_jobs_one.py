# SPDX-License-Identifier: ISC
"""One job, as an admin reads, cancels and deletes it; the jobs of a user."""

import concurrent.futures
import uuid

import pytest

from helpers import check_error, check_validation, new_user
from job_admin import ENDED, JOBS, MEMBERS, Admin, add_job, row_of, statuses
from lists import ids
from people import add_people, transaction, wait_for_waiting
from runner import Runner, wait_for, wait_for_job


@pytest.fixture(scope="module")
def admin(start_module_server):
    server = start_module_server()
    with server.client() as client:
        yield Admin(server, client)


#
# Read.
#

def test_one_job_has_all_that_the_list_has(admin):
    user = str(uuid.uuid4())
    id = add_job(admin.server, status="dead", attempts=20, user_id=user,
                 error="550 no", request_id="req-1", payload='{"a": 1.50}',
                 created_at="2200-01-01Z", finished_at="2200-01-02Z")
    answer = admin.get(JOBS + "/" + id)
    assert answer.status_code == 200
    assert list(answer.json()) == MEMBERS
    assert answer.json() == admin.find(id)
    assert answer.json()["user_id"] == user
    assert '"payload":{"a": 1.50}' in answer.text


def test_a_job_that_is_not_there_is_404(admin):
    for answer in (admin.get(JOBS + "/%s" % uuid.uuid4()),
                   admin.act(uuid.uuid4(), "cancel"),
                   admin.delete(uuid.uuid4())):
        check_error(answer, 404, "NOT_FOUND", "Job not found")
    for answer in (admin.get(JOBS + "/1"), admin.act("1", "cancel"),
                   admin.delete("1")):
        assert check_validation(answer) == {"path.job_id": ["Must be a UUID"]}


#
# Cancel.
#

def test_a_queued_job_is_cancelled(admin):
    id = add_job(admin.server, attempts=3, error="busy", run_at="2200-01-01Z",
                 unique_key="u")
    before = row_of(admin.server, id)
    answer = admin.act(id, "cancel")
    assert answer.status_code == 200
    assert answer.json() == admin.get(JOBS + "/" + id).json()
    after = row_of(admin.server, id)
    assert after["finished_at"] is not None
    assert after == before | {"status": "cancelled",
                              "finished_at": after["finished_at"]}
    again = admin.act(id, "cancel")
    assert (again.status_code, again.json()) == (200, answer.json())
    assert [entry for entry in admin.entries("job_cancelled")
            if entry[0] == id] == [
                (id, {"status": {"from": "queued", "to": "cancelled"}})]


@pytest.mark.parametrize("status", ["running", "done", "dead"])
def test_only_a_job_that_waits_is_cancelled(admin, status):
    id = add_job(admin.server, status=status, attempts=1,
                 run_at="2000-01-01Z",
                 finished_at=None if status == "running" else "2026-01-01Z")
    before = row_of(admin.server, id)
    check_error(admin.act(id, "cancel"), 409, "CONFLICT", "The job is %s: "
                "only one that is queued can be cancelled" % status)
    assert row_of(admin.server, id) == before


def test_a_cancelled_job_lets_an_equal_one_be_stored_and_can_be_retried(admin):
    alike = {"unique_key": str(uuid.uuid4())}
    id = add_job(admin.server, **alike)
    assert admin.act(id, "cancel").status_code == 200
    other = add_job(admin.server, **alike)
    check_error(admin.retry(id), 409, "CONFLICT",
                "An equal job is queued or running already")
    assert admin.act(other, "cancel").status_code == 200
    answer = admin.retry(id)
    assert (answer.status_code, answer.json()["status"],
            answer.json()["finished_at"]) == (202, "queued", None)


@pytest.mark.parametrize("change, status", [
    ("UPDATE jobs SET status = 'running', attempts = 1, run_at = now() + "
     "interval '20 seconds' WHERE id = %s", 409),
    ("UPDATE jobs SET attempts = attempts + 1 WHERE id = %s", 200),
    ("DELETE FROM jobs WHERE id = %s", 404)])
def test_a_runner_or_the_cancel_was_first(admin, change, status):
    id = add_job(admin.server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(admin.server, change, id):
            answer = pool.submit(admin.act, id, "cancel")
            wait_for_waiting(admin.server, 1)
    assert answer.result().status_code == status


def test_two_cancels_at_once_are_one(admin):
    id = add_job(admin.server)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: admin.act(id, "cancel"), range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    assert len({answer.text for answer in answers}) == 1
    assert [entry[0] for entry in admin.entries("job_cancelled")].count(
        id) == 1


#
# Delete.
#

@pytest.mark.parametrize("status", ENDED)
def test_a_job_that_has_ended_is_deleted(admin, status):
    id = add_job(admin.server, status=status, finished_at="2026-01-01Z")
    other = add_job(admin.server, status=status, finished_at="2026-01-01Z")
    answer = admin.delete(id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert statuses(admin.server, [id, other]) == [None, status]
    assert admin.delete(id).status_code == 404
    assert [entry for entry in admin.entries("job_deleted")
            if entry[0] == id] == [(id, {
                "kind": {"from": "send_welcome_email", "to": None},
                "status": {"from": status, "to": None}})]


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_job_that_has_not_ended_is_not_deleted(admin, status):
    id = add_job(admin.server, status=status)
    check_error(admin.delete(id), 409, "CONFLICT", "The job is %s: only one "
                "that is done, dead or cancelled can be deleted" % status)
    assert statuses(admin.server, [id]) == [status]


def test_a_session_that_is_not_confirmed_cancels_and_deletes_nothing(admin):
    """It may retry: that adds no harm, as the job would have run."""
    [late] = add_people(admin.server, "admin")
    late.unconfirm()
    waits = add_job(admin.server, run_at="2200-01-01Z")
    dead = add_job(admin.server, status="dead", finished_at="2026-01-01Z")
    for method, path, body in (
            ("POST", "/%s/cancel" % waits, None),
            ("DELETE", "/" + dead, None),
            ("POST", "/cancel", {"status": "queued"}),
            ("POST", "/delete", {"status": "dead"})):
        check_error(admin.client.request(
            method, JOBS + path, json=body, headers=late.headers), 403,
                    "CONFIRMATION_REQUIRED")
    assert statuses(admin.server, [waits, dead]) == ["queued", "dead"]


#
# With a runner.
#

def test_a_cancelled_job_never_runs(admin):
    """Kinds that no runner knows hold the jobs still until they are cancelled;
    then a runner that would take them finds none."""
    server = admin.server
    ids = [add_job(server, kind="later", unique_key=str(n), payload=
                   '{"id": "%s"}' % uuid.uuid4()) for n in range(4)]
    assert admin.act(ids[0], "cancel").status_code == 200
    assert admin.change("cancel", status="queued", kind="later", limit=2)[
        0] == 2
    server.sql("UPDATE jobs SET kind = 'send_welcome_email' WHERE id = ANY "
               "(%s::uuid[])", ids)
    runner = Runner(server)
    try:
        runner.start()
        wait_for_job(server, ids[3], status="done")
        assert statuses(server, ids) == ["cancelled"] * 3 + ["done"]
        assert admin.retry(ids[0]).status_code == 202
        wait_for_job(server, ids[0], status="done")
        assert len(runner.events(ids[1])) == 0
    finally:
        runner.stop()


def test_each_job_is_cancelled_or_run_while_runners_claim_them(admin):
    """Half of the requests cancel one job, half of them many. What the log says
    has run is done, and all others are cancelled."""
    server = admin.server
    runners = [Runner(server, KEEL_JOBS_CONCURRENCY="2") for _ in range(2)]
    try:
        for runner in runners:
            runner.start()
        ids = [id for id, in server.sql(
            "INSERT INTO jobs (id, kind, payload) SELECT gen_random_uuid(), "
            "'send_welcome_email', jsonb_build_object('id', "
            "gen_random_uuid()) FROM generate_series(1, 400) RETURNING "
            "id::text")]
        wait_for(lambda: "done" in statuses(server, ids))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            many = pool.submit(lambda: [admin.change(
                "cancel", status="queued", kind="send_welcome_email",
                limit=20)[0] for _ in range(8)])
            ones = list(pool.map(lambda id: admin.act(id, "cancel"),
                                 ids[::-7]))
        wait_for(lambda: not {"queued", "running"} & set(
            statuses(server, ids)), timeout=60)
        now = dict(zip(ids, statuses(server, ids)))
        assert {answer.status_code for answer in ones} <= {200, 409}
        for answer in ones:
            if answer.status_code == 200:
                assert now[answer.json()["id"]] == "cancelled"
        # A job is done before the log says so; at the end, all is written.
        for runner in runners:
            runner.stop()
        cancelled = [id for id in ids if now[id] == "cancelled"]
        assert len(cancelled) >= sum(many.result())
        ran = [event["job"] for runner in runners
               for event in runner.events()]
        assert sorted(id for id in ran if id in now) == sorted(
            id for id in ids if now[id] == "done")
        assert len(cancelled) + len(set(ran) & set(ids)) == 400
    finally:
        for runner in runners:
            runner.stop()


#
# The jobs of a user.
#

def jobs_of(admin, user_id):
    return {job["kind"]: job for job in admin.list(
        path="/api/v1/users/%s/jobs" % user_id)["items"]}


def test_a_registrations_job_is_about_the_new_user(admin):
    """Nobody has signed in; or an admin has, and the job is not about them."""
    for headers in ({}, admin.me.headers):
        answer = admin.client.post("/api/v1/users", json=new_user(),
                                   headers=headers)
        assert answer.status_code == 201
        id = answer.json()["id"]
        found = jobs_of(admin, id)
        assert list(found) == ["send_welcome_email"]
        assert found["send_welcome_email"]["user_id"] == id
        assert found["send_welcome_email"]["payload"] == {"id": id}
    assert jobs_of(admin, admin.me.id) == {}


def test_what_an_admin_does_to_a_user_is_about_the_user(admin):
    [user] = add_people(admin.server, "user")
    answer = admin.client.patch(user.path, json={"role": "staff"},
                                headers=admin.me.headers)
    assert answer.status_code == 200
    assert admin.client.post(user.path + "/send-reset",
                             headers=admin.me.headers).status_code == 202
    assert set(jobs_of(admin, user.id)) == {"send_role_notice",
                                            "send_reset_by_admin"}
    assert jobs_of(admin, admin.me.id) == {}


def test_what_users_do_to_themselves_is_about_them(admin):
    [user] = add_people(admin.server, "user")
    assert admin.client.patch(
        "/api/v1/users/me", json={"email": "next-%s" % user.email},
        headers=user.headers).status_code == 200
    assert set(jobs_of(admin, user.id)) == {"send_email_confirmation",
                                            "send_email_warning"}


def test_a_stranger_who_asks_for_a_reset_is_nobody(admin):
    """Also with a token: whose address it is is only known to the job."""
    [user, other] = add_people(admin.server, "user", "user")
    for path in ("password/forgot", "verify-email/resend"):
        assert admin.client.post(
            "/api/v1/auth/" + path, json={"email": user.email},
            headers=other.headers).status_code == 202
    assert jobs_of(admin, user.id) == jobs_of(admin, other.id) == {}
    assert admin.server.sql(
        "SELECT user_id FROM jobs WHERE payload ->> 'email' = %s",
        user.email) == [(None,)] * 2


def test_a_users_list_is_the_filter_of_the_whole_list(admin):
    [user] = add_people(admin.server, "user")
    for n in range(5):
        add_job(admin.server, user_id=user.id, kind="k%d" % (n % 2),
                status=["done", "dead"][n % 2], created_at="2026-01-0%dZ" %
                (n + 1), finished_at="2026-01-09Z")
    path = user.path + "/jobs"
    for query in ("", "kind=k1", "status=done&sort=created_at", "limit=2",
                  "cursor=&limit=2", "created_since=2026-01-03T00:00:00Z"):
        page = admin.list(query, path)
        assert page["items"] and ids(page) == ids(admin.list(
            query + "&user_id=" + user.id))
    assert admin.list("", path)["total"] == 5
    assert check_validation(admin.get(path + "?user_id=" + user.id)) == {
        "query.user_id": ["Is not a parameter of this operation"]}


def test_jobs_of_a_deleted_user_are_found_by_the_id(admin):
    [user] = add_people(admin.server, "user")
    id = add_job(admin.server, user_id=user.id, status="dead",
                 finished_at="2026-01-01Z")
    admin.server.sql("DELETE FROM users WHERE id = %s", user.id)
    check_error(admin.get(user.path + "/jobs"), 404, "NOT_FOUND",
                "User not found")
    assert ids(admin.list("user_id=" + user.id)) == [id]
