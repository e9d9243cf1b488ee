# SPDX-License-Identifier: ISC
"""?q among users: names, addresses and searches meet in one form of Unicode,
with and without an index."""

import urllib.parse

import pytest

from lists import SORTS, Admin, ids

# A name, what finds it, and what does not.
MEET = [
    ("Jos\u00e9 Nfc", ["jose\u0301 nfc", "JOS\u00c9 N", "Jose\u0301 "],
     ["jose nfc"]),
    ("Jose\u0301 Nfd", ["jos\u00e9 nfd", "JOSE\u0301 NFD"], ["jose nfd"]),
    ("\u039f\u03b4\u03c5\u03c3\u03c3\u03ad\u03b1\u03c2 1",
     ["\u039f\u0394\u03a5\u03a3\u03a3\u0388\u0391\u03a3 1",
      "\u03bf\u03b4\u03c5\u03c3\u03c3\u03ad\u03b1\u03c3 1",
      "\u03c5\u03c2\u03c2"], ["\u03b4\u03c5\u03c3\u03b5"]),
    ("Stra\u00dfer 2", ["STRASSER 2", "stra\u1e9eer", "asse"], ["straser"]),
    ("\u0130zmir 3", ["izmir 3", "\u0130ZM\u0130R 3", "i\u0307zmir", "IZMIR"],
     ["\u0131zmir"]),
    ("\uff21\uff24\uff21 \ufb01n", ["ada fin", "ADA \ufb01N"], ["adafin"]),
    ("\ud55c\uae00", ["\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c"],
     ["\ud558"]),
    ("co\u00adop\u200cera\u200dtive", ["cooperative", "co\u00adop"],
     ["co-op"]),
    ("M\u00dcLLER Z", ["m\u00fcller z", "mu\u0308ller", "\u00dcL"], ["muller"]),
    ("Fifty% off_\\ x", ["%", "_", "\\", "50%"[-1:] + " ", "f_\\"],
     ["%_", "f%o", "\\\\", "o__", "50%"]),
    ("xq", ["xq", "XQ"], ["x q"]),
]


def quote(text):
    return urllib.parse.quote(text)


@pytest.fixture(scope="module", params=["indexed", "without an index"])
def admin(start_module_server, request):
    server = start_module_server()
    if request.param != "indexed":
        server.sql("DROP INDEX ix_users_folded")
        server.sql("DROP EXTENSION pg_trgm")
    server.sql("INSERT INTO users (id, email, name, hashed_password) SELECT "
               "gen_random_uuid(), 'z' || i || '@example.org', name, '!' FROM "
               "unnest(%s) WITH ORDINALITY AS t (name, i)",
               [name for name, _, _ in MEET])
    with server.client() as client:
        yield Admin(server, client)


def names(admin, q, more=""):
    page = admin.list("limit=100&q=" + quote(q) + more)
    found = [item["name"] for item in page["items"]]
    assert page["total"] == len(found)
    by_cursor = admin.list("limit=100&cursor=&q=" + quote(q) + more)
    assert [item["name"] for item in by_cursor["items"]] == found
    return found


@pytest.mark.parametrize("name, finds, others", MEET,
                         ids=[ascii(name) for name, _, _ in MEET])
def test_a_name_is_found_in_any_form(admin, name, finds, others):
    for q in finds:
        assert name in names(admin, q), ascii(q)
    for q in others:
        assert name not in names(admin, q), ascii(q)


def test_a_changed_name_is_found_and_the_old_one_is_not(admin):
    [[id]] = admin.server.sql(
        "INSERT INTO users (id, email, name, hashed_password) VALUES "
        "(gen_random_uuid(), 'Changing@Example.net', 'Before', '!') "
        "RETURNING id::text")
    answer = admin.client.patch("/api/v1/users/" + id, headers=admin.headers,
                                json={"name": "A\u0300fter"})
    assert answer.json()["name"] == "\u00c0fter"
    assert names(admin, "before") == []
    assert names(admin, "\u00e0FT") == ["\u00c0fter"]
    assert names(admin, "changing@example.NET") == ["\u00c0fter"]


@pytest.mark.parametrize("sort", SORTS)
def test_a_search_by_cursor_has_every_row_once(admin, sort):
    """In every order, with a filter."""
    where = "email LIKE 'z%%' AND role = 'user'"
    seen, target = [], "sort=%s&role=user&limit=3&cursor=&q=z" % sort
    while True:
        page = admin.list(target)
        seen += ids(page)
        if not page["has_more"]:
            break
        target = "role=user&limit=3&q=z&cursor=" + page["next_cursor"]
    expected = admin.order(sort, where.replace("z%%", "%%z%%") +
                           " OR name ILIKE '%%z%%'")
    assert seen == expected and len(seen) >= len(MEET)


def test_the_command_finds_the_same(admin):
    """./keel users PART"""
    for part in ("jos\u00e9 nfd", "STRASSER", "%"):
        done = admin.server.command("users", part)
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) == 2, done.stdout
