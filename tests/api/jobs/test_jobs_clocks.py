# SPDX-License-Identifier: ISC
"""Leases while clocks cannot be trusted: a runner that stood still, one that
died while the database's clock was set back, and one that lives while it is
set forward."""

import re
import threading
import time

import pytest

import db_clock
from choosy import ChoosyServer
from helpers import measured, new_email
from runner import (LEASE, POLL, add_jobs, read_job, wait_for, wait_for_job)


@pytest.fixture
def smtp():
    with ChoosyServer() as smtp:
        yield smtp


@pytest.fixture
def server(make_server, smtp):
    """Not started: the test needs only its database and settings."""
    server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
    db_clock.set_up(server.sql, server.database)
    return server


def warnings(runner, event):
    return [line["message"] for line in runner.log()
            if line["event"] == event]


def store_later(server, run_at, set_at):
    """A mail; the times are intervals from PostgreSQL's own clock."""
    server.sql("ALTER TABLE jobs DISABLE TRIGGER jobs_notify")
    server.sql("ALTER TABLE jobs ALTER run_at SET DEFAULT now() + interval "
               "'1 day'")
    [job_id] = add_jobs(server, [new_email()])
    server.sql("ALTER TABLE jobs ALTER run_at SET DEFAULT now()")
    server.sql("ALTER TABLE jobs ENABLE TRIGGER jobs_notify")
    return job_id, (run_at, set_at)


def start_and_look(server, start_runner):
    """A runner that has seen the database's clock: with its first look it
    mends a wait that began later than now."""
    job_id, _ = store_later(server, None, None)
    server.sql("UPDATE jobs SET run_at = now() + interval '2 days', "
               "set_at = now() + interval '1 day' WHERE id = %s", job_id)
    runner = start_runner(server)
    wait_for(lambda: server.sql("SELECT set_at <= now() FROM jobs WHERE id = "
                                "%s", job_id) == [(True,)])
    server.sql("DELETE FROM jobs WHERE id = %s", job_id)
    return runner


def set_back(server, waits):
    """An hour, at once for the jobs that have just been stored."""
    statement = ["UPDATE clock.ahead SET by = '-1 hour'"]
    params = []
    for job_id, times in waits:
        statement.append("UPDATE jobs SET run_at = pg_catalog.now() + "
                         "%s::interval, set_at = pg_catalog.now() + "
                         "%s::interval WHERE id = %s")
        params += [*times, job_id]
    server.sql("; ".join(statement), *params)


def test_leases_and_waits_when_the_clock_is_set_back(server, smtp,
                                                     start_runner):
    """The lease of a runner that is stopped and of one that is killed, in the
    middle of a mail, and then the database's clock is set back by an hour: the
    jobs are another runner's as soon as ever, and so are those that wait. The
    stopped one has lost its jobs when it wakes up: it neither sends another
    mail nor marks a job as done."""
    go = threading.Event()
    asked, told, dead = emails = [new_email() for _ in range(3)]
    smtp.of[asked] = {"data": [go]}     # before the message is sent
    smtp.of[told] = {"body": [go]}      # after
    smtp.of[dead] = {"rcpt": [go]}
    stopped = start_runner(server)
    ids = add_jobs(server, emails[:2])
    smtp.wait_for_held(asked, told)
    stopped.pause()
    began = time.monotonic()
    killed = start_runner(server)
    ids += add_jobs(server, emails[2:])
    smtp.wait_for_held(dead)
    killed.kill()
    other = start_and_look(server, start_runner)
    [first] = add_jobs(server, [new_email()])
    wait_for_job(server, first, status="done")
    # At once, after a pause, and at a time that is in an hour now.
    waits = [store_later(server, *times) for times in (
        ("0", "0"), ("2 seconds", "0"), ("0", None))]
    set_back(server, waits)
    for job_id, _ in waits[:2]:
        wait_for_job(server, job_id, 3 * POLL + 5, status="done")
    for job_id in ids:
        wait_for_job(server, job_id, LEASE + 2 * POLL + 10, status="done",
                     attempts=2)
    took = time.monotonic() - began
    before = [read_job(server, job_id) for job_id in ids]
    go.set()
    stopped.resume()
    for job_id in ids[:2]:
        wait_for(lambda: any(job_id in line and "does not count" in line
                             for line in warnings(stopped, "lease")))
    assert [read_job(server, job_id) for job_id in ids] == before
    assert len(smtp.mails_to(asked)) == len(smtp.mails_to(dead)) == 1
    assert len(smtp.mails_to(told)) == 2
    assert len({m.data for m in smtp.mails_to(told)}) == 1
    assert took > LEASE - 6
    for job_id in ids:
        [line] = [line for line in warnings(other, "lease") if job_id in line]
        assert "is put back: its runner has not renewed the lease" in line
    [line] = [line for line in warnings(other, "jobs") if "set back" in line]
    assert re.search("was set back by about 3(59[0-9]|600) seconds: ", line)
    # It works as before. What was stored for a time still waits.
    other.terminate()
    [job_id] = add_jobs(server, [new_email()])
    server.sql("UPDATE jobs SET run_at = now() - interval '1 hour' WHERE id = "
               "%s", job_id)
    wait_for_job(server, job_id, status="done", attempts=1)
    assert read_job(server, waits[2][0])["status"] == "queued"
    measured.append("jobs of a runner that stopped or died, with the clock set "
                    "back: finished %.1f s later by another (a lease is %d s)"
                    % (took, LEASE))


def test_a_clock_that_is_set_forward_takes_no_job_away(server, smtp,
                                                       start_runner):
    """All leases are over by it, until they are renewed."""
    go = threading.Event()
    email = new_email()
    smtp.of[email] = {"body": [go]}
    start_runner(server)
    [job_id] = add_jobs(server, [email])
    smtp.wait_for_held(email)
    other = start_runner(server)
    db_clock.jump(server, "1 hour")
    server.sql("NOTIFY keel_jobs")
    # The renewal, and a later job, which both runners have looked for.
    wait_for(lambda: server.sql("SELECT run_at > pg_catalog.now() + interval "
                                "'1 hour' FROM jobs WHERE id = %s",
                                job_id) == [(True,)])
    others = add_jobs(server, [new_email() for _ in range(9)])
    for each in others:
        wait_for_job(server, each, status="done")
    assert read_job(server, job_id)["attempts"] == 1
    go.set()
    wait_for_job(server, job_id, status="done", attempts=1)
    assert len(smtp.mails_to(email)) == 1
    assert warnings(other, "lease") == []
