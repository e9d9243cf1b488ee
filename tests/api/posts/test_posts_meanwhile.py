# SPDX-License-Identifier: ISC
"""What changes between two statements of one request. A page of posts is read
first, then their contents, then their authors. PostgreSQL makes the change
itself, at a row that it reads: a policy of the table calls a function."""

import concurrent.futures
import contextlib

import pytest

from authors import POSTS, add_posts, path_of_post
from helpers import check_error
from lists import ids
from people import add_people, transaction, wait_for_waiting

# The condition is true for every row, and changes the table at one of them.
POLICY = """
CREATE SEQUENCE turns;
CREATE FUNCTION meanwhile() RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER AS $$
BEGIN
    IF nextval('turns') = {turn} THEN {change}; END IF;
    RETURN true;
END $$;
CREATE POLICY meanwhile ON posts USING (meanwhile());
ALTER TABLE posts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""
UNDO = """
ALTER TABLE posts DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY meanwhile ON posts;
DROP FUNCTION meanwhile();
DROP SEQUENCE turns;
"""
CHANGES = {
    "hidden": "UPDATE posts SET published_at = NULL, content = 'secret' "
              "WHERE id = '{}'",
    "deleted": "DELETE FROM posts WHERE id = '{}'",
    "edited": "UPDATE posts SET content = 'new' WHERE id = '{}'",
}
# Of two posts, and at which row that is read the change is made: the rows are
# counted first, if they are.
LISTS = {"cursor": (POSTS + "?cursor=", 1), "page": (POSTS + "?limit=2", 3),
         "search": (POSTS + "?q=findme&cursor=", 1)}


@pytest.fixture(scope="module")
def own(start_module_server):
    """A server with no other posts."""
    server = start_module_server()
    with server.client() as client:
        yield server, client


@contextlib.contextmanager
def meanwhile(server, change, turn):
    server.sql(POLICY.format(change=change, turn=turn))
    try:
        yield
        [[turns]] = server.sql("SELECT last_value FROM turns")
        assert turns > turn, "the change was made by the last row"
    finally:
        server.sql(UNDO)


@pytest.mark.parametrize("who", ["anonymous", "other", "author", "admin"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", LISTS)
def test_a_post_that_changes_while_a_page_is_read(own, name, change, who):
    """Who may not read the draft does not get what is in it."""
    server, client = own
    server.sql("DELETE FROM posts")
    people = dict(zip(("author", "other", "admin"),
                      add_people(server, "user", "user", "admin")))
    first, second = add_posts(server, people["author"], 2, title="findme")
    headers = people[who].headers if who in people else {}
    path, turn = LISTS[name]
    with meanwhile(server, CHANGES[change].format(second), turn):
        answer = client.get(path + "&fields=id,content", headers=headers)
    assert answer.status_code == 200, answer.text
    found = {item["id"]: item["content"] for item in answer.json()["items"]}
    left = {first: "C"}
    if change == "edited":
        left[second] = "new"
    elif change == "hidden" and who in ("author", "admin"):
        left[second] = "secret"
    assert found == left


def test_an_author_who_is_deleted_while_their_posts_are_read(own):
    """Their posts are gone, too."""
    server, client = own
    author, other = add_people(server, "user", "user")
    [mine] = add_posts(server, author)
    [others] = add_posts(server, other)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        # Strangers read no users before they read the authors.
        with transaction(server, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE; "
                         "DELETE FROM users WHERE id = %s", author.id):
            answers = [pool.submit(client.get, path) for path in (
                path_of_post(mine, "?expand=author"),
                POSTS + "?expand=author&limit=100",
                POSTS + "?expand=author&cursor=&limit=100")]
            wait_for_waiting(server, 3)
    one, *lists = (answer.result() for answer in answers)
    check_error(one, 404, "NOT_FOUND", "Post not found")
    for answer in lists:
        assert answer.status_code == 200
        assert mine not in ids(answer.json())
        assert others in ids(answer.json())


def test_an_estimate_counts_no_draft_of_others(start_server):
    """A total beyond the bound is what PostgreSQL expects."""
    server = start_server(KEEL_SEARCH_TOTAL_MAX="1")
    author, admin = add_people(server, "user", "admin")
    add_posts(server, author, 3, title="findme")
    add_posts(server, author, 300, title="findme", published=False)
    server.sql("ANALYZE posts")
    totals = []
    with server.client() as client:
        for person in admin, None:
            answer = client.get(POSTS + "?q=findme&limit=1", headers=(
                person.headers if person else {}))
            assert answer.status_code == 200, answer.text
            assert answer.json()["total_is_estimate"] is True
            totals.append(answer.json()["total"])
    assert totals[0] > 100 > totals[1], totals
