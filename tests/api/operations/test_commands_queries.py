# SPDX-License-Identifier: ISC
"""./keel queries: what PostgreSQL gets, ready for psql."""

import os
import re
import subprocess

import psycopg2
import pytest

from server import BUILD, KEEL, ROOT, read_text


def run(*names):
    env = dict(os.environ, KEEL_BUILD=BUILD,
               KEEL_DATABASE_URL="host=/nonexistent")
    return subprocess.run([KEEL, "queries", *names], env=env, text=True,
                          capture_output=True, timeout=60)


def show(*names):
    done = run(*names)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def names_of(text):
    return re.findall(r'^PREPARE "(.*)" AS$', text, re.M)


def test_every_section_is_shown_in_the_order_of_its_file():
    shown = names_of(show())
    assert len(shown) == len(set(shown))
    folder = os.path.join(ROOT, "sql/queries")
    for file in os.listdir(folder):
        sections = re.findall(r"^-- (?:name|list): (\S+)",
                              read_text(os.path.join(folder, file)), re.M)
        mine = [name.partition(":")[0] for name in shown
                if name.startswith(file[:-len("sql")])]
        assert list(dict.fromkeys(mine)) == sections
    for file in ("users", "jobs"):
        assert names_of(show(file)) == [name for name in shown
                                        if name.startswith(file + ".")]


def test_a_statement():
    assert show("users.drop_pending_email") == (
        '-- $1 id\n'
        'PREPARE "users.drop_pending_email" AS\n'
        "-- For a new password: somebody who knew the old one may have asked "
        "for the\n-- address.\n"
        "UPDATE users\n"
        "   SET pending_email = NULL\n"
        " WHERE id = $1\n"
        "   AND pending_email IS NOT NULL;\n")


def test_a_list_is_all_its_statements():
    names = ["admin_jobs.list:" + name for name in (
        "user_id:created_at", "status:created_at", "created_at",
        "user_id:-created_at", "status:-created_at", "-created_at",
        "user_id:count", "status:count", "count")]
    text = show("admin_jobs.list")
    assert names_of(text) == names
    assert show(names[0]) == text.partition("\n\n-- $1 ")[0] + "\n"
    assert "-- $1 user_id, $2 status, $3 kind, $4 created_since, " \
        "$5 created_until, $6 finished_since, $7 finished_until, " \
        "$8 page.key, $9 page.id, $10 page.limit, $11 page.skip\n" in text


def test_postgresql_takes_all_of_it(cluster, template):
    db = psycopg2.connect(host=cluster.socket, port=cluster.port,
                          user="postgres", dbname=cluster.database(template))
    text = show()
    with db, db.cursor() as cursor:
        cursor.execute(text)
        cursor.execute("SELECT name, cardinality(parameter_types) FROM "
                       "pg_prepared_statements")
        prepared = dict(cursor.fetchall())
    db.close()
    assert sorted(prepared) == sorted(names_of(text))
    for name in ("users.find_by_email", "users.list:-email"):
        head = show(name).partition("\n")[0]
        assert head.count("$") == prepared[name]


@pytest.mark.parametrize("name", [
    "user", "users.", "users.creat", "users.list:", "users.list:creat", ".",
    "list", "USERS", "users.create.x", "users.sql", "a\nb"])
def test_an_unknown_name(name):
    done = run(name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("keel: sql/queries has no query, list or file '%s'\n"
                           % name.replace("\n", " "))
