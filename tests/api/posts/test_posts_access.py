# SPDX-License-Identifier: ISC
"""Who reads and changes a post: everybody reads a published one; a draft is its
author's and the admins', and nobody else learns that it exists.
test_posts_access_lists.py has the lists."""

import itertools
import uuid

import pytest

from authors import POSTS, add_posts, path_of_post, row_of
from helpers import check_error, check_unauthorized, check_validation
from lists import ids
from people import add_people
from queries import begin
from workers import client_of_each_worker

# Methods, and the statuses for a draft and for a published post.
NEW = {"title": "New", "content": "New"}
REQUESTS = {
    "get": ("GET", "", None), "head": ("HEAD", "", None),
    "get with author": ("GET", "?expand=author", None),
    "patch": ("PATCH", "", {"title": "New"}),
    "empty patch": ("PATCH", "", {}),
    "patch with author": ("PATCH", "?expand=author", {"title": "New"}),
    "put": ("PUT", "", NEW), "delete": ("DELETE", "", None),
    "delete with author": ("DELETE", "?expand=author", None),
    "publish": ("POST", "/publish", None),
    "unpublish": ("POST", "/unpublish", None),
    "publish with author": ("POST", "/publish?expand=author", None),
}
every_request = pytest.mark.parametrize("request_", REQUESTS.values(),
                                        ids=REQUESTS)


@pytest.fixture
def people(server):
    """Each kind of user, and a stranger."""
    other, author, staff, admin = add_people(server, "user", "user", "staff",
                                             "admin")
    return {"anonymous": None, "other": other, "author": author,
            "staff": staff, "admin": admin}


def add_post(server, author, published):
    return add_posts(server, author, published=published)[0]


def send(client, person, request_, post, headers=None):
    method, suffix, body = request_
    return client.request(method, path_of_post(post, suffix), json=body,
                          headers=(person.headers if person else {}) |
                          (headers or {}))


def bytes_of(answer):
    """All of a response, without what every response has of its own."""
    headers = [(name, value) for name, value in answer.headers.raw
               if name.lower() not in (b"date", b"x-request-id")]
    return answer.status_code, headers, answer.text.replace(
        answer.headers["x-request-id"], "")


@pytest.mark.parametrize("who", ["anonymous", "other", "author", "staff",
                                 "admin"])
@pytest.mark.parametrize("published", [False, True],
                         ids=["draft", "published"])
@every_request
def test_who_may_do_what(client, server, people, who, published, request_):
    person = people[who]
    post = add_post(server, people["author"], published)
    before = row_of(server, post)
    answer = send(client, person, request_, post)
    reads = request_[0] in ("GET", "HEAD")
    if who in ("author", "admin") or reads and published:
        assert answer.status_code == (204 if request_[0] == "DELETE" else 200)
        return
    assert row_of(server, post) == before
    if request_[0] == "HEAD":
        assert answer.status_code == 404
    elif person is None and not reads:
        check_unauthorized(answer, "Bearer")
    elif published:
        assert check_error(answer, 403, "FORBIDDEN",
                           "Insufficient permissions") == {}
    else:
        assert check_error(answer, 404, "NOT_FOUND", "Post not found") == {}


# Of the draft, for If-Match and If-None-Match; "1" is its current ETag.
CONDITIONS = [{}] + [{name: value} for name in ("If-Match", "If-None-Match")
                     for value in ("*", '"1"', 'W/"1"', '"7"', '"7", "1"',
                                   "1")]


@pytest.mark.parametrize("who", ["anonymous", "other", "staff"])
@every_request
def test_a_draft_is_as_unknown_as_no_post(client, server, people, who,
                                          request_):
    """Whatever ETag they send, and whatever is wrong with the body."""
    post = add_post(server, people["author"], False)
    query = "?expand=author" if "expand" in request_[1] else ""
    tag = client.get(path_of_post(post, query),
                     headers=people["author"].headers).headers["etag"]
    before = row_of(server, post)
    bodies = [request_[2]]
    if request_[2] is not None:
        bodies += [{"title": ""}, {"nothing": 1}, []]
    for headers, body in itertools.product(CONDITIONS, bodies):
        headers = {name: value.replace('"1"', tag)
                   for name, value in headers.items()}
        draft, nothing = (
            send(client, people[who], (*request_[:2], body), id, headers)
            for id in (post, str(uuid.uuid4())))
        assert bytes_of(draft) == bytes_of(nothing)
        if body == request_[2]:
            assert draft.status_code == (
                401 if who == "anonymous" and
                request_[0] not in ("GET", "HEAD") else 404)
    assert row_of(server, post) == before


@pytest.mark.parametrize("who", ["other", "staff"])
def test_rights_are_checked_before_the_etag(client, server, people, who):
    """A 412 of a published post would tell no more, but 403 says why."""
    post = add_post(server, people["author"], True)
    tag = client.get(path_of_post(post)).headers["etag"]
    for name in "patch", "put", "delete", "publish", "unpublish":
        for header, value in itertools.product(("If-Match", "If-None-Match"),
                                               ("*", tag, '"7"', "1")):
            check_error(send(client, people[who], REQUESTS[name], post,
                             {header: value}), 403, "FORBIDDEN")


def test_nobody_writes_as_another_author(client, server, people):
    for who in "author", "admin":
        answer = client.post(POSTS, headers=people[who].headers,
                             json=NEW | {"author_id": people["other"].id})
        assert list(check_validation(answer)) == ["body.author_id"]
        made = client.post(POSTS, headers=people[who].headers, json=NEW)
        assert made.json()["author_id"] == people[who].id
    check_unauthorized(client.post(POSTS, json=NEW), "Bearer")


def test_an_admin_leaves_the_author(client, server, people):
    post = add_post(server, people["author"], False)
    for name in "patch", "put", "publish":
        answer = send(client, people["admin"], REQUESTS[name], post)
        assert answer.json()["author_id"] == people["author"].id


#
# What changes while they look.
#

def seen_by(clients, people, post):
    """Who sees it by id, in the lists and in the search, on each worker."""
    author = people["author"]
    lists = [POSTS + "?q=hidden&author_id=" + author.id,
             POSTS + "?fields=id,content&author_id=" + author.id,
             author.path + "/posts"]
    found = set()
    for client, (who, person) in itertools.product(clients, people.items()):
        headers = person.headers if person else {}
        answers = {client.get(path_of_post(post),
                              headers=headers).status_code == 200}
        for path in lists:
            page = client.get(path, headers=headers).json()
            assert page["total"] == len(page["items"])
            answers.add(page["total"] == 1)
        assert len(answers) == 1, who
        if answers == {True}:
            found.add(who)
    return found


@pytest.fixture
def clients(server):
    with client_of_each_worker(server) as clients:
        yield clients


def test_it_is_hidden_at_once(client, clients, server, people):
    few = {"author", "admin"}
    [post] = add_posts(server, people["author"], published=False,
                       title="hidden")
    assert seen_by(clients, people, post) == few
    both = {"title": "hidden", "content": "C"}
    for show, hide in (
            (("POST", "/publish", None), ("POST", "/unpublish", None)),
            (("PATCH", "", {"published": True}),
             ("PATCH", "", {"published": False})),
            (("PUT", "", both | {"published": True}),
             ("PUT", "", both | {"published": False}))):
        shown = send(client, people["author"], show, post)
        assert seen_by(clients, people, post) == set(people)
        answer = client.get(path_of_post(post))
        assert answer.headers["etag"] == shown.headers["etag"]
        hidden = send(client, people["author"], hide, post)
        assert seen_by(clients, people, post) == few
        for tag in shown.headers["etag"], hidden.headers["etag"], "*":
            check_error(client.get(path_of_post(post), headers={
                "If-None-Match": tag}), 404, "NOT_FOUND", "Post not found")
    assert send(client, people["author"], REQUESTS["delete"],
                post).status_code == 204
    assert seen_by(clients, people, post) == set()


def test_a_post_that_is_hidden_while_a_page_is_read(server, people):
    """Its row was read; its content comes from a statement of its own."""
    author, other = people["author"], people["other"]
    drafts = [add_post(server, author, False) for _ in range(2)]
    shown = add_post(server, author, True)
    ids_ = "{%s}" % ",".join([*drafts, shown])

    def found(viewer, sees_all):
        with begin(server.cluster, server.database) as db:
            return {str(id) for id, _ in db.run(
                "posts.contents", ids=ids_, most=1000,
                viewer_id=viewer and viewer.id, sees_all=sees_all)}

    for viewer in None, other, people["staff"]:
        assert found(viewer, "false") == {shown}
    assert found(author, "false") == found(other, "true") == {*drafts, shown}


def test_a_role_counts_at_once(client, server, people):
    """Drafts are an admin's while they are one."""
    post = add_post(server, people["author"], False)
    admin = people["admin"]
    path = "%s?published=false&author_id=%s" % (POSTS, people["author"].id)
    for role, total in (("admin", 1), ("staff", 0), ("user", 0), ("admin", 1)):
        admin.set(role=role)
        assert client.get(path, headers=admin.headers).json()[
            "total"] == total
        assert send(client, admin, REQUESTS["get"], post).status_code == (
            200 if total else 404)


ENDED = {
    "deactivated": "UPDATE users SET is_active = false WHERE id = %(user)s",
    "signed out": "UPDATE sessions SET revoked_at = now() WHERE user_id = "
                  "%(user)s",
    "expired": "UPDATE sessions SET expires_at = now() WHERE user_id = "
               "%(user)s",
}


@pytest.mark.parametrize("how", ENDED)
def test_an_author_who_is_signed_out(client, server, people, how):
    """They are refused, also what anybody may read; others read on."""
    author = people["author"]
    posts = [add_post(server, author, published)
             for published in (False, True)]
    server.sql(ENDED[how].replace("%(user)s", "%s"), author.id)
    before = [row_of(server, post) for post in posts]
    answers = [send(client, author, request_, post)
               for request_ in REQUESTS.values() for post in posts]
    answers += [client.request(method, path, headers=author.headers, json=body)
                for method, path, body in (
                    ("GET", POSTS, None), ("POST", POSTS, NEW),
                    ("GET", POSTS + "?q=common&cursor=", None),
                    ("GET", author.path + "/posts", None))]
    for answer in answers:
        if answer.request.method == "HEAD":
            assert answer.status_code == 401
        else:
            check_unauthorized(answer, 'Bearer error="invalid_token"')
    assert [row_of(server, post) for post in posts] == before
    check_error(client.get(path_of_post(posts[0])), 404, "NOT_FOUND")
    assert client.get(path_of_post(posts[1])).status_code == 200
    page = client.get(author.path + "/posts").json()
    assert (ids(page), page["total"]) == ([posts[1]], 1)


def test_a_user_who_does_not_exist(client, people):
    for person in people.values():
        headers = person.headers if person else {}
        check_error(client.get("/api/v1/users/%s/posts" % uuid.uuid4(),
                               headers=headers),
                    404, "NOT_FOUND", "User not found")
        assert list(check_validation(client.get(
            "/api/v1/users/x/posts", headers=headers))) == ["path.user_id"]
