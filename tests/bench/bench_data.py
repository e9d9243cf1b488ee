# SPDX-License-Identifier: ISC
"""The rows that are measured: users who can sign in, and posts.

`where` has sql(statement, *params) and command(*words, text=...), as a Server
has. The n-th user has the id md5('u' || n), so that the sender of requests can
compute it, and the address userN@example.com. All have one password, and
therefore one hash, which ./keel itself has made."""

import hashlib
import uuid

from scale import load

PASSWORD = "Passw0rd-lab"
ADMIN = "bench-admin@example.com"

USERS = """
INSERT INTO users (id, email, name, hashed_password, created_at, updated_at)
SELECT md5('u' || n)::uuid, 'user' || n || '@example.com', 'User Number ' || n,
       %s, at, at
  FROM (SELECT n, timestamptz '2026-01-01' + n * interval '7 seconds' AS at
          FROM generate_series(1, %s) AS n) AS t
"""


def user_id(number):
    return str(uuid.UUID(hashlib.md5(b"u%d" % number).hexdigest()))


def email(number):
    return "user%d@example.com" % number


def run(where, *words, text=""):
    done = where.command(*words, text=text, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


def make_hash(where):
    """The password's hash, as a sign-in of this build wants it: that of an
    admin, who is then removed."""
    where.sql("DELETE FROM users WHERE email = %s", ADMIN)
    run(where, "create-admin", ADMIN, text=PASSWORD)
    return where.sql("DELETE FROM users WHERE email = %s RETURNING "
                     "hashed_password", ADMIN)[0][0]


def has_users(where):
    """Did somebody else fill it? Then it was migrated, too."""
    return where.sql("SELECT to_regclass('users') IS NOT NULL")[0][0] and \
        where.sql("SELECT EXISTS (SELECT FROM users)")[0][0]


def fill(where, users, posts):
    """Migrates, and adds so many users and posts (of 1,000 authors more)."""
    run(where, "migrate")
    where.sql(USERS, make_hash(where), users)
    load(where, posts, last="SELECT 1")
    settle(where)


def renew_hashes(where):
    """Users of an older backend have hashes of bcrypt, which Keel replaces at
    their next sign-in. Here all have signed in. Returns whether any had one."""
    run(where, "migrate")
    old = "hashed_password LIKE '$2_$%'"
    if not where.sql("SELECT EXISTS (SELECT FROM users WHERE %s)" % old)[0][0]:
        return False
    made = make_hash(where)
    where.sql("ALTER TABLE users DISABLE TRIGGER USER")
    where.sql("UPDATE users SET hashed_password = %%s WHERE %s" %
              old.replace("%", "%%"), made)
    where.sql("ALTER TABLE users ENABLE TRIGGER USER")
    return True


def settle(where):
    """The planner knows the rows, and none waits to be cleaned or written.
    Nothing cleans posts meanwhile: that would disturb a measurement."""
    where.sql("ALTER TABLE posts SET (autovacuum_enabled = false)")
    where.sql("VACUUM ANALYZE")
    where.sql("CHECKPOINT")


def forget_posts(where, title):
    """Removes what was created, so that each round finds the same rows."""
    where.sql("DELETE FROM posts WHERE title = %s", title)
    where.sql("VACUUM ANALYZE posts")
