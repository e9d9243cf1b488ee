# SPDX-License-Identifier: ISC
"""GET /api/v1/admin/audit: members, order, cursors and filters."""

import datetime
import json
import urllib.parse
import uuid

import pytest

from helpers import bearer, check_error, check_validation
from lists import ids, links
from people import add_people

AUDIT = "/api/v1/admin/audit"
MEMBERS = ["id", "created_at", "action", "actor_id", "session_id", "target_id",
           "account", "address", "request_id", "changes"]
ANNA, BEN, EVA = (str(uuid.UUID(int=n)) for n in (1, 2, 3))
SESSION, OTHER = (str(uuid.UUID(int=n)) for n in (11, 12))
TOTAL = 90

# Nine entries share each time, and every value is in several of them.
FILL = """
INSERT INTO audit_log (id, created_at, action, actor_id, target_id, session_id,
       address, changes)
SELECT gen_random_uuid(), timestamptz '2026-01-02' - interval '1 day' * (i / 9),
       (ARRAY['user_updated', 'signed_in', 'user_deleted'])[i %% 3 + 1],
       (ARRAY[%s, %s, NULL])[i %% 3 + 1]::uuid,
       (ARRAY[%s, %s])[i %% 2 + 1]::uuid,
       (ARRAY[%s, NULL, NULL, %s, NULL])[i %% 5 + 1]::uuid,
       (ARRAY['192.0.2.1', '2001:db8::1', NULL])[i %% 3 + 1],
       CASE WHEN i %% 4 = 0 THEN jsonb_build_object('n', i) END
  FROM generate_series(0, %s) i
"""


class Admin:
    def __init__(self, server):
        self.server = server
        self.client = server.client()
        [self.me] = add_people(server, "admin")

    def get(self, target):
        return self.client.get(target, headers=self.me.headers)

    def ask(self, **query):
        return self.get(AUDIT + "?" + urllib.parse.urlencode(query))

    def list(self, **query):
        answer = self.ask(**query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, where="true", *params):
        return [id for id, in self.server.sql(
            "SELECT id::text FROM audit_log WHERE %s ORDER BY created_at "
            "DESC, id DESC" % where, *params)]

    def walk(self, **query):
        """The ids on all pages, by their cursors."""
        found, cursor = [], None
        while True:
            page = self.list(**query, **({"cursor": cursor} if cursor else {}))
            assert not set(found) & set(ids(page))
            found += ids(page)
            assert page["has_more"] == (page["next_cursor"] is not None)
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return found


@pytest.fixture(scope="module")
def admin(start_module_server):
    server = start_module_server()
    server.sql(FILL, ANNA, BEN, ANNA, EVA, SESSION, OTHER, TOTAL - 1)
    admin = Admin(server)
    yield admin
    admin.client.close()


def test_an_entry(admin, server):
    id, actor, session, target = (str(uuid.uuid4()) for _ in range(4))
    changes = {"role": {"from": "user", "to": "admin"}, "x": {"from": None,
                                                              "to": "\u0007"}}
    server.sql("INSERT INTO audit_log VALUES (%s, '2026-01-02 03:04:05.123456+"
               "02', 'user_updated', %s, %s, %s, 'an-account', '192.0.2.9', "
               "'a-request', %s)", id, actor, session, target,
               json.dumps(changes))
    [person] = add_people(server, "admin")
    with server.client() as client:
        answer = client.get(AUDIT + "?actor_id=" + actor,
                            headers=person.headers)
    assert answer.json() == {
        "items": [{"id": id, "created_at": "2026-01-02T01:04:05.123456Z",
                   "action": "user_updated", "actor_id": actor,
                   "session_id": session, "target_id": target,
                   "account": "an-account", "address": "192.0.2.9",
                   "request_id": "a-request", "changes": changes}],
        "next_cursor": None, "has_more": False, "limit": 20}
    assert list(answer.json()["items"][0]) == MEMBERS
    assert answer.headers["cache-control"] == "no-store"


def test_what_is_missing_is_null(admin):
    page = admin.list(limit=100, action="user_deleted")
    assert {item["actor_id"] for item in page["items"]} == {None}
    assert {item["address"] for item in page["items"]} == {None}
    assert {item["account"] for item in page["items"]} == {None}
    assert None in [item["changes"] for item in page["items"]]


def test_the_latest_come_first(admin):
    page = admin.list()
    assert list(page) == ["items", "next_cursor", "has_more", "limit"]
    assert (page["limit"], len(page["items"])) == (20, 20)
    assert ids(page) == admin.order()[:20]
    assert ids(admin.list(limit=100)) == admin.order()
    assert ids(admin.list(limit=TOTAL)) == admin.order()
    assert not admin.list(limit=TOTAL)["has_more"]


@pytest.mark.parametrize("limit", [1, 7, 9, 45, 100])
def test_the_pages_have_every_entry_once(admin, limit):
    assert admin.walk(limit=limit) == admin.order()


def test_the_link_leads_to_the_next_page(admin):
    answer = admin.ask(limit=50, action="signed_in",
                       until="2026-01-01T00:00:00Z")
    assert "link" not in answer.headers
    found, target = [], AUDIT + "?action=signed_in&limit=4"
    while target:
        answer = admin.get(target)
        found += ids(answer.json())
        assert set(links(answer)) <= {"next"}
        target = links(answer).get("next")
        assert (target is not None) == answer.json()["has_more"]
    assert found == admin.order("action = 'signed_in'")


def test_a_page_under_new_entries(admin, start_server):
    """What was there is seen once, and what comes later is not seen."""
    server = start_server()
    server.sql(FILL, ANNA, BEN, ANNA, EVA, SESSION, OTHER, TOTAL - 1)
    other = Admin(server)
    before, found, cursor = other.order(), [], ""
    while cursor is not None:
        page = other.list(limit=11, cursor=cursor)
        found += ids(page)
        cursor = page["next_cursor"]
        server.sql("INSERT INTO audit_log (id, action) SELECT "
                   "gen_random_uuid(), 'signed_in' FROM generate_series(1, 5)")
    assert found == before
    other.client.close()


FILTERS = [
    {"actor_id": ANNA}, {"target_id": EVA}, {"session_id": SESSION},
    {"action": "user_updated"}, {"address": "192.0.2.1"},
    {"address": "2001:db8::1"}, {"actor_id": ANNA, "target_id": EVA},
    {"session_id": OTHER, "target_id": EVA},
    {"session_id": SESSION, "action": "signed_in"},
    {"actor_id": BEN, "action": "signed_in", "address": "2001:db8::1"},
    {"address": "192.0.2.1", "action": "user_updated"},
    {"actor_id": ANNA, "action": "user_deleted"},
    {"actor_id": EVA}, {"action": "unheard_of"},
    {"actor_id": ANNA, "target_id": ANNA, "session_id": SESSION,
     "action": "user_updated", "address": "192.0.2.1"}]


@pytest.mark.parametrize("filters", FILTERS, ids="+".join)
@pytest.mark.parametrize("since, until", [
    (None, None), ("2025-12-28T00:00:00Z", None),
    (None, "2025-12-30T00:00:00Z"),
    ("2025-12-26T00:00:00Z", "2026-01-01T00:00:00Z")])
def test_filters(admin, filters, since, until):
    where = ["%s = %%s" % name for name in filters]
    values = list(filters.values())
    query = dict(filters)
    for name, sign, value in [("since", ">=", since), ("until", "<", until)]:
        if value:
            where.append("created_at %s %%s" % sign)
            values.append(value)
            query[name] = value
    expected = admin.order(" AND ".join(where), *values)
    assert admin.walk(limit=5, **query) == expected
    assert ids(admin.list(limit=100, **query)) == expected


@pytest.mark.parametrize("name, one, same", [
    ("address", "2001:db8::1", "2001:0DB8:0:0::1"),
    ("address", "192.0.2.1", "::ffff:192.0.2.1"),
    ("actor_id", str(uuid.UUID(int=0xabc)), str(uuid.UUID(int=0xABC)).upper()),
    ("since", "2025-12-28T00:00:00Z", "2025-12-28T01:30:00.000000+01:30"),
    ("until", "2025-12-28T00:00:00Z", "2025-12-27t23:00:00-01:00"),
    ("action", "user_updated", "user_updated")])
def test_one_value_in_two_spellings(admin, name, one, same):
    assert admin.walk(**{name: one}) == admin.walk(**{name: same})


def test_the_borders_of_a_time(admin):
    [[time]] = admin.server.sql("SELECT max(created_at) FROM audit_log WHERE "
                                "created_at < '2026-01-01 12:00+00'")
    step = datetime.timedelta(microseconds=1)
    number = len(admin.order("created_at = %s", time))
    assert number == 9
    for since, until, found in [
            (time, time + step, number), (time, time, 0),
            (time - step, time, 0), (time + step, time + step, 0),
            (time - step, time + step, number)]:
        assert len(admin.walk(limit=4, since=since.isoformat(),
                              until=until.isoformat())) == found


def test_a_cursor_may_go_on_with_another_time(admin):
    """The earlier of the two is where the page begins."""
    cursor = admin.list(limit=30)["next_cursor"]
    rest = admin.order()[30:]
    for until in ("2027-01-01T00:00:00Z", "2025-12-30T00:00:00Z",
                  "2025-12-26T00:00:00Z"):
        wanted = admin.order("created_at < %s", until)
        assert ids(admin.list(limit=100, cursor=cursor, until=until)) == [
            id for id in rest if id in wanted]


def test_an_empty_filter_is_none(admin):
    answer = admin.get(AUDIT + "?actor_id=&target_id=&session_id=&action=&"
                       "address=&since=&until=&cursor=")
    assert ids(answer.json()) == admin.order()[:20]


TIME = ("Must be a time of RFC 3339, such as 2026-01-31T12:00:00Z; + is %2B "
        "in a query")
NUMBER = "Must be a number from 1 to 100"


@pytest.mark.parametrize("name, value, message", [
    ("actor_id", "7", "Must be a UUID"),
    ("target_id", "{%s}" % ANNA, "Must be a UUID"),
    ("session_id", ANNA[:-1], "Must be a UUID"),
    ("action", "User", "Must match ^[a-z_]{1,64}$"),
    ("action", "a" * 65, "Must match ^[a-z_]{1,64}$"),
    ("address", "192.0.2.0/24", "Must be an IP address"),
    ("address", "localhost", "Must be an IP address"),
    ("since", "2026-01-01", TIME), ("since", "yesterday", TIME),
    ("since", "2026-01-01T00:00:00", TIME),
    ("until", "2026-01-01T00:00:00 01:00", TIME),
    ("until", "2026-02-30T00:00:00Z", TIME),
    ("until", "1767268800", TIME),
    ("limit", "0", NUMBER), ("limit", "101", NUMBER),
    ("page", "1", "Is not a parameter of this operation"),
    ("skip", "0", "Is not a parameter of this operation"),
    ("sort", "created_at", "Is not a parameter of this operation"),
    ("user_id", ANNA, "Is not a parameter of this operation")])
def test_a_wrong_parameter(admin, name, value, message):
    assert check_validation(admin.ask(**{name: value})) == {
        "query." + name: [message]}


def test_a_parameter_twice(admin):
    assert check_validation(admin.get(
        AUDIT + "?action=a&action=a&since=x")) == {
            "query.action": ["Is given more than once"],
            "query.since": [TIME]}


def test_a_plus_sign_that_is_not_encoded(admin):
    assert check_validation(admin.get(
        AUDIT + "?since=2026-01-01T00:00:00+01:00")) == {
            "query.since": [TIME]}


@pytest.mark.parametrize("cursor", ["x", "AAAA", "a" * 40])
def test_a_wrong_cursor(admin, cursor):
    check_error(admin.ask(cursor=cursor), 400, "INVALID_CURSOR",
                "The cursor is not one of this list")


def test_a_cursor_of_another_list(admin):
    add_people(admin.server, "user", "user")
    other = admin.get("/api/v1/users?cursor=&limit=1").json()["next_cursor"]
    check_error(admin.ask(cursor=other), 400, "INVALID_CURSOR")
    mine = admin.list(limit=1)["next_cursor"]
    check_error(admin.get("/api/v1/users?cursor=" + mine), 400,
                "INVALID_CURSOR")


def test_admins_only(admin):
    for person in add_people(admin.server, "user", "staff"):
        check_error(admin.client.get(AUDIT, headers=person.headers), 403,
                    "FORBIDDEN")
    check_error(admin.client.get(AUDIT), 401, "UNAUTHORIZED")
    check_error(admin.client.get(AUDIT + "?since=x", headers=bearer("x")),
                401, "UNAUTHORIZED")


def test_two_servers_have_one_log(start_server):
    """Each goes on where the other stopped."""
    one = start_server()
    two = start_server(database=one.database, secret=one.secret,
                       KEEL_PUBLIC_URL=one.url)
    admin, *users = add_people(one, "admin", *["user"] * 4)
    clients = [one.client(), two.client()]
    for number, user in enumerate(users):
        answer = clients[number % 2].patch(
            user.path, json={"name": "New"}, headers=admin.headers)
        assert answer.status_code == 200, answer.text
    found, cursor = [], ""
    while cursor is not None:
        answer = clients[len(found) % 2].get(AUDIT, params={
            "limit": 1, "cursor": cursor}, headers=admin.headers)
        found += [item["target_id"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert found == [user.id for user in reversed(users)]
    for client in clients:
        client.close()
