# SPDX-License-Identifier: ISC
"""Who may create users: KEEL_REGISTRATION."""

import pytest

from helpers import (bearer, check_error, check_unauthorized,
                     check_validation, new_email, new_user)
from people import add_people

USERS = "/api/v1/users"
CLOSED = "Registration is closed"


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_REGISTRATION="closed",
                               KEEL_RATE_LIMITS="register=1000/m")


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


def count(server):
    [[found]] = server.sql("SELECT count(*) FROM users")
    return found


@pytest.mark.parametrize("who", ["stranger", "user", "staff"])
def test_only_an_admin_creates_users(client, server, who):
    headers = {}
    if who != "stranger":
        [person] = add_people(server, who)
        headers = person.headers
    before = count(server)
    for role in (None, "user", "staff", "admin"):
        assert check_error(
            client.post(USERS, json=new_user(role=role), headers=headers),
            403, "REGISTRATION_CLOSED", CLOSED) == {}
    assert count(server) == before
    assert server.sql("SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize("role", [None, "user", "staff", "admin"])
def test_an_admin_still_creates_users_of_each_role(client, server, role):
    [admin] = add_people(server, "admin")
    answer = client.post(USERS, json=new_user(role=role),
                         headers=admin.headers)
    assert answer.status_code == 201
    assert answer.json()["role"] == (role or "user")
    server.sql("DELETE FROM jobs")


def test_it_tells_nothing_about_an_address(client, server):
    """Nor about what is wrong with a body: it is not read."""
    [person] = add_people(server, "user")

    def ask(**options):
        answer = client.post(USERS, headers={"X-Request-ID": "one"} |
                             options.pop("headers", {}), **options)
        assert answer.status_code == 403
        return answer.content

    taken = ask(json=new_user(email=person.email))
    assert ask(json=new_user(email=new_email())) == taken
    assert ask(json={"email": "x"}) == taken
    assert ask(content=b"{", headers={"Content-Type": "text/plain"}) == taken
    assert ask() == taken
    assert ask(params={"x": "y"}) == taken


def test_an_admin_gets_the_usual_errors(client, server):
    [admin] = add_people(server, "admin")
    check_error(client.post(USERS, json=new_user(email=admin.email),
                            headers=admin.headers), 409, "CONFLICT",
                "Email already registered")
    assert "body.email" in check_validation(client.post(
        USERS, json={}, headers=admin.headers))


def test_a_token_that_is_no_good_is_refused_as_such(client, server):
    [admin] = add_people(server, "admin")
    server.sql("UPDATE sessions SET revoked_at = now() WHERE id = %s",
               admin.session)
    for headers in (admin.headers, bearer("x")):
        check_unauthorized(client.post(USERS, json=new_user(),
                                       headers=headers),
                           'Bearer error="invalid_token"')


def test_a_refusal_counts_as_a_registration(start_server):
    server = start_server(KEEL_REGISTRATION="closed",
                          KEEL_RATE_LIMITS="register=3/h")
    with server.client() as client:
        for status in (403, 403, 403, 429):
            answer = client.post(USERS, json=new_user())
            assert answer.status_code == status


def test_all_else_is_as_before(client, server):
    """Users read and change themselves."""
    [person] = add_people(server, "user")
    assert client.get(USERS + "/me",
                      headers=person.headers).status_code == 200
    assert client.patch(USERS + "/me", json={"name": "Ada"},
                        headers=person.headers).status_code == 200


@pytest.mark.parametrize("settings, line", [
    ({}, "open (default)"), ({"KEEL_REGISTRATION": ""}, "open (default)"),
    ({"KEEL_REGISTRATION": "open"}, "open"),
    ({"KEEL_REGISTRATION": "closed"}, "closed")])
def test_check_config_prints_it(make_server, settings, line):
    done = make_server(**settings).command("check-config")
    assert done.returncode == 0, done.stderr
    assert ["KEEL_REGISTRATION", *line.split()] in [
        printed.split() for printed in done.stdout.splitlines()]


@pytest.mark.parametrize("value", ["Closed", "off", "0", "closed "])
def test_another_value_stops_the_start(make_server, value):
    done = make_server(KEEL_REGISTRATION=value).command("check-config")
    assert done.returncode == 1
    assert done.stderr == "keel: KEEL_REGISTRATION must be open or closed, " \
        "not '%s'\n" % value
