# SPDX-License-Identifier: ISC
"""Every allocation and every query of the posts' operations fails in turn: a
correct error and unchanged rows, or the right answer."""

import uuid

import httpx
import pytest

from authors import POSTS, add_posts, path_of_post, row_of
from helpers import measured
from people import add_people
from test_faults import ask_again, check_clean_failure, fail_in_turn

pytestmark = pytest.mark.faults

CONTENT = "Smørrebrød " * 400


@pytest.fixture(scope="module")
def faulty(start_module_server):
    """One worker, so that it is warm; an author and 12 posts."""
    server = start_module_server(KEEL_WORKERS="1")
    [server.author] = add_people(server, "user")
    server.posts = add_posts(server, server.author, 12, content=CONTENT)
    with server.client() as client:
        for _ in range(20):
            client.get(POSTS + "?expand=author",
                       headers=server.author.headers)
    return server


@pytest.fixture
def sweep(faulty):
    """fail_in_turn(), and checks that nothing stays."""
    def run(name, kind, least, ask, good, check=lambda subject, n: None):
        def check_failure(n, answer, subject):
            check_clean_failure(n, answer)
            check(subject, n)

        harmful = fail_in_turn(kind, ask, good, check_failure)
        measured.append("%s faults of %s: %d" % (kind, name, harmful))
        assert harmful >= least
        faulty.wait_for_rest()
        faulty.wait_for_no_transaction()

    return run


# Who asks is looked up first.
@pytest.mark.parametrize("kind, more", [("alloc", 3), ("query", 0)])
@pytest.mark.parametrize("path, queries", [
    (POSTS + "?q=t&expand=author&fields=id,content", 3),
    (POSTS + "?q=t&cursor=&limit=5&sort=-relevance", 2),
    (POSTS + "?cursor=&limit=5&published=true&expand=author", 2),
    (POSTS + "?sort=title&created_since=2026-01-31T12:00:00Z", 2),
    ("/api/v1/users/{author}/posts", 3),
    ("/api/v1/users/{author}/posts?cursor={next}&limit=2", 2),
    (POSTS + "/{post}?expand=author", 3)],
    ids=["search", "search by cursor", "cursor", "offset", "of a user",
         "in the middle", "one"])
def test_reading_fails_whole(faulty, sweep, path, queries, kind, more):
    headers = faulty.author.headers
    path = path.replace("{author}", faulty.author.id).replace(
        "{post}", faulty.posts[0])
    with faulty.client() as client:
        if "{next}" in path:
            first = path.replace("{next}", "")
            path = path.replace("{next}", client.get(
                first, headers=headers).json()["next_cursor"])
        good = client.get(path, headers=headers)
        assert good.status_code == 200, good.text

        def ask(fault):
            answer = client.get(path, headers=headers | fault)
            if answer.status_code == 200:
                assert answer.content == good.content, fault
                for name in "link", "etag":
                    assert answer.headers.get(name) == good.headers.get(name)
            return answer, None

        sweep("GET " + path.partition("?")[0], kind, queries + more, ask, 200)


@pytest.mark.parametrize("kind", ["alloc", "query"])
@pytest.mark.parametrize("method, suffix, fields, good, queries", [
    ("PATCH", "?expand=author", {"title": "New"}, 200, 7),
    ("PUT", "", {"title": "New", "content": CONTENT, "published": True}, 200,
     5),
    ("DELETE", "", None, 204, 3),
    ("POST", "/unpublish", None, 200, 5)],
    ids=["PATCH", "PUT", "DELETE", "unpublish"])
def test_a_change_with_if_match_fails_whole(faulty, sweep, kind, method,
                                            suffix, fields, good, queries):
    headers = faulty.author.headers

    def ask(fault):
        [post] = add_posts(faulty, faulty.author, content=CONTENT)
        before = row_of(faulty, post)
        with faulty.client() as client:
            read = client.get(path_of_post(
                post, suffix if method == "PATCH" else ""), headers=headers)
            answer = client.request(
                method, path_of_post(post, suffix), json=fields,
                headers=headers | fault | {"If-Match": read.headers["etag"]})
        after = row_of(faulty, post)
        assert answer.status_code != good or after != before, fault
        return answer, (before, after)

    def check(rows, n):
        assert rows[0] == rows[1], "fault %d" % n

    sweep("%s a post" % (suffix if method == "POST" else method), kind,
          queries, ask, good, check)


def count(server):
    return server.sql("SELECT (SELECT count(*) FROM posts), (SELECT count(*) "
                      "FROM idempotency_keys)")[0]


# The author, the look-up, BEGIN, the lock, the second look-up, the INSERT, the
# author again for ?expand, the answer, COMMIT.
@pytest.mark.parametrize("kind, least", [("alloc", 15), ("query", 9)])
def test_a_post_with_a_key_fails_whole(faulty, sweep, kind, least):
    def ask(fault):
        headers = faulty.author.headers | {
            "Idempotency-Key": str(uuid.uuid4())}
        fields = {"title": "T", "content": CONTENT}
        before = count(faulty)
        with faulty.client() as client:
            def send(more={}):
                return client.post(POSTS + "?expand=author", json=fields,
                                   headers=headers | more)

            answer, again = send(fault), ask_again(send)
        assert again.status_code == 201, fault
        assert ("idempotent-replayed" in again.headers) == (
            answer.status_code == 201), fault
        if answer.status_code == 201:
            assert again.content == answer.content, fault
        # One of both, whatever failed.
        assert count(faulty) == (before[0] + 1, before[1] + 1), fault
        return answer, None

    sweep("POST /posts with a key", kind, least, ask, 201)


@pytest.mark.parametrize("kind, least", [("alloc", 5), ("query", 4)])
def test_a_post_fails_whole(faulty, sweep, kind, least):
    def ask(fault):
        before = count(faulty)
        with faulty.client() as client:
            answer = client.post(POSTS, headers=faulty.author.headers | fault,
                                 json={"title": "T", "content": CONTENT})
        made = count(faulty)[0] - before[0]
        assert made == (answer.status_code == 201), fault
        return answer, None

    sweep("POST /posts", kind, least, ask, 201)


# Each query waits; the last waits are those of the answer and of COMMIT.
@pytest.mark.parametrize("wait", range(1, 10))
def test_an_author_who_leaves_at_any_time_finds_one_post(faulty, wait):
    headers = faulty.author.headers | {"Idempotency-Key": str(uuid.uuid4())}
    fields = {"title": "T", "content": CONTENT}
    before = count(faulty)
    with faulty.client(timeout=0.2) as client:
        try:
            client.post(POSTS + "?expand=author", json=fields,
                        headers=headers | {"X-Fault": "stall=%d" % wait})
        except httpx.TimeoutException:
            pass
    faulty.wait_for_rest()
    with faulty.client() as client:
        answer = ask_again(lambda: client.post(
            POSTS + "?expand=author", json=fields, headers=headers))
    assert answer.status_code == 201
    assert count(faulty) == (before[0] + 1, before[1] + 1)
