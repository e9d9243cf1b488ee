# SPDX-License-Identifier: ISC
"""Several runners: one job, one runner. Runners that are stopped, killed or
told to end, and their jobs."""

import collections
import os
import re
import statistics
import threading
import time

import psycopg2
import pytest

from choosy import ChoosyServer
from cluster import Cluster
from helpers import (bearer, measured, new_email, new_user, register,
                     sign_in)
from runner import (KIND, LEASE, POLL, add_job, add_jobs, count_jobs, read_job,
                    wait_for, wait_for_job, wait_for_no_work)
from server import Server
from servers import finish
from sizes import size
from smtp_sink import HANG, RealServer

NOBODY = "0190a8f0-0000-7000-8000-000000000000"
MANY = size(2000, 10000)
HANGING = 10
GOOD = 100
ATTEMPT = 60    # seconds, of which it waits for a mail server
SLOW = 30       # seconds; leases end before
ANSWER = 5


@pytest.fixture
def smtp():
    with ChoosyServer() as smtp:
        yield smtp


@pytest.fixture
def server(make_server, smtp):
    """Not started: the test needs only its database and settings."""
    return make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")


@pytest.fixture
def calm(start_runner, server):
    """A runner that has finished its scheduled jobs."""
    runner = start_runner(server)
    wait_for(lambda: count_jobs(server) and
             count_jobs(server) == count_jobs(server, status="done"))
    return runner


def new_emails(count):
    return [new_email() for _ in range(count)]


#
# A mail server that hangs for some: the first and the last test of the file.
#

class Hung:
    """A server and a runner whose mail server hangs for some recipients."""

    def __init__(self, server, smtp):
        self.server = server
        self.smtp = smtp
        self.runner = None
        self.jobs = []      # those whose attempts time out
        self.slow = None    # the one that gets a late reply

    def ask(self):
        """The times of a read and a registration, in ms."""
        reads, writes = [], []
        with self.server.client() as client:
            user, _ = register(client)
            headers = bearer(sign_in(client, user))
            for i in range(60):
                began = time.monotonic()
                answer = client.get("/api/v1/users/me", headers=headers)
                reads.append((time.monotonic() - began) * 1e3)
                assert answer.status_code == 200
                if i % 4 == 0:
                    began = time.monotonic()
                    answer = client.post("/api/v1/users", json=new_user())
                    writes.append((time.monotonic() - began) * 1e3)
                    assert answer.status_code == 201
        return reads, writes


@pytest.fixture(scope="module")
def hung(start_module_server, start_module_runner):
    with ChoosyServer() as smtp:
        server = start_module_server(
            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        hung = Hung(server, smtp)
        hung.start_runner = lambda: start_module_runner(server)
        yield hung
        smtp.close_all()


def test_a_hanging_mail_server_delays_no_others(hung):
    calm = hung.ask()
    hung.server.sql("DELETE FROM jobs")
    emails = [new_email("hang") for _ in range(HANGING)]
    steps = ["rcpt", "data", "body"]
    for i, email in enumerate(emails):
        hung.smtp.of[email] = {steps[i % 3]: [HANG]}
    hung.runner = hung.start_runner()
    answer = threading.Event()
    hung.smtp.of[emails[0]] = {"body": [answer]}
    hung.slow, *hung.jobs = add_jobs(hung.server, emails)
    hung.smtp.wait_for(lambda: hung.smtp.active == HANGING)
    threading.Timer(SLOW, answer.set).start()
    busy = hung.ask()
    began = time.monotonic()
    add_jobs(hung.server, new_emails(GOOD))
    sent = 1 + len(busy[1]) + GOOD
    hung.smtp.wait(sent)
    late = time.monotonic() - began
    wait_for(lambda: count_jobs(hung.server, kind=KIND, status="done") == sent)
    assert count_jobs(hung.server, kind=KIND, status="running") == HANGING
    assert hung.smtp.active == HANGING
    for name, before, meanwhile in zip(("GET /users/me", "POST /users"), calm,
                                       busy):
        measured.append(
            "%s: median %.1f ms, worst %.0f ms; while %d mails hang %.1f ms, "
            "%.0f ms" % (name, statistics.median(before), max(before), HANGING,
                         statistics.median(meanwhile), max(meanwhile)))
    measured.append("%d good mails while %d hang: %.2f s" % (
        GOOD, HANGING, late))
    assert max(map(max, calm + busy)) < ANSWER * 1e3
    assert late < 5


#
# Runners that are stopped, killed or told to end.
#

def test_two_runners_do_each_of_many_jobs_once(make_server, start_runner):
    with RealServer() as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        ids = add_jobs(server, new_emails(MANY))
        began = time.monotonic()
        runners = [start_runner(server), start_runner(server)]
        wait_for_no_work(server, 120)
        took = time.monotonic() - began
    assert server.sql(
        "SELECT status, attempts, error, runner, count(*) FROM jobs WHERE "
        "kind = %s GROUP BY 1, 2, 3, 4", KIND) == [
            ("done", 1, None, None, MANY)]
    sent = collections.Counter(
        re.search(rb"(?mi)^Message-ID: *<([^@]+)@", m.data)[1].decode()
        for m in smtp.messages)
    assert sent == dict.fromkeys(ids, 1)
    shares = [len(runner.events()) for runner in runners]
    assert min(shares) > MANY / 20
    measured.append("%d jobs by two runners (%d + %d with what is scheduled): "
                    "%.0f s, %.0f/s" % (MANY, *shares, took, MANY / took))


def test_a_lease_expires(server, smtp, start_runner):
    """The lease of a runner that is stopped and of one that is killed, in the
    middle of a mail. The stopped one has lost its jobs when it wakes up: it
    neither sends another mail nor marks a job as done."""
    go = threading.Event()
    asked, told, dead = emails = new_emails(3)
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
    other = start_runner(server)
    for job_id in ids:
        wait_for_job(server, job_id, LEASE + POLL + 10, status="done",
                     attempts=2)
    took = time.monotonic() - began
    before = [read_job(server, job_id) for job_id in ids]
    go.set()
    time.sleep(0.5)
    stopped.resume()
    for job_id in ids[:2]:
        wait_for(lambda: any(event["event"] == "lease" and job_id in str(event)
                             for event in stopped.log()))
    time.sleep(1)
    assert [read_job(server, job_id) for job_id in ids] == before
    assert len(smtp.mails_to(asked)) == len(smtp.mails_to(dead)) == 1
    assert len(smtp.mails_to(told)) == 2
    assert len({m.data for m in smtp.mails_to(told)}) == 1
    assert took > LEASE - 6
    # It works as before.
    other.terminate()
    [job_id] = add_jobs(server, new_emails(1))
    wait_for_job(server, job_id, status="done", attempts=1)
    measured.append("jobs of a runner that stopped or died: finished %.1f s "
                    "later by another (a lease is %d s)" % (took, LEASE))


def scheduled(server):
    return dict(server.sql("SELECT kind, count(*) FROM jobs WHERE kind IN "
                           "(SELECT kind FROM job_schedules) GROUP BY 1"))


def test_what_is_scheduled_is_run_once(server, start_runner):
    rounds = server.sql("SELECT kind, round FROM job_schedules")
    assert rounds == []
    runners = [start_runner(server) for _ in range(2)]
    wait_for(lambda: {"purge_jobs", "purge_sessions"} <= set(
        scheduled(server)))
    runners.append(start_runner(server))
    wait_for(lambda: count_jobs(server) == count_jobs(server, status="done"))
    time.sleep(POLL + 0.5)
    assert set(scheduled(server).values()) == {1}
    done = [event["job"] for runner in runners for event in runner.events()]
    assert len(done) == len(set(done)) == len(scheduled(server))


def test_a_round_after_a_wrong_clock(make_server, start_runner):
    server = make_server()
    server.sql("INSERT INTO job_schedules (kind, round) VALUES ('purge_jobs', "
               "now() + interval '1 year')")
    start_runner(server)
    wait_for(lambda: count_jobs(server, kind="purge_jobs", status="done"))


def test_purges(server, start_runner):
    """Deletes old jobs that are done, and sessions that have ended."""
    emails = new_emails(4)
    server.sql("ALTER TABLE jobs DISABLE TRIGGER jobs_notify")
    old, new, dead, queued = add_jobs(server, emails)
    for job_id, status, days in ((old, "done", 8), (new, "done", 6),
                                 (dead, "dead", 99)):
        server.sql("UPDATE jobs SET status = %s, finished_at = now() - %s * "
                   "interval '1 day' WHERE id = %s", status, days, job_id)
    server.sql("UPDATE jobs SET run_at = now() + interval '1 day' WHERE "
               "id = %s", queued)
    start_runner(server)
    wait_for(lambda: read_job(server, old) is None)
    assert all(read_job(server, job_id) for job_id in (new, dead, queued))


def test_sigterm_drains(server, smtp, calm, start_runner):
    """Attempts finish; those that cannot are released, uncounted; no new ones
    start."""
    soon, never, late = emails = new_emails(3)
    go = threading.Event()
    smtp.of[soon] = {"body": go}
    smtp.of[never] = {"body": [HANG]}
    ids = add_jobs(server, emails[:2])
    smtp.wait_for_held(soon)
    wait_for(lambda: smtp.active == 2)
    threading.Timer(1.5, go.set).start()
    took = []
    ending = threading.Thread(target=lambda: took.append(calm.terminate()))
    ending.start()
    time.sleep(0.7)
    ids += add_jobs(server, [late])
    ending.join()
    rows = [read_job(server, job_id) for job_id in ids]
    assert [row["status"] for row in rows] == ["done", "queued", "queued"]
    assert [row["attempts"] for row in rows] == [1, 0, 0]
    assert [row["runner"] for row in rows] == [None] * 3
    assert not rows[1]["later"]
    assert 1.4 < took[0] < 12
    start_runner(server)
    for job_id in ids:
        wait_for_job(server, job_id, status="done", attempts=1)
    assert len(smtp.messages) == 3
    measured.append("SIGTERM while a mail server hangs: ended after %.1f s" %
                    took[0])


def test_sigterm_ends_an_idle_runner_at_once(calm):
    assert calm.terminate() < 3


def delays(server, smtp, count):
    """The seconds from each job's commit to its mail."""
    found = []
    for _ in range(count):
        [email] = new_emails(1)
        add_jobs(server, [email])
        began = time.monotonic()
        wait_for(lambda: smtp.mails_to(email), pause=0.005)
        found.append(time.monotonic() - began)
    return found


def test_a_commit_wakes_the_runner(server, smtp, calm):
    woken = delays(server, smtp, 9)
    server.sql("ALTER TABLE jobs DISABLE TRIGGER jobs_notify")
    polled = delays(server, smtp, 3)
    measured.append("from a job's commit to its mail: median %.0f ms, worst "
                    "%.0f ms; by polling alone %.1f s at worst" % (
                        statistics.median(woken) * 1e3, max(woken) * 1e3,
                        max(polled)))
    assert statistics.median(woken) < 1
    assert max(polled) < POLL + 2


def test_jobs_of_unknown_kinds_are_not_claimed(server, calm):
    """The kind may belong to another version's runner."""
    unknown = add_job(server, {}, "no_such_kind")
    [good] = add_jobs(server, new_emails(1))
    wait_for_job(server, good, status="done")
    time.sleep(POLL + 0.2)
    row = read_job(server, unknown)
    assert row["status"] == "queued" and row["attempts"] == 0


@pytest.fixture(scope="module")
def tolerant(start_module_server, start_module_runner):
    """Its mails become files."""
    server = start_module_server()
    server.runner = start_module_runner(server)
    return server


@pytest.mark.parametrize("payload", [
    {}, {"id": "x"}, {"id": None}, {"id": 7}, [], ["id"], "id", 7, None, True,
    {"id": {"id": NOBODY}}], ids=str)
def test_an_invalid_payload_is_dead_at_once(tolerant, payload):
    bad = add_job(tolerant, payload)
    row = wait_for_job(tolerant, bad, status="dead")
    assert row["attempts"] == 1 and row["error"] and row["finished_at"]
    [good] = add_jobs(tolerant, new_emails(1))
    wait_for_job(tolerant, good, status="done")


def test_the_log_names_the_request(tolerant):
    with tolerant.client() as client:
        answer = client.post("/api/v1/users", json=new_user())
    [(job_id,)] = tolerant.sql("SELECT id::text FROM jobs WHERE payload ->> "
                               "'id' = %s", answer.json()["id"])
    [event] = wait_for(lambda: tolerant.runner.events(job_id))
    assert event["request_id"] == answer.headers["x-request-id"]
    assert event["kind"] == KIND and event["status"] == "done"
    assert event["attempt"] == 1 and event["level"] == "info"


def test_a_deleted_user_gets_no_mail(server, smtp, calm):
    job_id = add_job(server, {"id": NOBODY})
    wait_for_job(server, job_id, status="done", attempts=1, error=None)
    assert smtp.connections == 0


def test_of_two_unique_jobs_one_is_stored(server, start_runner):
    """Another job may be stored when the first one is done."""
    [job_id] = add_jobs(server, new_emails(1))
    again = ("INSERT INTO jobs (id, kind, payload, unique_key) SELECT "
             "gen_random_uuid(), kind, payload, unique_key FROM jobs "
             "WHERE id = %s")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        server.sql(again, job_id)
    start_runner(server)
    wait_for_job(server, job_id, status="done")
    server.sql(again, job_id)
    wait_for_no_work(server)
    assert count_jobs(server, kind=KIND, status="done") == 2


def test_postgresql_restarts_under_a_runner(certificates, start_runner):
    """It reconnects. It stores the outcome of mails sent meanwhile, and does
    not send them again."""
    cluster = Cluster(durable=True)
    go = threading.Event()
    with ChoosyServer() as smtp:
        try:
            cluster.start()
            server = Server(cluster, cluster.database(), certificates["ec"],
                            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
            assert server.command("migrate").returncode == 0
            runner = start_runner(server)
            before, meanwhile, after = new_emails(3)
            smtp.of[meanwhile] = {"body": [go]}
            ids = add_jobs(server, [before, meanwhile])
            wait_for_job(server, ids[0], status="done")
            smtp.wait_for_held(meanwhile)
            cluster.halt()
            go.set()
            smtp.wait(2)
            time.sleep(1)
            cluster.run()
            began = time.monotonic()
            wait_for_job(server, ids[1], status="done", attempts=1)
            ids += add_jobs(server, [after])
            wait_for_job(server, ids[2], status="done", attempts=1)
            took = time.monotonic() - began
            assert len(smtp.wait(3)) == 3
            runner.stop()
        finally:
            if cluster.process.poll() is not None:
                cluster.run()
            finish([server])
            cluster.stop()
    measured.append("a runner after a restart of PostgreSQL: at work again "
                    "within %.1f s" % took)
    assert took < 10


def test_attempts_at_a_hanging_server_end(hung):
    """The attempts that the first test started. The slow one succeeds: its
    lease is renewed meanwhile."""
    def all_done():
        """Skips the backoff."""
        hung.server.sql("UPDATE jobs SET run_at = now() WHERE status = "
                        "'queued' AND attempts = 1")
        return count_jobs(hung.server) == count_jobs(
            hung.server, status="done")

    wait_for(all_done, ATTEMPT + 20)
    assert read_job(hung.server, hung.slow)["attempts"] == 1
    assert {read_job(hung.server, job_id)["attempts"]
            for job_id in hung.jobs} == {2}
    failed = [event for job_id in hung.jobs
              for event in hung.runner.events(job_id)
              if event["attempt"] == 1]
    assert len(failed) == len(hung.jobs)
    assert all(event["status"] == "queued" and event["error"] and
               event["again_in"] <= 10 for event in failed)
    took = max(event["ms"] for event in failed) / 1e3
    measured.append("attempts at a mail server that hangs: ended after %.0f s" %
                    took)
    assert ATTEMPT - 5 < took < ATTEMPT + 5
    # No thread still waits for the mail server.
    [pid] = hung.runner.processes()
    wait_for(lambda: len(os.listdir("/proc/%d/task" % pid)) == 1)
