# SPDX-License-Identifier: ISC
"""The Python programs of docs/clients.md, when it goes wrong: the server says
that a token has expired, responses are lost, the server is busy, the disk is
full. They stay signed in, without the password: it is still one session."""

import concurrent.futures
import json
import os
import re
import stat
import time

import httpx
import pytest

from helpers import claims_for, make_token, read_claims, register
from server import ROOT, confidential

oauth2 = pytest.importorskip(
    "oauthlib.oauth2", reason="python3-requests-oauthlib is not installed")

PAGE = os.path.join(ROOT, "docs/clients.md")
ME = "/users/me"


def program_of(heading):
    with open(PAGE) as f:
        section = f.read().split("\n### Python: %s\n" % heading)[1]
    return re.search(r"^```python\n(.*?)^```$", section, re.M | re.S)[1]


@pytest.fixture
def run_program(server, client, tmp_path, monkeypatch):
    """Runs the program of a heading to its end, for a new user. Returns what it
    has defined, and the user's id."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def run(heading):
        user, made = register(client, name="You")
        text = program_of(heading)
        for shown, used in (("https://127.0.0.1:8888", server.url),
                            ("var/ca.pem", server.cert),
                            ("you@example.com", user["email"]),
                            ("Sunny-day-42", user["password"])):
            assert shown in text
            text = text.replace(shown, used)
        names = {}
        exec(compile(text, PAGE, "exec"), names)
        return names, made["id"]
    return run


class Signed:
    """A program that is signed in with httpx."""

    def __init__(self, server, names, user_id):
        self.server = server
        self.user_id = user_id
        self.names = names
        self.client = names["client"]
        self.session = self.client.auth
        self.post = self.session.http.post

    def access_token(self):
        return self.session.header.split()[1]

    def expire(self):
        """The access token becomes one that the server refuses as expired."""
        now = int(time.time())
        claims = read_claims(self.access_token())
        self.session.header = "Bearer " + make_token(
            self.server.secret, claims_for(
                self.server, self.user_id, claims["sid"],
                iat=now - 1000, exp=now - 100))

    def stored(self):
        with open(self.session.path) as f:
            return f.read()

    def refreshes(self):
        """How many tokens of this user's sessions were used."""
        return self.server.sql(
            "SELECT count(*) FROM refresh_tokens t JOIN sessions s ON s.id = "
            "t.session_id WHERE s.user_id = %s AND t.used_at IS NOT NULL",
            self.user_id)[0][0]

    def mishap(self, monkeypatch, *steps):
        """What each of the next requests for tokens meets instead."""
        left = list(steps)
        monkeypatch.setattr(
            self.session.http, "post", lambda *args, **options:
            (left.pop(0) if left else self.post)(*args, **options))
        return left


@pytest.fixture
def signed(server, run_program):
    names, user_id = run_program("httpx")
    signed = Signed(server, names, user_id)
    yield signed
    confidential.update([signed.stored(), signed.access_token()])
    assert server.sql("SELECT count(*) FROM sessions WHERE user_id = %s",
                      user_id) == [(1,)]
    signed.client.close()


def lose(*_, **__):
    raise httpx.ConnectError("The server was not reached")


def answer(status):
    def post(url, **_):
        return httpx.Response(
            status, headers={"Retry-After": "1"},
            json={"error": "temporarily_unavailable"},
            request=httpx.Request("POST", "https://127.0.0.1" + url))
    return post


def test_a_program_refreshes_when_its_token_has_expired(signed):
    used = signed.refreshes()
    token = signed.stored()
    signed.expire()
    assert signed.client.get(ME).status_code == 200
    assert signed.refreshes() == used + 1
    assert signed.stored() != token


def test_a_program_refreshes_before_its_token_ends(signed):
    used = signed.refreshes()
    old = signed.access_token()
    assert 800 < signed.session.ends - time.monotonic() < 900 - 20
    signed.session.ends = time.monotonic()
    for _ in range(3):
        assert signed.client.get(ME).status_code == 200
    assert signed.refreshes() == used + 1
    assert signed.access_token() != old


def test_only_the_program_can_read_its_file(signed):
    assert stat.S_IMODE(os.stat(signed.session.path).st_mode) == 0o600
    assert os.listdir() == [signed.session.path]


def test_a_body_is_sent_again_after_a_refresh(signed):
    signed.expire()
    answer = signed.client.patch(ME, json={"name": "Again"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Again")


def test_threads_share_a_refresh(signed):
    used = signed.refreshes()
    signed.expire()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: signed.client.get(ME), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert signed.refreshes() == used + 1


def test_a_lost_response_is_asked_for_again(signed, monkeypatch):
    """The server has already replaced the token."""
    used = signed.refreshes()

    def lose_response(*args, **options):
        tokens = signed.post(*args, **options).json()
        confidential.update([tokens["access_token"], tokens["refresh_token"]])
        raise httpx.ReadTimeout("The response was lost")
    left = signed.mishap(monkeypatch, lose_response, lose_response)
    signed.expire()
    assert signed.client.get(ME).status_code == 200
    assert left == []
    assert signed.refreshes() == used + 1
    signed.expire()
    assert signed.client.get(ME).status_code == 200


@pytest.mark.parametrize("steps, raised", [
    ([lose] * 3, httpx.ConnectError),
    ([answer(429)], httpx.HTTPStatusError),
    ([answer(503)], httpx.HTTPStatusError),
], ids=["unreachable", "429", "503"])
def test_a_token_is_kept_for_later(signed, monkeypatch, steps, raised):
    token = signed.stored()
    left = signed.mishap(monkeypatch, *steps)
    signed.expire()
    with pytest.raises(raised):
        signed.client.get(ME)
    assert (left, signed.stored()) == ([], token)
    assert signed.client.get(ME).status_code == 200


def test_a_token_is_stored_before_it_is_used(signed, monkeypatch):
    """The disk is full: the old one is still stored, and good for a while."""
    def fail(*_):
        raise OSError("No space left on device")
    store = signed.session.store
    monkeypatch.setattr(signed.session, "store", fail)
    signed.expire()
    used = signed.session.header
    with pytest.raises(OSError):
        signed.client.get(ME)
    assert signed.session.header == used
    monkeypatch.setattr(signed.session, "store", store)
    assert signed.client.get(ME).status_code == 200


def test_a_program_is_told_that_its_session_has_ended(signed):
    SignedOut = signed.names["SignedOut"]
    assert signed.client.post("/auth/logout").status_code == 204
    for _ in range(2):
        with pytest.raises(SignedOut):
            signed.client.get(ME)


def test_the_program_with_requests_oauthlib(server, client, run_program,
                                            capsys):
    """Its session has ended; it signs in again, and refreshes on a 401."""
    names, user_id = run_program("requests-oauthlib")
    assert capsys.readouterr().out.split() == ["You", "200", "invalid_grant"]
    names["sign_in"]()
    session = names["session"]
    claims = read_claims(session.token["access_token"])
    now = int(time.time())
    expired = make_token(server.secret, claims_for(
        server, user_id, claims["sid"], iat=now - 1000, exp=now - 100))
    session.token = session.token | {"access_token": expired}
    assert names["ask"]("GET", ME).status_code == 200
    with open("oauth.json") as f:
        stored = json.load(f)
    assert stored["refresh_token"] == session.token["refresh_token"]
    assert stored["access_token"] != expired
    confidential.update([stored["access_token"], stored["refresh_token"]])
    assert server.sql("SELECT count(*) FROM sessions WHERE user_id = %s",
                      user_id) == [(2,)]
