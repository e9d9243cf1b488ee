# SPDX-License-Identifier: ISC
"""Who may call what: every route of ./keel routes, with every method, as every
kind of user, under both settings of KEEL_USER_DIRECTORY; and that no route
accepts a token that is no longer good."""

import collections
import re
import time
import uuid

import httpx
import pytest

from helpers import (bearer, check_error, check_unauthorized, claims_for,
                     make_token, new_email, new_password, new_user,
                     read_routes, register)
from links import add_token
from people import Person, add_people

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WHO = ("anonymous", "user", "owner", "staff", "admin")

# The statuses are in the order of WHO. The owner is the user of the path, or
# of its session or job; on other paths the owner is just another user.
TABLE = """
GET     /api/v1/users                            401  403  403  403  200
POST    /api/v1/users                            201  201  201  201  201
PUT     /api/v1/users                            405  405  405  405  405
PATCH   /api/v1/users                            405  405  405  405  405
DELETE  /api/v1/users                            405  405  405  405  405
GET     /api/v1/users/me                         401  200  200  200  200
POST    /api/v1/users/me                         405  405  405  405  405
PUT     /api/v1/users/me                         405  405  405  405  405
PATCH   /api/v1/users/me                         401  200  200  200  200
DELETE  /api/v1/users/me                         401  204  204  204  204
GET     /api/v1/users/me/password                405  405  405  405  405
POST    /api/v1/users/me/password                401  204  204  204  204
PUT     /api/v1/users/me/password                405  405  405  405  405
PATCH   /api/v1/users/me/password                405  405  405  405  405
DELETE  /api/v1/users/me/password                405  405  405  405  405
GET     /api/v1/users/me/sessions                401  200  200  200  200
POST    /api/v1/users/me/sessions                405  405  405  405  405
PUT     /api/v1/users/me/sessions                405  405  405  405  405
PATCH   /api/v1/users/me/sessions                405  405  405  405  405
DELETE  /api/v1/users/me/sessions                401  204  204  204  204
GET     /api/v1/users/me/sessions/{session_id}   405  405  405  405  405
POST    /api/v1/users/me/sessions/{session_id}   405  405  405  405  405
PUT     /api/v1/users/me/sessions/{session_id}   405  405  405  405  405
PATCH   /api/v1/users/me/sessions/{session_id}   405  405  405  405  405
DELETE  /api/v1/users/me/sessions/{session_id}   401  404  204  404  404
GET     /api/v1/users/{user_id}                  401  403  200  403  200
POST    /api/v1/users/{user_id}                  405  405  405  405  405
PUT     /api/v1/users/{user_id}                  401  403  200  403  200
PATCH   /api/v1/users/{user_id}                  401  403  200  403  200
DELETE  /api/v1/users/{user_id}                  401  403  204  403  204
GET     /api/v1/users/{user_id}/activate         405  405  405  405  405
POST    /api/v1/users/{user_id}/activate         401  403  403  403  200
PUT     /api/v1/users/{user_id}/activate         405  405  405  405  405
PATCH   /api/v1/users/{user_id}/activate         405  405  405  405  405
DELETE  /api/v1/users/{user_id}/activate         405  405  405  405  405
GET     /api/v1/users/{user_id}/deactivate       405  405  405  405  405
POST    /api/v1/users/{user_id}/deactivate       401  403  403  403  200
PUT     /api/v1/users/{user_id}/deactivate       405  405  405  405  405
PATCH   /api/v1/users/{user_id}/deactivate       405  405  405  405  405
DELETE  /api/v1/users/{user_id}/deactivate       405  405  405  405  405
GET     /api/v1/admin/jobs                       401  403  403  403  200
POST    /api/v1/admin/jobs                       405  405  405  405  405
PUT     /api/v1/admin/jobs                       405  405  405  405  405
PATCH   /api/v1/admin/jobs                       405  405  405  405  405
DELETE  /api/v1/admin/jobs                       405  405  405  405  405
GET     /api/v1/admin/jobs/{job_id}/retry        405  405  405  405  405
POST    /api/v1/admin/jobs/{job_id}/retry        401  403  403  403  202
PUT     /api/v1/admin/jobs/{job_id}/retry        405  405  405  405  405
PATCH   /api/v1/admin/jobs/{job_id}/retry        405  405  405  405  405
DELETE  /api/v1/admin/jobs/{job_id}/retry        405  405  405  405  405
GET     /api/v1/auth/token                       405  405  405  405  405
POST    /api/v1/auth/token                       200  200  200  200  200
PUT     /api/v1/auth/token                       405  405  405  405  405
PATCH   /api/v1/auth/token                       405  405  405  405  405
DELETE  /api/v1/auth/token                       405  405  405  405  405
GET     /api/v1/auth/login                       405  405  405  405  405
POST    /api/v1/auth/login                       200  200  200  200  200
PUT     /api/v1/auth/login                       405  405  405  405  405
PATCH   /api/v1/auth/login                       405  405  405  405  405
DELETE  /api/v1/auth/login                       405  405  405  405  405
GET     /api/v1/auth/password/forgot             405  405  405  405  405
POST    /api/v1/auth/password/forgot             202  202  202  202  202
PUT     /api/v1/auth/password/forgot             405  405  405  405  405
PATCH   /api/v1/auth/password/forgot             405  405  405  405  405
DELETE  /api/v1/auth/password/forgot             405  405  405  405  405
GET     /api/v1/auth/password/reset              405  405  405  405  405
POST    /api/v1/auth/password/reset              204  204  204  204  204
PUT     /api/v1/auth/password/reset              405  405  405  405  405
PATCH   /api/v1/auth/password/reset              405  405  405  405  405
DELETE  /api/v1/auth/password/reset              405  405  405  405  405
GET     /api/v1/auth/verify-email                405  405  405  405  405
POST    /api/v1/auth/verify-email                204  204  204  204  204
PUT     /api/v1/auth/verify-email                405  405  405  405  405
PATCH   /api/v1/auth/verify-email                405  405  405  405  405
DELETE  /api/v1/auth/verify-email                405  405  405  405  405
GET     /api/v1/auth/verify-email/resend         405  405  405  405  405
POST    /api/v1/auth/verify-email/resend         202  202  202  202  202
PUT     /api/v1/auth/verify-email/resend         405  405  405  405  405
PATCH   /api/v1/auth/verify-email/resend         405  405  405  405  405
DELETE  /api/v1/auth/verify-email/resend         405  405  405  405  405
GET     /api/v1/users/{user_id}/send-reset       405  405  405  405  405
POST    /api/v1/users/{user_id}/send-reset       401  403  403  403  202
PUT     /api/v1/users/{user_id}/send-reset       405  405  405  405  405
PATCH   /api/v1/users/{user_id}/send-reset       405  405  405  405  405
DELETE  /api/v1/users/{user_id}/send-reset       405  405  405  405  405
GET     /account/verify                          200  200  200  200  200
POST    /account/verify                          200  200  200  200  200
PUT     /account/verify                          405  405  405  405  405
PATCH   /account/verify                          405  405  405  405  405
DELETE  /account/verify                          405  405  405  405  405
GET     /account/reset                           200  200  200  200  200
POST    /account/reset                           200  200  200  200  200
PUT     /account/reset                           405  405  405  405  405
PATCH   /account/reset                           405  405  405  405  405
DELETE  /account/reset                           405  405  405  405  405
GET     /api/v1/auth/email/confirm               405  405  405  405  405
POST    /api/v1/auth/email/confirm               204  204  204  204  204
PUT     /api/v1/auth/email/confirm               405  405  405  405  405
PATCH   /api/v1/auth/email/confirm               405  405  405  405  405
DELETE  /api/v1/auth/email/confirm               405  405  405  405  405
GET     /api/v1/auth/email/cancel                405  405  405  405  405
POST    /api/v1/auth/email/cancel                204  204  204  204  204
PUT     /api/v1/auth/email/cancel                405  405  405  405  405
PATCH   /api/v1/auth/email/cancel                405  405  405  405  405
DELETE  /api/v1/auth/email/cancel                405  405  405  405  405
GET     /account/email                           200  200  200  200  200
POST    /account/email                           200  200  200  200  200
PUT     /account/email                           405  405  405  405  405
PATCH   /account/email                           405  405  405  405  405
DELETE  /account/email                           405  405  405  405  405
GET     /account/email/cancel                    200  200  200  200  200
POST    /account/email/cancel                    200  200  200  200  200
PUT     /account/email/cancel                    405  405  405  405  405
PATCH   /account/email/cancel                    405  405  405  405  405
DELETE  /account/email/cancel                    405  405  405  405  405
GET     /account/account.css                     200  200  200  200  200
POST    /account/account.css                     405  405  405  405  405
PUT     /account/account.css                     405  405  405  405  405
PATCH   /account/account.css                     405  405  405  405  405
DELETE  /account/account.css                     405  405  405  405  405
GET     /healthz                                 200  200  200  200  200
POST    /healthz                                 405  405  405  405  405
PUT     /healthz                                 405  405  405  405  405
PATCH   /healthz                                 405  405  405  405  405
DELETE  /healthz                                 405  405  405  405  405
GET     /readyz                                  200  200  200  200  200
POST    /readyz                                  405  405  405  405  405
PUT     /readyz                                  405  405  405  405  405
PATCH   /readyz                                  405  405  405  405  405
DELETE  /readyz                                  405  405  405  405  405
GET     /                                        200  200  200  200  200
POST    /                                        405  405  405  405  405
PUT     /                                        405  405  405  405  405
PATCH   /                                        405  405  405  405  405
DELETE  /                                        405  405  405  405  405
GET     /favicon.ico                             200  200  200  200  200
POST    /favicon.ico                             405  405  405  405  405
PUT     /favicon.ico                             405  405  405  405  405
PATCH   /favicon.ico                             405  405  405  405  405
DELETE  /favicon.ico                             405  405  405  405  405
GET     /openapi.json                            200  200  200  200  200
POST    /openapi.json                            405  405  405  405  405
PUT     /openapi.json                            405  405  405  405  405
PATCH   /openapi.json                            405  405  405  405  405
DELETE  /openapi.json                            405  405  405  405  405
GET     /docs                                    200  200  200  200  200
POST    /docs                                    405  405  405  405  405
PUT     /docs                                    405  405  405  405  405
PATCH   /docs                                    405  405  405  405  405
DELETE  /docs                                    405  405  405  405  405
GET     /docs/{doc_id}                           200  200  200  200  200
POST    /docs/{doc_id}                           405  405  405  405  405
PUT     /docs/{doc_id}                           405  405  405  405  405
PATCH   /docs/{doc_id}                           405  405  405  405  405
DELETE  /docs/{doc_id}                           405  405  405  405  405
GET     /metrics                                 200  200  200  200  200
POST    /metrics                                 405  405  405  405  405
PUT     /metrics                                 405  405  405  405  405
PATCH   /metrics                                 405  405  405  405  405
DELETE  /metrics                                 405  405  405  405  405
"""

# The only changes by KEEL_USER_DIRECTORY=authenticated.
AUTHENTICATED = """
GET     /api/v1/users                            401  200  200  200  200
GET     /api/v1/users/{user_id}                  401  200  200  200  200
"""

# What their tokens are for.
LINKS = {"/api/v1/auth/password/reset": "reset", "/account/reset": "reset",
         "/api/v1/auth/verify-email": "verify", "/account/verify": "verify",
         "/api/v1/auth/email/confirm": "email", "/account/email": "email",
         "/api/v1/auth/email/cancel": "email_cancel",
         "/account/email/cancel": "email_cancel"}

ON_ADMIN_LISTENER = {"/metrics"}


def read_table(text):
    table = {}
    for line in text.strip().splitlines():
        method, path, *statuses = line.split()
        assert (method, path) not in table, "%s is in the table twice" % line
        assert len(statuses) == len(WHO), line
        table[method, path] = [int(status) for status in statuses]
    return table


TABLES = {"admin": read_table(TABLE),
          "authenticated": read_table(TABLE) | read_table(AUTHENTICATED)}


def plain_path(path):
    """Converts kore.conf's regexes to the table's form."""
    return re.sub(r"(\w+)s/\(\[\^/\]\+\)", r"\1s/{\1_id}", path.strip("^$"))


def fill_in(path, person):
    """A parameter that is not listed gets the person's id."""
    return path.format_map(collections.defaultdict(
        lambda: person.id, session_id=person.session, job_id=person.job,
        doc_id="docs.js"))


class Directory:
    """A server with one of the settings, and a user of each kind."""

    def __init__(self, server, mode):
        self.server = server
        self.table = TABLES[mode]
        self.client = server.client()
        self.known, _ = register(self.client)
        [[self.hashed_password]] = server.sql(
            "SELECT hashed_password FROM users WHERE email = %s",
            self.known["email"])
        # The last admin cannot delete themselves.
        self.add("admin")

    def add(self, *roles):
        """People, and a dead job for each of them."""
        people = add_people(self.server, *roles,
                            hashed_password=self.hashed_password)
        self.server.sql(
            "INSERT INTO jobs (id, kind, payload, status, finished_at) SELECT "
            "job::uuid, 'send_welcome_email', jsonb_build_object('id', id), "
            "'dead', now() FROM unnest(%s, %s) AS t (job, id)",
            [person.job for person in people],
            [person.id for person in people])
        return people

    def body(self, method, path, target):
        """A body that is valid for a user with the right to send it."""
        if path in LINKS:
            return self.link(method, path, target)
        return {
            ("POST", "/api/v1/users"): {"json": new_user()},
            ("PATCH", "/api/v1/users/me"): {"json": {"name": "New"}},
            ("PATCH", "/api/v1/users/{user_id}"): {"json": {"name": "New"}},
            ("PUT", "/api/v1/users/{user_id}"): {"json": {
                "email": target.email, "name": "New", "role": target.role,
                "is_active": True}},
            ("POST", "/api/v1/users/me/password"): {"json": {
                "current_password": self.known["password"],
                "new_password": new_password()}},
            ("POST", "/api/v1/auth/password/forgot"): {
                "json": {"email": target.email}},
            ("POST", "/api/v1/auth/verify-email/resend"): {
                "json": {"email": target.email}},
            ("POST", "/api/v1/auth/token"): {"data": {
                "username": target.email,
                "password": self.known["password"]}},
            ("POST", "/api/v1/auth/login"): {"json": {
                "username": target.email,
                "password": self.known["password"]}},
        }.get((method, path), {})

    def link(self, method, path, target):
        """A token of the target's, and what else its path needs."""
        if method not in ("GET", "POST"):
            return {}
        target.set(pending_email=new_email())
        token = {"token": add_token(self.server, target.id, LINKS[path])}
        if method == "GET":
            return {"params": token}
        if LINKS[path] == "reset":
            token["new_password"] = new_password()
        return {"json" if path.startswith("/api/") else "data": token}

    def ask(self, method, path, who, target, headers=None):
        """Sends it as a Person, or as nobody: None."""
        url = fill_in(path, target)
        options = self.body(method, path, target)
        options["headers"] = headers or (who.headers if who else {})
        if path in ON_ADMIN_LISTENER:
            return httpx.request(method, self.server.admin_url + url,
                                 trust_env=False, **options)
        return self.client.request(method, url, **options)


@pytest.fixture(scope="module", params=["admin", "authenticated"])
def directory(request, start_module_server):
    # The default is "admin".
    settings = {} if request.param == "admin" else {
        "KEEL_USER_DIRECTORY": request.param}
    directory = Directory(start_module_server(**settings), request.param)
    yield directory
    directory.client.close()


def test_the_table_has_every_endpoint_and_no_other(server):
    rows = read_routes(server)[1:]
    endpoints = {(row[0], plain_path(row[1])) for row in rows}
    paths = {path for _, path in endpoints}
    table = TABLES["admin"]
    assert {key for key, statuses in table.items()
            if statuses != [405] * len(WHO)} == endpoints
    assert set(table) == {(method, path) for method in METHODS
                          for path in paths}
    assert set(read_table(AUTHENTICATED)) <= endpoints


def test_the_routes_that_need_a_sign_in_match_the_table(server):
    for method, path, _, auth, _ in read_routes(server)[1:]:
        for table in TABLES.values():
            anonymous = table[method, plain_path(path)][0]
            assert (anonymous == 401) == (
                auth not in ("-", "signed_in_or_none")), path


@pytest.mark.parametrize("method, path", list(TABLES["admin"]))
def test_access(directory, method, path):
    user, staff, admin, *targets = directory.add(
        "user", "staff", "admin", *["user"] * len(WHO))
    owner = targets[WHO.index("owner")]
    asking = [None, user, owner, staff, admin]
    answers = [directory.ask(method, path, who, target)
               for who, target in zip(asking, targets)]
    found = dict(zip(WHO, [answer.status_code for answer in answers]))
    assert found == dict(zip(WHO, directory.table[method, path]))
    for who, answer in zip(asking, answers):
        if answer.status_code == 401:
            assert who is None
            check_unauthorized(answer, "Bearer")
        if answer.status_code == 403:
            assert check_error(answer, 403, "FORBIDDEN",
                               "Insufficient permissions") == {}


@pytest.mark.parametrize("method, path", [
    (method, path) for (method, path) in TABLES["admin"] if "{" in path])
def test_nobody_but_owner_and_admin_changes_anything(directory, method, path):
    user, staff, *targets = directory.add("user", "staff", *["user"] * 3)
    ids = [target.id for target in targets]

    def everything():
        return directory.server.sql(
            "SELECT to_jsonb(u), to_jsonb(s), to_jsonb(j) FROM users u JOIN "
            "sessions s ON s.user_id = u.id JOIN jobs j ON j.payload ->> 'id' "
            "= u.id::text WHERE u.id = ANY (%s::uuid[]) ORDER BY u.id", ids)

    before = everything()
    assert len(before) == 3
    for who, target in zip((None, user, staff), targets):
        directory.ask(method, path, who, target)
    assert everything() == before


def test_the_token_of_a_deleted_user_is_refused(directory):
    """Nor does a token of a session that never existed."""
    [target] = directory.add("user")
    nobody = Person(directory.server, "admin")
    for (method, path), statuses in directory.table.items():
        if statuses[0] == 401:
            answer = directory.ask(method, path, nobody, target)
            check_unauthorized(answer, 'Bearer error="invalid_token"')


#
# Tokens of a session or a user that has ended, and tokens that do not fit
# together. Each person has a second session, which stays good.
#

BY_SQL = {
    "revoked": "UPDATE sessions SET revoked_at = now() WHERE id IN {sessions}",
    "of_an_expired_session":
        "UPDATE sessions SET expires_at = now() WHERE id IN {sessions}",
    "of_no_session": "DELETE FROM sessions WHERE id IN {sessions}",
    # A trigger ends the sessions of a user who is disabled. Here they go on.
    "of_a_disabled_user":
        "UPDATE users SET is_active = false WHERE id IN {users}; "
        "UPDATE sessions SET revoked_at = NULL WHERE user_id IN {users}",
    "of_a_user_who_was_disabled_for_a_while":
        "UPDATE users SET is_active = false WHERE id IN {users}; "
        "UPDATE users SET is_active = true WHERE id IN {users}",
}

BY_CLAIMS = {
    "expired": lambda other: {"exp": int(time.time()) - 1},
    "of_the_future": lambda other: {"iat": int(time.time()) + 120},
    "of_anothers_session": lambda other: {"sid": other.session},
    "of_another_user": lambda other: {"sub": other.id},
    "of_an_unknown_user": lambda other: {"sub": str(uuid.uuid4())},
    "of_an_unknown_session": lambda other: {"sid": str(uuid.uuid4())},
}


def add_second_sessions(server, people):
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) SELECT "
               "gen_random_uuid(), id, '::1', now() + interval '1 day' FROM "
               "users WHERE id = ANY (%s::uuid[])",
               [person.id for person in people])


def rows_about(server, people):
    return server.sql(
        "SELECT to_jsonb(u), to_jsonb(s), to_jsonb(j) FROM users u JOIN "
        "sessions s ON s.user_id = u.id JOIN jobs j ON j.payload ->> 'id' = "
        "u.id::text WHERE u.id = ANY (%s::uuid[]) ORDER BY u.id, s.id",
        [person.id for person in people])


def quoted(*ids):
    return "('%s')" % "', '".join(ids)


@pytest.mark.parametrize("directory", ["admin"], indirect=True)
@pytest.mark.parametrize("kind", [*BY_SQL, *BY_CLAIMS])
def test_no_route_accepts_a_token(directory, kind):
    """The owner's and an admin's, on each row of ./keel routes that has a
    dependency."""
    server = directory.server
    owner, admin, *others = directory.add("user", "admin", "user", "admin")
    people = [owner, admin, *others]
    add_second_sessions(server, people)
    claims = [{}, {}]
    if kind in BY_SQL:
        server.sql(BY_SQL[kind].format(
            sessions=quoted(owner.session, admin.session),
            users=quoted(owner.id, admin.id)))
    else:
        claims = [BY_CLAIMS[kind](other) for other in (admin, owner)]
    headers = [bearer(make_token(server.secret, claims_for(
        server, who.id, who.session, **changes)))
        for who, changes in zip((owner, admin), claims)]
    before = rows_about(server, people)
    count = server.sql("SELECT count(*) FROM users")
    for method, path, _, auth, _ in read_routes(server)[1:]:
        if auth == "-":
            continue
        for i, target in ((0, owner), (1, owner), (1, admin)):
            answer = directory.ask(method, plain_path(path), None, target,
                                   headers[i])
            check_unauthorized(answer, 'Bearer error="invalid_token"')
    assert rows_about(server, people) == before
    assert server.sql("SELECT count(*) FROM users") == count


def test_each_path_exists_on_its_listener_only(server):
    [admin] = add_people(server, "admin")
    with server.client() as api, httpx.Client(
            base_url=server.admin_url, trust_env=False) as inner:
        for method, path in TABLES["admin"]:
            url = fill_in(path, admin)
            other = api if path in ON_ADMIN_LISTENER else inner
            check_error(other.request(method, url, headers=admin.headers),
                        404, "NOT_FOUND", "Not found")
