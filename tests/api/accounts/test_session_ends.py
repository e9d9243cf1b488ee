# SPDX-License-Identifier: ISC
"""How long a session lasts, how many one user may have, and what a sign-in
writes into its row and into the audit log."""

import concurrent.futures
import hashlib
import hmac

import httpx
import pytest

from families import add_token, rows_of
from helpers import (ask_token, bearer, new_email, read_claims,
                     read_me, register)
from people import add_people, transaction, wait_for_waiting
from server import confidential

TOKEN = "/api/v1/auth/token"
SESSIONS = "/api/v1/users/me/sessions"
ADD = ("INSERT INTO sessions (id, user_id, client, expires_at, last_used_at) "
       "SELECT gen_random_uuid(), %s, client, now() + interval '1 day', now() "
       "- client::interval FROM unnest(%s) AS t (client)")
LEFT = ("SELECT client FROM sessions WHERE user_id = %s AND revoked_at IS "
        "NULL ORDER BY last_used_at DESC")


def sign_in(client, user, **headers):
    answer = client.post(TOKEN, headers=headers, data={
        "username": user["email"], "password": user["password"]})
    assert answer.status_code == 200, answer.text
    confidential.update((answer.json()["access_token"],
                         answer.json()["refresh_token"]))
    return answer.json()


def refresh(client, token):
    return client.post(TOKEN, data={"grant_type": "refresh_token",
                                    "refresh_token": token})


@pytest.fixture(scope="module")
def limited(start_module_server):
    """Three sessions per user; they last 1,000 seconds, or 900 unused."""
    return start_module_server(KEEL_SESSIONS_PER_USER="3",
                               KEEL_SESSION_SECONDS="1000",
                               KEEL_SESSION_IDLE_SECONDS="900")


@pytest.fixture(scope="module")
def guest(limited):
    with limited.client() as client:
        yield client


#
# The limit.
#

def test_a_sign_in_ends_the_least_recently_used(limited, guest):
    user, made = register(guest)
    limited.sql(ADD, made["id"], ["30 s", "10 s", "40 s", "20 s"])
    token = sign_in(guest, user)["access_token"]
    assert [c for c, in limited.sql(LEFT, made["id"])] == ["127.0.0.1",
                                                           "10 s", "20 s"]
    assert read_me(guest, token).json() == made
    assert limited.sql(
        "SELECT actor_id::text, session_id, changes FROM audit_log WHERE "
        "action = 'session_ended' AND target_id = %s", made["id"]) == [
            (made["id"], None, {"how": {"from": None, "to": "limit"},
                                "sessions": {"from": "2", "to": None}})]


def test_a_sign_in_below_the_limit_ends_none(limited, guest):
    user, made = register(guest)
    limited.sql(ADD, made["id"], ["30 s", "10 s"])
    [other] = add_people(limited, "user")
    limited.sql(ADD, other.id, ["1 s", "2 s", "3 s"])
    sign_in(guest, user)
    assert len(limited.sql(LEFT, made["id"])) == 3
    assert len(limited.sql(LEFT, other.id)) == 4
    assert limited.sql("SELECT count(*) FROM audit_log WHERE action = "
                       "'session_ended' AND target_id = %s",
                       made["id"]) == [(0,)]


def test_the_new_session_stays_though_others_are_used_later(limited, guest):
    user, made = register(guest)
    limited.sql(ADD, made["id"], ["-3 h", "-1 h", "-2 h"])
    sign_in(guest, user)
    assert [c for c, in limited.sql(LEFT, made["id"])] == ["-3 h", "-2 h",
                                                           "127.0.0.1"]


def test_sessions_that_are_over_do_not_count(limited, guest):
    user, made = register(guest)
    limited.sql(ADD, made["id"], ["10 s", "20 s", "901 s", "902 s", "5 s"])
    limited.sql("UPDATE sessions SET expires_at = now() WHERE client = '5 s' "
                "AND user_id = %s", made["id"])
    sign_in(guest, user)
    assert [c for c, in limited.sql(LEFT, made["id"])] == [
        "127.0.0.1", "5 s", "10 s", "20 s", "901 s", "902 s"]


def test_parallel_sign_ins_leave_exactly_as_many(limited, guest):
    user, made = register(guest)

    def one(_):
        with limited.client() as client:
            return sign_in(client, user)["access_token"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(one, range(8)))
    alive = [token for token in tokens
             if read_me(guest, token).status_code == 200]
    assert len(alive) == 3
    assert len(limited.sql(LEFT, made["id"])) == 3
    assert limited.sql(
        "SELECT count(*), sum((changes -> 'sessions' ->> 'from')::int) FROM "
        "audit_log WHERE action = 'session_ended' AND target_id = %s",
        made["id"]) == [(5, 5)]


def test_a_sign_in_waits_until_another_one_counts(limited, guest):
    """The first waits in its commit; the second must see its session. From
    two networks: those of one wait for each other anyway."""
    user, made = register(guest)
    limited.sql(ADD, made["id"], ["10 s", "20 s"])
    limited.sql(
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
        "PERFORM pg_advisory_xact_lock_shared(18); RETURN NULL; END'; CREATE "
        "CONSTRAINT TRIGGER linger AFTER INSERT ON refresh_tokens DEFERRABLE "
        "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()")
    elsewhere = httpx.HTTPTransport(verify=limited.tls(),
                                    local_address="127.0.1.1")
    with limited.client() as one, \
            limited.client(transport=elsewhere) as two, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(limited, "SELECT pg_advisory_xact_lock(18)"):
            done = [pool.submit(sign_in, c, user) for c in (one, two)]
            wait_for_waiting(limited, 2)
        for answer in done:
            answer.result()
    limited.sql("DROP TRIGGER linger ON refresh_tokens; DROP FUNCTION linger")
    assert len(limited.sql(LEFT, made["id"])) == 3


def test_the_refresh_tokens_of_an_ended_session_end(limited, guest):
    user, made = register(guest)
    first = sign_in(guest, user)["refresh_token"]
    for _ in range(3):
        last = sign_in(guest, user)["refresh_token"]
    assert refresh(guest, first).status_code == 400
    assert refresh(guest, last).status_code == 200


#
# Its time.
#

def test_a_session_lasts_as_long_as_is_set(limited, guest):
    user, made = register(guest)
    tokens = sign_in(guest, user)
    assert tokens["expires_in"] == 900
    assert limited.sql("SELECT round(extract(epoch FROM expires_at - "
                       "created_at)) FROM sessions WHERE user_id = %s",
                       made["id"]) == [(1000,)]
    # A refresh makes it no longer.
    limited.sql("UPDATE sessions SET expires_at = now() + interval '500 s' "
                "WHERE user_id = %s", made["id"])
    later = refresh(guest, tokens["refresh_token"]).json()
    confidential.update((later["access_token"], later["refresh_token"]))
    assert 400 <= later["expires_in"] <= 500
    assert limited.sql("SELECT expires_at < now() + interval '501 s' FROM "
                       "sessions WHERE user_id = %s", made["id"]) == [(True,)]


@pytest.mark.parametrize("age, alive", [(800, True), (901, False)])
def test_an_unused_session_ends(limited, guest, age, alive):
    """It is not listed, and gives no token. It can be ended all the same."""
    person, other = add_people(limited, "user", "user")
    token = add_token(limited, other.session)
    limited.sql("UPDATE sessions SET last_used_at = now() - %s * interval "
                "'1 s', user_id = %s WHERE id = %s", age, person.id,
                other.session)
    page = guest.get(SESSIONS, headers=person.headers).json()
    assert [page["total"], len(page["items"])] == [1 + alive] * 2
    assert (refresh(guest, token).status_code == 200) is alive
    assert len(rows_of(limited, other.session)) == 1 + alive
    answer = guest.delete(SESSIONS + "/" + other.session,
                          headers=person.headers)
    assert answer.status_code == 204


@pytest.mark.parametrize("setting, value", [
    ("KEEL_SESSION_SECONDS", "899"), ("KEEL_SESSION_IDLE_SECONDS", "899"),
    ("KEEL_SESSIONS_PER_USER", "0"), ("KEEL_SESSIONS_PER_USER", "1001")])
def test_a_setting_out_of_range(make_server, setting, value):
    server = make_server(**{setting: value})
    done = server.command("check-config")
    assert done.returncode != 0
    assert "%s must be a number from " % setting in done.stderr


#
# What a sign-in writes.
#

@pytest.mark.parametrize("agent, device", [
    (b"Mozilla/5.0 (X11) keel", "Mozilla/5.0 (X11) keel"),
    (b"", None), (None, None), ("Käfer 🪲".encode(), "Käfer 🪲"),
    (b"bad \xff", None), (b"cut \xe2\x82", None),
    (b"a" * 255, "a" * 255), (b"a" * 256, "a" * 255),
    ("é".encode() * 300, "é" * 255), ("🪲".encode() * 256, "🪲" * 255),
    (b"a" * 255 + b"\xff", None), (b"'; DROP TABLE x; --\\",
                                   "'; DROP TABLE x; --\\")],
    ids=["plain", "empty", "none", "utf8", "bad", "cut", "255", "256", "2byte",
         "4byte", "bad_late", "quotes"])
def test_the_device_is_what_the_client_says(server, accounts, agent, device):
    user, made = accounts
    with server.client() as client:
        del client.headers["user-agent"]
        token = sign_in(client, user, **(
            {} if agent is None else {"User-Agent": agent}))["access_token"]
    assert server.sql("SELECT device FROM sessions WHERE id = %s",
                      read_claims(token)["sid"]) == [(device,)]


@pytest.fixture(scope="module")
def accounts(client):
    return register(client)


def test_a_new_session_is_confirmed_and_was_not_used_elsewhere(server, client,
                                                               accounts):
    token = sign_in(client, accounts[0])["access_token"]
    assert server.sql(
        "SELECT confirmed_at = created_at, last_used_at = created_at, "
        "last_client FROM sessions WHERE id = %s",
        read_claims(token)["sid"]) == [(True, True, None)]


def test_a_sign_in_is_recorded(server, client, accounts):
    user, made = accounts
    token = sign_in(client, user, **{"X-Request-ID": "sign-in-1"})
    assert server.sql(
        "SELECT action, actor_id::text, target_id::text, session_id::text, "
        "account, address, changes FROM audit_log WHERE request_id = "
        "'sign-in-1'") == [
            ("sign_in", made["id"], made["id"],
             read_claims(token["access_token"])["sid"], None, "127.0.0.1",
             None)]


def hashed(server, email):
    """As docs/sessions.md says."""
    def mac(key, text):
        return hmac.new(key, text.encode(), hashlib.sha256)
    return mac(mac(server.secret.encode(), "keel account").digest(),
               email.lower()).hexdigest()


@pytest.mark.parametrize("kind", ["password", "inactive", "account"])
@pytest.mark.parametrize("path", [TOKEN, "/api/v1/auth/login"])
def test_a_refused_sign_in_is_recorded(server, client, kind, path):
    user, made = register(client)
    email = new_email("NoBody") if kind == "account" else user["email"]
    if kind == "inactive":
        server.sql("UPDATE users SET is_active = false WHERE id = %s",
                   made["id"])
    sent = {"username": email, "password": "Wrong-passw0rd" if
            kind == "password" else user["password"]}
    answer = client.post(path, **{"data" if path == TOKEN else "json": sent})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert server.sql(
        "SELECT action, actor_id, target_id::text, session_id, account, "
        "address, changes FROM audit_log WHERE request_id = %s",
        answer.headers["x-request-id"]) == [
            ("sign_in_refused", None,
             None if kind == "account" else made["id"], None,
             hashed(server, email) if kind == "account" else None,
             "127.0.0.1", {"reason": {"from": None, "to": kind}})]


def test_a_password_change_is_recorded(server, client):
    user, made = register(client)
    token = sign_in(client, user)["access_token"]
    for current, count in (("Wrong-passw0rd", 0), (user["password"], 1)):
        client.post("/api/v1/users/me/password", headers=bearer(token), json={
            "current_password": current, "new_password": user["password"]})
        assert server.sql(
            "SELECT actor_id::text, session_id::text, changes FROM audit_log "
            "WHERE action = 'password_changed' AND target_id = %s",
            made["id"]) == [(made["id"], read_claims(token)["sid"],
                             None)] * count


def test_no_secret_is_in_the_audit_log(server, client):
    user, made = register(client)
    tokens = sign_in(client, user)
    ask_token(client, user["email"], "Wrong-passw0rd-9")
    refresh(client, tokens["refresh_token"])
    text = str(server.sql("SELECT audit_log::text FROM audit_log"))
    for secret in (user["password"], "Wrong-passw0rd-9", user["email"],
                   tokens["refresh_token"], tokens["access_token"]):
        assert secret not in text
