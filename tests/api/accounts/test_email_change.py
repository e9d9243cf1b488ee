# SPDX-License-Identifier: ISC
"""The change of one's own e-mail address: nothing changes until the new address
confirms it, and the old one can cancel it. An admin changes another user's at
once."""

import concurrent.futures
import re

import pytest

from helpers import (check_error, check_validation, new_email, new_password,
                     new_user, register)
from mailbox import Mailbox
from pages import Page
from people import add_people, transaction, wait_for_waiting
from product import NAME
from samples import members, replacement
from server import confidential

ME = "/api/v1/users/me"
CONFIRM = "/api/v1/auth/email/confirm"
CANCEL = "/api/v1/auth/email/cancel"
PAGE, CANCEL_PAGE = "/account/email", "/account/email/cancel"
ASKED, WARNED, CHANGED = ("send_email_confirmation", "send_email_warning",
                          "send_email_notice")


@pytest.fixture(scope="module")
def box(start_module_server, start_module_runner):
    server = start_module_server(KEEL_RATE_LIMITS=(
        "email_changes=1000/m,email_tokens=1000/m,account_mails=1000/m"))
    return Mailbox(server, start_module_runner(server))


@pytest.fixture(scope="module")
def server(box):
    return box.server


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture
def ada(server):
    [ada] = add_people(server, "user")
    ada.set(email_verified=True)
    return ada


def ask(client, person, email=None, **more):
    """Asks for another address; returns it."""
    email = email or new_email("new")
    answer = client.patch(ME, headers=person.headers,
                          json={"email": email} | more)
    assert answer.status_code == 200, answer.text
    assert answer.json()["email"] == person.email
    assert answer.json()["pending_email"] == email
    return email


def token(box, kind, person, path):
    """The token in the newest mail of that kind."""
    mail = box.all(kind, person.id)[-1]
    [found] = set(mail.links(path))
    confidential.add(found)
    return found


def tokens(box, person):
    return (token(box, ASKED, person, PAGE),
            token(box, WARNED, person, CANCEL_PAGE))


def post(client, path, sent):
    return client.post(path, json={"token": sent})


def invalid(answer):
    assert check_error(answer, 400, "INVALID_TOKEN") == {}
    return True


def state(person):
    return person.row("email", "pending_email", "email_verified")


def actions(server, person):
    return [row[0] for row in server.sql(
        "SELECT action FROM audit_log WHERE target_id = %s AND action LIKE "
        "'email%%' ORDER BY created_at, id", person.id)]


#
# To ask.
#

@pytest.mark.parametrize("role", ["user", "staff", "admin"])
@pytest.mark.parametrize("method, path", [
    ("PATCH", "me"), ("PATCH", "id"), ("PUT", "id")])
def test_nothing_changes_before_it_is_confirmed(client, server, role, method,
                                                path):
    [person] = add_people(server, role)
    body = {"email": new_email()}
    if method == "PUT":
        body = replacement(person, **body)
    answer = client.request(method, ME if path == "me" else person.path,
                            headers=person.headers, json=body)
    assert answer.status_code == 200
    assert answer.json()["email"] == person.email
    assert answer.json()["pending_email"] == body["email"]
    assert state(person) == (person.email, body["email"], False)
    assert client.get(ME, headers=person.headers).json()[
        "pending_email"] == body["email"]


def test_the_members_of_a_user_without_a_pending_address(client, ada):
    assert list(client.get(ME, headers=ada.headers).json()) == members("User")


def test_the_rest_of_the_change_is_at_once(client, ada):
    email = ask(client, ada, name="Countess")
    assert ada.row("name", "email", "pending_email") == (
        "Countess", ada.email, email)


def test_an_admin_changes_the_rest_of_their_own(client, server):
    [admin] = add_people(server, "admin")
    add_people(server, "admin")
    answer = client.patch(ME, headers=admin.headers, json={
        "email": admin.email, "name": "Root"})
    assert answer.status_code == 200 and answer.json()["name"] == "Root"
    answer = client.put(admin.path, headers=admin.headers, json=replacement(
        admin, email=new_email(), role="staff"))
    assert (answer.status_code, answer.json()["role"]) == (200, "staff")
    assert admin.row("role", "email") == ("staff", admin.email)


def test_the_mails(box, client, ada):
    email = ask(client, ada)
    mail = box.only(ASKED, ada.id)
    mail.check(email, "Confirm", "The link works once, for 1 day.",
               box.server.url + PAGE + "?token=")
    mail.lacks(ada.email, "Test")
    assert len(mail.links(PAGE)) == 1
    warning = box.only(WARNED, ada.id)
    warning.check(ada.email, email, warning.when, "from 127.0.0.1, with "
                  "Python", box.server.url + CANCEL_PAGE + "?token=")
    tokens(box, ada)


def test_an_old_address_that_is_not_verified_sees_no_words(box, client, ada):
    ada.set(email_verified=False)
    ask(client, ada, new_email("buy-at-evil"))
    mail = box.only(WARNED, ada.id)
    mail.check(ada.email, "becomes another address.")
    mail.lacks("evil")
    tokens(box, ada)


def test_no_token_is_in_the_database_or_in_a_log(box, client, server, ada):
    ask(client, ada)
    for found in tokens(box, ada):
        secret = found[-43:]
        assert secret not in str(server.sql(
            "SELECT payload::text, error FROM jobs"))
        assert secret not in str(server.sql(
            "SELECT t::text FROM account_tokens t"))
        for log in (server.log(), box.runner.log()):
            assert secret not in str(log)


@pytest.mark.parametrize("change", [str.upper, str.title])
def test_another_case_is_changed_at_once(client, ada, change):
    local, domain = ada.email.split("@")
    email = change(local) + "@" + domain
    answer = client.patch(ME, headers=ada.headers, json={"email": email})
    assert answer.json()["email"] == email
    assert "pending_email" not in answer.json()
    assert state(ada) == (email, None, True)


def test_a_taken_address_is_409(client, server, ada):
    [bob] = add_people(server, "user")
    for email in (bob.email, bob.email.upper()):
        check_error(client.patch(ME, headers=ada.headers, json={
            "email": email, "name": "New"}), 409, "CONFLICT",
            "Email already registered")
    assert ada.row("email", "pending_email", "name") == (
        ada.email, None, "Test")


def test_an_invalid_address_is_422(client, ada):
    assert "body.email" in check_validation(client.patch(
        ME, headers=ada.headers, json={"email": "ada"}))
    assert state(ada)[1] is None


#
# To confirm.
#

def test_a_confirmed_address(box, client, server, ada):
    ada.set(email_verified=False)
    email = ask(client, ada)
    assert post(client, CONFIRM, token(box, ASKED, ada,
                                       PAGE)).status_code == 204
    assert state(ada) == (email, None, True)
    assert list(client.get(ME, headers=ada.headers).json()) == members("User")
    assert actions(server, ada) == ["email_change_asked", "email_changed"]
    assert server.sql(
        "SELECT actor_id::text, changes FROM audit_log WHERE target_id = %s "
        "AND action = 'email_changed'", ada.id) == [(ada.id, {
            "email": {"from": ada.email, "to": email},
            "email_verified": {"from": "false", "to": "true"}})]
    mail = box.only(CHANGED, ada.id)
    mail.check(ada.email, mail.when, "changed to another address from "
               "127.0.0.1, with Python")


def test_a_verified_old_address_sees_the_new_one(box, client, ada):
    email = ask(client, ada)
    assert post(client, CONFIRM, token(box, ASKED, ada,
                                       PAGE)).status_code == 204
    box.only(CHANGED, ada.id).check(ada.email, "changed to %s from" % email)


def test_sign_in_is_with_the_address_that_one_has(box, client):
    user, answer = register(client)
    signed = client.post("/api/v1/auth/login", json={
        "username": user["email"], "password": user["password"]}).json()
    confidential.add(signed["access_token"])

    class Ada:
        id, email = answer["id"], user["email"]
        headers = {"Authorization": "Bearer " + signed["access_token"]}

    email = ask(client, Ada)

    def status(address):
        answer = client.post("/api/v1/auth/login", json={
            "username": address, "password": user["password"]})
        if answer.status_code == 200:
            confidential.add(answer.json()["access_token"])
        return answer.status_code

    assert (status(user["email"]), status(email)) == (200, 400)
    assert post(client, CONFIRM, token(box, ASKED, Ada,
                                       PAGE)).status_code == 204
    assert (status(user["email"]), status(email)) == (400, 200)


def test_a_token_is_used_once(box, client, ada):
    ask(client, ada)
    confirm, cancel = tokens(box, ada)
    assert post(client, CONFIRM, confirm).status_code == 204
    before = state(ada)
    for path, sent in ((CONFIRM, confirm), (CANCEL, cancel)):
        assert invalid(post(client, path, sent))
    assert state(ada) == before


def test_two_at_once(box, client, server, ada):
    ask(client, ada)
    sent, _ = tokens(box, ada)      # no job waits for the user, too
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(server, "SELECT FROM users WHERE id = %s FOR UPDATE",
                         ada.id):
            answers = [pool.submit(post, client, CONFIRM, sent)
                       for _ in range(2)]
            wait_for_waiting(server, 2)
    assert sorted(answer.result().status_code
                  for answer in answers) == [204, 400]
    assert len(box.jobs(CHANGED, ada.id)) == 1


def test_confirmed_and_cancelled_at_once(box, client, server, ada):
    email = ask(client, ada)
    confirm, cancel = tokens(box, ada)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(server, "SELECT FROM users WHERE id = %s FOR UPDATE",
                         ada.id):
            answers = [pool.submit(post, client, CONFIRM, confirm),
                       pool.submit(post, client, CANCEL, cancel)]
            wait_for_waiting(server, 2)
    done = [answer.result().status_code for answer in answers]
    assert sorted(done) == [204, 400]
    assert state(ada) == ((email if done[0] == 204 else ada.email), None,
                          True)


def test_a_taken_address_is_not_confirmed(box, client, server, ada):
    """It became somebody's in between. The link works when it is free."""
    email = ask(client, ada)
    sent = token(box, ASKED, ada, PAGE)
    [bob] = add_people(server, "user")
    bob.set(email=email.upper())
    check_error(post(client, CONFIRM, sent), 409, "CONFLICT",
                "Email already registered")
    page = client.post(PAGE, data={"token": sent})
    assert page.status_code == 409 and "Another account" in page.text
    assert state(ada) == (ada.email, email, True)
    bob.set(email=bob.email)
    assert post(client, CONFIRM, sent).status_code == 204


@pytest.mark.parametrize("page", [False, True], ids=["api", "page"])
def test_taken_while_it_is_confirmed(box, client, server, ada, page):
    email = ask(client, ada)
    sent = token(box, ASKED, ada, PAGE)
    [bob] = add_people(server, "user")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET email = %s WHERE id = %s",
                         email, bob.id):
            answer = (pool.submit(client.post, PAGE, data={"token": sent})
                      if page else pool.submit(post, client, CONFIRM, sent))
            wait_for_waiting(server, 1)
    answer = answer.result()
    assert state(ada) == (ada.email, email, True)
    if not page:
        check_error(answer, 409, "CONFLICT", "Email already registered")
        return
    assert answer.status_code == 409
    assert Page(answer).title == "Nothing was changed"
    # What it tells people to do says more.
    again = client.post(PAGE, data={"token": sent})
    assert "Another account has this e-mail address" in Page(again).problem


#
# To cancel, and what else ends a pending change.
#

def test_a_cancelled_change(box, client, server, ada):
    ask(client, ada)
    confirm, cancel = tokens(box, ada)
    assert post(client, CANCEL, cancel).status_code == 204
    assert state(ada) == (ada.email, None, True)
    assert actions(server, ada) == ["email_change_asked",
                                    "email_change_cancelled"]
    assert server.sql("SELECT count(*) FROM account_tokens WHERE user_id = "
                      "%s", ada.id) == [(0,)]
    for path, sent in ((CONFIRM, confirm), (CANCEL, cancel)):
        assert invalid(post(client, path, sent))
    assert box.jobs(CHANGED, ada.id) == []


def end_by_another(box, client, server, ada):
    ask(client, ada)


def end_by_current_address(box, client, server, ada):
    answer = client.patch(ME, headers=ada.headers, json={"email": ada.email})
    assert answer.status_code == 200
    assert "pending_email" not in answer.json()
    assert actions(server, ada)[-1] == "email_change_cancelled"


def end_by_another_case(box, client, server, ada):
    answer = client.patch(ME, headers=ada.headers,
                          json={"email": ada.email.replace("user", "USER")})
    assert answer.json()["email"] == ada.email.replace("user", "USER")
    ada.set(email=ada.email)


def end_by_case_and_name(box, client, server, ada):
    email = ada.email.replace("user", "USER")
    answer = client.patch(ME, headers=ada.headers,
                          json={"email": email, "name": "Countess"})
    assert answer.json()["email"] == email
    assert actions(server, ada)[-1] == "email_change_cancelled"
    ada.set(email=ada.email)


def end_by_an_admin(box, client, server, ada):
    [admin] = add_people(server, "admin")
    for email in (new_email(), ada.email):
        answer = client.patch(ada.path, headers=admin.headers,
                              json={"email": email})
        assert answer.json()["email"] == email


def end_by_deactivation(box, client, server, ada):
    [admin] = add_people(server, "admin")
    assert client.post(ada.path + "/deactivate",
                       headers=admin.headers).status_code == 200


def end_by_reset(box, client, server, ada):
    assert client.post("/api/v1/auth/password/forgot", json={
        "email": ada.email}).status_code == 202
    [job] = [row[0] for row in server.sql(
        "SELECT id::text FROM jobs WHERE kind = 'send_password_reset' AND "
        "payload ->> 'email' = %s", ada.email)]
    [sent] = set(box.read(job).links("/account/reset"))
    confidential.add(sent)
    assert client.post("/api/v1/auth/password/reset", json={
        "token": sent, "new_password": new_password()}).status_code == 204
    assert len(box.all("send_password_notice", ada.id)) == 1


def end_by_deletion(box, client, server, ada):
    assert client.delete(ME, headers=ada.headers).status_code == 204


@pytest.mark.parametrize("end", [
    end_by_another, end_by_current_address, end_by_another_case,
    end_by_case_and_name, end_by_an_admin, end_by_deactivation, end_by_reset,
    end_by_deletion])
def test_what_ends_a_change_ends_its_links(box, client, server, ada, end):
    email = ask(client, ada)
    sent = tokens(box, ada)
    end(box, client, server, ada)
    before = state(ada)
    for path, one in zip((CONFIRM, CANCEL), sent):
        assert invalid(post(client, path, one))
    if end in (end_by_another, end_by_current_address, end_by_another_case,
               end_by_case_and_name):
        # Also if the same address is asked for again.
        ask(client, ada, email)
        before = state(ada)
        for path, one in zip((CONFIRM, CANCEL), sent):
            assert invalid(post(client, path, one))
    assert state(ada) == before
    assert before is None or before[0] == ada.email


@pytest.mark.parametrize("role", ["user", "admin"])
@pytest.mark.parametrize("name", ["Test", "Countess"])
@pytest.mark.parametrize("method, path", [
    ("PATCH", "me"), ("PATCH", "id"), ("PUT", "id")])
def test_a_form_that_sends_all_fields_ends_nothing(box, client, server, method,
                                                   path, name, role):
    """It has the current address, which nobody has edited."""
    [person] = add_people(server, role)
    email = ask(client, person)
    confirm, _ = tokens(box, person)
    body = {"email": person.email, "name": name}
    if method == "PUT":
        body = replacement(person, **body)
    answer = client.request(method, ME if path == "me" else person.path,
                            headers=person.headers, json=body)
    assert answer.status_code == 200
    assert answer.json()["pending_email"] == email
    assert person.row("name", "pending_email") == (name, email)
    assert actions(server, person) == ["email_change_asked"]
    assert post(client, CONFIRM, confirm).status_code == 204
    assert state(person) == (email, None, True)


def test_a_password_change_ends_it(box, client, server):
    user, answer = register(client)
    signed = client.post("/api/v1/auth/login", json={
        "username": user["email"], "password": user["password"]}).json()
    confidential.add(signed["access_token"])
    headers = {"Authorization": "Bearer " + signed["access_token"]}
    client.patch(ME, headers=headers, json={"email": new_email()})
    assert client.post(ME + "/password", headers=headers, json={
        "current_password": user["password"],
        "new_password": new_password()}).status_code == 204
    assert server.sql("SELECT pending_email FROM users WHERE id = %s",
                      answer["id"]) == [(None,)]


def test_the_second_of_two_changes_counts(box, client, ada):
    ask(client, ada)
    first = tokens(box, ada)
    email = ask(client, ada)
    assert invalid(post(client, CONFIRM, first[0]))
    assert post(client, CONFIRM, token(box, ASKED, ada,
                                       PAGE)).status_code == 204
    assert state(ada) == (email, None, True)


@pytest.mark.parametrize("pending", [None, "another@example.com"])
def test_a_job_that_is_late_sends_nothing(box, client, server, ada, pending):
    """The change has ended before the runner comes to the job."""
    ada.set(pending_email=pending)
    server.sql(
        "INSERT INTO jobs (id, kind, payload) SELECT gen_random_uuid(), "
        "kind, jsonb_build_object('id', %s, 'email', %s, 'verified', true, "
        "'to', 'late@example.com', 'client', '::1', 'device', 'x') FROM "
        "unnest(ARRAY[%s, %s]) AS t (kind)", ada.id, ada.email, ASKED,
        WARNED)
    assert box.all(ASKED, ada.id) == box.all(WARNED, ada.id) == []


def test_a_link_expires(box, client, server, ada):
    ask(client, ada)
    sent = tokens(box, ada)
    server.sql("UPDATE account_tokens SET expires_at = now() WHERE user_id = "
               "%s", ada.id)
    for path, one in zip((CONFIRM, CANCEL), sent):
        assert invalid(post(client, path, one))


def test_a_token_is_for_one_purpose(box, client, ada):
    ask(client, ada)
    confirm, cancel = tokens(box, ada)
    for path, one in ((CONFIRM, cancel), (CANCEL, confirm),
                      ("/api/v1/auth/verify-email", confirm),
                      ("/api/v1/auth/verify-email", cancel)):
        assert invalid(post(client, path, one))
    for one in (confirm, cancel):
        assert invalid(client.post("/api/v1/auth/password/reset", json={
            "token": one, "new_password": new_password()}))
    for one in ("", "x", NAME + "_email_", confirm + "x", confirm[:-1],
                confirm.upper()):
        assert invalid(post(client, CONFIRM, one))
        assert invalid(post(client, CANCEL, one))
    assert state(ada)[1] is not None


#
# Who sees it.
#

def test_nobody_else_sees_the_pending_address(client, server, ada):
    [admin] = add_people(server, "admin")
    email = ask(client, ada)
    one = client.get(ada.path, headers=admin.headers)
    assert "pending_email" not in one.json()
    changed = client.patch(ada.path, headers=admin.headers,
                           json={"name": "New"})
    assert "pending_email" not in changed.json()
    for query in ("q=" + email, "q=" + ada.email, "limit=100"):
        for more in ("", "&cursor=", "&sort=-email"):
            answer = client.get("/api/v1/users?%s%s" % (query, more),
                                headers=admin.headers)
            assert email not in answer.text
            assert "pending_email" not in answer.text
    assert client.get("/api/v1/users?q=" + email,
                      headers=admin.headers).json()["total"] == 0
    assert state(ada)[1] == email


def test_a_pending_address_is_not_taken(client, ada):
    email = ask(client, ada)
    register(client, email=email)


def test_entity_tags(client, server, ada):
    [admin] = add_people(server, "admin")

    def read(person, **headers):
        return client.get(ada.path, headers=person.headers | headers)

    old = read(ada).headers["etag"]
    assert read(admin).headers["etag"] == old
    answer = client.patch(ME, headers=ada.headers | {"If-Match": old},
                          json={"email": new_email()})
    assert answer.status_code == 200
    own = answer.headers["etag"]
    assert own != old and read(ada).headers["etag"] == own
    # Two users are shown two representations.
    assert read(admin).headers["etag"] not in (own, old)
    assert read(ada, **{"If-None-Match": own}).status_code == 304
    assert read(admin, **{"If-None-Match": own}).status_code == 200
    for tag in (old, read(admin).headers["etag"]):
        check_error(client.patch(
            ME, headers=ada.headers | {"If-Match": tag},
            json={"email": new_email()}), 412, "PRECONDITION_FAILED")
    again = client.patch(ME, headers=ada.headers | {"If-Match": own},
                         json={"email": new_email(), "name": "Both"})
    assert again.status_code == 200
    assert read(ada).headers["etag"] == again.headers["etag"]
    changed = client.patch(
        ada.path, headers=admin.headers | {
            "If-Match": read(admin).headers["etag"]}, json={"name": "Third"})
    assert changed.status_code == 200


def test_a_stale_tag_is_seen_while_it_is_written(client, server, ada):
    """Another change is first, and commits while this one waits."""
    tag = client.get(ME, headers=ada.headers).headers["etag"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET name = 'X' WHERE id = %s",
                         ada.id):
            answer = pool.submit(
                client.patch, ME, headers=ada.headers | {"If-Match": tag},
                json={"email": new_email()})
            wait_for_waiting(server, 1)
    check_error(answer.result(), 412, "PRECONDITION_FAILED")
    assert state(ada)[1] is None


#
# The pages.
#

@pytest.mark.parametrize("page, kind, done", [
    (PAGE, ASKED, "Your e-mail address is changed"),
    (CANCEL_PAGE, WARNED, "Your e-mail address stays as it is")])
def test_a_page_acts_when_its_form_is_sent(box, client, server, ada, page,
                                           kind, done):
    email = ask(client, ada)
    sent = token(box, kind, ada, page)
    for _ in range(2):      # a mail program, and then a person
        shown = client.get(page, params={"token": sent})
        assert shown.status_code == 200
        assert shown.headers["referrer-policy"] == "no-referrer"
        assert shown.headers["cache-control"] == "no-store"
        assert "script" not in shown.text
    assert state(ada) == (ada.email, email, True)
    [action] = re.findall(r'action="([^"]*)"', shown.text)
    [hidden] = re.findall(r'name="token" value="([^"]*)"', shown.text)
    [style] = re.findall(r'href="([^"]*)"', shown.text)
    assert hidden == sent
    base = shown.url
    assert client.get(base.join(style)).headers["content-type"].startswith(
        "text/css")
    assert base.join(action).path == page
    answer = client.post(base.join(action), data={"token": hidden})
    assert answer.status_code == 200 and done in answer.text
    assert sent not in answer.text
    assert state(ada) == (email if page == PAGE else ada.email, None, True)
    again = client.post(base.join(action), data={"token": hidden})
    assert again.status_code == 400 and "does not work" in again.text


@pytest.mark.parametrize("page", [PAGE, CANCEL_PAGE])
def test_a_page_without_a_token(client, page):
    for answer in (client.get(page), client.get(page + "?token="),
                   client.post(page, data={"other": "x"})):
        assert answer.status_code == 400
        assert "It is not complete" in answer.text
    answer = client.get(page, params={"token": '"><script>'})
    assert "<script>" not in answer.text


def test_links_lead_to_the_frontend(start_server, start_runner):
    """And one address tries few tokens."""
    server = start_server(KEEL_FRONTEND_URL="https://app.example.org/account",
                          KEEL_RATE_LIMITS="email_tokens=4/h")
    box = Mailbox(server, start_runner(server))
    [ada] = add_people(server, "user")
    with server.client() as client:
        ask(client, ada)
        for kind, path in ((ASKED, "/email"), (WARNED, "/email/cancel")):
            box.only(kind, ada.id).check(
                box.only(kind, ada.id).to,
                "https://app.example.org/account%s?token=" % path)
            token(box, kind, ada, "https://app.example.org/account" + path)
        for status in (400, 429):
            assert [post(client, path, "x").status_code for path in (
                CONFIRM, CANCEL)] == [status] * 2
            assert [client.post(path, data={"token": "x"}).status_code
                    for path in (PAGE, CANCEL_PAGE)] == [status] * 2


#
# How many.
#

def test_other_addresses_get_few_mails(start_server, start_runner):
    """One user cannot use up the mails that the owner of an address asks
    for."""
    server = start_server(KEEL_RATE_LIMITS=(
        "recipient_notices=2/d,recipient_mails=1/d"))
    box = Mailbox(server, start_runner(server))
    people = add_people(server, "user", "user", "user")
    email = new_email()
    with server.client() as client:
        for person in people:
            ask(client, person, email)
        sent = [box.all(ASKED, person.id) for person in people]
        assert sorted(map(len, sent)) == [0, 1, 1]
        for person, mails in zip(people, sent):
            assert len(box.all(WARNED, person.id)) == 1
            confidential.add(token(box, WARNED, person, CANCEL_PAGE))
            for mail in mails:
                confidential.update(mail.links(PAGE))
        user = client.post("/api/v1/users", json=new_user(
            email=email)).json()
        assert len(box.all("send_welcome_email", user["id"])) == 1
        [mail] = box.all("send_welcome_email", user["id"])
        confidential.update(mail.links("/account/verify"))
