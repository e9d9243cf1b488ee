# SPDX-License-Identifier: ISC
"""Other projects' OAuth clients, over HTTPS with the server's certificate:
requests-oauthlib, and Authlib on requests and on httpx. They sign in, refresh
by themselves, and revoke."""

import time

import pytest

from helpers import (claims_for, make_token, new_password, read_claims,
                     read_me, register)
from server import confidential

MISSING = "python3-requests-oauthlib is not installed"
oauth2 = pytest.importorskip("oauthlib.oauth2", reason=MISSING)
requests_oauthlib = pytest.importorskip("requests_oauthlib", reason=MISSING)
NO_AUTHLIB = "python3-authlib is not installed"
on_requests = pytest.importorskip("authlib.integrations.requests_client",
                                  reason=NO_AUTHLIB)
on_httpx = pytest.importorskip("authlib.integrations.httpx_client",
                               reason=NO_AUTHLIB)

TOKEN = "/api/v1/auth/token"
REVOKE = "/api/v1/auth/revoke"
ME = "/api/v1/users/me"
SCOPES = ["read", ["openid", "email"], "users:*"]


@pytest.fixture
def make_session(server):
    def make(scope=None):
        session = requests_oauthlib.OAuth2Session(
            client=oauth2.LegacyApplicationClient("keel", scope=scope))
        session.trust_env = False
        session.verify = server.cert
        return session
    return make


@pytest.fixture
def fetch(server, client):
    """Registers a user and asks for their token; returns both."""
    def fetch(session, **changes):
        user, made = register(client)
        options = {"username": user["email"], "password": user["password"],
                   "verify": server.cert, "timeout": 20} | changes
        token = session.fetch_token(server.url + "/api/v1/auth/token",
                                    **options)
        confidential.add(token["access_token"])
        return made, token
    return fetch


@pytest.mark.parametrize("scope", [None, "", []], ids=repr)
def test_requests_oauthlib_signs_in_and_reads_me(server, make_session, fetch,
                                                 scope):
    session = make_session(scope)
    made, token = fetch(session)
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 900
    assert "scope" not in token
    answer = session.get(server.url + "/api/v1/users/me", timeout=20)
    assert answer.status_code == 200
    assert answer.json() == made


@pytest.mark.parametrize("scope", SCOPES, ids=repr)
def test_requests_oauthlib_is_told_that_a_scope_is_unknown(make_session,
                                                           fetch, scope):
    with pytest.raises(oauth2.InvalidScopeError) as refusal:
        fetch(make_session(scope))
    assert refusal.value.description == \
        "There are no scopes: leave the parameter out"


def test_requests_oauthlib_understands_a_wrong_password(make_session, fetch):
    with pytest.raises(oauth2.InvalidGrantError):
        fetch(make_session(), password=new_password())


def test_requests_oauthlib_sends_its_own_credentials_along(make_session,
                                                           fetch):
    """client_id and client_secret, in the form or as Basic: ignored."""
    assert "access_token" in fetch(make_session(), include_client_id=True,
                                   client_secret="x")[1]
    assert "access_token" in fetch(make_session(), auth=("program", "x"))[1]


#
# The same with three clients. Each client has:
#   stored      the tokens that the client gave to the program, oldest first
#   refused     raised for an error of OAuth, which `error` names
#   session     the library's object
#   me()        a request with the access token
#   expire()    what the library believes after expires_in seconds
#

class RequestsOauthlib:
    refused = oauth2.OAuth2Error

    def __init__(self, server, **options):
        self.stored = []
        self.server = server
        self.session = requests_oauthlib.OAuth2Session(
            client=oauth2.LegacyApplicationClient("keel"),
            auto_refresh_url=server.url + TOKEN,
            token_updater=self.stored.append, **options)
        self.session.trust_env = False
        self.session.verify = server.cert

    def sign_in(self, user):
        return self.session.fetch_token(
            self.server.url + TOKEN, username=user["email"],
            password=user["password"], verify=self.server.cert, timeout=20)

    def me(self, method="GET", **options):
        """The refresh has the options of the request that it is for."""
        return self.session.request(method, self.server.url + ME,
                                    verify=self.server.cert, **options)

    def refresh(self, **options):
        return self.session.refresh_token(
            self.server.url + TOKEN, verify=self.server.cert, **options)

    def expire(self):
        self.session.token = self.session.token | {"expires_at": 1}

    def replace_access_token(self, token):
        self.session.token = self.session.token | {"access_token": token}

    def revoke(self, token, kind):
        """The library makes the request, and leaves the sending to others."""
        url, headers, body = self.session._client \
            .prepare_token_revocation_request(self.server.url + REVOKE,
                                              token, kind)
        return self.session.post(url, headers=headers, data=body,
                                 withhold_token=True)

    def close(self):
        self.session.close()


class Authlib:
    """What both have in common."""
    refused = on_requests.OAuthError

    def sign_in(self, user):
        return self.session.fetch_token(username=user["email"],
                                        password=user["password"])

    def me(self, method="GET", **options):
        return self.session.request(method, self.server.url + ME, **options)

    def refresh(self, **options):
        return self.session.refresh_token(self.server.url + TOKEN, **options)

    def expire(self):
        self.session.token["expires_at"] = 1

    def replace_access_token(self, token):
        self.session.token["access_token"] = token

    def revoke(self, token, kind):
        return self.session.revoke_token(self.server.url + REVOKE, token,
                                         token_type_hint=kind)

    def close(self):
        self.session.close()

    def options(self):
        return {"token_endpoint": self.server.url + TOKEN,
                "update_token": lambda token, **_: self.stored.append(
                    dict(token))}


class AuthlibOnRequests(Authlib):
    def __init__(self, server, **options):
        self.stored = []
        self.server = server
        self.session = on_requests.OAuth2Session("keel", **self.options(),
                                                 **options)
        self.session.trust_env = False
        self.session.verify = server.cert


class AuthlibOnHttpx(Authlib):
    def __init__(self, server, **options):
        self.stored = []
        self.server = server
        self.session = on_httpx.OAuth2Client(
            "keel", verify=server.tls(), trust_env=False, timeout=20,
            **self.options(), **options)


CLIENTS = [RequestsOauthlib, AuthlibOnRequests, AuthlibOnHttpx]


def keep_out_of_logs(token):
    confidential.update([token["access_token"], token["refresh_token"]])
    return token


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__)
def oauth(request, server):
    client = request.param(server)
    yield client
    client.close()


@pytest.fixture
def signed_in(client, oauth):
    """A client of one of the kinds, and what the registration answered."""
    user, made = register(client)
    first = keep_out_of_logs(dict(oauth.sign_in(user)))
    return oauth, made, first


def sessions_of(server, made):
    [(count,)] = server.sql("SELECT count(*) FROM sessions WHERE user_id = %s",
                            made["id"])
    return count


def check_refused(oauth, call, error):
    with pytest.raises(oauth.refused) as refusal:
        call()
    assert refusal.value.error == error


def test_a_client_refreshes(server, client, signed_in):
    oauth, made, first = signed_in
    second = keep_out_of_logs(oauth.refresh())
    assert second["token_type"] == "bearer"
    assert second["expires_in"] == 900
    assert "scope" not in second
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    answer = oauth.me()
    assert (answer.status_code, answer.json()) == (200, made)
    assert read_me(client, second["access_token"]).status_code == 200
    assert sessions_of(server, made) == 1


def test_a_client_stays_signed_in_when_its_token_has_expired(server,
                                                             signed_in):
    """By itself, again and again, without the password."""
    oauth, made, first = signed_in
    used = [first["refresh_token"]]
    for method, body in (("GET", None), ("PATCH", {"name": "Refreshed"}),
                         ("GET", None)):
        oauth.expire()
        answer = oauth.me(method, json=body)
        assert answer.status_code == 200, answer.text
        used.append(keep_out_of_logs(oauth.stored[-1])["refresh_token"])
    assert answer.json()["name"] == "Refreshed"
    assert len(set(used)) == 4 and len(oauth.stored) == 3
    assert sessions_of(server, made) == 1


def test_a_client_refreshes_when_the_server_says_that_a_token_has_expired(
        server, signed_in):
    """The client's clock is slow."""
    oauth, made, first = signed_in
    claims = read_claims(first["access_token"])
    now = int(time.time())
    oauth.replace_access_token(make_token(server.secret, claims_for(
        server, made["id"], claims["sid"], iat=now - 1000, exp=now - 100)))
    answer = oauth.me()
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == \
        'Bearer error="invalid_token"'
    keep_out_of_logs(oauth.refresh())
    assert oauth.me().json() == made
    assert sessions_of(server, made) == 1


def test_a_client_goes_on_after_a_restart(server, client, signed_in):
    """With what it has stored."""
    oauth, made, first = signed_in
    again = type(oauth)(server, token=first | {"expires_at": 1})
    try:
        assert again.me().json() == made
        keep_out_of_logs(again.stored[0])
    finally:
        again.close()
    assert sessions_of(server, made) == 1


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_client_revokes(server, client, signed_in, kind):
    """Either token ends the session with both."""
    oauth, made, first = signed_in
    for _ in range(2):
        answer = oauth.revoke(first[kind], kind)
        assert answer.status_code == 200, answer.text
    answer = oauth.me()
    assert answer.status_code == 401
    check_refused(oauth, oauth.refresh, "invalid_grant")
    oauth.expire()
    check_refused(oauth, oauth.me, "invalid_grant")
    assert oauth.stored == []


@pytest.mark.parametrize("kind", ["refresh_token", "access_token", "other"])
def test_a_client_may_revoke_what_is_no_token(oauth, kind):
    """RFC 7009, 2.2: nothing is left to do. 2.1: the hint may be wrong."""
    assert oauth.revoke("no-token", kind).status_code == 200


def test_a_wrong_hint_revokes_all_the_same(server, signed_in):
    oauth, _, first = signed_in
    assert oauth.revoke(first["refresh_token"],
                        "access_token").status_code == 200
    assert oauth.me().status_code == 401


def test_a_client_understands_that_a_refresh_token_is_wrong(server, signed_in):
    oauth, made, first = signed_in
    for wrong in ("x", first["refresh_token"][:-1], first["access_token"]):
        check_refused(oauth, lambda: oauth.refresh(refresh_token=wrong),
                      "invalid_grant")
    # It keeps the right one.
    keep_out_of_logs(oauth.refresh())
    assert oauth.me().json() == made


def test_a_refresh_with_a_scope_is_refused(signed_in):
    """There is none that could have been granted: RFC 6749, 6."""
    oauth, _, _ = signed_in
    oauth.session.scope = "read"
    check_refused(oauth, oauth.refresh, "invalid_scope")
    oauth.session.scope = None
    keep_out_of_logs(oauth.refresh())


def test_a_client_sends_its_own_credentials_along(server, signed_in):
    """As Basic, to both endpoints: ignored."""
    oauth, _, _ = signed_in
    token = keep_out_of_logs(oauth.refresh(auth=("program", "a secret")))
    answer = oauth.session.post(
        server.url + REVOKE, data={"token": token["refresh_token"],
                                   "client_id": "program"},
        auth=("program", "a secret"))
    assert answer.status_code == 200
    check_refused(oauth, oauth.refresh, "invalid_grant")


def test_each_client_understands_that_the_server_is_busy(start_server):
    """429 is an error of OAuth there; the client keeps its tokens."""
    server = start_server(KEEL_RATE_LIMITS="token=%d/h" % (2 * len(CLIENTS)))
    clients = [kind(server) for kind in CLIENTS]
    with server.client() as client:
        user, made = register(client)
    for oauth in clients:
        keep_out_of_logs(dict(oauth.sign_in(user)))
        keep_out_of_logs(oauth.refresh())
    for oauth in clients:
        kept = dict(oauth.session.token)
        oauth.expire()
        check_refused(oauth, oauth.me, "temporarily_unavailable")
        assert oauth.session.token["refresh_token"] == kept["refresh_token"]
        oauth.session.token = kept
        assert oauth.me().json() == made
        oauth.close()
