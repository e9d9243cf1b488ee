# SPDX-License-Identifier: ISC
"""Many posts, made by SQL, and the requests whose times must not depend on how
many there are. tests/scale/posts.py measures them, test_posts_scale.py only
checks the answers."""

import json

from helpers import raw_request, read_raw_answer
from posts import POSTS

AUTHORS = 1000
RARE = 100          # posts with the rare word
PAGE = 20

# A text of some hundred bytes from 1,000 with their words; then the number. The
# rare word is in the contents of RARE posts, evenly spread.
PARTS = """
CREATE TABLE parts AS
SELECT i, title, content, setweight(to_tsvector('english', title), 'A') ||
       to_tsvector('english', content) AS search
  FROM (SELECT i, 'Notes on the ' || md5(i::text) AS title, (
               SELECT string_agg((ARRAY['garden', 'river', 'winter', 'letter',
                      'mountain', 'kitchen', 'journey', 'teacher', 'window',
                      'market', 'evening', 'harbour', 'village', 'season',
                      'island', 'forest'])[(i * w * 7919 + w) % 16 + 1] ||
                      CASE w % 4 WHEN 0 THEN ' near the' ELSE '' END, ' ')
                 FROM generate_series(1, 40) AS w) AS content
          FROM generate_series(1, 1000) AS i) AS t
"""
USERS = """
INSERT INTO users (id, email, name, hashed_password)
SELECT md5('author' || i)::uuid, 'author' || i || '@example.com',
       'Author ' || i, '!'
  FROM generate_series(0, %s) AS i
"""
POSTS_OF = """
INSERT INTO posts (id, author_id, title, content, published_at, created_at,
                   updated_at, language, search)
SELECT md5('post' || n)::uuid, md5('author' || n * 7 %% {authors})::uuid, title,
       content || ' ' || n || CASE WHEN rare THEN ' zyzzyva' ELSE '' END,
       CASE WHEN n %% 10 <> 0 THEN at END, at, at, 'english',
       CASE WHEN rare THEN search || to_tsvector('zyzzyva') ELSE search END
  FROM (SELECT n, n * 7919 %% 1000 + 1 AS i, n %% (%s / {rare}) = 1 AS rare,
               timestamptz '2026-01-01' - interval '30 seconds' * n AS at
          FROM generate_series(%s::bigint, 1, -1) AS n) AS p
  JOIN parts USING (i)
"""


def load(server, count, authors=AUTHORS, last="VACUUM ANALYZE"):
    """count posts, published but for one of ten, the latest with n = 1. The
    indexes are made when the rows are there."""
    sql = server.sql
    made = sql("SELECT indexname::text, indexdef FROM pg_indexes WHERE "
               "tablename = 'posts' AND indexname LIKE 'ix_%'")
    for name, _ in made:
        sql("DROP INDEX " + name)
    sql("ALTER TABLE posts DISABLE TRIGGER USER")
    sql(PARTS)
    sql(USERS, authors - 1)
    sql(POSTS_OF.format(authors=authors, rare=RARE), count, count)
    sql("INSERT INTO post_languages VALUES ('english') ON CONFLICT DO NOTHING")
    sql("DROP TABLE parts")
    sql("ALTER TABLE posts ENABLE TRIGGER USER")
    for _, definition in made:
        sql(definition)
    sql(last)


class Connection:
    """One TLS connection, kept open; a stranger, or the person's."""

    def __init__(self, connection, person=None):
        self.connection = connection
        self.headers = dict(person.headers) if person else {}

    def get(self, target):
        """The body of an answer."""
        self.connection.sendall(raw_request("GET", target, **self.headers))
        status, _, body = read_raw_answer(self.connection)
        if status != 200:
            raise RuntimeError("%s: %d %r" % (target, status, body[:500]))
        return json.loads(body)


def walk(connection, row):
    """The cursor of the page that ends with this row."""
    cursor, left = "", row - PAGE
    seen = set()
    while left:
        limit = min(left, 100)
        page = connection.get("%s?cursor=%s&limit=%d" % (POSTS, cursor, limit))
        assert len(page["items"]) == limit
        seen |= {item["id"] for item in page["items"]}
        cursor, left = page["next_cursor"], left - limit
    assert len(seen) == row - PAGE, "a row came twice"
    return cursor


def check_ids(page, ids):
    assert [item["id"] for item in page["items"]] == ids


class Requests:
    """The target of each request, by what it is about, and its check."""

    def __init__(self, server, count, row, admin):
        self.server, self.count = server, count
        self.row = row
        self.ids = {n: id for n, id in server.sql(
            "SELECT n, md5('post' || n)::uuid::text FROM generate_series("
            "1, %s) AS n", min(count, row + 1))}
        published = [id for n, id in self.ids.items() if n % 10]
        self.first = published[:PAGE]
        self.cursor = walk(admin, row)
        step = count // RARE
        rare = [n for n in range(1, count + 1, step)]
        self.rare = len([n for n in rare if n % 10])
        self.visible = count - count // 10

    def measured(self):
        """{name: (target, does the admin ask, check)}: these may take at most
        twice the time with a hundred times the posts."""
        return {
            "first page": (POSTS + "?cursor=", False, self.check_first),
            "row %d by cursor" % self.row: (
                "%s?cursor=%s&limit=%d" % (POSTS, self.cursor, PAGE), True,
                self.check_row),
            "one by id": ("%s/%s" % (POSTS, self.ids[1]), False,
                          self.check_one),
            "search, %d match" % self.rare: (
                POSTS + "?q=zyzzyva", False, self.check_search),
        }

    def others(self):
        """For information."""
        author = "%s?author_id=%s&cursor=" % (POSTS, self.server.sql(
            "SELECT md5('author' || 7)::uuid::text")[0][0])
        return {
            "first page with its total": (POSTS, False, self.check_total),
            "first page, latest published": (
                POSTS + "?cursor=&sort=-published_at", False,
                self.check_first),
            "first page by title": (POSTS + "?cursor=&sort=title", False,
                                    self.check_full),
            "first page, admin": (POSTS + "?cursor=", True, self.check_admin),
            "an author's first page": (author, False, self.check_author),
        }

    def check_first(self, page):
        check_ids(page, self.first)
        assert page["has_more"] and page["prev_cursor"] is None

    def check_row(self, page):
        check_ids(page, [self.ids[n] for n in range(
            self.row - PAGE + 1, self.row + 1)])
        assert page["has_more"] == (self.count > self.row)

    def check_one(self, post):
        assert post["id"] == self.ids[1] and post["content"].endswith(
            " 1 zyzzyva")

    def check_search(self, page):
        assert page["total"] == self.rare and len(page["items"]) == PAGE
        assert page["total_is_estimate"] is False

    def check_total(self, page):
        check_ids(page, self.first)
        assert page["total"] == self.visible

    def check_full(self, page):
        titles = [item["title"] for item in page["items"]]
        assert len(titles) == PAGE and titles == sorted(titles)

    def check_admin(self, page):
        check_ids(page, [self.ids[n] for n in range(1, PAGE + 1)])

    def check_author(self, page):
        assert page["items"] and len(
            {item["author_id"] for item in page["items"]}) == 1
