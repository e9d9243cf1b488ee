# SPDX-License-Identifier: ISC
"""./keel audit: the log for the one who has only a shell."""

import json
import uuid

import pytest

from helpers import new_email
from people import add_people

TITLES = ["TIME", "ACTION", "ACTOR", "TARGET", "ADDRESS", "CHANGES"]


@pytest.fixture
def server(make_server):
    """One that does not run: the command needs only the database."""
    return make_server()


@pytest.fixture
def audit(server):
    def run(*options):
        done = server.command("audit", *options)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()
    return run


def add(server, time, action, changes=None, **columns):
    row = {"id": str(uuid.uuid4()), "created_at": time, "action": action,
           "changes": json.dumps(changes) if changes else None} | columns
    server.sql("INSERT INTO audit_log (%s) VALUES (%s)" % (
        ", ".join(row), ", ".join(["%s"] * len(row))), *row.values())
    return row["id"]


def cells(lines):
    """The lines cut at the titles' columns."""
    starts = [lines[0].index(title) for title in TITLES]
    for line in lines[1:]:
        for start in starts[1:]:
            assert line[start - 2:start] == "  " and line[start] != " ", line
    return [[line[start:end].rstrip() for start, end in zip(
        starts, starts[1:] + [None])] for line in lines]


def test_lines_for_people(server, audit):
    admin, user = add_people(server, "admin", "user")
    gone = str(uuid.uuid4())
    day = "2026-01-0%d 03:04:05.678+00"
    add(server, day % 3, "user_deleted", {"email": {
        "from": "who@example.com", "to": None}}, target_id=gone,
        actor_id=admin.id, address="192.0.2.1")
    add(server, day % 2, "user_updated", {
        "role": {"from": "user", "to": "admin"},
        "name": {"from": "Ä", "to": "B"}}, actor_id=admin.id,
        target_id=user.id, address="2001:db8::1")
    add(server, day % 1, "user_created", {
        "role": {"from": None, "to": "admin"}}, target_id=user.id)
    add(server, day % 4, "sign_in_refused", account="abcdefghijklmnop")
    add(server, day % 5, "other", {"count": 3, "who": ["a"], "at": None})
    assert cells(audit()) == [
        TITLES,
        ["2026-01-01T03:04:05Z", "user_created", "-", user.email, "-",
         "role: admin"],
        ["2026-01-02T03:04:05Z", "user_updated", admin.email, user.email,
         "2001:db8::1", "name: Ä -> B, role: user -> admin"],
        ["2026-01-03T03:04:05Z", "user_deleted", admin.email, gone,
         "192.0.2.1", "email: who@example.com -> -"],
        ["2026-01-04T03:04:05Z", "sign_in_refused", "-",
         "unknown:abcdefghijkl", "-", "-"],
        ["2026-01-05T03:04:05Z", "other", "-", "-", "-",
         "at: -, who: [\"a\"], count: 3"]]


def test_an_empty_log_has_a_heading(audit):
    assert [line.split() for line in audit()] == [TITLES]
    assert audit("--json") == []


def test_the_latest_of_many(server, audit):
    server.sql("INSERT INTO audit_log (id, created_at, action) SELECT "
               "gen_random_uuid(), '2026-01-01Z'::timestamptz + i * interval "
               "'1 second', 'a' FROM generate_series(1, 60) i")
    assert len(audit()) == 51
    assert [line[:20] for line in audit("-n", "2")[1:]] == [
        "2026-01-01T00:00:59Z", "2026-01-01T00:01:00Z"]
    assert len(audit("-n", "10000")) == 61


def test_filters(server, audit):
    ada, ben, eva = add_people(server, "user", "admin", "user")
    gone = str(uuid.uuid4())
    one = add(server, "2026-01-01Z", "user_updated", actor_id=ada.id,
              target_id=ben.id)
    two = add(server, "2026-01-02Z", "user_deleted", actor_id=ben.id,
              target_id=gone)
    three = add(server, "2026-01-03Z", "user_updated", actor_id=gone)

    def found(*options):
        return [json.loads(line)["id"] for line in audit("--json", *options)]

    assert found() == [one, two, three]
    assert found("--action", "user_updated") == [one, three]
    assert found("--action", "user_updated", "-n", "1") == [three]
    assert found("--action", "nothing") == []
    assert found("--user", ben.email.upper()) == [one, two]
    assert found("--user", ben.id) == [one, two]
    assert found("--user", ada.email) == [one]
    assert found("--user", eva.email) == []
    assert found("--user", gone.upper()) == [two, three]
    assert found("--user", gone, "--action", "user_deleted") == [two]
    assert found("--since", "2026-01-02") == [two, three]
    assert found("--since", "2026-01-02 00:00:01") == [three]
    assert found("--since", "2026-01-01T22:00:00-02:00") == [two, three]
    assert found("--since", "1 hour ago") == []


def test_json_has_everything(server, audit):
    admin, user = add_people(server, "admin", "user")
    session = str(uuid.uuid4())
    changes = {"name": {"from": "a", "to": "\u009b31m\u202e\n\x7f"}}
    id = add(server, "2026-01-02 03:04:05.678+00", "user_updated", changes,
             actor_id=admin.id, target_id=user.id, session_id=session,
             account="x", address="::1", request_id="r")
    [line] = audit("--json")
    assert json.loads(line) == {
        "id": id, "created_at": "2026-01-02T03:04:05.678000Z",
        "action": "user_updated", "actor_id": admin.id,
        "actor_email": admin.email, "session_id": session,
        "target_id": user.id, "target_email": user.email, "account": "x",
        "address": "::1", "request_id": "r", "changes": changes}
    assert line.isprintable()


UNPRINTABLE = ["\x1b]0;title\x07", "a\rb", "a\nb", "\u009b31m",
               "\u202edrowssap", "\u2028", "\x7f"]


def test_a_terminal_obeys_nothing(server, audit):
    people = add_people(server, *["user"] * len(UNPRINTABLE))
    for i, (user, text) in enumerate(zip(people, UNPRINTABLE)):
        user.set(email="a%s@example.com" % text, email_key="key%d" % i)
        add(server, "2026-01-0%dZ" % (i + 1), "act" + text, {"m" + text: {
            "from": text, "to": text}, "x": [text], "y": text},
            target_id=user.id, address=text, actor_id=user.id)
    _, *lines = audit()
    assert len(lines) == len(UNPRINTABLE)
    for line, text in zip(lines, UNPRINTABLE):
        assert line.isprintable()
        code = "\\u%04x" % next(ord(c) for c in text if not c.isprintable())
        assert line.count(code) >= 8
    assert all(line.isprintable() for line in audit("--json"))


def test_wrong_options(server):
    number = "the number of lines must be from 1 to 10000"
    nobody = "no user has the e-mail address %s; a deleted one is found by " \
        "their id"
    for options, problem in (
            (["-n", "0"], number), (["-n", "10001"], number),
            (["-n", "1x"], number),
            (["--user", "nobody@example.com"], nobody % "nobody@example.com"),
            (["--user", "nobody"], nobody % "nobody")):
        done = server.command("audit", *options)
        assert (done.returncode, done.stdout) == (1, ""), options
        assert done.stderr == "keel: %s\n" % problem


def test_without_a_database(make_server):
    server = make_server(KEEL_DATABASE_URL="host=/nonexistent")
    for options in ([], ["--user", new_email()]):
        done = server.command("audit", *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("keel: cannot reach the database: ")
        assert len(done.stderr.splitlines()) == 1
