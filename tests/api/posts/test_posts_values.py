# SPDX-License-Identifier: ISC
"""What a post may hold: lengths, characters, types, members."""

import json

import pytest

from authors import POSTS, add_posts, path_of_post, row_of, write
from helpers import check_error, check_validation
from people import add_people

TITLE_MAX, CONTENT_MAX = 255, 100000
# Of the route's own limit (.body_max).
BODY_MAX = 1310720
JSON = {"Content-Type": "application/json"}
# Of one to four bytes.
CHARACTERS = {"ascii": "x", "umlaut": "\u00fc", "kanji": "\u6f22",
              "emoji": "\U0001f600"}
every_character = pytest.mark.parametrize("one", CHARACTERS.values(),
                                          ids=CHARACTERS)


@pytest.fixture
def author(server):
    return add_people(server, "user")[0]


class Writes:
    """POST, PATCH and PUT with the same members."""

    def __init__(self, server, client, author):
        self.server = server
        self.client = client
        self.author = author
        [self.post] = add_posts(server, author)

    def send(self, method, content):
        """content is text or bytes: JSON can have more than a dict."""
        if isinstance(content, str):
            content = content.encode()
        return self.client.request(
            method, POSTS if method == "POST" else path_of_post(self.post),
            headers=self.author.headers | JSON, content=content)

    def each(self, **fields):
        for method in "POST", "PATCH", "PUT":
            yield self.send(method, json.dumps(
                {"title": "T", "content": "C"} | fields,
                ensure_ascii=False))

    def check_taken(self, **fields):
        for answer in self.each(**fields):
            assert answer.is_success, answer.text
            for name, value in fields.items():
                assert answer.json()[name] == value
            assert row_of(self.server, answer.json(), *fields) == tuple(
                fields.values())

    def check_refused(self, errors, **fields):
        before = self.rows()
        for answer in self.each(**fields):
            assert check_validation(answer) == {
                "body." + name: [error] for name, error in errors.items()}
        assert self.rows() == before

    def rows(self):
        return self.server.sql("SELECT to_jsonb(p) FROM posts p WHERE "
                               "author_id = %s", self.author.id)


@pytest.fixture
def writes(server, client, author):
    return Writes(server, client, author)


#
# Lengths.
#

@every_character
def test_a_title_has_1_to_255_characters(writes, one):
    for length in 1, TITLE_MAX:
        writes.check_taken(title=one * length)
    writes.check_refused({"title": "Must have at least 1 character"},
                         title="")
    for length in TITLE_MAX + 1, 10000:
        writes.check_refused(
            {"title": "Must have at most %d characters" % TITLE_MAX},
            title=one * length)


@every_character
def test_a_content_has_0_to_100000_characters(writes, one):
    for length in 0, 1, CONTENT_MAX:
        writes.check_taken(content=one * length)
    writes.check_refused(
        {"content": "Must have at most %d characters" % CONTENT_MAX},
        content=one * (CONTENT_MAX + 1))


def test_a_content_in_its_longest_form(writes):
    """Each character as the escapes of a surrogate pair."""
    one = CHARACTERS["emoji"]
    body = json.dumps({"title": one * TITLE_MAX,
                       "content": one * CONTENT_MAX})
    assert len(body) > 12 * CONTENT_MAX
    for method in "POST", "PATCH", "PUT":
        answer = writes.send(method, body)
        assert answer.is_success
        assert answer.json()["content"] == one * CONTENT_MAX


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_the_limit_of_a_body(writes, chunked):
    """In bytes, whatever they are."""
    body = b'{"title": "T", "content": "C"}'
    for method in "POST", "PATCH", "PUT":
        for size, status in (BODY_MAX, None), (BODY_MAX + 1, 413):
            text = body + b" " * (size - len(body))
            answer = writes.send(method, iter([text]) if chunked else text)
            if status is None:
                assert answer.is_success, answer.text
            else:
                check_error(answer, 413, "CONTENT_TOO_LARGE")


def test_a_content_of_many_words(writes):
    """More than a tsvector holds, and one word longer than it may have."""
    words = "".join("w%x " % n for n in range(15500))
    assert len(words) < CONTENT_MAX
    writes.check_taken(content=words)
    writes.check_taken(content="x" * 3000 + " " + "y" * 70000)


#
# Characters.
#

@pytest.mark.parametrize("text", [
    " ", "\t", "\n", "  two  blanks  ", "\\", "\"", "'; DROP TABLE posts; --",
    "%s %d {}", "<script>alert(1)</script>", "\u202e", "\ufeff", "\u0001",
    "\x7f", "e\u0301", "\ufdd0", "\U0010ffff", "a:*&!|<->()",
    "\\000", "null"], ids=ascii)
def test_a_text_comes_back_as_it_was_sent(writes, text):
    """A content does; a title is a line (accounts/test_visible_names.py)."""
    writes.check_taken(content=text)


@pytest.mark.parametrize("text", [
    "two  blanks", "\\", "\"", "'; DROP TABLE posts; --", "%s %d {}",
    "<script>alert(1)</script>", "a:*&!|<->()", "\\000", "null"], ids=ascii)
def test_a_title_comes_back_as_it_was_sent(writes, text):
    writes.check_taken(title=text)


@pytest.mark.parametrize("text", ["\\u0000", "a\\u0000b"])
def test_no_text_has_a_nul(writes, text):
    before = writes.rows()
    for name in "title", "content":
        for method in "POST", "PATCH", "PUT":
            fields = {"title": "T", "content": "C"} | {name: "?"}
            answer = writes.send(method, json.dumps(fields).replace("?", text))
            assert list(check_validation(answer)) == ["body"]
    assert writes.rows() == before


@pytest.mark.parametrize("body", [
    b'{"title": "a\0", "content": "C"}', b'{"title": "\xff", "content": "C"}',
    b'{"title": "\xed\xa0\x80", "content": "C"}',
    b'{"title": "\\ud800", "content": "C"}', b'{"title": "T" "content": "C"}',
    b'{"title": "T", "content": "C"', b"", b"title=T&content=C"])
def test_what_is_no_json(writes, body):
    before = writes.rows()
    for method in "POST", "PATCH", "PUT":
        check_error(writes.send(method, body), 400, "INVALID_JSON")
    assert writes.rows() == before


#
# Types.
#

@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["T"]], ids=str)
@pytest.mark.parametrize("name", ["title", "content"])
def test_a_text_is_a_string(writes, name, value):
    writes.check_refused({name: "Must be a string"}, **{name: value})


@pytest.mark.parametrize("value", ["true", "", 0, 1, "2026-01-31T12:00:00Z",
                                   [], {}], ids=repr)
def test_published_is_true_or_false(writes, value):
    writes.check_refused({"published": "Must be true or false"},
                         published=value)


def test_null_is_no_value(writes):
    writes.check_refused({
        "title": "Must be a string, not null",
        "content": "Must be a string, not null",
        "published": "Must be true or false, not null"},
        title=None, content=None, published=None)


def test_all_errors_are_in_one_response(writes):
    writes.check_refused({
        "title": "Must have at least 1 character",
        "content": "Must be a string", "published": "Must be true or false",
        "owner": "Is not a field of this request"},
        title="", content=1, published="yes", owner=1)


#
# Members.
#

@pytest.mark.parametrize("name", [
    "id", "author_id", "author", "published_at", "created_at", "updated_at",
    "version", "language", "search", "Title", "title ", ""])
def test_an_unknown_member_is_refused(writes, author, name):
    """Nobody writes as another author, or at another time."""
    writes.check_refused({name: "Is not a field of this request"},
                         **{name: author.id})


@pytest.mark.parametrize("name", ["title", "content", "published"])
def test_a_member_that_is_there_twice(writes, name):
    before = writes.rows()
    value = "true" if name == "published" else '"A"'
    body = '{"title": "T", "content": "C", %s}' % ", ".join(
        ['"%s": %s' % (name, value)] * 2)
    for method in "POST", "PATCH", "PUT":
        answer = writes.send(method, body)
        assert "body." + name in check_validation(answer) or \
            list(check_validation(answer)) == ["body"], answer.text
    assert writes.rows() == before


@pytest.mark.parametrize("media", ["text/plain", "application/xml",
                                   "application/x-www-form-urlencoded"])
def test_a_body_is_json(client, author, media):
    post = write(client, author).json()
    for method, path in (("POST", POSTS), ("PUT", path_of_post(post)),
                         ("PATCH", path_of_post(post))):
        check_error(client.request(
            method, path, content=b'{"title": "T", "content": "C"}',
            headers=author.headers | {"Content-Type": media}),
            415, "UNSUPPORTED_MEDIA_TYPE")


def test_only_a_patch_is_a_merge_patch(client, author):
    post = write(client, author).json()
    headers = author.headers | {"Content-Type": "application/merge-patch+json"}
    for method, path in (("POST", POSTS), ("PUT", path_of_post(post))):
        check_error(client.request(
            method, path, content=b'{"title": "T", "content": "C"}',
            headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")
    answer = client.patch(path_of_post(post), headers=headers,
                          content=b'{"title": null}')
    assert list(check_validation(answer)) == ["body.title"]


def test_any_title_has_its_place_in_the_order(client, server, author):
    """A cursor holds a title of the longest length, and any character."""
    titles = sorted([CHARACTERS["emoji"] * TITLE_MAX, "\x1f", "a\x1fb", "<-~",
                     CHARACTERS["emoji"] * (TITLE_MAX - 1) + "z"])
    for title in titles:
        add_posts(server, author, title=title)
    for sort, expected in ("title", titles), ("-title", titles[::-1]):
        page = client.get(POSTS, params={
            "author_id": author.id, "sort": sort, "limit": 1, "cursor": ""})
        found = []
        for link in ["next"] * len(titles) + ["prev"] * len(titles):
            assert page.status_code == 200, page.text
            found += [post["title"] for post in page.json()["items"]]
            if link in page.links:
                page = client.get(page.links[link]["url"])
        assert found == expected + expected[::-1]
