# SPDX-License-Identifier: ISC
"""ETag, If-Match and If-None-Match of one post."""

import concurrent.futures
import re
import threading

import pytest

from authors import add_posts, path_of_post, row_of, write
from helpers import check_error, check_validation
from people import add_people, transaction, wait_for_waiting

OUTDATED = "The resource is not in the state that was asked for"
WRITES = {
    "patch": ("PATCH", "", {"title": "New"}),
    "empty patch": ("PATCH", "", {}),
    "put": ("PUT", "", {"title": "New", "content": "New"}),
    "delete": ("DELETE", "", None),
    "publish": ("POST", "/publish", None),
    "unpublish": ("POST", "/unpublish", None),
}
every_write = pytest.mark.parametrize("write", WRITES)


class Post:
    def __init__(self, server, client):
        self.server = server
        self.client = client
        [self.author] = add_people(server, "user")
        [self.id] = add_posts(server, self.author)
        self.tag = self.read().headers["etag"]

    def fresh(self, value):
        """In a test's header value, "1" stands for the current ETag."""
        return value.replace('"1"', self.tag)

    def read(self, *headers, method="GET"):
        return self.client.request(method, path_of_post(self.id), headers=[
            *self.author.headers.items(),
            *[(name, self.fresh(value)) for name, value in headers]])

    def send(self, write, *headers):
        method, suffix, body = WRITES[write]
        return self.client.request(
            method, path_of_post(self.id, suffix), json=body, headers=[
                *self.author.headers.items(),
                *[(name, self.fresh(value)) for name, value in headers]])

    def row(self):
        return row_of(self.server, self.id)


@pytest.fixture
def post(server, client):
    return Post(server, client)


def check_outdated(answer):
    assert check_error(answer, 412, "PRECONDITION_FAILED", OUTDATED) == {}


def test_every_version_has_its_own_etag(post):
    tags = {post.tag}
    for number, name in enumerate(["unpublish", "publish", "put"], 2):
        answer = post.send(name)
        assert re.fullmatch(r'"[A-Za-z0-9_-]{22}"', answer.headers["etag"])
        assert post.read().headers["etag"] == answer.headers["etag"]
        tags.add(answer.headers["etag"])
        assert len(tags) == number
    post.server.sql("UPDATE posts SET title = 'By SQL' WHERE id = %s", post.id)
    assert post.read().headers["etag"] not in tags


def test_two_posts_never_have_the_same_etag(server, client, post):
    """Their versions are the same, and so is all they hold."""
    [other] = add_posts(server, post.author)
    answer = client.get(path_of_post(other))
    assert answer.headers["etag"] != post.tag
    check_outdated(client.delete(path_of_post(other), headers={
        **post.author.headers, "If-Match": post.tag}))


def test_everybody_gets_the_same_etag(client, post):
    """They get the same response."""
    answer = client.get(path_of_post(post.id))
    assert answer.headers["etag"] == post.tag
    assert client.get(path_of_post(post.id), headers={
        "If-None-Match": post.tag}).status_code == 304


#
# If-None-Match.
#

@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("values", [
    ['"1"'], ['W/"1"'], ["*"], ['"7", "1"'], ['"7"', '"1"']])
def test_a_matching_etag_is_304(post, values, method):
    answer = post.read(*[("If-None-Match", value) for value in values],
                       method=method)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == post.tag
    assert answer.headers["vary"] == "Authorization"


@pytest.mark.parametrize("values", [['"7"'], ['"7", W/"8"'], ['""'], ["1"]])
def test_another_etag_is_200(post, values):
    answer = post.read(*[("If-None-Match", value) for value in values])
    assert answer.json()["id"] == post.id


def test_after_a_change_it_is_200(post):
    seen = ("If-None-Match", post.tag)
    assert post.send("empty patch").is_success
    assert post.read(seen).status_code == 304
    assert post.send("patch").is_success
    assert post.read(seen).json()["title"] == "New"


@every_write
def test_if_none_match_of_a_write(post, write):
    before = post.row()
    for value in ('"1"', 'W/"1"', "*"):
        check_outdated(post.send(write, ("If-None-Match", value)))
    assert post.row() == before
    assert post.send(write, ("If-None-Match", '"7"')).is_success


#
# If-Match.
#

@every_write
@pytest.mark.parametrize("values", [
    ['"7"'], ['W/"1"'], ['"7", "8"'], ['"7"', '"8"'], ['""'], ['"*"']])
def test_a_stale_etag_changes_nothing(post, write, values):
    before = post.row()
    check_outdated(post.send(write, *[("If-Match", value)
                                      for value in values]))
    assert post.row() == before


@every_write
@pytest.mark.parametrize("values", [['"1"'], ["*"], ['"7", "1"'],
                                    ['"7"', '"1"']])
def test_a_fresh_etag_is_accepted(post, write, values):
    answer = post.send(write, *[("If-Match", value) for value in values])
    assert answer.is_success, answer.text


def test_the_etag_of_a_write_is_that_of_the_next(post):
    for name in WRITES:
        if name == "delete":
            continue
        answer = post.send(name, ("If-Match", '"1"'))
        assert answer.status_code == 200, name
        post.tag = answer.headers["etag"]
    assert post.send("delete", ("If-Match", '"1"')).status_code == 204


def test_that_of_a_new_post(client, post):
    made = write(client, post.author)
    assert client.delete(made.headers["location"], headers={
        **post.author.headers, "If-Match": made.headers["etag"]}
                         ).status_code == 204


def test_a_stale_if_match_of_a_read_is_412(post):
    check_outdated(post.read(("If-Match", '"7"')))
    assert post.read(("If-Match", '"1"')).status_code == 200
    check_outdated(post.read(("If-Match", '"7"'), ("If-None-Match", '"1"')))


@every_write
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_malformed_list_never_lets_a_write_pass(post, write, header):
    before = post.row()
    for value in "1", '"1', "", "W/*", '*, "1"':
        assert list(check_validation(post.send(write, (header, value)))) == [
            "header." + header.lower()]
    assert post.row() == before


@pytest.mark.parametrize("write", [name for name in WRITES
                                   if WRITES[name][2]])
def test_the_body_is_checked_before_the_etag(client, post, write):
    method, suffix, _ = WRITES[write]
    answer = client.request(
        method, path_of_post(post.id, suffix), json={"x": 1}, headers={
            **post.author.headers, "If-Match": '"7"'})
    assert "body.x" in check_validation(answer)


#
# Two clients that write.
#

@pytest.mark.parametrize("first, second", [
    ("patch", "patch"), ("put", "patch"), ("patch", "delete"),
    ("delete", "delete"), ("unpublish", "patch"), ("delete", "unpublish")])
def test_of_two_writers_with_one_etag_the_second_is_412(post, first, second):
    """Both have read the same version before the first one writes."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(post.server, "SELECT FROM posts WHERE id = %s FOR "
                         "UPDATE", post.id):
            answers = [pool.submit(post.send, name, ("If-Match", '"1"'))
                       for name in (first, second)]
            wait_for_waiting(post.server, 2)
    won, lost = sorted((answer.result() for answer in answers),
                       key=lambda answer: answer.status_code)
    assert won.is_success, won.text
    check_outdated(lost)


@every_write
def test_a_post_that_changes_during_the_request(post, write):
    """They have sent the ETag that they had read; the other change stays."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(post.server, "UPDATE posts SET title = 'Other' WHERE "
                         "id = %s", post.id):
            answer = pool.submit(post.send, write, ("If-Match", '"1"'))
            wait_for_waiting(post.server, 1)
    check_outdated(answer.result())
    assert row_of(post.server, post.id, "title", "version") == ("Other", 2)


@every_write
def test_a_post_that_is_deleted_during_the_request(post, write):
    """Without If-Match it is 404, as if it had never been there; `*` says no
    version."""
    for headers in [], [("If-Match", "*")]:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with transaction(post.server, "DELETE FROM posts WHERE id = %s",
                             post.id):
                answer = pool.submit(post.send, write, *headers)
                wait_for_waiting(post.server, 1)
        check_error(answer.result(), 404, "NOT_FOUND", "Post not found")
        [post.id] = add_posts(post.server, post.author)
        post.tag = post.read().headers["etag"]


def test_writers_at_once(post):
    """Of those with one If-Match, one wins, each time."""
    clients = 4
    together = threading.Barrier(clients)

    def write(title, tag):
        together.wait(10)
        return post.client.patch(
            path_of_post(post.id), json={"title": title}, headers={
                **post.author.headers, "If-Match": tag})

    tag = post.tag
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        for version in range(1, 21):
            titles = ["%s of %d" % (name, version) for name in "ABCD"]
            answers = list(pool.map(write, titles, [tag] * clients))
            assert sorted(answer.status_code for answer in answers) == [
                200, 412, 412, 412]
            [won] = [answer for answer in answers if answer.is_success]
            tag = won.headers["etag"]
            assert row_of(post.server, post.id, "title", "version") == (
                won.json()["title"], version + 1)
