# SPDX-License-Identifier: ISC
"""Rows with times that RFC 3339 cannot write, and other values that only psql
stores, from before the constraints: each request that reads them is answered,
lists have each row once, and a client can change and delete them."""

import pytest

from lists import USERS, Admin, ids
from people import add_people

FIRST, LAST = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
ODD = {"-infinity": FIRST, "4713-01-01 00:00:00+00 BC": FIRST,
       "0044-03-15 12:00:00+00 BC": FIRST,
       "0001-01-01 00:00:00+00": FIRST,
       "2026-01-01 00:00:00+00": "2026-01-01T00:00:00.000000Z",
       "9999-12-31 23:59:59.999999+00": LAST,
       "10000-01-01 00:00:00+00": LAST, "12345-06-07 08:09:10.5+00": LAST,
       "294000-01-01 00:00:00+00": LAST, "infinity": LAST}
POSTS = "/api/v1/posts"


@pytest.fixture(scope="module")
def admin(start_module_server):
    """Of a server whose tables have no constraints, and three rows of each."""
    server = start_module_server()
    with server.client() as client:
        admin = Admin(server, client)
        for table in "users", "posts", "sessions", "jobs", "audit_log":
            server.sql("ALTER TABLE %s DROP CONSTRAINT %s_times" % (
                table, table))
        every = list(ODD) * 3
        server.sql(
            "INSERT INTO users (id, email, name, hashed_password, created_at,"
            " updated_at) SELECT gen_random_uuid(), 'odd' || i || "
            "'@example.com', 'N', '!', t::timestamptz, t::timestamptz FROM "
            "unnest(%s) WITH ORDINALITY AS u (t, i)", every)
        server.sql(
            "INSERT INTO posts (id, author_id, title, content, published_at, "
            "created_at, updated_at) SELECT gen_random_uuid(), %s, 'T', 'C', "
            "t::timestamptz, t::timestamptz, t::timestamptz FROM unnest(%s) t",
            admin.me["id"], every)
        server.sql(
            "INSERT INTO jobs (id, kind, payload, status, run_at, created_at, "
            "finished_at) SELECT gen_random_uuid(), 'k', '{}', 'dead', "
            "t::timestamptz, t::timestamptz, t::timestamptz FROM unnest(%s) t",
            every)
        server.sql(
            "INSERT INTO audit_log (id, created_at, action) SELECT "
            "gen_random_uuid(), t::timestamptz, 'odd' FROM unnest(%s) t",
            every)
        yield admin


def pages(admin, path, sort, limit, more=""):
    """All items of a list by cursor; also backwards, where it has that."""
    items, query = [], "sort=%s&cursor=" % sort if sort else "cursor="
    while True:
        answer = admin.get("%s?limit=%d&%s%s" % (path, limit, query, more))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        assert len(items) < 1000, "it has no end"
        if not page["has_more"]:
            return items
        query = "cursor=" + page["next_cursor"]


LISTS = [(USERS, "users", "created_at", ""),
         (POSTS, "posts", "created_at", ""),
         (POSTS, "posts", "published_at", ""),
         ("/api/v1/admin/jobs", "jobs", "created_at", ""),
         ("/api/v1/admin/audit", "audit_log", None, "&action=odd")]


@pytest.mark.parametrize("limit", [1, 4, 100])
@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("path, table, sort, more", LISTS)
def test_a_list_has_each_row_once(admin, path, table, sort, more, direction,
                                  limit):
    if sort is None and not direction:
        return          # the audit log has one order
    column = sort or "created_at"
    order = "t." + column
    if column == "published_at":
        order = "coalesce(t.published_at, '-infinity')"
    way = " DESC" if direction else ""
    rows = admin.server.sql(
        "SELECT t.id::text, t.%s::text FROM %s t%s ORDER BY %s%s, t.id%s" % (
            column, table, " WHERE action = 'odd'" if more else "", order,
            way, way))
    items = pages(admin, path, sort and direction + sort, limit, more)
    assert [item["id"] for item in items] == [row[0] for row in rows]
    shown = {item["id"]: item[column] for item in items}
    for id, text in rows:
        assert shown[id] == ODD.get(text, shown[id])


@pytest.mark.parametrize("path, table, sort, more", LISTS)
def test_a_page_is_answered(admin, path, table, sort, more):
    if sort is None:
        return
    answer = admin.get("%s?limit=100&sort=-%s" % (path, sort))
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) >= len(ODD) * 3


@pytest.mark.parametrize("time", ODD)
def test_a_row_is_read_changed_and_deleted(admin, time):
    """The constraint is not there: see docs/migrations.md."""
    [(user,), *_] = admin.server.sql(
        "SELECT id::text FROM users WHERE created_at = %s ORDER BY id", time)
    [(post,), *_] = admin.server.sql(
        "SELECT id::text FROM posts WHERE created_at = %s ORDER BY id", time)
    for path, body in ((USERS + "/" + user, {"name": "Other"}),
                       (POSTS + "/" + post, {"title": "Other"})):
        answer = admin.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["created_at"] == ODD[time]
        headers = admin.headers | {"if-match": answer.headers["etag"]}
        answer = admin.client.patch(path, headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        headers["if-match"] = answer.headers["etag"]
        assert admin.client.delete(path, headers=headers).status_code == 204


def test_a_session_that_never_expires(admin):
    """It is listed, refreshed and ended like others."""
    server = admin.server
    [person] = add_people(server, "user")
    server.sql("UPDATE sessions SET expires_at = 'infinity', last_used_at = "
               "'infinity', created_at = '-infinity' WHERE id = %s",
               person.session)
    answer = admin.client.get(USERS + "/me/sessions", headers=person.headers)
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    assert (item["created_at"], item["expires_at"]) == (FIRST, LAST)
    answer = admin.client.delete(
        "/api/v1/users/me/sessions/" + person.session, headers=person.headers)
    assert answer.status_code == 204


def test_odd_versions_have_entity_tags(admin):
    [person] = add_people(admin.server, "user")
    for version in 0, -1, -2 ** 63, 2 ** 53 + 1:
        admin.server.sql("ALTER TABLE users DISABLE TRIGGER users_touch")
        person.set(version=version)
        admin.server.sql("ALTER TABLE users ENABLE TRIGGER users_touch")
        answer = admin.get(person.path)
        assert answer.status_code == 200, answer.text
        answer = admin.client.patch(
            person.path, json={"name": "V%d" % version},
            headers=admin.headers | {"if-match": answer.headers["etag"]})
        assert answer.status_code == 200, answer.text


def test_empty_texts_are_shown(admin):
    [person] = add_people(admin.server, "user")
    person.set(name="", email="")
    answer = admin.get(person.path)
    assert (answer.status_code, answer.json()["name"]) == (200, "")
    assert person.id in ids(admin.list("limit=100&sort=email"))


def test_the_command_shows_them(admin):
    done = admin.server.command("users", "odd")
    assert done.returncode == 0, done.stderr
    assert "9999-12-31" in done.stdout and "0001-01-01" in done.stdout
