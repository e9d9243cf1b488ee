# SPDX-License-Identifier: ISC
"""What is measured: the requests of each workload, as load.lua reads them."""

import collections
import json

from bench_data import PASSWORD, email, user_id

API = "/api/v1"
PEOPLE = 16         # who are signed in; each request is one of theirs
SIGNING_IN = 1000   # users
TARGETS = 20000     # users whose rows are read
PAGES = 10
NEW_POST = "A post of make bench"
BODY = json.dumps({"title": NEW_POST,
                   "content": "Measured, not guessed, and printed. " * 6})
FORM = "application/x-www-form-urlencoded"


class People:
    """Users of a server who are signed in. A workload's requests need their
    tokens, and cursors, which only this server reads."""

    def __init__(self, side, users, posts):
        self.side, self.users, self.posts = side, users, posts
        with side.client() as client:
            self.tokens = [self.sign_in(client, number)
                           for number in range(1, min(PEOPLE, users) + 1)]
            self.cursors = list(self.walk(client))

    def sign_in(self, client, number):
        answer = client.post(API + "/auth/token", data={
            "username": email(number), "password": PASSWORD})
        answer.raise_for_status()
        return answer.json()["access_token"]

    def walk(self, client):
        """The cursors of the first pages of posts."""
        cursor = ""
        for _ in range(PAGES):
            yield cursor
            answer = client.get(API + "/posts", params={"cursor": cursor})
            answer.raise_for_status()
            if not (cursor := answer.json()["next_cursor"]):
                return

    def lines(self, requests):
        """The k-th request is the k-th person's."""
        return "".join("%s\t%s\t%s\t%s\t%s\n" % (
            method, target, self.tokens[k % len(self.tokens)], kind, body)
            for k, (method, target, kind, body) in enumerate(requests))


def get(targets):
    return [("GET", target, "", "") for target in targets]


def health(people):
    return "GET\t/healthz\t\t\t\n"


def user(people):
    return people.lines(get("%s/users/%s" % (
        API, user_id(1 + k * 7919 % people.users))
        for k in range(min(TARGETS, people.users))))


def users(people):
    return people.lines(get("%s/users?skip=%d&limit=20" % (API, page * 20)
                            for page in range(PAGES)))


def post(people):
    ids = people.side.sql("SELECT id::text FROM posts WHERE published_at IS "
                          "NOT NULL ORDER BY id LIMIT %s", TARGETS)
    return people.lines(get("%s/posts/%s" % (API, id) for id, in ids))


def posts(people):
    return people.lines(get("%s/posts?limit=20&cursor=%s" % (API, cursor)
                            for cursor in people.cursors))


def posts_total(people):
    return people.lines(get("%s/posts?skip=%d&limit=20" % (API, page * 20)
                            for page in range(PAGES)))


def create(people):
    return people.lines([("POST", API + "/posts", "application/json", BODY)] *
                        PEOPLE)


def sign_in(people):
    return "".join(
        "POST\t%s/auth/token\t\t%s\tusername=%s&password=%s\n" % (
            API, FORM, email(number).replace("@", "%40"), PASSWORD)
        for number in range(1, min(SIGNING_IN, people.users) + 1))


Workload = collections.namedtuple("Workload", "title requests connections",
                                  defaults=[None])

WORKLOADS = {
    "health": Workload("GET /healthz", health),
    "user": Workload("GET /users/{id}", user),
    "users": Workload("20 users, exact total", users),
    "post": Workload("GET /posts/{id}", post),
    "posts": Workload("20 posts, by cursor", posts),
    "posts_total": Workload("20 posts, exact total", posts_total),
    "create": Workload("POST /posts", create),
    "sign_in": Workload("sign-in, Argon2id", sign_in, 16),
}
