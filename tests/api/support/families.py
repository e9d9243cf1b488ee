# SPDX-License-Identifier: ISC
"""Refresh tokens made by hand, independent of Keel's code."""

import base64
import hashlib
import hmac
import secrets
import uuid

from helpers import base64url
from product import NAME
from server import confidential

PREFIX = NAME + "_rt_"


def _mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def _finish(secret, parts):
    tag = _mac(_mac(secret.encode(), b"keel refresh tag"), parts)
    token = PREFIX + base64url(parts + tag[:16])
    confidential.add(token)
    return token


def make_token(secret, session, random=None):
    """The first token of a session."""
    return _finish(secret, uuid.UUID(session).bytes +
                   (random or secrets.token_bytes(32)))


def next_token(secret, token):
    """The one that follows it under this secret."""
    old = base64.urlsafe_b64decode(token[len(PREFIX):] + "==")
    family = _mac(secret.encode(), b"keel refresh family\0" + old[:16])
    return _finish(secret, old[:16] + _mac(family, old))


def hash_of(token):
    """As in the table."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_token(server, session, secret=None):
    """Gives a session a live token."""
    token = make_token(secret or server.secret, session)
    server.sql("INSERT INTO refresh_tokens (token_hash, session_id) VALUES "
               "(decode(%s, 'hex'), %s)", hash_of(token), session)
    return token


def rows_of(server, session):
    """The hashes of a session's tokens, and whether each is live; the oldest
    first."""
    return server.sql(
        "SELECT encode(token_hash, 'hex'), used_at IS NULL FROM "
        "refresh_tokens WHERE session_id = %s ORDER BY created_at, used_at",
        session)


def use_earlier(server, token, seconds):
    """A used token was used so much earlier."""
    server.sql("UPDATE refresh_tokens SET used_at = used_at - %s * interval "
               "'1 second' WHERE token_hash = decode(%s, 'hex')", seconds,
               hash_of(token))


def audit_rows(server, session, action):
    """How many rows of that action are about a session."""
    return server.sql(
        "SELECT count(*) FROM audit_log WHERE action = %s AND (session_id = "
        "%s OR changes -> 'session' ->> 'from' = %s)", action, session,
        session)[0][0]
