# SPDX-License-Identifier: ISC
"""Refresh tokens: rotation, retries, reuse, expiry."""

import hashlib

from helpers import ask_token, read_me, register
from server import confidential

TOKEN = "/api/v1/auth/token"
REFUSED = {"error": "invalid_grant", "error_description":
           "The refresh token is invalid, expired or revoked"}


def sign_in(client):
    """A new user's id and the body of their sign-in."""
    sent, user = register(client)
    answer = ask_token(client, sent["email"], sent["password"])
    assert answer.status_code == 200, answer.text
    return user["id"], keep(answer.json())


def keep(tokens):
    confidential.add(tokens["access_token"])
    confidential.add(tokens["refresh_token"])
    return tokens


def ask(client, token):
    return client.post(TOKEN, data={"grant_type": "refresh_token",
                                    "refresh_token": token})


def refresh(client, token):
    answer = ask(client, token)
    assert answer.status_code == 200, answer.text
    return keep(answer.json())


def refused(answer):
    assert answer.status_code == 400, answer.text
    assert answer.json() == REFUSED
    return answer.content


def hash_of(token):
    return hashlib.sha256(token.encode()).hexdigest()


def test_rotation(client, server):
    user_id, first = sign_in(client)
    second = refresh(client, first["refresh_token"])
    third = refresh(client, second["refresh_token"])
    tokens = [first, second, third]
    assert len({t["refresh_token"] for t in tokens}) == 3
    assert len({t["access_token"] for t in tokens}) == 3
    for t in tokens:
        assert sorted(t) == ["access_token", "expires_in", "refresh_token",
                             "token_type"]
        assert t["token_type"] == "bearer" and t["expires_in"] == 900
        assert t["refresh_token"].startswith("keel_rt_")
        assert read_me(client, t["access_token"]).json()["id"] == user_id
    assert server.sql(
        "SELECT encode(token_hash, 'hex'), used_at IS NULL FROM "
        "refresh_tokens t JOIN sessions s ON s.id = session_id WHERE user_id "
        "= %s ORDER BY t.created_at", user_id) == [
            (hash_of(first["refresh_token"]), False),
            (hash_of(second["refresh_token"]), False),
            (hash_of(third["refresh_token"]), True)]
