# SPDX-License-Identifier: ISC
"""Helpers for the tests of lists: an admin's requests, the expected order, Link
headers."""

import re

from helpers import bearer, register, sign_in

USERS = "/api/v1/users"
SORTS = ["created_at", "-created_at", "email", "-email", "name", "-name"]
LINK = re.compile(r'<([^<>"\s]+)>; rel="(\w+)"')


class Admin:
    """A user who may list the users of a server."""

    def __init__(self, server, client):
        user, self.me = register(client, name="Admin")
        server.sql("UPDATE users SET role = 'admin' WHERE id = %s",
                   self.me["id"])
        self.server = server
        self.client = client
        self.headers = bearer(sign_in(client, user))

    def get(self, target):
        return self.client.get(target, headers=self.headers)

    def ask(self, query=""):
        """The response to a query that is already percent-encoded."""
        return self.get(USERS + "?" + query if query else USERS)

    def list(self, query=""):
        answer = self.ask(query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, sort, where="true"):
        """The ids in the expected order: the database folds case, Python
        sorts."""
        column = sort.lstrip("-")
        key = column if column == "created_at" else "lower(%s)" % column
        rows = [(key if column == "created_at" else key.encode(), id)
                for key, id in self.server.sql(
                    "SELECT %s, id::text FROM users WHERE %s" % (key, where))]
        return [id for _, id in sorted(rows, reverse=sort.startswith("-"))]


def ids(page):
    return [item["id"] for item in page["items"]]


def links(answer):
    """{rel: target} of the Link header, which must contain only links."""
    value = answer.headers.get("link")
    if value is None:
        return {}
    found = [LINK.fullmatch(link) for link in value.split(", ")]
    assert all(found), value
    targets = {match[2]: match[1] for match in found}
    assert len(targets) == len(found), value
    return targets
