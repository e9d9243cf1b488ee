# SPDX-License-Identifier: ISC
"""Every allocation and every query of the links' operations and pages fails in
turn: a correct error, nothing changed, and the token still works."""

import pytest

from helpers import new_email, new_password
from links import FORGOT, RESET, VERIFY, add_token
from people import add_people
from test_faults import check_clean_failure, fail_in_turn

pytestmark = pytest.mark.faults

COLUMNS = ["hashed_password", "email_verified", "version"]


@pytest.fixture(scope="module")
def faulty(start_module_server):
    """One worker, so that it is warm."""
    server = start_module_server(KEEL_WORKERS="1")
    with server.client() as client:
        for _ in range(20):
            client.get("/account/verify?token=x")
    return server


def as_json(path):
    def send(client, token, fault):
        body = {"token": token}
        if path == RESET:
            body["new_password"] = new_password()
        return client.post(path, json=body, headers=fault)
    return send


def as_form(path):
    return lambda client, token, fault: client.post(path, headers=fault, data={
        "token": token, "new_password": new_password()})


@pytest.mark.parametrize("kind", ["alloc", "query"])
@pytest.mark.parametrize("send, purpose, good, queries", [
    (as_json(RESET), "reset", 204, 9), (as_json(VERIFY), "verify", 204, 5),
    (as_form("/account/reset"), "reset", 200, 9),
    (as_form("/account/verify"), "verify", 200, 5),
    (as_form("/account/email"), "email", 200, 7),
    (as_form("/account/email/cancel"), "email_cancel", 200, 5)],
    ids=["reset", "verify", "page-reset", "page-verify", "page-email",
         "page-email-cancel"])
def test_a_token_is_used_or_it_is_not(faulty, kind, send, purpose, good,
                                      queries):
    def ask(fault):
        [person] = add_people(faulty, "user")
        if purpose.startswith("email"):
            person.set(pending_email=new_email())
        token = add_token(faulty, person.id, purpose)
        before = person.row(*COLUMNS)
        with faulty.client() as client:
            answer = send(client, token, fault)
        left = faulty.sql("SELECT count(*) FROM account_tokens WHERE user_id "
                          "= %s", person.id)[0][0]
        after = person.row(*COLUMNS)
        if answer.status_code == good:
            assert (left, after != before) == (0, True), fault
        return answer, (left, before == after)

    def check(n, answer, state):
        check_clean_failure(n, answer)
        assert state == (1, True), "fault %d" % n

    harmful = fail_in_turn(kind, ask, good, check)
    assert harmful >= (queries if kind == "query" else 1)
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("kind, least", [("alloc", 1), ("query", 3)])
def test_a_request_for_a_mail_fails_whole(faulty, kind, least):
    def ask(fault):
        address = new_email()
        with faulty.client() as client:
            answer = client.post(FORGOT, json={"email": address},
                                 headers=fault)
        stored = faulty.sql("SELECT count(*) FROM jobs WHERE payload ->> "
                            "'email' = %s", address)[0][0]
        assert answer.status_code != 202 or stored == 1, fault
        return answer, stored

    def check(n, answer, stored):
        check_clean_failure(n, answer)
        assert stored == 0, "fault %d" % n

    assert fail_in_turn(kind, ask, 202, check) >= least
    faulty.wait_for_rest()


def test_a_page_that_fails(faulty):
    def ask(fault):
        with faulty.client() as client:
            return client.get("/account/reset?token=x", headers=fault), None

    assert fail_in_turn("alloc", ask, 200, lambda n, answer, _:
                        check_clean_failure(n, answer)) >= 1
    faulty.wait_for_rest()
