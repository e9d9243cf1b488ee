# SPDX-License-Identifier: ISC
"""What the migrations 0015 to 0017 do to rows that are there, and with a role
that may not create an extension."""

import psycopg2
import pytest

from released import RELEASED, text_of

MIGRATIONS = ["0015_search.sql", "0016_times.sql", "0017_forms_and_times.sql"]
TABLES = {"users", "posts", "sessions", "refresh_tokens", "account_tokens",
          "sign_in_failures", "sign_in_networks", "jobs", "job_schedules",
          "mail_recipients", "idempotency_keys", "audit_log"}
USER = "00000000-0000-0000-0000-000000000001"


class Old:
    """A database of the migrations before, with a user and posts."""

    def __init__(self, cluster, *statements):
        self.cluster = cluster
        self.database = cluster.database()
        files = list(RELEASED)
        for name in files[:files.index(MIGRATIONS[0])]:
            self.sql(text_of(name))
        self.sql("INSERT INTO users (id, email, name, hashed_password, "
                 "version, updated_at) VALUES (%s, 'Ada@Example.com', %s, '!',"
                 " 5, '2020-01-01Z')", USER, "Jose\u0301")
        for id, text in (("a", "cafe\u0301"), ("c", "plain"),
                         ("b", "\u03bf\u03b4\u03cc\u03c2")):
            self.sql("INSERT INTO posts (id, author_id, title, content, "
                     "version, updated_at) VALUES (%s, %s, 'T', %s, 5, "
                     "'2020-01-01Z')", id * 8 + "-0000" * 3 + "-" + "0" * 12,
                     USER, text)
        for statement in statements:
            self.sql(statement)

    def sql(self, statement, *params):
        return self.cluster.sql(statement, *params, database=self.database)

    def migrate(self, user="postgres"):
        """Returns what PostgreSQL notes."""
        db = psycopg2.connect(host=self.cluster.socket, user=user,
                              port=self.cluster.port, dbname=self.database)
        try:
            for name in MIGRATIONS:
                with db, db.cursor() as cursor:
                    cursor.execute(text_of(name))
            return db.notices
        finally:
            db.close()

    def checked(self):
        """The tables that have a constraint, all of which is validated."""
        rows = self.sql("SELECT conrelid::regclass::text, convalidated FROM "
                        "pg_constraint WHERE conname LIKE '%%\\_times'")
        assert all(valid for _, valid in rows)
        return {table for table, _ in rows}


def test_good_rows_are_folded_indexed_and_checked(cluster):
    """And have the version and the time that they had."""
    old = Old(cluster)
    rows = "SELECT id, version, updated_at FROM %s ORDER BY id"
    before = [old.sql(rows % table) for table in ("users", "posts")]
    assert old.migrate() == []
    assert old.checked() == TABLES
    assert [old.sql(rows % table) for table in ("users", "posts")] == before
    assert old.sql("SELECT folded FROM users") == [
        ("jos\u00e9\nada@example.com",)]
    for q in "caf\u00e9", "\u039f\u0394\u038c\u03a3", "plain":
        assert old.sql("SELECT count(*) FROM posts WHERE search @@ "
                       "keel_search_query('english', %s)", q) == [(1,)], q
    assert old.sql("SELECT count(*) FROM pg_class WHERE relname = "
                   "'ix_users_folded'") == [(1,)]
    old.sql("UPDATE users SET name = 'B'")
    assert old.sql("SELECT version, folded FROM users") == [
        (6, "b\nada@example.com")]


@pytest.mark.parametrize("time", ["infinity", "-infinity", "10000-01-01Z",
                                  "0001-12-31 23:59:59Z BC"])
def test_a_table_with_odd_times_gets_a_line(cluster, time):
    """And no constraint, so that its rows can still be changed; the line has
    the statement that adds it."""
    old = Old(cluster, "ALTER TABLE users DISABLE TRIGGER users_touch",
              "UPDATE users SET created_at = '%s'" % time,
              "ALTER TABLE users ENABLE TRIGGER users_touch",
              "UPDATE posts SET published_at = '%s' WHERE content = 'plain'"
              % time)
    notices = old.migrate()
    assert len(notices) == 2
    for table, line in zip(("users", "posts"), notices):
        assert line.startswith("WARNING:  %s has 1 row(s) with a time that is "
                               "infinite, BC or after 9999: " % table)
    assert old.checked() == TABLES - {"users", "posts"}
    old.sql("UPDATE users SET name = 'Changed'")
    add = notices[0].partition(" then run ")[2]
    with pytest.raises(psycopg2.errors.CheckViolation):
        old.sql(add)
    old.sql("UPDATE users SET created_at = '2020-01-01Z' WHERE " +
            notices[0].partition(" WHERE ")[2].partition(", then")[0])
    old.sql(add)
    assert old.checked() == TABLES - {"posts"}


def test_a_row_that_comes_meanwhile_takes_the_constraint(cluster):
    """0016 read the tables before it was there; the migration goes on."""
    old = Old(cluster)
    for name in MIGRATIONS[:2]:
        old.sql(text_of(name))
    old.sql("ALTER TABLE jobs DROP CONSTRAINT jobs_times")
    old.sql("INSERT INTO jobs (id, kind, payload, run_at) VALUES "
            "(gen_random_uuid(), 'k', '{}', 'infinity')")
    old.sql("ALTER TABLE jobs ADD CONSTRAINT jobs_times CHECK "
            "(keel_is_time(run_at)) NOT VALID")
    old.sql(text_of(MIGRATIONS[2]))
    assert old.checked() == TABLES - {"jobs"}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_odd_times_are_kept_out(cluster, template, table):
    columns = cluster.sql(
        "SELECT array_agg(column_name::text) FROM information_schema.columns "
        "WHERE table_name = %s AND data_type LIKE 'timestamp%%' AND "
        "column_name <> 'confirmed_at'", table, database=template)[0][0]
    [[rule]] = cluster.sql("SELECT string_agg(pg_get_constraintdef(oid), ' ')"
                           " FROM pg_constraint WHERE conrelid = %s::regclass "
                           "AND conname ~ '_times?$'", table,
                           database=template)
    for column in columns:
        assert "keel_is_time(%s)" % column in rule


@pytest.mark.parametrize("time, fine", [
    ("0001-01-01 00:00:00Z", True), ("9999-12-31 23:59:59.999999Z", True),
    ("now", True), ("0001-12-31 23:59:59.999999Z BC", False),
    ("10000-01-01 00:00:00Z", False), ("infinity", False),
    ("-infinity", False)])
def test_what_a_time_is(cluster, template, time, fine):
    assert cluster.sql("SELECT keel_is_time(%s)", time,
                       database=template) == [(fine,)]


def test_a_role_that_may_create_no_extension(cluster):
    """The search works without an index, and a line says so."""
    old = Old(cluster)
    for table in sorted(TABLES | {"post_languages"}):
        old.sql("ALTER TABLE %s OWNER TO keel" % table)
    for [function] in old.sql("SELECT oid::regprocedure::text FROM pg_proc "
                              "WHERE proname LIKE 'keel%%'"):
        old.sql("ALTER FUNCTION %s OWNER TO keel" % function)
    old.sql("GRANT CREATE ON SCHEMA public TO keel")
    old.sql("REVOKE CREATE ON DATABASE %s FROM keel, PUBLIC" % old.database)
    [notice] = old.migrate(user="keel")
    assert notice.startswith("NOTICE:  users are searched without an index")
    assert old.sql("SELECT count(*) FROM users WHERE folded LIKE "
                   "keel_like('JOS\u00c9')") == [(1,)]
    assert old.checked() == TABLES
