# SPDX-License-Identifier: ISC
"""Refresh tokens: rotation, retries, reuse, expiry."""

import concurrent.futures
import datetime
import secrets
import threading

import pytest

from families import (PREFIX, add_token, audit_rows, hash_of, make_token,
                      next_token, rows_of, use_earlier)
from helpers import (ask_token, bearer, base64url, check_unauthorized,
                     read_claims, read_me, register)
from people import add_people, transaction, wait_for_waiting
from product import NAME
from server import confidential

TOKEN = "/api/v1/auth/token"
REFUSED = {"error": "invalid_grant", "error_description":
           "The refresh token is invalid, expired or revoked"}
INVALID_TOKEN = 'Bearer error="invalid_token"'
GRACE = 10


def keep(answer):
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    confidential.add(tokens["access_token"])
    confidential.add(tokens["refresh_token"])
    return tokens


def ask(client, token, **more):
    return client.post(TOKEN, data={"grant_type": "refresh_token",
                                    "refresh_token": token} | more)


def refresh(client, token):
    return keep(ask(client, token))


def successor(client, token):
    return refresh(client, token)["refresh_token"]


def check_refused(answer):
    assert answer.status_code == 400, answer.text
    assert answer.json() == REFUSED
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def session_of(server, person):
    [row] = server.sql("SELECT revoked_at IS NULL, last_client, last_used_at "
                       "FROM sessions WHERE id = %s", person.session)
    return row


@pytest.fixture
def person(server):
    """A signed-in user with a refresh token."""
    [person] = add_people(server, "user")
    person.refresh_token = add_token(server, person.session)
    return person


#
# Rotation.
#

@pytest.mark.parametrize("path, form", [(TOKEN, "data"),
                                        ("/api/v1/auth/login", "json")])
def test_a_sign_in_goes_on_with_refresh_tokens(client, server, path, form):
    user, made = register(client)
    first = keep(client.post(path, **{form: {
        "username": user["email"], "password": user["password"]}}))
    second = refresh(client, first["refresh_token"])
    third = refresh(client, second["refresh_token"])
    tokens = [first, second, third]
    sessions = {read_claims(t["access_token"])["sid"] for t in tokens}
    assert len(sessions) == 1
    assert len({t["refresh_token"] for t in tokens}) == 3
    assert len({t["access_token"] for t in tokens}) == 3
    for t in tokens:
        assert list(t) == ["access_token", "token_type", "expires_in",
                           "refresh_token"]
        assert t["token_type"] == "bearer" and t["expires_in"] == 900
        assert read_me(client, t["access_token"]).json() == made
    assert rows_of(server, *sessions) == [
        (hash_of(first["refresh_token"]), False),
        (hash_of(second["refresh_token"]), False),
        (hash_of(third["refresh_token"]), True)]


def test_the_answer_is_like_a_sign_ins(client, person):
    answer = ask(client, person.refresh_token)
    tokens = keep(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    claims = read_claims(tokens["access_token"])
    assert (claims["sub"], claims["sid"]) == (person.id, person.session)
    assert claims["exp"] - claims["iat"] == tokens["expires_in"] == 900


def test_a_token_is_the_successor_of_the_one_before(client, server, person):
    """So a retry needs nothing of the first answer."""
    token = person.refresh_token
    for _ in range(3):
        expected = next_token(server.secret, token)
        assert successor(client, token) == expected
        token = expected


def test_a_refresh_is_a_use_of_the_session(client, server, person):
    server.sql("UPDATE sessions SET last_used_at = now() - interval '1 day', "
               "confirmed_at = '2026-01-01' WHERE id = %s", person.session)
    refresh(client, person.refresh_token)
    alive, last_client, last_used_at = session_of(server, person)
    assert alive and last_client == "127.0.0.1"
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((now - last_used_at).total_seconds()) < 60
    # It proves nothing about who uses it.
    assert server.sql("SELECT confirmed_at = '2026-01-01' FROM sessions "
                      "WHERE id = %s", person.session) == [(True,)]


def test_other_parameters_and_credentials_are_ignored(client, person):
    answer = client.post(TOKEN + "?x=1", data={
        "grant_type": "refresh_token", "refresh_token": person.refresh_token,
        "client_id": "app", "client_secret": "x", "scope": "", "username": "a",
        "password": "b"}, auth=("app", "secret"))
    keep(answer)


@pytest.mark.parametrize("form, error, text", [
    ({"grant_type": "refresh_token"}, "invalid_request",
     "The parameter refresh_token is required"),
    ({"grant_type": "refresh_token", "refresh_token": ""}, "invalid_request",
     "The parameter refresh_token is required"),
    ({"grant_type": "refresh_token", "refresh_token": ["x", "x"]},
     "invalid_request", None),
    ({"grant_type": "refresh_token", "username": "a", "password": "b"},
     "invalid_request", "The parameter refresh_token is required"),
    ({"refresh_token": "x"}, "invalid_request",
     "The parameters username and password are required"),
    ({"grant_type": "refresh_token", "refresh_token": "x", "scope": "a"},
     "invalid_scope", None),
    ({"grant_type": "refresh_tokens", "refresh_token": "x"},
     "unsupported_grant_type",
     "The grant type must be password or refresh_token")],
    ids=["none", "empty", "two", "password", "no_grant_type", "scope",
         "grant_type"])
def test_a_wrong_request(client, form, error, text):
    answer = client.post(TOKEN, data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert text in (None, answer.json()["error_description"])


def test_a_refresh_computes_no_password_hash(client, server, person):
    """A user whose hash nothing can be compared with."""
    assert person.row("hashed_password") == ("none",)
    refresh(client, person.refresh_token)


#
# Retries.
#

def test_twenty_refreshes_at_once_make_one_line(server, person):
    """Over several connections, so over several workers. All are open before,
    so that the last refresh is a retry that comes soon."""
    together = threading.Barrier(20)

    def one(_):
        with server.client() as client:
            assert client.get("/healthz").status_code == 200
            together.wait(60)
            return successor(client, person.refresh_token)

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        got = set(pool.map(one, range(20)))
    assert got == {next_token(server.secret, person.refresh_token)}
    assert rows_of(server, person.session) == [
        (hash_of(person.refresh_token), False), (hash_of(got.pop()), True)]
    assert audit_rows(server, person.session, "refresh_reused") == 0


def test_a_refresh_that_waited_sees_that_the_token_was_used(server, person):
    """Both locked rows are read again: nothing is made twice."""
    token = person.refresh_token
    with server.client() as one, server.client() as two, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(server, "SELECT FROM sessions WHERE id = %s FOR "
                         "UPDATE", person.session):
            answers = [pool.submit(successor, client, token)
                       for client in (one, two)]
            wait_for_waiting(server, 2)
        assert answers[0].result() == answers[1].result()
    assert len(rows_of(server, person.session)) == 2


@pytest.mark.parametrize("ends", ["sessions", "users"])
def test_a_refresh_that_waited_sees_that_the_session_has_ended(
        server, client, person, ends):
    change = {"sessions": ("UPDATE sessions SET revoked_at = now() WHERE id = "
                           "%s", person.session),
              "users": ("DELETE FROM users WHERE id = %s", person.id)}[ends]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, *change):
            answer = pool.submit(ask, client, person.refresh_token)
            wait_for_waiting(server, 1)
        check_refused(answer.result())


def test_a_retry_gets_the_same_successor(client, server, person):
    """Also when the first answer arrived, and was used."""
    second = successor(client, person.refresh_token)
    third = successor(client, second)
    use_earlier(server, person.refresh_token, 2)
    use_earlier(server, second, 2)
    assert successor(client, person.refresh_token) == second
    assert successor(client, second) == third
    assert [live for _, live in rows_of(server, person.session)] == [
        False, False, True]
    assert audit_rows(server, person.session, "refresh_reused") == 0


def test_each_retry_has_an_access_token_that_works(client, person):
    for _ in range(3):
        tokens = refresh(client, person.refresh_token)
        assert read_me(client, tokens["access_token"]).status_code == 200


#
# Reuse.
#

def check_dead(server, client, person, *tokens):
    """The session, its refresh tokens, and its access tokens at once."""
    assert session_of(server, person)[0] is False
    check_unauthorized(read_me(client, person.token), INVALID_TOKEN)
    for token in tokens:
        check_refused(ask(client, token))


def test_a_reuse_ends_the_family(client, server, person):
    [other] = add_people(server, "user")
    second = successor(client, person.refresh_token)
    third = refresh(client, second)
    use_earlier(server, person.refresh_token, GRACE + 1)
    check_refused(ask(client, person.refresh_token))
    check_dead(server, client, person, person.refresh_token, second,
               third["refresh_token"])
    check_unauthorized(read_me(client, third["access_token"]), INVALID_TOKEN)
    assert read_me(client, other.token).status_code == 200
    # It is told once, and not again for each further attempt.
    assert server.sql(
        "SELECT actor_id, target_id::text, account, address, changes FROM "
        "audit_log WHERE action = 'refresh_reused' AND session_id = %s",
        person.session) == [(None, person.id, None, "127.0.0.1", None)]


def test_other_sessions_of_the_user_stay(client, server, person):
    session = "00000000-0000-4000-8000-" + secrets.token_hex(6)
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) VALUES "
               "(%s, %s, '::1', now() + interval '1 day')", session,
               person.id)
    token = add_token(server, session)
    refresh(client, person.refresh_token)
    use_earlier(server, person.refresh_token, GRACE + 1)
    check_refused(ask(client, person.refresh_token))
    refresh(client, token)


def test_a_reuse_of_a_purged_token_ends_the_family(client, server, person):
    """Its row is gone; the tag proves that it was one of ours."""
    second = successor(client, person.refresh_token)
    server.sql("DELETE FROM refresh_tokens WHERE token_hash = decode(%s, "
               "'hex')", hash_of(person.refresh_token))
    check_refused(ask(client, person.refresh_token))
    check_dead(server, client, person, second)
    assert audit_rows(server, person.session, "refresh_reused") == 1


def test_a_reuse_after_ten_seconds(client, server, person):
    """With the clock of the database. test_account_statements.py has the
    border."""
    refresh(client, person.refresh_token)
    server.sql("UPDATE refresh_tokens SET used_at = now() - interval '2 "
               "seconds' WHERE session_id = %s AND used_at IS NOT NULL",
               person.session)
    refresh(client, person.refresh_token)
    server.sql("UPDATE refresh_tokens SET used_at = now() - interval '10.01 "
               "seconds' WHERE session_id = %s AND used_at IS NOT NULL",
               person.session)
    check_refused(ask(client, person.refresh_token))
    check_dead(server, client, person)


@pytest.mark.parametrize("purged", [False, True], ids=["row", "purged"])
def test_a_reuse_in_an_ended_session_is_only_refused(client, server, person,
                                                     purged):
    refresh(client, person.refresh_token)
    use_earlier(server, person.refresh_token, GRACE + 1)
    server.sql("UPDATE sessions SET revoked_at = '2026-01-01' WHERE id = %s",
               person.session)
    if purged:
        server.sql("DELETE FROM refresh_tokens WHERE session_id = %s",
                   person.session)
    check_refused(ask(client, person.refresh_token))
    assert server.sql("SELECT revoked_at = '2026-01-01' FROM sessions WHERE "
                      "id = %s", person.session) == [(True,)]
    assert audit_rows(server, person.session, "refresh_reused") == 0


def test_two_reuses_at_once_are_told_once(server, person):
    with server.client() as client:
        refresh(client, person.refresh_token)
    use_earlier(server, person.refresh_token, GRACE + 1)

    def one(_):
        with server.client() as client:
            check_refused(ask(client, person.refresh_token))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert audit_rows(server, person.session, "refresh_reused") == 1


#
# What is refused.
#

ENDS = {
    "revoked": "UPDATE sessions SET revoked_at = now() WHERE id = %(session)s",
    "expired": "UPDATE sessions SET expires_at = now() WHERE id = %(session)s",
    "idle": "UPDATE sessions SET last_used_at = now() - interval '14 days 1 "
            "second' WHERE id = %(session)s",
    "disabled": "UPDATE users SET is_active = false WHERE id = %(user)s",
    "deleted": "DELETE FROM users WHERE id = %(user)s",
    "no_session": "DELETE FROM sessions WHERE id = %(session)s"}


@pytest.mark.parametrize("used", [False, True], ids=["live", "used"])
@pytest.mark.parametrize("ends", ENDS)
def test_an_ended_session_gives_no_token(client, server, person, ends, used):
    token = person.refresh_token
    if used:
        refresh(client, token)
    server.sql(ENDS[ends].replace("%(session)s", "'%s'" % person.session)
               .replace("%(user)s", "'%s'" % person.id))
    rows = rows_of(server, person.session)
    check_refused(ask(client, token))
    assert rows_of(server, person.session) == rows


@pytest.mark.parametrize("age", ["13 days 23:59", "14 days 1 second"])
def test_a_session_that_was_not_used_for_two_weeks(client, server, person,
                                                   age):
    server.sql("UPDATE sessions SET last_used_at = now() - %s::interval WHERE "
               "id = %s", age, person.session)
    answer = ask(client, person.refresh_token)
    if age.startswith("13"):
        keep(answer)
    else:
        check_refused(answer)


def test_an_access_token_does_not_outlive_its_session(client, server, person):
    server.sql("UPDATE sessions SET expires_at = now() + interval '500 "
               "seconds' WHERE id = %s", person.session)
    tokens = refresh(client, person.refresh_token)
    assert 400 <= tokens["expires_in"] <= 500
    claims = read_claims(tokens["access_token"])
    assert claims["exp"] - claims["iat"] == tokens["expires_in"]


def garbage(server, person):
    """Texts that are no token of the session."""
    token = person.refresh_token
    forged = make_token("x" * 40, person.session)
    return [
        "x", PREFIX, token[:-1], token + "A", token.upper(),
        token[len(PREFIX):], NAME + "_at_" + token[len(PREFIX):],
        PREFIX + base64url(secrets.token_bytes(64)), forged,
        next_token("x" * 40, token), token[:40] + "é" + token[40:],
        person.token, person.session, "null"]


def test_garbage_is_refused_and_writes_nothing(client, server, person):
    """Also a token whose tag another key made."""
    for text in garbage(server, person):
        check_refused(ask(client, text))
    assert rows_of(server, person.session) == [
        (hash_of(person.refresh_token), True)]
    assert session_of(server, person)[:2] == (True, None)
    assert server.sql("SELECT count(*) FROM audit_log WHERE target_id = %s",
                      person.id) == [(0,)]
    refresh(client, person.refresh_token)


def test_every_tampered_character_is_refused(client, server, person):
    token = person.refresh_token
    for i in range(len(token)):
        other = "B" if token[i] != "B" else "C"
        check_refused(ask(client, token[:i] + other + token[i + 1:]))
    assert session_of(server, person)[0] is True
    refresh(client, token)


def test_every_refusal_has_the_same_bytes(client, server):
    answers = {}
    for ends in [*ENDS, "reused", "purged", "garbage", "forged"]:
        [person] = add_people(server, "user")
        token = add_token(server, person.session)
        if ends in ENDS:
            server.sql(ENDS[ends].replace("%(session)s", "'%s'" %
                                          person.session)
                       .replace("%(user)s", "'%s'" % person.id))
        elif ends == "forged":
            token = make_token("x" * 40, person.session)
        elif ends == "garbage":
            token = PREFIX + "x"
        else:
            refresh(client, token)
            use_earlier(server, token, GRACE + 1)
            if ends == "purged":
                server.sql("DELETE FROM refresh_tokens WHERE used_at IS NOT "
                           "NULL AND session_id = %s", person.session)
        answer = ask(client, token)
        answers[ends] = (check_refused(answer), sorted(
            name for name in answer.headers))
    assert len(set(map(str, answers.values()))) == 1


def test_a_token_is_of_its_session_alone(client, server):
    """Of two users, each gets their own."""
    ada, bob = add_people(server, "user", "user")
    tokens = [add_token(server, p.session) for p in (ada, bob)]
    for person, token in zip((ada, bob), tokens):
        got = refresh(client, token)
        claims = read_claims(got["access_token"])
        assert (claims["sub"], claims["sid"]) == (person.id, person.session)
        assert read_me(client, got["access_token"]).json()["id"] == person.id
    # The other one's session in one's own token is a forgery.
    swapped = tokens[0][:8] + tokens[1][8:30] + tokens[0][30:]
    check_refused(ask(client, swapped))
    for person in (ada, bob):
        assert session_of(server, person)[0] is True


def test_a_refresh_token_is_no_access_token(client, person):
    for token in (person.refresh_token, successor(client,
                                                  person.refresh_token)):
        check_unauthorized(read_me(client, token), INVALID_TOKEN)


#
# What ends all sessions.
#

def test_a_password_change_ends_the_refresh_tokens(client, server):
    user, _ = register(client)
    tokens = [keep(ask_token(client, user["email"], user["password"]))
              for _ in range(2)]
    answer = client.post(
        "/api/v1/users/me/password", headers=bearer(
            tokens[0]["access_token"]),
        json={"current_password": user["password"],
              "new_password": user["password"]})
    assert answer.status_code == 204
    for t in tokens:
        check_refused(ask(client, t["refresh_token"]))


@pytest.mark.parametrize("by", ["deactivation", "deletion"])
def test_an_admin_ends_the_refresh_tokens(client, server, person, by):
    """And an activation does not bring them back."""
    [admin] = add_people(server, "admin")
    if by == "deletion":
        answer = client.delete(person.path, headers=admin.headers)
    else:
        answer = client.post(person.path + "/deactivate",
                             headers=admin.headers)
    assert answer.status_code in (200, 204)
    check_refused(ask(client, person.refresh_token))
    if by == "deactivation":
        client.post(person.path + "/activate", headers=admin.headers)
        check_refused(ask(client, person.refresh_token))
