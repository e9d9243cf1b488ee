# SPDX-License-Identifier: ISC
"""What an admin does for a user: sees and ends their sessions, lifts the lock
after too many failed sign-ins, says that an address is verified. And what an
admin cannot: see or set a password."""

import uuid

import pytest

from helpers import (check_error, check_unauthorized,
                     check_validation, new_email, new_password, read_me,
                     register, sign_in)
from people import add_people
from samples import members, replacement

INVALID_TOKEN = 'Bearer error="invalid_token"'
NOBODY = "/api/v1/users/7d1c9f0e-52b8-4c1a-9a63-0f4f2f6f8f11"


@pytest.fixture
def people(server):
    """A user with two more sessions, another user, and an admin."""
    user, other, admin = add_people(server, "user", "user", "admin")
    user.sessions = [user.session, str(uuid.uuid4()), str(uuid.uuid4())]
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) SELECT "
               "id::uuid, %s, '192.0.2.7', now() + interval '1 day' FROM "
               "unnest(%s) AS id", user.id, user.sessions[1:])
    return user, other, admin


def alive(user):
    return {row[0] for row in user.server.sql(
        "SELECT id::text FROM sessions WHERE user_id = %s AND revoked_at IS "
        "NULL", user.id)}


def audited(user):
    """What the log says about the user, the oldest first."""
    return user.server.sql(
        "SELECT action, actor_id::text, session_id::text, address, "
        "request_id IS NOT NULL, changes FROM audit_log WHERE target_id = %s "
        "ORDER BY id", user.id)


def by(admin, action, changes=None):
    return (action, admin.id, admin.session, "127.0.0.1", True, changes)


#
# Sessions.
#

def test_an_admin_sees_what_the_user_sees(client, people):
    user, other, admin = people
    own = client.get("/api/v1/users/me/sessions", headers=user.headers).json()
    answer = client.get(user.path + "/sessions", headers=admin.headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert {item["id"] for item in own["items"]} == set(user.sessions)
    assert [item.pop("current") for item in own["items"]].count(True) == 1
    seen = answer.json()
    # None of them is the admin's.
    assert [item.pop("current") for item in seen["items"]] == [False] * 3
    assert seen == own


def test_an_admins_own_sessions_have_the_current_one(client, people):
    admin = people[2]
    answer = client.get(admin.path + "/sessions", headers=admin.headers).json()
    assert [(item["id"], item["current"]) for item in answer["items"]] == [
        (admin.session, True)]


def test_a_page_of_a_users_sessions(client, people):
    user, _, admin = people
    answer = client.get(user.path + "/sessions?page=2&limit=1",
                        headers=admin.headers)
    assert answer.status_code == 200
    page = answer.json()
    assert (page["total"], page["page"], page["pages"]) == (3, 2, 3)
    assert len(page["items"]) == 1
    assert "%s/sessions?page=3&limit=1" % user.path in answer.headers["link"]
    assert set(check_validation(client.get(
        user.path + "/sessions?limit=0&sort=x", headers=admin.headers))) == {
            "query.limit", "query.sort"}


def test_an_admin_ends_all_sessions_of_a_user(client, people):
    user, other, admin = people
    answer = client.delete(user.path + "/sessions", headers=admin.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert alive(user) == set()
    check_unauthorized(read_me(client, user.token), INVALID_TOKEN)
    for who in (other, admin):
        assert read_me(client, who.token).status_code == 200
    assert audited(user) == [by(admin, "sessions_ended_by_admin")]

    # Again: there is nothing to end, and so nothing to record.
    assert client.delete(user.path + "/sessions",
                         headers=admin.headers).status_code == 204
    assert len(audited(user)) == 1


def test_an_admin_ends_one_session_of_a_user(client, people):
    user, other, admin = people
    first, second, third = user.sessions
    answer = client.delete("%s/sessions/%s" % (user.path, second),
                           headers=admin.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert alive(user) == {first, third}
    assert audited(user) == [by(admin, "sessions_ended_by_admin", {
        "session": {"from": second, "to": None}})]

    # It has ended; it is another user's; nobody has it.
    for path in (user.path, other.path):
        for session in (second, admin.session, str(uuid.uuid4())):
            check_error(client.delete(
                "%s/sessions/%s" % (path, session), headers=admin.headers),
                404, "NOT_FOUND", "Session not found")
    check_error(client.delete("%s/sessions/%s" % (other.path, first),
                              headers=admin.headers), 404, "NOT_FOUND")
    assert alive(user) == {first, third} and alive(admin) == {admin.session}
    assert len(audited(user)) == 1 and audited(other) == []


def test_an_admin_may_end_their_own_sessions(client, people):
    admin = people[2]
    assert client.delete(admin.path + "/sessions",
                         headers=admin.headers).status_code == 204
    check_unauthorized(read_me(client, admin.token), INVALID_TOKEN)


#
# The lock of too many failed sign-ins: see test_guessing.py, too.
#

def add_failures(user, count):
    user.server.sql("INSERT INTO sign_in_failures (account, user_id, "
                    "failures) VALUES (%s, %s, %s)", user.id, user.id, count)


def failures(user):
    return user.server.sql("SELECT failures FROM sign_in_failures WHERE "
                           "account = %s", user.id)


def test_an_unlock_does_not_change_the_user(client, people):
    user, _, admin = people
    add_failures(user, 7)
    before = user.row("version", "updated_at", "is_active")
    client.post(user.path + "/unlock", headers=admin.headers)
    assert user.row("version", "updated_at", "is_active") == before
    assert failures(user) == []
    assert alive(user) == set(user.sessions)
    assert audited(user) == [by(admin, "account_unlocked", {
        "failures": {"from": "7", "to": None}})]


#
# Who may, and for whom.
#

HELPS = [("GET", "/sessions"), ("DELETE", "/sessions"),
         ("DELETE", "/sessions/{session}"), ("POST", "/unlock")]


@pytest.mark.parametrize("method, path", HELPS)
def test_only_for_a_user_that_exists(client, people, method, path):
    admin = people[2]
    path = path.format(session=admin.session)
    check_error(client.request(method, NOBODY + path, headers=admin.headers),
                404, "NOT_FOUND", "User not found")
    assert set(check_validation(client.request(
        method, "/api/v1/users/7" + path, headers=admin.headers))) == {
            "path.user_id"}


def test_both_ids_of_the_path_are_checked(client, people):
    admin = people[2]
    assert set(check_validation(client.delete(
        "/api/v1/users/7/sessions/8", headers=admin.headers))) == {
            "path.user_id", "path.session_id"}


@pytest.mark.parametrize("method, path", HELPS)
def test_nothing_is_changed_without_a_confirmation(client, people, method,
                                                   path):
    user, _, admin = people
    add_failures(user, 100)
    admin.unconfirm()
    answer = client.request(method, user.path + path.format(
        session=user.session), headers=admin.headers)
    if method == "GET":
        assert answer.status_code == 200
    else:
        check_error(answer, 403, "CONFIRMATION_REQUIRED")
    assert alive(user) == set(user.sessions)
    assert failures(user) == [(100,)]
    assert audited(user) == []


#
# A verified address.
#

def change(client, user, who, method="PATCH", **members):
    if method == "PUT":
        members = replacement(user, **{"email": user.row("email")[0]} |
                              members)
    return client.request(method, user.path, json=members,
                          headers=who.headers)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_admin_says_that_an_address_is_verified(client, people, method):
    user, _, admin = people
    for verified in (True, False):
        answer = change(client, user, admin, method, email_verified=verified)
        assert answer.status_code == 200
        assert answer.json()["email_verified"] is verified
        assert user.row("email_verified") == (verified,)
        # Again: nothing changes.
        version = user.row("version")
        again = change(client, user, admin, method, email_verified=verified)
        assert again.json() == answer.json()
        assert user.row("version") == version


@pytest.mark.parametrize("verified", [True, False])
def test_a_put_without_the_member_leaves_it(client, people, verified):
    """Clients from before there was one go on working."""
    user, _, admin = people
    user.set(email_verified=verified)
    answer = change(client, user, admin, "PUT", name="New")
    assert answer.status_code == 200
    assert answer.json()["email_verified"] is verified


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("sent, after", [(True, True), (False, False),
                                         (None, False)])
def test_with_a_new_address_it_is_what_the_admin_sends(
        client, people, method, before, sent, after):
    user, _, admin = people
    user.set(email_verified=before)
    members = {"email": new_email()}
    if sent is not None:
        members["email_verified"] = sent
    answer = change(client, user, admin, method, **members)
    assert answer.status_code == 200
    assert answer.json()["email"] == members["email"]
    assert answer.json()["email_verified"] is after
    assert user.row("email_verified") == (after,)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("verified", [True, False])
def test_others_may_only_send_the_current_value(client, people, method,
                                                verified):
    user, other, _ = people
    user.set(email_verified=verified)
    before = user.row("version")
    check_error(change(client, user, user, method,
                       email_verified=not verified), 403, "FORBIDDEN",
                "Insufficient permissions")
    assert user.row("version", "email_verified") == before + (verified,)
    answer = change(client, user, user, method, email_verified=verified,
                    name="Ada")
    assert answer.status_code == 200
    assert answer.json()["name"] == "Ada"
    assert user.row("email_verified") == (verified,)


def test_the_current_value_does_not_verify_a_users_new_address(client,
                                                               people):
    user = people[0]
    user.set(email_verified=True)
    email = new_email()
    answer = change(client, user, user, email=email, email_verified=True)
    assert answer.status_code == 200
    assert answer.json()["pending_email"] == email
    assert (answer.json()["email"], answer.json()["email_verified"]) == (
        user.email, True)


def test_me_has_no_such_member(client, people):
    for who in people:
        assert check_validation(client.patch(
            "/api/v1/users/me", json={"email_verified": True},
            headers=who.headers)) == {
                "body.email_verified": ["Is not a field of this request"]}


@pytest.mark.parametrize("value", [None, "true", 1, "yes", []])
def test_it_is_a_boolean(client, people, value):
    user, _, admin = people
    for method in ("PATCH", "PUT"):
        assert list(check_validation(change(
            client, user, admin, method, email_verified=value))) == [
                "body.email_verified"]
    assert user.row("version") == (1,)


def test_verifying_needs_a_confirmation(client, people):
    user, _, admin = people
    admin.unconfirm()
    check_error(change(client, user, admin, email_verified=True), 403,
                "CONFIRMATION_REQUIRED")
    assert user.row("email_verified") == (False,)
    # The value that it has is no change.
    assert change(client, user, admin, email_verified=False,
                  name="Ada").status_code == 200


#
# Passwords.
#

@pytest.mark.parametrize("member", ["password", "new_password",
                                    "current_password", "hashed_password"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_admin_sets_no_password(client, server, method, member):
    known, made = register(client)
    [admin] = add_people(server, "admin")
    body = {name: made[name] for name in members("UserReplace")
            if method == "PUT"}
    assert check_validation(client.request(
        method, "/api/v1/users/" + made["id"], headers=admin.headers,
        json=body | {member: new_password()})) == {
            "body." + member: ["Is not a field of this request"]}
    sign_in(client, known)


def test_an_admin_sees_no_password(client, server):
    _, made = register(client)
    [[secret]] = server.sql("SELECT hashed_password FROM users WHERE id = %s",
                            made["id"])
    [admin] = add_people(server, "admin")
    path = "/api/v1/users/" + made["id"]
    for url in (path, path + "/sessions", "/api/v1/users?limit=100"):
        text = client.get(url, headers=admin.headers).text
        assert "password" not in text and secret not in text


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_there_is_no_endpoint_for_anothers_password(client, people, method):
    user, _, admin = people
    body = {"new_password": new_password()} if method[0] == "P" else None
    check_error(client.request(method, user.path + "/password", json=body,
                               headers=admin.headers), 404, "NOT_FOUND")
