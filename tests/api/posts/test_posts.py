# SPDX-License-Identifier: ISC
"""One post: create, read, change, replace, publish, delete. The others of this
folder have its values, ETags, the author and the fields of lists, and who may
do what."""

import itertools
import uuid

import pytest

from authors import MEMBERS, POSTS, path_of_post, row_of, write
from helpers import check_error, check_validation
from people import add_people

CHANGES = {"title": "Changed", "content": "Other words.", "published": True}
EVERY_VERB = [("GET", "", None), ("PATCH", "", {}), ("DELETE", "", None),
              ("PUT", "", {"title": "T", "content": "C"}),
              ("POST", "/publish", None), ("POST", "/unpublish", None)]


@pytest.fixture
def author(server):
    return add_people(server, "user")[0]


@pytest.fixture(params=[False, True], ids=["draft", "published"])
def post(client, author, request):
    return write(client, author, published=request.param).json()


def read(client, author, post):
    answer = client.get(path_of_post(post), headers=author.headers)
    assert answer.status_code == 200, answer.text
    return answer


def send(client, author, method, post, body=None, suffix=""):
    answer = client.request(method, path_of_post(post, suffix), json=body,
                            headers=author.headers)
    assert answer.status_code == 200, answer.text
    return answer


def check_same(before, after):
    """Both responses show the same state."""
    assert after.json() == before.json()
    assert after.headers["etag"] == before.headers["etag"]


def check_change(before, after, *names):
    """Only these members have changed, the time of the change, and the
    ETag."""
    changed = {name for name in MEMBERS
               if before.json()[name] != after.json()[name]}
    assert changed == {*names, "updated_at"}
    assert after.json()["updated_at"] > before.json()["updated_at"]
    assert after.headers["etag"] != before.headers["etag"]


#
# Create and read.
#

@pytest.mark.parametrize("fields", [
    {}, {"published": False}, {"published": True}], ids=str)
def test_a_new_post(client, server, author, fields):
    answer = write(client, author, title="A title", content="Text", **fields)
    body = answer.json()
    assert list(body) == MEMBERS
    assert uuid.UUID(body["id"]).version == 7
    assert answer.headers["location"] == path_of_post(body)
    assert (body["title"], body["content"], body["author_id"]) == (
        "A title", "Text", author.id)
    assert body["created_at"] == body["updated_at"]
    assert body["published_at"] == (
        body["created_at"] if fields.get("published") else None)
    check_same(answer, read(client, author, body))
    assert row_of(server, body, "title", "content", "author_id::text",
                  "published_at = created_at", "version", "language") == (
        "A title", "Text", author.id, fields.get("published") or None, 1,
        "english")


def test_posts_are_not_unique(client, author):
    first, second = (write(client, author) for _ in range(2))
    assert first.json()["id"] != second.json()["id"]
    assert first.headers["etag"] != second.headers["etag"]


def test_a_published_post_is_everybodys(client, author):
    answer = write(client, author, published=True)
    check_same(answer, client.get(answer.headers["location"]))


def test_head_is_get_without_a_body(client, author, post):
    answer = read(client, author, post)
    head = client.head(path_of_post(post), headers=author.headers)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "content-type", "cache-control",
                 "vary"):
        assert head.headers[name] == answer.headers[name], name


def test_a_cache_asks_each_time(client, author, post):
    headers = read(client, author, post).headers
    assert headers["cache-control"] == "private, no-cache"
    assert headers["vary"] == "Authorization"


@pytest.mark.parametrize("path, methods", [
    (POSTS, "GET, HEAD, POST, OPTIONS"),
    (POSTS + "/{post}", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
    (POSTS + "/{post}/publish", "POST, OPTIONS"),
    (POSTS + "/{post}/unpublish", "POST, OPTIONS"),
    ("/api/v1/users/{user}/posts", "GET, HEAD, OPTIONS")])
def test_options_lists_the_methods(client, author, path, methods):
    for post in uuid.uuid4(), "x", write(client, author).json()["id"]:
        answer = client.options(path.format(post=post, user=author.id))
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["allow"] == methods


#
# PATCH.
#

@pytest.mark.parametrize("names", [
    names for n in (1, 2, 3) for names in itertools.combinations(CHANGES, n)],
    ids="+".join)
@pytest.mark.parametrize("media", ["application/json",
                                   "application/merge-patch+json"])
def test_a_patch_changes_what_it_has(client, author, names, media):
    before = write(client, author)
    answer = client.patch(
        path_of_post(before.json()), json={name: CHANGES[name]
                                           for name in names},
        headers=author.headers | {"Content-Type": media})
    assert answer.status_code == 200, answer.text
    check_change(before, answer, *[
        "published_at" if name == "published" else name for name in names])
    for name in set(names) - {"published"}:
        assert answer.json()[name] == CHANGES[name]
    if "published" in names:
        assert answer.json()["published_at"] == answer.json()["updated_at"]
    check_same(answer, read(client, author, before.json()))


def test_an_empty_patch_changes_nothing(client, server, author, post):
    before, row = read(client, author, post), row_of(server, post)
    check_same(before, send(client, author, "PATCH", post, {}))
    assert row_of(server, post) == row


def test_a_patch_with_the_same_values_changes_nothing(client, server, author,
                                                      post):
    before, row = read(client, author, post), row_of(server, post)
    same = {"title": post["title"], "content": post["content"],
            "published": post["published_at"] is not None}
    for name in same:
        check_same(before, send(client, author, "PATCH", post,
                                {name: same[name]}))
    check_same(before, send(client, author, "PATCH", post, same))
    check_same(before, send(client, author, "PUT", post, same))
    assert row_of(server, post) == row


def test_a_patch_hides_it_again(client, author):
    before = write(client, author, published=True)
    after = send(client, author, "PATCH", before.json(), {"published": False})
    check_change(before, after, "published_at")
    assert after.json()["published_at"] is None


#
# PUT.
#

@pytest.mark.parametrize("published", [None, True, False])
def test_a_put_replaces_all(client, author, post, published):
    """Whether it is published is left as it is, if the body does not say."""
    before = read(client, author, post)
    body = {"title": "Changed", "content": ""}
    if published is not None:
        body["published"] = published
    after = send(client, author, "PUT", post, body)
    was = post["published_at"] is not None
    moved = published is not None and published != was
    check_change(before, after, "title", "content",
                 *["published_at"] * moved)
    assert (after.json()["title"], after.json()["content"]) == ("Changed", "")
    assert (after.json()["published_at"] is not None) == (
        was if published is None else published)
    check_same(after, read(client, author, post))


@pytest.mark.parametrize("missing", [["title"], ["content"],
                                     ["title", "content"]], ids="+".join)
def test_what_a_put_or_a_post_lacks(client, server, author, post, missing):
    row = row_of(server, post)
    body = {"title": "Changed", "content": "Changed", "published": True}
    body = {name: body[name] for name in body if name not in missing}
    expected = {"body." + name: ["Is required"] for name in missing}
    for method, path in (("PUT", path_of_post(post)), ("POST", POSTS)):
        assert check_validation(client.request(
            method, path, headers=author.headers, json=body)) == expected
    assert row_of(server, post) == row


#
# Publish.
#

def test_publish_and_unpublish(client, author):
    before = write(client, author)
    post = before.json()
    shown = send(client, author, "POST", post, suffix="/publish")
    check_change(before, shown, "published_at")
    assert shown.json()["published_at"] == shown.json()["updated_at"]
    check_same(shown, read(client, author, post))

    hidden = send(client, author, "POST", post, suffix="/unpublish")
    check_change(shown, hidden, "published_at")
    assert hidden.json()["published_at"] is None
    check_same(hidden, read(client, author, post))

    again = send(client, author, "POST", post, suffix="/publish")
    assert again.json()["published_at"] > shown.json()["published_at"]


def test_the_second_time_changes_nothing(client, server, author, post):
    """A post that is published keeps its time."""
    before, row = read(client, author, post), row_of(server, post)
    published = post["published_at"] is not None
    for method, body, suffix in (
            ("POST", None, "/publish" if published else "/unpublish"),
            ("PATCH", {"published": published}, "")):
        for _ in range(2):
            check_same(before, send(client, author, method, post, body,
                                    suffix))
    assert row_of(server, post) == row


def test_an_edit_keeps_the_time_of_publication(client, author):
    before = write(client, author, published=True)
    for change in {"title": "New"}, {"content": "New", "published": True}:
        after = send(client, author, "PATCH", before.json(), change)
        assert after.json()["published_at"] == before.json()["published_at"]
        assert after.json()["updated_at"] > before.json()["updated_at"]


#
# Delete.
#

def test_a_deleted_post_is_gone(client, server, author, post):
    answer = client.delete(path_of_post(post), headers=author.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert row_of(server, post) is None
    for method, suffix, body in EVERY_VERB:
        check_error(client.request(method, path_of_post(post, suffix),
                                   headers=author.headers, json=body),
                    404, "NOT_FOUND", "Post not found")
    assert client.get("%s?author_id=%s" % (POSTS, author.id),
                      headers=author.headers).json()["total"] == 0


def test_only_this_post_is_changed(client, server, author):
    """Statements with no or another id would change them, too."""
    kept = [write(client, author).json() for _ in range(2)]
    rows = [row_of(server, post) for post in kept]
    for method, suffix, body in EVERY_VERB:
        post = write(client, author, published=suffix == "/unpublish").json()
        answer = client.request(method, path_of_post(post, suffix),
                                headers=author.headers, json=body)
        assert answer.is_success
        assert [row_of(server, post) for post in kept] == rows


def test_deleting_a_user_deletes_their_posts(client, server, author):
    [other] = add_people(server, "user")
    mine = [write(client, author, published=flag).json()
            for flag in (True, False)]
    others = write(client, other, published=True).json()
    assert client.delete(author.path,
                         headers=author.headers).status_code == 204
    for post in mine:
        assert row_of(server, post) is None
        check_error(client.get(path_of_post(post)), 404, "NOT_FOUND",
                    "Post not found")
    assert read(client, other, others).json() == others
    check_error(client.get(author.path + "/posts"), 404, "NOT_FOUND",
                "User not found")


#
# Ids.
#

@pytest.mark.parametrize("method, suffix, body", EVERY_VERB)
def test_an_unknown_id(client, author, method, suffix, body):
    for id in uuid.uuid4(), uuid.UUID(int=0), author.id:
        check_error(client.request(method, path_of_post(str(id), suffix),
                                   headers=author.headers, json=body),
                    404, "NOT_FOUND", "Post not found")


@pytest.mark.parametrize("id", ["1", "x", "me", "0" * 32, "%20",
                                str(uuid.UUID(int=1))[:-1],
                                "{%s}" % uuid.UUID(int=1)])
def test_an_id_that_is_no_uuid(client, author, id):
    for method, suffix, body in EVERY_VERB:
        answer = client.request(method, path_of_post(id, suffix),
                                headers=author.headers, json=body)
        assert check_validation(answer) == {
            "path.post_id": ["Must be a UUID"]}


def test_an_id_in_another_case(client, author, post):
    assert read(client, author, post["id"].upper()).json() == post
