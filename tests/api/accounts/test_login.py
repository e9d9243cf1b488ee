# SPDX-License-Identifier: ISC
"""The two ways to sign in, a form at /auth/token and JSON at /auth/login: the
same answers and limits; and the scopes that a form may ask for."""

import json
import urllib.parse

import pytest

from helpers import (new_email, new_password, read_me, register)
from server import confidential

TOKEN = "/api/v1/auth/token"
LOGIN = "/api/v1/auth/login"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
WRONG = "Wrong-passw0rd"
NO_SCOPES = "There are no scopes: leave the parameter out"
REQUIRED = "The parameters username and password are required"


@pytest.fixture(scope="module")
def user(client):
    return register(client)[0]


def log_in(client, username, password, **options):
    return client.post(LOGIN, json={"username": username,
                                    "password": password}, **options)


def post_form(client, username, password, **options):
    return client.post(TOKEN, data={"username": username,
                                    "password": password}, **options)


BOTH = pytest.mark.parametrize("sign_in", [log_in, post_form])


def check_oauth_error(answer, error, description):
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.json() == {"error": error,
                             "error_description": description}


#
# The same answers.
#

def test_both_sign_ins_answer_alike(client, user):
    answers = [sign_in(client, user["email"], user["password"])
               for sign_in in (log_in, post_form)]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["access_token", "token_type",
                                       "expires_in", "refresh_token"]
        confidential.add(answer.json()["access_token"])
        assert read_me(client, answer.json()["access_token"]
                       ).json()["email"] == user["email"]
    assert sorted(answers[0].headers) == sorted(answers[1].headers)
    for name in ("cache-control", "pragma", "content-type"):
        assert answers[0].headers[name] == answers[1].headers[name]


def test_both_refuse_alike(server, client, user):
    """The same bytes for an unknown address, a wrong password, a disabled
    account."""
    disabled, made = register(client)
    server.sql("UPDATE users SET is_active = false WHERE id = %s", made["id"])
    answers = [sign_in(client, *account)
               for sign_in in (log_in, post_form) for account in (
                   (new_email("nobody"), new_password()),
                   (user["email"], new_password()),
                   (disabled["email"], disabled["password"]),
                   ("no address at all", "x"), (user["email"], "x" * 5000))]
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    for answer in answers:
        check_oauth_error(answer, "invalid_grant",
                          "Incorrect username or password")


@BOTH
@pytest.mark.parametrize("username, password", [
    ("", ""), ("", "x"), ("ada@example.com", "")])
def test_an_empty_parameter_counts_as_absent(client, sign_in, username,
                                             password):
    check_oauth_error(sign_in(client, username, password), "invalid_request",
                      REQUIRED)


@BOTH
@pytest.mark.parametrize("spelled", [str.upper, str.title, str.lower])
def test_the_address_signs_in_in_any_case(client, user, sign_in, spelled):
    answer = sign_in(client, spelled(user["email"]), user["password"])
    assert answer.status_code == 200
    confidential.add(answer.json()["access_token"])


@BOTH
def test_a_user_who_is_not_verified_signs_in(server, client, sign_in):
    """A new account is not; the token is as good as any."""
    user, made = register(client)
    assert made["email_verified"] is False
    token = sign_in(client, user["email"], user["password"]
                    ).json()["access_token"]
    confidential.add(token)
    assert read_me(client, token).json() == made


@BOTH
def test_a_user_is_let_in_again_after_the_activation(server, client, sign_in):
    user, made = register(client)
    server.sql("UPDATE users SET is_active = false WHERE id = %s", made["id"])
    assert sign_in(client, user["email"],
                   user["password"]).status_code == 400
    server.sql("UPDATE users SET is_active = true WHERE id = %s", made["id"])
    token = sign_in(client, user["email"], user["password"]
                    ).json()["access_token"]
    confidential.add(token)
    assert read_me(client, token).status_code == 200


@BOTH
def test_each_sign_in_is_a_session_of_its_own(client, sign_in):
    """Signing out of one leaves the other."""
    user, _ = register(client)
    tokens = [sign_in(client, user["email"], user["password"]
                      ).json()["access_token"] for _ in range(2)]
    confidential.update(tokens)
    headers = {"Authorization": "Bearer " + tokens[0]}
    answer = client.delete("/api/v1/users/me/sessions?except=current",
                           headers=headers)
    assert answer.status_code == 204
    assert read_me(client, tokens[0]).status_code == 200
    assert read_me(client, tokens[1]).status_code == 401


@BOTH
def test_signing_in_changes_nothing_of_the_user(server, client, sign_in):
    user, made = register(client)
    answer = sign_in(client, user["email"], user["password"])
    token = answer.json()["access_token"]
    confidential.add(token)
    assert read_me(client, token).json() == made
    assert user["password"] not in answer.text


#
# What is wrong with the JSON.
#

@pytest.mark.parametrize("body, description", [
    ("", "The body is empty"),
    ("{", "The body is not valid JSON (line 1, column 1)"),
    ("[" * 99, "The body nests more than 32 levels"),
    ("null", "body: Must be an object"),
    ("[]", "body: Must be an object"),
    ("{}", "body.username: Is required; body.password: Is required"),
    ({"username": "a"}, "body.password: Is required"),
    ({"password": "a"}, "body.username: Is required"),
    ({"username": None, "password": "a"},
     "body.username: Must be a string, not null"),
    ({"username": "a", "password": 12345678},
     "body.password: Must be a string"),
    ({"username": ["a"], "password": {}}, "body.username: Must be a string; "
     "body.password: Must be a string"),
    ({"username": "a", "password": "b", "grant_type": "password"},
     "body.grant_type: Is not a field of this request"),
    ({"username": "a", "password": "b", "scope": ""},
     "body.scope: Is not a field of this request"),
    ({"email": "a", "password": "b"}, "body.username: Is required; "
     "body.email: Is not a field of this request"),
    ('{"username":"a","password":"b","password":"c"}',
     "body.password: Is given more than once"),
    ('{"username":"a","password":"\\u0000"}',
     "body: The character U+0000 is not allowed (line 1)"),
    # RFC 6749, 5.2 allows no such characters in a description.
    ({"username": "a", "password": "b", 'x"\\\x7fé': 1},
     "body.x'????: Is not a field of this request"),
], ids=lambda value: "" if isinstance(value, str) else None)
def test_what_is_wrong_with_the_json_is_said(client, body, description):
    if not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False)
    check_oauth_error(client.post(LOGIN, content=body.encode(), headers=JSON),
                      "invalid_request", description)


@pytest.mark.parametrize("content_type", [
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "text/plain", None])
def test_the_sign_in_with_json_takes_nothing_else(client, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    check_oauth_error(
        client.post(LOGIN, content="username=a&password=b", headers=headers),
        "invalid_request", "Content-Type must be application/json")


def test_the_token_endpoint_takes_no_form_data_and_says_what(client, user):
    """JavaScript's FormData, and requests' files=."""
    answer = client.post(TOKEN, files={
        "username": (None, user["email"]),
        "password": (None, user["password"])})
    check_oauth_error(answer, "invalid_request", "Content-Type must be "
                      "application/x-www-form-urlencoded")


def test_a_query_is_refused_beside_json(client, user):
    answer = log_in(client, user["email"], user["password"],
                    params={"next": "/"})
    check_oauth_error(answer, "invalid_request",
                      "query.next: Is not a parameter of this operation")


#
# Scopes. There is none, so each one that is asked for is unknown.
#

def ask_scope(client, user, scope, password=None, **more):
    """scope is what stands in the form."""
    form = urllib.parse.urlencode({
        "username": user["email"],
        "password": password or user["password"]} | more)
    return client.post(TOKEN, content=form + "&" + scope, headers=FORM)


@pytest.mark.parametrize("form", ["", "scope", "scope=", "scope=&scope="])
def test_an_empty_scope_counts_as_absent(client, user, form):
    """Swagger UI's dialog and FastAPI's form send one."""
    answer = ask_scope(client, user, form)
    assert answer.status_code == 200, answer.text
    assert "scope" not in answer.json()
    confidential.add(answer.json()["access_token"])


@pytest.mark.parametrize("scope", [
    "read", "read+write", "openid", "me%3Aread", "*", "0",
    # Malformed: RFC 6749, 3.3.
    "+", "++", "+read", "read+", "read++write", "%22", "a%5Cb", "%C3%A9",
    "%09", "read%0A", "%7F"])
def test_a_scope_is_unknown_or_malformed(client, user, scope):
    check_oauth_error(ask_scope(client, user, "scope=" + scope),
                      "invalid_scope", NO_SCOPES)


def test_a_repeated_scope_is_an_invalid_request(client, user):
    check_oauth_error(ask_scope(client, user, "scope=a&scope=a"),
                      "invalid_request", "The parameter scope is repeated")


def test_a_scope_is_refused_whatever_the_password(client, user):
    """So it tells nothing about the password, which is not checked."""
    check_oauth_error(ask_scope(client, user, "scope=a", WRONG),
                      "invalid_scope", NO_SCOPES)


def test_another_grant_type_is_said_before_the_scope(client, user):
    answer = ask_scope(client, user, "scope=a", grant_type="x")
    assert answer.json()["error"] == "unsupported_grant_type"


#
# One quota for both.
#

def check_429(answer):
    assert answer.status_code == 429
    assert answer.json() == {"error": "temporarily_unavailable",
                             "error_description": "Too many requests"}
    assert answer.headers["pragma"] == "no-cache"
    assert int(answer.headers["retry-after"]) > 0


def test_requests_of_both_count_together(start_server):
    server = start_server(KEEL_RATE_LIMITS="token=4/h")
    with server.client() as client:
        for sign_in in (log_in, post_form, log_in, post_form):
            assert sign_in(client, new_email(), "").status_code == 400
        check_429(log_in(client, new_email(), WRONG))
        check_429(post_form(client, new_email(), WRONG))


def test_failures_of_both_count_together(start_server):
    server = start_server(KEEL_RATE_LIMITS="token=100/m,sign_in_failures=2/h")
    with server.client() as client:
        user, _ = register(client)
        for sign_in in (log_in, post_form):
            assert sign_in(client, user["email"], WRONG).status_code == 400
        for password in (WRONG, user["password"]):
            check_429(log_in(client, user["email"], password))
            check_429(post_form(client, user["email"], password))
        # Of this account only.
        assert log_in(client, new_email(), WRONG).status_code == 400
