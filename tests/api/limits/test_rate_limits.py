# SPDX-License-Identifier: ISC
"""Rate limits: exact across the workers, visible in headers, and no client can
use up the quota of another."""

import concurrent.futures
import re
import time

import httpx
import pytest

from helpers import (ask_token, check_error, check_validation, measured,
                     new_email, new_user, register)
from people import add_people
from server import confidential

WRONG = "Wrong-passw0rd"


def client_from(server, address):
    return server.client(transport=httpx.HTTPTransport(
        verify=server.tls(), local_address=address))


def at_once(server, count, ask, threads=20):
    """The responses to ask(client), on many connections to all workers."""
    def run(_):
        with server.client() as client:
            return [ask(client) for _ in range(count // threads)]

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        answers = sum(pool.map(run, range(threads)), [])
    return answers, time.monotonic() - started


def statuses(answers):
    found = [answer.status_code for answer in answers]
    return {status: found.count(status) for status in set(found)}


def check_five_passed(answers, took):
    """Of a limit of 5 a minute: one more for each 12 seconds."""
    found = statuses(answers)
    assert set(found) == {400, 429}
    assert 5 <= found[400] <= 5 + took // 12


def check_429(answer, most=60):
    """RFC 6749's form at the token endpoint, and Retry-After."""
    assert answer.status_code == 429
    assert answer.json() == {
        "error": "temporarily_unavailable",
        "error_description": "Too many requests"}
    assert 1 <= int(answer.headers["retry-after"]) <= most


def test_eight_workers_let_exactly_five_pass(start_server):
    server = start_server(KEEL_WORKERS="8", KEEL_DATABASE_POOL="2",
                          KEEL_RATE_LIMITS="token=5/m")
    answers, took = at_once(server, 200, lambda client: ask_token(
        client, "nobody@example.com", WRONG))
    measured.append("8 workers, 5/m, 200 requests in %.1f s: %s" % (
        took, statuses(answers)))
    check_five_passed(answers, took)
    for answer in answers:
        if answer.status_code == 429:
            check_429(answer)


def test_failed_sign_ins_count_exactly(start_server):
    """All at once: each counts before its password is checked."""
    server = start_server(KEEL_WORKERS="8", KEEL_DATABASE_POOL="2",
                          KEEL_RATE_LIMITS="token=10000/m")
    with server.client() as client:
        user, _ = register(client)
    answers, took = at_once(server, 200, lambda client: ask_token(
        client, user["email"], WRONG))
    check_five_passed(answers, took)


@pytest.fixture
def server(start_server):
    return start_server(KEEL_RATE_LIMITS=None)


@pytest.fixture
def user(server):
    with server.client() as client:
        return register(client)[0]


LASTING = 720   # seconds


@pytest.fixture
def lasting(start_server):
    """Five failures, and the next one after 12 minutes: not while a test
    runs, however slow the machine is."""
    return start_server(KEEL_RATE_LIMITS="sign_in_failures=5/h")


def test_an_attacker_cannot_lock_a_user_out(lasting):
    server = lasting
    with server.client() as client:
        user, _ = register(client)
    with client_from(server, "127.0.0.9") as stranger:
        for _ in range(5):
            assert ask_token(stranger, user["email"],
                             WRONG).status_code == 400
        check_429(ask_token(stranger, user["email"], WRONG), LASTING)
        # Even for the right password, or the status would reveal it.
        check_429(ask_token(stranger, user["email"], user["password"]),
                  LASTING)
        # Other accounts are not affected.
        assert ask_token(stranger, "x@example.com", WRONG).status_code == 400
    with server.client() as victim:
        assert ask_token(victim, user["email"],
                         user["password"]).status_code == 200


def test_all_spellings_of_an_address_share_one_quota(lasting):
    with lasting.client() as client:
        user, _ = register(client)
    spellings = [user["email"], user["email"].upper(),
                 user["email"].capitalize(), user["email"].title(),
                 user["email"].swapcase()]
    fullwidth = user["email"].replace("example", "\uff45xample")
    with lasting.client() as client:
        for email in spellings:
            assert ask_token(client, email, WRONG).status_code == 400
        for email in spellings + [fullwidth]:
            check_429(ask_token(client, email, WRONG), LASTING)


def test_an_unknown_account_has_the_same_quota(lasting):
    with lasting.client() as client:
        for email in ("a@example.com", "A@example.com", "a@EXAMPLE.com",
                      "A@Example.Com", "a@example.com"):
            assert ask_token(client, email, WRONG).status_code == 400
        for email in ("a@example.com", "a@\uff45xample.com",
                      "a@example\u3002com"):
            check_429(ask_token(client, email, WRONG), LASTING)


def test_good_sign_ins_do_not_count(server, user):
    with server.client() as client:
        for _ in range(12):
            answer = ask_token(client, user["email"], user["password"])
            assert answer.status_code == 200
            confidential.add(answer.json()["access_token"])
            assert "sign_in_failures" not in answer.headers["ratelimit"]
        for _ in range(4):
            answer = ask_token(client, user["email"], WRONG)
        assert '"sign_in_failures";q=5;w=60' in answer.headers[
            "ratelimit-policy"]
        assert ask_token(client, user["email"],
                         user["password"]).status_code == 200


def test_address_changes_are_limited(start_server):
    """409 reveals that an address is in use. Admins see all of them anyway."""
    server = start_server(KEEL_RATE_LIMITS="email_changes=2/h")
    user, other, admin = add_people(server, "user", "user", "admin")

    def patch(who, path=user.path, **fields):
        return client.patch(path, headers=who.headers, json=fields)

    with server.client() as client:
        for _ in range(3):      # the same address
            assert patch(user, email=user.email, name="x").status_code == 200
        for path in (user.path, "/api/v1/users/me"):
            assert patch(user, path, email=other.email).status_code == 409
        for email in (other.email, new_email()):
            check_error(patch(user, email=email), 429, "TOO_MANY_REQUESTS")
        assert patch(user, name="y").status_code == 200
        for _ in range(3):
            assert patch(admin, email=other.email).status_code == 409
    assert user.row("email", "name") == (user.email, "y")


COLLIDE_ONCE = """
CREATE SEQUENCE collisions;
GRANT USAGE ON SEQUENCE collisions TO keel;
CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('collisions') = 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER collide BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION collide();
"""


def test_a_retried_request_counts_once(start_server):
    server = start_server(KEEL_RATE_LIMITS="email_changes=3/h")
    [user] = add_people(server, "user")
    server.sql(COLLIDE_ONCE)
    with server.client() as client:
        answer = client.patch(user.path, headers=user.headers,
                              json={"email": new_email()})
    assert answer.status_code == 200, answer.text
    assert server.sql("SELECT last_value FROM collisions") == [(2,)]
    assert answer.headers["ratelimit-policy"] == '"email_changes";q=3;w=3600'
    assert limits(answer, "ratelimit")["email_changes"]["r"] == 2


def limits(answer, name):
    """{limit: {parameter: number}} of a RateLimit header."""
    found = {}
    for item in answer.headers[name].split(", "):
        match = re.fullmatch(r'"([\w/]+)"((?:;[a-z]=\d+)+)', item)
        found[match[1]] = {
            key: int(value) for key, value in (
                pair.split("=") for pair in match[2][1:].split(";"))}
    return found


def test_headers_tell_what_is_left(start_server):
    server = start_server(KEEL_RATE_LIMITS="register=3/h")
    started = time.monotonic()
    with server.client() as client:
        for left, body, status in ((2, new_user(), 201), (1, {}, 422),
                                   (0, new_user(), 201), (0, {}, 429)):
            answer = client.post("/api/v1/users", json=body)
            assert answer.status_code == status
            assert limits(answer, "ratelimit-policy") == {
                "register": {"q": 3, "w": 3600}}
            told = limits(answer, "ratelimit")["register"]
            assert told["r"] == left
            assert 0 < told["t"] <= 3600
        check_error(answer, 429, "TOO_MANY_REQUESTS", "Too many requests")
        assert answer.headers["retry-after"] == str(told["t"])
        took = time.monotonic() - started
        assert 1200 - took <= int(answer.headers["retry-after"]) <= 1200
        # A response without a limit has no such header.
        assert "ratelimit" not in client.get("/healthz").headers


def test_the_quota_refills_with_time(start_server):
    server = start_server(KEEL_RATE_LIMITS="register=2/4s")
    with server.client() as client:
        def post():
            return client.post("/api/v1/users", json={})

        for _ in range(2):
            check_validation(post())
        # The third one, unless the first two took two seconds.
        for answer in iter(post, None):
            if answer.status_code == 429:
                break
            check_validation(answer)
        check_error(answer, 429, "TOO_MANY_REQUESTS")
        time.sleep(int(answer.headers["retry-after"]) + 0.2)
        check_validation(post())


def test_off_means_no_limits(start_server):
    server = start_server(KEEL_RATE_LIMITS="off")
    with server.client() as client:
        answers = [client.post("/api/v1/users", json={}) for _ in range(50)]
        assert statuses(answers) == {422: 50}
        assert "ratelimit" not in answers[0].headers
        for _ in range(8):
            assert ask_token(client, "a@example.com", WRONG
                             ).status_code == 400


# The client's address.

def client_of(server, headers, source="127.0.0.1"):
    """The client's address in a request's log line."""
    with client_from(server, source) as client:
        answer = client.get("/healthz", headers=headers)
    return server.wait_for_log(answer.headers["x-request-id"])["client"]


def test_x_forwarded_for_of_a_client_is_ignored(server):
    for _ in range(20):
        assert client_of(server, {"X-Forwarded-For": "1.2.3.4"}
                         ) == "127.0.0.1"
    told = [event for event in server.log() if event["event"] == "proxy"]
    assert 1 <= len(told) <= len(server.workers())
    assert "X-Forwarded-For from 127.0.0.1 is not" in told[0]["message"]


@pytest.mark.parametrize("header, client", [
    ("203.0.113.7", "203.0.113.7"),
    ("6.6.6.6, 203.0.113.7", "203.0.113.7"),
    ("6.6.6.6,203.0.113.7 , 10.1.2.3", "203.0.113.7"),
    ("203.0.113.7, 10.0.0.1, 10.0.0.2", "203.0.113.7"),
    ("10.0.0.1", "10.0.0.1"), ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
    ("2001:db8::1", "2001:db8::1"), ("::ffff:203.0.113.7", "203.0.113.7"),
    ("garbage", "127.0.0.1"), ("", "127.0.0.1"),
    ("203.0.113.7, garbage", "127.0.0.1"),
    ("203.0.113.7, garbage, 10.0.0.1", "10.0.0.1"),
    ("203.0.113.7:4711", "203.0.113.7"), ("203.0.113.7,", "127.0.0.1"),
    ("[2001:db8::1]:4711", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1", "127.0.0.1"), ("1.2.3.4:5:6", "127.0.0.1")])
def test_x_forwarded_for_of_a_trusted_proxy_counts(proxied, header, client):
    assert client_of(proxied, {"X-Forwarded-For": header}) == client


@pytest.fixture(scope="module")
def proxied(cluster, certificates, template):
    from servers import finish
    from server import Server

    server = Server(cluster, cluster.database(template), certificates["ec"],
                    KEEL_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8",
                    KEEL_RATE_LIMITS="token=3/h")
    try:
        server.start()
        yield server
    finally:
        finish([server])


def test_several_x_forwarded_for_lines_are_one_list(proxied):
    headers = [("X-Forwarded-For", "6.6.6.6, 203.0.113.9"),
               ("X-Forwarded-For", "10.0.0.5")]
    assert client_of(proxied, headers) == "203.0.113.9"
    assert client_of(proxied, headers, "127.0.0.3") == "127.0.0.3"


def test_limits_count_the_client_and_not_its_proxy(proxied):
    def ask(address):
        with proxied.client() as client:
            return client.post(
                "/api/v1/auth/token", data={"username": "a", "password": "b"},
                headers={"X-Forwarded-For": address}).status_code

    assert [ask("198.51.100.1") for _ in range(4)] == [400] * 3 + [429]
    assert [ask("198.51.100.2") for _ in range(4)] == [400] * 3 + [429]
    # IPv6 counts by /64.
    assert [ask("2001:db8:0:1::%d" % i) for i in range(4)] == \
        [400] * 3 + [429]
    assert ask("2001:db8:0:2::1") == 400
    # An IPv4-mapped address is the same client.
    assert ask("::ffff:198.51.100.1") == 429
