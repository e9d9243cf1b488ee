# SPDX-License-Identifier: ISC
"""What the audit log records of users and jobs: each change once, in the
transaction of the change, with the values that it replaced, and no secret."""

import concurrent.futures
import json
import uuid

import pytest

from helpers import bearer, check_error, new_email, new_user, register, sign_in
from people import add_people, transaction, wait_for_waiting
from samples import replacement

USERS = "/api/v1/users"
ME = USERS + "/me"


def entries(server, **where):
    """The entries with these values, the oldest first."""
    rows = server.sql(
        "SELECT to_jsonb(a) FROM audit_log a WHERE %s ORDER BY created_at, id"
        % " AND ".join("%s = %%s" % name for name in where), *where.values())
    return [row for row, in rows]


def change(member, before, after):
    return {member: {"from": before, "to": after}}


def check_entry(entry, answer, action, actor, target, changes):
    """Actor is a person, or None."""
    assert uuid.UUID(entry["id"]).version == 7
    assert entry == {
        "id": entry["id"], "created_at": entry["created_at"],
        "action": action, "actor_id": actor and actor.id,
        "session_id": actor and actor.session, "target_id": target,
        "account": None, "address": "127.0.0.1",
        "request_id": answer.headers["x-request-id"], "changes": changes}


@pytest.fixture
def admin(server):
    [admin] = add_people(server, "admin")
    return admin


@pytest.fixture
def user(server):
    [user] = add_people(server, "user")
    return user


@pytest.mark.parametrize("who", [None, "user", "admin"], ids=str)
def test_a_new_user(server, client, who):
    actor = who and add_people(server, who)[0]
    answer = client.post(USERS, json=new_user(), headers=actor.headers
                         if actor else {})
    assert answer.status_code == 201
    [entry] = entries(server, target_id=answer.json()["id"])
    check_entry(entry, answer, "user_created", actor, answer.json()["id"],
                change("role", None, "user"))


def test_a_new_admin_of_an_admin(server, client, admin):
    answer = client.post(USERS, json=new_user(role="admin"),
                         headers=admin.headers)
    [entry] = entries(server, target_id=answer.json()["id"])
    check_entry(entry, answer, "user_created", admin, answer.json()["id"],
                change("role", None, "admin"))


def test_an_admin_of_the_command(server):
    email = new_email()
    done = server.command("create-admin", email, text="A-good-passw0rd")
    assert done.returncode == 0, done.stderr
    [[id]] = server.sql("SELECT id::text FROM users WHERE email = %s", email)
    [entry] = entries(server, target_id=id)
    assert entry["action"] == "user_created"
    assert entry["changes"] == change("role", None, "admin")
    for member in ("actor_id", "session_id", "address", "request_id",
                   "account"):
        assert entry[member] is None, member
    done = server.command("create-admin", email, text="A-good-passw0rd")
    assert done.returncode == 1
    assert len(entries(server, target_id=id)) == 1


# What is sent, and the changes.
UPDATES = [
    ({"name": "New"}, change("name", "Test", "New")),
    ({"role": "staff"}, change("role", "user", "staff")),
    ({"is_active": False}, change("is_active", "true", "false")),
    ({"name": "Ünï \"x\"\u00ad", "role": "admin"},
     change("name", "Test", "Ünï \"x\"\u00ad") |
     change("role", "user", "admin")),
    ({"name": "Test"}, None), ({"role": "user"}, None),
    ({"is_active": True, "name": "Test"}, None), ({}, None)]


@pytest.mark.parametrize("sent, changes", UPDATES, ids=lambda v: json.dumps(v))
def test_an_admin_changes_a_user(server, client, admin, user, sent, changes):
    answer = client.patch(user.path, json=sent, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    found = entries(server, target_id=user.id)
    if changes is None:
        assert found == []
    else:
        check_entry(found[0], answer, "user_updated", admin, user.id, changes)
        assert len(found) == 1


def test_a_put_records_what_has_changed(server, client, admin, user):
    email = new_email()
    answer = client.put(user.path, headers=admin.headers, json=replacement(
        user, email=email, role="staff"))
    [entry] = entries(server, target_id=user.id)
    check_entry(entry, answer, "user_updated", admin, user.id,
                change("email", user.email, email) |
                change("role", "user", "staff"))


def test_users_change_themselves(server, client, user):
    user.set(email_verified=True)
    email = new_email()
    answer = client.patch(ME, headers=user.headers, json={
        "email": email, "name": "Me"})
    asked, renamed = sorted(entries(server, target_id=user.id),
                            key=lambda entry: entry["action"])
    check_entry(asked, answer, "email_change_asked", user, user.id,
                change("pending_email", None, email))
    check_entry(renamed, answer, "user_updated", user, user.id,
                change("name", "Test", "Me"))
    answer = client.patch(ME, headers=user.headers, json={"name": "Me"})
    assert len(entries(server, target_id=user.id)) == 2


def test_a_user_is_deactivated_and_activated(server, client, admin, user):
    for verb, before, after in [("deactivate", "true", "false"),
                                ("deactivate", None, None),
                                ("activate", "false", "true"),
                                ("activate", None, None)]:
        count = len(entries(server, target_id=user.id))
        answer = client.post("%s/%s" % (user.path, verb),
                             headers=admin.headers)
        assert answer.status_code == 200
        found = entries(server, target_id=user.id)[count:]
        if before is None:
            assert found == []
        else:
            check_entry(found[0], answer, "user_updated", admin, user.id,
                        change("is_active", before, after))
            assert len(found) == 1


@pytest.mark.parametrize("who", ["self", "me", "admin"])
def test_a_deleted_user_stays_in_the_log(server, client, admin, user, who):
    actor = admin if who == "admin" else user
    client.patch(user.path, json={"name": "New"}, headers=actor.headers)
    answer = client.delete(ME if who == "me" else user.path,
                           headers=actor.headers)
    assert answer.status_code == 204
    updated, deleted = entries(server, target_id=user.id)
    assert updated["action"] == "user_updated"
    check_entry(deleted, answer, "user_deleted", actor, user.id,
                change("email", user.email, None))


@pytest.fixture
def job(server):
    id = str(uuid.uuid4())
    server.sql("INSERT INTO jobs (id, kind, payload, status, attempts, "
               "finished_at) VALUES (%s, 'x', '{}', 'dead', 7, now())", id)
    return id


def retry(client, admin, id):
    return client.post("/api/v1/admin/jobs/%s/retry" % id,
                       headers=admin.headers)


def test_a_retried_job(server, client, admin, job):
    answer = retry(client, admin, job)
    assert answer.status_code == 202
    [entry] = entries(server, target_id=job)
    check_entry(entry, answer, "job_retried", admin, job,
                change("status", "dead", "queued") |
                change("attempts", "7", "0"))
    answer = retry(client, admin, job)
    assert answer.status_code == 202
    check_entry(entries(server, target_id=job)[1], answer, "job_retried",
                admin, job, None)


#
# The values that were replaced.
#

def test_the_values_are_those_of_the_moment(server, client, admin, user):
    """Another change commits after the request has read the user."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with transaction(server, "UPDATE users SET name = 'Between', role = "
                         "'staff' WHERE id = %s", user.id):
            asked = pool.submit(client.patch, user.path, json={
                "name": "After", "role": "staff"}, headers=admin.headers)
            wait_for_waiting(server, 1)
        assert asked.result().status_code == 200
    assert [entry["changes"] for entry in entries(
        server, target_id=user.id)] == [change("name", "Between", "After")]


def test_the_address_of_the_deleted_is_the_last(server, client, user):
    email = new_email()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with transaction(server, "UPDATE users SET email = %s WHERE id = %s",
                         email, user.id):
            asked = pool.submit(client.delete, ME, headers=user.headers)
            wait_for_waiting(server, 1)
        assert asked.result().status_code == 204
    [entry] = entries(server, target_id=user.id)
    assert entry["changes"] == change("email", email, None)


def test_the_job_is_as_it_was_at_that_moment(server, client, admin, job):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with transaction(server, "UPDATE jobs SET status = 'queued', "
                         "attempts = 3, finished_at = NULL WHERE id = %s",
                         job):
            asked = pool.submit(retry, client, admin, job)
            wait_for_waiting(server, 1)
        assert asked.result().status_code == 202
    [entry] = entries(server, target_id=job)
    assert entry["changes"] == change("attempts", "3", "0")


def test_two_admins_at_once_make_one_chain(server, client, user):
    """Each entry begins with the value at which the one before ended."""
    admins = add_people(server, *["admin"] * 4)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: client.patch(
            user.path, json={"name": "Name %d" % i},
            headers=admins[i % 4].headers), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    steps = {entry["changes"]["name"]["from"]: entry["changes"]["name"]["to"]
             for entry in entries(server, target_id=user.id)}
    assert len(steps) == 24
    name = "Test"
    for _ in range(24):
        name = steps.pop(name)
    assert user.row("name") == (name,)


#
# What fails leaves nothing, and what cannot be recorded does not happen.
#

def count(server):
    return server.sql("SELECT count(*) FROM audit_log")[0][0]


def test_what_is_refused_is_not_recorded(start_server):
    server = start_server()
    admin, user = add_people(server, "admin", "user")
    running = str(uuid.uuid4())
    server.sql("INSERT INTO jobs (id, kind, payload, status, run_at) VALUES "
               "(%s, 'x', '{}', 'running', now() + interval '1 day')", running)
    stale = {"If-Match": '"stale"'}
    with server.client() as client:
        for status, method, path, body, headers in [
                (409, "POST", USERS, new_user(email=user.email), {}),
                (422, "POST", USERS, new_user(name=""), {}),
                (403, "POST", USERS, new_user(role="admin"), user.headers),
                (409, "PATCH", ME, {"email": admin.email}, user.headers),
                (403, "PATCH", user.path, {"role": "admin"}, user.headers),
                (412, "PATCH", user.path, {"name": "x"},
                 admin.headers | stale),
                (409, "PATCH", admin.path, {"role": "user"}, admin.headers),
                (409, "POST", admin.path + "/deactivate", None,
                 admin.headers),
                (412, "POST", user.path + "/deactivate", None,
                 admin.headers | stale),
                (409, "DELETE", ME, None, admin.headers),
                (412, "DELETE", ME, None, user.headers | stale),
                (404, "DELETE", USERS + "/" + running, None, admin.headers),
                (409, "POST", "/api/v1/admin/jobs/%s/retry" % running, None,
                 admin.headers),
                (404, "POST", "/api/v1/admin/jobs/%s/retry" % user.id, None,
                 admin.headers),
                (409, "POST", "/api/v1/admin/jobs/%s/cancel" % running, None,
                 admin.headers),
                (409, "DELETE", "/api/v1/admin/jobs/" + running, None,
                 admin.headers),
                (422, "POST", "/api/v1/admin/jobs/delete", {}, admin.headers),
                (200, "POST", "/api/v1/admin/jobs/delete",
                 {"status": "done", "kind": "nothing"}, admin.headers)]:
            answer = client.request(method, path, json=body, headers=headers)
            assert answer.status_code == status, (method, path, answer.text)
            assert count(server) == 0, (method, path, body)


def test_what_cannot_be_recorded_does_not_happen(start_server):
    server = start_server()
    admin, user = add_people(server, "admin", "user")
    dead, waits = str(uuid.uuid4()), str(uuid.uuid4())
    server.sql("INSERT INTO jobs (id, kind, payload, status, finished_at) "
               "VALUES (%s, 'x', '{}', 'dead', now()), (%s, 'x', '{}', "
               "'queued', NULL)", dead, waits)
    server.sql("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
               "$$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$")
    server.sql("CREATE TRIGGER no_room BEFORE INSERT ON audit_log FOR EACH ROW "
               "EXECUTE FUNCTION no_room()")

    def state():
        return server.sql(
            "SELECT (SELECT jsonb_agg(to_jsonb(u) ORDER BY id) FROM users u),"
            "(SELECT jsonb_agg(to_jsonb(j) ORDER BY id) FROM jobs j)")

    before = state()
    with server.client() as client:
        for method, path, body, who in [
                ("POST", USERS, new_user(), None),
                ("POST", USERS, new_user(role="staff"), admin),
                ("PATCH", ME, {"name": "x"}, user),
                ("PATCH", user.path, {"role": "admin"}, admin),
                ("PUT", user.path, replacement(user, name="y"), admin),
                ("POST", user.path + "/deactivate", None, admin),
                ("DELETE", ME, None, user),
                ("DELETE", user.path, None, admin),
                ("POST", "/api/v1/admin/jobs/%s/retry" % dead, None, admin),
                ("DELETE", "/api/v1/admin/jobs/" + dead, None, admin),
                ("POST", "/api/v1/admin/jobs/%s/cancel" % waits, None, admin),
                ("POST", "/api/v1/admin/jobs/retry", {"status": "dead"},
                 admin),
                ("POST", "/api/v1/admin/jobs/cancel", {"status": "queued"},
                 admin),
                ("POST", "/api/v1/admin/jobs/delete", {"status": "dead"},
                 admin)]:
            answer = client.request(method, path, json=body,
                                    headers=who.headers if who else {})
            check_error(answer, 503, "SERVICE_UNAVAILABLE")
            assert state() == before, (method, path)
        assert client.patch(ME, json={"name": "Test"}, headers=user.headers
                            ).status_code == 200
    done = server.command("create-admin", new_email(), text="A-good-passw0rd")
    assert done.returncode == 1 and "no room" in done.stderr
    assert server.sql("SELECT count(*) FROM users") == [(2,)]
    assert count(server) == 0


def test_no_secret_is_recorded(server, client):
    sent, made = register(client)
    token = sign_in(client, sent)
    new = "Another-passw0rd"
    for answer in [
            client.patch(ME, json={"name": "x"}, headers=bearer(token)),
            client.post(ME + "/password", headers=bearer(token), json={
                "current_password": sent["password"], "new_password": new})]:
        assert answer.status_code < 300, answer.text
    [[hash]] = server.sql("SELECT hashed_password FROM users WHERE id = %s",
                          made["id"])
    [[log]] = server.sql("SELECT string_agg(a::text, ' ') FROM audit_log a "
                         "WHERE strpos(a::text, %s) > 0", made["id"])
    for secret in (sent["password"], new, token, hash, "$argon2", "password\"",
                   token.rsplit(".", 1)[1]):
        assert secret not in log
    assert made["id"] in log
