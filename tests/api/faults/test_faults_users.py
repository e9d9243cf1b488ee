# SPDX-License-Identifier: ISC
"""Every allocation and every query of the users' operations fails in turn: a
correct error, and an unchanged row."""

import pytest

from helpers import measured, new_email, new_password
from people import add_people
from samples import replacement
from test_faults import check_clean_failure, fail_in_turn

pytestmark = pytest.mark.faults

COLUMNS = ["email", "name", "role", "is_active", "version", "updated_at",
           "hashed_password"]


@pytest.fixture(scope="module")
def faulty(start_module_server):
    """One worker, so that it is warm; and an admin who stays."""
    server = start_module_server(KEEL_WORKERS="1")
    [server.admin] = add_people(server, "admin")
    with server.client() as client:
        for _ in range(20):
            client.get("/api/v1/users", headers=server.admin.headers)
    return server


@pytest.mark.parametrize("kind, least", [("alloc", 1), ("query", 1)])
@pytest.mark.parametrize("path", [
    "?limit=100&sort=-name&q=e", "?cursor=&limit=2&sort=email", "/me",
    "/me/sessions", "/{id}"])
def test_reading_fails_whole(faulty, path, kind, least):
    path = "/api/v1/users" + path.replace("{id}", faulty.admin.id)
    add_people(faulty, "user", "user")
    # The use of a session is stored now and then, and never goes back.
    faulty.sql("UPDATE sessions SET last_used_at = now() + interval '1 hour' "
               "WHERE id = %s", faulty.admin.session)
    with faulty.client() as client:
        good = client.get(path, headers=faulty.admin.headers)
        assert good.status_code == 200

        def ask(fault):
            answer = client.get(path, headers=faulty.admin.headers | fault)
            if answer.status_code == 200:
                assert answer.content == good.content, fault
                assert answer.headers.get("link") == good.headers.get("link")
            return answer, None

        harmful = fail_in_turn(kind, ask, 200, lambda n, answer, _:
                               check_clean_failure(n, answer))
    assert harmful >= least
    faulty.wait_for_rest()


def patch(**changes):
    return lambda client, person, headers: client.patch(
        person.path, json=changes, headers=headers)


def put(client, person, headers):
    return client.put(person.path, headers=headers, json=replacement(
        person, email=new_email(), name="Put", role="staff", is_active=False))


def post(action):
    return lambda client, person, headers: client.post(
        person.path + action, headers=headers)


def delete(client, person, headers):
    return client.delete(person.path, headers=headers)


@pytest.mark.parametrize("kind", ["alloc", "query"])
@pytest.mark.parametrize("name, change, role, good, queries", [
    ("PATCH", patch(name="é" * 100), "user", 200, 2),
    ("PATCH of the role", patch(role="user"), "admin", 200, 5),
    ("PUT", put, "admin", 200, 5),
    ("deactivate", post("/deactivate"), "admin", 200, 5),
    ("DELETE", delete, "admin", 204, 5)])
def test_a_change_fails_whole(faulty, kind, name, change, role, good,
                              queries):
    def ask(fault):
        [person] = add_people(faulty, role)
        before = person.row(*COLUMNS)
        with faulty.client() as client:
            answer = change(client, person, faulty.admin.headers | fault)
        after = person.row(*COLUMNS)
        assert answer.status_code != good or after != before, fault
        # Otherwise the next change would count them as an admin.
        faulty.sql("DELETE FROM users WHERE id = %s", person.id)
        return answer, (before, after)

    def check(n, answer, rows):
        check_clean_failure(n, answer)
        assert rows[0] == rows[1], "fault %d" % n

    harmful = fail_in_turn(kind, ask, good, check)
    measured.append("%s faults of %s: %d" % (kind, name, harmful))
    assert harmful >= (queries if kind == "query" else 1)
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("kind, least", [("alloc", 1), ("query", 5)])
def test_an_end_of_a_users_sessions_fails_whole(faulty, kind, least):
    """The sessions and the row of the audit log are one transaction."""
    def state(person):
        return faulty.sql(
            "SELECT (SELECT revoked_at IS NOT NULL FROM sessions WHERE id = "
            "%s), (SELECT count(*) FROM audit_log WHERE target_id = %s)",
            person.session, person.id)

    def ask(fault):
        [person] = add_people(faulty, "user")
        with faulty.client() as client:
            answer = client.delete(person.path + "/sessions",
                                   headers=faulty.admin.headers | fault)
        if answer.status_code == 204:
            assert state(person) == [(True, 1)], fault
        return answer, person

    def check(n, answer, person):
        check_clean_failure(n, answer)
        assert state(person) == [(False, 0)], "fault %d" % n

    assert fail_in_turn(kind, ask, 204, check) >= least
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("kind, least", [("alloc", 1), ("query", 5)])
def test_a_password_change_fails_whole(faulty, kind, least):
    """The new password and the end of the sessions are one transaction."""
    with faulty.client() as client:
        old = new_password()
        made = client.post("/api/v1/users", json={
            "email": new_email(), "name": "x", "password": old}).json()
        [(stored,)] = faulty.sql("SELECT hashed_password FROM users WHERE id "
                                 "= %s", made["id"])

        def state(person):
            [(revoked,)] = faulty.sql("SELECT revoked_at IS NOT NULL FROM "
                                      "sessions WHERE id = %s",
                                      person.session)
            return person.row("hashed_password")[0] != stored, revoked

        def ask(fault):
            [person] = add_people(faulty, "user", hashed_password=stored)
            answer = client.post(
                "/api/v1/users/me/password", headers=person.headers | fault,
                json={"current_password": old,
                      "new_password": new_password()})
            if answer.status_code == 204:
                assert state(person) == (True, True), fault
            return answer, person

        def check(n, answer, person):
            check_clean_failure(n, answer)
            assert state(person) == (False, False), "fault %d" % n

        harmful = fail_in_turn(kind, ask, 204, check)
    assert harmful >= least
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()


@pytest.mark.parametrize("kind, least", [("alloc", 1), ("query", 5)])
def test_a_confirmation_fails_whole(faulty, kind, least):
    """The mark and its audit row are one transaction. The attempt is counted
    first, and stays counted."""
    with faulty.client() as client:
        password = new_password()
        made = client.post("/api/v1/users", json={
            "email": new_email(), "name": "x", "password": password}).json()
        [(stored,)] = faulty.sql("SELECT hashed_password FROM users WHERE id "
                                 "= %s", made["id"])

        def state(person):
            return faulty.sql(
                "SELECT (SELECT count(*) FROM sessions WHERE id = %s AND "
                "confirmed_at > '-infinity'), (SELECT count(*) FROM audit_log "
                "WHERE action = 'session_confirmed' AND session_id = %s)",
                person.session, person.session)

        def ask(fault):
            [person] = add_people(faulty, "user", hashed_password=stored)
            person.unconfirm()
            answer = client.post(
                "/api/v1/auth/confirm", headers=person.headers | fault,
                json={"current_password": password})
            if answer.status_code == 204:
                assert state(person) == [(1, 1)], fault
            return answer, person

        def check(n, answer, person):
            check_clean_failure(n, answer)
            assert state(person) == [(0, 0)], "fault %d" % n

        harmful = fail_in_turn(kind, ask, 204, check)
    assert harmful >= least
    faulty.wait_for_rest()
    faulty.wait_for_no_transaction()
