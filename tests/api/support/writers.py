# SPDX-License-Identifier: ISC
"""Clients that write all the time, while the database fails over. What was
answered with 201 must be in the database that is left, once; any other answer
must be a 503. A write that failed is not repeated: the next one is another."""

import collections
import threading
import time

import httpx

from authors import POSTS
from helpers import new_user
from people import add_people
from sizes import size
from watch import Background

USERS = "/api/v1/users"
PAUSE = size(0.03, 0.01)     # of each client: the tests share two processors

# began and ended are of time.monotonic(); key is a title or an address.
Write = collections.namedtuple("Write", "began ended status key id")


class Writers(Background):
    """One client registers users, the others write posts; every second one
    opens a connection for each request. `writes` has each write, and
    `failures` those that got neither 201 nor 503."""

    def __init__(self, server, new_client=None, threads=4, pause=PAUSE):
        self.server = server
        self.new_client = new_client or server.client
        self.pause = pause
        self.writes = []
        self.failures = []
        self.lock = threading.Lock()
        people = add_people(server, *["user"] * threads)
        super().__init__(enumerate(people))

    def run(self, numbered):
        number, person = numbered
        client = self.new_client()
        try:
            written = 0
            while not self.ended.wait(self.pause):
                if number % 2 == 1:
                    client.close()
                    client = self.new_client()
                written += 1
                if number == 0:
                    user = new_user()
                    self.send(client, USERS, user, user["email"])
                else:
                    title = "%d of %s" % (written, person.id)
                    self.send(client, POSTS, {"title": title, "content": "C"},
                              title, person.headers)
        finally:
            client.close()

    def send(self, client, path, body, key, headers=None):
        began = time.monotonic()
        try:
            answer = client.post(path, json=body, headers=headers)
            status, text = answer.status_code, answer.text
            row = answer.json()["id"] if status == 201 else None
        except (httpx.HTTPError, ValueError, KeyError) as error:
            status, text, row = 0, repr(error), None
        with self.lock:
            self.writes.append(Write(began, time.monotonic(), status, key,
                                     row))
            if status not in (201, 503):
                self.failures.append((status, key, text))

    def of(self, status):
        with self.lock:
            return [w for w in self.writes if w.status == status]

    def registered(self):
        """How many users."""
        return sum("@" in w.key for w in self.of(201))

    def first(self, status, since, seconds):
        """Waits for an answer to a write that has begun since then; returns
        when it came."""
        deadline = time.monotonic() + seconds
        while True:
            ends = [w.ended for w in self.of(status) if w.began >= since]
            if ends:
                return min(ends)
            assert not self.failures, self.failures[:5]
            assert time.monotonic() < deadline, \
                "no %d within %d s" % (status, seconds)
            time.sleep(0.02)

    def wait_for(self, more, seconds=30):
        """Until each client has so many more answers of 201."""
        since = time.monotonic()
        for _ in range(more):
            since = self.first(201, since, seconds)

    def longest_wait(self, since, until):
        """The seconds that a post took that ran within this time; the password
        of a user is hashed before the database is asked."""
        return max((w.ended - max(w.began, since) for w in self.writes
                    if w.ended > since and w.began < until and
                    "@" not in w.key), default=0)

    def longest_gap(self):
        """The longest time without an answer of 201."""
        ends = sorted(w.ended for w in self.of(201))
        return max(b - a for a, b in zip(ends, ends[1:]))

    def check(self):
        """After the end: (answered with 201, found)."""
        assert not self.failures, "%d failed: %s" % (
            len(self.failures), self.failures[:5])
        ids = [w.id for w in self.of(201)]
        [[found]] = self.server.sql(
            "SELECT (SELECT count(*) FROM posts WHERE id = ANY (%s::uuid[])) "
            "+ (SELECT count(*) FROM users WHERE id = ANY (%s::uuid[]))",
            ids, ids)
        assert self.server.sql("SELECT title FROM posts GROUP BY title "
                               "HAVING count(*) > 1") == []
        assert ids and len(set(ids)) == len(ids)
        return len(ids), found
