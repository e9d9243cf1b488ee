# SPDX-License-Identifier: ISC
"""A host that only runs jobs needs none of the server's settings: no
certificate, no key that signs tokens, no port."""

import pytest

from helpers import new_email, register
from mailbox import Mailbox
from runner import add_jobs, read_job, wait_for_job

FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
SERVING = ["SECRET_KEY", "TLS_CERT", "TLS_KEY", "PORT", "WORKERS"]
NONE = {"KEEL_" + name: None for name in SERVING}


def link_of(server, runner, user):
    """Asks for a link to a new password; the token in the runner's mail."""
    with server.client() as client:
        answer = client.post(FORGOT, json={"email": user["email"]})
        assert answer.status_code == 202, answer.text
        return Mailbox(server, runner).token(user["email"])


def test_a_runner_without_a_key_sends_links_that_work(start_server,
                                                      start_runner):
    server = start_server()
    runner = start_runner(server, KEEL_PUBLIC_URL=server.url, **NONE)
    with server.client() as client:
        user, _ = register(client)
        token = link_of(server, runner, user)
        answer = client.post(RESET, json={"token": token,
                                          "new_password": "Rainy-day-43"})
        assert answer.status_code < 300, answer.text
        assert client.post("/api/v1/auth/login", json={
            "username": user["email"], "password": "Rainy-day-43"}
        ).status_code == 200


def test_two_runners_without_a_key_count_an_address_together(
        make_server, start_runner):
    """Five mails a day to one address, whichever runner sends them."""
    server = make_server()
    address = new_email()
    [job_id] = add_jobs(server, [address])
    user = read_job(server, job_id)["payload"]["id"]
    sent, boxes = 0, []
    for count in (3, 3):
        runner = start_runner(server, KEEL_RATE_LIMITS=None, **NONE)
        boxes.append(Mailbox(server, runner))
        for _ in range(count):
            wait_for_job(server, job_id, status="done")
            # The first runner may still begin the job that was stored last.
            sent += any(box.sent(job_id) is not None for box in boxes)
            [[job_id]] = server.sql(
                "INSERT INTO jobs (id, kind, payload) SELECT "
                "gen_random_uuid(), 'send_welcome_email', "
                "jsonb_build_object('id', %s::text) RETURNING id::text", user)
            server.sql("NOTIFY keel_jobs")
        runner.stop()
    assert sent == 5


@pytest.mark.parametrize("name,value", [
    ("KEEL_TLS_CERT", "/nonexistent"), ("KEEL_TLS_KEY", "/nonexistent"),
    ("KEEL_PUBLIC_URL", "http://api.example.org")])
def test_the_server_s_settings_are_not_checked(make_server, start_runner,
                                               name, value):
    """A settings file that both share may name files of another host."""
    start_runner(make_server(), **{name: value})


def test_what_is_given_is_checked(make_server):
    for name, value, problem in (
            ("KEEL_SECRET_KEY", "short", "KEEL_SECRET_KEY has 5 bytes"),
            ("KEEL_PORT", "x", "KEEL_PORT must be a number"),
            ("KEEL_SMTP_URL", "x", "KEEL_SMTP_URL"),
            ("KEEL_MAIL_FORM", "x", "KEEL_MAIL_FORM is not a setting")):
        server = make_server(**{name: value})
        done = server.command("jobs")
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
        assert problem in done.stderr


def test_check_config_of_a_host_of_jobs(make_server):
    server = make_server(**NONE, KEEL_JOBS_ADMIN_PORT="9")
    done = server.command("check-config")
    assert done.returncode == 1
    assert "KEEL_SECRET_KEY is not set" in done.stderr
    done = server.command("check-config", "--jobs")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the configuration is good" in done.stdout
    assert "KEEL_JOBS_ADMIN_PORT         9" in done.stdout
    server.settings["KEEL_DATABASE_POOL"] = "0"
    done = server.command("check-config", "--jobs")
    assert done.returncode == 1
    assert "KEEL_DATABASE_POOL must be" in done.stderr
