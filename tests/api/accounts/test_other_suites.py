# SPDX-License-Identifier: ISC
"""What the test suites of full-stack-fastapi-template, fastapi-users and djoser
expect of accounts, where no other file tests it. docs/from-fastapi.md lists
what Keel does differently."""

import uuid

import pytest

from helpers import (ask_token, bearer, check_error, check_unauthorized,
                     check_validation, new_email, new_password, new_user,
                     read_me, register, sign_in)
from people import add_people

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
    wished = {"pending_email": changed.pop("email")}
    assert me | changed | wished == answer.json() | {
        "updated_at": me["updated_at"]}
    user |= changed
    assert ask_token(client, wished["pending_email"],
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
    body = {"email": new_email(), "name": "x", "role": "user",
            "is_active": True} if method in ("PATCH", "PUT") else None
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
