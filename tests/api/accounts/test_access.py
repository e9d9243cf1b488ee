# SPDX-License-Identifier: ISC
"""Who may call what: every route of ./keel routes, with every method, as every
kind of user, in a session that is confirmed, not confirmed or over; that who is
refused changes nothing; and that no route accepts a token that is no longer
good. The other setting of KEEL_USER_DIRECTORY is tried where users are read.

The rows of a project's own resources stand beside their tests, in files
tests/api/NAME/access.txt."""

import glob
import os
import time
import uuid

import httpx
import pytest

from description import describe
from helpers import (bearer, check_error, check_unauthorized, claims_for,
                     make_token, new_email, read_routes, register)
from people import Person, add_people, unconfirm
from samples import body_of, path_of, roles, template_of
from server import BUILD, ROOT, read_text

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Who asks. The owner is the user of the path, or of its session or job; on
# other paths the owner is just another user.
WHO = ("anonymous",
       "stale",         # the token is good, and its session has ended
       "user", "owner", "staff", "admin",
       "late owner",    # their sign-in was too long ago, and their session
       "late admin")    # is not confirmed

# The statuses are in the order of WHO. 403c is a 403 that asks for a
# confirmation, CONFIRMATION_REQUIRED; any other is FORBIDDEN. Paths are below
# /api/v1/, unless they begin with a slash. Each other method of such a path
# gets 405 from everybody.
TABLE = """
GET     users                           401  401  403  403  403  200  403  200
POST    users                           201  401  201  201  201  201  201  201
GET     users/me                        401  401  200  200  200  200  200  200
PATCH   users/me                        401  401  200  200  200  200  200  200
DELETE  users/me                        401  401  204  204  204  204  403c 403c
POST    users/me/password               401  401  204  204  204  204  403c 403c
GET     users/me/sessions               401  401  200  200  200  200  200  200
DELETE  users/me/sessions               401  401  204  204  204  204  403c 403c
DELETE  users/me/sessions/{session_id}  401  401  404  204  404  404  403c 403c
GET     users/{user_id}                 401  401  403  200  403  200  200  200
PUT     users/{user_id}                 401  401  403  200  403  200  200  200
PATCH   users/{user_id}                 401  401  403  200  403  200  200  200
DELETE  users/{user_id}                 401  401  403  204  403  204  403c 403c
POST    users/{user_id}/activate        401  401  403  403  403  200  403  200
POST    users/{user_id}/deactivate      401  401  403  403  403  200  403  403c
POST    users/{user_id}/unlock          401  401  403  403  403  200  403  403c
POST    users/{user_id}/send-reset      401  401  403  403  403  202  403  202
GET     users/{user_id}/sessions        401  401  403  403  403  200  403  200
DELETE  users/{user_id}/sessions        401  401  403  403  403  204  403  403c
DELETE  users/{user_id}/sessions/{session_id} \
                                        401  401  403  403  403  204  403  403c
GET     users/{user_id}/jobs            401  401  403  403  403  200  403  200
GET     users/{user_id}/posts           200  401  200  200  200  200  200  200
GET     posts                           200  401  200  200  200  200  200  200
POST    posts                           401  401  201  201  201  201  201  201
GET     posts/{post_id}                 200  401  200  200  200  200  200  200
PUT     posts/{post_id}                 401  401  403  200  403  200  200  200
PATCH   posts/{post_id}                 401  401  403  200  403  200  200  200
DELETE  posts/{post_id}                 401  401  403  204  403  204  204  204
POST    posts/{post_id}/publish         401  401  403  200  403  200  200  200
POST    posts/{post_id}/unpublish       401  401  403  200  403  200  200  200
GET     admin/audit                     401  401  403  403  403  200  403  200
GET     admin/jobs                      401  401  403  403  403  200  403  200
GET     admin/jobs/{job_id}             401  401  403  403  403  200  403  200
DELETE  admin/jobs/{job_id}             401  401  403  403  403  204  403  403c
POST    admin/jobs/{job_id}/retry       401  401  403  403  403  202  403  202
POST    admin/jobs/{job_id}/cancel      401  401  403  403  403  200  403  403c
POST    admin/jobs/retry                401  401  403  403  403  200  403  200
POST    admin/jobs/cancel               401  401  403  403  403  200  403  403c
POST    admin/jobs/delete               401  401  403  403  403  200  403  403c
POST    auth/token                      200  200  200  200  200  200  200  200
POST    auth/login                      200  200  200  200  200  200  200  200
POST    auth/confirm                    401  401  204  204  204  204  204  204
POST    auth/revoke                     200  200  200  200  200  200  200  200
POST    auth/logout                     401  401  204  204  204  204  204  204
POST    auth/password/forgot            202  202  202  202  202  202  202  202
POST    auth/password/reset             204  204  204  204  204  204  204  204
POST    auth/verify-email               204  204  204  204  204  204  204  204
POST    auth/verify-email/resend        202  202  202  202  202  202  202  202
POST    auth/email/confirm              204  204  204  204  204  204  204  204
POST    auth/email/cancel               204  204  204  204  204  204  204  204
GET     /account/verify                 200  200  200  200  200  200  200  200
POST    /account/verify                 200  200  200  200  200  200  200  200
GET     /account/reset                  200  200  200  200  200  200  200  200
POST    /account/reset                  200  200  200  200  200  200  200  200
GET     /account/email                  200  200  200  200  200  200  200  200
POST    /account/email                  200  200  200  200  200  200  200  200
GET     /account/email/cancel           200  200  200  200  200  200  200  200
POST    /account/email/cancel           200  200  200  200  200  200  200  200
GET     /account/account.css            200  200  200  200  200  200  200  200
GET     /healthz                        200  200  200  200  200  200  200  200
GET     /readyz                         200  200  200  200  200  200  200  200
GET     /                               200  200  200  200  200  200  200  200
GET     /favicon.ico                    200  200  200  200  200  200  200  200
GET     /openapi.json                   200  200  200  200  200  200  200  200
GET     /docs                           200  200  200  200  200  200  200  200
GET     /docs/{doc_id}                  200  200  200  200  200  200  200  200
GET     /metrics                        200  200  200  200  200  200  200  200
"""

# The only changes by KEEL_USER_DIRECTORY=authenticated.
AUTHENTICATED = """
GET     users                           401  401  200  200  200  200  200  200
GET     users/{user_id}                 401  401  200  200  200  200  200  200
"""

# A role that has no column may do what a plain user may, and this besides. The
# lines are in an access.txt, too:
#
# GET     users                       editor  200

# What else may be in the body. For the table above, a plain user registers, and
# PATCH and PUT change the name.
BODIES = """
POST    users           role=staff      403  401  403  403  403  201  403  403c
POST    users           role=admin      403  401  403  403  403  201  403  403c
PATCH   users/me        email           401  401  200  200  200  200  403c 403c
PATCH   users/{user_id} email           401  401  403  200  403  200  403c 403c
PATCH   users/{user_id} role=staff      401  401  403  403  403  200  403  403c
PATCH   users/{user_id} role=admin      401  401  403  403  403  200  403  403c
PATCH   users/{user_id} is_active       401  401  403  403  403  200  403  403c
PATCH   users/{user_id} verified        401  401  403  403  403  200  403  403c
PATCH   users/{user_id} the_same        401  401  403  200  403  200  200  200
PUT     users/{user_id} email           401  401  403  200  403  200  403c 403c
PUT     users/{user_id} role=staff      401  401  403  403  403  200  403  403c
PUT     users/{user_id} role=admin      401  401  403  403  403  200  403  403c
PUT     users/{user_id} is_active       401  401  403  403  403  200  403  403c
PUT     users/{user_id} verified        401  401  403  403  403  200  403  403c
"""

ON_ADMIN_LISTENER = {"/metrics"}


def full_path(path):
    return path if path.startswith("/") else "/api/v1/" + path


def read_own():
    """The rows of each tests/api/NAME/access.txt, and the lines of roles."""
    rows, more = [], []
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/api/*/access.txt"))):
        for line in read_text(path).splitlines():
            if line.strip() and not line.startswith("#"):
                (more if len(line.split()) == 4 else rows).append(line)
    return "\n".join(rows), "\n".join(more)


def read_table(text, words=2, columns=len(WHO)):
    table = {}
    for line in text.strip().splitlines():
        method, path, *rest = line.split()
        key = (method, full_path(path), *rest[:words - 2])
        assert key not in table, "%s is in the table twice" % line
        table[key] = rest[words - 2:]
        assert len(table[key]) == columns, line
    return table


OWN, MORE = read_own()
TABLES = {"admin": read_table(TABLE + OWN)}
TABLES["authenticated"] = TABLES["admin"] | read_table(AUTHENTICATED)
PATHS = list(dict.fromkeys(path for _, path in TABLES["admin"]))
# The rows that a wrong use of KEEL_USER_DIRECTORY might open.
READING = [(method, path) for method, path in TABLES["admin"]
           if method == "GET" and path.startswith("/api/")
           or ("GET", path) in read_table(AUTHENTICATED)]


class Directory:
    """A server with one of the settings, and a user of each kind."""

    def __init__(self, server, mode):
        self.server = server
        self.table = TABLES[mode]
        self.client = server.client()
        self.inner = httpx.Client(
            base_url=server.admin_url, trust_env=False, verify=False)
        self.known, _ = register(self.client)
        [[self.hashed_password]] = server.sql(
            "SELECT hashed_password FROM users WHERE email = %s",
            self.known["email"])
        # The last admin cannot delete themselves.
        self.add("admin")

    def add(self, *roles):
        """People who wait for a new address, and for each a cancelled job, to
        which everything can be done."""
        people = add_people(self.server, *roles,
                            hashed_password=self.hashed_password)
        ids = [person.id for person in people]
        self.server.sql(
            "UPDATE users SET pending_email = 'new-' || email WHERE id = ANY "
            "(%s::uuid[]); INSERT INTO jobs (id, kind, payload, status, "
            "finished_at) SELECT job::uuid, 'send_welcome_email', "
            "jsonb_build_object('id', id), 'cancelled', now() FROM "
            "unnest(%s, %s) "
            "AS t (job, id)", ids, [person.job for person in people], ids)
        return people

    def body(self, method, path, target, kind=None):
        """A body that is valid for a user with the right to send it."""
        options = body_of(method, path, target, self.known["password"])
        if kind is None:
            return options
        same = {"email": target.email, "role": target.role, "is_active": True,
                "email_verified": False}
        change = {
            "the_same": same, "email": {"email": new_email()},
            "role=staff": {"role": "staff"}, "role=admin": {"role": "admin"},
            "is_active": {"is_active": False},
            "verified": {"email_verified": True}}[kind]
        return {"json": change if method == "PATCH" else
                options["json"] | change}

    def ask(self, method, path, who, target, headers=None, kind=None):
        """Sends it as a Person, or as nobody: None."""
        url = path_of(self.server, path, target)
        options = self.body(method, path, target, kind)
        options["headers"] = headers or (who.headers if who else {})
        if path in ON_ADMIN_LISTENER:
            return self.inner.request(method, url, **options)
        return self.client.request(method, url, **options)


def directory_of(start, mode, **settings):
    directory = Directory(start(**settings), mode)
    yield directory
    directory.client.close()
    directory.inner.close()


@pytest.fixture(scope="module")
def directory(start_module_server):
    yield from directory_of(start_module_server, "admin")


@pytest.fixture(scope="module")
def open_directory(start_module_server):
    yield from directory_of(start_module_server, "authenticated",
                            KEEL_USER_DIRECTORY="authenticated")


def row_for(method, path, auth):
    """The row that the endpoint's dependencies suggest; ? where they do not
    tell."""
    found = describe(BUILD).paths.get(path, {}).get(method)
    good = str(found.success[0]) if found else "200"
    late = "403c" if "recently_confirmed" in auth else good
    first, *_ = auth.split(", ")
    statuses = ["401", "401"] + ["?"] * 6
    if first == "signed_in_or_none":
        statuses = [good, "401"] + [good] * 6
    if first == "-":
        statuses = [good] * 8
    elif first == "signed_in" and "{" in path:      # of a row of the owner's
        statuses = ["401", "401", "404", good, "404", "404", late, "404"]
    elif first == "signed_in":
        statuses[2:] = [good] * 4 + [late] * 2
    elif first == 'require_role("admin")':
        statuses[2:] = ["403", "403", "403", good, "403", late]
    return "%-7s %-31s %s" % (
        method, path.removeprefix("/api/v1/"),
        "".join("%-5s" % status for status in statuses).rstrip())


def endpoints_of(server):
    """{(method, path): (handler, auth)}"""
    return {(method, template_of(path)): (handler, auth)
            for method, path, handler, auth, _ in read_routes(server)[1:]}


def test_the_table_has_every_endpoint_and_no_other(server):
    endpoints = endpoints_of(server)
    new = [row_for(*key, endpoints[key][1]) for key in endpoints
           if key not in TABLES["admin"]]
    assert not new, "who may call it? Check each status, then add to tests/" \
        "api/NAME/access.txt (to TABLE, if it is Keel's):\n" + "\n".join(new)
    gone = [key for key in TABLES["admin"] if key not in endpoints]
    assert not gone, "./keel routes has no such endpoint: remove its row"
    assert set(read_table(AUTHENTICATED)) <= set(endpoints)
    assert {key[:2] for key in read_table(BODIES, 3)} <= set(endpoints)
    for method, path, role in read_table(MORE, 3, 1):
        assert (method, path) in endpoints and role in roles()


def test_the_routes_that_need_a_sign_in_match_the_table(server):
    endpoints = endpoints_of(server)
    for table in TABLES.values():
        for key in table.keys() & endpoints:
            anonymous, stale, *_ = table[key]
            _, auth = endpoints[key]
            assert (anonymous == "401") == (
                auth not in ("-", "may_register", "signed_in_or_none")), key
            assert (stale == "401") == (auth != "-"), key


def test_the_routes_that_need_a_confirmation_match_the_table(server):
    """Deactivation needs it only if the user is active: its row does not
    say so."""
    endpoints = endpoints_of(server)
    for table in TABLES.values():
        for key in table.keys() & endpoints:
            handler, auth = endpoints[key]
            assert "403c" not in table[key][:WHO.index("late owner")], key
            assert ("403c" in table[key]) == (
                "recently_confirmed" in auth or
                handler == "deactivate_user"), key


def rows_of_people(server, people):
    """Without what every request of a session may change."""
    return server.sql(
        "SELECT u.id::text, to_jsonb(u), to_jsonb(s) - 'last_used_at' - "
        "'last_client', to_jsonb(j) FROM users u LEFT JOIN sessions s ON "
        "s.user_id = u.id LEFT JOIN jobs j ON j.payload ->> 'id' = u.id::text "
        "WHERE u.id = ANY (%s::uuid[]) ORDER BY u.id, s.id",
        [person.id for person in people])


def shown(answer):
    """As in the table."""
    if answer.status_code == 401:
        used = "authorization" in answer.request.headers
        check_unauthorized(answer, 'Bearer error="invalid_token"' if used else
                           "Bearer")
    if answer.status_code != 403:
        return str(answer.status_code)
    if answer.json()["error"]["code"] == "CONFIRMATION_REQUIRED":
        assert check_error(
            answer, 403, "CONFIRMATION_REQUIRED", "Confirm this session with "
            "your password first: POST /api/v1/auth/confirm") == {}
        return "403c"
    assert check_error(answer, 403, "FORBIDDEN",
                       "Insufficient permissions") == {}
    return "403"


def check_access(directory, method, path, expected, kind=None):
    """Each asks about another target. The stale ones are an owner whose session
    has expired, and an admin who has signed out. Roles without a column ask,
    too."""
    user, staff, admin, late, out, *targets = directory.add(
        "user", "staff", "admin", "admin", "admin", *["user"] * len(WHO))
    expired = targets[WHO.index("stale")]
    unconfirm(targets[WHO.index("late owner")], late)
    directory.server.sql(
        "UPDATE sessions SET revoked_at = now() WHERE id = %s; UPDATE "
        "sessions SET expires_at = now() WHERE id = %s", out.session,
        expired.session)
    asking = [(None, targets[0]), (expired, expired),
              (user, targets[2]), (targets[3], targets[3]),
              (staff, targets[4]), (admin, targets[5]),
              (targets[6], targets[6]), (late, targets[7]), (out, expired)]
    expected = [*expected, expected[WHO.index("stale")]]
    more = read_table(MORE, 3, 1) if kind is None else {}
    others = [role for role in roles() if role not in WHO]
    for role in others:
        asking.append(tuple(directory.add(role, "user")))
        expected += more.get((method, path, role),
                             [expected[WHO.index("user")]])
    unchanged = {person for pair, status in zip(asking, expected)
                 for person in pair if status[0] == "4" or method == "GET"}
    before = rows_of_people(directory.server, unchanged - {None})
    found = [shown(directory.ask(method, path, who, target, kind=kind))
             for who, target in asking]
    assert found == expected, (*WHO, "stale", *others)
    assert rows_of_people(directory.server, unchanged - {None}) == before


@pytest.mark.parametrize("method, path", TABLES["admin"])
def test_access(directory, method, path):
    """Who is refused changes nothing."""
    check_access(directory, method, path, directory.table[method, path])


@pytest.mark.parametrize("method, path", READING)
def test_access_when_users_may_read_users(open_directory, method, path):
    check_access(open_directory, method, path,
                 open_directory.table[method, path])


@pytest.mark.parametrize("path", PATHS)
def test_other_methods(directory, path):
    """They are refused before anybody asks who it is."""
    others = [method for method in METHODS
              if (method, path) not in directory.table]
    owner, admin, target = people = directory.add("user", "admin", "user")
    before = rows_of_people(directory.server, people)
    for method in others:
        for who, of in (None, target), (owner, owner), (admin, target):
            check_error(directory.ask(method, path, who, of), 405,
                        "METHOD_NOT_ALLOWED")
    assert rows_of_people(directory.server, people) == before


@pytest.mark.parametrize("method, path, kind", read_table(BODIES, 3))
def test_access_by_what_is_sent(directory, method, path, kind):
    check_access(directory, method, path,
                 read_table(BODIES, 3)[method, path, kind], kind)


def test_the_token_of_a_deleted_user_is_refused(open_directory):
    """Nor does a token of a session that never existed."""
    directory = open_directory
    [target] = directory.add("user")
    nobody = Person(directory.server, "admin")
    for (method, path), statuses in directory.table.items():
        if statuses[0] == "401":
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
    "of_the_future": lambda other: {"iat": int(time.time()) + 3600,
                                    "exp": int(time.time()) + 4500},
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
            answer = directory.ask(method, template_of(path), None, target,
                                   headers[i])
            check_unauthorized(answer, 'Bearer error="invalid_token"')
    assert rows_about(server, people) == before
    assert server.sql("SELECT count(*) FROM users") == count


def test_each_path_exists_on_its_listener_only(server):
    [admin] = add_people(server, "admin")
    with server.client() as api, httpx.Client(
            base_url=server.admin_url, trust_env=False,
            verify=False) as inner:
        for method, path in TABLES["admin"]:
            url = path_of(server, path, admin)
            other = api if path in ON_ADMIN_LISTENER else inner
            check_error(other.request(method, url, headers=admin.headers),
                        404, "NOT_FOUND", "Not found")
