# SPDX-License-Identifier: ISC
"""A cluster whose synchronous standby is away: every commit waits for it."""

import contextlib
import threading

from runner import wait_for

WAITS = """
SELECT pid FROM pg_stat_activity
 WHERE wait_event = 'SyncRep' AND datname = %s AND (%s OR query !~ %s)
"""


def set_standby(cluster, name):
    """The standby that commits wait for, or None."""
    db = cluster.connect("postgres")
    with contextlib.closing(db), db.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET synchronous_standby_names = %s",
                       (name or "",))
        cursor.execute("SELECT pg_reload_conf()")


def waiting(cluster, database, uses=False):
    """The backends whose commit waits for the standby; with uses, also those
    that store the last use of sessions, which no request waits for."""
    return [pid for pid, in cluster.sql(WAITS, database, uses,
                                        "SET last_used_at")]


def cancel(cluster, database):
    """Ends the waits, as an operator may."""
    for pid in waiting(cluster, database):
        cluster.sql("SELECT pg_cancel_backend(%s)", pid)


def commits_wait(cluster):
    """Has every process read the setting? A commit shows it."""
    with contextlib.closing(cluster.connect("postgres")) as db:
        pid = db.get_backend_pid()

        def commit():
            with db.cursor() as cursor:
                cursor.execute("SELECT pg_logical_emit_message(true, '', '')")

        thread = threading.Thread(target=commit)
        thread.start()
        wait_for(lambda: not thread.is_alive() or pid in
                 waiting(cluster, "postgres"))
        found = thread.is_alive()
        if found:
            cluster.sql("SELECT pg_cancel_backend(%s)", pid)
        thread.join()
    return found


@contextlib.contextmanager
def standby_away(cluster):
    """In the block, every commit waits; at its end, all are let go on."""
    set_standby(cluster, "nobody")
    try:
        wait_for(lambda: commits_wait(cluster))
        yield
    finally:
        set_standby(cluster, None)
