# SPDX-License-Identifier: ISC
"""The commands about users, for the one who has only a shell: users, set-role,
end-sessions, unlock. create-admin is in test_commands.py."""

import os
import subprocess
import threading

import pytest

from helpers import check_unauthorized, new_email, read_me
from mailbox import Mailbox
from people import add_people, transaction, wait_for_waiting
from server import BUILD, IS_ASAN, KEEL

TITLES = ["E-MAIL", "NAME", "ROLE", "ACTIVE", "VERIFIED", "CREATED (UTC)"]
LAST = "is the last active admin, and cannot be demoted"


def audited(server, user):
    """The rows of a command have no actor, address or request."""
    rows = server.sql("SELECT action, changes, actor_id, session_id, address, "
                      "request_id FROM audit_log WHERE target_id = %s ORDER "
                      "BY id", user.id)
    assert all(row[2:] == (None,) * 4 for row in rows)
    return [row[:2] for row in rows]


def check_done(done, line):
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "keel: %s\n" % line


def check_failed(done, line):
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "keel: %s\n" % line


#
# What all of them refuse.
#

COMMANDS = [["set-role", None, "staff"], ["end-sessions", None],
            ["unlock", None]]


def named(command, email):
    return [email if word is None else word for word in command]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_an_address_that_nobody_has(server, command):
    for typed, shown in ((new_email(),) * 2,
                         ("a\n\x1b[2J\u202eb@c", "a??[2J?b@c")):
        check_failed(server.command(*named(command, typed)),
                     "no user has the address %s" % shown)


def test_what_is_no_address(server):
    check_failed(server.command("unlock", "x"), "no user has the address x")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_an_address_in_any_case(server, command):
    [user] = add_people(server, "user")
    user.set(email="Ada.%s@example.com" % user.id)
    done = server.command(*named(command, "aDA.%s@EXAMPLE.com" % user.id))
    assert done.returncode == 0, done.stderr
    assert "Ada.%s@example.com" % user.id in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_an_address_that_is_refused_today(server, command):
    """It may be older than a rule."""
    [user] = add_people(server, "user")
    user.set(email="old..rules@" + user.id)
    done = server.command(*named(command, "old..rules@" + user.id))
    assert done.returncode == 0, done.stderr


def run_bytes(server, *arguments):
    done = subprocess.run([os.fsencode(KEEL), *arguments], timeout=60,
                          env=server.environment(), capture_output=True)
    return done.returncode, done.stdout, done.stderr


def test_what_is_no_utf_8(server):
    for command in ((b"set-role", b"a\xff@b", b"staff"),
                    (b"end-sessions", b"a\xff@b"), (b"unlock", b"a\xff@b")):
        assert run_bytes(server, *command) == (
            1, b"", b"keel: the address: is not valid UTF-8\n")
    assert run_bytes(server, b"users", b"\xc3") == (
        1, b"", b"keel: the part: is not valid UTF-8\n")


def test_without_the_database_or_its_schema(make_server):
    without = make_server(KEEL_DATABASE_URL="host=/nonexistent")
    server = make_server()
    server.sql("DELETE FROM keel_migrations WHERE version = (SELECT "
               "max(version) FROM keel_migrations)")
    for command in (*COMMANDS, ["users"]):
        for where, phrase in ((without, "cannot reach the database"),
                              (server, "(run ./keel migrate)")):
            done = where.command(*named(command, new_email()))
            assert (done.returncode, done.stdout) == (1, "")
            assert phrase in done.stderr
            assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(IS_ASAN, reason="its library has to be loaded first")
@pytest.mark.parametrize("settings, line", [
    ({"KEEL_COMMAND": "set-role"}, "set-role needs an e-mail address"),
    ({"KEEL_COMMAND": "set-role", "KEEL_EMAIL": ""},
     "set-role needs an e-mail address"),
    ({"KEEL_COMMAND": "set-role", "KEEL_EMAIL": "a@b"},
     "set-role needs a role"),
    ({"KEEL_COMMAND": "end-sessions"}, "end-sessions needs an e-mail address"),
    ({"KEEL_COMMAND": "unlock"}, "unlock needs an e-mail address")],
    ids=["address", "empty", "role", "end-sessions", "unlock"])
def test_what_kore_itself_refuses(server, settings, line):
    """Without ./keel, whose checks come before."""
    done = subprocess.run(
        ["kore", "-fnrqc", "conf/keel.conf"], cwd=BUILD, timeout=30,
        env=server.environment() | settings, capture_output=True, text=True)
    check_failed(done, line)


#
# set-role.
#

def test_a_role_counts_on_the_next_request(server, client):
    user, admin = add_people(server, "user", "admin")
    check_done(server.command("set-role", user.email, "admin"),
               "the role of %s is now admin, and was user" % user.email)
    assert user.row("role", "version") == ("admin", 2)
    assert client.get("/api/v1/users", headers=user.headers).status_code == 200
    check_done(server.command("set-role", user.email, "staff"),
               "the role of %s is now staff, and was admin" % user.email)
    assert client.get("/api/v1/users", headers=user.headers).status_code == 403
    assert audited(server, user) == [
        ("user_updated", {"role": {"from": "user", "to": "admin"}}),
        ("user_updated", {"role": {"from": "admin", "to": "staff"}})]
    assert audited(server, admin) == []


def notices(server, user):
    return server.sql(
        "SELECT payload, request_id, unique_key, status FROM jobs WHERE kind = "
        "'send_role_notice' AND payload ->> 'id' = %s ORDER BY created_at, id",
        user.id)


def test_the_user_is_told_of_the_role(server, client):
    """By the job that an admin's request stores."""
    user, admin = add_people(server, "user", "admin")
    check_done(server.command("set-role", user.email.upper(), "staff"),
               "the role of %s is now staff, and was user" % user.email)
    user.set(role="user")
    assert client.patch(user.path, headers=admin.headers, json={
        "role": "staff"}).status_code == 200
    by_command, by_admin = notices(server, user)
    assert by_command[0] == by_admin[0] == {
        "id": user.id, "verified": False, "from": "user", "to": "staff"}
    assert by_command[1:] == (None, None, "queued")


def test_a_runner_hears_of_the_role(make_server, start_runner):
    server = make_server()
    box = Mailbox(server, start_runner(server))
    [user] = add_people(server, "user")
    assert server.command("set-role", user.email, "admin").returncode == 0
    box.only("send_role_notice", user.id).check(
        user.email, "from user to admin by an administrator", server.url)


@pytest.mark.parametrize("role", ["user", "staff", "admin"])
def test_a_role_that_the_user_has(server, role):
    [user] = add_people(server, role)
    check_done(server.command("set-role", user.email, role),
               "%s has the role %s already" % (user.email, role))
    assert user.row("role", "version") == (role, 1)
    assert audited(server, user) == []
    assert notices(server, user) == []


@pytest.mark.parametrize("role", ["Admin", "admin ", "admin\n", "x" * 300])
def test_a_role_that_does_not_exist(server, role):
    [user] = add_people(server, "user")
    done = server.command("set-role", user.email, role)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("keel: the role: ")
    assert len(done.stderr.splitlines()) == 1
    assert user.row("role") == ("user",)


@pytest.fixture
def alone(server):
    """The only active admin, and one who is not active."""
    server.sql("UPDATE users SET role = 'staff' WHERE role = 'admin'")
    admin, inactive = add_people(server, "admin", "admin")
    inactive.set(is_active=False)
    return admin, inactive


def test_the_last_admin_stays(server, alone):
    admin, inactive = alone
    role = "staff"
    check_failed(server.command("set-role", admin.email, role),
                 "%s %s" % (admin.email, LAST))
    assert admin.row("role", "version") == ("admin", 1)
    assert audited(server, admin) == []
    assert notices(server, admin) == []
    check_done(server.command("set-role", admin.email, "admin"),
               "%s has the role admin already" % admin.email)
    # One who is not active is not needed.
    check_done(server.command("set-role", inactive.email, role),
               "the role of %s is now %s, and was admin" % (inactive.email,
                                                            role))
    # With another one, they may go.
    add_people(server, "admin")
    assert server.command("set-role", admin.email, role).returncode == 0
    assert admin.row("role") == (role,)


def test_a_request_and_the_command_leave_an_admin(server, client, alone):
    """An admin is demoted in a transaction that is still open; the command
    waits for it, and then refuses to demote the other."""
    admin = alone[0]
    [other] = add_people(server, "admin")
    found = []
    thread = threading.Thread(target=lambda: found.append(
        server.command("set-role", other.email, "user")))
    with transaction(server, "UPDATE users SET role = 'user' WHERE id = %s",
                     admin.id):
        thread.start()
        wait_for_waiting(server, 1)
    thread.join()
    check_failed(found[0], "%s %s" % (other.email, LAST))
    assert other.row("role") == ("admin",)


def test_two_commands_at_once_leave_an_admin(server, alone):
    admin = alone[0]
    [other] = add_people(server, "admin")
    found = []

    def demote(who):
        found.append(server.command("set-role", who.email,
                                    "user").returncode)

    threads = [threading.Thread(target=demote, args=(who,))
               for who in (admin, other)]
    with transaction(server, "SELECT FROM users WHERE role = 'admin' FOR "
                     "UPDATE"):
        for thread in threads:
            thread.start()
        wait_for_waiting(server, 2)
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1]
    assert sorted([admin.row("role"), other.row("role")]) == [("admin",),
                                                              ("user",)]


#
# end-sessions and unlock.
#

def test_all_sessions_of_a_user_end(server, client):
    user, other = add_people(server, "user", "user")
    # One more, one that has expired, and one that has ended.
    server.sql("INSERT INTO sessions (id, user_id, client, expires_at, "
               "revoked_at) SELECT gen_random_uuid(), %s, '::1', now() + "
               "days * interval '1 day', ended FROM (VALUES (1, NULL), (-1, "
               "NULL), (1, now())) AS t (days, ended)", user.id)
    check_done(server.command("end-sessions", user.email),
               "ended 2 sessions of %s" % user.email)
    check_unauthorized(read_me(client, user.token),
                       'Bearer error="invalid_token"')
    assert read_me(client, other.token).status_code == 200
    assert audited(server, user) == [("sessions_ended_by_admin", None)]
    assert audited(server, other) == []
    check_done(server.command("end-sessions", user.email),
               "ended 0 sessions of %s" % user.email)
    assert len(audited(server, user)) == 1
    check_done(server.command("end-sessions", other.email),
               "ended 1 session of %s" % other.email)


@pytest.mark.parametrize("count, said", [
    (None, "0 failed sign-ins"), (1, "1 failed sign-in"),
    (100, "100 failed sign-ins")])
def test_the_failed_sign_ins_are_forgotten(server, count, said):
    user, other = add_people(server, "user", "user")
    for who in (user, other):
        if count is not None:
            server.sql("INSERT INTO sign_in_failures (account, user_id, "
                       "failures) VALUES (%s, %s, %s)", who.id, who.id, count)
    check_done(server.command("unlock", user.email), (
        "forgot %s of %s; an address that had too many still waits for up to "
        "a minute" % (said, user.email)))
    assert server.sql("SELECT account FROM sign_in_failures WHERE account IN "
                      "(%s, %s)", user.id, other.id) == (
                          [(other.id,)] if count else [])
    assert audited(server, user) == ([] if count is None else [
        ("account_unlocked", {"failures": {"from": str(count), "to": None}})])


#
# users.
#

@pytest.fixture(scope="module")
def crowd(start_module_server):
    """A server with 102 users: two with names of their own."""
    server = start_module_server()
    people = add_people(server, *["user"] * 100, "admin", "staff")
    for i, person in enumerate(people):
        person.set(email="user%03d@example.com" % i)
    people[100].set(email="Zoe@example.com", name="Zoë Ångström",
                    email_verified=True, is_active=False,
                    created_at="2026-02-03 04:05:06.789+00")
    people[101].set(email="grace@example.org", name="格蕾丝 100%_")
    return server


def rows_of(done, total):
    """The cells of each line. They line up, also where a character takes two
    columns, so the bytes may not."""
    assert (done.returncode, done.stderr) == (0, "")
    titles, *lines = done.stdout.splitlines()
    assert titles.split("  ")[0] == "E-MAIL" and len(lines) == total
    starts = [titles.index(title) for title in TITLES]
    rows = []
    for line in lines:
        wide = "".join(char + "\0" * (char >= "\u2e80") for char in line)
        cells = [wide[start:end].replace("\0", "") for start, end in zip(
            starts, [*starts[1:], None])]
        assert all(cell.endswith("  ") for cell in cells[:-1]), line
        rows.append([cell.rstrip() for cell in cells])
    return rows


def test_the_users_by_address(crowd):
    done = crowd.command("users")
    *lines, last = done.stdout.splitlines(keepends=True)
    assert last == "... the first 100; ./keel users PART lists those whose " \
        "name or address contains PART\n"
    done.stdout = "".join(lines)
    rows = rows_of(done, 100)
    assert [row[0] for row in rows] == ["grace@example.org"] + [
        "user%03d@example.com" % i for i in range(99)]
    assert rows[0][1:5] == ["格蕾丝 100%_", "staff", "yes", "no"]
    assert rows[1][1:5] == ["Test", "user", "yes", "no"]


def test_100_users_are_all(crowd):
    assert len(rows_of(crowd.command("users", "user"), 100)) == 100


@pytest.mark.parametrize("part", ["ZOE@EX", "zoë å"])
def test_the_users_with_a_part(crowd, part):
    assert rows_of(crowd.command("users", part), 1) == [
        ["Zoe@example.com", "Zoë Ångström", "admin", "no", "yes",
         "2026-02-03 04:05:06"]]


@pytest.mark.parametrize("part, count", [
    ("example.org", 1), ("%", 1), ("'", 0), ("x" * 100, 0)])
def test_a_part_is_no_pattern(crowd, part, count):
    rows_of(crowd.command("users", part), count)


def test_an_empty_part_is_none(crowd):
    assert crowd.command("users", "").stdout == crowd.command("users").stdout


@pytest.mark.parametrize("part", ["x" * 101, "ä" * 101])
def test_a_part_that_is_not_valid(server, part):
    done = server.command("users", part)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("keel: the part: ")
    assert len(done.stderr.splitlines()) == 1


def test_no_name_moves_the_cursor(server):
    [user] = add_people(server, "user")
    user.set(name="a\x1b[2J\r\nb\u202ec\u2066d\u200be\x7ff\u0085g")
    assert rows_of(server.command("users", user.email), 1)[0][1] == \
        "a?[2J??b?c?d?e?f?g"
