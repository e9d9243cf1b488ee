# SPDX-License-Identifier: ISC
"""The pages that links in mails open fail in plain words: a browser shows no
JSON, whatever goes wrong."""

import re

import pytest

from helpers import new_password
from links import add_token
from pages import Page
from people import add_people

PATHS = {"/account/verify": "verify", "/account/reset": "reset",
         "/account/email": "email", "/account/email/cancel": "email_cancel"}
EACH = pytest.mark.parametrize("path", PATHS)
FORM = "application/x-www-form-urlencoded"
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer",
           "x-frame-options": "DENY", "x-robots-tag": "noindex"}


def read_error(client, answer, status, title):
    """What the page tells; its headers are those of every page."""
    assert answer.status_code == status
    page = Page(answer)
    assert page.title == title
    assert page.open == []
    assert HEADERS.items() <= dict(answer.headers).items()
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    style = answer.url.join(page.one("link", rel="stylesheet")["href"])
    assert client.get(style).status_code == 200
    return page.problem


@EACH
@pytest.mark.parametrize("kind, body, status", [
    ("application/json", "{}", 415), ("text/plain", "token=x", 415),
    (None, "token=x", 415), (FORM, "", 400), (FORM, "token=%ff", 400),
    (FORM, "token=x&token=x", 400), (FORM, "token=%00", 400),
    (FORM + "; charset=latin1", "token=x", 415)])
def test_a_form_that_cannot_be_read(client, path, kind, body, status):
    answer = client.post(path, content=body, headers={
        "Content-Type": kind} if kind else {})
    assert read_error(client, answer, status, "This form cannot be read"
                      ).startswith("Open the link from the mail again,")


@EACH
def test_a_form_with_a_content_encoding(client, path):
    answer = client.post(path, content="token=x", headers={
        "Content-Type": FORM, "Content-Encoding": "gzip"})
    read_error(client, answer, 415, "This form cannot be read")
    assert answer.headers["accept-encoding"] == "identity"


def test_a_password_that_the_rule_allows_and_the_hash_does_not(
        make_server, build_copy):
    """A 422 that is raised after the form was read."""
    build = build_copy(lambda conf: re.sub(
        r"(validator\tv_password\t).*", r"\1regex\t\t^.{9,1000}$", conf))
    server = make_server(build=build).start()
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    with server.client() as client:
        answer = client.post("/account/reset", data={
            "token": token, "new_password": "\u00e9" * 600})
        problem = read_error(client, answer, 422, "This cannot be used")
    assert problem.endswith("\nGo back and try again.")
    assert "body." not in problem


@pytest.fixture(scope="module")
def limited(start_module_server):
    """Each limit is of two paths; the second one is refused at once."""
    server = start_module_server(
        KEEL_RATE_LIMITS="account_pages=2/m,email_tokens=2/h")
    with server.client() as client:
        yield client


@EACH
def test_too_many(limited, path):
    for _ in range(3):
        answer = limited.post(path, data={"token": "x"})
    problem = read_error(limited, answer, 429, "Please wait")
    n, unit = re.fullmatch(
        r"There were too many tries from your network. Wait (\d+) "
        r"(second|minute)s?, then go back and send the form again.",
        problem).groups()
    seconds = int(answer.headers["retry-after"])
    assert int(n) * {"second": 1, "minute": 60}[unit] >= seconds
    assert int(n) == (seconds if unit == "second" else -(-seconds // 60))
    assert "ratelimit" in answer.headers
    # A page that is only opened is not counted.
    assert limited.get(path, params={"token": "x"}).status_code == 200


@pytest.fixture(scope="module")
def failing(start_module_server):
    server = start_module_server()
    with server.client() as client:
        yield server, client


@EACH
@pytest.mark.parametrize("state, status, title, words", [
    ("53200", 503, "The server is busy",
     "Wait a moment, then go back and send the form again."),
    ("22012", 500, "Something went wrong", "It is not your fault.")])
def test_a_database_that_fails(failing, path, state, status, title, words):
    server, client = failing
    [user] = add_people(server, "user")
    user.set(pending_email="new-" + user.email)
    token = add_token(server, user.id, PATHS[path])
    server.sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ "
               "BEGIN RAISE 'internals' USING ERRCODE = '%s'; END $$; CREATE "
               "TRIGGER fail BEFORE DELETE ON account_tokens FOR EACH ROW "
               "EXECUTE FUNCTION fail()" % state)
    form = {"token": token, "new_password": new_password()}
    try:
        answer = client.post(path, data=form)
    finally:
        server.sql("DROP FUNCTION fail() CASCADE")
    problem = read_error(client, answer, status, title)
    assert problem.startswith(words)
    assert "internals" not in answer.text and token not in answer.text
    if status == 500:
        assert answer.headers["x-request-id"] in problem
    else:
        assert answer.headers["retry-after"] == "1"
    # It says the truth: the same form works now.
    assert client.post(path, data=form).status_code == 200
