# SPDX-License-Identifier: ISC
"""The settings of every connection to the database, as PostgreSQL shows them:
those of workers, of the runner, of create-admin and of migrate."""

import concurrent.futures

from helpers import new_email, new_password, register
from people import transaction
from product import NAME
from runner import count_jobs, wait_for

# Those that Keel sets, whatever the database's own are.
OURS = {
    "application_name": NAME, "client_encoding": "UTF8",
    "datestyle": "ISO, MDY", "timezone": "UTC", "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
}
FOREIGN = {
    "datestyle": "German, DMY", "timezone": "Asia/Tokyo",
    "statement_timeout": "1h", "idle_in_transaction_session_timeout": "1h",
    "client_min_messages": "notice",
}
# A migration may be slow, and says nothing that is not a warning.
MIGRATING = OURS | {"statement_timeout": "0",
                    "client_min_messages": "warning"}

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


def watch(server, kind, end, trigger):
    names = sorted(set(OURS) | set(FOREIGN))
    server.sql(NOTE % (kind, ",".join(names), end) + trigger)
    for name, value in FOREIGN.items():
        server.sql("ALTER DATABASE %s SET %s = '%s'" % (
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
    check(server, OURS)
    done = server.command("create-admin", new_email(), text=new_password())
    assert done.returncode == 0, done.stderr
    check(server, OURS)
    start_runner(server)
    wait_for(lambda: count_jobs(server, status="done"))
    check(server, OURS)


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
             "application_name = 'keel' AND state = 'idle in transaction' AND "
             "now() - xact_start > interval '%s ms'")
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
