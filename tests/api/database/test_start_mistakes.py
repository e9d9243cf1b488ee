# SPDX-License-Identifier: ISC
"""Mistakes that end the start, made on purpose: each has one line, which names
the file and the name, and says what to write. Which statement finds one first
is not said here."""

import os
import re
import subprocess

import pytest

from samples import roles
from server import BUILD


def check(server):
    """The one line of a command that makes the checks of the start."""
    done = server.command("check-config")
    assert done.returncode == 1, done.stdout
    assert done.left_over == []
    [line] = done.stderr.splitlines()
    return line


#
# The database is another one than the code believes.
#

# The first role that a mistake below refuses: a project has more than staff.
OTHER = next(role for role in roles() if role not in ("user", "admin"))
LONG = next(role for role in roles() if len(role) > 4)

ANY = r"keel: sql/queries/\w+\.sql: \w+\.\S+: "
USERS = r"keel: sql/queries/users\.sql: users\.\S+: "
ROLE = "ALTER TABLE users DROP CONSTRAINT users_role_check"

MISTAKES = {
    "a column has another name": (
        "ALTER TABLE users RENAME name TO nam",
        USERS + r'line \d+: column "name" does not exist \(Perhaps you meant '
        r'to reference the column "users\.nam"\.\)'),
    "a table is missing": (
        "DROP TABLE jobs",
        ANY + r'(line \d+: )?relation "jobs" does not exist'),
    "an index of ON CONFLICT is missing": (
        "DROP INDEX jobs_unique_key",
        r"keel: sql/queries/jobs\.sql: jobs\.enqueue: there is no unique or "
        "exclusion constraint matching the ON CONFLICT specification"),
    "a number is a text": (
        "ALTER TABLE jobs ALTER attempts DROP DEFAULT, "
        "ALTER attempts TYPE text",
        ANY + r'column \d+, "attempts": a column of type text is T_STR, and '
        r"struct \w+ has T_INT there"),
    "a text is a document": (
        "ALTER TABLE jobs ALTER error TYPE jsonb USING NULL",
        ANY + r'column \d+, "error": a column of type jsonb is T_JSON, and '
        r"struct \w+ has T_STR there"),
    "no member's type": (
        "ALTER TABLE jobs ALTER payload TYPE json",
        ANY + r'column \d+, "payload": no member can be of type json: write '
        r"payload::jsonb AS payload for the T_JSON of struct \w+"),
    "a number that is no integer": (
        "ALTER TABLE users ALTER version TYPE numeric",
        USERS + r'column \d+, "version": no member can be of type numeric: '
        "write version::bigint AS version for the T_INT of struct user"),
    "a constraint that has a message is missing": (
        "ALTER INDEX users_email_key RENAME TO other",
        r"keel: src/modules/users/users_models\.c: "
        r"CONSTRAINT\(users_email_key, \.\.\.\): no constraint and no index "
        "of the database has this name"),
    "a text may be null": (
        "ALTER TABLE users ALTER name DROP NOT NULL",
        USERS + r"users\.name may be null: write MEMBER\(user, name, T_STR, "
        r"OUT \| REQUIRED \| OR_NULL, \.\.\.\)"),
    "a bool may be null": (
        "ALTER TABLE users ALTER is_active DROP NOT NULL",
        USERS + r"users\.is_active may be null: write MEMBER\(user, "
        r"is_active, T_BOOL, OUT \| OR_NULL.*\), and in the struct: enum "
        "bool_or_null is_active"),
    "a version may be null": (
        "ALTER TABLE users ALTER version DROP NOT NULL",
        USERS + r"users\.version may be null, and an ETAG cannot: make the "
        "column NOT NULL"),
    "a domain may be null": (
        "CREATE DOMAIN a_name AS varchar(100); ALTER TABLE users "
        "ALTER name TYPE a_name, ALTER name DROP NOT NULL",
        USERS + r"users\.name may be null: .+"),
    "a CHECK refuses a role": (
        ROLE + ", ADD CONSTRAINT roles CHECK (role IN ('user', 'admin'))",
        rf'keel: kore\.conf: v_role allows "{OTHER}", and the CHECK roles of '
        r"users\.role refuses it: add a migration that allows it"),
    "the second CHECK refuses a role": (
        "ALTER TABLE users ADD CONSTRAINT short CHECK (length(role) < 5)",
        rf'keel: kore\.conf: v_role allows "{LONG}", and the CHECK short of '
        r"users\.role refuses it: add a migration that allows it"),
    "a role is too long": (
        ROLE + ", ALTER role TYPE varchar(4)",
        rf'keel: kore\.conf: v_role allows "{LONG}", and users\.role takes 4 '
        "characters: add a migration that makes it longer"),
    "a role is too long for a domain": (
        "CREATE DOMAIN a_role AS varchar(4); " + ROLE +
        ", ALTER role TYPE a_role",
        rf'keel: kore\.conf: v_role allows "{LONG}", and users\.role takes 4 '
        "characters: add a migration that makes it longer"),
    "a domain refuses a role": (
        "CREATE DOMAIN a_role AS text CHECK (value <> 'staff'); "
        "ALTER TABLE users ALTER role TYPE a_role",
        r'keel: kore\.conf: v_role allows "staff", and the domain a_role of '
        r"users\.role refuses it: add a migration that allows it"),
    "an enum lacks a role": (
        ROLE + ", ALTER role DROP DEFAULT; CREATE TYPE roles AS ENUM "
        "('user', 'admin'); ALTER TABLE users ALTER role TYPE roles "
        "USING 'user'; CREATE CAST (varchar AS roles) WITH INOUT AS "
        "IMPLICIT; CREATE CAST (text AS roles) WITH INOUT AS IMPLICIT",
        rf'keel: kore\.conf: v_role allows "{OTHER}", which is no label of '
        r"the type roles of users\.role: add a migration with ALTER TYPE "
        f"roles ADD VALUE '{OTHER}'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_has_one_line(make_server, mistake):
    change, line = MISTAKES[mistake]
    server = make_server()
    server.sql(change)
    found = check(server)
    assert re.fullmatch(line, found), found


def test_the_line_is_that_of_the_file(make_server):
    server = make_server()
    server.sql("ALTER TABLE users RENAME name TO nam")
    file, number = re.match(r"keel: (\S+): \S+ line (\d+): ",
                            check(server)).groups()
    with open(os.path.join(BUILD, file)) as f:
        line = f.read().splitlines()[int(number) - 1]
    assert "name" in line or "@user" in line


def test_a_role_that_only_kore_conf_knows(make_server, build_copy):
    def add_role(text):
        return re.sub(r"^(validator\s+v_role\s.*)\)\$$", r"\1|nobodys)$", text,
                      flags=re.M)

    server = make_server(build=build_copy(add_role))
    line = ('keel: kore.conf: v_role allows "nobodys", and the CHECK '
            "users_role_check of users.role refuses it: add a migration that "
            "allows it")
    assert check(server) == line
    done = server.command("serve")
    assert (done.returncode, done.stderr) == (1, line + "\n")
    server.sql("ALTER TABLE users DROP CONSTRAINT users_role_check")
    assert server.command("check-config").returncode == 0


#
# Files that are compiled in: kodev names an asset after its file.
#

FILES = {
    "asset_0900_notes_sql": (
        "sql/migrations/0900_notes.sql is not registered: write "
        "MIGRATION(0900_notes); in a module's _models.c"),
    "asset_unknown_sql": (
        "unknown.sql is not registered: a migration's name begins with its "
        "number (1001_unknown.sql), and a query file has sections "
        "(-- name: unknown.find)"),
}


@pytest.mark.parametrize("symbol", FILES)
def test_a_file_that_nothing_registers(make_server, build_copy, symbol):
    build = build_copy(lambda text: text + "\n")
    module = os.path.join(build, "keel.so")
    subprocess.run(["objcopy", "--add-symbol",
                    symbol + "=.rodata:0,local,object",
                    os.path.realpath(module), module + ".new"], check=True)
    os.rename(module + ".new", module)
    assert check(make_server(build=build)) == "keel: " + FILES[symbol]
