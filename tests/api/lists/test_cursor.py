# SPDX-License-Identifier: ISC
"""Lists with a cursor: each row once, even if rows change between the pages; a
client cannot make a cursor itself."""

import base64
import string

import pytest

from helpers import check_error, check_validation
from lists import SORTS, USERS, Admin, ids, links
from people import transaction
from sizes import size

CROWD = size(2000, 10000)   # users with the same created_at
ALPHABET = string.ascii_letters + string.digits + "-_"
TOP = "\U0010ffff"

INSERT = "INSERT INTO users (id, email, name, hashed_password, role, " \
    "created_at) "
FILL = INSERT + """
SELECT gen_random_uuid(), md5(i::text) || '@example.com',
       (ARRAY['crowd', 'CROWD', 'Émile', 'émile', 'É'])[i %% 5 + 1], '!',
       'user', timestamptz '2026-01-01 00:00:00.000001'
  FROM generate_series(1, %s) i
"""

# Only these users, around the cursor and elsewhere, are added and deleted.
CHURN = "DELETE FROM users WHERE role = 'staff' AND random() < 0.4; " + \
    INSERT + """
SELECT gen_random_uuid(), md5(random()::text) || '@example.net',
       (ARRAY['crowd', 'Crowd', 'a', 'émile', 'z'])[floor(random() * 5) + 1],
       '!', 'staff', timestamptz '2026-01-01 00:00:00.000001' +
       interval '1 microsecond' * floor(random() * 3 - 1)
  FROM generate_series(1, 10)
"""

ODD_NAMES = [
    "", " ", "  ", "\u00a0", "\u200b", "\t", "a\nb", "\x01", "\x1f",
    "\x1fx\x1f", "\x7f", "a", "A", "a ", "aa", "á", "Á", "a\u0301", "ä", "z",
    "Z", "É", "é", "ß", "ẞ", "İ", "i", "ı", "I", "ǅ", "'", "''", '"', "\\",
    "%", "_", "&x=1", "<>", "{}", "null", "infinity", "😀", "😀😀", "\ue000",
    "\uffff", TOP, TOP * 2, TOP * 100, TOP * 100, TOP * 99 + "a", "é" * 100,
    "😀" * 100, "a", "", "éa", "Éa"]
ODD = INSERT.replace("email,", "email, email_key,") + """
SELECT CASE WHEN name <> '' THEN gen_random_uuid()
       ELSE ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid END,
       name || i || '@example.com',
       CASE WHEN name || i !~ '^[!-~]*$' THEN 'odd' || i END, name, '!',
       'staff',
       timestamptz '2026-06-01' + interval '1 microsecond' * (i / 3)
  FROM unnest(%s) WITH ORDINALITY AS odd (name, i)
"""
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"


@pytest.fixture(scope="module")
def crowd(start_module_server):
    server = start_module_server()
    with server.client() as client:
        server.sql(FILL, CROWD)
        server.sql("ANALYZE users")
        yield Admin(server, client)


@pytest.fixture(scope="module")
def admin(start_module_server):
    """Of a server with few users, with unusual keys."""
    server = start_module_server()
    with server.client() as client:
        server.sql(ODD, ODD_NAMES)
        server.sql("UPDATE users SET id = %s WHERE id = (SELECT id FROM users "
                   "WHERE name = %s LIMIT 1)", LAST_ID, TOP * 100)
        yield Admin(server, client)


@pytest.fixture(scope="module")
def cursor(admin):
    return admin.list("cursor=&limit=3")["next_cursor"]


def walk(admin, query, between=lambda page: None):
    """The ids of all pages, by next_cursor and by Link in turn."""
    seen, answer, turns = [], admin.ask("cursor=&" + query), 0
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert list(page) == ["items", "next_cursor", "has_more", "limit"]
        assert len(page["items"]) <= page["limit"]
        seen += ids(page)
        if not page["has_more"]:
            assert page["next_cursor"] is None
            assert links(answer) == {}
            return seen
        assert len(page["items"]) == page["limit"]
        [(rel, target)] = links(answer).items()
        assert rel == "next"
        turns += 1
        assert turns <= 2 * CROWD
        between(page)
        answer = admin.get(target) if turns % 2 else admin.ask(
            "cursor=%s&%s" % (page["next_cursor"], query))


def check_invalid(answer, message="The cursor is not one of this list"):
    assert check_error(answer, 400, "INVALID_CURSOR", message) == {}


#
# Each row once.
#

@pytest.mark.parametrize("sort", SORTS)
def test_equal_times_while_rows_change(crowd, sort):
    stayed = crowd.order(sort)
    assert len(stayed) == CROWD + 1
    with transaction(crowd.server, "SELECT 1") as db:

        def churn(_):
            db.cursor().execute(CHURN)
            db.commit()

        try:
            seen = walk(crowd, "limit=100&sort=" + sort, churn)
        finally:
            db.cursor().execute("DELETE FROM users WHERE role = 'staff'")
            db.commit()
    assert len(set(seen)) == len(seen), "a row was seen twice"
    others = set(seen) - set(stayed)
    assert [id for id in seen if id not in others] == stayed
    assert others, "no user was added in time"


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_odd_keys_are_seen_once_and_in_order(admin, sort, limit):
    assert walk(admin, "limit=%d&sort=%s" % (limit, sort)) == \
        admin.order(sort)


@pytest.mark.parametrize("sort", SORTS)
def test_the_cursors_row_may_be_deleted(admin, sort):
    sql = admin.server.sql
    sql(INSERT + "SELECT gen_random_uuid(), 'gone' || i || '@example.com', "
        "'gone', '!', 'admin', '2026-03-03' FROM generate_series(1, 20) i")
    expected = admin.order(sort, "email LIKE 'gone%'")
    seen = walk(admin, "q=gone&limit=3&sort=" + sort, lambda page: sql(
        "DELETE FROM users WHERE id = %s", ids(page)[-1]))
    assert seen == expected
    assert sql("DELETE FROM users WHERE email LIKE 'gone%' RETURNING 1"
               ) == [(1,)] * (20 - 6)


@pytest.mark.parametrize("query, count", [
    ("limit=%d", 1), ("limit=%d&role=staff", 0)])
def test_a_last_page_that_is_full_has_no_more(admin, query, count):
    """Also with one row less."""
    total = len(ODD_NAMES) + count
    page = admin.list("cursor=&" + query % total)
    assert (len(page["items"]), page["has_more"]) == (total, False)
    page = admin.list("cursor=&" + query % (total - 1))
    assert (len(page["items"]), page["has_more"]) == (total - 1, True)


def test_an_empty_list_is_one_empty_page(admin):
    assert admin.list("cursor=&q=no%20such%20user") == {
        "items": [], "next_cursor": None, "has_more": False, "limit": 20}


def test_an_empty_cursor_is_the_first_page(admin):
    for query in ("cursor=", "cursor"):
        page = admin.list(query)
        assert page["limit"] == 20
        assert ids(page) == admin.order("created_at")[:20]


def test_the_longest_name_and_filters_fit_into_a_link(admin):
    q = "%F0%9F%98%80" * 100
    made = admin.server.sql(INSERT + "SELECT gen_random_uuid(), 'long' || i "
                            "|| '@example.com', repeat('\U0001F600', 100), "
                            "'!', 'staff', now() FROM generate_series(1, 2) i "
                            "RETURNING id::text")
    query = "limit=1&sort=-name&role=staff&is_active=true&q=" + q
    seen = walk(admin, query)
    assert seen == admin.order("-name", "name = repeat('\U0001F600', 100)")
    assert len(seen) == 3
    admin.server.sql("DELETE FROM users WHERE id::text = ANY (%s)",
                     [id for id, in made])


def test_a_link_keeps_the_filters(admin):
    answer = admin.ask("cursor=&limit=2&q=%26x%3D1&role=staff")
    assert ids(answer.json()) == admin.order("created_at", "name = '&x=1'")
    answer = admin.ask("cursor=&limit=2&q=%40e&role=staff&sort=-email")
    target = links(answer)["next"]
    assert sorted(target.partition("?")[2].split("&")) == sorted([
        "cursor=" + answer.json()["next_cursor"], "limit=2", "q=%40e",
        "role=staff", "sort=-email"])


def test_another_admin_can_use_the_cursor(admin, cursor):
    """A cursor gives no rights and is no secret."""
    other = Admin(admin.server, admin.client)
    try:
        assert other.list("cursor=" + cursor) == admin.list(
            "cursor=" + cursor)
        check_error(admin.client.get(USERS + "?cursor=" + cursor), 401,
                    "UNAUTHORIZED")
    finally:
        admin.server.sql("DELETE FROM users WHERE id = %s", other.me["id"])


#
# Invalid cursors.
#

def test_any_changed_character_is_refused(admin, cursor):
    assert admin.ask("cursor=" + cursor).status_code == 200
    for i, letter in enumerate(cursor):
        for other in (ALPHABET[ALPHABET.index(letter) - 1], "%21"):
            check_invalid(admin.ask("cursor=" + cursor[:i] + other +
                                    cursor[i + 1:]))


def test_the_last_character_has_no_spare_bits(admin, cursor):
    for letter in set(ALPHABET) - {cursor[-1]}:
        check_invalid(admin.ask("cursor=" + cursor[:-1] + letter))


def test_a_cut_cursor_is_refused(admin, cursor):
    for length in range(1, len(cursor)):
        check_invalid(admin.ask("cursor=" + cursor[:length]))
        check_invalid(admin.ask("cursor=" + cursor[length:]))


@pytest.mark.parametrize("edit", [
    lambda c: c + "A", lambda c: c + "AA", lambda c: c + "=",
    lambda c: c + "%3D%3D", lambda c: c + "%20", lambda c: c + "%0A",
    lambda c: "%20" + c, lambda c: c + c, lambda c: c.swapcase(),
    lambda c: c[::-1], lambda c: "A" * 1900, lambda c: "%C3%A9" * 300,
    lambda c: "0", lambda c: "null", lambda c: "..%2F..%2Fetc%2Fpasswd"])
def test_an_invalid_cursor_is_refused(admin, cursor, edit):
    check_invalid(admin.ask("cursor=" + edit(cursor)))


def test_a_forged_cursor_is_refused(admin, cursor):
    data = base64.urlsafe_b64decode(cursor + "==")
    mac, text = data[:16], data[16:]
    for own in (mac + text.replace(b"2026", b"2025"), text, mac,
                mac + b"\0" + text, bytes(16) + text, mac + text + b"x",
                mac + b"x" * 1400):
        check_invalid(admin.ask("cursor=" + base64.urlsafe_b64encode(
            own).rstrip(b"=").decode()))


def test_a_cursor_reveals_only_its_row(admin, cursor):
    data = base64.urlsafe_b64decode(cursor + "==")
    last = admin.list("limit=3")["items"][-1]
    assert data[16:].decode().split("\x1f")[:2] == ["created_at", last["id"]]
    assert len(data) < 16 + len("created_at") + 36 + 40


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_has_one_order(admin, sort):
    """The cursor has the order: a request without a sort keeps it."""
    page = admin.list("cursor=&limit=5&sort=" + sort)
    after = "cursor=%s&limit=5" % page["next_cursor"]
    assert ids(admin.list(after)) == admin.order(sort)[5:10]
    assert admin.list(after) == admin.list(after + "&sort=" + sort)
    for other in set(SORTS) - {sort}:
        check_invalid(admin.ask(after + "&sort=" + other),
                      "The cursor is of a list sorted by " + sort)


def test_a_cursor_of_another_secret_is_refused(admin, cursor, start_server):
    server = start_server(database=admin.server.database)
    with server.client() as client:
        other = Admin(server, client)
        theirs = other.list("cursor=&limit=3")["next_cursor"]
        assert theirs != cursor
        check_invalid(other.ask("cursor=" + cursor))
        check_invalid(admin.ask("cursor=" + theirs))
    admin.server.sql("DELETE FROM users WHERE id = %s", other.me["id"])


def test_a_cursor_outlives_its_server(admin, cursor, start_server):
    server = start_server(database=admin.server.database,
                          secret=admin.server.secret)
    with server.client() as client:
        other = Admin(server, client)
        assert other.list("cursor=" + cursor) == admin.list(
            "cursor=" + cursor)
    admin.server.sql("DELETE FROM users WHERE id = %s", other.me["id"])


@pytest.mark.parametrize("query, names", [
    ("page=1", ["page"]), ("skip=0", ["skip"]),
    ("skip=0&page=1", ["page", "skip"])])
def test_a_cursor_excludes_page_and_skip(admin, cursor, query, names):
    for start in ("", cursor, "rubbish"):
        assert check_validation(admin.ask("cursor=%s&%s" % (
            start, query))) == {
                "query." + name: ["Cannot be given together with cursor"]
                for name in names}


def test_a_bad_limit_is_checked_before_a_bad_cursor(admin):
    assert check_validation(admin.ask("cursor=x&limit=0")) == {
        "query.limit": ["Must be a number from 1 to 100"]}
