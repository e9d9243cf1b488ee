# SPDX-License-Identifier: ISC
"""Every allocation and every query of a refresh, a revocation and a logout
fails in turn: nobody is signed out by it, and nothing is done by half."""

import concurrent.futures

import httpx
import pytest

from families import add_token, audit_rows, hash_of, next_token, rows_of
from helpers import bearer, measured, read_me
from people import add_people
from server import confidential
from test_faults import check_clean_failure, fail_in_turn

pytestmark = pytest.mark.faults

TOKEN = "/api/v1/auth/token"


@pytest.fixture(scope="module")
def faulty(start_module_server):
    return start_module_server(KEEL_WORKERS="1")


@pytest.fixture(scope="module")
def faulty_client(faulty):
    with faulty.client() as client:
        yield client


def refresh(client, token, **headers):
    return client.post(TOKEN, headers=headers, data={
        "grant_type": "refresh_token", "refresh_token": token})


@pytest.mark.parametrize("kind, least", [("alloc", 3), ("query", 4)])
def test_a_refresh_fails_whole(faulty, faulty_client, kind, least):
    """Whatever failed, a retry gets the one successor."""
    tokens = []

    def ask(fault):
        [person] = add_people(faulty, "user")
        tokens.append((person.session, add_token(faulty, person.session)))
        return refresh(faulty_client, tokens[-1][1], **fault), tokens[-1]

    def check(n, answer, subject):
        check_clean_failure(n, answer)
        session, token = subject
        expected = next_token(faulty.secret, token)
        again = refresh(faulty_client, token)
        assert again.status_code == 200, "fault %d: %s" % (n, again.text)
        confidential.add(again.json()["access_token"])
        assert again.json()["refresh_token"] == expected
        assert rows_of(faulty, session) == [
            (hash_of(token), False), (hash_of(expected), True)]

    harmful = fail_in_turn(kind, ask, 200, check)
    measured.append("%s faults of a refresh: %d" % (kind, harmful))
    assert harmful >= least
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("kind, least", [("alloc", 3), ("query", 5)])
def test_a_reuse_ends_the_session_whole(faulty, faulty_client, kind, least):
    """With its row in the audit log, or not at all."""
    def ask(fault):
        [person] = add_people(faulty, "user")
        token = add_token(faulty, person.session)
        faulty.sql("UPDATE refresh_tokens SET used_at = now() - interval "
                   "'11 s' WHERE session_id = %s", person.session)
        return refresh(faulty_client, token, **fault), person

    def check(n, answer, person):
        check_clean_failure(n, answer)
        told = audit_rows(faulty, person.session, "refresh_reused")
        alive = read_me(faulty_client, person.token).status_code == 200
        assert told == (0 if alive else 1), "fault %d" % n

    assert fail_in_turn(kind, ask, 400, check) >= least


@pytest.mark.parametrize("kind, least", [("alloc", 3), ("query", 4)])
@pytest.mark.parametrize("path, good", [("/api/v1/auth/revoke", 200),
                                        ("/api/v1/auth/logout", 204)],
                         ids=["revoke", "logout"])
def test_an_end_of_a_session_fails_whole(faulty, faulty_client, path, good,
                                         kind, least):
    def ask(fault):
        [person] = add_people(faulty, "user")
        token = add_token(faulty, person.session)
        if path.endswith("logout"):
            return faulty_client.post(path, headers=bearer(person.token) |
                                      fault), person
        return faulty_client.post(path, headers=fault, data={
            "token": token}), person

    def check(n, answer, person):
        check_clean_failure(n, answer)
        told = audit_rows(faulty, person.session, "session_ended")
        alive = read_me(faulty_client, person.token).status_code == 200
        assert told == (0 if alive else 1), "fault %d" % n

    assert fail_in_turn(kind, ask, good, check) >= least


def test_the_server_is_killed_before_it_answers(faulty):
    """The commit is done; the worker sleeps before it answers."""
    def ask(token, stall):
        with faulty.client() as client:
            return refresh(client, token, **{
                "X-Fault": "stall=%d" % stall})

    # One of them is the commit's; a busy machine may kill too late.
    for stall in [*range(4, 8)] * 3:
        [person] = add_people(faulty, "user")
        token = add_token(faulty, person.session)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(ask, token, stall)
            while not answer.done() and len(rows_of(
                    faulty, person.session)) < 2:
                pass
            faulty.kill()
            lost = isinstance(answer.exception(), httpx.HTTPError)
        faulty.start()
        # However long that took: the retry is within ten seconds.
        faulty.sql("UPDATE refresh_tokens SET used_at = now() WHERE "
                   "session_id = %s AND used_at IS NOT NULL", person.session)
        with faulty.client() as client:
            again = refresh(client, token)
        assert again.json()["refresh_token"] == next_token(faulty.secret,
                                                           token)
        assert len(rows_of(faulty, person.session)) == 2
        if lost:
            return
    raise AssertionError("no answer was lost")
