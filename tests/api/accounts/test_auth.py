# SPDX-License-Identifier: ISC
"""Sign-in and authentication: POST /api/v1/auth/token and Bearer tokens."""

import hashlib
import hmac
import time
import urllib.parse
import uuid

import pytest
from passlib.hash import bcrypt

from helpers import (ask_token, base64url, check_unauthorized,
                     claims_for, make_token, measured, new_email,
                     new_password, read_claims, read_me, register, sign_in)
from product import NAME
from server import confidential

TOKEN = "/api/v1/auth/token"
INVALID_TOKEN = 'Bearer error="invalid_token"'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def somebody(client, server):
    """A signed-in user: the body sent, the response's body, the claims."""
    user, made = register(client)
    token = sign_in(client, user)
    return {"user": user, "made": made, "token": token,
            "claims": read_claims(token)}


def check_oauth_error(answer, error, description=None):
    """RFC 6749, 5.2."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error", "error_description"]
    assert answer.json()["error"] == error
    if description is not None:
        assert answer.json()["error_description"] == description


def post_form(client, text, **headers):
    return client.post(TOKEN, content=text, headers=FORM | headers)


#
# The token.
#

def test_the_response_follows_rfc_6749(client):
    user, _ = register(client)
    answer = ask_token(client, user["email"], user["password"])
    assert answer.status_code == 200
    body = answer.json()
    confidential.add(body["access_token"])
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 900
    assert list(body) == ["access_token", "token_type", "expires_in",
                          "refresh_token"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


def test_the_claims_follow_rfc_9068(server, client):
    user, made = register(client)
    token = sign_in(client, user)
    claims = read_claims(token)
    assert claims["iss"] == claims["aud"] == server.url
    assert claims["sub"] == made["id"]
    assert claims["client_id"] == NAME
    assert claims["exp"] - claims["iat"] == 900
    assert abs(claims["iat"] - time.time()) < 60
    assert uuid.UUID(claims["jti"]) != uuid.UUID(claims["sid"])
    assert server.sql("SELECT user_id::text FROM sessions WHERE id = %s",
                      claims["sid"]) == [(made["id"],)]


def test_a_token_made_by_hand_is_accepted(server, client, somebody):
    """Otherwise the refusals below would prove nothing."""
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"])
    assert read_me(client, make_token(server.secret, claims)
                   ).json() == somebody["made"]


def test_two_tokens_are_never_the_same(client, somebody):
    assert sign_in(client, somebody["user"]) != somebody["token"]


def test_the_address_signs_in_in_any_case(client, somebody):
    user = dict(somebody["user"], email=somebody["user"]["email"].upper())
    assert read_me(client, sign_in(client, user)).json() == somebody["made"]


#
# 401.
#

def test_no_token_is_refused(client):
    check_unauthorized(client.get("/api/v1/users/me"), "Bearer")


@pytest.mark.parametrize("value", ["Basic dXNlcjpwYXNz", "Digest x", "bear",
                                   "Bearerx"])
def test_another_scheme_counts_as_no_token(client, value):
    answer = client.get("/api/v1/users/me", headers={"Authorization": value})
    check_unauthorized(answer, "Bearer")


@pytest.mark.parametrize("token", [
    "x", "..", "a.b.c", "a.b", "a.b.c.d", "x" * 3000,
    "eyJhbGciOiJIUzI1NiJ9", "null", "{}.{}.{}"])
def test_a_malformed_token_is_refused(client, token):
    check_unauthorized(read_me(client, token), INVALID_TOKEN)


def test_a_token_with_non_ascii_bytes_is_refused(client):
    """By Kore itself, which rejects such a header."""
    answer = client.get("/api/v1/users/me", headers={
        "Authorization": "Bearer é".encode()})
    assert answer.status_code in (400, 401)


def test_a_token_signed_with_another_secret_is_refused(server, client,
                                                       somebody):
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"])
    check_unauthorized(read_me(client, make_token("another" * 8, claims)),
                       INVALID_TOKEN)


def test_a_changed_payload_is_refused(server, client, somebody):
    header, _, signature = somebody["token"].split(".")
    other = make_token(server.secret, claims_for(
        server, str(uuid.uuid4()), somebody["claims"]["sid"]))
    forged = ".".join([header, other.split(".")[1], signature])
    check_unauthorized(read_me(client, forged), INVALID_TOKEN)


@pytest.mark.parametrize("position", [0, 20, 42])
def test_a_changed_signature_is_refused(client, somebody, position):
    head, _, signature = somebody["token"].rpartition(".")
    letter = "A" if signature[position] != "A" else "Q"
    signature = signature[:position] + letter + signature[position + 1:]
    check_unauthorized(read_me(client, head + "." + signature), INVALID_TOKEN)


def test_a_cut_signature_is_refused(client, somebody):
    for token in (somebody["token"][:-1], somebody["token"].rpartition(
            ".")[0] + ".", somebody["token"] + "A"):
        check_unauthorized(read_me(client, token), INVALID_TOKEN)


@pytest.mark.parametrize("header", [
    {"alg": "none", "typ": "at+jwt"},
    {"alg": "None", "typ": "at+jwt"},
    {"alg": "HS512", "typ": "at+jwt"},
    {"alg": "RS256", "typ": "at+jwt"},
    {"alg": "hs256", "typ": "at+jwt"},
    {"alg": "HS256", "typ": "JWT"},
    {"alg": "HS256"},
    {"typ": "at+jwt"},
    {"alg": "HS256", "typ": "at+jwt", "kid": "../../dev/null"},
    {"alg": "HS256", "typ": "at+jwt", "jku": "https://evil.example/k"},
    {"alg": "HS256", "typ": "at+jwt", "jwk": {"kty": "oct", "k": ""}},
    {"alg": "HS256", "typ": "at+jwt", "crit": ["exp"]},
    {"alg": ["HS256"], "typ": "at+jwt"},
], ids=lambda header: "-".join(map(str, header.values())))
def test_a_token_with_another_header_is_refused(server, client, somebody,
                                                header):
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"])
    token = make_token(server.secret, claims, header)
    check_unauthorized(read_me(client, token), INVALID_TOKEN)


def test_alg_none_without_a_signature_is_refused(server, client, somebody):
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"])
    token = make_token(server.secret, claims,
                       {"alg": "none", "typ": "at+jwt"})
    check_unauthorized(read_me(client, token.rpartition(".")[0] + "."),
                       INVALID_TOKEN)


def test_hs512_with_its_own_mac_is_refused(server, client, somebody):
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"])
    token = make_token(server.secret, claims,
                       {"alg": "HS512", "typ": "at+jwt"}, hashlib.sha512)
    check_unauthorized(read_me(client, token), INVALID_TOKEN)


NOW = int(time.time())      # when the tests were collected


def at_this_time(changes):
    """The same claims, with times that are as far from now as from NOW."""
    later = int(time.time()) - NOW
    return {name: value + later if isinstance(value, (int, float)) and
            10 < value < 1e300 else value for name, value in changes.items()}


@pytest.mark.parametrize("changes", [
    {"exp": NOW - 1}, {"exp": NOW - 86400}, {"exp": None}, {"exp": "never"},
    {"exp": 0}, {"exp": -1}, {"exp": NOW - 0.5}, {"exp": 1e300},
    {"iat": NOW + 7200, "exp": NOW + 9000}, {"iat": None},
    {"iat": NOW + 7200.5, "exp": NOW + 9000},
    {"nbf": NOW + 7200}, {"nbf": NOW + 7200.5}, {"nbf": "now"}, {"nbf": []},
    {"nbf": 1e300},
    {"sub": None}, {"sub": ""}, {"sub": "1"}, {"sub": 1},
    {"sub": str(uuid.uuid4())}, {"sub": "' OR 1=1 --"},
    {"sid": None}, {"sid": str(uuid.uuid4())}, {"sid": "x"},
    {"iss": "https://evil.example"}, {"iss": None},
    {"aud": "https://evil.example"}, {"aud": None}, {"aud": []},
    {"aud": ["https://evil.example"]}, {"aud": {}},
    {"client_id": None}, {"jti": None},
], ids=lambda changes: ",".join(
    "%s=%s" % (k, "now%+g" % (v - NOW) if isinstance(v, (int, float)) and
               10 < v < 1e300 else "uuid" if len(str(v)) == 36 else v)
    for k, v in changes.items()))
def test_a_wrong_claim_is_refused(server, client, somebody, changes):
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"], **at_this_time(changes))
    check_unauthorized(read_me(client, make_token(server.secret, claims)),
                       INVALID_TOKEN)


@pytest.mark.parametrize("changes", [
    {"exp": NOW + 900.5}, {"iat": NOW - 0.5}, {"iat": NOW + 30},
    {"nbf": 0}, {"nbf": NOW - 0.5}, {"nbf": NOW + 30}],
    ids=lambda changes: "-".join(changes))
def test_times_of_rfc_7519_are_accepted(server, client, somebody, changes):
    """A fraction; and a minute by which another host's clock may differ."""
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"], **at_this_time(changes))
    answer = read_me(client, make_token(server.secret, claims))
    assert answer.status_code == 200


def test_an_audience_among_others_is_accepted(server, client, somebody):
    for others in ([], ["https://other.example"], [""] * 300, [server.url]):
        claims = claims_for(server, somebody["made"]["id"],
                            somebody["claims"]["sid"],
                            aud=[*others, server.url])
        answer = read_me(client, make_token(server.secret, claims))
        assert answer.status_code == 200


@pytest.mark.parametrize("others", [[1], [None], [[]]], ids=repr)
def test_an_audience_beside_what_is_no_text_is_refused(server, client,
                                                       somebody, others):
    claims = claims_for(server, somebody["made"]["id"],
                        somebody["claims"]["sid"], aud=[server.url, *others])
    check_unauthorized(read_me(client, make_token(server.secret, claims)),
                       INVALID_TOKEN)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{", b"\xff",
                                     b'{"sub":"a","sub":"b"}',
                                     b"[" * 3000])
def test_a_payload_that_is_not_an_object_is_refused(server, client, payload):
    signed = base64url(b'{"alg":"HS256","typ":"at+jwt"}') + "." + \
        base64url(payload)
    mac = hmac.new(server.secret.encode(), signed.encode(), "sha256").digest()
    check_unauthorized(read_me(client, signed + "." + base64url(mac)),
                       INVALID_TOKEN)


def test_a_token_of_another_users_session_is_refused(server, client,
                                                     somebody):
    other, made = register(client)
    sid = read_claims(sign_in(client, other))["sid"]
    claims = claims_for(server, somebody["made"]["id"], sid)
    check_unauthorized(read_me(client, make_token(server.secret, claims)),
                       INVALID_TOKEN)


@pytest.mark.parametrize("change", [
    "DELETE FROM users WHERE id = %s",
    "UPDATE users SET is_active = false WHERE id = %s",
    "UPDATE sessions SET revoked_at = now() WHERE user_id = %s",
    "UPDATE sessions SET expires_at = now() WHERE user_id = %s",
    "DELETE FROM sessions WHERE user_id = %s",
], ids=["deleted", "deactivated", "revoked", "session_expired",
        "session_gone"])
def test_the_next_request_after_a_change_is_refused(server, client, change):
    user, made = register(client)
    token = sign_in(client, user)
    assert read_me(client, token).status_code == 200
    server.sql(change, made["id"])
    for _ in range(4):
        check_unauthorized(read_me(client, token), INVALID_TOKEN)


def test_a_role_is_read_from_the_database_not_from_the_token(server, client):
    user, made = register(client)
    token = sign_in(client, user)
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", made["id"])
    assert read_me(client, token).json()["role"] == "admin"
    server.sql("UPDATE users SET role = 'user' WHERE id = %s", made["id"])
    claims = read_claims(token) | {"role": "admin"}
    assert read_me(client, make_token(server.secret, claims)
                   ).json()["role"] == "user"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_schemes_name_is_not_case_sensitive(client, somebody, scheme):
    answer = client.get("/api/v1/users/me", headers={
        "Authorization": scheme + " " + somebody["token"]})
    assert answer.status_code == 200


#
# Errors in RFC 6749's form.
#

def test_a_wrong_password_is_invalid_grant(client, somebody):
    check_oauth_error(ask_token(client, somebody["user"]["email"],
                                new_password()), "invalid_grant",
                      "Incorrect username or password")


def test_unknown_wrong_and_disabled_get_the_same_bytes(server, client):
    user, made = register(client)
    disabled, gone = register(client)
    server.sql("UPDATE users SET is_active = false WHERE id = %s", gone["id"])
    answers = [
        ask_token(client, user["email"], new_password()),
        ask_token(client, new_email("nobody"), new_password()),
        ask_token(client, disabled["email"], disabled["password"]),
        ask_token(client, "no address at all", new_password()),
        ask_token(client, user["email"], "x"),
        ask_token(client, user["email"], "x" * 5000),
    ]
    assert {answer.content for answer in answers} == {
        b'{"error":"invalid_grant",'
        b'"error_description":"Incorrect username or password"}'}
    assert {answer.status_code for answer in answers} == {400}
    assert len({tuple((name, value) for name, value in
                      answer.headers.multi_items()
                      if name not in ("x-request-id", "date"))
                for answer in answers}) == 1


def test_no_reason_of_a_refusal_is_in_the_rate_limits(start_server):
    """The headers of each refusal are those of the account's first failure.
    make proof-timing compares the times."""
    server = start_server(KEEL_RATE_LIMITS="sign_in_failures=5/h,"
                          "address_failures=1000/m")
    with server.client() as client:
        user, _ = register(client)
        disabled, gone = register(client)
        server.sql("UPDATE users SET is_active = false WHERE id = %s",
                   gone["id"])
        shown = set()
        for email, password in ((user["email"], new_password()),
                                (new_email("nobody"), new_password()),
                                (disabled["email"], disabled["password"])):
            for left in range(4, -1, -1):
                answer = ask_token(client, email, password)
                assert answer.status_code == 400
                assert '"sign_in_failures";r=%d;' % left in answer.headers[
                    "ratelimit"]
                shown.add((left, *sorted(
                    (name, value) for name, value in
                    answer.headers.multi_items() if name not in (
                        "x-request-id", "date", "ratelimit"))))
            assert ask_token(client, email, password).status_code == 429
        assert len(shown) == 5


def test_an_unknown_address_takes_as_long_as_a_wrong_password(client,
                                                              somebody):
    def time_taken(email):
        started = time.perf_counter()
        ask_token(client, email, new_password())
        return time.perf_counter() - started

    # In turn, so that the machine's load is the same for both; and the
    # quickest of each, which had the least of it.
    emails = (somebody["user"]["email"], new_email())
    pairs = [[time_taken(email) for email in emails] for _ in range(8)]
    known, unknown = map(min, zip(*pairs))
    measured.append("a refused sign-in: %.0f ms for a known address, %.0f ms "
                    "for an unknown one" % (known * 1e3, unknown * 1e3))
    assert 0.4 < unknown / known < 2.5


@pytest.mark.parametrize("form", [
    "username=%(email)s", "password=%(password)s", "grant_type=password",
    "username=%(email)s&password=", "username=&password=%(password)s",
    "x=1", "&&&"])
def test_a_missing_parameter_is_invalid_request(client, somebody, form):
    check_oauth_error(post_form(client, form % quoted(somebody)),
                      "invalid_request")


def quoted(somebody):
    return {name: urllib.parse.quote(value, safe="")
            for name, value in somebody["user"].items()}


@pytest.mark.parametrize("repeated", [
    "username=a&username=a", "password=b&password=b",
    "grant_type=password&grant_type=password", "scope=a&scope=b"])
def test_a_repeated_parameter_is_invalid_request(client, somebody, repeated):
    form = "username=%(email)s&password=%(password)s&" % quoted(somebody)
    check_oauth_error(post_form(client, form + repeated), "invalid_request")


def test_unknown_parameters_are_ignored_even_repeated(client, somebody):
    form = "username=%(email)s&password=%(password)s&client_id=x" \
        "&client_secret=y&foo=1&foo=2&redirect_uri=" % quoted(somebody)
    assert post_form(client, form).status_code == 200


def test_an_empty_parameter_counts_as_absent(client, somebody):
    form = "grant_type=&scope=&username=%(email)s&password=%(password)s" \
        "&username=&" % quoted(somebody)
    assert post_form(client, form).status_code == 200


def test_basic_credentials_of_a_client_are_ignored(client, somebody):
    answer = client.post(TOKEN, auth=("client", "secret"), data={
        "grant_type": "password", "username": somebody["user"]["email"],
        "password": somebody["user"]["password"]})
    assert answer.status_code == 200


@pytest.mark.parametrize("grant", ["client_credentials", "Password", "x",
                                   "authorization_code"])
def test_another_grant_type_is_unsupported(client, somebody, grant):
    check_oauth_error(ask_token(client, somebody["user"]["email"],
                                somebody["user"]["password"],
                                grant_type=grant), "unsupported_grant_type")


@pytest.mark.parametrize("content_type", [
    "application/json", "text/plain", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencodedx", None])
def test_another_content_type_is_invalid_request(client, somebody,
                                                 content_type):
    form = "username=%(email)s&password=%(password)s" % quoted(somebody)
    headers = {} if content_type is None else {"Content-Type": content_type}
    check_oauth_error(client.post(TOKEN, content=form, headers=headers),
                      "invalid_request")


def test_a_charset_of_utf_8_is_fine(client, somebody):
    form = "username=%(email)s&password=%(password)s" % quoted(somebody)
    answer = post_form(client, form, **{
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"})
    assert answer.status_code == 200


@pytest.mark.parametrize("form", [
    "username=%zz&password=x", "username=a%", "username=%00&password=x",
    "username=%ff&password=x", "username=a\x00b", "", "username=\xff"])
def test_a_malformed_form_is_invalid_request(client, form):
    check_oauth_error(post_form(client, form.encode("latin-1")),
                      "invalid_request")


@pytest.mark.parametrize("password", [
    "a=b&c%Aa1", "Plus+Blank 1", "%41%42cdE1", "Ünïcödé-1", "A1&amp;=;,:@/?",
    "+++++++A1", "A1\"'<>\\`{}"])
def test_a_password_survives_the_form(client, password):
    confidential.add(password)
    user, _ = register(client, password=password)
    assert read_me(client, sign_in(client, user)).status_code == 200


def test_a_password_is_not_trimmed_nor_folded(client):
    user, _ = register(client, password=" " + new_password() + " ")
    for other in (user["password"].strip(), user["password"].lower(),
                  user["password"] + " "):
        check_oauth_error(ask_token(client, user["email"], other),
                          "invalid_grant")
    sign_in(client, user)


#
# Hashes of older algorithms.
#

def test_a_bcrypt_hash_signs_in_and_is_replaced(server, client):
    user, made = register(client)
    old = bcrypt.using(rounds=5).hash(user["password"])
    assert old.startswith("$2b$")
    server.sql("UPDATE users SET hashed_password = %s WHERE id = %s", old,
               made["id"])
    stored = "SELECT hashed_password FROM users WHERE id = %s"

    check_oauth_error(ask_token(client, user["email"], new_password()),
                      "invalid_grant")
    assert server.sql(stored, made["id"]) == [(old,)]

    assert read_me(client, sign_in(client, user)).status_code == 200
    [(new,)] = server.sql(stored, made["id"])
    assert new.startswith("$argon2id$")
    sign_in(client, user)
    assert server.sql(stored, made["id"]) == [(new,)]


@pytest.mark.parametrize("stored", [
    "", "!", "plain text", "$2b$05$short", "$2b$99$" + "a" * 53, "$1$x$y",
    "$argon2id$v=19$m=19456,t=2,p=1$AAAA$", "\U0001F600" * 255],
    ids=["empty", "mark", "text", "short", "rounds", "md5", "argon2", "long"])
def test_an_invalid_hash_in_the_database_never_matches(server, client, stored):
    user, made = register(client)
    server.sql("UPDATE users SET hashed_password = %s WHERE id = %s", stored,
               made["id"])
    check_oauth_error(ask_token(client, user["email"], user["password"]),
                      "invalid_grant")
    check_oauth_error(ask_token(client, user["email"], stored or "x"),
                      "invalid_grant")


def test_an_invalid_hash_is_logged_as_an_error(server, client):
    """With the user's id and without the password."""
    user, made = register(client)
    server.sql("UPDATE users SET hashed_password = 'odd' WHERE id = %s",
               made["id"])
    answer = ask_token(client, user["email"], user["password"])
    id = answer.headers["x-request-id"]
    server.wait_for_log(id)
    assert [(line["level"], line["message"]) for line in server.log()
            if line["event"] == "password" and line["request_id"] == id] == [
                ("error", "the stored hash of user %s is of no known form" %
                 made["id"])]
