# SPDX-License-Identifier: ISC
"""POST /auth/revoke (RFC 7009) and POST /auth/logout."""

import secrets

import pytest

from families import (PREFIX, add_token, audit_rows, hash_of, make_token,
                      next_token, rows_of)
from helpers import (base64url, bearer, check_error, check_unauthorized,
                     claims_for, make_token as make_jwt, read_me)
from people import add_people

REVOKE = "/api/v1/auth/revoke"
LOGOUT = "/api/v1/auth/logout"
TOKEN = "/api/v1/auth/token"
INVALID_TOKEN = 'Bearer error="invalid_token"'


@pytest.fixture
def person(server):
    [person] = add_people(server, "user")
    person.refresh_token = add_token(server, person.session)
    return person


def refresh(client, token):
    return client.post(TOKEN, data={"grant_type": "refresh_token",
                                    "refresh_token": token})


def revoke(client, token, **more):
    return client.post(REVOKE, data={"token": token} | more)


def check_done(answer):
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    assert answer.headers["content-length"] == "0"
    assert "content-type" not in answer.headers


def check_ended(server, client, person):
    check_unauthorized(read_me(client, person.token), INVALID_TOKEN)
    assert refresh(client, person.refresh_token).status_code == 400
    assert server.sql("SELECT revoked_at IS NOT NULL FROM sessions WHERE id ="
                      " %s", person.session) == [(True,)]


def ended_rows(server, person):
    """What the audit log says of the session's end."""
    return server.sql(
        "SELECT actor_id::text, target_id::text, changes FROM audit_log WHERE "
        "action = 'session_ended' AND target_id = %s", person.id)


def live_token(client, person):
    return person.refresh_token


def used_token(client, person):
    assert refresh(client, person.refresh_token).status_code == 200
    return person.refresh_token


def purged_token(client, person):
    used_token(client, person)
    person.server.sql("DELETE FROM refresh_tokens WHERE used_at IS NOT NULL "
                      "AND session_id = %s", person.session)
    return person.refresh_token


def access_token(client, person):
    return person.token


KINDS = [live_token, used_token, purged_token, access_token]


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token",
                                  "x"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_token_ends_its_session(server, client, person, kind,
                                             hint):
    """Whatever the hint says."""
    [other] = add_people(server, "user")
    token = kind(client, person)
    check_done(revoke(client, token, **(
        {} if hint is None else {"token_type_hint": hint})))
    check_ended(server, client, person)
    assert read_me(client, other.token).status_code == 200
    assert ended_rows(server, person) == [(person.id, person.id, {
        "how": {"from": None, "to": "revoke"},
        "session": {"from": person.session, "to": None}})]
    # Again, it changes nothing.
    check_done(revoke(client, token))
    assert len(ended_rows(server, person)) == 1


def test_a_token_that_is_none_changes_nothing(server, client, person):
    forged = make_token("x" * 40, person.session)
    old = make_jwt(server.secret, claims_for(
        server, person.id, person.session, exp=1))
    for token in ["x", PREFIX + "x", forged, next_token("x" * 40, forged), old,
                  PREFIX + base64url(secrets.token_bytes(64)),
                  make_jwt("x" * 40, claims_for(server, person.id,
                                                person.session)),
                  person.token[:-4] + "AAAA", person.session]:
        check_done(revoke(client, token))
    assert read_me(client, person.token).status_code == 200
    assert rows_of(server, person.session) == [
        (hash_of(person.refresh_token), True)]
    assert ended_rows(server, person) == []


def test_a_token_of_a_deleted_user(server, client, person):
    server.sql("DELETE FROM users WHERE id = %s", person.id)
    for kind in (live_token, access_token):
        check_done(revoke(client, kind(client, person)))


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"token_type_hint": "x"},
                                  {"token": ["a", "b"]}],
                         ids=["none", "empty", "hint", "two"])
def test_the_token_is_required(client, form):
    answer = client.post(REVOKE, data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    if form and not form.get("token"):
        assert answer.json()["error_description"] == \
            "The parameter token is required"


def test_query_credentials_and_other_parameters_are_ignored(client, person):
    check_done(client.post(REVOKE + "?x=1", auth=("app", "secret"), data={
        "token": person.refresh_token, "client_id": "app", "x": "y"}))


def test_a_revocation_has_a_limit_of_its_own(start_server):
    server = start_server(KEEL_RATE_LIMITS="revoke=2/h")
    with server.client() as client:
        for _ in range(2):
            check_done(revoke(client, "x"))
        answer = revoke(client, "x")
        assert answer.status_code == 429
        assert answer.json()["error"] == "temporarily_unavailable"
        assert int(answer.headers["retry-after"]) > 0
        assert refresh(client, "x").status_code == 400


#
# Logout.
#

def test_a_logout_ends_the_session_of_the_request(server, client, person):
    session = "00000000-0000-4000-8000-" + secrets.token_hex(6)
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) VALUES "
               "(%s, %s, '::1', now() + interval '1 day')", session,
               person.id)
    answer = client.post(LOGOUT, headers=person.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    check_ended(server, client, person)
    check_unauthorized(client.post(LOGOUT, headers=person.headers),
                       INVALID_TOKEN)
    assert read_me(client, make_jwt(server.secret, claims_for(
        server, person.id, session))).status_code == 200
    assert ended_rows(server, person) == [(person.id, person.id, {
        "how": {"from": None, "to": "logout"},
        "session": {"from": person.session, "to": None}})]


def test_a_logout_needs_an_access_token(client, person):
    check_unauthorized(client.post(LOGOUT), "Bearer")
    check_unauthorized(client.post(
        LOGOUT, headers=bearer(person.refresh_token)), INVALID_TOKEN)


def test_a_logout_knows_no_parameter(client, person):
    check_error(client.post(LOGOUT + "?x=1", headers=person.headers), 422,
                "VALIDATION_ERROR")


#
# The other ways to end sessions tell the audit log, too.
#

@pytest.mark.parametrize("path, how, session", [
    ("/{}", "one", True), ("", "all", False), ("?except=current", "all",
                                               False)])
def test_the_end_of_a_session_is_recorded(server, client, path, how, session):
    [person] = add_people(server, "user")
    other = "00000000-0000-4000-8000-" + secrets.token_hex(6)
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) VALUES "
               "(%s, %s, '::1', now() + interval '1 day')", other, person.id)
    target = "/api/v1/users/me/sessions" + path.format(other)
    assert client.delete(target, headers=person.headers).status_code == 204
    [(actor, whose, changes)] = ended_rows(server, person)
    assert actor == whose == person.id
    assert changes.pop("how") == {"from": None, "to": how}
    assert changes == ({"session": {"from": other, "to": None}} if session else
                       {"sessions": {"from": "2" if path == "" else "1",
                                     "to": None}})
    if path.startswith("?"):
        # Nothing is left to end: nothing is recorded.
        client.delete(target, headers=person.headers)
        assert len(ended_rows(server, person)) == 1
        assert audit_rows(server, person.session, "session_ended") == 1


@pytest.mark.parametrize("kind", ["refresh_token", "access_token", "logout"])
def test_a_session_that_was_not_used_ends(client, server, person, kind):
    """Its access token is still good, so the next request would use it."""
    server.sql("UPDATE sessions SET last_used_at = now() - interval '15 days' "
               "WHERE id = %s", person.session)
    if kind == "logout":
        assert client.post(LOGOUT, headers=bearer(
            person.token)).status_code == 204
    else:
        check_done(revoke(client, person.token if kind == "access_token" else
                          person.refresh_token))
    assert server.sql("SELECT revoked_at IS NOT NULL FROM sessions WHERE id = "
                      "%s", person.session) == [(True,)]
    check_unauthorized(read_me(client, person.token), INVALID_TOKEN)
