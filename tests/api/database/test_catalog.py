# SPDX-License-Identifier: ISC
"""The database's own rules: types, keys, constraints, triggers."""

import os
import uuid

import psycopg2
import pytest

from helpers import new_email, register
from released import MIGRATIONS, released_database
from samples import roles

TABLES = ["users", "posts", "sessions"]


def runner(cluster, database):
    return lambda statement, *params: cluster.sql(statement, *params,
                                                  database=database)


@pytest.fixture(scope="module")
def sql(cluster, template):
    """Runs statements on a migrated database that no server uses."""
    return runner(cluster, cluster.database(template))


@pytest.fixture(scope="module")
def released(cluster):
    """The same without the migrations of a project."""
    return runner(cluster, released_database(cluster))


def add_user(sql, **columns):
    row = {"id": str(uuid.uuid4()), "email": new_email(), "name": "x",
           "hashed_password": "!"} | columns
    sql("INSERT INTO users (%s) VALUES (%s)" % (
        ", ".join(row), ", ".join(["%s"] * len(row))), *row.values())
    return row["id"]


def add_post(sql, author, **columns):
    row = {"id": str(uuid.uuid4()), "title": "x", "content": "x",
           "author_id": author} | columns
    sql("INSERT INTO posts (%s) VALUES (%s)" % (
        ", ".join(row), ", ".join(["%s"] * len(row))), *row.values())
    return row["id"]


def add_session(sql, user):
    return sql("INSERT INTO sessions (id, user_id, client, expires_at) VALUES"
               " (gen_random_uuid(), %s, '::1', now()) RETURNING id", user)


def columns_where(sql, condition):
    return set(sql("SELECT table_name::text, column_name::text FROM "
                   "information_schema.columns WHERE table_schema = 'public' "
                   "AND table_name = ANY (%s) AND " + condition, TABLES))


def indexes(sql, table):
    """{name: (definition after the table's name, is it unique)}"""
    return {name: (definition.partition(" USING ")[2], unique)
            for name, definition, unique in sql(
                "SELECT c.relname::text, pg_get_indexdef(i.indexrelid), "
                "i.indisunique FROM pg_index i JOIN pg_class c ON c.oid = "
                "i.indexrelid WHERE i.indrelid = %s::regclass", table)}


#
# Columns.
#

@pytest.mark.parametrize("table", TABLES)
def test_the_primary_key_is_a_uuid(sql, table):
    assert sql("SELECT a.attname::text, format_type(a.atttypid, NULL) FROM "
               "pg_constraint k JOIN pg_attribute a ON a.attrelid = "
               "k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.contype = "
               "'p' AND k.conrelid = %s::regclass", table) == [("id", "uuid")]


def test_texts_are_as_long_as_fastapis(released):
    assert dict(released(
        "SELECT table_name || '.' || column_name, character_maximum_length::"
        "int FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type = 'character varying' AND table_name = ANY (%s)",
        TABLES)) == {
            "users.email": 255, "users.name": 100,
            "users.hashed_password": 255, "users.role": 50,
            "users.pending_email": 255, "users.locale": 35,
            "posts.title": 255, "posts.language": 63, "sessions.client": 64,
            "sessions.last_client": 64, "sessions.device": 255}
    assert columns_where(released, "data_type = 'text'") == {
        ("posts", "content"), ("users", "email_key"), ("users", "folded")}


@pytest.mark.parametrize("column, most", [
    ("email", 255), ("name", 100), ("hashed_password", 255)])
def test_a_length_counts_characters(sql, column, most):
    key = {"email_key": new_email()} if column == "email" else {}
    add_user(sql, **{column: "😀" * most}, **key)
    with pytest.raises(psycopg2.errors.StringDataRightTruncation):
        add_user(sql, **{column: "x" * (most + 1)})


def test_a_title_has_up_to_255_characters(sql):
    author = add_user(sql)
    add_post(sql, author, title="é" * 255)
    with pytest.raises(psycopg2.errors.StringDataRightTruncation):
        add_post(sql, author, title="x" * 256)


def test_only_optional_columns_are_nullable(released):
    assert columns_where(released, "is_nullable = 'YES'") == {
        ("posts", "published_at"), ("sessions", "revoked_at"),
        ("sessions", "device"), ("sessions", "last_client"),
        ("users", "pending_email"), ("users", "locale")}


@pytest.mark.parametrize("column", ["id", "email", "name", "hashed_password",
                                    "role", "is_active", "email_verified",
                                    "version", "created_at", "updated_at"])
def test_a_user_has_no_nulls(sql, column):
    with pytest.raises(psycopg2.errors.NotNullViolation) as error:
        add_user(sql, **{column: None})
    assert error.value.diag.column_name == column


def test_every_time_has_a_time_zone(sql):
    times = columns_where(sql, "data_type LIKE 'timestamp%%'")
    assert times == columns_where(
        sql, "data_type = 'timestamp with time zone'")
    assert {table for table, _ in times} == set(TABLES)
    assert {"created_at", "updated_at", "expires_at", "revoked_at",
            "published_at", "confirmed_at", "last_used_at"} <= {
                column for _, column in times}


def test_defaults_are_fastapis(sql):
    user = add_user(sql)
    assert sql("SELECT role, is_active, email_verified, version, created_at "
               "= updated_at, now() - created_at < interval '1 minute' FROM "
               "users WHERE id = %s", user) == [
                   ("user", True, False, 1, True, True)]
    assert sql("SELECT published_at, version FROM posts WHERE id = %s",
               add_post(sql, user)) == [(None, 1)]


#
# Keys and constraints.
#

def test_an_email_is_unique_in_any_case(sql):
    found = indexes(sql, "users")
    assert found["users_email_key"] == ("btree (email_key)", True)
    email = new_email("Uni-Case")
    add_user(sql, email=email)
    for same in (email, email.upper(), email.lower()):
        with pytest.raises(psycopg2.errors.UniqueViolation) as error:
            add_user(sql, email=same)
        assert error.value.diag.constraint_name == "users_email_key"


def test_fastapis_index_of_email_and_role_exists(sql):
    assert indexes(sql, "users")["ix_users_email_role"] == (
        "btree (email, role)", False)


@pytest.mark.parametrize("table, column", [
    ("users", "created_at, id"), ("posts", "author_id, created_at, id"),
    ("sessions", "user_id, created_at, id"),
    ("users", 'lower((email)::text) COLLATE "C", id'),
    ("users", 'lower((name)::text) COLLATE "C", id')])
def test_a_searched_column_has_an_index(sql, table, column):
    assert ("btree (%s)" % column, False) in indexes(sql, table).values()


@pytest.mark.parametrize("sort", ["created_at", "lower(email) COLLATE \"C\"",
                                  "lower(name) COLLATE \"C\""])
@pytest.mark.parametrize("direction", ["", " DESC"])
def test_a_page_of_a_list_reads_no_more_than_its_index(sql, sort, direction):
    with_index = sql("SET enable_seqscan = off; EXPLAIN SELECT * FROM users "
                     "ORDER BY %s%s, id%s LIMIT 20" % (sort, direction,
                                                       direction))
    plan = "\n".join(line for line, in with_index)
    assert "Sort" not in plan and "Index Scan" in plan, plan


def test_foreign_keys_cascade(sql):
    """confdeltype 'c' is ON DELETE CASCADE."""
    found = set(sql(
        "SELECT k.conrelid::regclass::text, a.attname::text, "
        "k.confrelid::regclass::text, k.confdeltype::text FROM pg_constraint "
        "k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY "
        "(k.conkey) WHERE k.contype = 'f'"))
    assert ("posts", "author_id", "users", "c") in found
    assert ("sessions", "user_id", "users", "c") in found


def test_a_deleted_users_rows_are_deleted(sql):
    users = [add_user(sql) for _ in range(2)]
    for user in users:
        for _ in range(3):
            add_post(sql, user)
            add_session(sql, user)
    sql("DELETE FROM users WHERE id = %s", users[0])
    for table, column in (("posts", "author_id"), ("sessions", "user_id")):
        left = "SELECT count(*) FROM " + table + " WHERE " + column + " = %s"
        assert sql(left, users[0]) == [(0,)]
        assert sql(left, users[1]) == [(3,)]


def test_a_row_needs_an_existing_user(sql):
    for add in (add_post, add_session):
        with pytest.raises(psycopg2.errors.ForeignKeyViolation):
            add(sql, str(uuid.uuid4()))


@pytest.mark.parametrize("role", ["root", "", "Admin", "user ", "nobody"])
def test_another_role_is_refused(sql, role):
    user = add_user(sql)
    with pytest.raises(psycopg2.errors.CheckViolation):
        add_user(sql, role=role)
    with pytest.raises(psycopg2.errors.CheckViolation):
        sql("UPDATE users SET role = %s WHERE id = %s", role, user)


def test_every_role_is_accepted(sql):
    """Those of kore.conf's v_role: the CHECK of the table has them, too."""
    assert {"user", "staff", "admin"} <= set(roles())
    for role in roles():
        add_user(sql, role=role)


#
# Changes by plain SQL.
#

def state(sql, table, id):
    return sql("SELECT version, updated_at, created_at FROM " + table +
               " WHERE id = %s", id)[0]


@pytest.fixture(params=["users", "posts"])
def row(request, sql):
    """A table, a column of it, a row."""
    user = add_user(sql)
    if request.param == "users":
        return "users", "name", user
    return "posts", "title", add_post(sql, user)


def test_a_change_updates_version_and_time(sql, row):
    table, column, id = row
    before = state(sql, table, id)
    for i in range(3):
        sql("UPDATE %s SET %s = %%s WHERE id = %%s" % (table, column),
            "y%d" % i, id)
        after = state(sql, table, id)
        assert after[0] == before[0] + 1
        assert after[1] > before[1]
        assert after[2] == before[2]
        before = after


def test_an_update_without_a_change_updates_neither(sql, row):
    table, column, id = row
    before = state(sql, table, id)
    for change in ("%s = 'x'" % column, "%s = %s" % (column, column),
                   "id = id", "version = 1, created_at = created_at"):
        sql("UPDATE %s SET %s WHERE id = %%s" % (table, change), id)
        assert state(sql, table, id) == before


def test_version_and_time_cannot_be_chosen(sql, row):
    table, _, id = row
    before = state(sql, table, id)
    sql("UPDATE " + table + " SET version = 77, updated_at = '2000-01-01' "
        "WHERE id = %s", id)
    after = state(sql, table, id)
    assert after[0] == 2
    assert after[1] > before[1]


def test_only_changed_rows_get_a_new_version(sql):
    users = [add_user(sql, name="same-%d" % i) for i in range(3)]
    sql("UPDATE users SET name = 'same-1' WHERE id::text = ANY (%s)", users)
    assert [state(sql, "users", id)[0] for id in users] == [2, 1, 2]


#
# Migrations.
#

def test_a_database_at_0003_keeps_its_rows(make_server, cluster):
    """An obstacle stops 0004; when it is gone, migrate continues."""
    server = make_server(database=cluster.database())
    server.sql("CREATE TABLE ix_users_list_name ()")
    done = server.command("migrate")
    assert done.returncode == 1
    assert "0004_users_lists" in done.stderr
    versions = "SELECT version FROM keel_migrations ORDER BY 1"
    assert server.sql(versions) == [(1,), (2,), (3,)]
    assert "ix_users_list_email" not in indexes(server.sql, "users")

    user = add_user(server.sql, name="Before")
    post = add_post(server.sql, user)
    add_session(server.sql, user)
    server.sql("UPDATE users SET name = name WHERE id = %s", user)
    rows = ["SELECT %s FROM %s" % (", ".join(sorted(
        column for of, column in columns_where(server.sql, "true")
        if of == table)), table) for table in TABLES]
    before = [server.sql(statement) for statement in rows]

    server.sql("DROP TABLE ix_users_list_name")
    done = server.command("migrate")
    assert done.returncode == 0, done.stderr
    assert "applying 0004_users_lists" in done.stdout
    assert "0003" not in done.stdout
    assert [server.sql(statement) for statement in rows] == before
    for table, id in (("users", user), ("posts", post)):
        was = state(server.sql, table, id)
        server.sql("UPDATE " + table + " SET id = id WHERE id = %s", id)
        assert state(server.sql, table, id) == was
    server.start()
    with server.client() as client:
        register(client)


def catalog(sql):
    """Everything that migrations make."""
    return [sorted(sql(statement)) for statement in (
        "SELECT table_name::text, column_name::text, data_type::text, "
        "is_nullable::text, coalesce(column_default::text, '') FROM "
        "information_schema.columns WHERE table_schema = 'public'",
        "SELECT tablename::text, indexdef FROM pg_indexes "
        "WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE conrelid <> 0",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT "
        "tgisinternal",
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = "
        "'public'::regnamespace")]


def test_keel_migrate_equals_the_files(sql, cluster):
    """They are compiled in; psql with the files gives the same catalog."""
    database = cluster.database()

    def plain(statement):
        return cluster.sql(statement, database=database)

    for name in sorted(os.listdir(MIGRATIONS)):
        with open(os.path.join(MIGRATIONS, name)) as f:
            plain(f.read())
    made = [[row for row in rows if "keel_migrations" not in str(row)]
            for rows in catalog(sql)]
    assert made == catalog(plain)
    assert all(made)
