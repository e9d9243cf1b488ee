# SPDX-License-Identifier: ISC
"""Posts, which people of people.py write: by requests, or by SQL."""

import uuid

POSTS = "/api/v1/posts"
MEMBERS = ["id", "title", "content", "author_id", "published_at",
           "created_at", "updated_at"]
# What an item of a list has if the client does not ask for other fields.
ITEM = [name for name in MEMBERS if name != "content"]
AUTHOR = ["id", "name"]


def path_of_post(post, suffix=""):
    """post is a response's body, or an id."""
    return "%s/%s%s" % (POSTS, post["id"] if isinstance(post, dict) else post,
                        suffix)


def write(client, author, **fields):
    """Writes a post, as a draft if not published=True; returns the
    response."""
    answer = client.post(POSTS, headers=author.headers, json={
        "title": "Hello", "content": "Nice to meet you."} | fields)
    assert answer.status_code == 201, answer.text
    return answer


def add_posts(server, author, count=1, published=True, title="T", content="C"):
    """Adds posts by SQL; returns their ids. {} in the title is a number."""
    posts = [str(uuid.uuid4()) for _ in range(count)]
    server.sql("INSERT INTO posts (id, author_id, title, content, "
               "published_at) SELECT id::uuid, %s, title, %s, CASE WHEN %s "
               "THEN now() END FROM unnest(%s, %s) AS t (id, title)",
               author.id, content, published, posts,
               [title.format(i) for i in range(count)])
    return posts


def row_of(server, post, *columns):
    """These columns of a post's row; None if it is deleted."""
    rows = server.sql("SELECT %s FROM posts WHERE id = %%s" %
                      ", ".join(columns or ("to_jsonb(posts)",)),
                      post["id"] if isinstance(post, dict) else post)
    return rows[0] if rows else None
