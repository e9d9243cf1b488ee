# SPDX-License-Identifier: ISC
"""A forgotten password: asking for a link tells nothing; the token in it works
once, for a while, for its purpose, and ends all sessions."""

import concurrent.futures
import re

import pytest

from helpers import (WEAK_PASSWORDS, ask_token, bearer, check_error,
                     check_validation, new_email, new_password, read_me,
                     register, sign_in)
from links import (FORGOT, RESEND, RESET, VERIFY, add_token, ask_reset, reset,
                   verify)
from mailbox import TOKEN, Mailbox
from people import add_people, transaction, wait_for_waiting
from product import NAME
from runner import (read_job, run_now, wait_for, wait_for_failure,
                    wait_for_job)
from server import confidential

PREFIX = NAME + "_reset_"

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


def bytes_of(answer):
    """A response, without what differs from request to request."""
    headers = [(name, value) for name, value in answer.headers.multi_items()
               if name not in ("date", "x-request-id")]
    return answer.status_code, headers, answer.content.replace(
        answer.headers["x-request-id"].encode(), b"ID")


def audit_of(server, user_id, action):
    return server.sql(
        "SELECT actor_id::text, session_id::text, address, request_id, changes "
        "FROM audit_log WHERE action = %s AND target_id = %s ORDER BY id",
        action, user_id)


#
# Asking.
#

@pytest.mark.parametrize("path", [FORGOT, RESEND])
def test_every_address_gets_the_same_bytes(client, server, path):
    user, off, verified = add_people(server, "user", "user", "user")
    off.set(is_active=False)
    verified.set(email_verified=True)
    answers = {bytes_of(client.post(path, json={"email": address}))
               .__repr__() for address in (
        user.email, off.email, verified.email, user.email.upper(),
        new_email(), user.email)}
    assert len(answers) == 1
    [answer] = answers
    assert answer.startswith("(202, ") and answer.endswith("b'')")


@pytest.mark.parametrize("path", [FORGOT, RESEND])
@pytest.mark.parametrize("body", [
    {"email": ""}, {"email": "ada"}, {"email": "a@b@c"}, {"email": None},
    {"email": 1}, {"email": "a@example.com\r\nBcc: b@example.com"}, {},
    {"email": "a@example.com", "id": 1}], ids=str)
def test_what_is_no_address_is_422(client, path, body):
    check_validation(client.post(path, json=body))


@pytest.mark.parametrize("path, kind", [
    (FORGOT, "send_password_reset"), (RESEND, "send_verification")])
def test_a_job_has_the_address_and_no_more(client, server, path, kind):
    [user] = add_people(server, "user")
    for address in (user.email, new_email()):
        client.post(path, json={"email": address})
        assert server.sql("SELECT kind, payload, unique_key FROM jobs WHERE "
                          "payload ->> 'email' = %s", address) == [
                              (kind, {"email": address}, None)]


def test_a_request_waits_for_no_earlier_one(client, server):
    """Not for a job of the same address either, which would show that it
    takes long: that a mail is being sent."""
    address = new_email()
    for _ in range(2):
        ask_reset(client, address)
    assert server.sql("SELECT count(*) FROM jobs WHERE payload ->> 'email' = "
                      "%s", address) == [(2,)]


def test_the_mail_has_a_link_that_resets_the_password(client, server,
                                                      mailbox):
    user, created = register(client)
    ask_reset(client, user["email"].upper())
    mail = mailbox.mails(user["email"])[-1]
    assert mail.subject == "Set a new password"
    assert mail.to == user["email"]
    token = mailbox.token(user["email"])
    link = "%s/account/reset?token=%s" % (server.url, token)
    assert link in mail.text.splitlines()
    assert 'href="%s"' % link in mail.html
    assert "for 1 hour." in mail.text
    password = new_password()
    answer = reset(client, token, password)
    assert (answer.status_code, answer.content) == (204, b"")
    assert ask_token(client, user["email"],
                     user["password"]).status_code == 400
    assert ask_token(client, user["email"], password).status_code == 200


@pytest.mark.parametrize("who", ["unknown", "deactivated"])
def test_nobody_else_gets_a_mail(client, server, mailbox, who):
    [user] = add_people(server, "user")
    user.set(is_active=False)
    address = user.email if who == "deactivated" else new_email()
    for path in (FORGOT, RESEND):
        client.post(path, json={"email": address})
    assert len(mailbox.jobs_of(address)) == 2
    assert mailbox.mails(address) == []
    assert server.sql("SELECT count(*) FROM account_tokens WHERE user_id = %s",
                      user.id) == [(0,)]


def test_a_mail_that_is_sent_again_is_the_same(client, server, mailbox):
    """Its token, too; and it is one row, which then lasts longer."""
    [user] = add_people(server, "user")
    ask_reset(client, user.email)
    first = mailbox.mails(user.email)[-1].data
    [job] = mailbox.jobs_of(user.email)
    server.sql("UPDATE account_tokens SET expires_at = now() + interval '1 s' "
               "WHERE user_id = %s", user.id)
    server.sql("UPDATE jobs SET status = 'queued', run_at = now() WHERE id = "
               "%s", job)
    server.sql("NOTIFY keel_jobs")
    wait_for(lambda: read_job(server, job)["attempts"] == 2)
    assert mailbox.mails(user.email)[-1].data == first
    assert server.sql("SELECT expires_at > now() + interval '59 min' FROM "
                      "account_tokens WHERE user_id = %s", user.id) == [
                          (True,)]


def test_a_used_token_is_not_made_again(client, server, mailbox):
    [user] = add_people(server, "user")
    ask_reset(client, user.email)
    token = mailbox.token(user.email)
    assert reset(client, token, new_password()).status_code == 204
    [job] = mailbox.jobs_of(user.email)
    server.sql("UPDATE jobs SET status = 'queued', run_at = now() WHERE id = "
               "%s", job)
    server.sql("NOTIFY keel_jobs")
    wait_for(lambda: read_job(server, job)["attempts"] == 2)
    assert mailbox.token(user.email) != token
    check_invalid(reset(client, token, new_password()))


@pytest.mark.parametrize("change", [
    "email = 'x' || email", "is_active = false", "hashed_password = 'new'"])
def test_a_user_who_changes_meanwhile_gets_no_old_link(
        client, server, mailbox, change):
    """A link is for the user as the job has read them; the next attempt reads
    them again."""
    [user] = add_people(server, "user")
    with transaction(server, "UPDATE users SET %s WHERE id = %%s" % change,
                     user.id):
        ask_reset(client, user.email)
        wait_for_waiting(server, 1)
    [job] = server.sql("SELECT id::text FROM jobs WHERE payload ->> 'email' = "
                       "%s", user.email)
    wait_for_failure(server, job[0])
    assert mailbox.sent(job[0]) is None
    run_now(server, job[0])
    wait_for_job(server, job[0], status="done")
    assert (mailbox.sent(job[0]) is not None) == ("password" in change)


def test_the_database_has_no_token(client, server, mailbox):
    [user] = add_people(server, "user")
    ask_reset(client, user.email)
    token = mailbox.token(user.email)
    [[row]] = server.sql("SELECT row_to_json(t)::text FROM account_tokens t "
                         "WHERE user_id = %s", user.id)
    [[jobs]] = server.sql("SELECT json_agg(j)::text FROM jobs j")
    assert token not in row + jobs and token[-43:] not in row + jobs
    assert server.sql("SELECT count(*) FROM account_tokens WHERE token_hash = "
                      "sha256(%s::bytea) AND user_id = %s", token,
                      user.id) == [(1,)]


#
# What a reset does.
#

def test_all_sessions_end(client, server):
    user, created = register(client)
    tokens = [sign_in(client, user) for _ in range(2)]
    assert reset(client, add_token(server, created["id"]),
                 new_password()).status_code == 204
    for token in tokens:
        assert read_me(client, token).status_code == 401
    assert server.sql("SELECT count(*) FROM sessions WHERE user_id = %s AND "
                      "revoked_at IS NULL", created["id"]) == [(0,)]


def test_networks_are_forgotten_except_this_one(client, server):
    [user] = add_people(server, "user")
    for network in ("192.0.2.0/24", "127.0.0.0/24"):
        server.sql("INSERT INTO sign_in_networks (user_id, network) VALUES "
                   "(%s, %s)", user.id, network)
    reset(client, add_token(server, user.id), new_password())
    assert server.sql("SELECT network::text FROM sign_in_networks WHERE "
                      "user_id = %s", user.id) == [("127.0.0.0/24",)]


def test_failures_in_a_row_are_forgiven(client, server):
    [user] = add_people(server, "user")
    server.sql("INSERT INTO sign_in_failures (account, user_id, failures) "
               "VALUES (%s, %s, 100)", user.id, user.id)
    reset(client, add_token(server, user.id), new_password())
    assert server.sql("SELECT count(*) FROM sign_in_failures WHERE account = "
                      "%s", user.id) == [(0,)]


@pytest.mark.parametrize("sent", [True, False], ids=["mail", "command"])
def test_the_address_is_verified_by_a_link_that_was_sent_there(
        client, server, sent):
    [user] = add_people(server, "user")
    reset(client, add_token(server, user.id, sent=sent), new_password())
    assert user.row("email_verified") == (sent,)
    [[*_, changes]] = audit_of(server, user.id, "password_reset")
    assert changes == ({"email_verified": {"from": "false", "to": "true"}}
                       if sent else None)


def test_a_verified_address_stays_verified(client, server):
    [user] = add_people(server, "user")
    user.set(email_verified=True)
    reset(client, add_token(server, user.id, sent=False), new_password())
    assert user.row("email_verified") == (True,)


def test_a_change_of_the_address_that_waits_is_forgotten(client, server):
    [user] = add_people(server, "user")
    user.set(pending_email=new_email())
    reset(client, add_token(server, user.id), new_password())
    assert user.row("pending_email") == (None,)


def test_the_audit_log_has_it(client, server):
    [user] = add_people(server, "user")
    answer = reset(client, add_token(server, user.id), new_password())
    [row] = audit_of(server, user.id, "password_reset")
    assert row[:4] == (user.id, None, "127.0.0.1",
                       answer.headers["x-request-id"])


def test_other_users_keep_all(client, server):
    [user] = add_people(server, "user")
    other, created = register(client)
    session = sign_in(client, other)
    theirs = add_token(server, created["id"])
    reset(client, add_token(server, user.id), new_password())
    assert read_me(client, session).json()["email_verified"] is False
    assert reset(client, theirs, new_password()).status_code == 204


#
# Once at most.
#

def test_a_token_works_once(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    assert reset(client, token, new_password()).status_code == 204
    check_invalid(reset(client, token, new_password()))


def test_of_two_requests_at_once_one_wins(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    passwords = [new_password() for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        with transaction(server, "SELECT FROM users WHERE id = %s FOR UPDATE",
                         user.id):
            answers = [pool.submit(reset, client, token, password)
                       for password in passwords]
            wait_for_waiting(server, 4)
        answers = [answer.result() for answer in answers]
    assert sorted(answer.status_code for answer in answers) == [
        204, 400, 400, 400]
    for answer, password in zip(answers, passwords):
        wanted = 200 if answer.status_code == 204 else 400
        assert ask_token(client, user.email, password).status_code == wanted


def test_of_two_servers_one_wins(client, server, make_server):
    """The second one has the first one's secret."""
    second = make_server(database=server.database).start()
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    with second.client() as other:
        assert reset(other, token, new_password()).status_code == 204
        check_invalid(reset(client, token, new_password()))
        check_invalid(reset(other, token, new_password()))


def test_a_reset_ends_the_other_resets(client, server):
    [user] = add_people(server, "user")
    first, second = [add_token(server, user.id) for _ in range(2)]
    assert reset(client, second, new_password()).status_code == 204
    check_invalid(reset(client, first, new_password()))
    assert server.sql("SELECT count(*) FROM account_tokens WHERE user_id = %s",
                      user.id) == [(0,)]


def test_a_changed_password_ends_it(client, server):
    user, created = register(client)
    token = add_token(server, created["id"])
    answer = client.post(
        "/api/v1/users/me/password", headers=bearer(sign_in(client, user)),
        json={"current_password": user["password"],
              "new_password": new_password()})
    assert answer.status_code == 204
    check_invalid(reset(client, token, new_password()))


@pytest.mark.parametrize("change", ["another", "another and back"])
def test_a_changed_address_ends_it(client, server, change):
    user, admin = add_people(server, "user", "admin")
    token = add_token(server, user.id)
    client.patch(user.path, headers=admin.headers,
                 json={"email": new_email()})
    if change == "another":
        check_invalid(reset(client, token, new_password()))
        return
    client.patch(user.path, headers=admin.headers,
                 json={"email": user.email})
    assert reset(client, token, new_password()).status_code == 204


def test_it_waits_for_a_change_and_is_then_refused(client, server):
    """The state is checked under the lock, not before."""
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET hashed_password = 'new' "
                         "WHERE id = %s", user.id):
            answer = pool.submit(reset, client, token, new_password())
            wait_for_waiting(server, 1)
        check_invalid(answer.result())
    assert user.row("hashed_password") == ("new",)


def test_a_deactivated_user_has_none(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    user.set(is_active=False)
    check_invalid(reset(client, token, new_password()))


def test_it_goes_with_its_user(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    server.sql("DELETE FROM users WHERE id = %s", user.id)
    check_invalid(reset(client, token, new_password()))


def test_it_expires(client, server):
    [user] = add_people(server, "user")
    check_invalid(reset(client, add_token(server, user.id, seconds=0),
                        new_password()))


#
# What is refused.
#

@pytest.mark.parametrize("password, messages", WEAK_PASSWORDS)
def test_a_weak_password_does_not_use_the_token_up(client, server, password,
                                                   messages):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    assert check_validation(reset(client, token, password)) == {
        "body.new_password": messages}
    assert reset(client, token, new_password()).status_code == 204


def tokens_of_no_use(server, user):
    """Each is refused with the same bytes."""
    good = add_token(server, user.id)
    return {
        "used": None, "unknown": PREFIX + "A" * 43,
        "expired": add_token(server, user.id, seconds=-1),
        "verify": add_token(server, user.id, "verify"),
        "empty": "", "short": good[:-1], "longer": good + "A",
        "long": PREFIX + "A" * 60000, "other case": good.upper(),
        "other prefix": good.replace("reset", "verify"),
        "no prefix": good[len(PREFIX):], "blank": good + " ",
        "quote": good[:-1] + "'", "not ascii": good[:-1] + "\u00e9",
        "access": user.token}


def test_all_that_is_refused_is_refused_alike(client, server):
    [user] = add_people(server, "user")
    tokens = tokens_of_no_use(server, user)
    tokens["used"] = add_token(server, user.id)
    signed_in = register(client)[0]
    tokens |= {name: text for name, text in ask_token(
        client, signed_in["email"], signed_in["password"]).json().items()
        if name in ("access_token", "refresh_token")}
    reset(client, tokens["used"], new_password())
    answers = {name: reset(client, token, new_password())
               for name, token in tokens.items()}
    for answer in answers.values():
        check_invalid(answer)
    assert len({repr(bytes_of(answer)) for answer in answers.values()}) == 1


def test_a_token_is_for_one_purpose(client, server):
    """Each is refused wherever another is asked for; and each still works."""
    [user] = add_people(server, "user")
    resets, verifies = [add_token(server, user.id, purpose)
                        for purpose in ("reset", "verify")]
    check_invalid(reset(client, verifies, new_password()))
    check_invalid(verify(client, resets))
    check_invalid(verify(client, user.token))
    for token in (resets, verifies):
        assert read_me(client, token).status_code == 401
        assert client.post("/account/verify" if token == resets else
                           "/account/reset", data={
                               "token": token, "new_password": new_password()
                           }).status_code == 400
        for grant in ({"grant_type": "refresh_token", "refresh_token": token},
                      {"username": user.email, "password": token}):
            assert client.post("/api/v1/auth/token",
                               data=grant).status_code == 400
    assert verify(client, verifies).status_code == 204
    assert reset(client, resets, new_password()).status_code == 204


@pytest.mark.parametrize("path", [RESET, VERIFY])
def test_a_token_that_is_no_string_is_422(client, path):
    body = {"new_password": "Rainy-day-43"} if path == RESET else {}
    for token in (None, 1, [], {}, True):
        assert list(check_validation(client.post(
            path, json=body | {"token": token}))) == ["body.token"]
    assert "body.token" in check_validation(client.post(path, json=body))


def test_a_token_in_the_query_string_is_no_token(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    assert client.post(RESET + "?token=" + token, json={
        "new_password": new_password()}).status_code == 422


def test_a_failure_uses_nothing_up(client, server):
    """The last statement fails: the token is there again."""
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    server.sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ "
               "BEGIN RAISE 'no' USING ERRCODE = '53200'; END $$; CREATE "
               "TRIGGER fail BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE "
               "FUNCTION fail()")
    try:
        check_error(reset(client, token, new_password()), 503,
                    "SERVICE_UNAVAILABLE")
    finally:
        server.sql("DROP FUNCTION fail() CASCADE")
    assert user.row("hashed_password") == ("none",)
    assert reset(client, token, new_password()).status_code == 204


#
# Limits.
#

@pytest.mark.parametrize("name, path, body", [
    ("account_mails", FORGOT, {"email": "a@example.com"}),
    ("account_mails", RESEND, {"email": "a@example.com"}),
    ("account_tokens", RESET, {"token": "x", "new_password": "Rainy-day-43"}),
    ("account_tokens", VERIFY, {"token": "x"})])
def test_the_client_is_limited(limited, name, path, body):
    client = limited[name]
    while (answer := client.post(path, json=body)).status_code != 429:
        assert '"%s"' % name in answer.headers["ratelimit-policy"]
    assert check_error(answer, 429, "TOO_MANY_REQUESTS") == {}


@pytest.fixture(scope="module")
def limited(start_module_server):
    server = start_module_server(
        KEEL_RATE_LIMITS="account_mails=3/h,account_tokens=3/m,"
                         "account_pages=3/m")
    with server.client() as client:
        yield {"account_mails": client, "account_tokens": client,
               "account_pages": client}


@pytest.mark.parametrize("path", ["/account/reset", "/account/verify"])
def test_the_forms_are_limited(limited, path):
    client = limited["account_pages"]
    while (answer := client.post(path, data={"token": "x"})
           ).status_code != 429:
        assert answer.status_code in (400, 422)


def test_a_recipient_is_limited(start_server, start_runner):
    """By recipient_mails, which counts all mails to the address."""
    server = start_server(KEEL_RATE_LIMITS="recipient_mails=2/d")
    mailbox = Mailbox(server, start_runner(server))
    [user] = add_people(server, "user")
    with server.client() as client:
        for _ in range(4):
            ask_reset(client, user.email)
    assert len(mailbox.jobs_of(user.email)) == 4
    assert len(mailbox.mails(user.email)) == 2


#
# What an admin and an operator do.
#

def send_reset(client, actor, user):
    return client.post(user.path + "/send-reset", headers=actor.headers)


def test_an_admin_sends_a_user_the_mail(client, server, mailbox):
    admin, user = add_people(server, "admin", "user")
    answer = send_reset(client, admin, user)
    assert (answer.status_code, answer.content) == (202, b"")
    assert reset(client, mailbox.token(user.email),
                 new_password()).status_code == 204
    [row] = audit_of(server, user.id, "password_reset_sent")
    assert row[:2] == (admin.id, admin.session)


def test_strangers_do_not_keep_an_admins_mail_away(start_server, start_runner):
    """They have used up the mails that the address may be sent."""
    server = start_server(KEEL_RATE_LIMITS="recipient_mails=1/d,"
                          "recipient_notices=2/d,account_mails=100/m")
    mailbox = Mailbox(server, start_runner(server))
    admin, user, off = add_people(server, "admin", "user", "user")
    with server.client() as client:
        for _ in range(3):
            ask_reset(client, user.email)
        assert len(mailbox.mails(user.email)) == 1
        for _ in range(3):
            assert send_reset(client, admin, user).status_code == 202
        first, *more = mailbox.mails(user.email)
        assert len(more) == 2
        for mail in more:
            mail.check(user.email, "an administrator has sent you this link")
            confidential.update(TOKEN.findall(mail.text))
        confidential.update(TOKEN.findall(first.text))
        assert reset(client, mailbox.token(user.email),
                     new_password()).status_code == 204
        # Deactivated after the request, and before the job.
        server.sql("WITH off AS (UPDATE users SET is_active = false WHERE id "
                   "= %s RETURNING id) INSERT INTO jobs (id, kind, payload) "
                   "SELECT gen_random_uuid(), 'send_reset_by_admin', "
                   "jsonb_build_object('id', id) FROM off", off.id)
        assert mailbox.mails(off.email) == []


def test_an_admin_is_told_that_nobody_gets_it(client, server):
    admin, user = add_people(server, "admin", "user")
    user.set(is_active=False)
    check_error(send_reset(client, admin, user), 409, "CONFLICT",
                "The user is deactivated")
    server.sql("DELETE FROM users WHERE id = %s", user.id)
    check_error(send_reset(client, admin, user), 404, "NOT_FOUND")
    assert audit_of(server, user.id, "password_reset_sent") == []


@pytest.mark.parametrize("role", ["user", "staff"])
def test_only_an_admin_does(client, server, role):
    actor, user = add_people(server, role, "user")
    for target in (user, actor):
        check_error(send_reset(client, actor, target), 403, "FORBIDDEN")


def test_an_operator_gets_a_link(client, server):
    [user] = add_people(server, "user")
    done = server.command("reset-password", user.email.upper())
    assert done.returncode == 0, done.stderr
    link = re.fullmatch(r"%s/account/reset\?token=(%s\S{43})\n" % (
        re.escape(server.url), PREFIX), done.stdout)
    assert link, done.stdout
    confidential.add(link[1])
    assert audit_of(server, user.id, "password_reset_link") == [
        (None, None, None, None, None)]
    assert reset(client, link[1], new_password()).status_code == 204
    assert user.row("email_verified") == (False,)


@pytest.mark.parametrize("who", ["unknown", "deactivated"])
def test_an_operator_is_told_that_there_is_no_such_user(server, who):
    [user] = add_people(server, "user")
    user.set(is_active=False)
    address = user.email if who == "deactivated" else new_email()
    done = server.command("reset-password", address)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", "keel: no active user has this e-mail address\n")
    assert audit_of(server, user.id, "password_reset_link") == []


@pytest.mark.parametrize("address", ["ada", "", "a@b@c", "ada@example.com\n"])
def test_an_operator_is_told_that_it_is_no_address(server, address):
    done = server.command("reset-password", address)
    assert done.returncode != 0 and done.stdout == ""
    assert "address" in done.stderr.splitlines()[0]


@pytest.mark.parametrize("name, value", [
    ("KEEL_FRONTEND_URL", "app.example.org"), ("KEEL_RESET_SECONDS", "1"),
    ("KEEL_PUBLIC_URL", "x")])
def test_an_operator_is_told_of_a_wrong_setting(make_server, name, value):
    done = make_server(**{name: value}).command("reset-password",
                                                "ada@example.com")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("keel: " + name)
