# SPDX-License-Identifier: ISC
"""What is left of passwords, tokens and bodies in a worker's memory when the
requests are over: nothing."""

import contextlib
import json
import re
import secrets

import pytest

from helpers import ask_token, bearer, new_email, new_password, raw_connection
from helpers import read_me, register, sign_in
from runner import wait_for
from server import IS_ASAN
from wire import GET, POST, Answers

pytestmark = pytest.mark.skipif(
    IS_ASAN, reason="the sanitizer's memory is too large to search")

TOO_MANY = 500      # times in a body: more than fits in one read
TOO_LARGE = b"Content-Length: 99999999\r\n\r\n"


def new_secret(kind):
    return kind + "-" + secrets.token_urlsafe(18)


def writable_memory(pid):
    """The content of each mapping that the process can write to."""
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            start, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if mode.startswith("rw"):
                with contextlib.suppress(OSError):
                    memory.seek(int(start, 16))
                    yield memory.read(int(end, 16) - int(start, 16))


def held(server, wanted):
    """Which of the secrets are in the worker's memory."""
    [worker] = server.workers()
    found = set()
    for memory in writable_memory(worker):
        found |= {kind for kind, secret in wanted.items()
                  if secret.encode() in memory}
    return found


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_WORKERS="1")


def send(server, data, close=False):
    """Sends bytes, and reads a response unless it closes before."""
    with raw_connection(server) as connection:
        connection.sendall(data)
        if close:
            # The server has read them when it answers the next connection.
            with raw_connection(server) as other:
                other.sendall(GET + b"\r\n")
                Answers(other).next()
        else:
            return Answers(connection).next()


def test_nothing_is_left_of_users_secrets(server):
    """Registration, sign-in, a wrong password, a new password, refusals."""
    old, new, wrong, weak, cut = (new_password() for _ in range(5))
    wanted = {"old password": old, "new password": new,
              "wrong password": wrong, "password that is refused": weak,
              "password in JSON that is not valid": cut}
    with server.client() as client:
        user, _ = register(client, password=old)
        token = sign_in(client, user)
        wanted["token"] = token
        assert read_me(client, token).status_code == 200
        assert ask_token(client, user["email"], wrong).status_code == 400
        for also, status in ((wrong, 400), (old, 200)):
            assert client.post("/api/v1/auth/login", json={
                "username": user["email"], "password": also
                }).status_code == status
        answer = client.post(
            "/api/v1/users/me/password", headers=bearer(token),
            json={"current_password": old, "new_password": new})
        assert answer.status_code == 204
        answer = client.post("/api/v1/users", json={
            "email": "no address", "name": "", "password": weak})
        assert answer.status_code == 422
        # Escapes, so that the text is copied; and an end that is missing.
        body = json.dumps({"email": new_email(), "name": "\u00e9",
                           "password": cut})[:-1]
        answer = client.post("/api/v1/users", content=body, headers={
            "Content-Type": "application/json"})
        assert answer.status_code == 400
    server.wait_for_rest()
    assert held(server, wanted) == set()


ENDINGS = {
    "a body that is too large": (POST + TOO_LARGE, "", False, 413),
    "a chunk that is not valid": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n", "\r\nzz",
        False, 400),
    "a body that is no JSON": (POST + b"Content-Length: %d\r\n\r\n", "",
                               False, 400),
    "a body without its end": (POST + b"Content-Length: 99999\r\n\r\n", "",
                               True, None),
    "a head without its end": (GET + b"Authorization: Bearer ", "", True,
                               None),
    "a head that is refused": (GET + b"Authorization: Bearer ",
                               "\r\nX Y: z\r\n\r\n", False, None),
}


def test_nothing_is_left_of_requests_that_end_otherwise(server):
    """However much of them has been read."""
    wanted = {}
    for name, (head, tail, close, status) in ENDINGS.items():
        for times in (1, 30, TOO_MANY):
            kind = "%s, %d times" % (name, times)
            secret = wanted[kind] = new_secret("Secret")
            text = secret * times
            start = head % len(text) if b"%" in head else head
            answer = send(server, start + (text + tail).encode(), close)
            assert status is None or answer.status_code == status, kind
    server.wait_for_rest()
    assert held(server, wanted) == set()


def test_what_is_in_memory_is_found(server):
    """As long as the body is not complete; so the others would fail."""
    wanted = {"body": new_secret("Secret")}
    with raw_connection(server) as connection:
        connection.sendall(POST + b"Content-Length: 99999\r\n\r\n" +
                           wanted["body"].encode())
        wait_for(lambda: held(server, wanted))
