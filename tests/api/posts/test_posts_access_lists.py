# SPDX-License-Identifier: ISC
"""Which posts the lists and searches show to whom: everybody the published
ones, their author and admins the drafts, too. No item, total, link or cursor
tells anybody else of a draft. On a database of its own, so that each total is
known."""

import itertools
import uuid

import pytest

from authors import POSTS
from lists import ids, links
from people import add_people

# Some are of one time. A draft has a word that is nowhere else.
ADD = """
INSERT INTO posts (id, author_id, title, content, published_at, created_at)
SELECT id::uuid, author::uuid, title, content, published,
       timestamptz '2026-01-01' + interval '1 day' * (n / 3)
  FROM unnest(%s, %s, %s, %s, %s::timestamptz[]) WITH ORDINALITY
       AS t (id, author, title, content, published, n)
"""
SECRETS = ["xylophone", "zeppelin", "quokka"]


class Post:
    def __init__(self, author, title, day, secret=None):
        self.id = str(uuid.uuid4())
        self.author = author
        self.title = title
        self.secret = secret
        self.content = "common " + (secret or title)
        self.published_at = day and "2026-02-%02d" % day


class Board:
    """The people and their posts; the readers by name."""

    def __init__(self, server):
        self.server = server
        self.client = server.client()
        self.author, self.other, staff, admin = add_people(
            server, "user", "user", "staff", "admin")
        for person in self.author, self.other:
            person.set(name="Name of " + person.id)
        self.readers = {"anonymous": None, "other": self.other,
                        "author": self.author, "staff": staff, "admin": admin}
        self.posts = [
            Post(self.author, "b Draft", None, SECRETS[0]),
            Post(self.author, "a Shown", 3), Post(self.author, "A Shown", 1),
            Post(self.author, "C Draft", None, SECRETS[1]),
            Post(self.author, "z Shown", 1), Post(self.author, "d Shown", 2),
            Post(self.other, "e Shown", 2),
            Post(self.other, "f Draft", None, SECRETS[2])]
        server.sql(ADD, *map(list, zip(*[(post.id, post.author.id, post.title,
                                post.content, post.published_at)
                               for post in self.posts])))

    def sees(self, who, post):
        return bool(post.published_at or who == "admin" or
                    self.readers[who] is post.author)

    def headers(self, who):
        return self.readers[who].headers if self.readers[who] else {}

    def get(self, who, path, method="GET"):
        """Nothing of a draft that is hidden from them may be in the
        response."""
        answer = self.client.request(method, path, headers=self.headers(who))
        told = answer.text + str(answer.headers.raw)
        for post in self.posts:
            if not self.sees(who, post):
                assert post.id not in told
                assert post.title not in told
                assert post.secret not in answer.text
        return answer

    def order(self, sort, found):
        """Their ids, as a list with this order has them."""
        keys = dict(self.server.sql(
            "SELECT id::text, (%s)::text FROM posts" % {
                "created_at": "created_at",
                "published_at": "coalesce(published_at, '-infinity')",
                "title": "lower(title)"}[sort.lstrip("-")]))
        return sorted((post.id for post in found),
                      key=lambda id: (keys[id].encode(), id),
                      reverse=sort.startswith("-"))

    def visible(self, who, holds=lambda post: True):
        return [post for post in self.posts
                if self.sees(who, post) and holds(post)]


@pytest.fixture(scope="module")
def board(start_module_server):
    board = Board(start_module_server())
    yield board
    board.client.close()


every_reader = pytest.mark.parametrize("who", [
    "anonymous", "other", "author", "staff", "admin"])
SORTS = [sign + key for key in ("created_at", "published_at", "title")
         for sign in ("", "-")]


#
# Lists and searches.
#

# What the query asks for, and which posts that is.
FILTERS = {
    "": lambda board, post: True,
    "author_id={author}": lambda board, post: post.author is board.author,
    "author_id={other}": lambda board, post: post.author is board.other,
    "author_id={nobody}": lambda board, post: False,
    "published=true": lambda board, post: post.published_at,
    "published=false": lambda board, post: not post.published_at,
    "author_id={author}&published=false":
        lambda board, post: post.author is board.author and
        not post.published_at,
    "created_since=2026-01-02T00:00:00Z":
        lambda board, post: board.posts.index(post) >= 2,
    "created_until=2026-01-02T00:00:00Z":
        lambda board, post: board.posts.index(post) < 2,
    "published_since=2026-02-02T00:00:00Z":
        lambda board, post: (post.published_at or "") >= "2026-02-02",
    "published_until=2026-02-02T00:00:00Z":
        lambda board, post: "" < (post.published_at or "") < "2026-02-02",
    "q=common": lambda board, post: True,
    "q=draft": lambda board, post: not post.published_at,
    "q=common&published=false": lambda board, post: not post.published_at,
    "q=-shown": lambda board, post: not post.published_at,
    **{"q=" + secret: lambda board, post, secret=secret:
       post.secret == secret for secret in SECRETS},
    "q=%s%%20or%%20%s" % (SECRETS[0], SECRETS[2]):
        lambda board, post: post.secret in (SECRETS[0], SECRETS[2]),
    "q=common&author_id={author}":
        lambda board, post: post.author is board.author,
}
SHOWN = {"": "", "all": "fields=id,title,content,published_at,author_id&"
         "expand=author"}


def of_board(board, text):
    return text.format(author=board.author.id, other=board.other.id,
                       nobody=uuid.uuid4())


def with_query(path, *parts):
    return path + "?" + "&".join(part for part in parts if part)


def walk_pages(board, who, path, *parts):
    """The ids on all pages, by number and by skip; each total is theirs."""
    found = {"page": [], "skip": []}
    totals = set()
    for name, start, step in ("page", 1, 1), ("skip", 0, 3):
        for turn in itertools.count():
            answer = board.get(who, with_query(
                path, "limit=3", "%s=%d" % (name, start + turn * step),
                *parts))
            assert answer.status_code == 200, answer.text
            page = answer.json()
            totals.add((page["total"], page["pages"]))
            assert ("next" in links(answer)) == (
                (turn + 1) * 3 < page["total"])
            if not page["items"]:
                break
            found[name] += ids(page)
    assert found["page"] == found["skip"]
    total = len(found["page"])
    assert totals == {(total, -(-total // 3))}
    return found["page"]


def walk_cursors(board, who, path, *parts):
    """The same by cursor, forwards and backwards, by the Link header."""
    forwards, backwards = [], []
    target = with_query(path, "limit=3", "cursor=", *parts)
    while target:
        answer = board.get(who, target)
        assert answer.status_code == 200, answer.text
        page, last = answer.json(), target
        forwards += ids(page)
        assert page["has_more"] == ("next" in links(answer)) == (
            page["next_cursor"] is not None)
        target = links(answer).get("next")
    target = last
    while target:
        answer = board.get(who, target)
        backwards = ids(answer.json()) + backwards
        target = links(answer).get("prev")
    assert forwards == backwards
    return forwards


def check_list(board, who, path, expected, *parts):
    assert walk_pages(board, who, path, *parts) == expected
    assert walk_cursors(board, who, path, *parts) == expected


@every_reader
@pytest.mark.parametrize("shown", SHOWN.values(), ids=["plain", "all"])
@pytest.mark.parametrize("sort", SORTS)
def test_a_list_in_each_order(board, who, sort, shown):
    expected = board.order(sort, board.visible(who))
    assert len(expected) == {"author": 7, "other": 6, "admin": 8}.get(who, 5)
    check_list(board, who, POSTS, expected, "sort=" + sort, shown)
    check_list(board, who, POSTS, expected, "sort=" + sort, "q=common", shown)


@every_reader
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_no_draft(board, who, name):
    expected = board.order("title", board.visible(
        who, lambda post: FILTERS[name](board, post)))
    check_list(board, who, POSTS, expected, "sort=title",
               of_board(board, name), SHOWN["all"])


@every_reader
@pytest.mark.parametrize("name", [name for name in FILTERS
                                  if "author_id" not in name])
def test_the_posts_of_a_user(board, who, name):
    for person in board.author, board.other:
        expected = board.order("-title", board.visible(
            who, lambda post: post.author is person and
            FILTERS[name](board, post)))
        check_list(board, who, person.path + "/posts", expected,
                   "sort=-title", name)


@every_reader
def test_a_search_by_relevance(board, who):
    expected = {post.id for post in board.visible(who)}
    for path in POSTS + "?q=common", POSTS + "?q=common&sort=relevance":
        page = board.get(who, path).json()
        assert (set(ids(page)), page["total"]) == (expected, len(expected))
    assert walk_cursors(board, who, POSTS, "q=common") == walk_pages(
        board, who, POSTS, "q=common")


@every_reader
def test_a_reader_sees_what_the_lists_show(board, who):
    shown = board.get(who, POSTS + "?fields=id,content,author&limit=100"
                      ).json()["items"]
    assert {item["id"]: (item["content"], item["author"]["id"])
            for item in shown} == {
        post.id: (post.content, post.author.id)
        for post in board.visible(who)}


def test_a_cursor_of_another_reader_shows_no_more(board):
    """An admin's may begin at a draft."""
    for query in ("?cursor=&limit=1&sort=title&fields=title,content",
                  "?cursor=&limit=1&sort=title&fields=title&q=common"):
        target = POSTS + query
        while target:
            answer = board.get("admin", target)
            target = links(answer).get("next")
            if target:
                for who in "anonymous", "other", "staff":
                    told = board.client.get(target,
                                            headers=board.headers(who))
                    # The link names the row at which the reader began.
                    for item in told.json()["items"]:
                        assert item["title"] in {
                            post.title for post in board.visible(who)}
