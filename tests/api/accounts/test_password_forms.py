# SPDX-License-Identifier: ISC
"""The same password is NFC on one device and NFD on another; old hashes still
verify, and only weaker ones are replaced."""

import ctypes
import secrets
import unicodedata

import pytest
from passlib.hash import bcrypt

from helpers import (ask_token, bearer, check_validation, new_email, register,
                     sign_in)
from links import add_token, reset
from server import confidential

ARGON2ID, VERSION_10, VERSION_13 = 2, 0x10, 0x13
PASSWORD = "/api/v1/users/me/password"
HANGUL = "\uac01" * 126 + "A1"      # 1136 bytes in NFD, 380 in NFC


def nfc(text):
    return unicodedata.normalize("NFC", text)


def nfd(text):
    return unicodedata.normalize("NFD", text)


def check_refused(client, user, password):
    answer = ask_token(client, user["email"], password)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "invalid_grant"


def accented():
    """A password that NFC and NFD write differently."""
    password = "Jos\u00e9-" + secrets.token_hex(6) + "1"
    confidential.update([password, nfd(password)])
    return password


def argon2(password, m=19456, t=2, p=1, tag=32, salt=16, version=VERSION_13):
    """What another program, or an older version, has stored."""
    library = ctypes.CDLL("libargon2.so.1")
    out, typed = ctypes.create_string_buffer(512), password.encode()
    assert library.argon2_hash(
        ctypes.c_uint32(t), ctypes.c_uint32(m), ctypes.c_uint32(p), typed,
        ctypes.c_size_t(len(typed)), secrets.token_bytes(salt),
        ctypes.c_size_t(salt), None, ctypes.c_size_t(tag), out,
        ctypes.c_size_t(len(out)), ARGON2ID, version) == 0
    return out.value.decode()


def store(server, user_id, hash):
    server.sql("UPDATE users SET hashed_password = %s WHERE id = %s", hash,
               user_id)


def stored(server, user_id):
    [(hash,)] = server.sql("SELECT hashed_password FROM users WHERE id = %s",
                           user_id)
    return hash


def change(client, token, current, new):
    return client.post(PASSWORD, headers=bearer(token), json={
        "current_password": current, "new_password": new})


@pytest.mark.parametrize("first, second", [(nfc, nfd), (nfd, nfc)])
def test_nfc_on_one_device_and_nfd_on_the_other(server, client, first, second):
    """Registration, sign-in, confirmation, a change and a reset."""
    old, new, last = accented(), accented(), accented()
    user, made = register(client, password=first(old))
    before = stored(server, made["id"])
    token = sign_in(client, user | {"password": second(old)})
    assert stored(server, made["id"]) == before
    assert client.post("/api/v1/auth/confirm", headers=bearer(token), json={
        "current_password": second(old)}).status_code == 204
    assert change(client, token, second(old), first(new)).status_code == 204
    sign_in(client, user | {"password": second(new)})
    token = add_token(server, made["id"])
    assert reset(client, token, first(last)).status_code == 204
    for form in (first, second):
        sign_in(client, user | {"password": form(last)})
    check_refused(client, user, last.replace("\u00e9", "e"))


def test_create_admin_and_nfd(server, client):
    admin = {"email": new_email("boss"), "password": accented()}
    done = server.command("create-admin", admin["email"],
                          text=nfd(admin["password"]) + "\n")
    assert done.returncode == 0, done.stderr
    sign_in(client, admin)


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u202f", "\u3000"])
def test_every_space_is_the_space(client, space):
    password = "Sunny%sday %s" % (space, secrets.token_hex(6))
    confidential.add(password)
    user, _ = register(client, password=password)
    sign_in(client, user | {"password": password.replace(space, " ")})
    check_refused(client, user, password.replace(space, ""))


@pytest.mark.parametrize("stored_as, typed", [
    (nfd, nfc), (nfd, nfd), (nfc, nfd), (nfc, nfc)])
@pytest.mark.parametrize("scheme", [argon2, bcrypt.using(rounds=4).hash],
                         ids=["argon2id", "bcrypt"])
def test_an_old_hash_of_either_form_verifies(server, client, scheme,
                                             stored_as, typed):
    """And is replaced by one of the normal form, unless it is one."""
    password = accented()
    user, made = register(client)
    old = scheme(stored_as(password))
    store(server, made["id"], old)
    check_refused(client, user, accented())
    assert stored(server, made["id"]) == old
    sign_in(client, user | {"password": typed(password)})
    new = stored(server, made["id"])
    assert (new == old) == (scheme == argon2 and stored_as == nfc)
    assert new.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    for form in (nfc, nfd):
        sign_in(client, user | {"password": form(password)})
        assert stored(server, made["id"]) == new


def test_an_old_hash_of_another_space_verifies(server, client):
    """As it was typed, with U+00A0, before spaces were united."""
    password = "Sunny\u00a0day \u00e9 %s1" % secrets.token_hex(4)
    confidential.add(password)
    user, made = register(client)
    store(server, made["id"], argon2(password))
    sign_in(client, user | {"password": password})
    sign_in(client, user | {"password": nfd(password.replace("\u00a0", " "))})


def test_an_old_hash_is_the_current_password(server, client):
    password, new = accented(), accented()
    user, made = register(client)
    token = sign_in(client, user)
    store(server, made["id"], argon2(nfd(password)))
    assert list(check_validation(change(client, token, accented(), new))) == [
        "body.current_password"]
    assert change(client, token, password, new).status_code == 204


@pytest.mark.parametrize("stronger", [
    {"m": 65536, "t": 1}, {"m": 65536, "t": 3, "p": 4}, {"t": 3},
    {"m": 7168, "t": 5}, {"tag": 64, "salt": 32}])
def test_a_stronger_hash_stays_byte_for_byte(server, client, stronger):
    user, made = register(client)
    hash = argon2(user["password"], **stronger)
    store(server, made["id"], hash)
    sign_in(client, user)
    assert stored(server, made["id"]) == hash


@pytest.mark.parametrize("weaker", [
    {"t": 1}, {"m": 7167, "t": 6}, {"tag": 16}, {"salt": 8},
    {"version": VERSION_10}])
def test_a_weaker_hash_is_replaced(server, client, weaker):
    user, made = register(client)
    store(server, made["id"], argon2(user["password"], **weaker))
    sign_in(client, user)
    new = stored(server, made["id"])
    assert new.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    sign_in(client, user)
    assert stored(server, made["id"]) == new


def test_the_longest_password_in_nfd(client):
    """128 characters; no form of it is too long to be sent."""
    confidential.update([HANGUL, nfd(HANGUL)])
    assert len(HANGUL) == 128 and len(nfd(HANGUL).encode()) > 1024
    user, _ = register(client, password=nfd(HANGUL))
    sign_in(client, user)
    sign_in(client, user | {"password": HANGUL})


def test_characters_of_the_normal_form_are_counted(client):
    """Seven of them, although eleven were typed."""
    answer = client.post("/api/v1/users", json={
        "email": new_email(), "name": "x", "password": nfd("\u00e9" * 4) +
        "\u00c91x"})
    assert check_validation(answer) == {"body.password": [
        "Password must have at least 8 characters"]}
