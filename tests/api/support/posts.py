# SPDX-License-Identifier: ISC
"""Posts made by SQL, their readers, and the order in which a list must show
them."""

from people import add_people

POSTS = "/api/v1/posts"
SORTS = ["created_at", "-created_at", "published_at", "-published_at",
         "title", "-title"]
SEARCH_SORTS = SORTS + ["relevance", "-relevance"]

ADD = """
INSERT INTO posts (id, author_id, title, content, published_at, created_at,
                   updated_at, language)
SELECT gen_random_uuid(), %s::uuid, %s, %s, %s::timestamptz,
       coalesce(%s::timestamptz, now()), now(), %s
RETURNING id::text
"""

# Text by code point, without case; a draft comes before every published post.
KEYS = {
    "created_at": "extract(epoch FROM created_at)",
    "published_at": "coalesce(extract(epoch FROM published_at), '-Infinity')",
    "title": "convert_to(lower(title), 'UTF8')",
    "relevance": "(ts_rank(search, query || query) * 1e9)::bigint",
}
ROWS = """
SELECT {key}, id::text
  FROM posts, websearch_to_tsquery('english', %s) AS query
 WHERE (published_at IS NOT NULL OR author_id = %s OR %s)
   AND {where}
"""


def add_post(server, author, title="Title", content="content",
             published="2026-01-01", created=None, language="english"):
    """Returns its id; published=None is a draft."""
    [[id]] = server.sql(ADD, author, title, content, published, created,
                        language)
    return id


class Reader:
    """A stranger (role None), a user or an admin, who reads lists of posts."""

    def __init__(self, server, client, role=None):
        self.server, self.client = server, client
        self.person = add_people(server, role)[0] if role else None
        self.id = self.person and self.person.id
        self.headers = self.person.headers if role else {}
        self.sees_all = role == "admin"

    def get(self, target):
        return self.client.get(target, headers=self.headers)

    def ask(self, query="", path=POSTS):
        """The response to a query that is already percent-encoded."""
        return self.get(path + "?" + query)

    def list(self, query="", path=POSTS):
        answer = self.ask(query, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, sort, where="true", q=""):
        """The ids of all posts that they may read, in this order."""
        rows = [(bytes(key) if isinstance(key, memoryview) else key, id)
                for key, id in self.server.sql(
                    ROWS.format(key=KEYS[sort.lstrip("-")], where=where), q,
                    self.id, self.sees_all)]
        return [id for _, id in sorted(rows, reverse=sort.startswith("-"))]
