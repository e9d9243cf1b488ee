# SPDX-License-Identifier: ISC
"""Who may call what: every route of ./keel routes, with every method, as every
kind of user, under both settings of KEEL_USER_DIRECTORY."""

import re

import httpx
import pytest

from helpers import (check_error, check_unauthorized, new_password, new_user,
                     read_routes, register)
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
    return path.format(user_id=person.id, session_id=person.session,
                       job_id=person.job, doc_id="docs.js")


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
            ("POST", "/api/v1/auth/token"): {"data": {
                "username": target.email,
                "password": self.known["password"]}},
        }.get((method, path), {})

    def ask(self, method, path, who, target):
        """Sends it as a Person, or as nobody: None."""
        url = fill_in(path, target)
        options = self.body(method, path, target)
        options["headers"] = who.headers if who else {}
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


def test_each_path_exists_on_its_listener_only(server):
    [admin] = add_people(server, "admin")
    with server.client() as api, httpx.Client(
            base_url=server.admin_url, trust_env=False) as inner:
        for method, path in TABLES["admin"]:
            url = fill_in(path, admin)
            other = api if path in ON_ADMIN_LISTENER else inner
            check_error(other.request(method, url, headers=admin.headers),
                        404, "NOT_FOUND", "Not found")
