# SPDX-License-Identifier: ISC
"""The pages that links in mails open: they do nothing until somebody sends the
form, they show no more than they must, and the links lead to them, to another
path or to a frontend."""

import re
import urllib.parse

import pytest

from helpers import WEAK_PASSWORDS, ask_token, new_password, register
from links import add_token
from mailbox import Mailbox
from pages import Page
from people import add_people
from server import confidential

VERIFY = "/account/verify"
RESET = "/account/reset"
BOTH = pytest.mark.parametrize("path", [VERIFY, RESET])
PURPOSE = {VERIFY: "verify", RESET: "reset"}
TITLE = {VERIFY: "Verify your e-mail address", RESET: "Set a new password"}
BROKEN = "This link does not work"


@pytest.fixture(scope="module")
def user(server):
    return add_people(server, "user")[0]


def send(client, path, token, password=None):
    form = {"token": token}
    if password is not None:
        form["new_password"] = password
    return client.post(path, data=form)


#
# The form.
#

@BOTH
def test_the_link_opens_a_form(client, server, user, path):
    token = add_token(server, user.id, PURPOSE[path])
    answer = client.get(path, params={"token": token})
    assert answer.status_code == 200
    page = Page(answer)
    assert page.title == TITLE[path]
    assert page.token == token
    assert page.problem is None
    form = page.one("form")
    assert form["method"] == "post"
    # Without the query, so that the token is in no other address.
    assert urllib.parse.urljoin(path, form["action"]) == path
    assert page.one("html")["lang"] == "en"


def test_the_new_password_can_be_typed_and_saved(client):
    page = Page(client.get(RESET, params={"token": "x"}))
    field = page.one("input", type="password")
    assert page.one("label")["for"] == field["id"]
    assert field["name"] == "new_password"
    assert field["autocomplete"] == "new-password"
    assert field["aria-invalid"] == "false"
    assert {"required", "autofocus"} <= field.keys()
    assert "autofocus" in Page(client.get(VERIFY, params={
        "token": "x"})).one("button")


@pytest.mark.parametrize("rule, text", [
    (None, "8 characters or more. Contains an uppercase letter and a digit. "
     "Not one of the 10,000 most common passwords."),
    ("function\tv_passphrase", "8 characters or more. Not one of the 10,000 "
     "most common passwords, also with other digits behind it."),
    ("regex\t\t^.{9,}$", None)], ids=["default", "function", "regex"])
def test_the_rule_is_said_before(server, make_server, build_copy, rule, text):
    if rule is not None:
        build = build_copy(lambda conf: re.sub(
            r"(validator\tv_password\t).*", r"\1" + rule, conf))
        server = make_server(build=build).start()
    with server.client() as client:
        page = Page(client.get(RESET, params={"token": "x"}))
    assert page.one("p", id="rule")
    assert (text or "All devices that are signed in to your account\nwill be "
            "signed out.") == page.texts["p"][0]


@BOTH
def test_mail_scanners_use_nothing_up(client, server, user, path):
    token = add_token(server, user.id, PURPOSE[path])
    before = server.sql("SELECT * FROM account_tokens")
    for method in ("GET", "HEAD", "GET", "OPTIONS", "GET"):
        assert client.request(method, path, params={
            "token": token}).status_code in (200, 204)
    assert server.sql("SELECT * FROM account_tokens") == before
    assert send(client, path, token, new_password()).status_code == 200


@BOTH
def test_a_get_does_not_look_the_token_up(client, server, user, path):
    """So it says the same of every token."""
    good, used = [add_token(server, user.id, PURPOSE[path])
                  for _ in range(2)]
    pages = {client.get(path, params={"token": token}).text.replace(
        token, "TOKEN") for token in (good, used[:-1] + "_", "x")}
    assert len(pages) == 1


INJECTIONS = [
    "<script>alert(1)</script>", '"><script>alert(1)</script>',
    "' onfocus='alert(1)", '" autofocus onfocus="alert(1)', "&quot;&lt;",
    "</form><form action=//example.com>", "{{token}}", "{{content}}",
    "a\u202eb", "\u00e9\U0001f600", "x y", "%22%3e"]


@BOTH
@pytest.mark.parametrize("token", INJECTIONS)
def test_a_token_is_no_markup(client, path, token):
    for answer in (client.get(path, params={"token": token}),
                   send(client, RESET, token, "short")):
        page = Page(answer)
        assert page.token == token
        assert page.open == []
        assert not any(name.startswith("on") for _, attrs in page.tags
                       for name in attrs)
        assert "script" not in dict(page.tags)


@BOTH
@pytest.mark.parametrize("query", [
    "", "token=", "token", "tokens=x", "TOKEN=x", "token=%ff",
    "token=%c0%af", "token=%00",
    "token=" + "A" * 201, "token=" + "A" * 4000, "token=x&%ff"],
    ids=lambda query: query[:20])
def test_a_link_that_is_not_complete(client, path, query):
    answer = client.get(path + "?" + query)
    page = Page(answer)
    assert (answer.status_code, page.title) == (400, BROKEN)
    assert page.problem.startswith("It is not complete.")
    assert "form" not in dict(page.tags)


@BOTH
def test_a_link_with_more_in_it(client, path):
    """Mail programs add words of their own."""
    answer = client.get(path + "?utm_source=mail&token=x%2By+z&fbclid=1")
    assert answer.status_code == 200
    assert Page(answer).token == "x+y z"


#
# Sending the form.
#

def test_the_form_verifies_the_address(client, server):
    [user] = add_people(server, "user")
    token = add_token(server, user.id, "verify")
    answer = send(client, VERIFY, token)
    page = Page(answer)
    assert (answer.status_code, page.title) == (
        200, "Your e-mail address is verified")
    assert page.one("p", role="status") is not None
    assert page.problem is None
    assert user.row("email_verified") == (True,)


def test_the_form_sets_the_password(client, server):
    user, created = register(client)
    token = add_token(server, created["id"])
    password = new_password()
    answer = send(client, RESET, token, password)
    page = Page(answer)
    assert (answer.status_code, page.title) == (
        200, "Your new password is set")
    assert ask_token(client, user["email"], password).status_code == 200
    assert password not in answer.text and token not in answer.text


@pytest.mark.parametrize("password, messages", WEAK_PASSWORDS + [
    ("a" * 200, ["Password must have at most 128 characters",
                 "Password must contain uppercase letter",
                 "Password must contain digit"]),
    ("Password1", ["Password is one of the 10,000 most common"]),
    ("", ["Enter a new password."])])
def test_a_weak_password_is_explained_and_can_be_changed(
        client, server, password, messages):
    [user] = add_people(server, "user")
    token = add_token(server, user.id)
    answer = send(client, RESET, token, password)
    page = Page(answer)
    assert (answer.status_code, page.title) == (422, TITLE[RESET])
    assert page.problem.split("\n") == messages
    field = page.one("input", type="password")
    assert field["aria-invalid"] == "true"
    assert "problem" in field["aria-describedby"].split()
    assert "value" not in field and password not in (answer.text
                                                     if password else [])
    assert send(client, RESET, page.token, new_password()).status_code == 200


@BOTH
def test_a_token_that_is_not_good_is_explained(client, server, user, path):
    used = add_token(server, user.id, PURPOSE[path])
    send(client, path, used, new_password())
    for token in (used, "x", "A" * 60000,
                  add_token(server, user.id, PURPOSE[path], seconds=0)):
        answer = send(client, path, token, new_password())
        page = Page(answer)
        assert (answer.status_code, page.title) == (400, BROKEN)
        assert page.problem.startswith("It was used already,")
        assert "form" not in dict(page.tags)
        assert token not in answer.text or token == "x"


@BOTH
@pytest.mark.parametrize("form", [
    {"other": "x"}, {"token": ""}, {"new_password": "Rainy-day-43"}], ids=str)
def test_a_form_without_a_token(client, path, form):
    answer = client.post(path, data=form)
    assert (answer.status_code, Page(answer).title) == (400, BROKEN)


@BOTH
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_405(client, path, method):
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


#
# What pages do not give away.
#

@BOTH
def test_the_token_is_in_no_log_and_no_address(client, server, user, path):
    """The log is searched for it at the end of the run, too."""
    token = add_token(server, user.id, PURPOSE[path])
    answers = [client.get(path, params={"token": token}),
               client.get(path + "/", params={"token": "x"},
                          follow_redirects=False),
               send(client, path, token, "short"),
               send(client, path, token, new_password())]
    for answer in answers:
        event = server.wait_for_log(answer.headers["x-request-id"])
        assert event["path"].rstrip("/") == path
        assert token not in str(answer.headers)
    assert token not in server.output() + server.errors()


@BOTH
def test_a_page_loads_its_style_and_nothing_else(client, path):
    answer = client.get(path, params={"token": "x"})
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert loaded == ["account.css"]
    style = client.get("/account/account.css")
    assert style.status_code == 200
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in style.text and "@import" not in style.text
    assert "style=" not in answer.text and "<style" not in answer.text


@BOTH
def test_the_headers_of_a_page(client, path):
    headers = client.get(path, params={"token": "x"}).headers
    policy = dict(part.split(" ", 1) for part in headers[
        "content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'", "style-src": "'self'", "img-src": "'self'",
        "base-uri": "'none'", "form-action": "'self'",
        "frame-ancestors": "'none'"}
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"
    assert headers["x-frame-options"] == "DENY"
    assert "etag" not in headers


#
# Where links lead.
#

@pytest.mark.parametrize("settings, before", [
    ({"KEEL_PUBLIC_URL": "https://example.org/backend"},
     "https://example.org/backend/account/reset"),
    ({"KEEL_FRONTEND_URL": "https://app.example.org"},
     "https://app.example.org/reset"),
    ({"KEEL_FRONTEND_URL": "http://localhost:5173/account"},
     "http://localhost:5173/account/reset")],
    ids=["path", "frontend", "frontend with a path"])
def test_where_a_link_leads(make_server, start_runner, settings, before):
    server = make_server(**settings)
    [user] = add_people(server, "user")
    done = server.command("reset-password", user.email)
    link, _, token = done.stdout.strip().partition("?token=")
    confidential.add(token)
    assert link == before
    if "KEEL_PUBLIC_URL" in settings:
        return
    mailbox = Mailbox(server, start_runner(server))
    server.sql("INSERT INTO jobs (id, kind, payload) VALUES "
               "(gen_random_uuid(), 'send_password_reset', "
               "jsonb_build_object('email', %s))", user.email)
    server.sql("NOTIFY keel_jobs")
    token = mailbox.token(user.email)
    assert "%s?token=%s" % (before, token) in (
        mailbox.mails(user.email)[0].text)
