# SPDX-License-Identifier: ISC
"""Constraints that the code does not know: 409 for the client, one line for the
operator, no partial write."""

import concurrent.futures

import pytest

from helpers import (check_error, new_email, new_user, register, rows_of,
                     sign_in)
from lists import USERS, Admin

CONFLICT = "Resource already exists or constraint violation"


# All in one database: each affects only its own test. The strongest lock comes
# first: after a weaker one, a statement of the server can deadlock with it.
SCHEMA = """
LOCK TABLE users IN ACCESS EXCLUSIVE MODE;
CREATE UNIQUE INDEX one_ada ON users (name) WHERE name = 'Ada';
ALTER TABLE users ADD CONSTRAINT no_mallory CHECK (name <> 'Mallory');
CREATE TABLE loans (user_id uuid NOT NULL REFERENCES users (id));
GRANT ALL ON loans TO keel;
CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.name := NULL; RETURN NEW; END $$;
CREATE TRIGGER forget BEFORE UPDATE OF is_active ON users FOR EACH ROW
    WHEN (NOT NEW.is_active) EXECUTE FUNCTION forget();
"""


@pytest.fixture(scope="module")
def admin(start_module_server):
    server = start_module_server()
    server.sql(SCHEMA)
    with server.client() as client:
        admin = Admin(server, client)
        admin.conflicts = []
        register(client, name="Ada")
        yield admin


def check_lines(admin):
    """One log line for each conflict, in order, and no other."""
    lines = [line for line in admin.server.log()
             if line["event"] == "integrity"]
    assert [line["request_id"] for line in lines] == admin.conflicts
    return lines


def check_conflict(admin, answer, sqlstate):
    request_id = answer.headers["x-request-id"]
    assert answer.status_code == 409, answer.text
    assert answer.json() == {"error": {
        "code": "CONFLICT", "message": CONFLICT, "details": None,
        "request_id": request_id}}
    admin.conflicts.append(request_id)
    admin.server.wait_for_log(request_id)
    line = check_lines(admin)[-1]
    assert line["level"] == "error"
    assert sqlstate in line["message"]
    admin.server.wait_for_no_transaction()


def patch(admin, user, **change):
    return admin.client.patch(USERS + "/" + user["id"], json=change,
                              headers=admin.headers)


def delete(admin, user):
    return admin.client.delete(USERS + "/" + user["id"],
                               headers=admin.headers)


def row(admin, user):
    return admin.server.sql("SELECT * FROM users WHERE id = %s", user["id"])


def test_a_name_that_must_be_unique(admin):
    _, bob = register(admin.client, name="Bob")
    before = row(admin, bob)
    answer = patch(admin, bob, name="Ada", email=new_email(), role="staff")
    check_conflict(admin, answer, "23505")
    assert "one_ada" not in answer.text
    assert row(admin, bob) == before
    assert patch(admin, bob, name="Ada L.").status_code == 200


def test_a_registration_that_a_constraint_forbids(admin):
    """The job is rolled back with its row."""
    body = new_user(name="Ada")
    jobs = admin.server.sql("SELECT * FROM jobs ORDER BY id")
    answer = admin.client.post(USERS, json=body)
    check_conflict(admin, answer, "23505")
    assert rows_of(admin.server, body["email"]) == (0, 0)
    assert admin.server.sql("SELECT * FROM jobs ORDER BY id") == jobs


def test_a_name_that_is_forbidden(admin):
    _, made = register(admin.client)
    before = row(admin, made)
    answer = patch(admin, made, name="Mallory", role="staff")
    check_conflict(admin, answer, "23514")
    assert row(admin, made) == before


def test_a_user_referenced_by_another_row(admin):
    """Their sessions and posts stay, too."""
    user, made = register(admin.client)
    sign_in(admin.client, user)
    admin.server.sql("INSERT INTO loans VALUES (%s); "
                     "INSERT INTO posts (id, title, content, author_id) "
                     "VALUES (gen_random_uuid(), 'x', 'x', %s)",
                     made["id"], made["id"])
    theirs = "SELECT (SELECT count(*) FROM posts WHERE author_id = %s), " \
        "(SELECT count(*) FROM sessions WHERE user_id = %s)"
    before = row(admin, made)
    check_conflict(admin, delete(admin, made), "23503")
    assert row(admin, made) == before
    assert admin.server.sql(theirs, made["id"], made["id"]) == [(1, 1)]
    admin.server.sql("DELETE FROM loans")
    assert delete(admin, made).status_code == 204
    assert admin.server.sql(theirs, made["id"], made["id"]) == [(0, 0)]


def test_a_column_that_must_not_be_null(admin):
    """In a transaction of several statements."""
    _, made = register(admin.client)
    before = row(admin, made)
    answer = admin.client.post(USERS + "/" + made["id"] + "/deactivate",
                               headers=admin.headers)
    check_conflict(admin, answer, "23502")
    assert row(admin, made) == before


def test_a_taken_address_has_a_message_of_its_own(admin):
    taken, _ = register(admin.client)
    _, made = register(admin.client)
    before = row(admin, made)
    for email in (taken["email"], taken["email"].upper()):
        for change in ({"email": email}, {"email": email, "name": "New",
                                          "role": "staff"}):
            answer = patch(admin, made, **change)
            assert check_error(answer, 409, "CONFLICT",
                               "Email already registered") == {}
            assert answer.json()["error"]["details"] is None
            admin.server.wait_for_log(answer.headers["x-request-id"])
    assert row(admin, made) == before
    check_lines(admin)
    assert taken["email"] not in admin.server.output()
    # A user's own address is no conflict.
    me = {"email": admin.me["email"].upper()}
    assert admin.client.patch(USERS + "/me", json=me, headers=admin.headers
                              ).status_code == 200


def test_of_two_patches_to_one_address_one_succeeds(admin):
    """One of many PATCHes to one address succeeds; the others get 409."""
    made = [register(admin.client)[1] for _ in range(6)]
    email = new_email("wanted")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda user: patch(admin, user, email=email),
                                made))
    assert sorted(answer.status_code for answer in answers) == [
        200] + [409] * 5
    for answer in answers:
        if answer.status_code == 409:
            check_error(answer, 409, "CONFLICT", "Email already registered")
    assert admin.server.sql("SELECT count(*) FROM users WHERE email = %s",
                            email) == [(1,)]
    check_lines(admin)
