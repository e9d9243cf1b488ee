# SPDX-License-Identifier: ISC
"""Activation and deactivation, changes of rights on every worker, and the last
active admin, who stays an admin."""

import concurrent.futures
import contextlib
import threading

import pytest

from helpers import (ask_token, check_error, claims_for, make_token, new_user,
                     raw_connection, raw_request, read_me, read_raw_answer,
                     register)
from people import add_people, transaction, wait_for_waiting
from samples import replacement
from workers import worker_at

ME = "/api/v1/users/me"
LAST = "The last active admin cannot be demoted, deactivated or deleted"


@pytest.fixture
def people(server):
    return add_people(server, "user", "staff", "admin")


def post(client, user, what, who):
    return client.post("%s/%s" % (user.path, what), headers=who.headers)


#
# activate and deactivate.
#

def test_an_admin_deactivates_and_activates(client, people):
    user, _, admin = people
    for what, status in (("deactivate", "deactivated"),
                         ("activate", "activated")):
        answer = post(client, user, what, admin)
        assert answer.status_code == 200
        assert answer.json() == {"status": status}
        assert user.row("is_active") == (status == "activated",)
        # They must sign in again.
        assert read_me(client, user.token).status_code == 401
        version = user.row("version", "updated_at")
        again = post(client, user, what, admin)
        assert again.json() == {"status": status}
        assert user.row("version", "updated_at") == version


def test_only_an_admin_may(client, people):
    user, staff, _ = people
    for who in people[:2]:
        for what in ("activate", "deactivate"):
            for target in (user, staff):
                answer = post(client, target, what, who)
                assert check_error(answer, 403, "FORBIDDEN",
                                   "Insufficient permissions") == {}
                assert target.row("is_active", "version") == (True, 1)


@pytest.mark.parametrize("role", ["user", "staff", "admin"])
@pytest.mark.parametrize("how", ["post", "patch", "sql"])
def test_a_while_without_rights_ends_the_sessions(client, server, people, role,
                                                  how):
    """In every role. A session that is made afterwards is good."""
    [user] = add_people(server, role)
    for what, active in (("deactivate", False), ("activate", True)):
        if how == "post":
            assert post(client, user, what, people[2]).status_code == 200
        elif how == "patch":
            assert client.patch(user.path, headers=people[2].headers, json={
                "is_active": active}).status_code == 200
        else:
            user.set(is_active=active)
        assert user.row("is_active") == (active,)
        assert read_me(client, user.token).status_code == 401
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at) "
               "VALUES (%s, %s, '::1', now() + interval '1 day')", user.job,
               user.id)
    assert read_me(client, make_token(server.secret, claims_for(
        server, user.id, user.job))).status_code == 200


def test_a_deactivated_user_cannot_sign_in(client, people):
    user, made = register(client)
    for what, status in (("deactivate", 400), ("activate", 200)):
        client.post("/api/v1/users/%s/%s" % (made["id"], what),
                    headers=people[2].headers)
        assert ask_token(client, user["email"],
                         user["password"]).status_code == status


#
# Every worker.
#

def ask(connection, path, token):
    connection.sendall(raw_request("GET", path,
                                   Authorization="Bearer " + token))
    return read_raw_answer(connection)[0]


@pytest.fixture
def statuses(server):
    """A function that sends a request to every worker."""
    with contextlib.ExitStack() as stack:
        kept = {}
        for _ in range(100):
            connection = stack.enter_context(raw_connection(server))
            ask(connection, "/healthz", "none")
            kept[worker_at(server, connection.getsockname()[1])] = connection
            if len(kept) == len(server.workers()):
                break
        assert len(kept) == 2
        yield lambda path, user: [ask(connection, path, user.token)
                                  for connection in kept.values()]


def test_a_deactivation_is_in_force_on_every_worker(client, people, statuses):
    user, _, admin = people
    for what, expected in (("activate", 200), ("deactivate", 401),
                           ("activate", 401)):
        post(client, user, what, admin)
        assert statuses(ME, user) == [expected] * 2


def test_a_deactivation_by_sql_is_in_force_on_every_worker(people, statuses):
    user, _, _ = people
    for active, expected in ((True, 200), (False, 401), (True, 401)):
        user.set(is_active=active)
        assert statuses(ME, user) == [expected] * 2


def test_a_role_by_sql_is_in_force_on_every_worker(people, statuses):
    user, other, _ = people
    for role, expected in (("user", 403), ("admin", 200), ("staff", 403)):
        user.set(role=role)
        assert statuses(other.path, user) == [expected] * 2
        assert statuses("/api/v1/users", user) == [expected] * 2


def test_a_role_by_patch_is_in_force_on_every_worker(client, people, statuses):
    user, other, admin = people
    for role, expected in (("user", 403), ("admin", 200), ("staff", 403)):
        answer = client.patch(user.path, headers=admin.headers,
                              json={"role": role})
        assert answer.json()["role"] == role
        assert statuses(other.path, user) == [expected] * 2


def test_a_deletion_by_sql_is_in_force_on_every_worker(server, people,
                                                       statuses):
    user, _, _ = people
    assert statuses(ME, user) == [200] * 2
    server.sql("DELETE FROM users WHERE id = %s", user.id)
    assert statuses(ME, user) == [401] * 2


#
# The last active admin. On its own server, which has no other admins.
#

@pytest.fixture(scope="module")
def empty_server(start_module_server):
    return start_module_server()


@pytest.fixture(scope="module")
def empty_client(empty_server):
    with empty_server.client() as client:
        yield client


@pytest.fixture
def two(empty_server):
    """The only two admins of the server."""
    empty_server.sql("DELETE FROM users")
    return add_people(empty_server, "admin", "admin")


def demote_by_patch(client, user, who):
    return client.patch(user.path, headers=who.headers,
                        json={"role": "staff"})


def demote_by_put(client, user, who):
    return client.put(user.path, headers=who.headers,
                      json=replacement(user, role="user"))


def deactivate_by_patch(client, user, who):
    return client.patch(user.path, headers=who.headers,
                        json={"name": "New", "is_active": False})


def deactivate_by_put(client, user, who):
    return client.put(user.path, headers=who.headers,
                      json=replacement(user, role="admin", is_active=False))


def deactivate_by_post(client, user, who):
    return post(client, user, "deactivate", who)


def delete(client, user, who):
    return client.delete(user.path, headers=who.headers)


def delete_me(client, user, who):
    return client.delete(ME, headers=who.headers)


BY_ID = [demote_by_patch, demote_by_put, deactivate_by_patch,
         deactivate_by_put, deactivate_by_post, delete]
every_way = pytest.mark.parametrize("lose", BY_ID + [delete_me])
LEFT = ("SELECT id::text FROM users WHERE role = 'admin' AND is_active "
        "ORDER BY id")


@every_way
@pytest.mark.parametrize("other", ["nobody", "inactive", "staff"])
def test_the_last_admin_stays(empty_server, empty_client, two, lose, other):
    last, second = two
    if other == "nobody":
        empty_server.sql("DELETE FROM users WHERE id = %s", second.id)
    elif other == "inactive":
        second.set(is_active=False)
    else:
        second.set(role="staff")
    answer = lose(empty_client, last, last)
    assert check_error(answer, 409, "CONFLICT", LAST) == {}
    assert last.row("role", "is_active", "version", "name") == (
        "admin", True, 1, "Test")
    assert read_me(empty_client, last.token).status_code == 200


@every_way
def test_one_of_two_admins_may_go(empty_server, empty_client, two, lose):
    first, second = two
    assert lose(empty_client, first, first).is_success
    assert empty_server.sql(LEFT) == [(second.id,)]
    answer = lose(empty_client, second, second)
    assert check_error(answer, 409, "CONFLICT", LAST) == {}


def test_the_last_admin_changes_everything_else(empty_client, two):
    last, second = two
    for lose in (deactivate_by_post, demote_by_patch, demote_by_put, delete):
        assert lose(empty_client, second, last).is_success
    [user] = add_people(last.server, "user")
    for lose in BY_ID:
        assert lose(empty_client, user, last).is_success
    answer = empty_client.patch(last.path, headers=last.headers, json={
        "name": "New", "role": "admin", "is_active": True})
    assert answer.status_code == 200
    assert answer.json()["name"] == "New"
    assert post(empty_client, last, "activate", last).status_code == 200


@pytest.mark.parametrize("lose", BY_ID)
def test_of_two_at_the_same_time_one_is_refused(empty_server, empty_client,
                                                two, lose):
    """Both are authenticated before either runs."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(empty_server, "SELECT FROM users FOR UPDATE"):
            answers = [pool.submit(lose, empty_client, *pair)
                       for pair in (two, reversed(two))]
            wait_for_waiting(empty_server, 2)
    won, lost = sorted((answer.result() for answer in answers),
                       key=lambda answer: answer.status_code)
    assert won.is_success, won.text
    assert check_error(lost, 403, "FORBIDDEN",
                       "Insufficient permissions") == {}
    assert len(empty_server.sql(LEFT)) == 1


def put_back(client, who, actor):
    return client.put(who.path, headers=actor.headers,
                      json=replacement(who, name="Back", role="admin"))


def rise(client, who, actor):
    return client.patch(who.path, headers=actor.headers,
                        json={"role": "admin"})


def come_back(client, who, actor):
    return post(client, who, "activate", actor)


def make_another(client, who, actor):
    return client.post("/api/v1/users", headers=actor.headers,
                       json=new_user(role="admin"))


@pytest.mark.parametrize("lost", ["role = 'user'", "is_active = false"])
@pytest.mark.parametrize("late", [put_back, rise, come_back, make_another,
                                  delete])
def test_a_former_admin_has_no_admin_rights(empty_server, empty_client, two,
                                            late, lost):
    """They were an admin when the request was authenticated; it then waits
    for the statement that takes their rights away."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(empty_server, "UPDATE users SET " + lost +
                         " WHERE id = %s", two[0].id):
            answer = pool.submit(late, empty_client, two[0], two[0])
            wait_for_waiting(empty_server, 1)
    assert check_error(answer.result(), 403, "FORBIDDEN",
                       "Insufficient permissions") == {}
    assert empty_server.sql(LEFT) == [(two[1].id,)]


def test_deleting_oneself_does_not_wait_for_an_admin(empty_server,
                                                     empty_client, two):
    """Nor does it block a sign-in."""
    [user] = add_people(empty_server, "user")
    with transaction(empty_server, "SELECT FROM users WHERE role = 'admin' "
                     "FOR UPDATE"):
        assert delete(empty_client, user, user).status_code == 204


@pytest.mark.parametrize("leave", [delete, delete_me])
@pytest.mark.parametrize("meanwhile, status", [
    ("role = 'admin'", 404), ("role = 'staff'", 204),
    ("role = 'admin', is_active = false", 204)])
def test_who_becomes_an_admin_is_not_deleted_as_a_user(
        empty_server, empty_client, two, leave, meanwhile, status):
    """The admins are not locked for a user who deletes themself. So only the
    statement can see that they are an active admin by now."""
    [user] = add_people(empty_server, "user")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(empty_server, "UPDATE users SET " + meanwhile +
                         " WHERE id = %s", user.id):
            answer = pool.submit(leave, empty_client, user, user)
            wait_for_waiting(empty_server, 1)
    assert answer.result().status_code == status
    assert user.row("role") == (("admin",) if status == 404 else None)


@pytest.mark.parametrize("lose", [demote_by_patch, delete])
def test_two_admins_who_remove_each_other(empty_server, empty_client, two,
                                          lose):
    """The later one is no longer an admin, or gets the error for the last
    admin: one admin always stays."""
    together = threading.Barrier(2)

    def attack(pair):
        together.wait(10)
        return lose(empty_client, *pair).status_code

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            found = sorted(pool.map(attack, (two, two[::-1])))
            assert found[0] in (200, 204)
            assert found[1] in (401, 403, 404, 409), found
            assert len(empty_server.sql(LEFT)) == 1
            empty_server.sql("DELETE FROM users")
            two = add_people(empty_server, "admin", "admin")
