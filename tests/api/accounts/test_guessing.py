# SPDX-License-Identifier: ISC
"""Password guessing: at most 100 failures in a row for one account, from any
addresses, and few from one address, for any accounts. The owner is let in from
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
    """Only the limits per account and per address apply."""
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
    """Sends them at once; how many were checked, and how many refused."""
    with server.client() as client, \
            concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: sign_in(
            client, address, email).status_code, range(count)))
    assert set(statuses) <= {400, 429}
    return statuses.count(400), statuses.count(429)


def fail_often(server, email, count=MOST - 1):
    """Inserts the row that so many failures would leave."""
    server.sql("UPDATE sign_in_failures SET failures = %s WHERE account = "
               "(SELECT id::text FROM users WHERE email = %s)", count, email)


def failures(server, email):
    rows = server.sql("SELECT failures FROM sign_in_failures WHERE account = "
                      "(SELECT id::text FROM users WHERE email = %s)", email)
    return rows[0][0] if rows else 0


def test_at_most_100_failures_in_a_row_are_checked(server, user):
    """They count before the password is checked. tests/attacks/guessing.py
    sends all of them, one by one."""
    assert guess(server, user["email"], 3) == (3, 0)
    assert failures(server, user["email"]) == 3
    fail_often(server, user["email"], MOST - 8)
    assert guess(server, user["email"], 20) == (8, 12)
    assert failures(server, user["email"]) == MOST


def test_a_sign_in_with_json_has_the_same_limit(client, server, user):
    def log_in(address, password):
        return client.post(
            "/api/v1/auth/login", headers={"X-Forwarded-For": address},
            json={"username": user["email"], "password": password})

    assert log_in(HOME, user["password"]).status_code == 200
    assert log_in(AWAY, WRONG).status_code == 400
    fail_often(server, user["email"])
    assert log_in(AWAY, WRONG).status_code == 400
    assert failures(server, user["email"]) == MOST
    for password in (WRONG, user["password"]):
        assert log_in(AWAY, password).status_code == 429
        assert sign_in(client, AWAY, user["email"],
                       password).status_code == 429
    assert log_in(HOME, user["password"]).status_code == 200
    assert failures(server, user["email"]) == 0


def test_an_unknown_account_has_the_same_limit(server):
    email = new_email()
    server.sql("DELETE FROM sign_in_failures")
    assert guess(server, email, 3) == (3, 0)
    assert server.sql("UPDATE sign_in_failures SET failures = %s RETURNING "
                      "failures", MOST - 8) == [(MOST - 8,)]
    assert guess(server, email, 20) == (8, 12)
    # The database does not show the address.
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
    """At home in two networks, and 100 wrong passwords from elsewhere."""
    assert right(client, HOME, user) == right(client, HOME_6, user) == 200
    sign_in(client, AWAY, user["email"])
    fail_often(server, user["email"])
    assert sign_in(client, AWAY, user["email"]).status_code == 400
    return user


def test_after_100_failures_the_right_password_is_refused(client, guessed_at):
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
    # That ends the run of failures for all networks.
    assert failures(server, guessed_at["email"]) == 0
    assert sign_in(client, AWAY, guessed_at["email"]).status_code == 400
    assert failures(server, guessed_at["email"]) == 1


@pytest.mark.parametrize("address", ["192.0.3.7", "2001:db8:77:105::1",
                                     "2001:db8:78:5::1"])
def test_a_similar_network_is_not_the_owners(client, guessed_at, address):
    assert right(client, address, guessed_at) == 429


def test_another_users_network_is_not_the_owners(client, guessed_at):
    other = register(client)[0]
    assert right(client, "198.51.100.1", other) == 200
    assert right(client, "198.51.100.1", guessed_at) == 429


def test_a_right_password_resets_the_count(server, client, user):
    for _ in range(2):
        sign_in(client, AWAY, user["email"])
        fail_often(server, user["email"])
        assert right(client, AWAY, user) == 200
    assert failures(server, user["email"]) == 0


def test_a_new_password_resets_the_count(server, client, guessed_at):
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


def test_a_password_set_by_sql_resets_the_count(server, client, guessed_at):
    assert right(client, AWAY, guessed_at) == 429
    server.sql("UPDATE users SET name = 'x' WHERE email = %s",
               guessed_at["email"])
    assert right(client, AWAY, guessed_at) == 429
    server.sql("UPDATE users SET hashed_password = 'x' WHERE email = %s",
               guessed_at["email"])
    assert sign_in(client, AWAY, guessed_at["email"]).status_code == 400


def test_the_current_password_has_the_same_limit(server, client, user):
    """With a stolen token, from another network."""
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


def test_registration_makes_the_network_known(server, client):
    """So they are not locked out before their first sign-in."""
    user = new_user()
    assert client.post("/api/v1/users", json=user, headers={
        "X-Forwarded-For": HOME}).status_code == 201
    sign_in(client, AWAY, user["email"])
    fail_often(server, user["email"])
    assert sign_in(client, AWAY, user["email"]).status_code == 400
    assert right(client, AWAY, user) == 429
    assert right(client, HOME_NEXT_DOOR, user) == 200


def test_registration_by_an_admin_does_not(server, client):
    [admin] = add_people(server, "admin")
    user = new_user()
    made = client.post("/api/v1/users", json=user, headers={
        **admin.headers, "X-Forwarded-For": HOME})
    assert made.status_code == 201
    assert server.sql("SELECT count(*) FROM sign_in_networks WHERE user_id = "
                      "%s", made.json()["id"]) == [(0,)]


def test_a_new_password_forgets_other_networks(server, client, user):
    """An attacker may have known the old password in one of them."""
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


def test_failures_in_the_same_48_do_not_lock_the_owner_out(start_server):
    """For an account, only the owner's own /56 counts."""
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


def test_a_deactivated_account_has_the_same_limit(server):
    [person] = add_people(server, "user")
    person.set(is_active=False)
    assert guess(server, person.email, 3) == (3, 0)
    assert failures(server, person.email) == 3


def test_an_admin_unlocks_an_account(client, server, guessed_at):
    [admin] = add_people(server, "admin")
    other = register(client)[0]
    sign_in(client, AWAY, other["email"])
    [[user_id]] = server.sql("SELECT id::text FROM users WHERE email = %s",
                             guessed_at["email"])
    for _ in range(2):          # the second time there is nothing to forgive
        answer = client.post("/api/v1/users/%s/unlock" % user_id,
                             headers=admin.headers)
        assert (answer.status_code, answer.json()) == (
            200, {"status": "unlocked"})
        assert failures(server, guessed_at["email"]) == 0
        assert server.sql(
            "SELECT actor_id::text, changes FROM audit_log WHERE target_id = "
            "%s AND action = 'account_unlocked'", user_id) == [
                (admin.id, {"failures": {"from": "100", "to": None}})]
    assert failures(server, other["email"]) == 1
    assert sign_in(client, AWAY, guessed_at["email"]).status_code == 400
    assert right(client, "203.0.113.99", guessed_at) == 200


def test_a_command_unlocks_an_account(client, server, guessed_at):
    done = server.command("unlock", guessed_at["email"].upper())
    assert (done.returncode, done.stderr) == (0, "")
    assert "forgot 100 failed sign-ins of %s;" % guessed_at["email"] in \
        done.stdout
    assert right(client, AWAY, guessed_at) == 200


def test_one_address_may_fail_for_few_accounts(start_server):
    server = start_server(KEEL_RATE_LIMITS="address_failures=4/h,"
                          "password_failures=1000/m",
                          KEEL_TRUSTED_PROXIES="127.0.0.1")
    with server.client() as client:
        users = [register(client)[0] for _ in range(2)]
        statuses = [sign_in(client, AWAY, new_email()).status_code
                    for _ in range(6)]
        assert statuses == [400] * 4 + [429] * 2
        # For any account, right or wrong: else the status would tell.
        assert right(client, AWAY, users[0]) == 429
        assert right(client, "203.0.113.8", users[0]) == 200
        # Right passwords do not count, nor do refusals.
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
    """Those of a user stay, of any age; those of no user go after a week."""
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
