# SPDX-License-Identifier: ISC
"""Mail servers that refuse, fail temporarily or permanently, or are impostors;
and the outcome of the jobs. (One that hangs: test_jobs_runners.py.)"""

import subprocess
import time

import pytest

from helpers import new_email
from runner import add_jobs, run_now, wait_for_failure, wait_for_job
from server import confidential
from smtp_sink import CLOSE, RealServer, ScriptedServer


def pause_of(server, job_id):
    """The seconds from the failure to the next attempt."""
    return float(server.sql("SELECT extract(epoch FROM run_at - set_at) FROM "
                            "jobs WHERE id = %s", job_id)[0][0])


#
# One step of the SMTP session fails, once.
#

class Post:
    """A runner and its mail server, which each test scripts."""

    def __init__(self, server, smtp):
        self.server = server
        self.smtp = smtp

    def add(self):
        [job_id] = add_jobs(self.server, [new_email()])
        return job_id


@pytest.fixture(scope="module")
def post(start_module_server, start_module_runner):
    login = ("keel", "Pw-" + "secret" * 3)
    confidential.add(login[1])
    with ScriptedServer(login=login) as smtp:
        server = start_module_server(
            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        start_module_runner(server)
        yield Post(server, smtp)


@pytest.mark.parametrize("step, action", [
    ("greeting", "554 5.3.2 Not today"), ("greeting", "421 4.3.2 Later"),
    ("greeting", CLOSE), ("ehlo", "550 5.7.1 Not you"), ("ehlo", CLOSE),
    ("auth", "535 5.7.8 Wrong"), ("auth", "454 4.7.0 Later"),
    ("mail", "451 4.3.0 Later"), ("mail", CLOSE),
    ("rcpt", "450 4.2.0 Busy"), ("rcpt", "451 4.7.1 Greylisted"),
    ("data", "451 4.3.0 Later"), ("data", CLOSE),
    ("body", "451 4.3.0 Later"), ("body", "452 4.3.1 Full"), ("body", CLOSE)],
    ids=lambda value: "close" if value is CLOSE else value[:4].strip())
def test_a_temporary_failure_is_retried(post, step, action):
    post.smtp.close_all()
    post.smtp.script[step] = [action]
    job_id = post.add()
    row = wait_for_failure(post.server, job_id)
    assert row["attempts"] == 1
    if action is not CLOSE and step not in ("greeting", "ehlo", "auth"):
        assert action in row["error"]
    assert 5 <= pause_of(post.server, job_id) <= 10
    run_now(post.server, job_id)
    wait_for_job(post.server, job_id, status="done", attempts=2)


@pytest.mark.parametrize("step, reply", [
    ("rcpt", "550 5.1.1 No such user"), ("data", "554 No"),
    ("body", "554 5.6.0 Broken"), ("body", "552 5.3.4 Too big")],
    ids=lambda value: value[:4])
def test_a_permanent_failure_is_dead_at_once(post, step, reply):
    post.smtp.script[step] = [reply]
    job_id = post.add()
    row = wait_for_job(post.server, job_id, status="dead")
    assert row["attempts"] == 1 and row["finished_at"]
    assert reply in row["error"]
    wait_for_job(post.server, post.add(), status="done", attempts=1)


def test_a_refused_connection_is_retried(post):
    post.smtp.stop()
    try:
        job_id = post.add()
        row = wait_for_failure(post.server, job_id)
        assert "refused" in row["error"].lower() or \
            "connect" in row["error"].lower()
    finally:
        post.smtp.start()
    run_now(post.server, job_id)
    wait_for_job(post.server, job_id, status="done", attempts=2)


@pytest.mark.parametrize("done, least, most", [
    (1, 10, 20), (3, 40, 80), (8, 1280, 2560), (15, 1800, 3600)])
def test_the_backoff_doubles(post, done, least, most):
    post.smtp.stop()
    try:
        job_id = post.add()
        wait_for_failure(post.server, job_id)
        post.server.sql("UPDATE jobs SET attempts = %s, error = NULL WHERE "
                        "id = %s", done, job_id)
        run_now(post.server, job_id)
        row = wait_for_failure(post.server, job_id)
        assert row["attempts"] == done + 1
        assert least <= pause_of(post.server, job_id) <= most
        # Its next attempt would take what is scripted for another test.
        post.server.sql("DELETE FROM jobs WHERE id = %s", job_id)
    finally:
        post.smtp.start()


def test_the_last_attempt_is_the_last(post):
    post.smtp.script["rcpt"] = ["451 4.7.1 Greylisted"] * 2
    job_id = post.add()
    wait_for_failure(post.server, job_id)
    post.server.sql("UPDATE jobs SET attempts = 149 WHERE id = %s", job_id)
    run_now(post.server, job_id)
    row = wait_for_job(post.server, job_id, status="dead", attempts=150)
    assert "451 4.7.1 Greylisted" in row["error"]
    post.smtp.script["rcpt"] = []


#
# TLS and login.
#

LOGIN = ("keel@example.com", "Pw:1/@%40 ?#-" + "s3cret" * 3)
confidential.add(LOGIN[1])


def send_one(make_server, start_runner, smtp, **settings):
    """With its own runner; returns the server and the job's id."""
    server = make_server(KEEL_SMTP_URL=smtp.url, **settings)
    start_runner(server)
    [job_id] = add_jobs(server, [new_email()])
    return server, job_id


@pytest.mark.parametrize("kind", [ScriptedServer, RealServer])
@pytest.mark.parametrize("implicit", [False, True],
                         ids=["starttls", "smtps"])
def test_tls_and_login(make_server, start_runner, certificates, kind,
                       implicit):
    pair = certificates["ec"]
    with kind(certificate=pair, implicit=implicit, login=LOGIN) as smtp:
        server, job_id = send_one(make_server, start_runner, smtp,
                                  KEEL_SMTP_CA=pair[0])
        wait_for_job(server, job_id, status="done", attempts=1)
        [message] = smtp.messages
    assert message.tls and message.login == LOGIN[0]


def make_foreign_certificate(folder):
    """A self-signed certificate for another host."""
    pair = (str(folder / "other.pem"), str(folder / "other.key"))
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=mail.invalid",
         "-addext", "subjectAltName=DNS:mail.invalid,IP:127.0.0.2",
         "-out", pair[0], "-keyout", pair[1]], check=True,
        stdin=subprocess.DEVNULL, capture_output=True)
    return pair


@pytest.mark.parametrize("implicit", [False, True],
                         ids=["starttls", "smtps"])
@pytest.mark.parametrize("what", ["unknown", "name"])
def test_another_hosts_certificate_is_refused(make_server, start_runner,
                                              certificates, tmp_path, what,
                                              implicit):
    """And the server gets no data."""
    pair = authority = certificates["ec"]
    if what == "unknown":
        authority = certificates["rsa"]
    else:
        pair = authority = make_foreign_certificate(tmp_path)
    with ScriptedServer(certificate=pair, implicit=implicit,
                        login=LOGIN) as smtp:
        server, job_id = send_one(make_server, start_runner, smtp,
                                  KEEL_SMTP_CA=authority[0])
        row = wait_for_failure(server, job_id)
        assert "certificate" in row["error"].lower() or \
            "ssl" in row["error"].lower()
        assert row["attempts"] == 1
        assert smtp.messages == []
        assert {line.split()[0] for line in smtp.commands} <= {
            "EHLO", "STARTTLS", "QUIT"}


@pytest.mark.parametrize("login", [None, LOGIN], ids=["nobody", "login"])
def test_a_server_without_tls_gets_no_data(make_server, start_runner, login):
    with ScriptedServer(login=login) as smtp:
        server, job_id = send_one(make_server, start_runner, smtp)
        row = wait_for_failure(server, job_id)
        assert row["attempts"] == 1
        assert smtp.messages == []
        assert {line.split()[0] for line in smtp.commands} <= {
            "EHLO", "STARTTLS", "QUIT"}


def test_a_wrong_smtp_password_is_retried(make_server, start_runner):
    with ScriptedServer(login=("keel", "another")) as smtp:
        url = smtp.url.replace("another", "Wrong-passw0rd")
        confidential.add("Wrong-passw0rd")
        server = make_server(KEEL_SMTP_URL=url, KEEL_SMTP_TLS="off")
        start_runner(server)
        [job_id] = add_jobs(server, [new_email()])
        row = wait_for_failure(server, job_id)
        assert smtp.messages == []
        assert "Wrong-passw0rd" not in str(row)
        smtp.login = ("keel", "Wrong-passw0rd")
        run_now(server, job_id)
        wait_for_job(server, job_id, status="done", attempts=2)


class SlowServer(ScriptedServer):
    """Delays its greeting."""
    pause = 0

    def action(self, step):
        if step == "greeting":
            time.sleep(self.pause)
        return super().action(step)


def test_an_idle_connection_that_has_ended(make_server, start_runner):
    """The mail goes over a new connection, even a slow one, in the same
    attempt."""
    with SlowServer() as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        start_runner(server)
        for job_id in add_jobs(server, [new_email()]):
            wait_for_job(server, job_id, status="done", attempts=1)
        smtp.pause = 4
        smtp.script["mail"] = [CLOSE]
        for job_id in add_jobs(server, [new_email()]):
            wait_for_job(server, job_id, status="done", attempts=1)
        assert len(smtp.messages) == smtp.connections == 2


#
# A feature that the server lacks. Nothing may be sent then.
#

def test_a_server_that_offers_no_login(make_server, start_runner):
    with ScriptedServer() as smtp:
        server = make_server(
            KEEL_SMTP_URL=smtp.url.replace("//", "//keel:Pw-unheard@"),
            KEEL_SMTP_TLS="off")
        start_runner(server)
        [job_id] = add_jobs(server, [new_email()])
        row = wait_for_failure(server, job_id)
        assert "no way to sign in" in row["error"]
        assert smtp.messages == []


def test_a_new_connection_logs_in_again(make_server, start_runner):
    """It must not rely on the EHLO reply of the last connection."""
    login = ("keel", "Pw-forgotten")
    confidential.add(login[1])
    with ScriptedServer(login=login) as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        start_runner(server)
        [job_id] = add_jobs(server, [new_email()])
        wait_for_job(server, job_id, status="done", attempts=1)
        smtp.login = None
        smtp.script["mail"] = [CLOSE]
        [job_id] = add_jobs(server, [new_email()])
        row = wait_for_failure(server, job_id)
        assert "no way to sign in" in row["error"]
        assert len(smtp.messages) == 1


def test_a_server_without_smtputf8(make_server, start_runner):
    with ScriptedServer(extensions=("8BITMIME",)) as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        start_runner(server)
        ids = add_jobs(server, ["jürgen@example.com", "juergen@bücher.example",
                                new_email()])
        row = wait_for_job(server, ids[0], status="dead", attempts=1)
        assert "SMTPUTF8" in row["error"]
        for job_id in ids[1:]:
            wait_for_job(server, job_id, status="done", attempts=1)
        assert sorted(m.recipients[0].partition("@")[2]
                      for m in smtp.messages) == [
                          "example.com", "xn--bcher-kva.example"]


def test_a_server_with_smtputf8(make_server, start_runner):
    with ScriptedServer() as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        start_runner(server)
        ids = add_jobs(server, [new_email(), "jürgen@example.com",
                                "用户@例子.example"])
        for job_id in ids:
            wait_for_job(server, job_id, status="done", attempts=1)
        assert {m.recipients[0]: m.options for m in smtp.messages
                if not m.recipients[0].isascii()} == {
                    "jürgen@example.com": ["SMTPUTF8"],
                    "用户@例子.example": ["SMTPUTF8"]}
