# SPDX-License-Identifier: ISC
"""What the test suites of full-stack-fastapi-template, fastapi-users and djoser
expect of accounts, and those of simplejwt and dj-rest-auth of tokens, where no
other file tests it. docs/from-fastapi.md lists what Keel does differently."""

import uuid

import pytest

from helpers import (ask_token, bearer, check_error, check_unauthorized,
                     check_validation, make_token, new_email, new_password,
                     new_user, read_claims, read_me, register, sign_in)
from people import add_people
from samples import replacement
from server import confidential

USERS = "/api/v1/users"
ME = USERS + "/me"


@pytest.fixture(scope="module")
def people(server):
    return add_people(server, "user", "user", "admin")


def test_the_whole_life_of_an_account(client):
    user, created = register(client)
    token = sign_in(client, user)
    me = read_me(client, token).json()
    assert me == created
    assert (me["is_active"], me["role"]) == (True, "user")

    changed = {"name": "Updated Name", "email": new_email()}
    answer = client.patch(ME, headers=bearer(token), json=changed)
    assert answer.status_code == 200
    pending = {"pending_email": changed.pop("email")}
    assert me | changed | pending == answer.json() | {
        "updated_at": me["updated_at"]}
    user |= changed
    assert ask_token(client, pending["pending_email"],
                     user["password"]).status_code == 400
    token = sign_in(client, user)

    passwords = {"current_password": user["password"],
                 "new_password": new_password()}
    answer = client.post(ME + "/password", headers=bearer(token),
                         json=passwords)
    assert (answer.status_code, answer.content) == (204, b"")
    check_unauthorized(read_me(client, token), 'Bearer error="invalid_token"')
    assert ask_token(client, user["email"],
                     user["password"]).status_code == 400
    user["password"] = passwords["new_password"]
    token = sign_in(client, user)

    answer = client.delete(ME, headers=bearer(token))
    assert (answer.status_code, answer.content) == (204, b"")
    check_unauthorized(read_me(client, token), 'Bearer error="invalid_token"')
    assert ask_token(client, user["email"],
                     user["password"]).status_code == 400


def test_a_sign_in_keeps_a_hash_that_is_up_to_date(client, server):
    user, _ = register(client)
    query = "SELECT hashed_password, version FROM users WHERE email = %s"
    before = server.sql(query, user["email"])
    assert before[0][0].startswith("$argon2id$")
    sign_in(client, user)
    assert server.sql(query, user["email"]) == before


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_a_user_cannot_tell_which_ids_exist(client, people, method):
    """The suites differ in the status, 403 or 404; one answer is for all."""
    user, other, _ = people
    body = replacement(other, email=new_email(), name="x") \
        if method in ("PATCH", "PUT") else None
    for id in (other.id, uuid.uuid4()):
        answer = client.request(method, "%s/%s" % (USERS, id), json=body,
                                headers=user.headers)
        assert check_error(answer, 403, "FORBIDDEN",
                           "Insufficient permissions") == {}
    assert other.row("name", "version") == ("Test", 1)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_admin_is_told_that_an_id_does_not_exist(client, people, method):
    answer = client.request(
        method, "%s/%s" % (USERS, uuid.uuid4()), headers=people[2].headers,
        json={"name": "x"} if method == "PATCH" else None)
    assert check_error(answer, 404, "NOT_FOUND", "User not found") == {}


def test_a_password_is_changed_only_with_the_current_one(client, people):
    """Neither by a user's own update nor by an admin's."""
    user, created = register(client)
    headers = bearer(sign_in(client, user))
    for path, sender in ((ME, headers),
                         (USERS + "/" + created["id"], people[2].headers)):
        assert check_validation(client.patch(path, headers=sender, json={
            "password": new_password()})) == {
                "body.password": ["Is not a field of this request"]}
    sign_in(client, user)


def test_a_signed_in_user_may_register_another(client, people):
    """The new account has no rights of the one that made it."""
    for sender in people:
        answer = client.post(USERS, json=new_user(), headers=sender.headers)
        assert answer.status_code == 201
        assert answer.json()["role"] == "user"
        assert answer.json()["email_verified"] is False


def test_a_deleted_user_leaves_the_list(client, people):
    user, created = register(client)
    query = USERS + "?q=" + user["email"]
    admin = people[2].headers
    assert client.get(query, headers=admin).json()["items"] == [created]
    path = USERS + "/" + created["id"]
    assert client.delete(path, headers=admin).status_code == 204
    assert client.get(query, headers=admin).json()["total"] == 0
    check_error(client.get(path, headers=admin), 404, "NOT_FOUND")


#
# Tokens.
#

REVOKED = 'Bearer error="invalid_token"'
TOKEN = "/api/v1/auth/token"
LOGOUT = "/api/v1/auth/logout"
REVOKE = "/api/v1/auth/revoke"


def keep_out_of_logs(answer):
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    confidential.update([tokens["access_token"], tokens["refresh_token"]])
    return tokens


def get_tokens(client, user):
    return keep_out_of_logs(ask_token(client, user["email"],
                                      user["password"]))


def ask_refresh(client, tokens, **options):
    return client.post(TOKEN, data={
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"]}, **options)


def refresh(client, tokens, **options):
    return keep_out_of_logs(ask_refresh(client, tokens, **options))


def check_no_refresh(client, tokens):
    answer = ask_refresh(client, tokens)
    assert (answer.status_code, answer.json()["error"]) == (
        400, "invalid_grant")


def log_out(client, tokens):
    return client.post(LOGOUT, headers=bearer(tokens["access_token"]))


def expired(server, tokens):
    """The access token, as it is a quarter of an hour later."""
    claims = read_claims(tokens["access_token"])
    return make_token(server.secret, claims | {
        "iat": claims["iat"] - 1000, "exp": claims["exp"] - 1000})


def test_the_whole_life_of_a_session(client, server):
    user, made = register(client)
    tokens = [get_tokens(client, user)]
    for _ in range(3):
        tokens.append(refresh(client, tokens[-1]))
    claims = [read_claims(token["access_token"]) for token in tokens]
    assert {claim["sub"] for claim in claims} == {made["id"]}
    assert len({claim["sid"] for claim in claims}) == 1
    assert len({claim["jti"] for claim in claims}) == 4
    for token in tokens:
        assert read_me(client, token["access_token"]).json() == made
    answer = log_out(client, tokens[-1])
    assert (answer.status_code, answer.content) == (204, b"")
    for token in tokens:
        check_unauthorized(read_me(client, token["access_token"]), REVOKED)
        check_no_refresh(client, token)
    check_unauthorized(log_out(client, tokens[-1]), REVOKED)
    assert read_me(client, get_tokens(client, user)["access_token"]
                   ).status_code == 200


def test_two_devices_are_two_sessions(client):
    """A sign-out, a revoked token or a refresh of one leaves the other."""
    user, _ = register(client)
    phone, laptop, tablet = [get_tokens(client, user) for _ in range(3)]
    assert log_out(client, phone).status_code == 204
    assert client.post(REVOKE, data={
        "token": tablet["refresh_token"]}).status_code == 200
    for gone in (phone, tablet):
        check_no_refresh(client, gone)
    laptop = refresh(client, laptop)
    assert read_me(client, laptop["access_token"]).status_code == 200
    answer = client.get(ME + "/sessions",
                        headers=bearer(laptop["access_token"]))
    assert answer.json()["total"] == 1


def test_a_sign_out_everywhere_ends_each_refresh_token(client):
    user, _ = register(client)
    tokens = [get_tokens(client, user) for _ in range(3)]
    assert client.delete(ME + "/sessions", headers=bearer(
        tokens[0]["access_token"])).status_code == 204
    for token in tokens:
        check_no_refresh(client, token)


def test_an_expired_access_token_may_come_along(client, server):
    """Libraries send it with every request, also with the one for a new one.
    Only the sign-out needs a valid one."""
    user, _ = register(client)
    tokens = get_tokens(client, user)
    headers = bearer(expired(server, tokens))
    check_unauthorized(client.get(ME, headers=headers), REVOKED)
    check_unauthorized(client.post(LOGOUT, headers=headers), REVOKED)
    tokens = refresh(client, tokens, headers=headers)
    assert client.post(REVOKE, headers=headers, data={
        "token": tokens["refresh_token"]}).status_code == 200
    check_no_refresh(client, tokens)


def test_a_refresh_gives_the_rights_of_now(client, people, server):
    """Tokens have no role in them, so old and new ones have the same."""
    user, made = register(client)
    first = get_tokens(client, user)
    path = USERS + "/" + made["id"]
    for role, status in (("admin", 200), ("user", 403)):
        assert client.patch(path, headers=people[2].headers, json={
            "role": role}).status_code == 200
        second = refresh(client, first)
        for token in (first, second):
            assert client.get(USERS, headers=bearer(
                token["access_token"])).status_code == status
        first = second


def test_a_user_who_comes_back_must_sign_in_again(client, people):
    """A deactivation ends the refresh tokens for good."""
    user, made = register(client)
    tokens = get_tokens(client, user)
    path = USERS + "/" + made["id"]
    for action in ("/deactivate", "/activate"):
        assert client.post(path + action,
                           headers=people[2].headers).status_code == 200
        check_no_refresh(client, tokens)
    assert read_me(client, refresh(client, get_tokens(client, user))
                   ["access_token"]).status_code == 200


def test_a_changed_profile_ends_no_session(client):
    user, made = register(client)
    tokens = get_tokens(client, user)
    changes = {"email": new_email(), "name": "Changed"}
    assert client.patch(ME, headers=bearer(tokens["access_token"]),
                        json=changes).status_code == 200
    tokens = refresh(client, tokens)
    me = read_me(client, tokens["access_token"]).json()
    assert (me["id"], me["email"], me["name"]) == (
        made["id"], user["email"], "Changed")
    assert me["pending_email"] == changes["email"]


def test_the_bodies_of_other_frameworks_are_told_what_to_send(client):
    """simplejwt's {"refresh": ...} as JSON and as a form."""
    for body in ({"json": {"refresh": "x"}}, {"data": {"refresh": "x"}},
                 {"data": {"grant_type": "refresh_token", "refresh": "x"}}):
        answer = client.post(TOKEN, **body)
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", [LOGOUT, REVOKE])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_link_signs_nobody_out(client, people, method, path):
    """An image or a prefetched link is a GET."""
    answer = client.request(method, path, headers=people[0].headers)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert read_me(client, people[0].token).status_code == 200


#
# allauth's reauthentication, Flask-JWT-Extended's fresh tokens.
#

CONFIRM = "/api/v1/auth/confirm"


def change_email(client, tokens):
    return client.patch(ME, json={"email": new_email()},
                        headers=bearer(tokens["access_token"]))


def check_confirmation(answer):
    check_error(answer, 403, "CONFIRMATION_REQUIRED")


def test_a_refresh_does_not_confirm(client, server):
    """Only the password does; then the next tokens of the session have it,
    too."""
    user, made = register(client)
    tokens = refresh(client, get_tokens(client, user))
    assert change_email(client, tokens).status_code == 200
    server.sql("UPDATE sessions SET confirmed_at = now() - interval '1 hour' "
               "WHERE user_id = %s", made["id"])
    check_confirmation(change_email(client, tokens))
    tokens = refresh(client, tokens)
    check_confirmation(change_email(client, tokens))
    answer = client.post(CONFIRM, headers=bearer(tokens["access_token"]),
                         json={"current_password": user["password"]})
    assert (answer.status_code, answer.content) == (204, b"")
    for tokens in (tokens, refresh(client, tokens)):
        assert change_email(client, tokens).status_code == 200


def test_a_session_that_was_not_confirmed_may_still_be_left(client, server):
    user, made = register(client)
    tokens = get_tokens(client, user)
    server.sql("UPDATE sessions SET confirmed_at = '-infinity' WHERE user_id = "
               "%s", made["id"])
    assert log_out(client, tokens).status_code == 204
    tokens = get_tokens(client, user)
    server.sql("UPDATE sessions SET confirmed_at = '-infinity' WHERE user_id = "
               "%s", made["id"])
    assert client.post(REVOKE, data={
        "token": tokens["access_token"]}).status_code == 200
    check_no_refresh(client, tokens)


def test_a_refresh_token_confirms_nothing(client):
    """Neither as the password nor as the credentials."""
    user, _ = register(client)
    tokens = get_tokens(client, user)
    answer = client.post(
        CONFIRM, headers=bearer(tokens["access_token"]),
        json={"current_password": tokens["refresh_token"]})
    assert list(check_validation(answer)) == ["body.current_password"]
    check_unauthorized(client.post(
        CONFIRM, headers=bearer(tokens["refresh_token"]),
        json={"current_password": user["password"]}), REVOKED)
