# SPDX-License-Identifier: ISC
"""Names and titles: one line that people can see, without blanks at its ends,
in NFC."""

import unicodedata

import pytest

from authors import POSTS, add_posts, path_of_post
from helpers import check_validation, new_user, register
from people import add_people

USERS = "/api/v1/users"
UNSEEN = "Must have a character that can be seen"
NOT = "Must not have U+%04X, %s"

SEEN = ["Ada", "Ada Lovelace", "O'Brien", "Jos\u00e9", "\u674e", "0", "-",
        "\U0001f600", "\U0001f468\u200d\U0001f469",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "a\u200b"]
STRIPPED = [" Ada ", "\u00a0Ada", "Ada\u3000", "\tAda\r\n", "\u2028Ada\u2029",
            "\x1fAda", "Jose\u0301", " Jose\u0301\u2003"]
INVISIBLE = [" ", "\u3000\u2003", "\u200b", "\u00ad", "\u2060\ufeff", "\u0301",
             "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\U0001d159",
             "\ue000", "\U000e0041"]
CHARACTERS = [("a\nb", 0x0a, "a line break"), ("a\rb", 0x0d, "a line break"),
              ("a\x85b", 0x85, "a line break"),
              ("a\u2028b", 0x2028, "a line break"),
              ("a\tb", 0x09, "a control character"),
              ("\x07", 0x07, "a control character"),
              ("a\x7f", 0x7f, "a control character"),
              ("a\x9fb", 0x9f, "a control character")] + [
    ("a%cb" % code, code, "which turns the direction of text")
    for code in (0x61c, 0x200e, 0x200f, *range(0x202a, 0x202f),
                 *range(0x2066, 0x206a))]


@pytest.fixture
def person(server):
    return add_people(server, "user")[0]


def sends(server, client, person):
    """Every way to write a name or a title: the member, and a request."""
    [post] = add_posts(server, person)
    path = path_of_post(post)
    everything = {"email": person.email, "role": "user", "is_active": True}
    for member, method, target, body in (
            ("name", "PATCH", USERS + "/me", {}),
            ("name", "PATCH", person.path, {}),
            ("name", "PUT", person.path, everything),
            ("title", "POST", POSTS, {"content": "C"}),
            ("title", "PATCH", path, {}),
            ("title", "PUT", path, {"content": "C"})):
        yield member, lambda text, member=member, method=method, \
            target=target, body=body: client.request(
                method, target, headers=person.headers,
                json=body | {member: text})


def code_of(answer):
    return answer.json()["error"]["details"][0]["code"]


def check_all(server, client, person, text, check):
    for member, send in sends(server, client, person):
        check(member, send(text))


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_a_text_that_can_be_seen_is_taken(server, client, person, text):
    def check(member, answer):
        assert answer.is_success, answer.text
        assert answer.json()[member] == text
    check_all(server, client, person, text, check)


@pytest.mark.parametrize("text", STRIPPED, ids=ascii)
def test_blanks_at_the_ends_are_stripped(server, client, person, text):
    """And what is stored, and shown, is in NFC."""
    def check(member, answer):
        assert answer.is_success, answer.text
        assert answer.json()[member] == unicodedata.normalize(
            "NFC", text.strip())
    check_all(server, client, person, text, check)
    assert person.row("name") == (unicodedata.normalize("NFC", text.strip()),)


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_what_cannot_be_seen_is_no_name(server, client, person, text):
    def check(member, answer):
        assert check_validation(answer) == {"body." + member: [UNSEEN]}
        assert code_of(answer) == "invisible"
    check_all(server, client, person, text, check)
    assert person.row("name") == ("Test",)


@pytest.mark.parametrize("text, code, what", CHARACTERS, ids=ascii)
def test_controls_and_directions_are_refused(server, client, person, text,
                                             code, what):
    def check(member, answer):
        assert check_validation(answer) == {
            "body." + member: [NOT % (code, what)]}
        assert code_of(answer) == "invalid_character"
    check_all(server, client, person, text, check)


def test_a_registration_has_the_rule(client):
    answer = client.post(USERS, json=new_user(name="\u202e\u200b"))
    assert check_validation(answer) == {"body.name": [
        NOT % (0x202e, "which turns the direction of text")]}
    assert register(client, name=" Jose\u0301 ")[1]["name"] == "Jos\u00e9"


def test_a_length_is_that_of_what_is_sent_and_stored(server, client, person):
    """The first is described; and NFC can be longer."""
    most = {"name": 100, "title": 255}
    for member, send in sends(server, client, person):
        n = most[member]
        assert send(" " + "x" * (n - 2) + "\n").json()[member] == "x" * (n - 2)
        assert send("e\u0301" * (n // 2)).json()[member] == "\u00e9" * (n // 2)
        assert send("\u0958" * (n // 2)).is_success
        for text in ("x" * (n + 1), "x" * n + " ", " " * (n + 1),
                     "\u0958" * (n // 2 + 1)):
            assert check_validation(send(text)) == {
                "body." + member: ["Must have at most %d characters" % n]}


def test_an_old_name_stays_until_it_is_changed(server, client, person):
    """A PATCH of something else leaves it, and a PUT must mend it."""
    person.set(name=" \u202eAda ")
    old = client.get(person.path, headers=person.headers).json()
    assert old["name"] == " \u202eAda "
    answer = client.patch(person.path, headers=person.headers,
                          json={"email": person.email})
    assert (answer.status_code, answer.json()["name"]) == (200, old["name"])
    answer = client.patch(USERS + "/me", headers=person.headers,
                          json={"name": old["name"]})
    assert "body.name" in check_validation(answer)


def test_a_content_keeps_its_characters(client, person):
    """It has many lines: tabs, controls and both directions are its own."""
    text = " \ta\n\x07\u202eb\u200be\u0301 \n"
    answer = client.post(POSTS, headers=person.headers,
                         json={"title": "T", "content": text})
    assert answer.json()["content"] == text
