# SPDX-License-Identifier: ISC
"""Limits count networks: for IPv6 the /64, the /56 and the /48, for IPv4 the
address and the /24. Each has its own quota."""

import time

import pytest

from helpers import new_email
from test_rate_limits import limits

TOKEN = "/api/v1/auth/token"


def ask(client, address, **form):
    """Usually without a password: it counts, and needs no hash."""
    return client.post(TOKEN, headers={"X-Forwarded-For": address},
                       data={"username": "a@example.com", **form})


def passed(client, address_of, count):
    """How many of the requests were accepted; address_of(number)."""
    return [ask(client, address_of(number)).status_code
            for number in range(count)].count(400)


@pytest.fixture(scope="module")
def start(start_module_server):
    return lambda setting: start_module_server(
        KEEL_TRUSTED_PROXIES="127.0.0.1",
        KEEL_RATE_LIMITS=setting)


@pytest.fixture(scope="module")
def client(start):
    with start("token=2/h").client() as client:
        yield client


def test_a_64_has_the_quota(client):
    assert passed(client, lambda n: "2001:db8:1::%x" % (n + 1), 3) == 2
    assert passed(client, lambda n: "2001:db8:1:1::%x" % (n + 1), 3) == 2


def test_a_56_has_four_times_the_quota(client):
    assert passed(client, lambda n: "2001:db8:2:%x::1" % n, 12) == 8
    assert passed(client, lambda n: "2001:db8:2:1%02x::1" % n, 12) == 8


def test_a_48_has_sixteen_times_the_quota(client):
    assert passed(client, lambda n: "2001:db8:3:%x00::1" % n, 40) == 32
    assert ask(client, "2001:db8:4::1").status_code == 400


def test_a_24_has_sixteen_times_the_quota(client):
    assert passed(client, lambda n: "192.0.2.%d" % n, 40) == 32
    assert ask(client, "192.0.3.1").status_code == 400


def test_a_refused_request_counts_in_no_network(client):
    """Otherwise a refused address would use up its neighbours' quota."""
    assert passed(client, lambda _: "198.51.100.1", 60) == 2
    assert passed(client, lambda n: "198.51.100.%d" % (n + 2), 40) == 30


def test_the_headers_show_the_network_with_the_least_left(client):
    started = time.monotonic()
    for number in range(8):
        answer = ask(client, "2001:db8:5:%x::1" % number)
        assert answer.status_code == 400
        name = "token" if number < 7 else "token/56"
        policy = {"q": 2, "w": 3600} if number < 7 else {"q": 8, "w": 3600}
        assert limits(answer, "ratelimit-policy")[name] == policy
        assert limits(answer, "ratelimit")[name]["r"] == (1 if number < 7
                                                          else 0)
    answer = ask(client, "2001:db8:5:9::1")
    assert answer.status_code == 429
    assert limits(answer, "ratelimit")["token/56"]["r"] == 0
    took = time.monotonic() - started
    assert 450 - took <= int(answer.headers["retry-after"]) <= 450
    # Its own quota has not changed.
    assert limits(ask(client, "2001:db8:5:109::1"), "ratelimit")["token"][
        "r"] == 1


def test_a_network_can_be_given_a_quota(start):
    server = start("token=2/h,token/48=3/d,token/24=5/2h")
    with server.client() as client:
        assert passed(client, lambda n: "2001:db8:%d00::1" % n, 5) == 5
        assert passed(client, lambda n: "2001:db8:6:%x00::1" % n, 5) == 3
        assert passed(client, lambda n: "192.0.2.%d" % n, 9) == 5


def test_a_refusal_by_a_wider_network_costs_the_address_nothing(start):
    server = start("token=2/h,token/56=1/2s")
    with server.client() as client:
        assert ask(client, "2001:db8:8:1::1").status_code == 400
        passed = refused = 0
        while passed < 2:
            answer = ask(client, "2001:db8:8:2::1")
            if answer.status_code == 400:
                passed += 1
                continue
            assert answer.status_code == 429
            assert list(limits(answer, "ratelimit")) == ["token/56"]
            refused += 1
            time.sleep(0.2)
        # Any of these would have cost it one of the two. On a machine where
        # each request takes two seconds, there is none.
        assert refused > 0


def test_failures_count_by_network_as_well(start):
    """Against one account, from many addresses of one network."""
    server = start("token=1000/m,sign_in_failures=1/h,address_failures=99/m")
    guess = {"username": new_email(), "password": "b"}
    with server.client() as client:
        statuses = [ask(client, "2001:db8:7:%x::1" % n, **guess).status_code
                    for n in range(6)]
        assert statuses == [400] * 4 + [429] * 2
        statuses = [ask(client, "192.0.2.%d" % n, **guess).status_code
                    for n in range(20)]
        assert statuses == [400] * 16 + [429] * 4
        assert ask(client, "192.0.3.1", **guess).status_code == 400
