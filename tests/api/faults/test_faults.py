# SPDX-License-Identifier: ISC
"""Every allocation and every query of a request fails in turn: a correct error,
no row, and (with asan) no leak."""

import concurrent.futures
import json
import time

import httpx
import pytest
from passlib.hash import bcrypt

from helpers import (bearer, measured, new_email, new_password, new_user,
                     orphan_jobs, read_me, register, rows_of, sign_in)

pytestmark = pytest.mark.faults

FAULTS_MAX = 400
IN_A_ROW = 4  # successes in a row that show that no fault was hit


@pytest.fixture(scope="module")
def faulty(start_module_server):
    """A server for this module, with one worker, so that it is warm. It
    counts for its rate limits, but the limits are too high to refuse."""
    server = start_module_server(KEEL_WORKERS="1", KEEL_RATE_LIMITS=",".join(
        name + "=1000000/s" for name in ("token", "register",
                                         "sign_in_failures",
                                         "address_failures")))
    with server.client() as client:
        for _ in range(3):
            sign_in(client, register(client)[0])
    return server


@pytest.fixture(scope="module")
def faulty_client(faulty):
    with faulty.client() as client:
        yield client


def fail_in_turn(kind, ask, good, check_failure):
    """ask(fault) -> (answer, subject) for the first, the second, ... fault,
    until several in a row have no effect. Returns how many had one."""
    harmful, harmless = 0, 0
    for n in range(1, FAULTS_MAX):
        try:
            answer, subject = ask({"X-Fault": "%s=%d" % (kind, n)})
        except httpx.HTTPError as error:
            raise AssertionError("fault %d: %r" % (n, error)) from None
        if answer.status_code == good:
            harmless += 1
            if harmless == IN_A_ROW:
                return harmful
            continue
        harmless = 0
        harmful += 1
        check_failure(n, answer, subject)
    raise AssertionError("no end of faults after %d" % FAULTS_MAX)


def ask_again(send):
    """The answer to a repetition of a request that may have failed: its
    transaction, or the rollback, may go on for a moment."""
    deadline = time.monotonic() + 10
    while (answer := send()).status_code == 409:
        assert time.monotonic() < deadline, answer.text
    return answer


def check_clean_failure(n, answer):
    """A well-formed server error without internals."""
    assert answer.status_code in (500, 503), "fault %d: %d %s" % (
        n, answer.status_code, answer.text)
    is_page = answer.headers["content-type"].startswith("text/html")
    error = is_page or json.loads(answer.content)["error"]
    if is_page:
        assert 'role="alert"' in answer.text
    elif isinstance(error, dict):
        assert error["code"] in ("INTERNAL_ERROR", "SERVICE_UNAVAILABLE")
        assert error["message"]
    else:
        assert error in ("server_error", "temporarily_unavailable")
    for internal in ("SELECT", "INSERT", "division", "22012", "users.",
                     "jobs.", "argon2", "libpq"):
        assert internal not in answer.text
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("kind, least", [("alloc", 15), ("query", 4)])
def test_a_registration_fails_whole(faulty, faulty_client, kind, least):
    registered = []

    def ask(fault):
        user = new_user(email=new_email("fault"), name="Ångström " * 11 + "x")
        answer = faulty_client.post("/api/v1/users", json=user,
                                    headers=fault)
        if answer.status_code == 201:
            registered.append((user, answer.json(), fault))
        return answer, user["email"]

    def check(n, answer, email):
        check_clean_failure(n, answer)
        assert rows_of(faulty, email) == (0, 0), "fault %d" % n
        assert orphan_jobs(faulty) == 0, "fault %d" % n

    harmful = fail_in_turn(kind, ask, 201, check)
    measured.append("%s faults of POST /users: %d" % (kind, harmful))
    assert harmful >= least
    # Every registration with a 201 is complete.
    for user, made, fault in registered:
        assert rows_of(faulty, user["email"]) == (1, 1), fault
        assert made["email"] == user["email"], fault
        assert made["name"] == user["name"], fault
        sign_in(faulty_client, user)
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("query, what", [(1, "BEGIN"), (2, "the INSERT"),
                                         (3, "the job"), (4, "COMMIT")])
def test_a_handler_that_raises_leaves_no_row(faulty, faulty_client, query,
                                             what):
    """3 and 4 raise after the INSERT of the user."""
    user = new_user(email=new_email("raise"))
    answer = faulty_client.post("/api/v1/users", json=user, headers={
        "X-Fault": "query=%d" % query})
    check_clean_failure(query, answer)
    assert answer.status_code == 500
    assert rows_of(faulty, user["email"]) == (0, 0), what
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()
    # The connection and the address can be used again.
    assert faulty_client.post("/api/v1/users", json=user).status_code == 201


@pytest.mark.parametrize("kind, least", [("alloc", 5), ("query", 3)])
@pytest.mark.parametrize("path, form", [("/api/v1/auth/token", "data"),
                                        ("/api/v1/auth/login", "json")])
def test_a_sign_in_fails_whole(faulty, faulty_client, path, form, kind,
                               least):
    user, made = register(faulty_client)

    def ask(fault):
        answer = faulty_client.post(path, headers=fault, **{form: {
            "username": user["email"], "password": user["password"]}})
        if answer.status_code == 200:
            token = answer.json()["access_token"]
            assert read_me(faulty_client, token).json() == made, fault
        return answer, None

    def check(n, answer, _):
        check_clean_failure(n, answer)

    harmful = fail_in_turn(kind, ask, 200, check)
    measured.append("%s faults of POST %s: %d" % (kind, path, harmful))
    assert harmful >= least
    faulty.wait_for_rest()


@pytest.mark.parametrize("kind, least", [("alloc", 3), ("query", 1)])
def test_reading_me_fails_whole(faulty, faulty_client, kind, least):
    user, made = register(faulty_client)
    token = sign_in(faulty_client, user)

    def ask(fault):
        answer = faulty_client.get("/api/v1/users/me",
                                   headers=bearer(token) | fault)
        assert answer.status_code != 200 or answer.json() == made, fault
        return answer, None

    harmful = fail_in_turn(kind, ask, 200,
                           lambda n, answer, _: check_clean_failure(n,
                                                                    answer))
    measured.append("%s faults of GET /users/me: %d" % (kind, harmful))
    assert harmful >= least
    assert faulty_client.get("/api/v1/users/me", headers=bearer(token)
                             ).json() == made


@pytest.mark.parametrize("path, body, good", [
    ("/api/v1/users", b"{", 400),
    ("/api/v1/users", b'{"email":"x","name":"","password":"short"}', 422),
    ("/api/v1/users", b'{"a":1,"a":2}', 422),
    ("/api/v1/nothing", b"{}", 404),
    ("/api/v1/users?x=1&y=2", b"{}", 422)])
def test_an_error_fails_whole(faulty, faulty_client, path, body, good):
    """If memory runs out during an error: 503, or the same error."""
    def ask(fault):
        return faulty_client.post(path, content=body, headers=fault | {
            "Content-Type": "application/json"}), None

    assert fail_in_turn("alloc", ask, good, lambda n, answer, _:
                        check_clean_failure(n, answer)) >= 2
    faulty.wait_for_rest()


def test_a_rehash_that_fails_keeps_the_old_hash_or_has_the_new(
        faulty, faulty_client):
    user, made = register(faulty_client)
    old = bcrypt.using(rounds=4).hash(user["password"])

    def ask(fault):
        faulty.sql("UPDATE users SET hashed_password = %s WHERE id = %s",
                   old, made["id"])
        return faulty_client.post("/api/v1/auth/token", headers=fault, data={
            "username": user["email"], "password": user["password"]}), None

    def check(n, answer, _):
        check_clean_failure(n, answer)
        [(stored,)] = faulty.sql("SELECT hashed_password FROM users WHERE "
                                 "id = %s", made["id"])
        assert stored == old or stored.startswith("$argon2id$")

    for kind in ("alloc", "query"):
        assert fail_in_turn(kind, ask, 200, check) >= 3
    sign_in(faulty_client, user)


def test_faults_of_many_requests_at_once_stay_apart(faulty):
    """A fault affects only the request that asked for it."""

    def ask(i):
        with faulty.client() as client:
            headers = {"X-Fault": "query=2"} if i % 2 else {}
            return client.post("/api/v1/users", json=new_user(),
                               headers=headers).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, range(32)))
    assert statuses == [201, 500] * 16


@pytest.mark.parametrize("value", ["", "alloc", "alloc=", "alloc=-1", "x=1",
                                   "alloc=99999999999999999999", "query=0"])
def test_a_malformed_fault_header_is_ignored(faulty_client, value):
    answer = faulty_client.get("/healthz", headers={"X-Fault":
                                                    value or "x"})
    assert answer.status_code == 200


def test_a_wrong_fault_password_is_ignored(faulty_client):
    answer = faulty_client.post("/api/v1/auth/token", data={
        "username": new_email(), "password": new_password()})
    assert answer.status_code == 400
