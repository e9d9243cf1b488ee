# SPDX-License-Identifier: ISC
"""Links in mails: asked for, found in the mail, and used."""

import email
import email.policy
import os
import re

from runner import wait_for
from server import confidential

FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
VERIFY = "/api/v1/auth/verify-email"
RESEND = "/api/v1/auth/verify-email/resend"
TOKEN = re.compile(r"[?]token=(keel_[a-z]+_[A-Za-z0-9_-]{43})\s")


def read_mail(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


class Mailbox:
    """The mails that a runner writes to files; one per job."""

    def __init__(self, server, runner):
        self.server = server
        self.folder = os.path.join(runner.state, "mail")

    def jobs_of(self, address):
        """The jobs for an address except notices, the oldest first, when all
        have ended."""
        def ended():
            rows = self.server.sql(
                "SELECT j.id::text, j.status FROM jobs j LEFT JOIN users u ON "
                "u.id::text = j.payload ->> 'id' WHERE (lower(j.payload ->> "
                "'email') = lower(%s) OR lower(u.email) = lower(%s)) AND "
                "j.kind !~ '_notice$' ORDER BY j.created_at, j.id", address,
                address)
            return all(row[1] in ("done", "dead") for row in rows) and [
                row[0] for row in rows]
        return wait_for(ended, pause=0.02)

    def files(self, *jobs):
        """The mails of these jobs, those that have one."""
        found = []
        for job in jobs:
            path = os.path.join(self.folder, job + ".eml")
            if os.path.exists(path):
                with open(path, "rb") as f:
                    found.append(read_mail(f.read()))
        return found

    def mails(self, address):
        """The mails to the address, the oldest first."""
        return self.files(*self.jobs_of(address))

    def token(self, address):
        """The token in the last mail to the address."""
        [token] = TOKEN.findall(text_of(self.mails(address)[-1]))
        confidential.add(token)
        return token


def ask_reset(client, address):
    answer = client.post(FORGOT, json={"email": address})
    assert answer.status_code == 202, answer.text


def remember(token):
    """It may be in no log; other texts than tokens may."""
    if token.startswith("keel_"):
        confidential.add(token)


def reset(client, token, password):
    remember(token)
    return client.post(RESET, json={"token": token, "new_password": password})


def verify(client, token):
    remember(token)
    return client.post(VERIFY, json={"token": token})


def add_token(server, user_id, purpose="reset", sent=True, seconds=3600):
    """Stores a token by SQL, as a job does; returns it."""
    token = "keel_%s_%s" % (purpose, os.urandom(32).hex()[:43])
    confidential.add(token)
    server.sql(
        "INSERT INTO account_tokens (token_hash, purpose, user_id, email, "
        "state, expires_at) SELECT sha256(%s::bytea), %s, id, CASE WHEN %s "
        "THEN CASE %s WHEN 'email' THEN pending_email ELSE email END END, "
        "keel_token_state(%s, hashed_password, email, pending_email), now() + "
        "%s * interval '1 second' FROM users WHERE id = %s", token, purpose,
        sent, purpose, purpose, seconds, user_id)
    return token
