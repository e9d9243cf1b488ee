# SPDX-License-Identifier: ISC
"""The runner's own port: its health and metrics. And /readyz of the server,
which warns when there is no runner."""

import contextlib
import os
import threading

import httpx
import pytest

from cluster import free_port
from helpers import new_email
from runner import (KIND, add_job, add_jobs, run_now, wait_for,
                    wait_for_job)
from smtp_sink import HANG, ScriptedServer

WARNING = ("No job runner was seen for a minute: background work waits until "
           "./keel jobs runs")
AGES = "INSERT INTO job_runners (id, host, pid, seen_at) VALUES " \
    "(gen_random_uuid(), 'other', 1, now() - %s * interval '1 second')"


def start(start_runner, server, **settings):
    """A runner with a port, and what asks there."""
    port = free_port()
    runner = start_runner(server, KEEL_JOBS_ADMIN_PORT=str(port), **settings)
    runner.admin_url = "http://127.0.0.1:%d" % port
    return runner


def ask(runner, path, method="GET"):
    return httpx.request(method, runner.admin_url + path, timeout=10,
                         trust_env=False, verify=False)


def attempts(runner, outcome, kind=KIND):
    return runner.metrics().get(
        'keel_job_attempts_total{kind="%s",outcome="%s"}' % (kind, outcome))


def test_it_counts_jobs_and_attempts(make_server, start_runner):
    server = make_server()
    for age in (300, 90000):
        server.sql(AGES, age)
    jobs = add_jobs(server, [new_email() for _ in range(3)])
    bad = add_job(server, {"id": "no id"})
    runner = start(start_runner, server)
    for job_id in jobs:
        wait_for_job(server, job_id, status="done")
    wait_for_job(server, bad, status="dead")
    waiting = add_job(server, {}, kind="of_another_version")
    server.sql("UPDATE jobs SET run_at = now() - interval '1 hour' "
               "WHERE id = %s", waiting)
    server.sql(AGES, 0)
    wait_for(lambda: runner.metrics().get('keel_jobs{status="queued"}') == 1
             and runner.metrics().get("keel_job_runners") == 2)
    values = runner.metrics()
    assert values["keel_jobs_counted"] == 1
    assert values['keel_jobs{status="dead"}'] == 1
    assert 3600 <= values["keel_jobs_oldest_seconds"] < 3700
    # This one and the youngest; the oldest is gone.
    assert server.sql("SELECT count(*) FROM job_runners") == [(3,)]
    assert attempts(runner, "done") == 3
    assert attempts(runner, "dead") == 1
    name = 'keel_job_attempt_seconds_%s{kind="' + KIND + '"%s}'
    assert values[name % ("count", "")] == 4
    assert values[name % ("bucket", ',le="+Inf"')] == 4
    assert 0 < values[name % ("sum", "")] < 60


def test_a_runner_that_ends(make_server, start_runner):
    with ScriptedServer(mail=["451 4.3.0 Later"], body=HANG) as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        runner = start(start_runner, server)
        [job_id] = add_jobs(server, [new_email()])
        wait_for(lambda: attempts(runner, "failed") == 1)
        run_now(server, job_id)
        smtp.wait_for(lambda: smtp.active == 1)
        assert attempts(runner, "done") == 0
        assert ask(runner, "/readyz").json() == {"status": "ready"}
        end = threading.Thread(target=runner.terminate)
        end.start()
        wait_for(lambda: ask(runner, "/readyz").status_code == 503)
        smtp.close_all()
        end.join()


def test_health(make_server, start_runner):
    server = make_server()
    runner = start(start_runner, server)
    for path, body in (("/healthz", {"status": "ok"}),
                       ("/readyz", {"status": "ready"})):
        answer = ask(runner, path)
        assert (answer.status_code, answer.json()) == (200, body)
        assert ask(runner, path, "POST").status_code == 405
    assert ask(runner, "/api/v1/users/me").status_code == 404
    assert runner.metrics()["keel_jobs_oldest_seconds"] == 0
    server.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS false" %
                       server.database)
    server.cluster.sql("SELECT pg_terminate_backend(pid) FROM "
                       "pg_stat_activity WHERE datname = %s", server.database)
    wait_for(lambda: ask(runner, "/readyz").status_code == 503)
    assert ask(runner, "/healthz").status_code == 200
    wait_for(lambda: runner.metrics()["keel_jobs_counted"] == 0)
    assert "keel_jobs_oldest_seconds" not in runner.metrics()
    server.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS true" %
                       server.database)
    wait_for(lambda: ask(runner, "/readyz").status_code == 200)
    wait_for(lambda: runner.metrics()["keel_jobs_counted"] == 1)


def test_a_runner_without_a_port_listens_nowhere(make_server, start_runner):
    server = make_server()
    runner = start_runner(server)
    inodes = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name) as f:
            inodes |= {line.split()[9] for line in f if
                       line.split()[3] == "0A"}
    for pid in runner.processes():
        for fd in os.listdir("/proc/%d/fd" % pid):
            with contextlib.suppress(FileNotFoundError):    # closed by now
                target = os.readlink("/proc/%d/fd/%s" % (pid, fd))
                assert target[len("socket:["):-1] not in inodes, target


@pytest.mark.parametrize("name", ["KEEL_PORT", "KEEL_ADMIN_PORT"])
def test_the_ports_differ(make_server, name):
    server = make_server()
    server.settings["KEEL_JOBS_ADMIN_PORT"] = server.settings[name]
    for command in ("serve", "jobs", "check-config"):
        done = server.command(command)
        assert done.returncode == 1
        assert done.stderr == "keel: KEEL_JOBS_ADMIN_PORT and %s are both " \
            "%s\n" % (name, server.settings[name])


def test_a_port_that_is_taken(make_server, start_runner):
    server = make_server()
    first = start(start_runner, server)
    port = first.settings["KEEL_JOBS_ADMIN_PORT"]
    server.settings["KEEL_JOBS_ADMIN_PORT"] = port
    done = server.command("jobs")
    assert done.returncode == 1
    assert done.stderr == "keel: cannot listen on 127.0.0.1 port %s: " \
        "Address already in use: set KEEL_JOBS_ADMIN_PORT to another one\n" \
        % port


def test_readyz_warns_without_a_runner(start_server, start_runner):
    server = start_server()
    server.sql(AGES, 61)
    with server.client() as client:
        for _ in range(2):
            answer = client.get("/readyz")
            assert answer.status_code == 200
            assert answer.json() == {"status": "ready", "warning": WARNING}
        [*lines] = [e for e in server.log() if e.get("message") == WARNING]
        assert 1 <= len(lines) <= 2     # one of each worker
        assert {line["level"] for line in lines} == {"warning"}
        start_runner(server)
        wait_for(lambda: client.get("/readyz").json() == {"status": "ready"})


def test_a_new_server_does_not_warn_at_once(start_server):
    server = start_server()
    with server.client() as client:
        assert client.get("/readyz").json() == {"status": "ready"}
