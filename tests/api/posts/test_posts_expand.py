# SPDX-License-Identifier: ISC
"""?expand=author and ?fields: what they show, its ETag, its size, and that a
list with it costs as many statements as one post."""

import json
import re

import pytest

from authors import (AUTHOR, ITEM, MEMBERS, POSTS, add_posts, path_of_post,
                     row_of, write)
from helpers import check_error, check_validation
from people import add_people
from runner import wait_for
from server import read_text

EXPAND = "?expand=author"
CONTENTS_MAX = 524288
# Each shows the posts of one author.
LISTS = {
    "page": POSTS + "?limit=100&author_id={}",
    "skip": POSTS + "?skip=0&limit=100&author_id={}",
    "cursor": POSTS + "?cursor=&limit=100&author_id={}",
    "search": POSTS + "?q=findme&limit=100&author_id={}",
    "search by cursor": POSTS + "?q=findme&cursor=&limit=100&author_id={}",
    "of a user": "/api/v1/users/{}/posts?limit=100",
    "search of a user": "/api/v1/users/{}/posts?q=findme&limit=100",
}
every_list = pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
WRITES = {
    "patch": ("PATCH", "", {"title": "New"}),
    "put": ("PUT", "", {"title": "New", "content": "New"}),
    "publish": ("POST", "/publish", None),
    "unpublish": ("POST", "/unpublish", None),
}
every_write = pytest.mark.parametrize("write_", WRITES.values(), ids=WRITES)


@pytest.fixture
def author(server):
    [author] = add_people(server, "user")
    author.set(name="Ada")
    return author


@pytest.fixture
def post(client, author):
    return write(client, author, published=True).json()


def send(client, author, post, write_, query=EXPAND, **headers):
    method, suffix, body = write_
    return client.request(
        method, path_of_post(post, suffix + query), json=body,
        headers=author.headers | {name.replace("_", "-"): value
                                  for name, value in headers.items()})


def check_author(answer, author, name="Ada"):
    """Their id and name, and no address."""
    assert answer.is_success, answer.text
    body = answer.json()
    assert list(body) == [*MEMBERS, "author"]
    assert body["author"] == {"id": author.id, "name": name}
    assert list(body["author"]) == AUTHOR
    assert author.email not in answer.text


def items_of(client, path, query=""):
    answer = client.get(path + query)
    assert answer.status_code == 200, answer.text
    assert "etag" not in answer.headers
    return answer.json()["items"]


#
# The author of one post.
#

def test_a_post_with_its_author(client, author):
    made = client.post(POSTS + EXPAND, headers=author.headers, json={
        "title": "T", "content": "C", "published": True})
    check_author(made, author)
    assert made.headers["location"] == path_of_post(made.json())
    for headers in {}, author.headers:
        read = client.get(path_of_post(made.json(), EXPAND), headers=headers)
        check_author(read, author)
        assert read.json() == made.json()
        assert read.headers["etag"] == made.headers["etag"]


@every_write
def test_a_change_shows_the_author(client, author, post, write_):
    answer = send(client, author, post, write_)
    check_author(answer, author)
    read = client.get(path_of_post(post, EXPAND), headers=author.headers)
    assert answer.json() == read.json()
    assert answer.headers["etag"] == read.headers["etag"]
    plain = send(client, author, post, write_, "")
    assert list(plain.json()) == MEMBERS


def test_an_admin_is_not_the_author(server, client, author, post):
    [admin] = add_people(server, "admin")
    admin.set(name="Eve")
    for write_ in WRITES.values():
        check_author(send(client, admin, post, write_), author)


def test_an_empty_expand_is_none(client, post):
    assert list(client.get(path_of_post(post, "?expand=")).json()) == MEMBERS


@pytest.mark.parametrize("value", ["x", "content", "author,author", "Author",
                                   "author%20", "id", "*"])
def test_nothing_else_can_be_expanded(client, server, author, post, value):
    query = "?expand=" + value
    row = row_of(server, post)
    answers = [send(client, author, post, write_, query)
               for write_ in WRITES.values()]
    answers += [
        client.get(path_of_post(post, query)),
        client.delete(path_of_post(post, query), headers=author.headers),
        client.post(POSTS + query, headers=author.headers,
                    json={"title": "T", "content": "C"}),
        *[client.get(path.format(author.id) + "&" + query[1:])
          for path in LISTS.values()]]
    for answer in answers:
        assert check_validation(answer) == {
            "query.expand": ["Must be one of: author"]}
    assert row_of(server, post) == row
    assert len(items_of(client, POSTS + "?author_id=" + author.id)) == 1


#
# Its ETag.
#

def test_it_has_another_etag(client, post):
    plain = client.get(path_of_post(post))
    shown = client.get(path_of_post(post, EXPAND))
    assert plain.headers["etag"] != shown.headers["etag"]
    for query, tag, status in (
            ("", plain, 304), (EXPAND, shown, 304),
            ("", shown, 200), (EXPAND, plain, 200)):
        answer = client.get(path_of_post(post, query), headers={
            "If-None-Match": tag.headers["etag"]})
        assert answer.status_code == status


def test_a_new_name_changes_it(client, author, post):
    plain = client.get(path_of_post(post))
    shown = client.get(path_of_post(post, EXPAND))
    assert client.patch(author.path, headers=author.headers,
                        json={"name": "Grace"}).status_code == 200
    renamed = client.get(path_of_post(post, EXPAND), headers={
        "If-None-Match": shown.headers["etag"]})
    check_author(renamed, author, "Grace")
    assert renamed.headers["etag"] != shown.headers["etag"]
    assert client.get(path_of_post(post), headers={
        "If-None-Match": plain.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("write_", [*WRITES.values(), ("DELETE", "", None)],
                         ids=[*WRITES, "delete"])
def test_if_match_is_of_the_same_target(client, server, author, post, write_):
    """A client sends the ETag of the URL that it has read."""
    tags = {query: client.get(path_of_post(post, query)).headers["etag"]
            for query in ("", EXPAND)}
    row = row_of(server, post)
    for query, tag in (("", tags[EXPAND]), (EXPAND, tags[""])):
        check_error(send(client, author, post, write_, query, If_Match=tag),
                    412, "PRECONDITION_FAILED")
    assert row_of(server, post) == row
    author.set(name="Grace")
    check_error(send(client, author, post, write_, If_Match=tags[EXPAND]),
                412, "PRECONDITION_FAILED")
    assert row_of(server, post) == row
    tag = client.get(path_of_post(post, EXPAND)).headers["etag"]
    answer = send(client, author, post, write_, If_Match=tag)
    assert answer.is_success, answer.text
    if write_[0] != "DELETE":
        check_author(answer, author, "Grace")


def test_two_authors_never_share_an_etag(client, server, author, post):
    """The post's version and theirs are the same."""
    [other] = add_people(server, "user")
    other.set(name="Bob")
    assert other.row("version") == author.row("version")
    before = client.get(path_of_post(post, EXPAND))
    server.sql("ALTER TABLE posts DISABLE TRIGGER posts_touch; "
               "UPDATE posts SET author_id = %s WHERE id = %s; "
               "ALTER TABLE posts ENABLE TRIGGER posts_touch", other.id,
               post["id"])
    after = client.get(path_of_post(post, EXPAND))
    check_author(after, other, "Bob")
    assert after.headers["etag"] != before.headers["etag"]


#
# Lists.
#

@every_list
def test_a_list_shows_all_but_the_content(client, server, author, path):
    add_posts(server, author, 2, title="findme")
    path = path.format(author.id)
    for query, names in (("", ITEM), ("&expand=author", [*ITEM, "author"]),
                         ("&fields=&expand=", ITEM)):
        items = items_of(client, path, query)
        assert [list(item) for item in items] == [names] * 2
    assert author.email not in client.get(path + "&expand=author").text


@every_list
@pytest.mark.parametrize("names", [
    *[[name] for name in MEMBERS], ["author"], ["title", "content"],
    ["id", "author"], MEMBERS, [*MEMBERS, "author"]], ids="+".join)
def test_the_fields_that_are_asked_for(client, server, author, path, names):
    """Whatever the order in which they are asked for."""
    [post] = add_posts(server, author, title="findme")
    whole = client.get(path_of_post(post, EXPAND)).json()
    path = path.format(author.id)
    for asked in names, names[::-1], names + names[:1]:
        query = "&fields=" + ",".join(asked)
        [item] = items_of(client, path, query)
        assert list(item) == names
        assert item == {name: whole[name] for name in names}
        [item] = items_of(client, path, query + "&expand=author")
        assert item == {name: whole[name] for name in [*names, "author"]}


@every_list
def test_a_field_that_is_none(client, author, path):
    for name in ("nothing", "version", "relevance", "published", "search",
                 "language", "items", "total", "total_is_estimate"):
        for fields in name, "id," + name, name + ",id," + name:
            answer = client.get(path.format(author.id) + "&fields=" + fields)
            assert check_validation(answer) == {
                "query.fields": ["There is no field " + name] *
                fields.count(name)}


@pytest.mark.parametrize("fields", [
    "Title", "id%20", "id,%20title", "*", "author.email", "id;title",
    "a" * 201])
def test_what_is_no_list_of_fields(client, fields):
    assert list(check_validation(client.get(
        POSTS + "?fields=" + fields))) == ["query.fields"]


def test_each_post_has_its_own_author_and_content(client, server):
    people = add_people(server, *["user"] * 5)
    for number, person in enumerate(people):
        person.set(name="Author %d" % number)
        for turn in range(2):
            add_posts(server, person, title="ownauthors",
                      content="%s %d" % (person.id, turn))
    items = items_of(client, POSTS + "?q=ownauthors&fields=id,author,content,"
                     "author_id")
    assert len(items) == 10
    assert sorted(item["content"] for item in items) == sorted(
        "%s %d" % (person.id, turn) for person in people for turn in range(2))
    names = {person.id: "Author %d" % number
             for number, person in enumerate(people)}
    for item in items:
        assert item["author"] == {"id": item["author_id"],
                                  "name": names[item["author_id"]]}
        assert item["content"].split()[0] == item["author_id"]
        assert row_of(server, item, "content") == (item["content"],)


def test_an_empty_list(client, author):
    for path in LISTS.values():
        assert items_of(client, path.format(author.id),
                        "&expand=author&fields=content") == []


def test_head_of_a_list(client, author, post):
    path = POSTS + "?fields=id,content&expand=author&author_id=" + author.id
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))


#
# The size of the contents.
#

@every_list
def test_the_contents_of_a_page_have_an_end(client, server, author, path):
    """In bytes, and of the posts that the page shows."""
    path = path.format(author.id)
    big = add_posts(server, author, 5, title="findme", content="x" * 100000)
    left = CONTENTS_MAX - 5 * 100000
    [last] = add_posts(server, author, title="findme",
                       content="\u00fc" + "x" * (left - 2))

    items = items_of(client, path, "&fields=id,content")
    assert {item["id"] for item in items} == {*big, last}
    assert sum(len(item["content"].encode()) for item in items) == CONTENTS_MAX

    server.sql("UPDATE posts SET content = content || 'x' WHERE id = %s", last)
    for fields in "content", ",".join([*MEMBERS, "author"]):
        assert check_validation(client.get(path + "&fields=" + fields)) == {
            "query.limit": [
                "The contents of these posts have more than %d bytes together:"
                " ask for fewer posts, or leave content out of fields"
                % CONTENTS_MAX]}
    assert len(items_of(client, path)) == 6
    fewer = path.replace("limit=100", "limit=5")
    assert len(items_of(client, fewer, "&fields=content")) == 5


#
# What a list costs. PostgreSQL's log has every statement.
#

# Stored or asked in the background.
OTHERS = {"sessions.store_uses", "health.database_state"}
# But for the first one of a connection, of which some may come back late.
STATEMENT = re.compile(
    r"LOG:  (?:execute (?!<unnamed>: SELECT 'backend pid')(\S+):|"
    r"statement: (.*))")


@pytest.fixture(scope="module")
def watched(start_module_server):
    """A server whose every statement is in the log."""
    server = start_module_server(KEEL_WORKERS="1")
    server.cluster.sql("ALTER ROLE keel IN DATABASE %s SET log_statement = "
                       "'all'" % server.database)
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
               "datname = %s AND application_name = 'keel'", server.database)
    with server.client() as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        yield server, client


def statements(server, ask):
    """The names of the statements of one request, and its response."""
    before = len(read_text(server.cluster.log))
    answer = ask()
    assert answer.is_success, answer.text
    log = read_text(server.cluster.log)[before:]
    ran = [name or text for name, text in STATEMENT.findall(log)]
    return [name for name in ran if name not in OTHERS], answer


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("more", [
    "", "&expand=author", "&fields=content",
    "&fields=%s&expand=author" % ",".join(MEMBERS)])
def test_a_hundred_posts_cost_what_one_costs(watched, name, more):
    server, client = watched
    server.sql("DELETE FROM posts")
    reader, *authors = add_people(server, "user", *["user"] * 100)
    of_one = "of a user" in name
    path = LISTS[name].format(authors[0].id) if of_one else \
        LISTS[name].replace("&author_id={}", "")

    def ask():
        return client.get(path + more, headers=reader.headers)

    add_posts(server, authors[0], title="findme")
    one, answer = statements(server, ask)
    assert len(answer.json()["items"]) == 1
    for author in authors[1:]:
        add_posts(server, authors[0] if of_one else author, title="findme")
    hundred, answer = statements(server, ask)
    assert len(answer.json()["items"]) == 100
    assert hundred == one
    kinds = [name.split(":")[0] for name in hundred]
    page = ["posts.search" if "search" in name else "posts.list"] * (
        1 if "cursor" in name else 2)
    assert kinds == [
        "users.find_signed_in_and_target" if of_one else
        "users.find_signed_in", *page,
        *["posts.contents"] * ("content" in more),
        *["posts.authors"] * ("author" in more)]


@pytest.mark.parametrize("name, expected", [
    ("cursor", ["posts.list:-created_at"]),
    ("search by cursor", ["posts.search:-relevance"])])
def test_an_empty_list_asks_for_nothing_more(watched, name, expected):
    server, client = watched
    server.sql("DELETE FROM posts")
    path = LISTS[name].replace("&author_id={}", "")
    ran, _ = statements(server, lambda: client.get(
        path + "&fields=content&expand=author"))
    assert ran == expected


def test_what_one_post_costs(watched):
    server, client = watched
    [author] = add_people(server, "user")

    def ran(method, path, body=None):
        found, answer = statements(server, lambda: client.request(
            method, path, headers=author.headers, json=body))
        return found, answer

    new = {"title": "T", "content": "C"}
    found, answer = ran("POST", POSTS, new)
    assert found == ["users.find_signed_in", "BEGIN", "posts.create", "COMMIT"]
    post = json.loads(answer.content)
    for method, suffix, body in (("GET", "", None), ("PATCH", "", {}),
                                 ("PUT", "", new), ("POST", "/publish", None),
                                 ("DELETE", "", None)):
        expected = ["users.find_signed_in", "posts.find"]
        expected += {"GET": [], "DELETE": ["posts.delete"]}.get(
            method, ["BEGIN", "posts.update", "COMMIT"])
        assert ran(method, path_of_post(post, suffix), body)[0] == expected
    found, _ = ran("POST", POSTS + EXPAND, new)
    assert found == ["users.find_signed_in", "BEGIN", "posts.create",
                     "posts.authors", "COMMIT"]
