# SPDX-License-Identifier: ISC
"""One key for uniqueness, look-ups and limits (email_key() in
src/utils/email.h); and accounts that were moved in from another system, whose
addresses today's rules refuse or would store in another form."""

import unicodedata

import pytest

from helpers import (bearer, check_error, check_validation, new_email,
                     new_user, register)
from links import FORGOT
from mailbox import Mailbox
from runner import wait_for
from server import confidential

WRONG = "Wrong-passw0rd"
AWAY = "203.0.113.7"
DOTTED = "\u0130"


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(
        KEEL_TRUSTED_PROXIES="127.0.0.1", KEEL_RATE_LIMITS=(
            "token=10000/m,register=1000/m,sign_in_failures=3/h,"
            "address_failures=10000/m,account_mails=1000/m"))


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def mailbox(server, start_module_runner):
    return Mailbox(server, start_module_runner(server))


def sign_in(client, email, password, address=AWAY):
    answer = client.post(
        "/api/v1/auth/token", headers={"X-Forwarded-For": address},
        data={"username": email, "password": password})
    if answer.status_code == 200:
        confidential.add(answer.json()["access_token"])
    return answer


def token_of(client, email, password):
    answer = sign_in(client, email, password, "192.0.2.1")
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def who(client, email, password):
    """The id of the user whom they sign in."""
    answer = client.get("/api/v1/users/me", headers=bearer(token_of(
        client, email, password)))
    return answer.json()["id"]


def forgotten(client, server, email):
    """Asks for a link; what became of the job, and after how many attempts."""
    server.sql("DELETE FROM jobs WHERE kind = 'send_password_reset'")
    assert client.post(FORGOT, json={"email": email}).status_code == 202
    jobs = ("SELECT status, attempts::integer FROM jobs WHERE kind = "
            "'send_password_reset' AND status IN ('done', 'dead')")
    wait_for(lambda: server.sql(jobs))
    return server.sql(jobs)[0]


def twins(client):
    """Two users whose addresses differ in U+0130 and i."""
    end = new_email("x")
    return [register(client, email=first + end) for first in (DOTTED, "i")]


#
# One key.
#

def test_dotted_i_and_i_are_two_accounts(client):
    [(dotted, first), (plain, second)] = twins(client)
    assert first["id"] != second["id"]
    assert who(client, dotted["email"], dotted["password"]) == first["id"]
    assert who(client, plain["email"], plain["password"]) == second["id"]
    for email, password in ((dotted["email"], plain["password"]),
                            (plain["email"], dotted["password"])):
        assert sign_in(client, email, password).status_code == 400


@pytest.mark.parametrize("local, other", [
    ("jos\u00e9", "JOSE\u0301"), ("\u03bf\u03b4\u03bf\u03c2",
                                  "\u039f\u0394\u039f\u03a3"),
    ("\u03bf\u03c2", "\u03bf\u03c3"), ("\u212a", "k"), ("Ada", " ADA"),
    (DOTTED, "i\u0307"), ("stra\u00dfe", "STRA\u1e9eE")])
def test_another_spelling_is_taken(client, local, other):
    end = new_email("")
    register(client, email=local + end)
    check_error(client.post("/api/v1/users", json=new_user(
        email=other + end + " ")), 409, "CONFLICT")


def test_another_spelling_of_the_domain_is_taken(client):
    local = new_email().partition("@")[0]
    register(client, email=local + "@b\u00fccher.example.com")
    for domain in ("xn--bcher-kva.example.com", "BU\u0308CHER.Example.com"):
        check_error(client.post("/api/v1/users", json=new_user(
            email=local + "@" + domain)), 409, "CONFLICT")


def test_a_limit_is_that_of_one_account(client):
    """In any spelling, and not that of another one; for users and nobody."""
    [(dotted, _), (plain, _)] = twins(client)
    nobody = "n" + new_email()
    for email, same, other in (
            (dotted["email"], dotted["email"].upper(), plain["email"]),
            (DOTTED + nobody, "i\u0307" + nobody, "i" + nobody)):
        statuses = [sign_in(client, spelling, WRONG).status_code
                    for spelling in (email, same, email, same)]
        assert statuses == [400, 400, 400, 429]
        assert sign_in(client, other, WRONG).status_code == 400


def test_another_is_not_reset(client, server, mailbox):
    [(dotted, _), (plain, _)] = twins(client)
    assert forgotten(client, server, dotted["email"])[0] == "done"
    found = server.sql("SELECT u.email FROM users u JOIN account_tokens t ON "
                       "t.user_id = u.id WHERE purpose = 'reset' AND u.email "
                       "= ANY (%s)", [dotted["email"], plain["email"]])
    assert found == [(dotted["email"],)]


#
# Accounts that were moved in.
#

# Stored, its key, what else they type.
MOVED = {
    "localhost": ("root@localhost", "root@localhost", "ROOT@LocalHost "),
    "local": ("admin2@corp.local", "admin2@corp.local", "Admin2@Corp.Local"),
    "underscore": ("x@host_name.example.com", "x@host_name.example.com",
                   "X@HOST_NAME.example.com"),
    "nfd": ("jose\u0301@moved.example.com", "jos\u00e9@moved.example.com",
            "Jos\u00e9@Moved.example.com"),
    "upper": ("Ada@MOVED.Example.COM", "ada@moved.example.com",
              "ada@moved.example.com"),
    "punycode": ("ada@xn--bcher-kva.example.net",
                 "ada@b\u00fccher.example.net",
                 "ADA@b\u00fccher.example.net"),
    "blanks": (" eve@moved.example.com ", "eve@moved.example.com",
               "eve@moved.example.com"),
}


@pytest.fixture(params=MOVED)
def moved(client, server, request):
    """A user with such an address; what it was made of, and their id."""
    email, key, typed = MOVED[request.param]
    server.sql("DELETE FROM users WHERE email_key = %s", key)
    user, made = register(client)
    server.sql("UPDATE users SET email = %s, email_key = %s WHERE id = %s",
               email, key, made["id"])
    return made["id"], email, typed, user["password"]


def stored(server, id):
    return server.sql("SELECT email, email_key, version::integer FROM users "
                      "WHERE id = %s", id)[0]


def test_they_sign_in(client, moved):
    id, email, typed, password = moved
    for spelling in (email, typed):
        assert who(client, spelling, password) == id
    assert sign_in(client, typed, WRONG).status_code == 400


def test_a_change_may_keep_the_address(client, server, moved):
    id, email, typed, password = moved
    before = stored(server, id)
    headers = bearer(token_of(client, email, password))
    answer = client.patch("/api/v1/users/me", headers=headers,
                          json={"email": email, "name": "Kept"})
    assert (answer.status_code, answer.json()["email"]) == (200, email)
    answer = client.put("/api/v1/users/" + id, headers=headers, json={
        "email": email, "name": "Put", "role": "user", "is_active": True})
    assert (answer.status_code, answer.json()["email"]) == (200, email)
    assert stored(server, id) == before[:2] + (before[2] + 2,)


def test_another_spelling_mends_it_or_keeps_it(client, server, moved):
    """A valid one takes its place; of one that is not, nothing changes."""
    id, email, typed, password = moved
    before = stored(server, id)
    answer = client.patch(
        "/api/v1/users/me", json={"email": typed},
        headers=bearer(token_of(client, email, password)))
    assert answer.status_code == 200, answer.text
    name, key, _ = stored(server, id)
    assert key == before[1]
    assert name == (email if email.endswith(("localhost", "local")) or
                    "_" in email else unicodedata.normalize("NFC", typed
                                                            ).partition("@")[0]
                    + "@" + key.partition("@")[2])


@pytest.mark.parametrize("email", [
    "root@localhost", "a@corp.local", "a@host_name.example.com"])
def test_new_addresses_stay_strict(client, email):
    assert list(check_validation(client.post(
        "/api/v1/users", json=new_user(email=email)))) == ["body.email"]
    user, _ = register(client)
    headers = bearer(token_of(client, user["email"], user["password"]))
    [told] = check_validation(client.patch(
        "/api/v1/users/me", json={"email": email}, headers=headers)).values()
    assert told[0].startswith("Is not a valid e-mail address: ")


def test_they_get_a_link_to_reset(client, server, mailbox, moved):
    """Or the job is dead at once, with a line, where mail cannot go there."""
    id, email, typed, _ = moved
    done = forgotten(client, server, typed)
    assert server.sql("SELECT count(*) FROM account_tokens WHERE user_id = %s "
                      "AND purpose = 'reset'", id) == [(1,)]
    assert done == ("dead" if "_" in email else "done", 1)


@pytest.mark.parametrize("moved", ["nfd"], indirect=True)
def test_commands_find_them(server, moved):
    id, _, typed, _ = moved
    for command in (["set-role", typed, "staff"], ["unlock", typed],
                    ["end-sessions", typed], ["reset-password", typed],
                    ["audit", "--user", typed]):
        done = server.command(*command)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert server.sql("SELECT role FROM users WHERE id = %s", id) == [
        ("staff",)]


def test_the_command_prints_the_key(server):
    email, key, _ = MOVED["nfd"]
    for typed, status, text, error in (
            (email, 0, key + "\n", ""),
            ("x" * 2000, 1, "", "keel: the address: is too long\n")):
        done = server.command("email-key", typed)
        assert (done.returncode, done.stdout, done.stderr) == (
            status, text, error)
