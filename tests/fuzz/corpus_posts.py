# SPDX-License-Identifier: ISC
"""Requests for posts, with Idempotency-Keys, If-Match and large bodies. Posts
may come into being during a run, but are not deleted: so the expected statuses
stay the same, whatever else is sent."""

import json

from requests_http import (BODY_MAX, JSON, NEXT_MARK, POST_MARK, PREV_MARK,
                           SIGNED_IN, Case, chunked, head, sized)

POSTS = "/api/v1/posts"
POST = POSTS + "/" + POST_MARK
NO_POST = POSTS + "/00000000-0000-4000-8000-000000000000"
OF_NOBODY = "/api/v1/users/00000000-0000-4000-8000-000000000000/posts"
LARGE_MAX = 1310720     # of a body that brings a post
CONTENT_MAX = 100000    # characters
PROBLEM = "Accept: application/problem+json"
MERGE = "Content-Type: application/merge-patch+json"
FIELDS = "id,title,content,author_id,published_at,created_at,updated_at"
SEARCHES = ["fuzz", "%22a+b%22+or+-c", "-a", "%26%7C!()%3A*%3C-%3E", "%27",
            "%5C", "%F0%9F%98%80", "or+or+-+%22", "%C3%A9" * 100]


def plain_cases():
    """Lists have one post with its content, or none: a page of contents has
    an end."""
    for data, *statuses in (
            (head("GET", POSTS), 200),
            (head("HEAD", POSTS), 200),
            (head("OPTIONS", POSTS), 204),
            (head("OPTIONS", POST), 204),
            (head("PUT", POSTS), 405),
            (head("POST", POST), 405),
            (head("GET", POSTS + "?cursor="), 200),
            (head("GET", POSTS + "?limit=2&cursor=" + NEXT_MARK), 200),
            (head("GET", POSTS + "?limit=2&cursor=" + PREV_MARK), 200),
            (head("GET", POSTS + "?limit=2&sort=title&cursor=" + NEXT_MARK),
             400),
            (head("GET", POSTS + "?cursor=AAAA", PROBLEM), 400),
            *((head("GET", POSTS + "?cursor=&limit=3&sort=" + sort), 200)
              for sort in ("title", "-title", "created_at", "published_at")),
            *((head("GET", POSTS + "?expand=author&q=" + q), 200)
              for q in SEARCHES),
            (head("GET", POSTS + "?q=fuzz&cursor=&limit=1"), 200),
            (head("GET", POSTS + "?q=fuzz&sort=relevance&page=2"), 200),
            (head("GET", POSTS + "?sort=relevance"), 422),
            (head("GET", POSTS + "?limit=1&expand=author&fields=" + FIELDS),
             200),
            (head("GET", POSTS + "?fields=id,,x&expand=y", PROBLEM), 422),
            (head("GET", POSTS + "?created_since=2026-01-31T12:00:00Z&"
                  "created_until=2036-01-31T12:00:00Z&published_since="
                  "0001-01-01T00:00:00%2B01:00&published_until="
                  "9999-12-31T23:59:59.999999Z&published=1"), 200, 422),
            (head("GET", POSTS + "?created_since=now&published_until=%00"),
             422),
            (head("GET", POSTS + "?page=999999999&limit=100"), 200),
            (head("GET", POSTS + "?author_id=x&published=2"), 422),
            (head("GET", OF_NOBODY), 404),
            (head("GET", OF_NOBODY + "?q=a&expand=author&fields=id"), 404),
            (head("GET", NO_POST, PROBLEM), 404),
            (head("GET", POSTS + "/%41?expand=author"), 422),
            (head("GET", POST), 200),
            (head("GET", POST + "?expand=author", "If-None-Match: *"), 304),
            (head("DELETE", NO_POST, 'If-Match: "1"'), 401),
            (sized("POST", POSTS, "{}", JSON, "Idempotency-Key: a"), 401),
            (sized("POST", POSTS, "x" * BODY_MAX * 2, JSON, PROBLEM), 401)):
        yield Case(data, tuple(statuses), False)


def signed_in_cases():
    """For the author of all posts, an admin."""
    for data, *statuses in (
            (head("GET", POSTS + "?published=false&fields=id", SIGNED_IN),
             200),
            (head("GET", POST + "?expand=author", SIGNED_IN), 200),
            (sized("PATCH", POST, '{"title":"Fuzz"}', SIGNED_IN, JSON,
                   "If-Match: *"), 200),
            (sized("PATCH", POST, '{"content":null}', SIGNED_IN, MERGE), 422),
            (sized("PATCH", POST + "?expand=author", "{}", SIGNED_IN, JSON,
                   'If-Match: "0", W/"1"', PROBLEM), 412),
            (chunked("PUT", POST, '{"title":"Fuzz","content":"fuzz"}',
                     SIGNED_IN, JSON), 200),
            (sized("PUT", POST, "{}", SIGNED_IN, JSON, PROBLEM), 422),
            (sized("PATCH", NO_POST, "{}", SIGNED_IN, JSON), 404),
            (head("POST", POST + "/publish", SIGNED_IN, "If-Match: *"), 200),
            (head("POST", NO_POST + "/unpublish", SIGNED_IN), 404),
            (head("DELETE", NO_POST, SIGNED_IN), 404),
            (head("DELETE", POST, SIGNED_IN, 'If-Match: "0"'), 412),
            (sized("POST", POSTS, '{"title":"\\u0000","content":""}',
                   SIGNED_IN, JSON), 422),
            (sized("POST", POSTS, "{}", SIGNED_IN, JSON, "Idempotency-Key:"),
             422),
            (sized("POST", POSTS, "{}", SIGNED_IN, JSON,
                   "Idempotency-Key: " + "k" * 256), 422),
            (sized("POST", POSTS, "{}", SIGNED_IN, JSON, PROBLEM,
                   *["Idempotency-Key: k"] * 2), 422),
            (sized("POST", "/api/v1/users", '{"email":1}', JSON,
                   "Idempotency-Key: \"a b\""), 422)):
        yield Case(data, tuple(statuses), False)


def closing_cases():
    for data, status in (
            (head("POST", POSTS, PROBLEM,
                  "Content-Length: %d" % (LARGE_MAX + 1)), 413),
            (head("POST", POSTS + "/", "Content-Length: %d" % (BODY_MAX + 1)),
             413),
            (head("POST", POST + "/publish",
                  "Content-Length: %d" % (BODY_MAX + 1)), 413),
            (head("DELETE", POST, PROBLEM, "Content-Length: 1"), 400)):
        yield Case(data, (status,), True)


def post_of(length, content):
    """The body of a post, in that many bytes."""
    body = '{"title":"Fuzz","content":"%s"' % content
    return body + " " * (length - len(body) - 1) + "}"


def large(rng):
    """A body that only posts may have, with an Idempotency-Key or not."""
    pair = "\\ud83d\\ude00"     # 12 bytes, one character
    length = rng.choice([BODY_MAX + 1, 400000, LARGE_MAX - 1, LARGE_MAX])
    count = min(length // 12 - 10, CONTENT_MAX)
    body, status = rng.choice([
        (post_of(length, pair * count), 201),
        (post_of(length, "word" * 25000), 201),
        (post_of(length, "x" * (CONTENT_MAX + 1)), 422),
        ("[" * length, 400), ("x" * length, 400),
        (post_of(length, pair[:6] * count), 400)])
    method, target, lines = rng.choice([
        ("POST", POSTS, []), ("POST", POSTS + "?expand=author", [PROBLEM]),
        ("POST", POSTS, ["Expect: 100-continue", "Idempotency-Key: %x" %
                         rng.randrange(2 ** 64)]),
        ("PATCH", POST, ["If-Match: *"]), ("PUT", POST, [])])
    if method != "POST" and status == 201:
        status = 200
    lines += [SIGNED_IN, JSON]
    if rng.random() < 0.5:
        return Case(sized(method, target, body, *lines), (status,), False)
    size = rng.choice([1000, 16384, LARGE_MAX])
    return Case(chunked(method, target, body, *lines, size=size), (status,),
                False)


def too_large(rng):
    """In chunks: the last one has a byte too many."""
    data = chunked("POST", POSTS, "x" * (LARGE_MAX + 1), JSON, SIGNED_IN,
                   size=rng.choice([LARGE_MAX // 2, 40000]))
    return Case(data, (413,), True)


def repeated(rng):
    """With a key of its own: the second time, it is a repetition."""
    body = {"title": "Fuzz %d" % rng.randrange(10), "content": "fuzz"}
    if rng.random() < 0.2:
        body["x"] = 1
    post = sized("POST", POSTS, json.dumps(body), SIGNED_IN, JSON,
                 "Idempotency-Key: %x" % rng.randrange(2 ** 64))
    return Case(post, (422 if "x" in body else 201,), False)


PLAIN = list(plain_cases())
SIGNED = list(signed_in_cases())
CLOSING = list(closing_cases())
