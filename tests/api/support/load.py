# SPDX-License-Identifier: ISC
"""Clients that send requests all the time, and count those that fail."""

import threading

import httpx

from helpers import new_user
from people import add_people
from sizes import size
from watch import Background

USERS = "/api/v1/users"
PAUSE = size(0.02, 0)   # of each client: the tests share two processors


class Load(Background):
    """Threads with a client each, while the `with` block runs. Some keep their
    connection; the others open one for each request. After it, `failures` has
    what failed, `answered` counts the rest, and every user that was answered
    with 201 is in the table."""

    def __init__(self, server, new_client, threads=6):
        self.server = server
        self.new_client = new_client
        self.failures = []
        self.answered = 0
        self.created = []
        self.lock = threading.Lock()
        super().__init__(enumerate(add_people(server, *["user"] * threads)))

    def __exit__(self, *error):
        super().__exit__(*error)
        if error[0] is None:
            self.check()

    def check(self):
        assert not self.failures, "%d failed: %s" % (
            len(self.failures), self.failures[:5])
        assert self.answered > len(self.threads)
        found = self.server.sql(
            "SELECT count(*) FROM users WHERE email = ANY (%s)", self.created)
        assert found == [(len(self.created),)]

    def wait_for(self, more):
        """Until so many more requests are answered."""
        wanted = self.answered + more
        while self.answered < wanted and not self.failures:
            self.ended.wait(0.01)

    def run(self, numbered):
        number, person = numbered
        client = self.new_client()
        try:
            while not self.ended.is_set():
                if number % 2 == 1:
                    client.close()
                    client = self.new_client()
                self.send(client, person)
        finally:
            client.close()

    def send(self, client, person):
        user = new_user()
        self.count(lambda: client.get(USERS + "/me",
                                      headers=person.headers), 200)
        if self.count(lambda: client.post(USERS, json=user), 201):
            with self.lock:
                self.created.append(user["email"])

    def count(self, request, status):
        try:
            answer = request()
            problem = None if answer.status_code == status else (
                answer.status_code, answer.text)
        except httpx.HTTPError as error:
            problem = repr(error)
        self.ended.wait(PAUSE)
        with self.lock:
            if problem is None:
                self.answered += 1
            else:
                self.failures.append(problem)
        return problem is None
