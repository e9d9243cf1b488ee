# SPDX-License-Identifier: ISC
"""The filters of posts, compared with the whole list filtered in Python."""

import datetime
import itertools
import urllib.parse

import pytest

from lists import USERS, ids
from posts import POSTS, SORTS, Reader, add_post

ROLES = [None, "user", "admin"]
NOBODY = "00000000-0000-0000-0000-000000000000"
MOMENT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
STEPS = [datetime.timedelta(microseconds=1) * n for n in (-1, 0, 1)]


def in_zone(time, hours):
    """RFC 3339, for a query; hours=None is Z."""
    if hours is None:
        text = time.isoformat(timespec="microseconds").replace("+00:00", "Z")
    else:
        text = time.astimezone(datetime.timezone(datetime.timedelta(
            hours=hours))).isoformat(timespec="microseconds")
    return urllib.parse.quote(text, safe="")


def when(step, times):
    return None if step is None else MOMENT + times * step


@pytest.fixture(scope="module")
def readers(start_module_server):
    """Each with posts of every kind, around one moment."""
    server = start_module_server()
    with server.client() as client:
        readers = {role: Reader(server, client, role) for role in ROLES}
        other = Reader(server, client, "user")
        authors = (readers["user"].id, readers["admin"].id, other.id)
        for i, (author, created, published) in enumerate(itertools.product(
                authors, STEPS, [None, *STEPS])):
            add_post(server, author, "Title %d" % (i % 5), "apple words",
                     when(published, 1), MOMENT + created)
            add_post(server, author, "Title %d" % (i % 5), "melon words",
                     published=when(published, 2),
                     created=MOMENT + 7 * created)
        yield readers


@pytest.fixture(scope="module")
def everything(readers):
    """What each reader sees, in each order."""
    return {(role, sort): walk(readers[role], "sort=" + sort)
            for role in ROLES for sort in SORTS}


def walk(reader, query, path=POSTS):
    items, cursor = [], ""
    while cursor is not None:
        page = reader.list("limit=17&cursor=%s&%s" % (cursor, query), path)
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def check(reader, query, expected, path=POSTS):
    """By cursor and by page, and the total."""
    assert walk(reader, query, path) == expected, query
    page = reader.list("limit=100&" + query, path)
    assert page["items"] == expected, query
    assert page["total"] == len(expected), query


def time_of(item, name):
    text = item[name]
    return text and datetime.datetime.fromisoformat(text)


FILTERS = {
    "author_id": lambda value, item: item["author_id"] == value,
    "published": lambda value, item:
        (item["published_at"] is not None) == (value in ("true", "1", "True")),
    "created_since": lambda value, item: time_of(item, "created_at") >= value,
    "created_until": lambda value, item: time_of(item, "created_at") < value,
    "published_since": lambda value, item:
        item["published_at"] and time_of(item, "published_at") >= value,
    "published_until": lambda value, item:
        item["published_at"] and time_of(item, "published_at") < value,
}


def compare(readers, everything, sort, **values):
    for role in ROLES:
        expected = [item for item in everything[role, sort] if all(
            FILTERS[name](value, item) for name, value in values.items())]
        for hours in (None, 2, -11):
            query = "&".join("%s=%s" % (name, in_zone(value, hours)
                                        if name.endswith(("since", "until"))
                                        else value)
                             for name, value in values.items())
            check(readers[role], "sort=%s&%s" % (sort, query), expected)


def test_there_are_posts_of_every_kind(everything):
    counts = [len(everything[role, "title"]) for role in ROLES]
    assert counts[0] < counts[1] < counts[2] == 72
    assert counts[0] == 3 * 3 * 3 * 2


@pytest.mark.parametrize("name, sort", [
    ("created", "-created_at"), ("created", "title"),
    ("published", "published_at"), ("published", "-created_at")])
def test_the_exact_microsecond(readers, everything, name, sort):
    for step in STEPS:
        compare(readers, everything, sort, **{name + "_since": MOMENT + step})
        compare(readers, everything, sort, **{name + "_until": MOMENT + step})
    compare(readers, everything, sort, **{
        name + "_since": MOMENT, name + "_until": MOMENT + STEPS[2]})
    compare(readers, everything, sort, **{
        name + "_since": MOMENT, name + "_until": MOMENT})


@pytest.mark.parametrize("value", ["true", "True", "1", "false", "False", "0"])
@pytest.mark.parametrize("sort", ["created_at", "-published_at", "title"])
def test_published(readers, everything, sort, value):
    compare(readers, everything, sort, published=value)


@pytest.mark.parametrize("role", ["user", "admin"])
def test_an_author(readers, everything, role):
    author = readers[role].id
    for sort in SORTS:
        compare(readers, everything, sort, author_id=author)
        compare(readers, everything, sort, author_id=author,
                published="false")
        compare(readers, everything, sort, author_id=author, published="true",
                created_since=MOMENT, published_until=MOMENT + STEPS[2])
        for reader in ROLES:
            check(readers[reader], "sort=" + sort, [
                item for item in everything[reader, sort]
                if item["author_id"] == author],
                "%s/%s/posts" % (USERS, author))


def test_an_empty_filter_is_none(readers, everything):
    query = "sort=title&" + "&".join(name + "=" for name in FILTERS)
    for role in ROLES:
        check(readers[role], query, everything[role, "title"])


def test_nobodys_posts(readers):
    for role in ROLES:
        check(readers[role], "author_id=" + NOBODY, [])


@pytest.mark.parametrize("values", [
    {}, {"published": "true"}, {"published": "false"},
    {"created_since": MOMENT}, {"created_until": MOMENT},
    {"published_since": MOMENT}, {"published_until": MOMENT},
    {"published": "false", "created_since": MOMENT},
    {"published": "false", "published_since": MOMENT}])
def test_a_search_has_the_same_filters(readers, everything, values):
    some = {id for id, in readers[None].server.sql(
        "SELECT id::text FROM posts WHERE content = 'apple words'")}
    query = "".join("&%s=%s" % (name, in_zone(value, 2)
                                if name not in ("published", "author_id")
                                else value) for name, value in values.items())
    for role, sort in itertools.product(ROLES, SORTS):
        expected = [item["id"] for item in everything[role, sort]
                    if item["id"] in some and all(
                        FILTERS[name](value, item)
                        for name, value in values.items())]
        page = readers[role].list(
            "q=words+-melon&limit=100&sort=%s%s" % (sort, query))
        assert ids(page) == expected
        author = readers["user"].id
        theirs = readers[role].list(
            "q=words+-melon&limit=100&sort=%s%s&author_id=%s" % (
                sort, query, author))
        assert ids(theirs) == [item["id"] for item in page["items"]
                               if item["author_id"] == author]
