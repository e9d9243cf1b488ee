# SPDX-License-Identifier: ISC
"""Lists by page and by skip: GET /api/v1/users, its filters, sort orders and
links."""

import re
import urllib.parse

import pytest

from description import describe
from helpers import check_validation
from lists import SORTS, USERS, Admin, ids, links
from samples import check_members, must_be_one_of_the_roles
from server import BUILD

NUMBERS = "Must be a number from %d to %d"
LIMITS = NUMBERS % (1, 100)
PAGES = NUMBERS % (1, 999999999)
SKIPS = NUMBERS % (0, 999999999)
BOOLEANS = "Must be one of: true, false, True, False, 1, 0"
UNKNOWN = "Is not a parameter of this operation"
ROLES = "one of the roles"
ORDERS = "one of the orders"
SESSIONS = USERS + "/me/sessions"
TOTAL = 75
ODD_NAME = 'a&b>c"é +;,'
NAMES = ["Fifty % off", "under_score", "back\\slash", "Émile Zola", "O'Brien",
         "Joy 😀", ".*", "nfd e\u0301", "Ångström", "<a href=x>", ODD_NAME,
         ODD_NAME, ODD_NAME]

# By hand, so that every field, filter and order has ties.
FILL = """
INSERT INTO users (id, email, name, hashed_password, role, is_active,
                   created_at)
SELECT gen_random_uuid(), 'Member' || i || '@example.com',
       CASE i %% 2 WHEN 0 THEN 'member' ELSE 'MEMBER' END || i / 10, '!',
       (ARRAY['user', 'staff', 'admin'])[i %% 3 + 1], i %% 4 <> 0,
       timestamptz '2026-01-01' - interval '1 second' * (i / 7)
  FROM generate_series(1, %s) i
"""
FILL_NAMES = """
INSERT INTO users (id, email, name, hashed_password)
SELECT gen_random_uuid(), 'odd' || i || '@example.org', name, '!'
  FROM unnest(%s) WITH ORDINALITY AS odd (name, i)
"""


@pytest.fixture(scope="module")
def admin(start_module_server):
    """Of a server that has the users of the queries above."""
    server = start_module_server()
    with server.client() as client:
        admin = Admin(server, client)
        server.sql(FILL, TOTAL - 1 - len(NAMES))
        server.sql(FILL_NAMES, NAMES)
        assert len(admin.order("name")) == TOTAL
        yield admin


def quote(text):
    return urllib.parse.quote(text, safe="")


#
# The response.
#

def test_a_page_has_exactly_its_fields(admin):
    assert list(admin.list()) == ["items", "total", "page", "limit", "pages"]


def test_an_item_is_the_user_without_a_password(admin):
    answer = admin.ask("limit=100")
    assert len(answer.json()["items"]) == TOTAL
    for item in answer.json()["items"]:
        check_members(item, "User")
    for word in ("password", "argon2", "version"):
        assert word not in answer.text
    item = answer.json()["items"][3]
    assert admin.get(USERS + "/" + item["id"]).json() == item
    assert "etag" not in answer.headers


@pytest.mark.parametrize("query, page, limit, pages, skip", [
    ("", 1, 20, 4, 0), ("page=1", 1, 20, 4, 0), ("page=2", 2, 20, 4, 20),
    ("page=4", 4, 20, 4, 60), ("page=5", 5, 20, 4, 80),
    ("limit=1", 1, 1, TOTAL, 0), ("limit=1&page=75", 75, 1, TOTAL, 74),
    ("limit=1&page=76", 76, 1, TOTAL, 75), ("limit=74", 1, 74, 2, 0),
    ("limit=75", 1, 75, 1, 0), ("limit=100", 1, 100, 1, 0),
    ("page=3&limit=25", 3, 25, 3, 50), ("page=4&limit=25", 4, 25, 3, 75),
    ("skip=0", 1, 20, 4, 0), ("skip=20", 2, 20, 4, 20),
    ("skip=19", 1, 20, 4, 19), ("skip=7&limit=5", 2, 5, 15, 7),
    ("skip=74&limit=7", 11, 7, 11, 74), ("skip=75", 4, 20, 4, 75),
    ("skip=76&limit=1", 77, 1, TOTAL, 76),
    ("skip=999999999", 50000000, 20, 4, 999999999),
    ("skip=999999999&limit=1", 1000000000, 1, TOTAL, 999999999),
    ("page=999999999", 999999999, 20, 4, 999999998 * 20),
    ("page=999999999&limit=100", 999999999, 100, 1, 999999998 * 100),
])
def test_a_page_is_a_slice_of_the_whole(admin, query, page, limit, pages,
                                        skip):
    answer = admin.list(query)
    assert ids(answer) == admin.order("created_at")[skip:skip + limit]
    del answer["items"]
    assert answer == {"total": TOTAL, "page": page, "limit": limit,
                      "pages": pages}


@pytest.mark.parametrize("query, page", [("", 1), ("&page=1", 1),
                                         ("&page=9", 9), ("&skip=0", 1)])
def test_an_empty_list_has_no_pages(admin, query, page):
    answer = admin.ask("q=nobody%20has%20this" + query)
    assert answer.json() == {"items": [], "total": 0, "page": page,
                             "limit": 20, "pages": 0}
    assert links(answer) == {}


#
# 422.
#

@pytest.mark.parametrize("value", [
    "0", "101", "abc", "-1", "1.5", "+", "%201", "1%20", "%2b1", "01", "1e1",
    "0x10", "10%0A", "10,5", "%D9%A3", "1000", "99999999999999999999",
    "1" * 1100])
def test_a_bad_limit_is_named(admin, value):
    assert check_validation(admin.ask("limit=" + value)) == {
        "query.limit": [LIMITS]}


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.5", "+", "01",
                                   "1000000000", "9223372036854775808"])
def test_a_bad_page_is_named(admin, value):
    assert check_validation(admin.ask("page=" + value)) == {
        "query.page": [PAGES]}


@pytest.mark.parametrize("value", ["-1", "abc", "1.5", "+", "00", "01",
                                   "1000000000", "9223372036854775808"])
def test_a_bad_skip_is_named(admin, value):
    assert check_validation(admin.ask("skip=" + value)) == {
        "query.skip": [SKIPS]}


@pytest.mark.parametrize("query", ["page=1&skip=0", "skip=20&page=2",
                                   "page=1&skip=0&limit=5"])
def test_page_and_skip_exclude_each_other(admin, query):
    assert check_validation(admin.ask(query)) == {
        "query.skip": ["Cannot be given together with page"]}


@pytest.mark.parametrize("query, field, message", [
    ("id=1", "id", None), ("limits=1", "limits", None),
    ("sort=id", "sort", ORDERS),
    ("sort=Name", "sort", ORDERS),
    ("sort=name,email", "sort", ORDERS),
    ("sort=%2bname", "sort", ORDERS),
    ("role=root", "role", ROLES),
    ("is_active=yes", "is_active", BOOLEANS),
    ("is_active=TRUE", "is_active", BOOLEANS),
    ("is_active=+", "is_active", BOOLEANS),
    ("q=" + "x" * 101, "q", "Must have at most 100 characters"),
    ("q=" + "%C3%A9" * 101, "q", "Must have at most 100 characters")])
def test_a_bad_parameter_is_named(admin, query, field, message):
    if message == ROLES:
        message = must_be_one_of_the_roles()
    if message == ORDERS:
        message = "Must be one of: " + ", ".join(describe(BUILD).operation(
            "list_users").query["sort"].schema["enum"])
    assert check_validation(admin.ask(query)) == {
        "query." + field: [message or UNKNOWN]}


@pytest.mark.parametrize("name, meant", [
    ("offset", "skip"), ("page_size", "limit"), ("pageSize", "limit"),
    ("per_page", "limit"), ("size", "limit"), ("ordering", "sort"),
    ("order_by", "sort"), ("sort_by", "sort"), ("search", "q"),
    ("query", "q"), ("isActive", "is_active"), ("Limit", "limit"),
    ("limit%20", "limit"), ("page%5Bsize%5D", "limit")])
def test_the_name_of_another_api_is_told_ours(admin, name, meant):
    field = "query." + urllib.parse.unquote(name)
    for value in ("1", ""):
        assert check_validation(admin.ask(name + "=" + value)) == {
            field: [UNKNOWN + "; use " + meant]}


def test_only_a_name_of_this_operation_is_told(admin):
    assert check_validation(admin.get(SESSIONS + "?page_size=1&search=x")) == {
        "query.page_size": [UNKNOWN + "; use limit"],
        "query.search": [UNKNOWN]}


@pytest.mark.parametrize("pair", [
    "limit=5", "page=1", "skip=0", "sort=name", "role=user",
    "is_active=true", "q=x", "cursor="])
def test_a_repeated_parameter_is_named(admin, pair):
    name = pair.partition("=")[0]
    assert check_validation(admin.ask(pair + "&" + pair)) == {
        "query." + name: ["Is given more than once"]}


def test_all_bad_parameters_are_named_at_once(admin):
    fields = check_validation(admin.ask(
        "limit=0&page=x&sort=y&role=z&is_active=2&q=%s&nothing=1" %
        ("x" * 101)))
    assert list(fields) == ["query." + name for name in (
        "limit", "page", "sort", "role", "is_active", "q", "nothing")]


#
# Filters and orders.
#

@pytest.mark.parametrize("query, wanted", [
    ("is_active=True", "is_active=true"), ("is_active=1", "is_active=true"),
    ("is_active=False", "is_active=false"), ("is_active=0", "is_active=false"),
    ("is_active=", ""), ("q=", ""), ("role=&role=user", "role=user"),
    ("page=&limit=&skip=&sort=&role=&is_active&q=&page=2", "page=2"),
    ("skip=&limit=7&skip=7", "limit=7&skip=7")])
def test_an_empty_field_is_no_filter(admin, query, wanted):
    """As a form sends it; its links are those of the short query."""
    answer, short = admin.ask(query), admin.ask(wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json() == short.json()
    assert sorted(re.split("[?&>]", answer.headers.get("link", ""))) == \
        sorted(re.split("[?&>]", short.headers.get("link", "")))


def test_an_empty_exception_ends_no_session(admin):
    """A deletion must not grow because a value is missing."""
    for query in ("?except=", "?except"):
        assert check_validation(admin.client.delete(
            SESSIONS + query, headers=admin.headers)) == {
                "query.except": ["Must be one of: current"]}
    assert admin.get(SESSIONS).status_code == 200



@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [100, 6])
def test_every_order_is_complete(admin, sort, limit):
    """The id orders equal keys, in the same direction."""
    seen = []
    for page in range(1, TOTAL // limit + 2):
        seen += ids(admin.list("sort=%s&limit=%d&page=%d" % (sort, limit,
                                                             page)))
    assert seen == admin.order(sort)


def test_the_test_data_has_ties(admin):
    ties = "SELECT 1 FROM users GROUP BY %s HAVING count(*) > 5"
    for column in ("created_at", "lower(name)"):
        assert len(admin.server.sql(ties % column)) > 5


@pytest.mark.parametrize("query, where", [
    ("role=user", "role = 'user'"), ("role=staff", "role = 'staff'"),
    ("role=admin", "role = 'admin'"), ("is_active=true", "is_active"),
    ("is_active=false", "NOT is_active"),
    ("role=staff&is_active=false", "role = 'staff' AND NOT is_active"),
    ("is_active=true&q=MEMBER1&role=user",
     "is_active AND email ~* 'member1' AND role = 'user'"),
    ("q=Member1", "name ~* 'member1' OR email ~* 'member1'")])
@pytest.mark.parametrize("sort", SORTS)
def test_a_filter_returns_the_matching_rows(admin, query, where, sort):
    expected = admin.order(sort, where)
    page = admin.list("limit=100&sort=%s&%s" % (sort, query))
    assert ids(page) == expected
    assert 0 < page["total"] == len(expected) < TOTAL


@pytest.mark.parametrize("q, names", [
    ("%", ["Fifty % off"]), ("_", ["under_score"]),
    ("\\", ["back\\slash"]), ("r_s", ["under_score"]), ("r%s", []),
    ("y % o", ["Fifty % off"]), ("%%", []), ("__", []), ("\\\\", []),
    ("\\%", []), (".*", [".*"]), ("^", []), ("$", []),
    ("émile", ["Émile Zola"]), ("ÉMILE z", ["Émile Zola"]),
    ("ÅNGSTRÖM", ["Ångström"]), ("angstrom", []), ("😀", ["Joy 😀"]),
    ("😁", []), ("nfd \u00e9", ["nfd e\u0301"]), ("'", ["O'Brien"]),
    ("' OR true --", []), ("O'BRIEN", ["O'Brien"]), ("zola", ["Émile Zola"]),
    ("  ", []), ("é +;,", [ODD_NAME] * 3), (ODD_NAME, [ODD_NAME] * 3),
    ("null", []), ("\U0010ffff", []), ("<A HREF", ["<a href=x>"])])
def test_q_is_a_literal_part_of_a_name(admin, q, names):
    page = admin.list("limit=100&q=" + quote(q))
    assert [item["name"] for item in page["items"]] == names
    assert page["total"] == len(names)


@pytest.mark.parametrize("q, count", [
    ("@example.org", len(NAMES)), ("ODD4@EXAMPLE", 1), ("4@example.org", 1),
    ("@", TOTAL), ("example_org", 0), ("example%org", 0)])
def test_q_is_a_literal_part_of_an_address(admin, q, count):
    assert admin.list("q=" + quote(q))["total"] == count


def test_a_plus_in_a_query_is_a_blank(admin):
    assert [item["name"] for item in admin.list("q=fifty+%25+off")["items"]
            ] == ["Fifty % off"]


#
# Links.
#

def walk(admin, answer, rel):
    """The pages from this one on, by its links."""
    pages = [answer]
    while rel in links(pages[-1]):
        assert len(pages) <= TOTAL, "the links form a circle"
        pages.append(admin.get(links(pages[-1])[rel]))
        assert pages[-1].status_code == 200, pages[-1].text
    return [page.json() for page in pages], pages[-1]


@pytest.mark.parametrize("query, where", [
    ("limit=7", "true"), ("limit=7&page=1&sort=-email", "true"),
    ("limit=1&sort=name&role=staff", "role = 'staff'"),
    ("is_active=false&limit=3&sort=-created_at", "NOT is_active"),
    ("limit=1&q=" + quote(ODD_NAME), "name LIKE 'a&b%'"),
    ("q=a%26b%3Ec%22%C3%A9+%2B&limit=1&sort=name", "name LIKE 'a&b%'"),
    ("skip=0&limit=7&sort=name", "true"), ("skip=0", "true")])
def test_links_lead_to_the_end_and_back(admin, query, where):
    sort = dict(urllib.parse.parse_qsl(query)).get("sort", "created_at")
    expected = admin.order(sort, where)
    there, last = walk(admin, admin.ask(query), "next")
    assert len(there) > 1
    assert sum(map(ids, there), []) == expected
    back, first = walk(admin, last, "prev")
    assert back == there[::-1]
    assert "prev" not in links(first)


def test_links_keep_every_other_parameter(admin):
    query = {"q": ODD_NAME, "role": "user", "is_active": "true",
             "sort": "-name", "limit": "1", "page": "2"}
    answer = admin.ask(urllib.parse.urlencode(query))
    targets = links(answer)
    for rel, page in (("next", "3"), ("prev", "1")):
        path, _, text = targets[rel].partition("?")
        assert path == USERS
        pairs = urllib.parse.parse_qsl(text, strict_parsing=True)
        assert sorted(pairs) == sorted((query | {"page": page}).items())
        assert quote(ODD_NAME) in text


def test_the_first_page_has_no_prev_and_the_last_no_next(admin):
    assert list(links(admin.ask())) == ["next"]
    assert list(links(admin.ask("page=2"))) == ["next", "prev"]
    assert list(links(admin.ask("page=4"))) == ["prev"]
    assert list(links(admin.ask("limit=75"))) == []
    assert list(links(admin.ask("limit=74"))) == ["next"]


def test_a_page_beyond_the_last_leads_back_to_it(admin):
    for page in (5, 6, 999999999):
        answer = admin.ask("page=%d" % page)
        assert answer.json()["items"] == []
        [(rel, target)] = links(answer).items()
        assert rel == "prev"
        assert admin.get(target).json() == admin.list("page=4")


def test_links_of_an_odd_skip(admin):
    whole = admin.order("created_at")
    targets = links(admin.ask("skip=7&limit=20"))
    assert ids(admin.get(targets["next"]).json()) == whole[27:47]
    assert ids(admin.get(targets["prev"]).json()) == whole[:20]
    assert list(links(admin.ask("skip=55&limit=20"))) == ["prev"]
    assert list(links(admin.ask("skip=54&limit=20"))) == ["next", "prev"]
