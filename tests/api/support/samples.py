# SPDX-License-Identifier: ISC
"""What general tests send and store: a sample row of each table, the ids in
paths, a body for each operation, the roles. What is not in these tables is
derived: rows from the database's catalog, bodies from the description's
examples. So a new resource is in every sweep without a line, unless its rows or
bodies have rules that neither tells. A project writes its lines into files of
its own, tests/api/NAME/NAME_samples.py; tests/README.md says more."""

import functools
import re
import secrets
import uuid

import psycopg2

from description import describe
from links import add_token
from helpers import new_email, new_password, new_user
from own import own
from server import BUILD

USER = str(uuid.uuid4())
SESSION = str(uuid.uuid4())

# Columns for which the catalog does not tell a valid value, as with a CHECK, or
# which decide who sees the row: "notes": {"colour": "red"}.
COLUMNS = {"posts": {"published_at": "now"}}

# A row of each of Keel's tables, with what it must have. A table is after those
# that it refers to; "now" and the like are text for PostgreSQL.
ROWS = {
    "users": {"id": USER, "email": "a@example.com", "name": "A",
              "hashed_password": "!", "role": "user", "is_active": True,
              "email_verified": False, "version": 1, "created_at": "now",
              "updated_at": "now"},
    "posts": {"id": str(uuid.uuid4()), "title": "t", "content": "c",
              "author_id": USER, "version": 1, "created_at": "now",
              "updated_at": "now", "language": "simple"},
    "post_languages": {"language": "english"},
    "sessions": {"id": SESSION, "user_id": USER, "client": "::1",
                 "created_at": "now", "expires_at": "now",
                 "last_used_at": "now", "confirmed_at": "now"},
    "refresh_tokens": {"token_hash": "hash", "session_id": SESSION,
                       "created_at": "now"},
    "account_tokens": {"token_hash": "hash", "purpose": "reset",
                       "user_id": USER, "state": "hash", "created_at": "now",
                       "expires_at": "now"},
    "audit_log": {"id": str(uuid.uuid4()), "created_at": "now",
                  "action": "sign_in"},
    "idempotency_keys": {"scope": "hash", "request": "hash", "status": 201,
                         "headers": "", "created_at": "now"},
    "jobs": {"id": str(uuid.uuid4()), "kind": "k", "payload": "{}",
             "status": "queued", "attempts": 0, "run_at": "now",
             "created_at": "now"},
    "job_schedules": {"kind": "k", "round": "now"},
    "sign_in_failures": {"account": "a", "failures": 1, "last_at": "now"},
    "sign_in_networks": {"user_id": USER, "network": "192.0.2.0/24",
                         "last_at": "now"},
    "mail_recipients": {"recipient": "r", "jobs": "{}", "full_at": "now"},
}

# The parameters of paths, as functions of a Person. Any other one is the id of
# a row that path_of() adds.
IDS = {
    "user_id": lambda person: person.id,
    "session_id": lambda person: person.session,
    "job_id": lambda person: person.job,
    "doc_id": lambda person: "docs.js",
}

# What the token of a link in a mail is for.
LINKS = {"/api/v1/auth/password/reset": "reset", "/account/reset": "reset",
         "/api/v1/auth/verify-email": "verify", "/account/verify": "verify",
         "/api/v1/auth/email/confirm": "email", "/account/email": "email",
         "/api/v1/auth/email/cancel": "email_cancel",
         "/account/email/cancel": "email_cancel"}

# Bodies that the description's examples are not: functions of the person that
# it is about, and of their password. The key is an operation.
JSON = {
    "POST /api/v1/users": lambda person, password: new_user(),
    "PATCH /api/v1/users/me": lambda person, password: {"name": "New"},
    "PATCH /api/v1/users/{user_id}": lambda person, password: {"name": "New"},
    "PUT /api/v1/users/{user_id}":
        lambda person, password: replacement(person, name="New"),
    "POST /api/v1/users/me/password": lambda person, password: {
        "current_password": password, "new_password": new_password()},
    "POST /api/v1/auth/confirm": lambda person, password: {
        "current_password": password},
    "POST /api/v1/auth/password/forgot": lambda person, password: {
        "email": person.email},
    "POST /api/v1/auth/verify-email/resend": lambda person, password: {
        "email": person.email},
    "POST /api/v1/auth/login": lambda person, password: {
        "username": person.email, "password": password},
}
FORMS = {
    "POST /api/v1/auth/token": lambda person, password: {
        "username": person.email, "password": password},
    "POST /api/v1/auth/revoke": lambda person, password: {"token": "x"},
}

# A project's own lines; USER_COLUMNS are columns that it has added to users.
USER_COLUMNS = {}
for names in own("samples"):
    for name in ("USER_COLUMNS", "COLUMNS", "ROWS", "IDS", "LINKS", "JSON",
                 "FORMS"):
        globals()[name].update(names.get(name, {}))
ROWS["users"] |= USER_COLUMNS


#
# The description.
#

def schema(name):
    return describe(BUILD).document["components"]["schemas"][name]


def roles():
    """Every role of kore.conf, the least one first."""
    return schema("UserCreate")["properties"]["role"]["enum"]


def members(name):
    """The members that each body of this schema has, in their order."""
    facts = schema(name)
    return [member for member in facts["properties"]
            if member in facts["required"]]


def check_members(body, name):
    """A response has these members, in this order, and no others, but for those
    that the schema does not require."""
    facts = schema(name)
    assert [member for member in body if member in facts["required"]] == \
        members(name)
    assert [member for member in facts["properties"] if member in body] == \
        list(body)


def replacement(person, **changes):
    """The body of a PUT that leaves a Person as they are, with changes. Members
    that a project has added are read from their row."""
    body = {"email": person.email, "name": "Test", "role": person.role,
            "is_active": True} | changes
    more = [name for name in members("UserReplace") if name not in body]
    if more:
        body |= zip(more, person.row(*more) or [None] * len(more))
    return body


def must_be_one_of_the_roles():
    return "Must be one of: " + ", ".join(roles())


@functools.cache
def example_of(method, path):
    """(media type, body) of the operation's example; None without a body."""
    found = describe(BUILD).paths.get(path, {}).get(method)
    if found is None or not found.body:
        return None
    media = next(iter(found.body))
    return media, found.facts["requestBody"]["content"][media].get("example")


#
# Requests.
#

@functools.cache
def template_of(route):
    """The path of a route of kore.conf, such as /api/v1/users/{user_id}, as the
    description names it. A route that it does not show has {doc_id}."""
    def plain(path):
        return re.sub(r"{\w+}", "{}", path)

    path = re.sub(r"\([^()]*\)", "{}", route.strip("^$"))
    for described in describe(BUILD).paths:
        if plain(described) == path:
            return described
    return re.sub(r"(\w+)s/{}", r"\1s/{\1_id}", path)


def path_of(server, template, person, owner=None):
    """The path with the ids of a Person. What has no line in IDS is the id of a
    new row of its table, whose owner is the same person, unless given."""
    def value(match):
        folder, name = match[1], match[2]
        if name in IDS:
            return "%s/%s" % (folder, IDS[name](person))
        return "%s/%s" % (folder, add_row(
            server.sql, folder.replace("-", "_"), (owner or person).id))

    return re.sub(r"([^/{}]+)/{(\w+)}", value, template)


def body_of(method, path, person, password=None):
    """The options of httpx for a body that the operation takes from who may
    send it; {} without one. path is a template."""
    key = "%s %s" % (method, path)
    if path in LINKS:
        return link_of(method, path, person)
    if key in JSON:
        return {"json": JSON[key](person, password)}
    if key in FORMS:
        return {"data": FORMS[key](person, password)}
    example = example_of(method, path)
    if example is None:
        return {}
    media, body = example
    if "form" in media:
        return {"data": body}
    return {"json": body | references(path, body, person)}


FOREIGN_KEYS = """
SELECT a.attname::text, k.confrelid::regclass::text
  FROM pg_constraint k
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
 WHERE k.conrelid = to_regclass(%s)
   AND k.contype = 'f'
"""


def references(path, body, person):
    """For an example's ids: those of rows that the path's table may refer to,
    of this person."""
    table = re.findall(r"/([a-z]\w*)", path)[-1]
    return {column: person.id if other == "users" else
            add_row(person.server.sql, other, person.id)
            for column, other in person.server.sql(FOREIGN_KEYS, table)
            if body.get(column) is not None}


def link_of(method, path, person):
    """A token of the person's, and what else the path of a link needs."""
    if method not in ("GET", "POST"):
        return {}
    if person.row("pending_email") == (None,):      # confirmed already
        person.set(pending_email=new_email())
    token = {"token": add_token(person.server, person.id, LINKS[path])}
    if method == "GET":
        return {"params": token}
    if LINKS[path] == "reset":
        token["new_password"] = new_password()
    return {"json" if path.startswith("/api/") else "data": token}


#
# Rows of any table, from the catalog.
#

# Of those that must have a value: format_type() begins with the key.
VALUES = {
    "uuid": lambda: str(uuid.uuid4()), "boolean": lambda: False,
    "character": lambda: secrets.token_hex(4), "text": lambda: "sample",
    "timestamp": lambda: "now", "date": lambda: "today",
    "time": lambda: "12:00", "json": lambda: "{}",
    "bytea": lambda: secrets.token_bytes(8), "inet": lambda: "192.0.2.1",
    "cidr": lambda: "192.0.2.0/24", "interval": lambda: "1 day",
}

NEEDED = """
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
       k.confrelid::regclass::text
  FROM pg_attribute a
  LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'f'
   AND k.conkey = ARRAY[a.attnum]
 WHERE a.attrelid = to_regclass(%s)
   AND a.attnum > 0
   AND a.attnotnull
   AND NOT a.atthasdef
   AND a.attidentity = ''
"""


CHECKS = """
SELECT a.attname::text, pg_get_constraintdef(k.oid)
  FROM pg_constraint k
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
 WHERE k.conrelid = to_regclass(%s)
   AND k.contype = 'c'
"""


def value_of(kind, check=""):
    """One of the CHECK's words, if it is a list of them."""
    words = re.findall(r"'(\w+)'::", check)
    if words:
        return words[0]
    for beginning, make in VALUES.items():
        if kind.startswith(beginning):
            longest = re.search(r"\((\d+)\)", kind)
            return make() if longest is None else make()[:int(longest[1])]
    return [] if kind.endswith("[]") else 1


def add_row(sql, table, user, **columns):
    """Adds a row to a table, owned by the user whose id it is, and returns its
    id. References to other tables get rows of their own."""
    needed = sql(NEEDED, table)
    assert needed, "tests/api/support/samples.py: IDS has no parameter for " \
        "the paths of %s, and there is no such table" % table
    row, checks = {}, dict(sql(CHECKS, table))
    for name, kind, other in needed:
        if name in columns or other is None:
            row[name] = value_of(kind, checks.get(name, ""))
        else:
            row[name] = user if other == "users" else add_row(sql, other, user)
    made = {name for name, kind, other in needed if kind == "uuid" or other}
    row |= {name: value for name, value in (
        ROWS.get(table, {}) | COLUMNS.get(table, {})).items()
            if name not in made} | columns
    try:
        [[id]] = sql("INSERT INTO %s (%s) VALUES (%s) RETURNING id::text" % (
            table, ", ".join(row), ", ".join(["%s"] * len(row))),
            *row.values())
    except psycopg2.Error as error:
        raise AssertionError(
            "the catalog does not tell a valid row of %s; write the values of "
            "its columns into tests/api/NAME/NAME_samples.py, as COLUMNS: %s"
            % (table, error)) from error
    return id
