# SPDX-License-Identifier: ISC
"""The search of posts: what it finds, in which order, how many; odd texts and
odd searches, and what they cost."""

import itertools
import os
import random
import re
import urllib.parse

import pytest

from helpers import check_error, check_validation
from lists import ids
from people import add_people, transaction
from posts import ADD, POSTS, SEARCH_SORTS, Reader, add_post
from queries import begin
from released import MIGRATIONS, text_of
from server import ROOT, read_text

OTHER_LETTERS = 0x20000     # the first one of 40,000 with four bytes


@pytest.fixture(scope="module")
def reader(start_module_server):
    """A user, of a server with a few posts."""
    server = start_module_server()
    with server.client() as client:
        yield Reader(server, client, "user")


@pytest.fixture(scope="module")
def titles(reader):
    """Each title with its content."""
    for title, content in (
            ("One", "The dog sleeps in the garden"),
            ("Two", "Two cats and a mouse"),
            ("Three", "A garden of cats and dogs"),
            ("Four", "dogs sleep"),
            ("Mouse", "Nothing else"),
            ("Draft", "An elephant")):
        add_post(reader.server, reader.id, title, content,
                 None if title == "Draft" else "2026-01-01")


def search(reader, q, more=""):
    return reader.list("%sq=%s%s" % ("" if "limit=" in more else "limit=100&",
                                     urllib.parse.quote(q), more))


def found(reader, q, more=""):
    return sorted(item["title"] for item in search(reader, q, more)["items"])


def write(reader, content, title="Title"):
    """By the API; it must be read as it was written."""
    answer = reader.client.post(POSTS, headers=reader.headers, json={
        "title": title, "content": content, "published": True})
    assert answer.status_code == 201, answer.text
    post = answer.json()
    assert (post["title"], post["content"]) == (title, content)
    return post


#
# What is found.
#

@pytest.mark.parametrize("q, expected", [
    ("dog", ["Four", "One", "Three"]), ("dogs", ["Four", "One", "Three"]),
    ("DOGS", ["Four", "One", "Three"]), ("sleeping", ["Four", "One"]),
    ("dog garden", ["One", "Three"]), ("garden dogs", ["One", "Three"]),
    ('"dogs sleep"', ["Four", "One"]), ('"sleep dogs"', []),
    ('"cats and dogs"', ["Three"]), ('"dogs and cats"', []),
    ("mouse or elephant", ["Draft", "Mouse", "Two"]),
    ("dog or cat", ["Four", "One", "Three", "Two"]),
    ("garden -cat", ["One"]), ("dog -garden", ["Four"]),
    ('dog -"dogs sleep"', ["Three"]), ("cat -dog", ["Two"]),
    ("-dog -cat -elephant", ["Mouse"]), ("mouse", ["Mouse", "Two"]),
    ("three", ["Three"]), ("elephant", ["Draft"]), ("unicorn", []),
    ("dog unicorn", [])])
def test_words(reader, titles, q, expected):
    assert found(reader, q) == expected


def test_a_search_shows_only_what_its_reader_may_read(reader, titles):
    stranger = Reader(reader.server, reader.client)
    other = Reader(reader.server, reader.client, "user")
    admin = Reader(reader.server, reader.client, "admin")
    assert [found(who, "elephant") for who in (
        stranger, other, reader, admin)] == [[], [], ["Draft"], ["Draft"]]
    assert [search(who, "elephant")["total"] for who in (
        stranger, other, reader, admin)] == [0, 0, 1, 1]


@pytest.mark.parametrize("q", [
    "the", "the and of", "and", '"the of"', "-the", " ", "   ", "%09", ".",
    "-", "--", "!!", "?", '"', '""', '"" ""', "()", "...", "*", ":*", "&|!",
    "'", "''", "_", "/", "@", "<>", "\\", "~", "\u00a0", "\u3000", "\u200b"])
def test_nothing_to_look_for_finds_nothing(reader, titles, q):
    page = search(reader, q)
    assert (page["items"], page["total"]) == ([], 0)
    assert page["total_is_estimate"] is False


@pytest.mark.parametrize("text, qs", [
    ("see https://docs.example.org/a_path/page?x=1 for more",
     ["docs", "example.org", "path", "page", "a_path/page",
      "https://docs.example.org/a_path/page"]),
    ("mail ada.lovelace@example.net now", ["lovelace", "lovelace@example.net",
                                           "ada.lovelace@example.net"]),
    ("a snake_case_name here", ["snake", "snake_case_name", "case name"]),
    ("C:\\Users\\gwendolyn", ["gwendolyn", "users\\gwendolyn"]),
    ("<b>boldly</b> &amp; x<y and quixotic>z", ["boldly", "quixotic", "amp"]),
    ("version 12.34.56 and 77.5", ["12.34.56", "77.5", "34"]),
    ("a well-known state-of-the-art thing", [
        "well-known", "known", '"state-of-the-art"', "art"]),
    ("the reader's \"quote\"", ["reader's", "quote"]),
    ("наши собаки", ["собаки"]), ("日本語 テキスト", ["日本語", "テキスト"]),
    ("Ærøskøbing ÉLAN straße", ["ærøskøbing", "élan", "Élan", "straße"])])
def test_the_parts_of_a_text_are_words(reader, text, qs):
    """No text hides a word, and the whole of it finds itself."""
    post = write(reader, text)
    for q in qs:
        assert post["id"] in ids(search(reader, q)), q


def test_a_title_is_above_any_content(reader):
    for title, content in (("Zebra", "Nothing"), ("A", "zebra"),
                           ("B", "zebra " * 500), ("C", "zebra quagga " * 500),
                           ("Quagga", "zebra " * 3), ("Zebra quagga", "x")):
        add_post(reader.server, reader.id, title, content)
    best = [item["title"] for item in search(reader, "zebra")["items"]]
    assert sorted(best[:2]) == ["Zebra", "Zebra quagga"]
    assert best.index("B") < best.index("A")
    best = [item["title"] for item in search(reader, "zebra quagga")["items"]]
    assert best == ["Zebra quagga", "Quagga", "C"]
    reverse = search(reader, "zebra quagga", "&sort=relevance")["items"]
    assert [item["title"] for item in reverse] == best[::-1]


#
# Odd searches.
#

ODD = [
    '"', '"""', '"a', 'a"', '"a "b" c"', "a 'b", "'", "\\", "\\\\", "a\\", "(",
    "((((", "a & b", "a | b", "!a", "a <-> b", "a <2> b", "a:*", "a:ABCD",
    "a:b:c", "- -", "--a", "-", "-a -b -c", "or", "or or or", "a or", "or a",
    "a or or b", "AND", "OR", "%", "%s", "%%", "$1", "{}", "[]", "NULL", "\t",
    "a\tb", "\U0001f600", "\U0001f600" * 100, "é" * 100, "\U0010ffff" * 100,
    "a" * 100, "a " * 50, "- " * 50, '"' * 100, '"a' * 50, "(" * 100, "-a" * 50,
    "-" * 100, "-!" * 50, '-""' * 33, '-"' * 50, "-(" * 50,
    "a-" * 50, "a_" * 50, "1@a" * 33, "a@" * 50, "/" * 100, "~/" * 50,
    "." * 100, "1." * 50, "<a " * 33, "&a;" * 33, "a or " * 20, "'a' " * 25,
    "-\"a b\" " * 12, "\u202e abc", "a\u0301", "\ufeff", "\u0001", "\u007f",
    "a\u001fb", "it''s", "'; DROP TABLE posts; --", "1e400", "0x1", "-1", "+1"]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_an_odd_search_is_answered(reader, titles, number):
    q = ODD[number]
    for sort in ("", "&sort=relevance", "&sort=-created_at", "&cursor="):
        answer = reader.ask("q=" + urllib.parse.quote(q, safe="") + sort)
        assert answer.status_code == 200, (q, answer.text)


def test_random_searches_are_answered(reader, titles):
    chance = random.Random(1)
    letters = "ab dog\"\"-()'\\&|!<>:*@_/~.%0é\U0001f600\u200b"
    for _ in range(200):
        q = "".join(chance.choice(letters) for _ in range(
            chance.randint(1, 100)))
        answer = reader.ask("q=" + urllib.parse.quote(q, safe=""))
        assert answer.status_code == 200, (q, answer.text)


def test_a_search_that_is_too_long(reader):
    assert reader.ask("q=" + "a" * 100).status_code == 200
    assert list(check_validation(reader.ask("q=" + "a" * 101))) == ["query.q"]


@pytest.mark.parametrize("q", ["%00", "a%00b", "a%00"])
def test_a_nul_is_refused(reader, q):
    answer = reader.ask("q=" + q)
    assert answer.status_code in (400, 422), answer.text
    check_error(answer, answer.status_code,
                answer.json()["error"]["code"])


#
# Totals.
#

def test_only_a_search_says_whether_its_total_is_an_estimate(reader, titles):
    assert "total_is_estimate" not in reader.list()
    assert "total_is_estimate" not in reader.list("q=")
    assert search(reader, "dog")["total_is_estimate"] is False
    assert "total_is_estimate" not in reader.list("q=dog&cursor=")
    assert search(reader, "dog", "&fields=id")["total_is_estimate"] is False


def test_a_total_is_exact_up_to_the_bound(start_server):
    server = start_server(KEEL_SEARCH_TOTAL_MAX="5")
    with server.client() as client:
        reader = Reader(server, client, "user")
        stranger = Reader(server, client)
        for number in range(1, 6):
            add_post(server, reader.id, content="common word")
            page = search(stranger, "common")
            assert (page["total"], page["total_is_estimate"]) == (
                number, False)
        for number in range(60):
            add_post(server, reader.id, content="common word",
                     published=None if number % 2 else "2026-01-01")
        server.sql("ANALYZE posts")
        for who, count in ((stranger, 35), (reader, 65)):
            page = search(who, "common")
            assert page["total_is_estimate"] is True
            assert count / 2 < page["total"] < 2 * count
            assert len(page["items"]) == count
            assert page["pages"] == (page["total"] + 99) // 100
            # Whatever the estimate, it is more than what was counted.
            page = search(who, "common -rare")
            assert (page["total"] > 5, page["total_is_estimate"]) == (
                True, True)
        page = search(reader, "common", "&limit=5&page=2")
        assert len(page["items"]) == 5


#
# Languages.
#

def test_each_post_is_found_in_its_language(make_server):
    first = make_server(KEEL_SEARCH_LANGUAGE="english").start()
    posts = {}
    for language, content in (("english", "walking häusern"),
                              ("german", "walking häusern"),
                              ("simple", "walking häusern")):
        server = first if language == "english" else make_server(
            database=first.database, KEEL_SEARCH_LANGUAGE=language).start()
        with server.client() as client:
            reader = Reader(server, client, "user")
            posts[language] = write(reader, content)["id"]
            for q, languages in (
                    ("walked", {"english"}), ("haus", {"german"}),
                    ("walking", {"english", "german", "simple"}),
                    ("häusern", {"english", "german", "simple"}),
                    ("walked or häuser", {"english", "german"}),
                    ("häuser", {"german"})):
                assert sorted(ids(search(reader, q))) == sorted(
                    posts[name] for name in languages & set(posts)), q


def test_an_operator_gives_all_posts_another_language(start_server):
    """The statements are those of docs/operation.md."""
    page = read_text(os.path.join(ROOT, "docs/operation.md"))
    statements = re.search(r"^    BEGIN;\n(.*?)^    COMMIT;", page,
                           re.M | re.S).group(1)
    server = start_server(KEEL_SEARCH_LANGUAGE="english")
    with server.client() as client:
        reader = Reader(server, client, "user")
        path = f"{POSTS}/{write(reader, 'walking häusern')['id']}"
        before = client.get(path)
        assert ids(search(reader, "haus")) == []
        server.sql(statements)
        assert ids(search(reader, "haus")) == [before.json()["id"]]
        assert ids(search(reader, "walked")) == []
        after = client.get(path)
        assert after.content == before.content
        assert after.headers["etag"] == before.headers["etag"]


@pytest.mark.parametrize("language", ["klingon", "English", "english ",
                                      "pg_catalog.english", "1", "en"])
def test_an_unknown_language_ends_the_start(make_server, language):
    done = make_server(KEEL_SEARCH_LANGUAGE=language).command("serve")
    assert done.returncode != 0
    [line] = done.stderr.splitlines()
    assert "KEEL_SEARCH_LANGUAGE" in line


#
# Long texts.
#

def words(count):
    """Different words, three letters of four bytes each, two with a hyphen."""
    letters = [chr(OTHER_LETTERS + i) for i in range(60)]
    pairs = ("".join(three) for three in itertools.product(letters, repeat=3))
    return " ".join(next(pairs) + "-" + next(pairs) for _ in range(count))


def test_a_text_that_is_too_long_is_indexed_in_part(reader):
    """The API takes 100,000 characters, which always fit; SQL takes more."""
    content = "beginning " + words(20000) + " ending"
    server = reader.server
    with pytest.raises(Exception, match="too long for tsvector"):
        server.sql("SELECT to_tsvector('english', %s)", content)
    id = add_post(server, reader.id, "Immense", content)
    assert reader.get(POSTS + "/" + id).json()["content"] == content
    assert found(reader, "beginning") == ["Immense"]
    assert found(reader, "immense") == ["Immense"]
    assert found(reader, "ending") == []
    server.sql("UPDATE posts SET content = %s WHERE id = %s",
               content.replace("beginning", "started"), id)
    assert found(reader, "beginning") == []
    assert found(reader, "started") == ["Immense"]


def insert(reader, title, content):
    """In the time that the server gives a statement; returns its id."""
    with transaction(reader.server,
                     "SET LOCAL statement_timeout = 5000") as db:
        with db.cursor() as cursor:
            cursor.execute(ADD, (reader.id, title, content, "2026-01-01", None,
                                 "english"))
            return cursor.fetchone()[0]


def test_the_longest_texts_are_indexed_whole(reader):
    """100,000 characters: no text is known of which more is needed."""
    content = "firstword " + words(12480)[:100000 - 20] + " lastword"
    insert(reader, "Longest", content)
    assert found(reader, "firstword") == ["Longest"]
    assert found(reader, "lastword") == ["Longest"]


@pytest.mark.parametrize("part", [
    "a_", "1@a", "a@", "e1@", "~/", "./", "a/", "a.", "a-", "1-", "a1-", "-1",
    "1.", "1e-", "<a ", "<a=\"", "<!--", "&a", "&#1", "a.b@c.d/", "http://a.",
    "a_e", "a", "1", "<", "é_", "\U00020000_", "\u0301", "a'", "a:", "\\"])
def test_no_text_takes_long_to_index(reader, part):
    """PostgreSQL would take minutes for some: the statement would be ended."""
    content = (part * 100000)[:99980] + " quicklyfound"
    assert insert(reader, "Quick", content) in ids(
        search(reader, "quicklyfound"))


def test_words_that_are_too_long_are_left_out(reader):
    for length in (2046, 2047, 5000, 90000):
        write(reader, "x" * length + " tailword", "Word of %d" % length)
    assert len(found(reader, "tailword")) == 4


def test_many_words_in_many_places_are_ranked(reader):
    """The places of each word are not compared with those of each other."""
    pairs = ["".join(two) for two in itertools.product("bcdfgh", repeat=2)][:33]
    for _ in range(12):
        write(reader, " ".join(pairs * 300), "Many")
    assert found(reader, " ".join(pairs)) == ["Many"] * 12


def test_no_notice_reaches_the_log(reader):
    """PostgreSQL has one for long words, and for a search of stop words."""
    write(reader, "y" * 3000)
    answer = reader.ask("q=the+of")
    assert answer.status_code == 200, answer.text
    reader.server.wait_for_log(answer.headers["x-request-id"])
    written = reader.server.output() + reader.server.errors()
    assert "NOTICE" not in written
    assert "too long to be indexed" not in written
    assert "contains only stop words" not in written


#
# The index follows the post.
#

def test_a_change_is_found_and_what_it_replaced_is_not(reader):
    post = write(reader, "oldcontent", "Oldtitle")
    path = POSTS + "/" + post["id"]
    for body, finds, loses in (
            ({"title": "Newtitle"}, ["newtitle", "oldcontent"], ["oldtitle"]),
            ({"content": "newcontent"}, ["newtitle", "newcontent"],
             ["oldcontent"]),
            ({"published": False}, ["newtitle", "newcontent"], []),
            ({"published": True}, ["newtitle", "newcontent"], [])):
        answer = reader.client.patch(path, headers=reader.headers, json=body)
        assert answer.status_code == 200, answer.text
        for q in finds:
            assert ids(search(reader, q)) == [post["id"]]
        for q in loses:
            assert ids(search(reader, q)) == []
    answer = reader.client.delete(path, headers=reader.headers)
    assert answer.status_code == 204
    assert found(reader, "newtitle or newcontent") == []


def test_to_publish_does_not_index_again(reader):
    """Which would read the whole text: only a new text does."""
    post = write(reader, "publishedword")
    reader.server.sql("UPDATE posts SET search = to_tsvector('marker') WHERE "
                      "id = %s", post["id"])
    for action in ("unpublish", "publish"):
        answer = reader.client.post("%s/%s/%s" % (POSTS, post["id"], action),
                                    headers=reader.headers)
        assert answer.status_code == 200
    assert ids(search(reader, "marker")) == [post["id"]]
    answer = reader.client.patch(
        POSTS + "/" + post["id"], headers=reader.headers, json={
            "title": "Title", "content": "publishedword"})
    assert answer.status_code == 200
    assert ids(search(reader, "marker")) == [post["id"]]


@pytest.mark.parametrize("sort", SEARCH_SORTS)
def test_any_order_of_a_search(reader, titles, sort):
    assert ids(search(reader, "dog", "&sort=" + sort)) == reader.order(
        sort, "search @@ query", "dog")


def test_the_migration_indexes_the_posts_that_are_there(cluster):
    """And does not change them."""
    database = cluster.database()
    names = sorted(os.listdir(MIGRATIONS))
    own = next(name for name in names if name.endswith("_posts.sql"))
    rows = "SELECT id, title, content, author_id, published_at, version, " \
        "created_at, updated_at FROM posts ORDER BY id"
    with begin(cluster, database) as db:
        for name in names[:names.index(own)]:
            db.sql(text_of(name))
        db.sql("INSERT INTO users (id, email, name, hashed_password) VALUES "
               "(gen_random_uuid(), 'a@example.com', 'A', '!')")
        db.sql("INSERT INTO posts (id, title, content, author_id, version, "
               "updated_at) SELECT gen_random_uuid(), 'Old ' || i, "
               "'sleeping a_b words' || i, id, i, '2020-01-01' FROM users, "
               "generate_series(1, 5) i")
        before = db.sql(rows)
        db.sql(text_of(own))
        assert db.sql(rows) == before
        assert db.sql("SELECT title FROM posts WHERE search @@ to_tsquery("
                      "'english', 'sleep & words3 & b & old:A')") == [
                          ("Old 3",)]
        assert db.sql("SELECT * FROM post_languages") == [("english",)]
        db.sql("UPDATE posts SET title = 'Newer' WHERE title = 'Old 3'")
        assert db.sql("SELECT version FROM posts WHERE search @@ 'newer'") == [
            (4,)]


def test_a_user_without_posts_changes_nothing(reader, titles):
    [other] = add_people(reader.server, "user")
    assert found(reader, "dog", "&author_id=" + other.id) == []
