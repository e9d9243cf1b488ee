# SPDX-License-Identifier: ISC
"""Links in mails: asked for, and used. mailbox.py finds them."""

import os

from product import NAME
from server import confidential

FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
VERIFY = "/api/v1/auth/verify-email"
RESEND = "/api/v1/auth/verify-email/resend"


def ask_reset(client, address):
    answer = client.post(FORGOT, json={"email": address})
    assert answer.status_code == 202, answer.text


def remember(token):
    """It may be in no log; other texts than tokens may."""
    if token.startswith(NAME + "_"):
        confidential.add(token)


def reset(client, token, password):
    remember(token)
    return client.post(RESET, json={"token": token, "new_password": password})


def verify(client, token):
    remember(token)
    return client.post(VERIFY, json={"token": token})


def add_token(server, user_id, purpose="reset", sent=True, seconds=3600):
    """Stores a token by SQL, as a job does; returns it."""
    token = "%s_%s_%s" % (NAME, purpose, os.urandom(32).hex()[:43])
    confidential.add(token)
    server.sql(
        "INSERT INTO account_tokens (token_hash, purpose, user_id, email, "
        "state, expires_at) SELECT sha256(%s::bytea), %s, id, CASE WHEN %s "
        "THEN CASE %s WHEN 'email' THEN pending_email ELSE email END END, "
        "keel_token_state(%s, hashed_password, email, pending_email), now() + "
        "%s * interval '1 second' FROM users WHERE id = %s", token, purpose,
        sent, purpose, purpose, seconds, user_id)
    return token
