# SPDX-License-Identifier: ISC
"""The real runner, ./keel jobs, on a server's database; the checks of every
runner after its end; and jobs made and read by SQL."""

import re
import signal
import time

import psycopg2.extras

from server import Server, session_processes, signal_each

KIND = "send_welcome_email"
LEASE = 20  # seconds
POLL = 2


class Runner(Server):
    """Has the settings of a server, which need not run, but its own state
    folder."""

    runs = "jobs"
    ends_on = signal.SIGTERM
    ready = "keel: jobs ready"

    def __init__(self, server, **settings):
        own = ("KEEL_STATE_DIR", "KEEL_ADMIN_PORT", "KEEL_JOBS_ADMIN_PORT")
        super().__init__(
            server.cluster, server.database, (server.cert, server.key),
            server.build, server.secret, **{
                name: value for name, value in server.settings.items()
                if name not in own} | settings)
        self.state = self.settings["KEEL_STATE_DIR"]

    def processes(self):
        return session_processes(self.process.pid)

    def signal_all(self, signum):
        signal_each(self.processes(), signum)

    def pause(self):
        self.signal_all(signal.SIGSTOP)

    def resume(self):
        self.signal_all(signal.SIGCONT)

    def events(self, job_id=None):
        """The log's events about jobs, or about one job."""
        return [event for event in self.log() if event["event"] == "job" and
                job_id in (None, event["job"])]

    def terminate(self):
        """Sends SIGTERM; the seconds until it has ended with status 0."""
        began = time.monotonic()
        self.end()
        return time.monotonic() - began

    def stop(self):
        """Like a server's; also checks the logs of a runner that was killed."""
        if self.process is not None:
            self.resume()
            self.end()
        self.check_log()
        self.check_sanitizers()


def add_job(server, payload, kind=KIND):
    """Inserts a job that no request could store; returns its id."""
    return server.sql(
        "INSERT INTO jobs (id, kind, payload) VALUES (gen_random_uuid(), %s, "
        "%s) RETURNING id::text", kind, psycopg2.extras.Json(payload))[0][0]


def add_jobs(server, emails, name="Test"):
    """Adds users with these addresses and this name by SQL, and a welcome
    mail for each. Returns the jobs' ids in that order."""
    names = [name] * len(emails) if isinstance(name, str) else name
    # The database makes that of an ASCII address, or refuses another one.
    keys = [None if re.fullmatch("[!-~]*", email) else email.lower()
            for email in emails]
    rows = server.sql(
        "WITH added AS (INSERT INTO users (id, email, email_key, name, "
        "hashed_password) SELECT gen_random_uuid(), email, email_key, name, "
        "'none' FROM unnest(%s, %s::text[], %s) AS t (email, email_key, name) "
        "RETURNING id, email), stored AS (INSERT INTO jobs "
        "(id, kind, payload, unique_key) SELECT gen_random_uuid(), %s, "
        "jsonb_build_object('id', id), id::text FROM added RETURNING id, "
        "unique_key) SELECT email, stored.id::text FROM added JOIN stored ON "
        "added.id::text = unique_key", emails, keys, names, KIND)
    found = dict(rows)
    return [found[email] for email in emails]


def read_job(server, job_id):
    """A job's row, as {column: value}; None when there is none."""
    rows = server.sql("SELECT row_to_json(j), run_at > now() FROM jobs j "
                      "WHERE id = %s", job_id)
    return rows[0][0] | {"later": rows[0][1]} if rows else None


def count_jobs(server, **columns):
    where = "".join(" AND %s = %%s" % name for name in columns)
    return server.sql("SELECT count(*) FROM jobs WHERE true" + where,
                      *columns.values())[0][0]


def wait_for(condition, timeout=15, pause=0.05):
    """Waits until condition() is true; returns its result."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, "timed out"
        time.sleep(pause)
    return found


def wait_for_job(server, job_id, timeout=15, **columns):
    """Waits until a job's row has these values; returns the row."""
    deadline = time.monotonic() + timeout
    while True:
        row = read_job(server, job_id)
        if all(row[name] == value for name, value in columns.items()):
            return row
        assert time.monotonic() < deadline, row
        time.sleep(0.05)


def wait_for_no_work(server, timeout=15):
    """Waits until no welcome mail is queued or running."""
    wait_for(lambda: server.sql(
        "SELECT count(*) FROM jobs WHERE kind = %s AND status IN "
        "('queued', 'running')", KIND)[0][0] == 0, timeout)


def run_now(server, job_id):
    """Ends the backoff, so that the job is due."""
    server.sql("UPDATE jobs SET run_at = now() WHERE id = %s", job_id)
    server.sql("NOTIFY keel_jobs")


def wait_for_failure(server, job_id, timeout=15):
    """Waits until an attempt has failed and a retry is queued; the row."""
    row = wait_for(lambda: (row := read_job(server, job_id))["error"] and row,
                   timeout)
    assert row["status"] == "queued" and row["runner"] is None
    assert row["later"] and row["finished_at"] is None
    return row
