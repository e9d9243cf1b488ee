# SPDX-License-Identifier: ISC
"""Registration: POST /api/v1/users, and GET /api/v1/users/me."""

import concurrent.futures
import datetime
import uuid

import pytest

from helpers import (WEAK_PASSWORDS, bearer, check_error, check_validation,
                     new_email, new_password, new_user, read_me, register,
                     rows_of, sign_in)
from samples import check_members, must_be_one_of_the_roles
from server import confidential

USERS = "/api/v1/users"


def test_fastapis_own_test_passes(client):
    confidential.add("Test1234")
    answer = client.post(USERS, json={
        "email": "test@example.com", "name": "Test", "password": "Test1234"})
    assert answer.status_code == 201
    assert answer.json()["email"] == "test@example.com"
    assert "id" in answer.json()
    assert "password" not in answer.text
    assert "argon2" not in answer.text

    again = client.post(USERS, json={
        "email": "TEST@example.com", "name": "Test", "password": "Test1234"})
    assert check_error(again, 409, "CONFLICT",
                       "Email already registered") == {}


def test_the_response_has_exactly_the_fields(client):
    user, answer = register(client, name="Ada Lovelace")
    check_members(answer, "User")
    assert answer["email"] == user["email"]
    assert answer["name"] == "Ada Lovelace"
    assert answer["role"] == "user"
    assert answer["is_active"] is True
    assert answer["email_verified"] is False
    assert answer["created_at"] == answer["updated_at"]


def test_the_id_is_a_uuid_of_version_7(client):
    _, answer = register(client)
    assert uuid.UUID(answer["id"]).version == 7
    assert str(uuid.UUID(answer["id"])) == answer["id"]


def test_times_are_rfc_3339_utc_and_current(client):
    _, answer = register(client)
    assert answer["created_at"].endswith("Z")
    made = datetime.datetime.fromisoformat(answer["created_at"])
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((now - made).total_seconds()) < 60


def test_the_location_header_names_the_user(client):
    answer = client.post(USERS, json=new_user())
    assert answer.headers["location"] == USERS + "/" + answer.json()["id"]


def test_the_user_is_in_the_database_with_an_argon2id_hash(client, server):
    user, answer = register(client)
    rows = server.sql("SELECT id::text, email, hashed_password FROM users "
                      "WHERE email = %s", user["email"])
    assert [row[:2] for row in rows] == [(answer["id"], user["email"])]
    assert rows[0][2].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_registration_enqueues_the_welcome_mail(client, server):
    _, answer = register(client)
    assert server.sql(
        "SELECT kind, payload, status FROM jobs WHERE payload ->> 'id' = %s",
        answer["id"]) == [("send_welcome_email", {"id": answer["id"]},
                           "queued")]


def test_three_bad_fields_are_named_in_one_response(client):
    fields = check_validation(client.post(USERS, json={
        "email": "x", "name": "", "password": "short"}))
    assert list(fields) == ["body.email", "body.name", "body.password"]
    assert "Password must contain uppercase letter" in fields["body.password"]
    assert "Password must contain digit" in fields["body.password"]
    assert fields["body.name"] == ["Must have at least 1 character"]
    assert fields["body.email"][0].startswith("Is not a valid e-mail address")


@pytest.mark.parametrize("password, messages", WEAK_PASSWORDS)
def test_a_password_rule_has_its_message(client, password, messages):
    fields = check_validation(client.post(
        USERS, json=new_user(password=password)))
    assert fields == {"body.password": messages}


@pytest.mark.parametrize("password", [
    "Abcdefg1", "A1" + "b" * 126, "É٣ñandúes", "A1" + "😀" * 126,
    "A1 with blanks ", "A1\t\r\n\"\\/\x7f<>"])
def test_a_password_within_the_rules_signs_in(client, password):
    confidential.add(password)
    user, _ = register(client, password=password)
    assert read_me(client, sign_in(client, user)).status_code == 200


def test_missing_fields_are_all_named(client):
    fields = check_validation(client.post(USERS, json={}))
    assert fields == {"body.email": ["Is required"],
                      "body.name": ["Is required"],
                      "body.password": ["Is required"]}


def test_an_explicit_null_is_refused(client):
    fields = check_validation(client.post(USERS, json={
        "email": None, "name": None, "password": None, "role": None}))
    assert list(fields) == ["body.email", "body.name", "body.password",
                            "body.role"]


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["x"]])
def test_a_value_of_the_wrong_type_is_refused(client, value):
    body = new_user()
    body["name"] = value
    assert check_validation(client.post(USERS, json=body)) == {
        "body.name": ["Must be a string"]}


@pytest.mark.parametrize("field", ["id", "is_active", "hashed_password",
                                   "email_verified", "created_at", "Email"])
def test_an_output_field_is_refused(client, server, field):
    body = new_user()
    body[field] = "x"
    assert list(check_validation(client.post(USERS, json=body))) == [
        "body." + field]
    assert rows_of(server, body["email"]) == (0, 0)


def test_a_client_without_a_token_cannot_make_an_admin(client, server):
    body = new_user(role="admin")
    assert check_error(client.post(USERS, json=body), 403, "FORBIDDEN",
                       "Insufficient permissions") == {}
    assert rows_of(server, body["email"]) == (0, 0)


@pytest.mark.parametrize("role", ["admin", "staff"])
def test_a_user_cannot_make_a_user_with_more_rights(client, role):
    token = sign_in(client, register(client)[0])
    answer = client.post(USERS, json=new_user(role=role),
                         headers=bearer(token))
    check_error(answer, 403, "FORBIDDEN", "Insufficient permissions")


@pytest.mark.parametrize("role", ["admin", "staff", "user"])
def test_an_admin_makes_users_of_every_role(client, server, role):
    admin, made = register(client)
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", made["id"])
    answer = client.post(USERS, json=new_user(role=role),
                         headers=bearer(sign_in(client, admin)))
    assert answer.status_code == 201
    assert answer.json()["role"] == role


def test_an_unknown_role_is_refused_by_name(client):
    fields = check_validation(client.post(USERS, json=new_user(role="root")))
    assert fields == {"body.role": [must_be_one_of_the_roles()]}


def test_the_default_role_may_be_explicit(client):
    assert register(client, role="user")[1]["role"] == "user"


def test_registration_with_a_bad_token_is_refused(client):
    answer = client.post(USERS, json=new_user(),
                         headers=bearer("not.a.token"))
    check_error(answer, 401, "UNAUTHORIZED")


@pytest.mark.parametrize("name", [
    "é" * 100, "😀" * 100, "x", "O'Brien; DROP TABLE users--",
    "a\u200db", "<script>alert(1)</script>", "\"\\/", "𐍈"])
def test_a_name_is_kept_as_it_was_sent(client, name):
    user, answer = register(client, name=name)
    assert answer["name"] == name
    assert read_me(client, sign_in(client, user)).json()["name"] == name


@pytest.mark.parametrize("name", ["é" * 101, "x" * 101, "😀" * 101,
                                  "e\u0301" * 51, "é" * 10000])
def test_a_name_over_100_characters_is_refused(client, name):
    assert check_validation(client.post(USERS, json=new_user(name=name))) == {
        "body.name": ["Must have at most 100 characters"]}


def test_an_address_is_unique_in_any_case(client):
    email = new_email("MiXeD")
    register(client, email=email)
    for same in (email, email.upper(), email.lower(), email.swapcase()):
        check_error(client.post(USERS, json=new_user(email=same)), 409,
                    "CONFLICT", "Email already registered")


def test_twenty_at_once_with_one_address_make_one_user(client, server):
    email = new_email("race")
    bodies = [new_user(email=email.upper() if i % 2 else email)
              for i in range(20)]

    def post(body):
        return client.post(USERS, json=body).status_code

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(post, bodies))
    assert statuses == [201] + [409] * 19
    assert rows_of(server, email) == (1, 1)


def test_a_conflict_leaves_no_open_transaction(client, server):
    email = new_email()
    register(client, email=email)
    for _ in range(10):
        client.post(USERS, json=new_user(email=email))
    server.wait_for_rest()
    server.wait_for_no_transaction()


def test_me_is_the_signed_in_user(client):
    user, made = register(client, name="Grace")
    answer = read_me(client, sign_in(client, user))
    assert answer.status_code == 200
    assert answer.json() == made


def test_passwords_differ_in_their_127th_character(client):
    stem = new_password() + "A1" + "x" * 128
    password = stem[:126] + "a"
    other = stem[:126] + "b"
    assert len(password) == 127
    user, _ = register(client, password=password)
    sign_in(client, user)
    answer = client.post("/api/v1/auth/token", data={
        "username": user["email"], "password": other})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
