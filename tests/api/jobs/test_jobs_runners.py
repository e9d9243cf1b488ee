# SPDX-License-Identifier: ISC
"""Several runners: one job, one runner. Runners that are stopped, killed or
told to end, and their jobs."""

import collections
import functools
import os
import re
import statistics
import threading
import time

import httpx
import psycopg2
import pytest

import db_clock
from choosy import ChoosyServer
from cluster import Cluster, free_port
from helpers import (bearer, measured, new_email, new_user, register,
                     sign_in)
from runner import (KIND, POLL, add_job, add_jobs, count_jobs, read_job,
                    wait_for, wait_for_job, wait_for_no_work)
from server import Server
from servers import finish
from sizes import size
from smtp_sink import HANG, RealServer

NOBODY = "0190a8f0-0000-7000-8000-000000000000"
MANY = size(2000, 10000)
HANGING = 10
GOOD = 100
TIMEOUT = 60    # seconds; of an attempt at a mail
HANG_SECONDS = 72
SLOW = 65       # seconds; leases, and the attempt's timeout, end before
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
    """A runner that has finished its scheduled jobs. It has a port."""
    port = free_port()
    runner = start_runner(server, KEEL_JOBS_ADMIN_PORT=str(port))
    runner.admin_url = "http://127.0.0.1:%d" % port
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
        self.first = None   # its address

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
            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off",
            KEEL_SMTP_REPLY_SECONDS="60", KEEL_SMTP_DATA_SECONDS="60",
            KEEL_SMTP_END_SECONDS=str(HANG_SECONDS))
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
    hung.first = emails[0]
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
    assert late < TIMEOUT / 4


#
# Runners that are stopped, killed or told to end.
#

def test_two_runners_do_each_of_many_jobs_once(make_server, start_runner):
    """A third of them is stored for later."""
    with RealServer() as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        ids = add_jobs(server, new_emails(MANY))
        # Both begin together: until then no runner knows their kind.
        server.sql("UPDATE jobs SET kind = 'later'")
        runners = [start_runner(server), start_runner(server)]
        began = time.monotonic()
        server.sql("UPDATE jobs SET kind = %s, run_at = CASE WHEN id::text = "
                   "ANY (%s) THEN now() + random() * interval '3 seconds' "
                   "ELSE run_at END WHERE kind = 'later'", KIND, ids[::3])
        server.sql("NOTIFY keel_jobs")
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


def scheduled(server):
    return dict(server.sql("SELECT kind, count(*) FROM jobs WHERE kind IN "
                           "(SELECT kind FROM job_schedules) GROUP BY 1"))


def test_what_is_scheduled_is_run_once(server, start_runner):
    """In the middle of an hour, so that no other round begins."""
    db_clock.set_up(server.sql, server.database)
    server.sql("UPDATE clock.ahead SET by = date_trunc('hour', pg_catalog."
               "now()) + interval '90 minutes' - pg_catalog.now()")
    rounds = server.sql("SELECT kind, round FROM job_schedules")
    assert rounds == []
    runners = [start_runner(server) for _ in range(2)]
    wait_for(lambda: {"purge_jobs", "purge_sessions"} <= set(
        scheduled(server)))
    runners.append(start_runner(server))
    time.sleep(POLL + 0.5)
    wait_for(lambda: count_jobs(server) == count_jobs(server, status="done"))
    assert set(scheduled(server).values()) == {1}
    wait_for(lambda: sum(len(runner.events()) for runner in runners) >=
             len(scheduled(server)))
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
    took = []
    ending = threading.Thread(target=lambda: took.append(calm.terminate()))
    ending.start()
    wait_for(lambda: httpx.get(
        calm.admin_url + "/readyz", trust_env=False,
        verify=False).status_code == 503)
    ids += add_jobs(server, [late])
    go.set()
    ending.join()
    rows = [read_job(server, job_id) for job_id in ids]
    assert [row["status"] for row in rows] == ["done", "queued", "queued"]
    assert [row["attempts"] for row in rows] == [1, 0, 0]
    assert [row["runner"] for row in rows] == [None] * 3
    assert not rows[1]["later"]
    assert 1.4 < took[0] < 18
    start_runner(server)
    for job_id in ids:
        wait_for_job(server, job_id, status="done", attempts=1)
    assert len(smtp.messages) == 3
    measured.append("SIGTERM while a mail server hangs: ended after %.1f s" %
                    took[0])


def test_sigterm_ends_an_idle_runner_at_once(calm):
    assert calm.terminate() < 7     # attempts may take 8 to end


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
    assert statistics.median(polled) < POLL + 2


def test_jobs_of_unknown_kinds_are_not_claimed(server, start_runner):
    """The kind may belong to another version's runner. After a week of
    warnings they are dead."""
    new, late, old = (add_job(server, {}, "no_such_kind") for _ in range(3))
    for job_id, age in ((late, "7 days -1 minute"), (old, "7 days 1 minute")):
        server.sql("UPDATE jobs SET run_at = now() - %s::interval WHERE "
                   "id = %s", age, job_id)
    runner = start_runner(server)
    row = wait_for_job(server, old, status="dead")
    assert row["attempts"] == 0 and row["finished_at"]
    assert row["error"] == "No runner knows jobs of this kind (7 days)"
    [good] = add_jobs(server, new_emails(1))
    wait_for_job(server, good, status="done")
    for job_id in new, late:
        row = read_job(server, job_id)
        assert row["status"] == "queued" and row["attempts"] == 0
    line, *more = [event["message"] for event in runner.log()
                   if event["event"] == "jobs" and event["level"] == "warning"]
    assert line.startswith("2 job(s) of the kind no_such_kind wait since 20")
    # If another hour has just begun.
    assert all(line.startswith("1 job(s) of the kind") for line in more)


@pytest.fixture(scope="module")
def tolerant(start_module_server, start_module_runner):
    """Its mails become files."""
    server = start_module_server()
    server.runner = start_module_runner(server)
    return server


DEEP = functools.reduce(lambda inner, _: [inner], range(40), [])

SHAPES = [
    # Another version's payload, and its job's status here and error.
    (KIND, {"id": NOBODY, "removed": 1}, "done", None),
    (KIND, {"id": NOBODY, "id2": {"a": [1]}}, "done", None),
    (KIND, {"user_id": NOBODY}, "dead", "body.id: Is required"),
    (KIND, {"id": 7}, "dead", "body.id: Must be a UUID"),
    (KIND, {"id": "7"}, "dead", "body.id: Must be a UUID"),
    (KIND, {"id": NOBODY, "a": DEEP}, "dead", "nests more than 32 levels"),
    ("send_device_notice", {"id": NOBODY}, "dead", "Is required"),
]


@pytest.mark.parametrize("kind, payload, status, error", SHAPES)
def test_a_payload_of_another_version(tolerant, kind, payload, status, error):
    """Members that this version does not know do no harm; what it needs and
    does not get ends the job at once, with a line."""
    job_id = add_job(tolerant, payload, kind)
    row = wait_for_job(tolerant, job_id, status=status, attempts=1)
    [event] = wait_for(lambda: tolerant.runner.events(job_id))
    assert event["status"] == status
    if error is None:
        assert row["error"] is None and event["level"] == "info"
    else:
        assert row["error"].startswith("Its payload does not fit this "
                                       "version: ")
        assert row["error"].endswith(error)
        assert event["level"] == "error" and event["error"] == row["error"]


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
    assert took < 20


def test_a_reply_after_65_seconds_and_none_at_all(hung):
    """The attempts that the first test started. The slow one succeeds, and the
    server gets that mail once: its timeout does not count while it waits, and
    its lease is renewed. Those that get no reply end."""
    def all_done():
        """Skips the backoff."""
        hung.server.sql("UPDATE jobs SET run_at = now() WHERE status = "
                        "'queued' AND attempts = 1")
        return count_jobs(hung.server) == count_jobs(
            hung.server, status="done")

    wait_for(all_done, HANG_SECONDS + 20)
    assert read_job(hung.server, hung.slow)["attempts"] == 1
    assert {read_job(hung.server, job_id)["attempts"]
            for job_id in hung.jobs} == {2}
    [event] = hung.runner.events(hung.slow)
    assert event["status"] == "done" and event["ms"] > TIMEOUT * 1e3
    assert len(hung.smtp.mails_to(hung.first)) == 1
    # No thread still waits for the mail server.
    [pid] = hung.runner.processes()
    wait_for(lambda: len(os.listdir("/proc/%d/task" % pid)) == 1)
