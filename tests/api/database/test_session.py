# SPDX-License-Identifier: ISC
"""The settings of every connection to the database, as PostgreSQL shows them:
those of workers, of the runner, of create-admin and of migrate. The role's own
settings (ALTER ROLE ... SET) do not show, whatever they are."""

import concurrent.futures
import datetime
import json

import psycopg2
import pytest

from helpers import (bearer, check_error, new_email, new_password, register,
                     sign_in)
from lists import ids
from people import add_people, transaction
from posts import POSTS, add_post
from product import NAME
from runner import add_jobs, count_jobs, read_job, wait_for, wait_for_job

# Those that Keel sets, and what else would harm.
OURS = {
    "application_name": (NAME, None), "client_encoding": ("UTF8", "LATIN1"),
    "timezone": ("UTC", "Asia/Kathmandu"),
    "timezone_abbreviations": ("Default", "India"),
    "datestyle": ("ISO, MDY", "German, DMY"),
    "intervalstyle": ("postgres", "iso_8601"),
    "bytea_output": ("hex", "escape"), "extra_float_digits": ("1", "-15"),
    "array_nulls": ("on", "off"),
    "standard_conforming_strings": ("on", "off"),
    "backslash_quote": ("safe_encoding", "off"),
    "transform_null_equals": ("off", "on"),
    "gin_fuzzy_search_limit": ("0", "1"),
    "quote_all_identifiers": ("off", "on"),
    "default_transaction_isolation": ("read committed", "serializable"),
    "default_transaction_deferrable": ("off", "on"),
    "exit_on_error": ("off", "on"),
    "client_min_messages": ("warning", "debug1"),
    "statement_timeout": ("5s", "900ms"), "lock_timeout": ("0", "1ms"),
    "idle_in_transaction_session_timeout": ("15s", "1ms"),
    "idle_session_timeout": ("0", "200ms"),
    "log_parameter_max_length_on_error": ("0", "-1"),
}
# Those that Keel leaves as they are: they change nothing.
OTHERS = {
    "escape_string_warning": "off", "xmlbinary": "hex",
    "xmloption": "document", "row_security": "off", "lc_monetary": "C",
    "lc_numeric": "C", "lc_time": "C",
    "default_text_search_config": "pg_catalog.simple",
    "check_function_bodies": "off", "synchronize_seqscans": "on",
    "plan_cache_mode": "force_custom_plan", "constraint_exclusion": "on",
    "plpgsql.extra_errors": "all",
    "enable_indexscan": "off", "geqo": "off", "seq_page_cost": "1000",
}
HOSTILE = OTHERS | {name: hostile for name, (_, hostile) in OURS.items()
                    if hostile is not None}
EXPECTED = {name: value for name, (value, _) in OURS.items()}
# A migration may be slow, and says nothing that is not a warning.
MIGRATING = EXPECTED | {"statement_timeout": "0",
                        "client_min_messages": "warning"}
del MIGRATING["lock_timeout"]   # test_migrations.py

NOTE = """
CREATE TABLE sessions_seen (by text, name text, value text);
CREATE FUNCTION note() RETURNS %s LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO sessions_seen
    SELECT DISTINCT session_user, name, current_setting(name)
      FROM unnest('{%s}'::text[]) AS t (name);
    %s
END $$;
"""


def watch(server, kind, end, trigger, *more):
    server.sql(NOTE % (kind, ",".join([*OURS, *more]), end) + trigger)
    make_hostile(server)


def make_hostile(server):
    for name, value in HOSTILE.items():
        server.sql("ALTER ROLE keel IN DATABASE %s SET %s = '%s'" % (
            server.database, name, value))


def check(server, expected):
    """Every session that was seen had these settings."""
    seen = {}
    for name, value in server.sql(
            "SELECT name, value FROM sessions_seen WHERE by = 'keel'"):
        seen.setdefault(name, set()).add(value)
    assert {name: seen[name] for name in expected} == {
        name: {value} for name, value in expected.items()}
    server.sql("DELETE FROM sessions_seen")


def test_statements_have_our_settings(make_server, start_runner):
    server = make_server()
    watch(server, "trigger", "RETURN NULL;",
          "CREATE TRIGGER note AFTER INSERT ON users FOR EACH STATEMENT "
          "EXECUTE FUNCTION note(); CREATE TRIGGER note AFTER UPDATE ON jobs "
          "FOR EACH STATEMENT EXECUTE FUNCTION note()")
    server.start()
    with server.client() as client:
        register(client)
    check(server, EXPECTED)
    done = server.command("create-admin", new_email(), text=new_password())
    assert done.returncode == 0, done.stderr
    check(server, EXPECTED)
    start_runner(server)
    wait_for(lambda: count_jobs(server, status="done"))
    check(server, EXPECTED)


def test_options_of_the_url(make_server):
    """In each spelling, they win over what is only a default of ours; neither
    they nor the environment change what must be ours."""
    server = make_server(
        PGTZ="Asia/Tokyo", PGDATESTYLE="German", PGGEQO="off",
        PGCLIENTENCODING="LATIN1",
        PGOPTIONS="-c statement_timeout=1 -c geqo_effort=3")
    server.settings["KEEL_DATABASE_URL"] += (
        " options='-c statement_timeout=4321 --lock-timeout=77ms "
        "-cidle_session_timeout=9s -c timezone=Asia/Tokyo "
        "-c work_mem=5MB -c bytea_output=escape'")
    watch(server, "trigger", "RETURN NULL;",
          "CREATE TRIGGER note AFTER INSERT ON users FOR EACH STATEMENT "
          "EXECUTE FUNCTION note()", "geqo_effort", "work_mem")
    done = server.command("create-admin", new_email(), text=new_password())
    assert (done.returncode, done.stderr) == (0, "")
    check(server, EXPECTED | {
        "statement_timeout": "4321ms", "lock_timeout": "77ms",
        "idle_session_timeout": "9s", "work_mem": "5MB", "geqo_effort": "5"})


def test_a_migration_has_no_timeout(make_server, cluster):
    server = make_server(database=cluster.database())
    watch(server, "event_trigger", "",
          "CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION "
          "note()")
    done = server.command("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    check(server, MIGRATING)


def test_a_migration_waits_for_another(cluster, make_server):
    """Longer than any other statement may take."""
    database = cluster.database()
    server = make_server(database=database, KEEL_DATABASE_URL=cluster.url(
        database) + " options='-c statement_timeout=300'")
    waits = ("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND "
             "application_name = 'keel' AND query = 'ROLLBACK' AND "
             "now() - backend_start > interval '%s ms'")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(server, "SELECT pg_advisory_xact_lock(7597416839)"):
            done = [pool.submit(server.command, "migrate") for _ in range(2)]
            wait_for(lambda: server.sql(waits, database, 700) == [(2,)])
            assert server.command("migrate", "--dry-run").returncode == 0
            assert server.sql("SELECT to_regclass('keel_migrations') IS NULL"
                              ) == [(True,)]
        for answer in done:
            assert answer.result().returncode == 0, answer.result().stderr
    assert server.sql("SELECT count(*) > 0 FROM keel_migrations") == [(True,)]


#
# The role's own settings.
#

@pytest.fixture(scope="module")
def hostile(start_module_server):
    server = start_module_server(KEEL_WORKERS="1")
    server.end()
    make_hostile(server)
    return server.start()


@pytest.fixture(scope="module")
def client(hostile):
    with hostile.client() as client:
        yield client


def is_now(text):
    """Is it a time of these minutes, in UTC?"""
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    now = datetime.datetime.now(datetime.timezone.utc)
    return abs((now - time).total_seconds()) < 600


def walk(client, target, headers):
    """A list by cursor, one item a page."""
    seen, cursor = [], ""
    while cursor is not None:
        answer = client.get(target + "&limit=1&cursor=" + cursor,
                            headers=headers)
        assert answer.status_code == 200, answer.text
        seen += ids(answer.json())
        cursor = answer.json()["next_cursor"]
    return seen


def test_the_settings_are_the_roles(hostile):
    """So the tests below would show an effect."""
    db = psycopg2.connect(host=hostile.cluster.socket, user="keel",
                          port=hostile.cluster.port, dbname=hostile.database)
    db.autocommit = True
    with db.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS "
                       "t (name)", (list(HOSTILE),))
        found = dict(cursor.fetchall())
    for name in ("client_encoding", "datestyle"):   # psycopg2 sets them
        found[name] = HOSTILE[name]
    assert found == HOSTILE
    db.close()


def test_accounts(hostile, client):
    user, created = register(client, name="Zo\u00eb \u2603 \\'")
    assert is_now(created["created_at"])
    headers = bearer(sign_in(client, user))
    me = client.get("/api/v1/users/me", headers=headers).json()
    assert me["name"] == user["name"]
    assert me["created_at"] == created["created_at"]
    check_error(client.post("/api/v1/users", json=user), 409, "CONFLICT")
    sessions = client.get("/api/v1/users/me/sessions", headers=headers).json()
    assert [is_now(s["created_at"]) for s in sessions["items"]] == [True]


def test_posts(hostile, client):
    [person] = add_people(hostile, "user")
    times = ["2026-02-03 04:05:06.789012+00", "2026-03-02 04:05:06+00",
             "2026-12-31 23:59:59.999999+00"]
    made = [add_post(hostile, person.id, "Garden \\ %d" % n, "of dogs",
                     created=time) for n, time in enumerate(times)]
    post = client.get("%s/%s" % (POSTS, made[0]), headers=person.headers)
    assert post.json()["created_at"] == "2026-02-03T04:05:06.789012Z"
    for sort, order in (("created_at", made), ("-created_at", made[::-1]),
                        ("title", made)):
        assert walk(client, POSTS + "?sort=" + sort, person.headers) == order
    found = client.get(POSTS + "?q=dog&limit=100", headers=person.headers)
    assert sorted(ids(found.json())) == sorted(made)
    after = client.get(POSTS + "?created_since=2026-03-02T04:05:06Z",
                       headers=person.headers)
    assert after.status_code == 200 and set(ids(after.json())) == set(made[1:])


def test_admins_jobs_and_commands(hostile, client, start_runner):
    admin, user = add_people(hostile, "admin", "user")
    answer = client.patch(user.path, headers=admin.headers,
                          json={"role": "admin"})
    assert answer.status_code == 200, answer.text
    assert user.id in walk(client, "/api/v1/users?sort=created_at",
                           admin.headers)
    [job] = add_jobs(hostile, [new_email()])
    start_runner(hostile)
    wait_for_job(hostile, job, status="done")
    shown = client.get("/api/v1/admin/jobs?kind=send_welcome_email",
                       headers=admin.headers).json()["items"]
    assert [is_now(item["finished_at"]) for item in shown
            if item["id"] == job] == [True]
    assert read_job(hostile, job)["attempts"] == 1
    for command in (["audit", "--json"], ["users"],
                    ["check-config"], ["queries"]):
        done = hostile.command(*command)
        assert (done.returncode, done.stderr) == (0, ""), command
        if "--json" in command:
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            assert lines and all(is_now(line["created_at"]) for line in lines)
