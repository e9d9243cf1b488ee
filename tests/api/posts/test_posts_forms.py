# SPDX-License-Identifier: ISC
"""The full text of posts: words meet in one form of Unicode; a language whose
configuration is gone stops no search."""

import urllib.parse

import pytest

from authors import add_posts
from people import add_people

POSTS = "/api/v1/posts"
FORMS = [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9"),
         ("\ud55c\uad6d", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
         ("\u03bf\u03b4\u03cc\u03c2", "\u039f\u0394\u038c\u03a3"),
         ("\u039f\u0394\u038c\u03a3", "\u03bf\u03b4\u03bf\u0301\u03c2")]


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server()


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


def found(client, q):
    answer = client.get(POSTS + "?q=" + urllib.parse.quote(q))
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize("text, q", FORMS, ids=ascii)
def test_a_word_is_found_in_any_form(server, client, text, q):
    [author] = add_people(server, "user")
    [post] = add_posts(server, author, content="a %s b" % text)
    [titled] = add_posts(server, author, title=text)
    assert {post, titled} <= set(found(client, q))
    assert {post, titled} <= set(found(client, text))


def test_a_language_that_is_gone_stops_no_search(server, client):
    [author] = add_people(server, "user")
    [post] = add_posts(server, author, content="zyzzogeton")
    server.sql("CREATE TEXT SEARCH CONFIGURATION gone (COPY = simple)")
    server.sql("INSERT INTO post_languages VALUES ('gone')")
    assert found(client, "zyzzogeton") == [post]
    server.sql("DROP TEXT SEARCH CONFIGURATION gone")
    assert found(client, "zyzzogeton") == [post]
