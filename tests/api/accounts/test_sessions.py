# SPDX-License-Identifier: ISC
"""A user's sessions and their password: /api/v1/users/me/sessions and
/api/v1/users/me/password."""

import concurrent.futures
import datetime
import re

import httpx
import pytest
from passlib.hash import bcrypt

from helpers import (WEAK_PASSWORDS, ask_token, bearer, check_error,
                     check_unauthorized, check_validation, new_password,
                     read_claims, read_me, register, sign_in)
from lists import ids, links
from people import transaction, wait_for_waiting
from server import confidential
from workers import client_of_each_worker

SESSIONS = "/api/v1/users/me/sessions"
PASSWORD = "/api/v1/users/me/password"
INVALID_TOKEN = 'Bearer error="invalid_token"'
WRONG = "Wrong-passw0rd"
NOBODYS = "7d1c9f0e-52b8-4c1a-9a63-0f4f2f6f8f11"     # no session's id


class Person:
    """A user who is signed in several times."""

    def __init__(self, client, sign_ins):
        self.client = client
        self.user, self.made = register(client)
        self.tokens = [sign_in(client, self.user) for _ in range(sign_ins)]
        self.sids = [sid(token) for token in self.tokens]

    def get(self, target=SESSIONS, i=0):
        return self.client.get(target, headers=bearer(self.tokens[i]))

    def list(self, i=0):
        answer = self.get(i=i)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def delete(self, target, i=0):
        return self.client.delete(target, headers=bearer(self.tokens[i]))

    def alive(self):
        """The indexes of the tokens that are accepted."""
        return [i for i, token in enumerate(self.tokens)
                if read_me(self.client, token).status_code == 200]

    def change(self, current, new, i=0):
        return self.client.post(PASSWORD, headers=bearer(self.tokens[i]),
                                json={"current_password": current,
                                      "new_password": new})

    def can_sign_in(self, password):
        answer = ask_token(self.client, self.user["email"], password)
        if answer.status_code == 200:
            confidential.add(answer.json()["access_token"])
        else:
            assert answer.json()["error"] == "invalid_grant"
        return answer.status_code == 200


def sid(token):
    return read_claims(token)["sid"]


@pytest.fixture
def person(client):
    return Person(client, 3)


@pytest.fixture(scope="module")
def reader(client):
    """For tests that change nothing."""
    return Person(client, 3)


@pytest.fixture(scope="module")
def clients(server):
    """A connection to each worker."""
    with client_of_each_worker(server) as clients:
        yield clients


def check_refused_everywhere(clients, token):
    """Twice each, since a worker may remember something of the first."""
    for client in clients * 2:
        check_unauthorized(read_me(client, token), INVALID_TOKEN)


def check_accepted_everywhere(clients, token):
    for client in clients:
        assert read_me(client, token).status_code == 200


#
# The list.
#

def test_the_list_has_every_sign_in_the_latest_first(reader):
    page = reader.list(1)
    assert list(page) == ["items", "total", "page", "limit", "pages"]
    assert ids(page) == reader.sids[::-1]
    assert [page["total"], page["page"], page["limit"], page["pages"]] == [
        3, 1, 20, 1]


def test_a_session_has_exactly_its_fields(reader, server):
    item = reader.list()["items"][0]
    assert list(item) == ["id", "device", "client", "last_client",
                          "created_at", "last_used_at", "expires_at",
                          "current"]
    assert item["client"] == item["last_client"] == "127.0.0.1"
    times = [item[name] for name in ("created_at", "last_used_at",
                                     "expires_at")]
    assert {text[-1] for text in times} == {"Z"}
    times = created, used, expires = [
        datetime.datetime.fromisoformat(text) for text in times]
    assert server.sql("SELECT created_at, last_used_at, expires_at FROM "
                      "sessions WHERE id = %s", item["id"]) == [tuple(times)]
    now = datetime.datetime.now(datetime.timezone.utc)
    assert created <= used <= now
    assert (now - created).total_seconds() < 60
    assert round((expires - created).total_seconds() / 86400, 2) == 30


def test_only_the_requests_own_session_is_current(reader):
    for i in range(3):
        assert [item["id"] for item in reader.list(i)["items"]
                if item["current"] is True] == [reader.sids[i]]
        assert [item["current"] for item in reader.list(i)["items"]
                ].count(False) == 2


@pytest.mark.parametrize("change", [
    "expires_at = now()", "expires_at = now() - interval '1 second'",
    "revoked_at = now()", "revoked_at = now() - interval '1 year'"])
def test_an_ended_session_is_not_listed(person, server, change):
    server.sql("UPDATE sessions SET " + change + " WHERE id = %s",
               person.sids[1])
    page = person.list()
    assert ids(page) == [person.sids[2], person.sids[0]]
    assert page["total"] == 2


def test_other_users_sessions_are_not_listed(reader, client):
    other = Person(client, 1)
    assert ids(other.list()) == other.sids
    assert set(ids(reader.list())) == set(reader.sids)


# What is sent as User-Agent, and the device that the list shows.
DEVICES = {
    "none": (None, None),
    "empty": (b"", None),
    "a_browser": (b"Mozilla/5.0 (X11; Linux) Firefox/128.0",
                  "Mozilla/5.0 (X11; Linux) Firefox/128.0"),
    "html": (b"<script>alert(1)</script>&amp;",
             "<script>alert(1)</script>&amp;"),
    "quotes": (b'"\\", \'); DROP TABLE sessions; --',
               '"\\", \'); DROP TABLE sessions; --'),
    "letters": ("Zoë’s 📱".encode(), "Zoë’s 📱"),
    "300": (b"x" * 299 + b"y", "x" * 255),
    "300_letters": ("é".encode() * 300, "é" * 255),
    "no_utf_8": (b"curl \xff\xfe", None),
    "half_a_letter": (b"curl \xc3", None),
    "a_surrogate": (b"curl \xed\xa0\x80", None),
}


@pytest.mark.parametrize("sent, device", DEVICES.values(), ids=DEVICES)
def test_a_session_has_the_device_of_its_sign_in(server, reader, sent, device):
    """As it was sent, if it is text; another device does not change it."""
    with server.client() as client:
        del client.headers["user-agent"]
        token = sign_in(client, reader.user, headers={} if sent is None else {
            b"User-Agent": sent})
        items = client.get(SESSIONS, headers=bearer(token) | {
            "User-Agent": "another"}).json()["items"]
        assert items[0]["id"] == sid(token)
        assert items[0]["device"] == device
        client.delete(SESSIONS + "/" + sid(token), headers=bearer(token))


def test_a_session_of_before_has_no_device(person, server):
    """It was not stored then."""
    server.sql("UPDATE sessions SET device = NULL WHERE id = %s",
               person.sids[0])
    devices = [item["device"] for item in person.list()["items"]]
    assert devices == ["python-httpx/" + httpx.__version__] * 2 + [None]


def test_sessions_with_equal_times_have_pages(person, server):
    """Links work in both directions; the id orders equal times."""
    server.sql("INSERT INTO sessions (id, user_id, client, created_at, "
               "expires_at) SELECT gen_random_uuid(), %s, '::1', '2026-01-01'"
               ", now() + interval '1 day' FROM generate_series(1, 50)",
               person.made["id"])
    expected = [id for id, in server.sql(
        "SELECT id::text FROM sessions WHERE user_id = %s", person.made["id"])]
    expected = person.sids[::-1] + sorted(set(expected) - set(person.sids),
                                          reverse=True)
    answer = person.get(SESSIONS + "?limit=20")
    pages = [answer]
    while "next" in links(pages[-1]):
        pages.append(person.get(links(pages[-1])["next"]))
    assert sum((ids(page.json()) for page in pages), []) == expected
    assert [page.json()["page"] for page in pages] == [1, 2, 3]
    assert {page.json()["pages"] for page in pages} == {3}
    assert person.get(links(pages[2])["prev"]).json() == pages[1].json()
    assert ids(person.get(SESSIONS + "?skip=3&limit=100").json()) == \
        expected[3:]


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=101", "limit"), ("page=0", "page"),
    ("skip=-1", "skip"), ("page=1&skip=1", "skip"), ("sort=id", "sort"),
    ("cursor=", "cursor"), ("except=current", "except"),
    ("limit=1&limit=1", "limit")])
def test_a_bad_parameter_is_named(reader, query, field):
    assert list(check_validation(reader.get(SESSIONS + "?" + query))) == [
        "query." + field]


@pytest.mark.parametrize("method, path", [
    ("GET", SESSIONS), ("DELETE", SESSIONS), ("POST", PASSWORD),
    ("DELETE", SESSIONS + "/" + NOBODYS)])
def test_a_request_without_a_token_is_refused(client, method, path):
    check_unauthorized(client.request(method, path), "Bearer")


#
# To end one session.
#

def test_a_session_that_is_ended_is_refused_by_every_worker(person, clients):
    for client in clients:      # so that each has seen them all
        assert [read_me(client, token).status_code
                for token in person.tokens] == [200] * 3
    answer = person.delete(SESSIONS + "/" + person.sids[1])
    assert (answer.status_code, answer.content) == (204, b"")
    check_refused_everywhere(clients, person.tokens[1])
    check_accepted_everywhere(clients, person.tokens[0])
    check_accepted_everywhere(clients, person.tokens[2])
    assert ids(person.list()) == [person.sids[2], person.sids[0]]


def test_ones_own_session_can_be_ended(person, clients):
    assert person.delete(SESSIONS + "/" + person.sids[0]).status_code == 204
    check_refused_everywhere(clients, person.tokens[0])
    assert person.alive() == [1, 2]


def test_a_session_id_may_be_in_upper_case(person):
    assert person.delete(SESSIONS + "/" + person.sids[2].upper()
                         ).status_code == 204
    assert person.alive() == [0, 1]


def check_not_found(answer):
    assert check_error(answer, 404, "NOT_FOUND", "Session not found") == {}


def test_a_session_ends_once(person, server):
    revoked = "SELECT revoked_at FROM sessions WHERE id = %s"
    assert person.delete(SESSIONS + "/" + person.sids[1]).status_code == 204
    before = server.sql(revoked, person.sids[1])
    check_not_found(person.delete(SESSIONS + "/" + person.sids[1]))
    assert server.sql(revoked, person.sids[1]) == before


def test_another_users_session_is_not_found(person, client):
    """Not even for an admin."""
    other = Person(client, 1)
    for role in ("user", "admin"):
        check_not_found(person.delete(SESSIONS + "/" + other.sids[0]))
    assert other.alive() == [0]


def test_an_unknown_session_is_not_found(reader):
    check_not_found(reader.delete(SESSIONS + "/" + NOBODYS))
    check_not_found(reader.delete(SESSIONS + "/" + reader.made["id"]))
    assert reader.alive() == [0, 1, 2]


def test_an_expired_session_is_not_found(person, server):
    server.sql("UPDATE sessions SET expires_at = now() WHERE id = %s",
               person.sids[1])
    check_not_found(person.delete(SESSIONS + "/" + person.sids[1]))


@pytest.mark.parametrize("id", ["x", "1", "current", "*", NOBODYS[:-1],
                                NOBODYS + "0", "%27", "null", "%C3%A9"])
def test_an_invalid_uuid_is_named(reader, id):
    assert check_validation(reader.delete(SESSIONS + "/" + id)) == {
        "path.session_id": ["Must be a UUID"]}
    assert reader.alive() == [0, 1, 2]


#
# To end many sessions.
#

def test_all_sessions_end_at_once(person, client, clients):
    other = Person(client, 1)
    answer = person.delete(SESSIONS)
    assert (answer.status_code, answer.content) == (204, b"")
    for token in person.tokens:
        check_refused_everywhere(clients, token)
    check_accepted_everywhere(clients, other.tokens[0])
    # Only the sessions have ended, not the account.
    person.tokens = [sign_in(client, person.user)]
    assert ids(person.list()) == [sid(person.tokens[0])]


def test_all_sessions_except_the_current_one_end(person, client, clients):
    other = Person(client, 1)
    answer = person.delete(SESSIONS + "?except=current", i=1)
    assert (answer.status_code, answer.content) == (204, b"")
    check_refused_everywhere(clients, person.tokens[0])
    check_refused_everywhere(clients, person.tokens[2])
    check_accepted_everywhere(clients, person.tokens[1])
    check_accepted_everywhere(clients, other.tokens[0])
    assert ids(person.list(1)) == [person.sids[1]]
    assert person.delete(SESSIONS + "?except=current", i=1
                         ).status_code == 204
    assert person.alive() == [1]


@pytest.mark.parametrize("query, field, message", [
    ("except=other", "except", "Must be one of: current"),
    ("except=", "except", "Must be one of: current"),
    ("except", "except", "Must be one of: current"),
    ("except=Current", "except", "Must be one of: current"),
    ("except=current&except=current", "except", "Is given more than once"),
    ("but=current", "but", "Is not a parameter of this operation"),
    ("limit=1", "limit", "Is not a parameter of this operation")])
def test_a_bad_exception_ends_nothing(reader, query, field, message):
    assert check_validation(reader.delete(SESSIONS + "?" + query)) == {
        "query." + field: [message]}
    assert reader.alive() == [0, 1, 2]


def test_a_session_that_had_ended_keeps_its_time(person, server):
    server.sql("UPDATE sessions SET revoked_at = '2026-01-01' WHERE id = %s",
               person.sids[2])
    assert person.delete(SESSIONS).status_code == 204
    assert server.sql("SELECT revoked_at = '2026-01-01' FROM sessions WHERE "
                      "id = %s", person.sids[2]) == [(True,)]


#
# Passwords.
#

def stored(server, person):
    return server.sql("SELECT hashed_password, version, updated_at FROM users"
                      " WHERE id = %s", person.made["id"])


@pytest.mark.parametrize("current", [WRONG, "", "x" * 128, "x" * 5000,
                                     "$argon2id$v=19$m=19456,t=2,p=1$x$x"])
def test_a_wrong_current_password_changes_nothing(server, reader, current):
    before = stored(server, reader)
    assert check_validation(reader.change(current, new_password())) == {
        "body.current_password": ["Is not the current password"]}
    assert stored(server, reader) == before
    assert reader.alive() == [0, 1, 2]


def test_the_current_password_must_match_exactly(reader):
    for current in (reader.user["password"] + " ",
                    " " + reader.user["password"],
                    reader.user["password"].swapcase(),
                    reader.user["password"][:-1]):
        assert list(check_validation(reader.change(
            current, new_password()))) == ["body.current_password"]


@pytest.mark.parametrize("new, messages", WEAK_PASSWORDS + [
    (None, ["Must be a string, not null"]), (12345678, ["Must be a string"])])
def test_a_weak_new_password_changes_nothing(server, reader, new, messages):
    before = stored(server, reader)
    assert check_validation(reader.change(reader.user["password"], new)) == {
        "body.new_password": messages}
    assert stored(server, reader) == before
    assert reader.alive() == [0, 1, 2]


def test_a_weak_new_password_reveals_nothing(reader):
    assert list(check_validation(reader.change(WRONG, "weak"))) == [
        "body.new_password"]


@pytest.mark.parametrize("body, fields", [
    ({}, {"body.current_password": ["Is required"],
          "body.new_password": ["Is required"]}),
    ({"current_password": "x", "new_password": "Abcdefg1", "id": 1},
     {"body.id": ["Is not a field of this request"]})])
def test_a_bad_body_is_named(reader, body, fields):
    answer = reader.client.post(PASSWORD, json=body,
                                headers=bearer(reader.tokens[0]))
    assert check_validation(answer) == fields


def test_a_change_ends_every_session(server, client, person, clients):
    other = Person(client, 1)
    new = new_password()
    answer = person.change(person.user["password"], new, i=1)
    assert (answer.status_code, answer.content) == (204, b"")
    for token in person.tokens:
        check_refused_everywhere(clients, token)
    check_accepted_everywhere(clients, other.tokens[0])
    assert not person.can_sign_in(person.user["password"])
    assert person.can_sign_in(new)
    [(hash, _, _)] = stored(server, person)
    assert hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert new not in hash


def test_the_new_password_may_be_the_old_one(person):
    old = person.user["password"]
    assert person.change(old, old).status_code == 204
    assert person.alive() == []
    assert person.can_sign_in(old)


@pytest.mark.parametrize("scheme", ["$2b$", "$2a$", "$2y$"])
def test_a_bcrypt_hash_is_a_password_too(server, person, scheme):
    old, new = person.user["password"], new_password()
    hash = bcrypt.using(rounds=5, ident=scheme.strip("$")).hash(old)
    assert hash.startswith(scheme)
    server.sql("UPDATE users SET hashed_password = %s WHERE id = %s", hash,
               person.made["id"])
    assert list(check_validation(person.change(WRONG, new))) == [
        "body.current_password"]
    assert stored(server, person)[0][0] == hash
    assert person.change(old, new).status_code == 204
    assert stored(server, person)[0][0].startswith("$argon2id$")
    assert person.alive() == []
    assert not person.can_sign_in(old)
    assert person.can_sign_in(new)


def test_an_invalid_hash_matches_no_password(server, person):
    server.sql("UPDATE users SET hashed_password = '!' WHERE id = %s",
               person.made["id"])
    for current in ("!", "", person.user["password"]):
        assert list(check_validation(person.change(
            current, new_password()))) == ["body.current_password"]
    assert stored(server, person)[0][0] == "!"


def test_of_two_changes_at_once_one_fails(person):
    """Only one of them can succeed with the old password."""
    new = [new_password() for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(person.change, [person.user["password"]] * 3,
                                new, range(3)))
    won = [i for i, answer in enumerate(answers) if answer.status_code == 204]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} <= {204, 401, 422}
    assert [person.can_sign_in(password) for password in new] == [
        i in won for i in range(3)]
    assert person.alive() == []


@pytest.mark.parametrize("change, status", [
    ("hashed_password = 'x'", 400), ("is_active = false", 400),
    ("name = 'x'", 200)])
def test_a_sign_in_waits_for_a_change(server, client, change, status):
    """It checked the old password; before it makes the session, it checks
    that the password is still valid."""
    user, made = register(client)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET " + change +
                         " WHERE id = %s", made["id"]):
            answer = pool.submit(ask_token, client, user["email"],
                                 user["password"])
            wait_for_waiting(server, 1)
    assert answer.result().status_code == status
    assert server.sql("SELECT count(*) FROM sessions WHERE user_id = %s",
                      made["id"]) == [(int(status == 200),)]


@pytest.mark.parametrize("scheme", ["argon2id", "bcrypt"])
def test_a_racing_sign_in_leaves_no_session_of_the_old_password(
        server, client, scheme):
    """Its token is invalid afterwards, whether it came first or last."""
    person = Person(client, 1)
    old, got, refused = person.user["password"], [], 0

    def sign_in_until_refused(_):
        answers = []
        with server.client() as own:
            while len(answers) < 1000:
                answers.append(ask_token(own, person.user["email"], old))
                if answers[-1].status_code != 200:
                    break
        return answers

    for _ in range(3):
        if scheme == "bcrypt":
            server.sql("UPDATE users SET hashed_password = %s WHERE id = %s",
                       bcrypt.using(rounds=5).hash(old), person.made["id"])
        new = new_password()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            racing = pool.map(sign_in_until_refused, range(4))
            assert person.change(old, new).status_code == 204
            answers = sum(racing, [])
        for answer in answers:
            if answer.status_code == 200:
                got.append(answer.json()["access_token"])
                confidential.add(got[-1])
            else:
                assert answer.json()["error"] == "invalid_grant"
                refused += 1
        assert server.sql(
            "SELECT count(*) FROM sessions WHERE user_id = %s AND revoked_at "
            "IS NULL", person.made["id"]) == [(0,)]
        old = new
        person.tokens = [sign_in(client, person.user | {"password": new})]
    assert refused == 12
    for token in got:
        check_unauthorized(read_me(client, token), INVALID_TOKEN)


def test_a_rehash_during_a_change_is_no_conflict(server, person):
    """A sign-in replaces a bcrypt hash while the change waits."""
    old, new = person.user["password"], new_password()
    [(argon2, _, _)] = stored(server, person)
    change = "UPDATE users SET hashed_password = %s WHERE id = %s"
    server.sql(change, bcrypt.using(rounds=5).hash(old), person.made["id"])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, change, argon2, person.made["id"]):
            answer = pool.submit(person.change, old, new)
            wait_for_waiting(server, 1)
        assert answer.result().status_code == 204, answer.result().text
    assert person.alive() == []
    assert person.can_sign_in(new)


#
# Guessing.
#

def limit_left(answer):
    match = re.search(r'"password_failures";r=(\d+)',
                      answer.headers.get("ratelimit", ""))
    return int(match[1]) if match else None


# As many as by default; but one more only after 12 minutes, not seconds.
FIVE = "token=10000/m,password_failures=5/h"


def test_the_sixth_wrong_guess_is_refused(start_server):
    server = start_server(KEEL_RATE_LIMITS=FIVE)
    with server.client() as client:
        person, other = Person(client, 2), Person(client, 1)
        right = person.user["password"]
        for left in (4, 3, 2, 1, 0):
            answer = person.change(WRONG, new_password())
            assert list(check_validation(answer)) == [
                "body.current_password"]
            assert limit_left(answer) == left
        for i, guess in ((0, WRONG), (1, WRONG), (0, right)):
            answer = person.change(guess, new_password(), i)
            check_error(answer, 429, "TOO_MANY_REQUESTS",
                        "Too many requests")
            assert 1 <= int(answer.headers["retry-after"]) <= 720
        # Neither the user's sessions nor other users are affected.
        assert person.alive() == [0, 1]
        assert person.can_sign_in(right)
        assert other.change(other.user["password"], new_password()
                            ).status_code == 204


def test_a_right_password_does_not_count(start_server):
    server = start_server(KEEL_RATE_LIMITS=FIVE)
    with server.client() as client:
        person = Person(client, 1)
        for round in range(7):
            if round < 4:
                person.change(WRONG, new_password())
            new = new_password()
            assert list(check_validation(person.change(
                person.user["password"], "weak"))) == ["body.new_password"]
            answer = person.change(person.user["password"], new)
            assert answer.status_code == 204
            assert limit_left(answer) is None
            person.user["password"] = new
            person.tokens = [sign_in(client, person.user)]
        assert limit_left(person.change(WRONG, new)) == 0
        assert person.change(WRONG, new).status_code == 429


def test_the_limit_can_be_set(start_server):
    server = start_server(KEEL_RATE_LIMITS="password_failures=2/h")
    with server.client() as client:
        person = Person(client, 1)
        assert [person.change(WRONG, new_password()).status_code
                for _ in range(3)] == [422, 422, 429]
