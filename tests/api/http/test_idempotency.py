# SPDX-License-Identifier: ISC
"""A POST with an Idempotency-Key: what is answered again, to whom, for how
long; what is not stored; and what the table holds."""

import concurrent.futures
import json
import uuid

import pytest

from authors import add_posts, path_of_post
from description import describe
from helpers import (bearer, check_error, check_unauthorized,
                     check_validation, new_email, new_user, orphan_jobs,
                     rows_of, sign_in)
from people import add_people
from runner import add_job, wait_for
from server import BUILD

USERS = "/api/v1/users"
FIELD = "header.idempotency-key"
OWN = {"date", "x-request-id", "idempotent-replayed"}   # of each answer


def new_key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def facts(answer):
    """All that a client sees of it, but what is each answer's own."""
    return (answer.status_code, answer.content, [
        item for item in answer.headers.multi_items() if item[0] not in OWN])


def is_replayed(answer):
    assert answer.headers.get_list("idempotent-replayed") in ([], ["true"])
    return "idempotent-replayed" in answer.headers


def check_replay(answer, first):
    assert is_replayed(answer) and not is_replayed(first)
    assert facts(answer) == facts(first)
    assert answer.headers["x-request-id"] != first.headers["x-request-id"]


def check_done(answer, status=201):
    assert answer.status_code == status, answer.text
    assert not is_replayed(answer)
    return answer


def post(client, body, *headers, path=USERS):
    sent = {"Content-Type": "application/json"}
    for each in headers:
        sent |= each
    return client.post(path, content=json.dumps(body), headers=sent)


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server()


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def admin(server):
    return add_people(server, "admin")[0]


def count_keys(server):
    return server.sql("SELECT count(*) FROM idempotency_keys")[0][0]


def test_a_registration_is_answered_again(server, client):
    """The user, the job, the row of the audit log exist once."""
    body, key = new_user(), new_key()
    first = check_done(post(client, body, key))
    for _ in range(2):
        check_replay(post(client, body, key), first)
    assert rows_of(server, body["email"]) == (1, 1)
    assert server.sql("SELECT count(*) FROM audit_log WHERE target_id = %s",
                      first.json()["id"]) == [(1,)]
    assert orphan_jobs(server) == 0
    sign_in(client, body)


@pytest.mark.parametrize("role", ["user", "staff"])
def test_what_an_admin_creates_is_answered_again(server, client, admin, role):
    body, key = new_user(role=role), new_key()
    first = check_done(post(client, body, key, admin.headers))
    check_replay(post(client, body, key, admin.headers), first)
    assert rows_of(server, body["email"]) == (1, 1)


def test_an_answer_without_a_body_is_answered_again(server, client, admin):
    [user] = add_people(server, "user")
    key, path = new_key(), user.path + "/send-reset"
    first = check_done(client.post(path, headers=admin.headers | key), 202)
    again = client.post(path, headers=admin.headers | key)
    check_replay(again, first)
    assert again.content == b"" and "content-type" not in again.headers
    assert server.sql("SELECT count(*) FROM jobs WHERE kind = "
                      "'send_reset_by_admin' AND payload ->> 'id' = %s",
                      user.id) == [(1,)]
    # Without a key, each request is one of its own.
    check_done(client.post(path, headers=admin.headers), 202)
    check_done(client.post(path, headers=admin.headers), 202)


def test_an_answer_that_hides_a_taken_address_is_stored(start_server):
    server = start_server(KEEL_TAKEN_EMAILS="hidden")
    with server.client() as client:
        body, key = new_user(), new_key()
        first = check_done(post(client, body, key), 202)
        check_replay(post(client, body, key), first)
        taken = new_key()
        first = check_done(post(client, body, taken), 202)
        check_replay(post(client, body, taken), first)
        assert server.sql("SELECT count(*) FROM jobs") == [(2,)]


def test_another_request_with_the_key_is_refused(client, admin):
    body, key = new_user(), new_key()
    check_done(post(client, body, key, admin.headers))
    for other in (body | {"name": "Other"}, new_user(), {}):
        fields = check_validation(post(client, other, key, admin.headers))
        assert fields == {FIELD: ["Was sent with another request before"]}
    # The same members, written in another way, are another body.
    answer = client.post(USERS, content=json.dumps(body, indent=1), headers=
                         admin.headers | key | {"Content-Type":
                                                "application/json"})
    assert list(check_validation(answer)) == [FIELD]
    answer = client.post(USERS, content=json.dumps(body) + "\0x", headers=
                         admin.headers | key | {"Content-Type":
                                                "application/json"})
    assert list(check_validation(answer)) == [FIELD]


def test_a_stranger_with_another_body_is_another_stranger(server, client):
    key = new_key()
    for _ in range(2):
        body = new_user()
        first = check_done(post(client, body, key))
        check_replay(post(client, body, key), first)
    check_error(post(client, body | {"name": "Other"}, key), 409, "CONFLICT",
                "Email already registered")


def test_others_have_keys_of_their_own(server, client, admin):
    """Another user, no user, another path, another key: another answer."""
    [other] = add_people(server, "admin")
    body, key = new_user(), new_key()
    first = check_done(post(client, body, key, admin.headers))
    for headers in (other.headers, {}):
        check_error(post(client, body, key, headers), 409, "CONFLICT")
    check_error(post(client, body, new_key(), admin.headers), 409, "CONFLICT")
    people = add_people(server, "user", "user")
    for person in people:
        check_done(client.post(person.path + "/send-reset",
                               headers=admin.headers | key), 202)
    check_replay(post(client, body, key, admin.headers), first)
    # In another session, the user is the same.
    session = str(uuid.uuid4())
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) VALUES "
               "(%s, %s, '::1', '9999-01-01')", session, admin.id)
    admin_again = add_people(server, "admin")[0]
    admin_again.id, admin_again.session = admin.id, session
    check_replay(post(client, body, key, admin_again.headers), first)


def test_a_key_lasts_a_day(server, client, admin):
    body, key = new_user(), new_key()
    first = check_done(post(client, body, key, admin.headers))
    set_age = ("UPDATE idempotency_keys SET created_at = now() - interval %s "
               "WHERE user_id = %s")
    server.sql(set_age, "23 hours 59 minutes", admin.id)
    check_replay(post(client, body, key, admin.headers), first)
    server.sql(set_age, "24 hours 1 second", admin.id)
    # The key is free: the row that is still there is replaced.
    before = count_keys(server)
    check_error(post(client, body, key, admin.headers), 409, "CONFLICT")
    other = new_user()
    second = check_done(post(client, other, key, admin.headers))
    check_replay(post(client, other, key, admin.headers), second)
    assert count_keys(server) == before
    assert check_validation(post(client, body, key, admin.headers))


@pytest.mark.parametrize("key", [
    "", "x" * 256, "é", "a\tb", "a\u0080"])
def test_a_key_that_is_none(client, key):
    answer = post(client, new_user(), {"Idempotency-Key":
                                       key.encode("latin-1")})
    assert check_validation(answer) == {
        FIELD: ["Must have 1 to 255 printable ASCII characters"]}


@pytest.mark.parametrize("key", [
    "x", "x" * 255, '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "a b", "~!",
    "a:b, c"])
def test_a_key_may_have_every_printable_character(client, key):
    body, key = new_user(), {"Idempotency-Key": key}
    first = check_done(post(client, body, key))
    check_replay(post(client, body, key), first)


def test_two_keys_are_refused_with_all_other_mistakes(client):
    answer = client.post(USERS + "?x=1", json=new_user(), headers=[
        ("Idempotency-Key", "a"), ("Idempotency-Key", "a")])
    fields = check_validation(answer)
    assert set(fields) == {"query.x", FIELD}
    assert fields[FIELD] == ["Must be sent once"]


def test_who_may_not_is_told_so_before_a_key_is_looked_at(server, client):
    [admin, _] = add_people(server, "admin", "admin")
    body, key = new_user(), new_key()
    check_done(post(client, body, key, admin.headers))
    check_unauthorized(post(client, body, key, bearer("x")),
                       'Bearer error="invalid_token"')
    admin.set(is_active=False)
    for sent in (key, {"Idempotency-Key": ""}):
        check_unauthorized(post(client, body, sent, admin.headers),
                           'Bearer error="invalid_token"')


def test_a_user_who_is_deleted_leaves_no_key(server, client):
    [admin, _] = add_people(server, "admin", "admin")
    before = count_keys(server)
    check_done(post(client, new_user(), new_key(), admin.headers))
    assert count_keys(server) == before + 1
    assert client.delete(USERS + "/me",
                         headers=admin.headers).status_code == 204
    assert count_keys(server) == before


def test_what_fails_is_not_stored(server, client, admin):
    """The client corrects the request and sends it with the same key."""
    taken, body, key = new_user(), new_user(), new_key()
    check_done(post(client, taken))
    before = count_keys(server)
    for headers in ({}, admin.headers):
        check_error(post(client, body | {"email": taken["email"]}, key,
                         headers), 409, "CONFLICT")
        check_validation(post(client, body | {"name": ""}, key, headers))
        check_error(client.post(USERS, content=b"{", headers=headers | key | {
            "Content-Type": "application/json"}), 400, "INVALID_JSON")
        check_error(client.post(USERS, content=b"x", headers=headers | key | {
            "Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    check_error(post(client, body | {"role": "staff"}, key), 403, "FORBIDDEN")
    assert count_keys(server) == before
    first = check_done(post(client, body, key, admin.headers))
    check_replay(post(client, body, key, admin.headers), first)
    assert count_keys(server) == before + 1


# What a POST without a body does to a user, a post, a job.
ACTIONS = {"activate": 200, "deactivate": 200, "unlock": 200,
           "send-reset": 202, "publish": 200, "unpublish": 200, "retry": 202,
           "cancel": 200}


@pytest.mark.parametrize("action, status", ACTIONS.items())
def test_an_action_is_answered_again(server, client, admin, action, status):
    """Even if its user, post or job has been deleted since."""
    [person] = add_people(server, "user")
    path, target = person.path, "users"
    if "publish" in action:
        [post_id] = add_posts(server, person, published=action != "publish")
        path, target = path_of_post(post_id), "posts"
    elif action in ("retry", "cancel"):
        job = add_job(server, {"id": person.id})
        path, target = "/api/v1/admin/jobs/%s" % job, "jobs"
    key = admin.headers | new_key()
    first = check_done(client.post(path + "/" + action, headers=key), status)
    server.sql("DELETE FROM %s WHERE id = %%s" % target,
               path.rsplit("/", 1)[1])
    check_replay(client.post(path + "/" + action, headers=key), first)


def test_every_post_reads_a_key_but_those_with_secrets():
    without = {operation.path for operation in describe(BUILD).operations
               if operation.method == "POST" and
               "Idempotency-Key" not in json.dumps(operation.facts)}
    assert without and all(
        path.startswith(("/api/v1/auth/", "/account/")) or
        path == "/api/v1/users/me/password" for path in without)


def test_a_key_is_ignored_elsewhere_and_costs_nothing_if_absent(
        server, client):
    [person] = add_people(server, "user")
    before, key = count_keys(server), new_key()
    for _ in range(2):
        answers = [
            client.patch(USERS + "/me", json={"name": "x"},
                         headers=person.headers | key),
            client.get(USERS + "/me", headers=person.headers | key),
            client.post("/api/v1/auth/password/forgot", headers=key,
                        json={"email": new_email()})]
        assert [a.status_code for a in answers] == [200, 200, 202]
        assert not any(is_replayed(a) for a in answers)
    check_done(post(client, new_user()))
    assert count_keys(server) == before


def test_nothing_of_the_request_can_be_read_in_the_table(server, client,
                                                         admin):
    body, key = new_user(name="Readable Name"), new_key()
    first = check_done(post(client, body, key))
    other = new_user()
    check_done(post(client, other, key, admin.headers))
    [(row,)] = server.sql(
        "SELECT row_to_json(k) FROM idempotency_keys k WHERE body = %s",
        first.text)
    assert row["body"] == first.text and row["user_id"] is None
    assert sorted(row["headers"].splitlines()) == sorted(
        "%s: %s" % item for item in first.headers.items() if item[0] in
        ("content-type", "location", "etag", "vary", "cache-control"))
    left = json.dumps({name: value for name, value in row.items()
                       if name not in ("body", "headers")})
    for secret in (body["email"], body["name"], key["Idempotency-Key"]):
        assert secret not in left
    everything = "".join(text for (text,) in server.sql(
        "SELECT k::text FROM idempotency_keys k"))
    for secret in (body["password"], other["password"],
                   key["Idempotency-Key"], "hashed_password", "argon2"):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def test_limits_count_what_is_answered_again(start_server):
    server = start_server(KEEL_RATE_LIMITS="register=3/h")
    with server.client() as client:
        body, key = new_user(), new_key()
        check_done(post(client, body, key))
        for _ in range(2):
            assert is_replayed(post(client, body, key))
        refused = post(client, body, key)
        check_error(refused, 429, "TOO_MANY_REQUESTS")
        assert not is_replayed(refused)


def test_a_new_secret_finds_the_keys_of_the_previous_one(make_server):
    server = make_server()
    body, key = new_user(), new_key()
    server.start()
    with server.client() as client:
        first = check_done(post(client, body, key))
    for previous, replays in ((server.secret, True), (None, False)):
        server.stop()
        server.settings["KEEL_SECRET_KEY"] = "Another-0ne-" + "aB3dE5gH" * 6
        server.settings.pop("KEEL_SECRET_KEY_PREVIOUS", None)
        if previous:
            server.settings["KEEL_SECRET_KEY_PREVIOUS"] = previous
        server.start()
        with server.client() as client:
            answer = post(client, body, key)
            if replays:
                check_replay(answer, first)
                check_replay(post(client, body, key), first)
            else:
                check_error(answer, 409, "CONFLICT")


def test_the_purge_deletes_what_is_a_day_old(server, client, admin,
                                             start_runner):
    check_done(post(client, new_user(), new_key(), admin.headers))
    check_done(post(client, new_user(), new_key()))
    server.sql("UPDATE idempotency_keys SET created_at = now() - interval "
               "'24 hours 1 second' WHERE user_id IS NULL")
    start_runner(server)
    job = add_job(server, {}, "purge_idempotency_keys")
    wait_for(lambda: server.sql("SELECT status FROM jobs WHERE id = %s",
                                job) == [("done",)])
    assert server.sql("SELECT DISTINCT user_id IS NULL FROM "
                      "idempotency_keys") == [(False,)]


def test_no_connection_is_held_while_passwords_are_hashed(start_server):
    """More registrations than connections wait for their hash, and others are
    answered."""
    server = start_server(KEEL_WORKERS="1", KEEL_DATABASE_POOL="1")
    [admin] = add_people(server, "admin")
    bodies = [new_user(role=role) for role in ["user", "staff"] * 8]

    def create(body):
        with server.client() as client:
            return post(client, body, new_key(), admin.headers)

    with concurrent.futures.ThreadPoolExecutor(16) as pool, \
            server.client() as client:
        created = [pool.submit(create, body) for body in bodies]
        while not all(each.done() for each in created):
            assert client.get("/readyz").status_code == 200
            assert client.get(USERS + "/me",
                              headers=admin.headers).status_code == 200
            assert server.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND "
                "application_name = 'keel' AND state LIKE 'idle in %%' AND "
                "query LIKE '%%confirmed%%'", server.database) == [(0,)]
    for each in created:
        check_done(each.result())
