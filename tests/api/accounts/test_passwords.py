# SPDX-License-Identifier: ISC
"""Common passwords are rejected; passphrases are an option."""

import re

import pytest

from helpers import (bearer, check_validation, new_email, new_user, read_me,
                     register, rows_of, sign_in)
from server import confidential

USERS = "/api/v1/users"
PASSWORD = "/api/v1/users/me/password"
TOO_COMMON = "Password is one of the 10,000 most common"
COMMON = ["Password1", "Password123", "Passw0rd", "Welcome1"]
PHRASE = "correct horse battery staple"

confidential.update(COMMON, [PHRASE])


def change(client, user, new):
    return client.post(PASSWORD, headers=bearer(sign_in(client, user)),
                       json={"current_password": user["password"],
                             "new_password": new})


@pytest.mark.parametrize("password", COMMON)
def test_registration_rejects_a_common_password(client, server, password):
    body = new_user(password=password)
    assert check_validation(client.post(USERS, json=body)) == {
        "body.password": [TOO_COMMON]}
    assert rows_of(server, body["email"]) == (0, 0)


@pytest.fixture(scope="module")
def user(client):
    return register(client)[0]


@pytest.mark.parametrize("password", COMMON)
def test_a_password_change_rejects_a_common_password(client, user, password):
    assert check_validation(change(client, user, password)) == {
        "body.new_password": [TOO_COMMON]}
    sign_in(client, user)


@pytest.mark.parametrize("password", COMMON)
def test_create_admin_rejects_a_common_password(server, password):
    email = new_email("admin")
    done = server.command("create-admin", email, text=password + "\n")
    assert done.returncode == 1, done.stdout
    assert done.stderr == "keel: the password: %s\n" % TOO_COMMON
    assert rows_of(server, email) == (0, 0)


@pytest.mark.parametrize("password", [
    "Test1234", "PassworD1", "Password1 ", " Password1", "Password1\n",
    "Password12345678", "Passw0rd!", "Password1\u200b", "Pássword1"])
def test_a_password_is_compared_as_typed(client, password):
    """Only an exact match with the list is a common password."""
    confidential.add(password)
    user, _ = register(client, password=password)
    sign_in(client, user)


def test_all_violated_rules_are_listed_and_common_only_alone(client):
    for password, messages in (
            ("password", ["Password must contain uppercase letter",
                          "Password must contain digit"]),
            ("password1", ["Password must contain uppercase letter"]),
            ("Password", ["Password must contain digit"])):
        assert check_validation(client.post(USERS, json=new_user(
            password=password))) == {"body.password": messages}


@pytest.fixture
def passphrases(make_server, build_copy):
    """A server for NIST SP 800-63B."""
    build = build_copy(lambda text: re.sub(
        r"^validator\s+v_password\s+function\s+v_password$",
        "validator v_password function v_passphrase", text, flags=re.M))
    return make_server(build=build).start()


def test_a_passphrase_instead(passphrases):
    with passphrases.client() as client:
        user, _ = register(client, password=PHRASE)
        assert read_me(client, sign_in(client, user)).status_code == 200
        for password, messages in (
                ("password1", [TOO_COMMON]), ("12345678", [TOO_COMMON]),
                ("Password1", [TOO_COMMON]),
                ("short", ["Password must have at least 8 characters"]),
                ("x" * 129, ["Password must have at most 128 characters"])):
            body = new_user(password=password)
            assert check_validation(client.post(USERS, json=body)) == {
                "body.password": messages}
            assert check_validation(change(client, user, password)) == {
                "body.new_password": messages}
            assert rows_of(passphrases, body["email"]) == (0, 0)
        phrase = "gänseblümchen im wind"
        confidential.add(phrase)
        assert change(client, user, phrase).status_code == 204
        sign_in(client, user | {"password": phrase})

        email = new_email("admin")
        done = passphrases.command("create-admin", email, text="12345678\n")
        assert done.returncode == 1
        assert done.stderr == "keel: the password: %s\n" % TOO_COMMON
        done = passphrases.command("create-admin", email, text=PHRASE)
        assert done.returncode == 0, done.stderr
        sign_in(client, {"email": email, "password": PHRASE})


def test_without_it_a_passphrase_is_refused(client):
    assert check_validation(client.post(USERS, json=new_user(
        password=PHRASE))) == {"body.password": [
            "Password must contain uppercase letter",
            "Password must contain digit"]}
