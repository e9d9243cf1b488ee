# SPDX-License-Identifier: ISC
"""Another project's OAuth client: requests-oauthlib, with its password grant,
over HTTPS with the server's certificate."""

import pytest

from helpers import new_password, register
from server import confidential

MISSING = "python3-requests-oauthlib is not installed"
oauth2 = pytest.importorskip("oauthlib.oauth2", reason=MISSING)
requests_oauthlib = pytest.importorskip("requests_oauthlib", reason=MISSING)


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


@pytest.mark.parametrize("scope", ["read", ["openid", "email"], "users:*"],
                         ids=repr)
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
