# SPDX-License-Identifier: ISC
"""Every allocation and every query of a registration with an Idempotency-Key
fails in turn: there is neither a user nor an answer, and the same request then
succeeds; or there are both."""

import uuid

import httpx
import pytest

from helpers import new_user, orphan_jobs, rows_of
from people import add_people
from test_faults import ask_again, check_clean_failure, fail_in_turn

pytestmark = pytest.mark.faults

USERS = "/api/v1/users"


@pytest.fixture(scope="module")
def faulty(start_module_server):
    """One worker, so that it is warm; and an admin."""
    server = start_module_server(KEEL_WORKERS="1")
    [server.admin] = add_people(server, "admin")
    with server.client() as client:
        for _ in range(20):
            client.get(USERS, headers=server.admin.headers)
    return server


def count(server):
    return server.sql("SELECT (SELECT count(*) FROM users), (SELECT count(*) "
                      "FROM idempotency_keys)")[0]


def is_replayed(answer):
    return "idempotent-replayed" in answer.headers


# The look-up, BEGIN, the lock, the second look-up, the INSERT, the job, the
# audit log, the answer, COMMIT; an admin is looked up first.
@pytest.mark.parametrize("kind, who, least", [
    ("alloc", "stranger", 15), ("query", "stranger", 9),
    ("alloc", "admin", 15), ("query", "admin", 10)])
def test_a_registration_fails_whole(faulty, kind, who, least):
    headers = {} if who == "stranger" else faulty.admin.headers

    def ask(fault):
        user, key = new_user(), {"Idempotency-Key": str(uuid.uuid4())}
        before = count(faulty)
        with faulty.client() as client:
            answer = client.post(USERS, json=user,
                                 headers=headers | key | fault)
            after = count(faulty)
            again = ask_again(lambda: client.post(USERS, json=user,
                                                  headers=headers | key))
        assert again.status_code == 201, fault
        assert is_replayed(again) == (answer.status_code == 201), fault
        if answer.status_code == 201:
            assert not is_replayed(answer)
            assert again.content == answer.content, fault
            assert after == (before[0] + 1, before[1] + 1), fault
        assert rows_of(faulty, user["email"]) == (1, 1), fault
        return answer, (before, after)

    def check(n, answer, counts):
        check_clean_failure(n, answer)
        assert counts[0] == counts[1], "fault %d" % n

    assert fail_in_turn(kind, ask, 201, check) >= least
    assert orphan_jobs(faulty) == 0
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("kind, least", [("alloc", 3), ("query", 1)])
def test_a_repetition_fails_whole(faulty, kind, least):
    user, key = new_user(), {"Idempotency-Key": str(uuid.uuid4())}
    with faulty.client() as client:
        first = client.post(USERS, json=user, headers=key)
        assert first.status_code == 201

        def ask(fault):
            answer = client.post(USERS, json=user, headers=key | fault)
            if answer.status_code == 201:
                assert is_replayed(answer), fault
                assert answer.content == first.content, fault
                assert answer.headers["etag"] == first.headers["etag"]
            return answer, None

        assert fail_in_turn(kind, ask, 201, lambda n, answer, _:
                            check_clean_failure(n, answer)) >= least
    assert rows_of(faulty, user["email"]) == (1, 1)
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


# The hash and each query wait; the last waits are the answer's and COMMIT's.
@pytest.mark.parametrize("wait", range(1, 11))
def test_a_client_that_leaves_at_any_time_finds_one_answer(faulty, wait):
    user, key = new_user(), {"Idempotency-Key": str(uuid.uuid4())}
    with faulty.client(timeout=0.2) as client:
        try:
            client.post(USERS, json=user, headers=key | {
                "X-Fault": "stall=%d" % wait})
        except httpx.TimeoutException:
            pass
    faulty.wait_for_rest()
    with faulty.client() as client:
        answer = ask_again(lambda: client.post(USERS, json=user, headers=key))
    assert answer.status_code == 201
    assert rows_of(faulty, user["email"]) == (1, 1)
