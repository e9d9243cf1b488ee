# SPDX-License-Identifier: ISC
"""Users made by SQL, each with a session, so that no password is hashed; and
transactions of another client, which block the server's statements."""

import contextlib
import functools
import time
import uuid

import psycopg2

from helpers import bearer, claims_for, make_token, new_email
from samples import USER_COLUMNS

ADD = """
WITH added AS (
    INSERT INTO users (id, email, name, hashed_password, role{names})
    SELECT id::uuid, email, 'Test', %s, role{values}
      FROM unnest(%s, %s, %s) AS t (id, email, role))
INSERT INTO sessions (id, user_id, client, expires_at)
SELECT session::uuid, id::uuid, '127.0.0.1', now() + interval '1 day'
  FROM unnest(%s, %s) AS t (session, id)
""".format(names="".join(", " + name for name in USER_COLUMNS),
           values=", %s" * len(USER_COLUMNS))


class Person:
    def __init__(self, server, role):
        self.server = server
        self.role = role
        self.id = str(uuid.uuid4())
        self.session = str(uuid.uuid4())
        self.job = str(uuid.uuid4())    # for the test to insert
        self.email = new_email(role)
        self.path = "/api/v1/users/" + self.id

    @functools.cached_property
    def token(self):
        return make_token(self.server.secret, claims_for(
            self.server, self.id, self.session))

    @property
    def headers(self):
        return bearer(self.token)

    def unconfirm(self):
        """As if they had signed in, or confirmed the session, long ago."""
        unconfirm(self)

    def set(self, **columns):
        """Updates the row by SQL, as another client of the database."""
        self.server.sql(
            "UPDATE users SET %s WHERE id = %%s" % ", ".join(
                "%s = %%s" % name for name in columns),
            *columns.values(), self.id)

    def row(self, *columns):
        """These columns of the row; None if it is deleted."""
        rows = self.server.sql("SELECT %s FROM users WHERE id = %%s" %
                               ", ".join(columns), self.id)
        return rows[0] if rows else None


def add_people(server, *roles, hashed_password="none"):
    """Adds a signed-in user for each role."""
    people = [Person(server, role) for role in roles]
    ids = [person.id for person in people]
    server.sql(ADD, hashed_password, *USER_COLUMNS.values(), ids,
               [person.email for person in people], list(roles),
               [person.session for person in people], ids)
    return people


def unconfirm(*people):
    people[0].server.sql(
        "UPDATE sessions SET confirmed_at = '-infinity' WHERE id = ANY "
        "(%s::uuid[])", [person.session for person in people])


@contextlib.contextmanager
def transaction(server, statement, *params):
    """A transaction that has run this statement; it commits at the end."""
    db = psycopg2.connect(host=server.cluster.socket, user="postgres",
                          port=server.cluster.port, dbname=server.database)
    try:
        db.cursor().execute(statement, params or None)
        yield db
        db.commit()
    finally:
        db.close()


def wait_for_waiting(server, count):
    """Waits until this many statements of the server wait for a lock."""
    deadline = time.monotonic() + 30
    while server.sql("SELECT count(*) FROM pg_stat_activity WHERE "
                     "datname = %s AND application_name = 'keel' AND "
                     "wait_event_type = 'Lock'", server.database) != [
                         (count,)]:
        assert time.monotonic() < deadline, "no statement waits for a lock"
        time.sleep(0.01)
