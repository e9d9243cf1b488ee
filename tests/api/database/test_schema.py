# SPDX-License-Identifier: ISC
"""The whole schema, written out: each column, constraint, index and trigger of
the migrations of releases (released.py); rows that it refuses; what its
triggers do. A table, a column or a role of your own needs no line here."""

import datetime
import uuid

import psycopg2
import pytest

from helpers import new_email
from queries import begin
from released import RELEASED, digest_of, released_database, text_of
from samples import ROWS, USER, roles

# A column without a default, and NULL where it may be.
COLUMNS = """
account_tokens: token_hash bytea, purpose varchar(32), user_id uuid,
    email varchar(255) NULL, state bytea, created_at timestamptz now(),
    expires_at timestamptz
audit_log: id uuid, created_at timestamptz now(), action varchar(64),
    actor_id uuid NULL, session_id uuid NULL, target_id uuid NULL,
    account varchar(64) NULL, address varchar(64) NULL,
    request_id varchar(64) NULL, changes jsonb NULL
idempotency_keys: scope bytea, user_id uuid NULL, request bytea,
    status smallint, headers text, body text NULL, created_at timestamptz now()
job_runners: id uuid, host varchar(255), pid integer,
    started_at timestamptz now(), seen_at timestamptz now()
job_schedules: kind varchar(100), round timestamptz, day date NULL,
    before timestamptz NULL
jobs: id uuid, kind varchar(100), payload jsonb, status varchar(20) queued,
    attempts integer 0, run_at timestamptz now(), created_at timestamptz now(),
    request_id varchar(64) NULL, unique_key varchar(200) NULL,
    runner uuid NULL, error varchar(1000) NULL, finished_at timestamptz NULL,
    set_at timestamptz now() NULL, user_id uuid NULL
mail_recipients: recipient varchar(64), jobs uuid[], full_at timestamptz
post_languages: language varchar(63)
posts: id uuid, title varchar(255), content text, author_id uuid,
    published_at timestamptz NULL, version bigint 1,
    created_at timestamptz now(), updated_at timestamptz now(),
    language varchar(63) english, search tsvector ::tsvector
refresh_tokens: token_hash bytea, session_id uuid,
    created_at timestamptz now(), used_at timestamptz NULL
sessions: id uuid, user_id uuid, client varchar(64),
    created_at timestamptz now(), expires_at timestamptz,
    revoked_at timestamptz NULL, device varchar(255) NULL,
    last_client varchar(64) NULL, last_used_at timestamptz now(),
    confirmed_at timestamptz now()
sign_in_failures: account varchar(64), user_id uuid NULL, failures integer 1,
    last_at timestamptz now()
sign_in_networks: user_id uuid, network cidr, last_at timestamptz now()
users: id uuid, email varchar(255), name varchar(100),
    hashed_password varchar(255), role varchar(50) user,
    is_active boolean true, email_verified boolean false, version bigint 1,
    created_at timestamptz now(), updated_at timestamptz now(),
    pending_email varchar(255) NULL, email_key text,
    folded text ::text, locale varchar(35) NULL
"""

KEYS = {
    ("account_tokens", "FOREIGN KEY (user_id) REFERENCES users(id) "
                       "ON DELETE CASCADE"),
    ("account_tokens", "PRIMARY KEY (token_hash)"),
    ("audit_log", "PRIMARY KEY (id)"),
    ("idempotency_keys", "FOREIGN KEY (user_id) REFERENCES users(id) "
                         "ON DELETE CASCADE"),
    ("idempotency_keys", "PRIMARY KEY (scope)"),
    ("job_runners", "PRIMARY KEY (id)"),
    ("job_schedules", "PRIMARY KEY (kind)"),
    ("jobs", "PRIMARY KEY (id)"),
    ("mail_recipients", "PRIMARY KEY (recipient)"),
    ("posts", "FOREIGN KEY (author_id) REFERENCES users(id) "
              "ON DELETE CASCADE"),
    ("posts", "PRIMARY KEY (id)"),
    ("post_languages", "PRIMARY KEY (language)"),
    ("refresh_tokens", "FOREIGN KEY (session_id) REFERENCES sessions(id) "
                       "ON DELETE CASCADE"),
    ("refresh_tokens", "PRIMARY KEY (token_hash)"),
    ("sessions", "FOREIGN KEY (user_id) REFERENCES users(id) "
                 "ON DELETE CASCADE"),
    ("sessions", "PRIMARY KEY (id)"),
    ("sign_in_failures", "PRIMARY KEY (account)"),
    ("sign_in_networks", "FOREIGN KEY (user_id) REFERENCES users(id) "
                         "ON DELETE CASCADE"),
    ("sign_in_networks", "PRIMARY KEY (user_id, network)"),
    ("users", "PRIMARY KEY (id)"),
    ("users", "UNIQUE (email_key)"),
}

WAITS_OR_RUNS = (" WHERE ((status)::text = ANY ((ARRAY['queued'::character "
                 "varying, 'running'::character varying])::text[]))")

# Those besides the primary keys.
INDEXES = {
    "ix_account_tokens_expires_at": "account_tokens (expires_at)",
    "ix_account_tokens_user_id": "account_tokens (user_id, purpose)",
    "ix_audit_log_action": "audit_log (action, created_at, id)",
    "ix_audit_log_actor_id": "audit_log (actor_id, created_at, id)",
    "ix_audit_log_address": "audit_log (address, created_at, id)",
    "ix_audit_log_created_at": "audit_log (created_at, id)",
    "ix_audit_log_session_id": "audit_log (session_id, created_at, id)",
    "ix_audit_log_target_id": "audit_log (target_id, created_at, id)",
    "ix_idempotency_keys_created_at": "idempotency_keys (created_at)",
    "ix_idempotency_keys_user_id": "idempotency_keys (user_id)",
    "ix_jobs_cancelled":
        "jobs (finished_at) WHERE ((status)::text = 'cancelled'::text)",
    "ix_jobs_created_at": "jobs (created_at, id)",
    "ix_jobs_done": "jobs (finished_at) WHERE ((status)::text = 'done'::text)",
    "ix_jobs_due": "jobs (run_at)" + WAITS_OR_RUNS,
    "ix_jobs_status": "jobs (status, created_at, id)",
    "ix_jobs_user_id":
        "jobs (user_id, created_at, id) WHERE (user_id IS NOT NULL)",
    "ix_mail_recipients_full_at": "mail_recipients (full_at)",
    "ix_posts_author_created_at": "posts (author_id, created_at, id)",
    "ix_posts_created_at":
        "posts (created_at, id) INCLUDE (author_id, published_at)",
    "ix_posts_published_at": "posts (COALESCE(published_at, "
        "'-infinity'::timestamp with time zone), id)",
    "ix_posts_search": "posts gin (search)",
    "ix_posts_title": "posts (lower((title)::text) COLLATE \"C\", id)",
    "ix_refresh_tokens_session_id": "refresh_tokens (session_id)",
    "ix_refresh_tokens_used_at":
        "refresh_tokens (used_at) WHERE (used_at IS NOT NULL)",
    "ix_sessions_expires_at": "sessions (expires_at)",
    "ix_sessions_revoked_at":
        "sessions (revoked_at) WHERE (revoked_at IS NOT NULL)",
    "ix_sessions_user_id": "sessions (user_id, created_at, id)",
    "ix_sign_in_failures_last_at": "sign_in_failures (last_at)",
    "ix_sign_in_networks_last_at": "sign_in_networks (last_at)",
    "ix_users_created_at": "users (created_at, id)",
    "ix_users_email_role": "users (email, role)",
    "ix_users_folded": "users gin (folded gin_trgm_ops) WITH "
        "(fastupdate=off)",
    "ix_users_list_email": 'users (lower((email)::text) COLLATE "C", id)',
    "ix_users_list_name": 'users (lower((name)::text) COLLATE "C", id)',
    "jobs_unique_key": "UNIQUE jobs (kind, unique_key)" + WAITS_OR_RUNS,
    "users_email_key": "UNIQUE users (email_key)",
}

TRIGGERS = {
    "audit_log_not_truncated BEFORE TRUNCATE ON public.audit_log FOR EACH "
    "STATEMENT EXECUTE FUNCTION keel_audit_only_added()",
    "audit_log_only_added BEFORE DELETE OR UPDATE ON public.audit_log FOR "
    "EACH ROW EXECUTE FUNCTION keel_audit_only_added()",
    "jobs_notify AFTER INSERT ON public.jobs FOR EACH STATEMENT EXECUTE "
    "FUNCTION notify_jobs()",
    "posts_index BEFORE INSERT ON public.posts FOR EACH ROW EXECUTE FUNCTION "
    "keel_index_post()",
    "posts_index_again BEFORE UPDATE ON public.posts FOR EACH ROW WHEN "
    "((((old.title)::text <> (new.title)::text) OR (old.content <> "
    "new.content) OR ((old.language)::text <> (new.language)::text))) EXECUTE "
    "FUNCTION keel_index_post()",
    "posts_touch BEFORE UPDATE ON public.posts FOR EACH ROW WHEN ((old.* IS "
    "DISTINCT FROM new.*)) EXECUTE FUNCTION keel_touch()",
    "users_end_sessions AFTER UPDATE OF is_active ON public.users FOR EACH "
    "ROW WHEN ((old.is_active AND (NOT new.is_active))) EXECUTE FUNCTION "
    "keel_end_sessions()",
    "users_email_key_given BEFORE UPDATE OF email_key ON public.users FOR EACH "
    "ROW EXECUTE FUNCTION keel_email_key_given()",
    "users_email_key_made BEFORE INSERT OR UPDATE ON public.users FOR EACH "
    "ROW EXECUTE FUNCTION keel_email_key()",
    "users_forget_failures AFTER UPDATE OF hashed_password ON public.users "
    "FOR EACH ROW WHEN (((old.hashed_password)::text <> "
    "(new.hashed_password)::text)) EXECUTE FUNCTION keel_forget_failures()",
    "users_fold BEFORE INSERT OR UPDATE ON public.users FOR EACH ROW EXECUTE "
    "FUNCTION keel_fold_user()",
    "users_touch BEFORE UPDATE ON public.users FOR EACH ROW WHEN ((old.* IS "
    "DISTINCT FROM new.*)) EXECUTE FUNCTION keel_touch()",
}

@pytest.fixture(scope="module")
def database(cluster, template):
    """A migrated database that no server uses."""
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        yield db


@pytest.fixture(scope="module")
def released(cluster):
    """One without the migrations of a project."""
    with begin(cluster, released_database(cluster)) as db:
        yield db


#
# What there is.
#

def test_a_released_migration_does_not_change():
    for name, digest in RELEASED.items():
        assert digest_of(name) == digest, \
            name + ": a change needs a file of its own"


def test_every_column(released):
    types = {"character varying": "varchar",
             "timestamp with time zone": "timestamptz"}
    tables = {}
    for table, name, kind, needed, default in released.sql(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, "
            "a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM "
            "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN "
            "pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE "
            "c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND "
            "a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum"):
        for long, short in types.items():
            kind = kind.replace(long, short)
        if default is not None:
            kind += " " + default.replace("::character varying", "").strip("'")
        tables.setdefault(table, []).append(
            name + " " + kind + ("" if needed else " NULL"))
    assert tables == {
        line.partition(": ")[0]: line.partition(": ")[2].split(", ")
        for line in COLUMNS.replace(",\n    ", ", ").strip().splitlines()}


def test_every_key(released):
    assert set(released.sql(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM "
        "pg_constraint WHERE connamespace = 'public'::regnamespace AND "
        "contype <> 'c'")) == KEYS


def test_every_index(released):
    found = {}
    for name, table, definition in released.sql(
            "SELECT indexname::text, tablename::text, indexdef FROM "
            "pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE "
            "'%_pkey'"):
        unique = "UNIQUE " if " UNIQUE " in definition else ""
        found[name] = unique + table + " " + \
            definition.partition(" USING ")[2].removeprefix("btree ")
    assert found == INDEXES


def test_every_trigger(released):
    assert {row[0].removeprefix("CREATE TRIGGER ") for row in released.sql(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT "
        "tgisinternal")} == TRIGGERS


def test_migrations_leave_no_other_function(released):
    assert {row[0] for row in released.sql(
        "SELECT proname::text FROM pg_proc p WHERE pronamespace = "
        "'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d "
        "WHERE d.objid = p.oid AND d.deptype = 'e')")} == {
            "keel_touch", "keel_end_sessions", "notify_jobs",
            "keel_forget_failures", "keel_audit_only_added",
            "keel_token_state", "keel_plain", "keel_index_text",
            "keel_index_post", "keel_search_query", "keel_estimate_posts",
            "keel_email_key", "keel_email_key_given",
            "keel_fold", "keel_like", "keel_fold_user", "keel_is_time",
            "keel_rounds", "keel_retry_jobs"}


#
# What is refused.
#

NOBODY = str(uuid.uuid4())

ALLOWED = {("users", "role"): roles,
           ("jobs", "status"): lambda: [
               "queued", "running", "done", "dead", "cancelled"]}

REFUSED = [
    ("posts", "author_id", NOBODY, "ForeignKeyViolation"),
    ("sessions", "user_id", NOBODY, "ForeignKeyViolation"),
    ("refresh_tokens", "session_id", NOBODY, "ForeignKeyViolation"),
    ("account_tokens", "user_id", NOBODY, "ForeignKeyViolation"),
    ("idempotency_keys", "user_id", NOBODY, "ForeignKeyViolation"),
    ("sign_in_networks", "user_id", NOBODY, "ForeignKeyViolation"),
    ("sign_in_networks", "network", "192.0.2.1/24",
     "InvalidTextRepresentation"),
] + [("users", "role", text, "CheckViolation")
     for text in ("", "nobody", "Admin", "user ")] + [
    ("jobs", "status", text, "CheckViolation")
    for text in ("", "failed", "Done", "queued ")]


def insert(db, table, **columns):
    row = {name: value for name, value in (ROWS[table] | columns).items()
           if value is not Ellipsis}
    db.sql("INSERT INTO %s (%s) VALUES (%s)" % (
        table, ", ".join(row), ", ".join(["%s"] * len(row))), *row.values())


def check_refused(db, error, table, **columns):
    with db.undone(), pytest.raises(getattr(psycopg2.errors, error)):
        insert(db, table, **columns)


@pytest.fixture
def filled(db):
    """One row in each table."""
    for table in ROWS:
        insert(db, table)
    return db


def test_a_column_that_is_needed_is_not_null(db):
    insert(db, "users")
    insert(db, "sessions", client="another")
    for table, row in ROWS.items():
        for name in row:
            check_refused(db, "NotNullViolation", table, **{name: None})


def test_a_value_that_is_no_other_is_refused(db):
    insert(db, "users")
    for table, name, value, error in REFUSED:
        check_refused(db, error, table, **{name: value})


@pytest.mark.parametrize("table, name", ALLOWED)
def test_a_value_that_is_one_of_a_list_is_accepted(db, table, name):
    for value in ALLOWED[table, name]():
        with db.undone():
            insert(db, table, **{name: value})


@pytest.mark.parametrize("table", ROWS)
def test_a_key_is_unique(filled, table):
    columns = {"email": "b@example.com"} if table == "users" else {}
    check_refused(filled, "UniqueViolation", table, **columns)


def test_columns_have_defaults(db):
    defaults = {
        "users": {"role": "user", "is_active": True, "email_verified": False,
                  "version": 1, "created_at": None, "updated_at": None},
        "posts": {"version": 1, "created_at": None, "updated_at": None,
                  "language": "english"},
        "sessions": {"created_at": None, "last_used_at": None,
                     "confirmed_at": None},
        "refresh_tokens": {"created_at": None},
        "account_tokens": {"created_at": None},
        "audit_log": {"created_at": None},
        "idempotency_keys": {"created_at": None},
        "jobs": {"status": "queued", "attempts": 0, "run_at": None,
                 "created_at": None},
        "sign_in_failures": {"failures": 1, "last_at": None},
        "sign_in_networks": {"last_at": None}}
    [[now]] = db.sql("SELECT now()")
    for table, expected in defaults.items():
        insert(db, table, **dict.fromkeys(expected, ...))
        [row] = db.sql("SELECT %s FROM %s" % (", ".join(expected), table))
        assert row == tuple(now if value is None else value
                            for value in expected.values()), table


@pytest.mark.parametrize("first, second, fine", [
    ("queued", "queued", False), ("queued", "running", False),
    ("running", "queued", False), ("running", "running", False),
    ("queued", "done", True), ("done", "queued", True),
    ("dead", "running", True), ("done", "dead", True),
    ("cancelled", "queued", True), ("running", "cancelled", True)])
def test_of_two_jobs_alike_one_waits_or_runs(db, first, second, fine):
    insert(db, "jobs", status=first, unique_key="u")
    again = {"id": str(uuid.uuid4()), "status": second}
    if fine:
        insert(db, "jobs", unique_key="u", **again)
    else:
        check_refused(db, "UniqueViolation", "jobs", unique_key="u", **again)
        insert(db, "jobs", unique_key="u", **again | {"kind": "another"})


def test_what_a_deleted_user_leaves(filled):
    """Their failures are counted on, for the address."""
    other = str(uuid.uuid4())
    insert(filled, "users", id=other, email=new_email())
    for table, name in (("posts", "author_id"), ("sessions", "user_id")):
        insert(filled, table, id=str(uuid.uuid4()), **{name: other})
    insert(filled, "sign_in_networks", user_id=other)
    filled.sql("UPDATE sign_in_failures SET user_id = %s", USER)
    filled.sql("DELETE FROM users WHERE id = %s", USER)
    for table, name in (("posts", "author_id"), ("sessions", "user_id"),
                        ("sign_in_networks", "user_id"), ("users", "id")):
        assert filled.sql("SELECT %s::text FROM %s" % (name, table)) == [
            (other,)], table
    assert filled.sql("SELECT user_id::text FROM sign_in_failures") == [
        (USER,)]
    assert filled.sql("SELECT count(*) FROM refresh_tokens") == [(0,)]
    assert filled.sql("SELECT count(*) FROM audit_log") == [(1,)]


#
# What triggers do.
#

ENDING = [
    ("is_active = false", True, True), ("is_active = false", False, False),
    ("is_active = true", True, False), ("is_active = true", False, False),
    ("role = 'staff'", True, False), ("role = 'admin'", True, False),
    ("role = 'user'", True, False), ("name = 'B'", True, False),
    ("email = 'b@example.com'", True, False),
    ("hashed_password = 'new'", True, False),
    ("is_active = false, role = 'user'", True, True),
    ("is_active = false, role = 'admin', name = 'B'", True, True)]


@pytest.mark.parametrize("role", ["user", "staff", "admin"])
@pytest.mark.parametrize("change, active, ends", ENDING)
def test_who_is_deactivated_has_no_session(db, role, change, active, ends):
    """Whatever their role; and others keep theirs."""
    other = str(uuid.uuid4())
    insert(db, "users", role=role, is_active=active)
    insert(db, "users", id=other, email=new_email(), role=role)
    insert(db, "sessions", client="own")
    insert(db, "sessions", client="own", id=str(uuid.uuid4()))
    insert(db, "sessions", client="ended", id=str(uuid.uuid4()),
           revoked_at="2026-01-01Z")
    insert(db, "sessions", client="other", id=str(uuid.uuid4()),
           user_id=other)
    db.sql("UPDATE users SET " + change + " WHERE id = %s", USER)
    assert sorted(db.sql(
        "SELECT client, CASE revoked_at WHEN now() THEN 'now' WHEN "
        "'2026-01-01Z' THEN 'before' END FROM sessions")) == [
            ("ended", "before"), ("other", None)] + [
                ("own", "now" if ends else None)] * 2


@pytest.mark.parametrize("change, forgotten", [
    ("hashed_password = 'new'", True), ("hashed_password = '!'", False),
    ("name = 'B'", False), ("role = 'admin'", False),
    ("hashed_password = 'new', role = 'admin'", True)])
def test_a_new_password_was_not_guessed(db, change, forgotten):
    other = str(uuid.uuid4())
    insert(db, "users")
    insert(db, "users", id=other, email=new_email())
    for account in (USER, other, "a hash"):
        insert(db, "sign_in_failures", account=account, user_id=USER)
    db.sql("UPDATE users SET " + change + " WHERE id = %s", USER)
    assert {row[0] for row in db.sql(
        "SELECT account FROM sign_in_failures")} == {other, "a hash"} | (
            set() if forgotten else {USER})


@pytest.mark.parametrize("statement", [
    "UPDATE audit_log SET address = NULL",
    "UPDATE audit_log SET action = 'sign_in' WHERE created_at < now()",
    "DELETE FROM audit_log WHERE created_at > now() - interval '1 hour'",
    "DELETE FROM audit_log", "TRUNCATE audit_log",
    "TRUNCATE users, audit_log CASCADE"])
def test_the_audit_log_only_grows(db, statement):
    insert(db, "audit_log", created_at="2026-01-01Z")
    insert(db, "audit_log", id=str(uuid.uuid4()))
    with db.undone(), pytest.raises(psycopg2.errors.RaiseException,
                                    match="rows of audit_log are not changed"):
        db.sql(statement)


def test_old_rows_of_the_audit_log_can_be_deleted(db):
    [[now]] = db.sql("SELECT now()")
    for hours in (25, 23):
        insert(db, "audit_log", id=str(uuid.uuid4()),
               created_at=now - datetime.timedelta(hours=hours))
    db.sql("DELETE FROM audit_log WHERE created_at < now() - interval "
           "'24 hours'")
    assert db.sql("SELECT now() - created_at = interval '23 hours' FROM "
                  "audit_log") == [(True,)]


#
# What a migration does to rows.
#

CLIENTS = [
    ("192.0.2.77", "192.0.2.0/24"), ("198.51.100.9", "198.51.100.0/24"),
    ("2001:db8:0:12ff::1", "2001:db8:0:1200::/56"), ("unknown", None)]


def test_networks_of_those_who_are_signed_in_are_known(cluster):
    """0007 reads them from the sessions that are open."""
    files = list(RELEASED)
    with begin(cluster, "template1") as db:
        for name in files[:files.index("0007_sign_ins.sql")]:
            db.sql(text_of(name))
        insert(db, "users")
        for client, _ in CLIENTS:
            for days in (2, 1):
                db.sql("INSERT INTO sessions (id, user_id, client, created_at,"
                       " expires_at) VALUES (gen_random_uuid(), %s, %s, now() "
                       "- %s * interval '1 day', now() + interval '1 second')",
                       USER, client, days)
        for end in ("revoked_at = now()", "expires_at = now()"):
            db.sql("INSERT INTO sessions (id, user_id, client, expires_at) "
                   "VALUES (gen_random_uuid(), %s, %s, now() + interval "
                   "'1 day')", USER, end)
            db.sql("UPDATE sessions SET client = '203.0.113.1', " + end +
                   " WHERE client = %s", end)
        db.sql(text_of("0007_sign_ins.sql"))
        assert set(db.sql(
            "SELECT network::text, now() - last_at = interval '1 day' FROM "
            "sign_in_networks")) == {
                (network, True) for _, network in CLIENTS if network}


def test_sessions_from_before_refresh_tokens_are_not_confirmed(cluster):
    """They were last used when 0009 was applied."""
    files = list(RELEASED)
    with begin(cluster, "template1") as db:
        for name in files[:files.index("0009_refresh_tokens.sql")]:
            db.sql(text_of(name))
        insert(db, "users")
        db.sql("INSERT INTO sessions (id, user_id, client, expires_at) "
               "VALUES (gen_random_uuid(), %s, '::1', now())", USER)
        db.sql(text_of("0009_refresh_tokens.sql"))
        assert db.sql(
            "SELECT confirmed_at = '-infinity', last_used_at = now() FROM "
            "sessions") == [(True, True)]
