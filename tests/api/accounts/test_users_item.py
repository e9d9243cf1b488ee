# SPDX-License-Identifier: ISC
"""One user: GET, PATCH, PUT and DELETE on /api/v1/users/{user_id} and on
/api/v1/users/me."""

import concurrent.futures
import uuid

import pytest

from helpers import (check_error, check_unauthorized, check_validation,
                     new_email, new_password, read_me, register)
from people import add_people, transaction, wait_for_waiting
from samples import check_members, members, replacement

ME = "/api/v1/users/me"


@pytest.fixture
def people(server):
    return add_people(server, "user", "staff", "admin")


@pytest.fixture
def user(people):
    return people[0]


@pytest.fixture
def admin(people):
    return people[2]


def read(client, user, who=None):
    return client.get(user.path, headers=(who or user).headers)


def patch(client, user, who=None, **fields):
    return client.patch(user.path, headers=(who or user).headers, json=fields)


def put(client, user, who=None, **fields):
    """A field that is None is left out."""
    body = replacement(user, **fields)
    return client.put(user.path, headers=(who or user).headers, json={
        name: value for name, value in body.items()
        if fields.get(name, "") is not None})


def check_forbidden(answer):
    assert check_error(answer, 403, "FORBIDDEN",
                       "Insufficient permissions") == {}


def check_taken(answer):
    assert check_error(answer, 409, "CONFLICT",
                       "Email already registered") == {}


def check_unmoved(before, after):
    """Both responses show the same state of the user."""
    assert before.status_code == after.status_code == 200
    assert after.json() == before.json()
    assert after.headers["etag"] == before.headers["etag"]


#
# Reading.
#

def test_a_user_and_an_admin_read_the_same(client, user, admin):
    mine, seen = read(client, user), read(client, user, admin)
    check_unmoved(mine, seen)
    check_unmoved(mine, read_me(client, user.token))
    check_members(mine.json(), "User")
    assert mine.json()["id"] == user.id


def test_head_is_get_without_a_body(client, user):
    for path in (user.path, ME):
        get = client.get(path, headers=user.headers)
        head = client.head(path, headers=user.headers)
        assert head.status_code == 200
        assert head.content == b""
        for name in ("content-length", "content-type", "etag"):
            assert head.headers[name] == get.headers[name]
    assert client.head(user.path).status_code == 401


def test_an_id_in_upper_case_is_the_same(client, user):
    upper = "/api/v1/users/" + user.id.upper()
    for method, body in (("GET", None), ("PATCH", {"name": "Ada"}),
                         ("DELETE", None)):
        answer = client.request(method, upper, headers=user.headers,
                                json=body)
        assert answer.is_success, answer.text
        if answer.content:
            assert answer.json()["id"] == user.id
    assert user.row("id") is None


BODIES = {"PATCH": lambda user: {"name": "New"},
          "PUT": lambda user: replacement(user, name="New"),
          **dict.fromkeys(["GET", "POST", "DELETE"], lambda user: None)}
EVERYTHING = [("GET", ""), ("PATCH", ""), ("PUT", ""), ("DELETE", ""),
              ("POST", "/activate"), ("POST", "/deactivate")]


@pytest.mark.parametrize("method, suffix", EVERYTHING)
def test_an_unknown_id_is_not_found(client, people, method, suffix):
    path = "/api/v1/users/%s%s" % (uuid.uuid4(), suffix)
    for who in people:
        answer = client.request(method, path, headers=who.headers,
                                json=BODIES[method](people[0]))
        if who.role == "admin":
            check_error(answer, 404, "NOT_FOUND", "User not found")
        else:
            check_forbidden(answer)


@pytest.mark.parametrize("bad", ["x", "1", "Me", "0" * 32, "%7B%7D",
                                 "0" * 8 + "-0000-4000-8000-" + "0" * 11,
                                 "0" * 8 + "-0000-4000-8000-" + "0" * 13,
                                 "0" * 8 + "-0000-4000-8000-" + "g" * 12])
def test_an_invalid_id_is_named(client, people, bad):
    for method, suffix in EVERYTHING:
        path = "/api/v1/users/" + bad + suffix
        body = BODIES[method](people[0])
        check_unauthorized(client.request(method, path, json=body), "Bearer")
        for who in people:
            answer = client.request(method, path, headers=who.headers,
                                    json=body)
            if suffix and who.role != "admin":
                check_forbidden(answer)
            elif body is None:
                assert check_validation(answer) == {
                    "path.user_id": ["Must be a UUID"]}
            else:
                assert "path.user_id" in check_validation(answer)


#
# Changing.
#

@pytest.mark.parametrize("path", ["item", "me"])
def test_a_patch_distinguishes_unset_null_and_a_value(client, user, path):
    path = ME if path == "me" else user.path
    for name in ("name", "email"):
        answer = client.patch(path, headers=user.headers, json={name: None})
        assert check_validation(answer) == {
            "body." + name: ["Must be a string, not null"]}
    answer = client.patch(path, headers=user.headers, json={"name": "Ada"})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["email"]) == (
        "Ada", user.email)
    answer = client.patch(path, headers=user.headers, json={"name": ""})
    assert check_validation(answer) == {
        "body.name": ["Must have at least 1 character"]}
    assert user.row("name", "email", "version") == ("Ada", user.email, 2)


def test_role_and_state_may_not_be_null(client, user, admin):
    assert check_validation(patch(client, user, admin, role=None,
                                  is_active=None)) == {
        "body.role": ["Must be a string, not null"],
        "body.is_active": ["Must be true or false, not null"]}


@pytest.mark.parametrize("value", ["true", 1, 0, "", []])
def test_a_state_is_a_boolean(client, user, admin, value):
    assert check_validation(patch(client, user, admin, is_active=value)) == {
        "body.is_active": ["Must be true or false"]}


@pytest.mark.parametrize("path", ["item", "me"])
def test_an_empty_patch_changes_nothing(client, user, path):
    path = ME if path == "me" else user.path
    before = read(client, user)
    check_unmoved(before, client.patch(path, headers=user.headers, json={}))
    check_unmoved(before, read(client, user))


def test_a_patch_with_the_current_values_changes_nothing(client, user, admin):
    before = read(client, user)
    same = {"name": "Test", "email": user.email, "role": "user",
            "is_active": True}
    for name, value in same.items():
        check_unmoved(before, patch(client, user, **{name: value}))
    for who in (user, admin):
        check_unmoved(before, patch(client, user, who, **same))
        check_unmoved(before, put(client, user, who))
    local, _, domain = user.email.partition("@")
    check_unmoved(before, patch(client, user,
                                email=local + "@" + domain.upper()))
    check_unmoved(before, read(client, user))


def test_a_change_updates_the_time_and_the_etag(client, user):
    before = read(client, user)
    after = patch(client, user, name="Ada")
    changed = {name for name in members("User")
               if before.json()[name] != after.json()[name]}
    assert changed == {"name", "updated_at"}
    assert after.json()["updated_at"] > before.json()["updated_at"]
    assert after.headers["etag"] != before.headers["etag"]
    check_unmoved(after, read(client, user))


def test_an_empty_body_is_refused(client, user):
    answer = client.patch(user.path, headers=user.headers)
    check_error(answer, 400, "INVALID_JSON", "The body is empty")


@pytest.mark.parametrize("field", ["id", "password", "hashed_password",
                                   "created_at", "version", "Email"])
def test_an_unknown_field_is_refused(client, user, admin, field):
    unknown = {"body." + field: ["Is not a field of this request"]}
    body = {"name": "New", field: new_password()}
    for who in (user, admin):
        assert check_validation(patch(client, user, who, **body)) == unknown
        assert check_validation(put(client, user, who, **body)) == unknown
    answer = client.patch(ME, headers=user.headers, json=body)
    assert check_validation(answer) == unknown
    assert user.row("name", "version") == ("Test", 1)


def test_me_accepts_only_name_and_address(client, user, admin):
    for who in (user, admin):
        answer = client.patch(ME, headers=who.headers, json={
            "name": "New", "role": who.role, "is_active": True})
        assert check_validation(answer) == {
            "body.role": ["Is not a field of this request"],
            "body.is_active": ["Is not a field of this request"]}
        assert who.row("name") == ("Test",)
        email = new_email("moved")
        answer = client.patch(ME, headers=who.headers, json={
            "name": "New", "email": email})
        assert answer.status_code == 200
        assert who.row("name", "pending_email") == ("New", email)


def test_put_changes_every_field(client, user, admin):
    email = new_email("put")
    answer = put(client, user, admin, email=email, name="Ada", role="staff",
                 is_active=False)
    assert answer.status_code == 200
    body = answer.json()
    assert [body[name] for name in ("email", "name", "role", "is_active")] == [
        email, "Ada", "staff", False]
    assert user.row("email", "name", "role", "is_active") == (
        email, "Ada", "staff", False)
    check_unmoved(answer, read(client, user, admin))


@pytest.mark.parametrize("names", [
    ["email"], ["name"], ["role"], ["is_active"],
    ["email", "name", "role", "is_active"]])
def test_put_names_what_is_missing(client, user, admin, names):
    for who in (user, admin):
        answer = put(client, user, who, **dict.fromkeys(names))
        assert check_validation(answer) == {
            "body." + name: ["Is required"] for name in names}


#
# The address.
#

@pytest.mark.parametrize("spell", [str, str.upper, str.swapcase])
def test_a_taken_address_is_refused(client, server, people, spell):
    user, other, admin = people
    taken = spell(other.email)
    answers = [patch(client, user, email=taken),
               patch(client, user, admin, name="New", email=taken),
               put(client, user, email=taken),
               client.patch(ME, headers=user.headers, json={"email": taken})]
    for answer in answers:
        check_taken(answer)
        request_id = answer.headers["x-request-id"]
        server.wait_for_log(request_id)
        assert [line["event"] for line in server.log()
                if line.get("request_id") == request_id] == ["request"]
    assert user.row("email", "name", "version") == (user.email, "Test", 1)


def test_two_at_once_cannot_have_one_address(client, people):
    """An admin gives it to all; test_email_change.py has what users do."""
    user, other, admin = people
    email = new_email("race")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(
            lambda who: patch(client, who, admin, email=email).status_code,
            (user, other)))
    assert sorted(statuses) == [200, 409]


def test_ones_own_address_in_another_case(client, user):
    user.set(email_verified=True)
    for change in (patch, put):
        for email in (user.email.upper().replace("EXAMPLE.COM",
                                                 "example.com"), user.email):
            answer = change(client, user, email=email)
            assert answer.status_code == 200
            assert answer.json()["email"] == email
            assert answer.json()["email_verified"] is True


def test_an_address_with_a_dotted_i_is_another_one(client, user, admin):
    """PostgreSQL's lower() makes it i, but it is another mailbox."""
    mailbox = new_email("ibo")
    user.set(email_verified=True, email=mailbox)
    email = "\u0130" + mailbox[1:]
    answer = patch(client, user, user, email=email)
    assert answer.json()["pending_email"] == email
    answer = patch(client, user, admin, email=email)
    assert answer.status_code == 200
    assert answer.json()["email_verified"] is False


@pytest.mark.parametrize("change", [patch, put])
def test_a_new_address_is_not_verified(client, user, admin, change):
    """test_email_change.py has the address that users change themselves."""
    user.set(email_verified=True)
    email = new_email("moved")
    answer = change(client, user, admin, email=email)
    assert answer.json()["email"] == email
    assert answer.json()["email_verified"] is False
    assert user.row("email_verified") == (False,)


def test_another_change_leaves_it_verified(client, user):
    user.set(email_verified=True)
    assert patch(client, user, name="Ada").json()["email_verified"] is True


@pytest.mark.parametrize("email", ["x", "a@b", "", "a@example.com\n."])
def test_an_invalid_address_is_refused(client, user, email):
    for change in (patch, put):
        assert list(check_validation(change(client, user, email=email))) == [
            "body.email"]


#
# Roles and states: an admin's to change.
#

@pytest.mark.parametrize("change", [{"role": "admin"}, {"role": "staff"},
                                    {"is_active": False}])
def test_users_cannot_change_their_own_rights(client, user, change):
    check_forbidden(patch(client, user, name="New", **change))
    check_forbidden(put(client, user, name="New", **change))
    assert user.row("name", "version") == ("Test", 1)


def test_staff_do_not_change_their_role_either(client, people):
    _, staff, _ = people
    for role in ("user", "admin"):
        check_forbidden(patch(client, staff, role=role))
    assert patch(client, staff, role="staff").status_code == 200


def test_unchanged_rights_may_be_sent(client, people):
    for user in people[:2]:
        answer = put(client, user, name="Ada")
        assert answer.status_code == 200
        assert answer.json()["name"] == "Ada"
        answer = patch(client, user, role=user.role, is_active=True, name="B")
        assert answer.json()["name"] == "B"


def test_an_admin_changes_both(client, user, admin):
    answer = patch(client, user, admin, role="staff", is_active=False)
    assert answer.status_code == 200
    assert user.row("role", "is_active") == ("staff", False)
    answer = patch(client, user, admin, role="user", is_active=True)
    assert user.row("role", "is_active") == ("user", True)


@pytest.mark.parametrize("meanwhile, row", [
    ("role = 'user'", ("user", True)), ("is_active = false",
                                        ("staff", False))])
@pytest.mark.parametrize("change", [patch, put])
def test_a_users_change_does_not_undo_an_admins(client, server, people, change,
                                                meanwhile, row):
    """They send their old role while an admin changes it."""
    _, staff, _ = people
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET " + meanwhile +
                         " WHERE id = %s", staff.id):
            answer = pool.submit(change, client, staff, name="New",
                                 role="staff", is_active=True)
            wait_for_waiting(server, 1)
        assert answer.result().status_code == 200
    assert answer.result().json()["role"] == row[0]
    assert staff.row("role", "is_active", "name") == row + ("New",)


#
# Deleting.
#

@pytest.mark.parametrize("how", ["self", "admin", "me"])
def test_deleting_a_user_deletes_their_rows(client, server, people, how):
    user, other, admin = people
    for author in (user, user, other):
        server.sql("INSERT INTO posts (id, title, content, author_id) "
                   "VALUES (%s, 'T', 'C', %s)", str(uuid.uuid4()), author.id)
    answer = client.delete(ME if how == "me" else user.path,
                           headers=(admin if how == "admin" else user).headers)
    assert answer.status_code == 204
    assert answer.content == b""
    assert "content-type" not in answer.headers
    for table, column in (("users", "id"), ("sessions", "user_id"),
                          ("posts", "author_id")):
        count = "SELECT count(*) FROM %s WHERE %s = %%s" % (table, column)
        assert server.sql(count, user.id) == [(0,)], table
        assert server.sql(count, other.id) == [(1,)], table
    for path in (ME, user.path):
        check_unauthorized(client.get(path, headers=user.headers),
                           'Bearer error="invalid_token"')


def test_deleting_twice_is_not_found(client, user, admin):
    assert client.delete(user.path, headers=admin.headers).status_code == 204
    for method in ("DELETE", "GET"):
        check_error(client.request(method, user.path, headers=admin.headers),
                    404, "NOT_FOUND", "User not found")


def test_a_user_who_is_deleted_during_a_request(client, server, user, admin):
    """A request that waits for their row then finds no user."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        with transaction(server, "DELETE FROM users WHERE id = %s", user.id):
            answers = [pool.submit(patch, client, user, admin, name="New"),
                       pool.submit(put, client, user, name="New"),
                       pool.submit(client.delete, user.path,
                                   headers=admin.headers)]
            wait_for_waiting(server, 3)
    for answer in answers:
        check_error(answer.result(), 404, "NOT_FOUND", "User not found")


def test_a_deleted_users_address_is_free(client, user, admin):
    client.delete(user.path, headers=admin.headers)
    assert register(client, email=user.email.upper())[1]["id"] != user.id


#
# Passwords.
#

def test_no_response_has_a_password(client, server, people):
    user, _, admin = people
    secret = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
    user.set(hashed_password=secret)
    answers = [read(client, user), read(client, user, admin),
               read_me(client, user.token), patch(client, user, name="Ada"),
               patch(client, user), put(client, user, admin, name="B"),
               client.patch(ME, headers=user.headers, json={"name": "C"})]
    for answer in answers:
        assert answer.status_code == 200
        check_members(answer.json(), "User")
        assert "password" not in answer.text
        assert secret not in answer.text
    assert user.row("hashed_password") == (secret,)
