# SPDX-License-Identifier: ISC
"""The time-outs of RFC 5321, 4.5.3.2, shrunk by the settings; the places of
mails that wait. (A reply that takes longer than the job's own timeout:
test_jobs_runners.py.)"""

import contextlib
import socket
import threading

import pytest

from choosy import ChoosyServer
from cluster import free_port
from helpers import new_email
from runner import (KIND, add_job, add_jobs, count_jobs, read_job, run_now,
                    wait_for, wait_for_failure, wait_for_job)
from server import confidential
from smtp_sink import HANG, LATE, PIECES, ScriptedServer

TIMES = {"KEEL_SMTP_CONNECT_SECONDS": "2", "KEEL_SMTP_REPLY_SECONDS": "6",
         "KEEL_SMTP_DATA_SECONDS": "5", "KEEL_SMTP_BLOCK_SECONDS": "5",
         "KEEL_SMTP_END_SECONDS": "5"}
LOGIN = ("keel", "Pw-" + "waits" * 3)
confidential.add(LOGIN[1])


@pytest.fixture(scope="module")
def smtp():
    with ScriptedServer(login=LOGIN) as smtp:
        yield smtp


@pytest.fixture(scope="module")
def server(start_module_server, start_module_runner, smtp):
    server = start_module_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off",
                                 **TIMES)
    server.runner = start_module_runner(server)
    return server


def first_error(server, job_id):
    """That of its first attempt, whether the next one has begun or not."""
    return wait_for(lambda: [
        event["error"] for event in server.runner.events(job_id)
        if event["attempt"] == 1])[0]


def add(server):
    [job_id] = add_jobs(server, [new_email()])
    return job_id


ENDLESS = PIECES(0.4, [b"250-Wait\r\n"] * 60)


def test_every_phase_has_its_time(server, smtp):
    """At once: each new connection goes one step further."""
    smtp.script.update(
        greeting=[HANG, PIECES(0.4, [b"220-Wait\r\n"] * 60)], ehlo=[HANG],
        auth=[HANG], mail=[HANG], rcpt=[ENDLESS], data=[HANG], body=[HANG])
    ids = add_jobs(server, [new_email() for _ in range(8)])
    errors = [first_error(server, job_id) for job_id in ids]
    where = "127.0.0.1:%d: " % smtp.port
    assert sorted(errors) == sorted(where + text for text in [
        "no greeting within 6 seconds", "no greeting within 6 seconds",
        "no reply to EHLO within 6 seconds",
        "no reply to AUTH within 6 seconds",
        "no reply to MAIL within 6 seconds",
        "no reply to RCPT within 6 seconds",
        "no reply to DATA within 5 seconds",
        "no reply to the end of the message within 5 seconds; it may have "
        "taken the mail"])
    for job_id in ids:
        run_now(server, job_id)
        wait_for_job(server, job_id, status="done", attempts=2)
    # None at the first attempt; some of the next ones may have begun before.
    assert len(smtp.messages) == len(ids)


def test_a_slow_server_is_waited_for(server, smtp):
    """Each step takes longer than the connection may, and all of them together
    longer than any of them may."""
    smtp.close_all()
    smtp.script.update(
        greeting=[PIECES(0.8, [b"220-", b"Slow\r\n220", b" Hi\r\n"])],
        auth=[LATE(2.5, "235 2.7.0 Welcome")], body=[LATE(2.5)])
    wait_for_job(server, add(server), status="done", attempts=1)


def test_an_unknown_outcome_is_sent_again(server, smtp):
    """The reply comes too late: the server has the mail, and the runner does
    not know. Both have one Message-ID."""
    before = len(smtp.messages)
    smtp.script["body"] = [LATE(9)]
    job_id = add(server)
    assert "may have taken" in first_error(server, job_id)
    run_now(server, job_id)
    wait_for_job(server, job_id, status="done", attempts=2)
    [one, two] = smtp.wait(before + 2)[before:]
    assert one.data == two.data
    assert job_id in one.parsed()["Message-ID"]


@pytest.mark.parametrize("slow", ["starttls", "smtps"])
def test_tls_has_the_time_of_a_connection(make_server, start_runner,
                                          certificates, slow):
    """And the greeting, after smtps's TLS, has its own."""
    pair = certificates["ec"]
    with ScriptedServer(certificate=pair, implicit=slow == "smtps",
                        greeting=[LATE(2.5)]) as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_CA=pair[0],
                             **TIMES)
        start_runner(server)
        wait_for_job(server, add(server), status="done", attempts=1)
        smtp.close_all()
        if slow == "smtps":
            smtp.stop()
            port = smtp.port
            with contextlib.closing(socket.create_server(
                    ("127.0.0.1", port))):
                row = wait_for_failure(server, add(server))
            assert row["error"].endswith("no connection within 2 seconds")
        else:
            end = threading.Event()
            smtp.tls.sni_callback = lambda *_: end.wait(60)
            row = wait_for_failure(server, add(server))
            end.set()
            assert row["error"].endswith("no TLS within 2 seconds")


@contextlib.contextmanager
def deaf_port():
    """A port whose queue is full: connections to it hang."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen(0)
        clients = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            clients.append(client)
        yield listener.getsockname()[1]
        for client in clients:
            client.close()


def test_a_connection_that_hangs(make_server, start_runner):
    with deaf_port() as port:
        server = make_server(KEEL_SMTP_URL="smtp://127.0.0.1:%d" % port,
                             KEEL_SMTP_TLS="off", **TIMES)
        start_runner(server)
        row = wait_for_failure(server, add(server))
        assert "no connection within 2 seconds" in row["error"] or \
            "imed out" in row["error"], row["error"]


#
# Places.
#

def test_mails_that_hang_hold_up_nothing_else(make_server, start_runner):
    """One place for jobs, two for mails, three that wait: five mails that
    hang. The places of mails are full then; other jobs go on, and as soon as
    one mail is answered, the next one is sent."""
    with ChoosyServer() as smtp:
        server = make_server(
            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off",
            KEEL_JOBS_CONCURRENCY="1", KEEL_MAIL_CONCURRENCY="2",
            KEEL_MAIL_WAITING="3")
        emails = [new_email() for _ in range(5)]
        answers = [threading.Event() for _ in emails]
        for email, answer in zip(emails, answers):
            smtp.of[email] = {"body": [answer]}
        start_runner(server)
        held = add_jobs(server, emails)
        smtp.wait_for_held(*emails)
        late = add(server)
        purge = add_job(server, {}, "purge_jobs")
        wait_for_job(server, purge, status="done", attempts=1)
        assert count_jobs(server, kind=KIND, status="running") == 5
        assert read_job(server, late)["attempts"] == 0
        answers[0].set()
        wait_for_job(server, held[0], status="done", attempts=1)
        wait_for_job(server, late, status="done", attempts=1)
        for answer in answers:
            answer.set()
        for job_id in held:
            wait_for_job(server, job_id, status="done", attempts=1)
        assert len(smtp.messages) == 6
