# SPDX-License-Identifier: ISC
"""KEEL_PUBLIC_URL behind a proxy that removes its path: every link has the
path, and every response over HTTPS tells browsers to keep it."""

import glob
import json
import os

import httpx
import pytest

from helpers import new_user, read_claims, read_me, register, sign_in
from lists import links
from people import add_people
from runner import wait_for
from wire import HOST, exchange

PATH = "/backend/v2"
URL = "https://gw.example.org" + PATH
HSTS = "strict-transport-security"
USERS = "/api/v1/users"


@pytest.fixture(scope="module")
def behind(start_module_server):
    return start_module_server(
        KEEL_PUBLIC_URL=URL,
        KEEL_HSTS_SECONDS="86400")


@pytest.fixture(scope="module")
def proxied(behind):
    with behind.client() as client:
        yield client


def test_location_has_the_path(proxied):
    created = proxied.post(USERS, json=new_user())
    assert created.status_code == 201
    assert created.headers["location"] == "%s%s/%s" % (
        PATH, USERS, created.json()["id"])


def test_a_redirect_has_the_path(proxied):
    moved = proxied.get(USERS + "/?page=2&limit=1")
    assert moved.status_code == 308
    assert moved.headers["location"] == PATH + USERS + "?page=2&limit=1"


def test_a_redirect_of_the_metrics_has_no_path(behind):
    """No proxy is in front of them."""
    moved = httpx.get(behind.admin_url + "/metrics/")
    assert moved.status_code == 308
    assert moved.headers["location"] == "/metrics"


def test_links_have_the_path(behind, proxied):
    admin, *_ = add_people(behind, "admin", "user", "user")
    for query in ("?limit=1&page=2", "?limit=1&skip=1", "?limit=1&cursor="):
        page = proxied.get(USERS + query, headers=admin.headers)
        found = links(page)
        assert "next" in found, query
        for target in found.values():
            assert target.startswith(PATH + USERS + "?"), target


def test_the_description_has_the_path(behind, proxied):
    answer = proxied.get("/openapi.json")
    document = answer.json()
    assert [server["url"] for server in document["servers"]] == [PATH]
    schemes = document["components"]["securitySchemes"]
    url = PATH + "/api/v1/auth/token"
    assert schemes["oauth2"]["flows"]["password"] == {
        "tokenUrl": url, "refreshUrl": url, "scopes": {}}
    done = behind.command("openapi")
    assert json.loads(done.stdout) == document


def test_tokens_and_mails_have_the_whole_url(behind, proxied,
                                             start_module_runner):
    user, _ = register(proxied)
    token = sign_in(proxied, user)
    assert read_claims(token)["iss"] == URL
    assert read_me(proxied, token).json()["email"] == user["email"]
    # A mail that is still being written has another name.
    mails = os.path.join(start_module_runner(behind).state, "mail/*.eml")
    [mail, *_] = wait_for(lambda: glob.glob(mails))
    with open(mail) as f:
        assert URL in f.read()


def test_every_https_response_keeps_browsers_on_https(behind, proxied):
    for answer in (
            proxied.get("/healthz"), proxied.get("/nothing"),
            proxied.get(USERS + "/me"), proxied.options(USERS),
            proxied.get("/docs"), proxied.post(USERS, content=b"{"),
            *exchange(behind, b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n")):
        assert answer.headers[HSTS] == "max-age=86400", answer.status_code
    assert HSTS not in httpx.get(behind.admin_url + "/metrics").headers
