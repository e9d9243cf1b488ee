# SPDX-License-Identifier: ISC
"""Verified e-mail addresses: the link in the welcome mail, another one that
anybody may ask for, and what its token does."""

import concurrent.futures

import pytest

from helpers import check_error, new_email, new_password, register
from links import RESEND, add_token, reset, verify
from mailbox import Mailbox
from people import add_people, transaction, wait_for_waiting
from runner import add_job, wait_for_job

INVALID = "The link is used, expired or not valid"


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server()


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def mailbox(server, start_module_runner):
    return Mailbox(server, start_module_runner(server))


def check_invalid(answer):
    assert check_error(answer, 400, "INVALID_TOKEN", INVALID) == {}


def is_verified(server, user_id):
    [[verified]] = server.sql("SELECT email_verified FROM users WHERE id = %s",
                              user_id)
    return verified


def test_the_welcome_mail_has_a_link_that_verifies(client, server, mailbox):
    user, created = register(client)
    assert created["email_verified"] is False
    [mail] = mailbox.mails(user["email"])
    token = mailbox.token(user["email"])
    link = "%s/account/verify?token=%s" % (server.url, token)
    assert link in mail.text.splitlines()
    assert 'href="%s"' % link in mail.html
    assert "for 2 days." in mail.text
    answer = verify(client, token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert is_verified(server, created["id"])


def test_a_verified_user_is_welcomed_without_a_link(server, mailbox):
    [user] = add_people(server, "user")
    user.set(email_verified=True)
    wait_for_job(server, add_job(server, {"id": user.id}), status="done")
    [mail] = mailbox.mails(user.email)
    assert mail.subject == "Your new account"
    assert "token=" not in mail.text + mail.html
    assert server.url in mail.text


def test_a_deactivated_user_is_welcomed_without_a_link(server, mailbox):
    [user] = add_people(server, "user")
    user.set(is_active=False)
    wait_for_job(server, add_job(server, {"id": user.id}), status="done")
    [mail] = mailbox.mails(user.email)
    assert "token=" not in mail.text


def test_another_link_is_sent(client, server, mailbox):
    [user] = add_people(server, "user")
    assert client.post(RESEND, json={"email": user.email}).status_code == 202
    [mail] = mailbox.mails(user.email)
    assert mail.subject == "Verify your e-mail address"
    assert verify(client, mailbox.token(user.email)).status_code == 204


def test_nobody_else_gets_one(client, server, mailbox):
    verified, off = add_people(server, "user", "user")
    verified.set(email_verified=True)
    off.set(is_active=False)
    for address in (verified.email, off.email, new_email()):
        assert client.post(RESEND, json={"email": address}).status_code == 202
        assert len(mailbox.jobs_of(address)) == 1
        assert mailbox.mails(address) == []


def test_a_token_works_once(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    assert verify(client, token).status_code == 204
    check_invalid(verify(client, token))
    assert is_verified(server, user.id)


def test_of_two_requests_at_once_one_wins(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(server, "SELECT FROM users WHERE id = %s FOR UPDATE",
                         user.id):
            answers = [pool.submit(verify, client, token) for _ in range(2)]
            wait_for_waiting(server, 2)
    assert sorted(answer.result().status_code for answer in answers) == [
        204, 400]


def test_the_audit_log_has_it_once(client, server):
    """A second link of a verified user changes nothing."""
    [user] = add_people(server, "user")
    tokens = [add_token(server, user.id, "verify") for _ in range(2)]
    answers = [verify(client, token) for token in tokens]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert server.sql(
        "SELECT actor_id::text, target_id::text, request_id, changes FROM "
        "audit_log WHERE action = 'email_verified' AND target_id = %s",
        user.id) == [(user.id, user.id, answers[0].headers["x-request-id"],
                      {"email_verified": {"from": "false", "to": "true"}})]


def test_it_is_for_the_address_it_was_sent_to(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    user.set(email=new_email())
    check_invalid(verify(client, token))
    assert not is_verified(server, user.id)


def test_an_address_that_changes_meanwhile_is_not_verified(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET email = %s WHERE id = %s",
                         new_email(), user.id):
            answer = pool.submit(verify, client, token)
            wait_for_waiting(server, 1)
        check_invalid(answer.result())
    assert not is_verified(server, user.id)


def test_a_new_password_leaves_it(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    reset(client, add_token(server, user.id, sent=False), new_password())
    assert not is_verified(server, user.id)
    assert verify(client, token).status_code == 204


@pytest.mark.parametrize("seconds", [0, -1])
def test_it_expires(client, server, seconds):
    [user] = add_people(server, "user")
    check_invalid(verify(client, add_token(server, user.id, "verify",
                                           seconds=seconds)))


def test_a_deactivated_user_has_none(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    user.set(is_active=False)
    check_invalid(verify(client, token))


def test_expired_tokens_are_purged(server, mailbox):
    [user] = add_people(server, "user")
    add_token(server, user.id, seconds=-1)
    kept = add_token(server, user.id, seconds=60)
    wait_for_job(server, add_job(server, {}, "purge_account_tokens"),
                 status="done")
    assert server.sql("SELECT token_hash = sha256(%s::bytea) FROM "
                      "account_tokens WHERE user_id = %s", kept, user.id) == [
                          (True,)]
