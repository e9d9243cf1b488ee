# SPDX-License-Identifier: ISC
"""Passwords that are guessed first: one's own address or name, a common one
with something behind it, and those of a list of leaked ones."""

import hashlib
import os
import random
import re
import unicodedata

import pytest

from helpers import (bearer, check_error, check_validation, new_email,
                     new_password, new_user, register, rows_of, sign_in)
from links import add_token, reset
from pages import Page
from people import add_people
from runner import wait_for
from server import confidential

USERS = "/api/v1/users"
PASSWORD = "/api/v1/users/me/password"
TOO_COMMON = "Password is one of the 10,000 most common"
PERSONAL = "Password must not be your name or e-mail address"
LEAKED = "Password is in a list of leaked passwords"
COMMON = os.path.join(os.path.dirname(__file__),
                      "../../../assets/common_passwords.txt")

# What others have leaked, in both rules.
LISTED = ["Rainy-day-%d" % n for n in range(200)] + ["Caf\u00e9-au-lait-1"]
UNLISTED = ["Rainy-day-%d" % n for n in range(200, 210)]
confidential.update(LISTED + UNLISTED)


def change(client, user, new):
    return client.post(PASSWORD, headers=bearer(sign_in(client, user)),
                       json={"current_password": user["password"],
                             "new_password": new})


def refused(client, **fields):
    """The codes and the messages of the password."""
    answer = client.post(USERS, json=new_user(**fields))
    assert list(check_validation(answer)) == ["body.password"]
    return [(detail["code"], detail["message"])
            for detail in answer.json()["error"]["details"]]


#
# One's own name or address.
#

@pytest.mark.parametrize("email, name, password", [
    ("%s@example.com", "x", "%s1"), ("%s@example.com", "x", "%s@example.com1"),
    ("%s@example.com", "x", "7-%s@EXAMPLE.com"),
    ("x@%s.example", "%s", "%s2024!"),
    ("x@%s.example", "King of %s", "%s 7"),
    ("King.%s@example.com", "x", "King-%s-1"),
    ("x@%s.example", "Jos\u00e9 %s", "jose%s1")])
def test_ones_own_address_or_name_is_no_password(client, server, email, name,
                                                 password):
    word = "Lovelace" + random.choice("bcdfgh") * 3
    email, name, password = (text.replace("%s", word)
                             for text in (email, name, password))
    confidential.add(password)
    assert refused(client, email=email, name=name, password=password[0].upper()
                   + password[1:]) == [("too_personal", PERSONAL)]
    assert rows_of(server, email) == (0, 0)


def test_the_seed_registers(client):
    """test@example.com with Test1234: the name is half of it."""
    confidential.add("Test1234")
    email = "test@%s.example" % os.urandom(6).hex()
    user, _ = register(client, email=email, name="Test User",
                       password="Test1234")
    sign_in(client, user)


def test_a_change_compares_what_is_stored(client, server):
    user, made = register(client, name="Augusta Lovelace")
    server.sql("UPDATE users SET pending_email = 'countess@example.com' "
               "WHERE id = %s", made["id"])
    for new in ("Augusta1852", "Lovelace-1815", "Countess1",
                user["email"].replace("u", "U", 1) + "1"):
        confidential.add(new)
        assert check_validation(change(client, user, new)) == {
            "body.new_password": [PERSONAL]}
    assert change(client, user, new_password()).status_code == 204


def test_a_reset_compares_too_and_keeps_the_link(client, server):
    [user] = add_people(server, "user")
    server.sql("UPDATE users SET name = 'Augusta Lovelace' WHERE id = %s",
               user.id)
    token = add_token(server, user.id)
    for new in ("Augusta1852", user.email.capitalize() + "1"):
        confidential.add(new)
        assert check_validation(reset(client, token, new)) == {
            "body.new_password": [PERSONAL]}
    answer = client.post("/account/reset", data={
        "token": token, "new_password": "Augusta1852"})
    assert answer.status_code == 422
    assert PERSONAL in Page(answer).problem
    assert reset(client, "keel_reset_" + "A" * 43, "Augusta1852"
                 ).status_code == 400
    assert reset(client, token, new_password()).status_code == 204


def test_create_admin_compares_too(server):
    email = "Lovelace-%s@example.com" % os.urandom(6).hex()
    for password in (email + "1", "Administrator-1"):
        confidential.add(password)
        done = server.command("create-admin", email, text=password)
        assert (done.returncode, done.stderr) == (
            1, "keel: the password: %s\n" % PERSONAL)
    assert rows_of(server, email) == (0, 0)


#
# A list of leaked passwords, in both rules.
#

def line_of(password):
    typed = unicodedata.normalize("NFC", password).encode()
    return "%s:%d" % (hashlib.sha1(typed).hexdigest().upper(), len(typed))


def write_list(path, lines, end="\r\n"):
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


@pytest.fixture(scope="module")
def leaked(tmp_path_factory):
    """A file of Pwned Passwords, whose lines end with CR LF."""
    return write_list(tmp_path_factory.mktemp("list") / "pwned.txt",
                      sorted(map(line_of, LISTED)))


@pytest.fixture(scope="module")
def passphrases(start_module_server, module_build_copy, leaked):
    """A server for NIST SP 800-63B."""
    build = module_build_copy(lambda text: re.sub(
        r"^validator\s+v_password\s+function\s+v_password$",
        "validator v_password function v_passphrase", text, flags=re.M))
    server = start_module_server(build=build, KEEL_PASSWORD_LIST=str(leaked))
    with server.client() as client:
        yield server, client


def test_a_passphrase_is_compared_folded_and_cut(passphrases):
    _, client = passphrases
    with open(COMMON, encoding="utf-8") as file:
        common = random.Random(22).sample(file.read().split("\n")[:-1], 12)
    for word in common:
        for typed in (word, word.upper() + "1", word.title() + " 2024!"):
            assert refused(client, password=typed, email="x@example.org"
                           ) == [("too_common", TOO_COMMON)], typed
    for typed in ("Welcome2024!", "p\uff41ssword#1", "PASSWORD" + "9" * 20):
        assert refused(client, password=typed) == [("too_common", TOO_COMMON)]
    for typed in ("correct horse battery 1", "monkey7391284", "x" * 9 + "1"):
        confidential.add(typed)
        register(client, password=typed)


def test_ones_own_name_is_no_passphrase(passphrases):
    _, client = passphrases
    assert refused(client, name="Augusta Lovelace", password="lovelace1"
                   ) == [("too_personal", PERSONAL)]


def test_a_leaked_password_is_refused_in_both_rules(passphrases,
                                                    start_module_server,
                                                    leaked):
    for server in passphrases[0], start_module_server(
            KEEL_PASSWORD_LIST=os.path.relpath(leaked)):
        with server.client() as client:
            check_leaked(server, client)


def check_leaked(server, client):
    nfd = unicodedata.normalize("NFD", LISTED[-1])
    for listed in random.Random(22).sample(LISTED, 20) + [nfd]:
        assert refused(client, password=listed) == [("too_common", LEAKED)]
    user, made = register(client, password=UNLISTED[0])
    assert check_validation(change(client, user, LISTED[0])) == {
        "body.new_password": [LEAKED]}
    token = add_token(server, made["id"])
    assert check_validation(reset(client, token, LISTED[1])) == {
        "body.new_password": [LEAKED]}
    assert reset(client, token, UNLISTED[1]).status_code == 204
    email = new_email("boss")
    done = server.command("create-admin", email, text=LISTED[2])
    assert (done.returncode, done.stderr) == (
        1, "keel: the password: %s\n" % LEAKED)
    done = server.command("create-admin", email, text=UNLISTED[2])
    assert done.returncode == 0, done.stderr


def test_a_leaked_password_still_signs_in(passphrases):
    """Also where its hash is replaced: the owner cannot help it."""
    from passlib.hash import bcrypt
    server, client = passphrases
    user, made = register(client)
    server.sql("UPDATE users SET hashed_password = %s WHERE id = %s",
               bcrypt.using(rounds=4).hash(LISTED[3]), made["id"])
    sign_in(client, user | {"password": LISTED[3]})
    assert server.sql("SELECT hashed_password LIKE '$argon2id$%%' FROM users "
                      "WHERE id = %s", made["id"]) == [(True,)]


def test_a_list_that_was_damaged_lets_nothing_in(start_server, tmp_path):
    path = write_list(tmp_path / "list", sorted(map(line_of, LISTED)), "\n")
    server = start_server(KEEL_PASSWORD_LIST=str(path))
    with server.client() as client:
        user, _ = register(client)
        os.truncate(path, 100)
        body = new_user()
        check_error(client.post(USERS, json=body), 503, "SERVICE_UNAVAILABLE",
                    "Cannot check the password")
        assert rows_of(server, body["email"]) == (0, 0)
        sign_in(client, user)
        [line] = wait_for(lambda: server.log("\"event\":\"password\""))
        assert line["message"] == (
            "cannot look passwords up in the file of KEEL_PASSWORD_LIST: it "
            "was changed: restart the server")


@pytest.mark.parametrize("write, problem", [
    (lambda path: None, "cannot read %s: No such file or directory"),
    (lambda path: path.mkdir(), "%s is not a file"),
    (lambda path: os.mkfifo(path), "%s is not a file"),
    (lambda path: path.touch(), "%s is empty"),
    (lambda path: write_list(path, ["password"]), "%s does not begin like "
     "Pwned Passwords: with the 40 hex digits of a SHA-1, a colon and a count"),
    (lambda path: write_list(path, ["0" * 32 + ":1"]), "%s is the NTLM edition "
     "of Pwned Passwords, but the SHA-1 one is needed"),
    (lambda path: write_list(path, sorted(map(line_of, LISTED))[::-1]),
     "%s is not ordered by hash")],
    ids=["missing", "folder", "fifo", "empty", "words", "ntlm", "order"])
def test_a_file_that_is_no_list_ends_the_start(make_server, tmp_path, write,
                                               problem):
    path = tmp_path / "list"
    write(path)
    server = make_server(KEEL_PASSWORD_LIST=str(path))
    done = server.command("check-config")
    assert (done.returncode, done.stderr) == (
        1, "keel: KEEL_PASSWORD_LIST: %s\n" % (problem % path))
