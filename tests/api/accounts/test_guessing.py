# SPDX-License-Identifier: ISC
"""Guessing passwords: at most 100 in a row at one account, from wherever they
come, and few from one address, at whatever accounts. The owner is let in from
the networks that they have signed in from."""

import concurrent.futures

import pytest

from helpers import (bearer, check_error, new_email, new_password, new_user,
                     register)
from people import add_people
from runner import count_jobs, wait_for
from server import confidential

PASSWORD = "/api/v1/users/me/password"
WRONG = "Wrong-passw0rd"
HOME = "192.0.2.7"
HOME_NEXT_DOOR = "192.0.2.200"
HOME_6 = "2001:db8:77:5::1"
HOME_6_NEXT_DOOR = "2001:db8:77:6::9"
AWAY = "203.0.113.7"
MOST = 100


@pytest.fixture(scope="module")
def server(start_module_server):
    """Only what counts the account alone, or the address alone, bites."""
    return start_module_server(
        KEEL_TRUSTED_PROXIES="127.0.0.1", KEEL_RATE_LIMITS=(
            "token=10000/m,register=1000/m,sign_in_failures=10000/m,"
            "password_failures=10000/m,address_failures=10000/m"))


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


def sign_in(client, address, email, password=WRONG):
    answer = client.post(
        "/api/v1/auth/token", headers={"X-Forwarded-For": address},
        data={"username": email, "password": password})
    if answer.status_code == 200:
        confidential.add(answer.json()["access_token"])
    return answer


@pytest.fixture
def user(client):
    return register(client)[0]


def right(client, address, user):
    return sign_in(client, address, user["email"],
                   user["password"]).status_code


def guess(server, email, count, address=AWAY):
    """At once; how many were looked at, and how many refused."""
    with server.client() as client, \
            concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: sign_in(
            client, address, email).status_code, range(count)))
    assert set(statuses) <= {400, 429}
    return statuses.count(400), statuses.count(429)


def fail_often(server, email, count=MOST - 1):
    """As if so many had failed: the row that they leave."""
    server.sql("UPDATE sign_in_failures SET failures = %s WHERE account = "
               "(SELECT id::text FROM users WHERE email = %s)", count, email)


def failures(server, email):
    rows = server.sql("SELECT failures FROM sign_in_failures WHERE account = "
                      "(SELECT id::text FROM users WHERE email = %s)", email)
    return rows[0][0] if rows else 0


def test_a_hundred_in_a_row_and_no_more(server, user):
    """Counted before the password is looked at. All of them, one by one, are
    guessed by tests/attacks/guessing.py."""
    assert guess(server, user["email"], 3) == (3, 0)
    assert failures(server, user["email"]) == 3
    fail_often(server, user["email"], MOST - 8)
    assert guess(server, user["email"], 20) == (8, 12)
    assert failures(server, user["email"]) == MOST


def test_an_account_that_is_not_there_counts_alike(server):
    email = new_email()
    server.sql("DELETE FROM sign_in_failures")
    assert guess(server, email, 3) == (3, 0)
    assert server.sql("UPDATE sign_in_failures SET failures = %s RETURNING "
                      "failures", MOST - 8) == [(MOST - 8,)]
    assert guess(server, email, 20) == (8, 12)
    # Its address is not to be read in the database.
    assert server.sql("SELECT count(*) FROM sign_in_failures WHERE account "
                      "~ '@' OR account !~ '^[0-9a-f-]{36}$|^[0-9a-f]{64}$'"
                      ) == [(0,)]


def test_every_spelling_is_the_same_account(server, client, user):
    sign_in(client, AWAY, user["email"])
    fail_often(server, user["email"])
    assert sign_in(client, AWAY, user["email"].upper()).status_code == 400
    assert sign_in(client, AWAY, user["email"]).status_code == 429


@pytest.fixture
def guessed_at(server, client, user):
    """At home in two networks, and 100 wrong ones from elsewhere."""
    assert right(client, HOME, user) == right(client, HOME_6, user) == 200
    sign_in(client, AWAY, user["email"])
    fail_often(server, user["email"])
    assert sign_in(client, AWAY, user["email"]).status_code == 400
    return user


def test_beyond_them_even_the_right_one_is_refused(client, guessed_at):
    answer = sign_in(client, AWAY, guessed_at["email"],
                     guessed_at["password"])
    assert answer.status_code == 429
    assert answer.json() == {"error": "temporarily_unavailable",
                             "error_description": "Too many requests"}
    assert int(answer.headers["retry-after"]) == 3600
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("address", [HOME, HOME_NEXT_DOOR, HOME_6,
                                     HOME_6_NEXT_DOOR])
def test_the_owner_is_let_in_at_home(server, client, guessed_at, address):
    assert sign_in(client, address, guessed_at["email"]).status_code == 400
    assert right(client, address, guessed_at) == 200
    # That ends the row for all.
    assert failures(server, guessed_at["email"]) == 0
    assert sign_in(client, AWAY, guessed_at["email"]).status_code == 400
    assert failures(server, guessed_at["email"]) == 1


@pytest.mark.parametrize("address", ["192.0.3.7", "2001:db8:77:105::1",
                                     "2001:db8:78:5::1"])
def test_another_network_is_not_home(client, guessed_at, address):
    assert right(client, address, guessed_at) == 429


def test_another_user_s_home_is_not_home(client, guessed_at):
    other = register(client)[0]
    assert right(client, "198.51.100.1", other) == 200
    assert right(client, "198.51.100.1", guessed_at) == 429


def test_a_right_one_in_between_begins_a_new_row(server, client, user):
    for _ in range(2):
        sign_in(client, AWAY, user["email"])
        fail_often(server, user["email"])
        assert right(client, AWAY, user) == 200
    assert failures(server, user["email"]) == 0


def test_a_new_password_ends_the_row(server, client, guessed_at):
    token = sign_in(client, HOME, guessed_at["email"],
                    guessed_at["password"]).json()["access_token"]
    sign_in(client, AWAY, guessed_at["email"])
    fail_often(server, guessed_at["email"])
    new = new_password()
    answer = client.post(PASSWORD, headers={
        **bearer(token), "X-Forwarded-For": HOME}, json={
            "current_password": guessed_at["password"], "new_password": new})
    assert answer.status_code == 204, answer.text
    assert failures(server, guessed_at["email"]) == 0
    assert sign_in(client, AWAY, guessed_at["email"], new).status_code == 200


def test_one_set_by_hand_does_too(server, client, guessed_at):
    assert right(client, AWAY, guessed_at) == 429
    server.sql("UPDATE users SET name = 'x' WHERE email = %s",
               guessed_at["email"])
    assert right(client, AWAY, guessed_at) == 429
    server.sql("UPDATE users SET hashed_password = 'x' WHERE email = %s",
               guessed_at["email"])
    assert sign_in(client, AWAY, guessed_at["email"]).status_code == 400


def test_the_current_password_can_be_guessed_no_more_often(server, client,
                                                           user):
    """With a stolen token, from elsewhere."""
    token = sign_in(client, HOME, user["email"],
                    user["password"]).json()["access_token"]

    def change(address, current):
        return client.post(PASSWORD, headers={
            **bearer(token), "X-Forwarded-For": address}, json={
                "current_password": current,
                "new_password": new_password()})

    assert change(AWAY, WRONG).status_code == 422
    assert failures(server, user["email"]) == 1
    fail_often(server, user["email"])
    assert change(AWAY, WRONG).status_code == 422
    check_error(change(AWAY, user["password"]), 429, "TOO_MANY_REQUESTS")
    assert change(HOME, WRONG).status_code == 422
    assert change(HOME, user["password"]).status_code == 204


def test_who_registered_is_known_there(server, client):
    """And is not locked out before they sign in for the first time."""
    user = new_user()
    assert client.post("/api/v1/users", json=user, headers={
        "X-Forwarded-For": HOME}).status_code == 201
    sign_in(client, AWAY, user["email"])
    fail_often(server, user["email"])
    assert sign_in(client, AWAY, user["email"]).status_code == 400
    assert right(client, AWAY, user) == 429
    assert right(client, HOME_NEXT_DOOR, user) == 200


def test_who_was_registered_by_an_admin_is_not(server, client):
    [admin] = add_people(server, "admin")
    user = new_user()
    made = client.post("/api/v1/users", json=user, headers={
        **admin.headers, "X-Forwarded-For": HOME})
    assert made.status_code == 201
    assert server.sql("SELECT count(*) FROM sign_in_networks WHERE user_id = "
                      "%s", made.json()["id"]) == [(0,)]


def test_a_new_password_makes_other_networks_strange(server, client, user):
    """The old password was known in one of them, perhaps."""
    assert right(client, AWAY, user) == 200
    token = sign_in(client, HOME, user["email"],
                    user["password"]).json()["access_token"]
    new = new_password()
    assert client.post(PASSWORD, headers={
        **bearer(token), "X-Forwarded-For": HOME}, json={
            "current_password": user["password"],
            "new_password": new}).status_code == 204
    sign_in(client, AWAY, user["email"])
    fail_often(server, user["email"])
    sign_in(client, AWAY, user["email"])
    assert sign_in(client, AWAY, user["email"], new).status_code == 429
    assert sign_in(client, HOME, user["email"], new).status_code == 200


def test_a_neighbour_in_the_48_does_not_keep_the_owner_out(start_server):
    """By account, nothing wider than the owner's own /56 counts."""
    server = start_server(KEEL_TRUSTED_PROXIES="127.0.0.1",
                          KEEL_RATE_LIMITS="sign_in_failures=1/h,"
                          "address_failures=1000/m")
    with server.client() as client:
        user = register(client)[0]
        assert right(client, HOME_6, user) == 200
        statuses = [sign_in(client, "2001:db8:77:%x00::1" % (n + 1),
                            user["email"]).status_code for n in range(20)]
        assert statuses == [400] * 20
        assert right(client, HOME_6, user) == 200


def test_a_deactivated_account_counts_alike(server):
    [person] = add_people(server, "user")
    person.set(is_active=False)
    assert guess(server, person.email, 3) == (3, 0)
    assert failures(server, person.email) == 3


def test_one_address_sprays_few_passwords(start_server):
    server = start_server(KEEL_RATE_LIMITS="address_failures=4/h,"
                          "password_failures=1000/m",
                          KEEL_TRUSTED_PROXIES="127.0.0.1")
    with server.client() as client:
        users = [register(client)[0] for _ in range(2)]
        statuses = [sign_in(client, AWAY, new_email()).status_code
                    for _ in range(6)]
        assert statuses == [400] * 4 + [429] * 2
        # Whoever it is, and right or wrong: the next guess would tell.
        assert right(client, AWAY, users[0]) == 429
        assert right(client, "203.0.113.8", users[0]) == 200
        # The right ones do not count, nor do refusals.
        for _ in range(6):
            assert right(client, HOME, users[1]) == 200


def test_off_counts_nothing(start_server):
    server = start_server(KEEL_RATE_LIMITS="off")
    with server.client() as client:
        user = register(client)[0]
        assert sign_in(client, AWAY, user["email"]).status_code == 400
    assert server.sql("SELECT count(*) FROM sign_in_failures") == [(0,)]


def test_old_failures_and_networks_are_deleted(server, client, user,
                                               start_runner):
    """Those of users stay, however old; those of nobody go after a week."""
    assert right(client, HOME, user) == right(client, HOME_6, user) == 200
    sign_in(client, AWAY, user["email"])
    gone, kept = new_email(), new_email()
    before = server.sql("SELECT account FROM sign_in_failures")
    sign_in(client, AWAY, gone)
    [(account,)] = [row for row in server.sql(
        "SELECT account FROM sign_in_failures") if row not in before]
    sign_in(client, AWAY, kept)
    server.sql("UPDATE sign_in_failures SET last_at = now() - interval "
               "'8 days' WHERE account = %s OR user_id = (SELECT id FROM "
               "users WHERE email = %s)", account, user["email"])
    server.sql("UPDATE sign_in_networks SET last_at = now() - interval "
               "'401 days' WHERE network = '192.0.2.0/24' AND user_id = "
               "(SELECT id FROM users WHERE email = %s)", user["email"])
    count = server.sql("SELECT count(*) FROM sign_in_failures")[0][0]
    start_runner(server)
    wait_for(lambda: count_jobs(server, kind="purge_sessions", status="done"))
    assert server.sql("SELECT count(*) FROM sign_in_failures") == [
        (count - 1,)]
    assert server.sql("SELECT account FROM sign_in_failures WHERE account = "
                      "%s", account) == []
    assert failures(server, user["email"]) == 1
    assert server.sql("SELECT network::text FROM sign_in_networks WHERE "
                      "user_id = (SELECT id FROM users WHERE email = %s) "
                      "ORDER BY 1", user["email"]) == [("127.0.0.0/24",),
                                         ("2001:db8:77::/56",)]
