# SPDX-License-Identifier: ISC
"""Who may know that an e-mail address has an account: with KEEL_TAKEN_EMAILS=
hidden, nobody but its owner and admins. test_users.py has the default: 409."""

import re

import pytest

from helpers import (ask_token, check_error, check_validation, new_email,
                     new_user, sign_in)
from mailbox import Mailbox
from people import add_people
from samples import replacement

USERS = "/api/v1/users"
ME = USERS + "/me"
TAKEN, ASKED = "send_taken_notice", "send_email_confirmation"


@pytest.fixture(scope="module")
def box(start_module_server, start_module_runner):
    server = start_module_server(
        KEEL_TAKEN_EMAILS="hidden", KEEL_RATE_LIMITS=(
            "register=1000/m,token=1000/m,sign_in_failures=1000/m,"
            "address_failures=1000/m,email_changes=1000/m,"
            "recipient_notices=2/d,recipient_mails=2/d"))
    return Mailbox(server, start_module_runner(server))


@pytest.fixture(scope="module")
def server(box):
    return box.server


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture
def people(server):
    """Two users with verified addresses, and an admin."""
    people = add_people(server, "user", "user", "admin")
    for person in people:
        person.set(email_verified=True)
    return people


def same(answers):
    """The responses are alike, but for what is never so."""
    def shown(answer):
        return (answer.status_code, answer.content, [
            (name, value) for name, value in answer.headers.multi_items()
            if name not in ("x-request-id", "date", "etag", "ratelimit")])
    first = shown(answers[0])
    assert all(shown(answer) == first for answer in answers)


def register_as(client, headers=None, **fields):
    return client.post(USERS, json=new_user(**fields), headers=headers)


def taken_jobs(box, address):
    return [row[0] for row in box.server.sql(
        "SELECT id::text FROM jobs WHERE kind = %s AND payload ->> 'email' = "
        "%s ORDER BY created_at", TAKEN, address)]


def test_a_registration_tells_nothing(box, client, server, people):
    ada, other, _ = people
    free = new_email()
    for headers in (None, other.headers):
        answers = [register_as(client, headers, email=email)
                   for email in (free, free, ada.email)]
        same(answers)
        assert answers[0].status_code == 202
        assert answers[0].json() == {"status": "accepted"}
        assert "location" not in answers[0].headers
    assert server.sql("SELECT count(*) FROM users WHERE email = %s",
                      free) == [(1,)]
    # What is wrong with the request is said, whoever has the address.
    answers = [register_as(client, email=email, password="short")
               for email in (new_email(), ada.email)]
    assert [check_validation(answer) for answer in answers] == [
        check_validation(answers[0])] * 2
    for email in (new_email(), ada.email):
        check_error(register_as(client, email=email, role="admin"), 403,
                    "FORBIDDEN", "Insufficient permissions")


def test_the_owner_is_told(box, client, server, people):
    ada, *_ = people
    for email in (ada.email, ada.email.replace("user", "USER")):
        assert register_as(client, email=email).status_code == 202
    [job] = taken_jobs(box, ada.email)
    mail = box.read(job)
    assert mail.subject == "You have an account already"
    mail.check(ada.email, mail.when, "from 127.0.0.1, with Python",
               server.url)
    mail.lacks("token=", "Test")
    assert server.sql(
        "SELECT actor_id, changes FROM audit_log WHERE action = "
        "'taken_email_registered' AND changes -> 'email' ->> 'to' = %s",
        ada.email) == [(None, {"email": {"from": None, "to": ada.email}})]


def test_a_flood_of_registrations_leaves_the_other_mails(box, client, people):
    ada, *_ = people
    for _ in range(4):
        assert register_as(client, email=ada.email).status_code == 202
    mails = [box.read(job) for job in taken_jobs(box, ada.email)]
    # The runner may have begun several at once, in any order.
    assert sorted(bool(mail) for mail in mails) == [False, False, True, True]
    assert client.post("/api/v1/auth/password/forgot", json={
        "email": ada.email}).status_code == 202
    [job] = [row[0] for row in box.server.sql(
        "SELECT id::text FROM jobs WHERE kind = 'send_password_reset' AND "
        "payload ->> 'email' = %s", ada.email)]
    assert re.findall("token=", box.read(job).text)


def test_who_has_just_registered_must_verify_the_address(box, client, server):
    """Else a stranger could register, and sign in: it was free."""
    user = new_user()
    assert client.post(USERS, json=user).status_code == 202
    answers = [ask_token(client, email, password) for email, password in (
        (user["email"], user["password"]), (user["email"], "Wrong-passw0rd"),
        (new_email(), user["password"]))]
    same(answers)
    assert answers[0].status_code == 400
    [[user_id]] = server.sql("SELECT id::text FROM users WHERE email = %s",
                             user["email"])
    [token] = set(box.only("send_welcome_email", user_id).links(
        "/account/verify"))
    assert client.post("/api/v1/auth/verify-email", json={
        "token": token}).status_code == 204
    sign_in(client, user)


def test_failed_sign_ins_tell_nothing(start_server):
    """A registration begins no new count: else who fails until they are
    refused, registers and tries again would learn that it was free."""
    server = start_server(KEEL_TAKEN_EMAILS="hidden",
                          # By default, one more after 12 seconds.
                          KEEL_RATE_LIMITS="register=20/h,sign_in_failures="
                          "5/h")
    [ada] = add_people(server, "user")
    ada.set(email_verified=True)
    emails = new_email(), ada.email
    with server.client() as client:
        def attempt():
            answers = [ask_token(client, email, "Wrong-passw0rd")
                       for email in emails]
            [found] = {(answer.status_code, answer.content)
                       for answer in answers}
            return found[0]

        assert [attempt() for _ in range(3)] == [400] * 3
        for email in emails:
            assert register_as(client, email=email).status_code == 202
        assert [attempt() for _ in range(3)] == [400, 400, 429]
        # In a row, from anywhere.
        assert server.sql("SELECT count(*), min(failures), max(failures) FROM "
                          "sign_in_failures") == [(2, 5, 5)]
        assert server.sql(
            "SELECT changes #>> '{reason,to}', count(*) FROM audit_log WHERE "
            "action = 'sign_in_refused' GROUP BY 1 ORDER BY 1") == [
                ("account", 3), ("password", 5), ("unverified", 2)]


def test_an_admin_is_told(client, server, people):
    ada, _, admin = people
    answer = register_as(client, admin.headers)
    assert answer.status_code == 201 and answer.json()["email"]
    assert answer.headers["location"].endswith(answer.json()["id"])
    for answer in (register_as(client, admin.headers, email=ada.email),
                   client.patch(ada.path, headers=admin.headers,
                                json={"email": admin.email})):
        check_error(answer, 409, "CONFLICT", "Email already registered")


@pytest.mark.parametrize("method, path", [
    ("PATCH", "me"), ("PATCH", "id"), ("PUT", "id")])
def test_a_change_of_the_address_tells_nothing(box, client, server, people,
                                               method, path):
    ada, bob, admin = people
    emails = [bob.email, admin.email, new_email()]

    def ask(email):
        body = {"email": email}
        if method == "PUT":
            body = replacement(ada, **body)
        return client.request(method, ME if path == "me" else ada.path,
                              headers=ada.headers, json=body)

    for email in emails:
        answer = ask(email)
        assert answer.status_code == 202
        assert answer.json()["email"] == ada.email
        assert answer.json()["pending_email"] == email
        assert ada.row("email", "pending_email") == (ada.email, email)
    assert "pending_email" in client.get(ME, headers=ada.headers).json()
    back = client.patch(ME, headers=ada.headers, json={"email": ada.email})
    assert back.status_code == 200 and "pending_email" not in back.json()


def test_the_owner_of_an_asked_address_is_told(box, client, server, people):
    ada, bob, _ = people
    assert client.patch(ME, headers=ada.headers, json={
        "email": bob.email}).status_code == 202
    mail = box.only(ASKED, ada.id)
    assert mail.subject == "You have an account already"
    mail.check(bob.email, mail.when, "from 127.0.0.1, with Python")
    mail.lacks("token=", ada.email)
    assert server.sql("SELECT count(*) FROM account_tokens WHERE email = %s",
                      bob.email) == [(0,)]
    # The old address learns what was asked for, and nothing else.
    warning = box.only("send_email_warning", ada.id)
    warning.check(ada.email, "becomes " + bob.email)
    warning.links("/account/email/cancel")


def test_a_job_is_stored_for_both(client, server, people):
    """As many statements, so that their time tells nothing."""
    ada, *_ = people

    def stored(email):
        # The runner stores what is scheduled, at the turn of an hour.
        count = "SELECT count(*) FROM jobs WHERE kind NOT IN (SELECT kind " \
            "FROM job_schedules)"
        before = server.sql(count)
        assert register_as(client, email=email).status_code == 202
        return server.sql(count)[0][0] - before[0][0]

    assert stored(new_email()) == stored(ada.email) == 1
