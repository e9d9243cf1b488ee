# SPDX-License-Identifier: ISC
"""Posts by cursor, forwards and backwards, in each order and for each reader:
each one once, even if posts are added and deleted between the pages."""

import pytest

from helpers import check_error, check_validation
from lists import USERS, ids, links
from people import add_people, transaction
from posts import POSTS, SEARCH_SORTS, SORTS, Reader, add_post
from sizes import size

CROWD = size(500, 10000)    # posts with the same times
LIMIT = size(25, 100)
ROLES = [None, "user", "admin"]
TIME = "2026-01-01 00:00:00.000001+00"

# One post of five is a draft. A title, and how often the content has the word,
# are those of many posts.
FILL = """
INSERT INTO posts (id, author_id, title, content, published_at, created_at)
SELECT gen_random_uuid(), (%s::uuid[])[i %% 2 + 1],
       (ARRAY['crowd', 'CROWD', 'Émile', 'émile', 'É'])[i %% 5 + 1],
       repeat('crowd ', i %% 3 + 1),
       CASE WHEN i %% 10 > 1 THEN timestamptz %s END, timestamptz %s
  FROM generate_series(1, %s) i
"""

# Around the cursor and elsewhere.
CHURN = """
DELETE FROM posts WHERE author_id = %(come)s AND random() < 0.4;
DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE author_id = %(go)s
                                ORDER BY random() LIMIT 1);
INSERT INTO posts (id, author_id, title, content, published_at, created_at)
SELECT gen_random_uuid(), %(come)s,
       (ARRAY['crowd', 'Crowd', 'a', 'émile', 'z'])[floor(random() * 5) + 1],
       repeat('crowd ', (random() * 4)::integer + 1),
       at + interval '1 hour' * floor(random() * 3 - 1),
       at + interval '1 microsecond' * floor(random() * 3 - 1)
  FROM generate_series(1, 10), (SELECT timestamptz %(time)s AS at) AS t
"""


class Crowd:
    """The server; who writes the posts that stay, come and go."""

    def __init__(self, server, client):
        self.server = server
        self.readers = {role: Reader(server, client, role) for role in ROLES}
        other, come, go = add_people(server, "user", "user", "user")
        self.who = {"come": come.id, "go": go.id, "time": TIME}
        server.sql(FILL, [self.readers["user"].id, other.id], TIME, TIME,
                   CROWD)

    def begin(self):
        """Only posts that will go, besides those that stay."""
        self.server.sql("DELETE FROM posts WHERE author_id IN (%s, %s)",
                        self.who["come"], self.who["go"])
        self.server.sql(FILL, [self.who["go"]] * 2, TIME, TIME, 2 * CROWD //
                        LIMIT)


@pytest.fixture(scope="module")
def crowd(start_module_server):
    server = start_module_server()
    with server.client() as client:
        crowd = Crowd(server, client)
        server.sql("ANALYZE posts")
        yield crowd


@pytest.fixture(scope="module")
def few(start_module_server):
    """A reader of each kind, of a server with few posts."""
    server = start_module_server()
    with server.client() as client:
        yield {role: Reader(server, client, role) for role in ROLES}


@pytest.fixture(scope="module")
def some(few):
    """A stranger, and nine posts of an author."""
    author = few["user"].id
    for i in range(9):
        add_post(few[None].server, author, "Some", created="2026-02-01",
                 content="some words")
    return few[None]


def check_page(answer, going):
    """Its links are its cursors; returns the page and the target of going."""
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert list(page) == ["items", "next_cursor", "prev_cursor", "has_more",
                          "limit"]
    assert page["has_more"] == (page["next_cursor"] is not None)
    assert len(page["items"]) <= page["limit"]
    found = links(answer)
    assert {"next": page["next_cursor"], "prev": page["prev_cursor"]} == {
        rel: target.partition("cursor=")[2].partition("&")[0]
        for rel, target in found.items()} | {
            rel: None for rel in ("next", "prev") if rel not in found}
    return page, found.get(going)


def walk(reader, target, going, between):
    """All pages from the target on, by Link and by the cursor in turn."""
    pages, query = [], target.partition("&")[2]
    while target:
        page, target = check_page(reader.get(target), going)
        pages.append(page)
        assert len(pages) <= 2 * CROWD
        between()
        if target and len(pages) % 2:
            target = "%s?cursor=%s&%s" % (POSTS, page[going + "_cursor"],
                                          query)
    return pages


def check_walk(pages, before, after):
    """Of the posts that were there before and after, each one once."""
    seen = [id for page in pages for id in ids(page)]
    assert len(set(seen)) == len(seen), "a post was seen twice"
    stayed = set(before) & set(after)
    assert [id for id in seen if id in stayed] == [
        id for id in before if id in stayed]
    assert len(stayed) < len(before), "no post was deleted"
    assert set(seen) - set(before), "no post was added in time"
    return seen


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("sort", SEARCH_SORTS)
def test_equal_times_while_posts_change(crowd, sort, role):
    reader = crowd.readers[role]
    q = "crowd" if sort in ("relevance", "-relevance") else ""
    crowd.begin()
    with transaction(crowd.server, "SELECT 1") as db:

        def churn():
            db.cursor().execute(CHURN, crowd.who)
            db.commit()

        target = "%s?cursor=&sort=%s&limit=%d%s" % (
            POSTS, sort, LIMIT, "&q=" + q if q else "")
        before = reader.order(sort, q=q)
        pages = walk(reader, target, "next", churn)
        check_walk(pages, before, reader.order(sort, q=q))

        # Back from the last page whose first post is still there.
        crowd.begin()
        assert pages[-1]["prev_cursor"] is not None
        before = reader.order(sort, q=q)
        last = next(page for page in reversed(pages) if page["items"] and
                    page["items"][0]["id"] in before)
        start = "%s?cursor=%s&%s" % (POSTS, last["prev_cursor"],
                                     target.partition("&")[2])
        before = before[:before.index(last["items"][0]["id"])]
        pages = walk(reader, start, "prev", churn)[::-1]
        check_walk(pages, before, reader.order(sort, q=q))
        assert pages[0]["prev_cursor"] is None
    assert len(before) >= CROWD / 2


@pytest.mark.parametrize("sort", SEARCH_SORTS)
def test_a_page_that_became_empty(few, sort):
    """The one after the last post, and the one before the first."""
    reader = few[None]
    for i in range(6):
        add_post(reader.server, few["user"].id, "Empty", "emptied word")
    query = "q=emptied&limit=3&sort=" + sort
    first, _ = check_page(reader.ask("cursor=&" + query), "next")
    assert first["prev_cursor"] is None
    second, _ = check_page(reader.ask(
        "cursor=%s&%s" % (first["next_cursor"], query)), "next")
    delete = "DELETE FROM posts WHERE id = ANY (%s::uuid[])"
    reader.server.sql(delete, ids(second))
    page, _ = check_page(reader.ask(
        "cursor=%s&%s" % (first["next_cursor"], query)), "next")
    assert (page["items"], page["has_more"]) == ([], False)
    page, _ = check_page(reader.ask(
        "cursor=%s&%s" % (page["prev_cursor"], query)), "prev")
    assert (ids(page), page["prev_cursor"]) == (ids(first), None)
    reader.server.sql(delete, ids(first))
    page, _ = check_page(reader.ask(
        "cursor=%s&%s" % (second["prev_cursor"], query)), "prev")
    assert (page["items"], page["prev_cursor"]) == ([], None)
    page, _ = check_page(reader.ask(
        "cursor=%s&%s" % (page["next_cursor"], query)), "next")
    assert page == {"items": [], "next_cursor": None, "prev_cursor": None,
                    "has_more": False, "limit": 3}


def check_invalid(answer, message="The cursor is not one of this list"):
    assert check_error(answer, 400, "INVALID_CURSOR", message) == {}


@pytest.fixture(scope="module")
def cursor(some):
    return some.list("cursor=&limit=3")["next_cursor"]


@pytest.mark.parametrize("other", ["A", "z", "0", "9", "-", "_", "%00", "%1F",
                                   "%20", "%2B", "%3D", "%7F", "%80", "%C3%A9",
                                   "%FF"])
def test_a_tampered_cursor(some, cursor, other):
    """Any character, replaced by one of each kind."""
    for i in range(len(cursor)):
        if cursor[i] != other:
            answer = some.ask("cursor=%s%s%s" % (cursor[:i], other,
                                                 cursor[i + 1:]))
            if other in ("%00", "%80", "%FF"):
                assert answer.status_code in (400, 422), answer.text
            else:
                check_invalid(answer)


def test_a_cursor_of_another_list(some, few, cursor):
    admin = few["admin"]
    theirs = "%s/%s/posts" % (USERS, few["user"].id)
    own = some.list("cursor=&limit=3", theirs)["next_cursor"]
    assert len(some.list("limit=3&cursor=" + own, theirs)["items"]) == 3
    for answer in (
            some.ask("cursor=" + own), some.ask("cursor=" + cursor, theirs),
            admin.ask("cursor=" + cursor, USERS),
            some.ask("cursor=" + admin.list(
                "cursor=&limit=1", USERS)["next_cursor"])):
        check_invalid(answer)


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_another_order(some, sort):
    page = some.list("cursor=&limit=3&sort=" + sort)
    for other in set(SORTS) - {sort}:
        check_invalid(some.ask("cursor=%s&sort=%s" % (
            page["next_cursor"], other)), "The cursor is of a list sorted by "
            + sort)


@pytest.mark.parametrize("sort", ["relevance", "-relevance"])
def test_a_list_without_q_has_no_relevance(some, sort):
    assert check_validation(some.ask("sort=" + sort)) == {
        "query.sort": ["Is no order of this list"]}
    assert check_validation(some.ask("cursor=&sort=" + sort)) == {
        "query.sort": ["Is no order of this list"]}
    after = some.list("cursor=&limit=3&q=words&sort=" + sort)["next_cursor"]
    assert len(some.list("limit=3&q=words&cursor=" + after)["items"]) == 3
    for query in ("", "&q=", "&sort=" + sort):
        check_invalid(some.ask("cursor=" + after + query),
                      "The cursor is of a list sorted by " + sort)


@pytest.mark.parametrize("query, refused", [
    ("page=1&skip=0", {"skip": "page"}), ("page=1&cursor=", {"page": "cursor"}),
    ("skip=0&cursor=", {"skip": "cursor"}),
    ("page=1&skip=0&cursor=", {"page": "cursor", "skip": "cursor"})])
def test_page_skip_and_cursor_exclude_each_other(some, query, refused):
    for more in ("", "&q=words"):
        assert check_validation(some.ask(query + more)) == {
            "query." + name: ["Cannot be given together with " + other]
            for name, other in refused.items()}
