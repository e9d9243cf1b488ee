# SPDX-License-Identifier: ISC
"""The secret is replaced by another one, and no client is signed out
(docs/secrets.md)."""

import base64
import json
import secrets

import pytest

from families import add_token, hash_of, next_token, rows_of, use_earlier
from helpers import (bearer, check_error, check_unauthorized, claims_for,
                     make_token, read_claims, read_me, register, sign_in)
from people import add_people
from server import confidential

INVALID_TOKEN = 'Bearer error="invalid_token"'
OLD, NEW, OTHER = (secrets.token_urlsafe(48) for _ in range(3))
confidential.update((OLD, NEW, OTHER))


def restart(server, secret, previous=None):
    if server.process is not None:
        server.stop()
    server.secret = server.settings["KEEL_SECRET_KEY"] = secret
    server.settings.pop("KEEL_SECRET_KEY_PREVIOUS", None)
    if previous is not None:
        server.settings["KEEL_SECRET_KEY_PREVIOUS"] = previous
    server.start()


def refresh(client, token):
    answer = client.post("/api/v1/auth/token", data={
        "grant_type": "refresh_token", "refresh_token": token})
    if answer.status_code != 200:
        assert answer.json()["error"] == "invalid_grant", answer.text
        return None
    confidential.update((answer.json()["access_token"],
                         answer.json()["refresh_token"]))
    return answer.json()["refresh_token"]


def header_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "==="))


def page_of_users(client, token, cursor):
    return client.get("/api/v1/users", headers=bearer(token),
                      params={"cursor": cursor, "limit": 1})


class Rotated:
    """A server in the middle of a rotation, and tokens of both secrets."""

    def __init__(self, server):
        self.server = server
        restart(server, OLD)
        with server.client() as client:
            self.user, self.made = register(client)
            register(client)
            server.sql("UPDATE users SET role = 'admin' WHERE id = %s",
                       self.made["id"])
            self.before = sign_in(client, self.user)
            self.cursor = page_of_users(client, self.before,
                                        "").json()["next_cursor"]
            self.used = self.family()
            self.live = [self.family() for _ in range(3)]
            self.purged = self.family()
            for _, token in (self.used, self.purged):
                refresh(client, token)
        restart(server, NEW, previous=OLD)
        with server.client() as client:
            self.after = sign_in(client, self.user)
        self.kids = {OLD: header_of(self.before)["kid"],
                     NEW: header_of(self.after)["kid"]}

    def family(self):
        """A session, and its refresh token of the old secret."""
        [person] = add_people(self.server, "user")
        return person.session, add_token(self.server, person.session, OLD)

    def token(self, secret, **header):
        """A token of the same session, signed by that secret."""
        return make_token(secret, claims_for(
            self.server, self.made["id"], read_claims(self.before)["sid"]),
            {"alg": "HS256", "typ": "at+jwt"} | header)


@pytest.fixture(scope="module")
def rotated(start_module_server):
    server = start_module_server()
    return Rotated(server)


@pytest.fixture(scope="module")
def client(rotated):
    with rotated.server.client() as client:
        yield client


def test_a_token_has_the_kid_of_its_secret(rotated):
    for token in (rotated.before, rotated.after):
        assert list(header_of(token)) == ["alg", "typ", "kid"]
    assert rotated.kids[OLD] != rotated.kids[NEW]
    assert all(len(kid) == 16 for kid in rotated.kids.values())


def test_tokens_of_both_secrets_are_accepted(rotated, client):
    assert read_me(client, rotated.before).json()["id"] == rotated.made["id"]
    assert read_me(client, rotated.after).json()["id"] == rotated.made["id"]


def test_a_new_token_is_of_the_new_secret(rotated, client):
    kid = header_of(sign_in(client, rotated.user))["kid"]
    assert kid == rotated.kids[NEW]


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["old", "new"])
def test_a_token_made_by_hand_is_accepted_with_and_without_kid(
        rotated, client, secret):
    for header in ({}, {"kid": rotated.kids[secret]}):
        token = rotated.token(secret, **header)
        assert read_me(client, token).status_code == 200


def test_a_third_secret_is_refused(rotated, client):
    check_unauthorized(read_me(client, rotated.token(OTHER)), INVALID_TOKEN)


@pytest.mark.parametrize("secret, other", [(OLD, NEW), (NEW, OLD)],
                         ids=["old", "new"])
def test_a_kid_goes_with_its_own_secret_only(rotated, client, secret, other):
    check_unauthorized(read_me(client, rotated.token(
        other, kid=rotated.kids[secret])), INVALID_TOKEN)


@pytest.mark.parametrize("kid", [
    "", "0" * 16, "1", "../../dev/null", None, 1, True, [], {}], ids=repr)
def test_a_kid_that_no_secret_has_is_refused(rotated, client, kid):
    check_unauthorized(read_me(client, rotated.token(NEW, kid=kid)),
                       INVALID_TOKEN)


@pytest.mark.parametrize("more", [
    {"crit": ["kid"]}, {"jku": "https://evil.example/k"}, {"cty": "JWT"}],
    ids=lambda more: list(more)[0])
def test_no_other_header_stands_beside_a_kid(rotated, client, more):
    check_unauthorized(read_me(client, rotated.token(
        NEW, kid=rotated.kids[NEW], **more)), INVALID_TOKEN)


def test_a_cursor_of_the_old_secret_is_accepted(rotated, client):
    answer = page_of_users(client, rotated.after, rotated.cursor)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == 1


def test_a_refresh_token_of_the_old_secret_goes_on(rotated, client):
    """Its successor is of the new one, and so is every retry."""
    session, token = rotated.live[0]
    second = next_token(NEW, token)
    assert [refresh(client, token) for _ in range(3)] == [second] * 3
    assert refresh(client, second) == next_token(NEW, second)
    assert len(rows_of(rotated.server, session)) == 3


def test_a_retry_gets_the_successor_of_the_old_secret(rotated, client):
    session, token = rotated.used
    use_earlier(rotated.server, token, -60)     # used just now
    second = next_token(OLD, token)
    assert refresh(client, token) == second
    assert rows_of(rotated.server, session) == [
        (hash_of(token), False), (hash_of(second), True)]


def test_a_purged_token_of_the_old_secret_is_a_reuse(rotated, client):
    session, token = rotated.purged
    rotated.server.sql("DELETE FROM refresh_tokens WHERE session_id = %s AND "
                       "used_at IS NOT NULL", session)
    assert refresh(client, token) is None
    assert refresh(client, next_token(OLD, token)) is None
    assert rotated.server.sql("SELECT action FROM audit_log WHERE session_id "
                              "= %s", session) == [("refresh_reused",)]


def test_a_refresh_token_of_the_old_secret_is_revoked(rotated, client):
    session, token = rotated.live[1]
    rotated.server.sql("DELETE FROM refresh_tokens WHERE session_id = %s",
                       session)
    assert client.post("/api/v1/auth/revoke", data={
        "token": token}).status_code == 200
    assert rotated.server.sql("SELECT revoked_at IS NOT NULL FROM sessions "
                              "WHERE id = %s", session) == [(True,)]


def test_a_successor_of_an_unknown_secret_is_not_given_away(rotated, client):
    """Used a moment ago at a server whose secret this one does not have:
    nothing ends, and the client asks again."""
    session, token = rotated.family()
    rotated.server.sql(
        "WITH used AS (UPDATE refresh_tokens SET used_at = now() WHERE "
        "session_id = %s) INSERT INTO refresh_tokens (token_hash, session_id)"
        " VALUES (decode(%s, 'hex'), %s)", session,
        hash_of(next_token(OTHER, token)), session)
    answer = client.post("/api/v1/auth/token", data={
        "grant_type": "refresh_token", "refresh_token": token})
    assert answer.status_code == 503
    assert answer.json()["error"] == "temporarily_unavailable"
    assert int(answer.headers["retry-after"]) >= 1
    assert len(rows_of(rotated.server, session)) == 2
    assert refresh(client, next_token(OTHER, token)) is not None


def test_a_host_that_still_signs_with_the_old_secret_accepts_the_new_one(
        make_server):
    """The first of the two steps with several hosts."""
    server = make_server()
    restart(server, OLD, previous=NEW)
    with server.client() as client:
        user, made = register(client)
        token = sign_in(client, user)
        by_another_host = make_token(NEW, claims_for(
            server, made["id"], read_claims(token)["sid"]))
        assert read_me(client, by_another_host).status_code == 200
        assert read_me(client, token).status_code == 200


def test_at_the_end_the_old_secret_counts_no_more(rotated):
    """The last test of this file: it restarts the server."""
    restart(rotated.server, NEW)
    session, token = rotated.live[2]
    with rotated.server.client() as client:
        # A live token is found by its hash. Without its row it is nobody's.
        assert refresh(client, token) == next_token(NEW, token)
        rotated.server.sql("DELETE FROM refresh_tokens WHERE session_id = %s "
                           "AND used_at IS NOT NULL", session)
        assert refresh(client, token) is None
        assert refresh(client, next_token(NEW, token)) is not None
        assert read_me(client, rotated.after).status_code == 200
        for token in (rotated.before, rotated.token(OLD)):
            check_unauthorized(read_me(client, token), INVALID_TOKEN)
        check_error(page_of_users(client, rotated.after, rotated.cursor),
                    400, "INVALID_CURSOR")
