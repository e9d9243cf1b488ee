# SPDX-License-Identifier: ISC
"""What a mail server's replies mean for the job: successes that are not 250,
refusals of several lines, complaints about us, connections that have ended.
tests/unit/mail/test_mail_blame.c has a row for each kind of complaint."""

import pytest

from helpers import new_email
from runner import (KIND, add_jobs, read_job, run_now, wait_for_failure,
                    wait_for_job, wait_for_no_work)
from smtp_sink import (CLOSE, CUT, LATE, PIECES, RESET, ScriptedServer)


class Post:
    """A runner and its mail server, which each test scripts."""

    def __init__(self, server, smtp):
        self.server = server
        self.smtp = smtp

    def add(self):
        [job_id] = add_jobs(self.server, [new_email()])
        return job_id

    def done(self):
        """One mail that is sent at the first attempt."""
        wait_for_job(self.server, self.add(), status="done", attempts=1,
                     error=None)

    def fresh(self):
        """The next mail makes a new connection."""
        self.smtp.close_all()
        self.smtp.wait_for(lambda: not self.smtp.sockets)


@pytest.fixture(scope="module")
def running(start_module_server, start_module_runner):
    with ScriptedServer() as smtp:
        server = start_module_server(
            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        start_module_runner(server)
        yield Post(server, smtp)


@pytest.fixture
def post(running):
    """Without the jobs that a test has left: their next attempts would take
    what is scripted for another test."""
    running.smtp.script.clear()
    running.server.sql("DELETE FROM jobs WHERE kind = %s AND status = "
                       "'queued'", KIND)
    wait_for_no_work(running.server)
    running.fresh()
    return running


#
# The first digit counts (RFC 5321, 4.2.1).
#

@pytest.mark.parametrize("reply", [
    "251 Will be forwarded", "252 Taken, it seems", "200 Fine", "299",
    "251-Will be\r\n251 forwarded"])
def test_every_2xx_after_the_message_is_success(post, reply):
    before = len(post.smtp.messages)
    post.smtp.script["body"] = [reply] * 2
    post.done()
    post.done()
    assert len(post.smtp.messages) == before + 2


@pytest.mark.parametrize("step, reply", [
    ("greeting", "221 Here"), ("ehlo", "251-test.invalid\r\n251 SMTPUTF8"),
    ("mail", "251 Ok"), ("rcpt", "251 Not here, but forwarded"),
    ("rcpt", "252 We shall see")])
def test_every_2xx_before_is_success(post, step, reply):
    post.smtp.script[step] = [reply]
    post.done()


@pytest.mark.parametrize("greeting", [
    "220-test.invalid ESMTP\r\n220-No advertisements\r\n220 Welcome",
    LATE(0.7), PIECES(0.1, [b"2", b"20", b"-a", b"\r\n220 ", b"b\r", b"\n"]),
    PIECES(0.02, [bytes([b]) for b in b"220-one\r\n220 two\r\n"])],
    ids=["three lines", "late", "pieces", "bytes"])
def test_slow_and_long_greetings(post, greeting):
    post.smtp.script["greeting"] = [greeting]
    post.done()


#
# Refusals of several lines.
#

@pytest.mark.parametrize("reply, told", [
    ("550-5.1.1 We do not know\r\n550-5.1.1 this person. See\r\n"
     "550 5.1.1 https://example.com/why",
     "550 5.1.1 We do not know this person. See https://example.com/why"),
    ("550-Welcome to the mail server\r\n550 No such user",
     "550 Welcome to the mail server No such user"),
    ("550-\r\n550-********\r\n550 5.1.1 Nobody", "550 5.1.1 Nobody"),
    ("550 5.1.1 caf\u00e9 \x1b[31m", "550 5.1.1 caf\u00e9 ?[31m")])
def test_a_refusal_keeps_all_of_its_lines(post, reply, told):
    post.smtp.script["rcpt"] = [reply]
    row = wait_for_job(post.server, post.add(), status="dead")
    assert row["error"].endswith(": " + told), row["error"]
    assert "refuses this mail" in row["error"]


def test_an_endless_refusal_keeps_its_beginning_and_end(post):
    lines = ["550-5.1.1 This is line %d of the preamble" % i
             for i in range(200)]
    post.smtp.script["rcpt"] = ["\r\n".join(lines) +
                                "\r\n550 5.1.1 The mailbox is closed"]
    row = wait_for_job(post.server, post.add(), status="dead")
    assert "550 5.1.1 This is line 0 of" in row["error"]
    assert row["error"].endswith("The mailbox is closed")
    assert row["error"].count("5.1.1") == 1 and len(row["error"]) <= 1000
    post.done()


def test_a_delay_of_several_lines(post):
    post.smtp.script["rcpt"] = ["451-4.7.1 Greylisted,\r\n451 4.7.1 try later"]
    row = wait_for_failure(post.server, post.add())
    assert row["error"].endswith("451 4.7.1 Greylisted, try later")


@pytest.mark.parametrize("data", [
    b"550 5.1.1 No such us", b"550-5.1.1 No such user\r\n",
    b"550-5.1.1 No such user\r\n550", b"5"], ids=str)
def test_a_reply_that_is_cut_refuses_nothing(post, data):
    post.smtp.script["rcpt"] = [CUT(data)]
    job_id = post.add()
    wait_for_failure(post.server, job_id)
    run_now(post.server, job_id)
    wait_for_job(post.server, job_id, status="done", attempts=2)


#
# About whom.
#

@pytest.mark.parametrize("step, reply", [
    ("mail", "550 5.7.1 That sender is not yours"),
    ("mail", "553 No such domain"), ("mail", "550 5.1.1 Unknown sender"),
    ("rcpt", "504 5.5.2 <x>: the name in HELO has no dot"),
    ("rcpt", "550-5.7.1 Your address is\r\n550 5.7.1 on a list"),
    ("rcpt", "530 5.7.0 Sign in first"), ("rcpt", "550 relay not permitted"),
    ("rcpt", "550 5.1.8 The sender's domain does not exist"),
    ("data", "554 5.5.1 No recipients"),
    ("body", "550 5.7.26 Neither SPF nor DKIM"),
    ("body", "554 5.7.1 Not signed")], ids=str)
def test_a_complaint_about_us_backs_off(post, step, reply):
    post.smtp.script[step] = [reply]
    job_id = post.add()
    row = wait_for_failure(post.server, job_id)
    assert row["attempts"] == 1
    assert "complains about us" in row["error"]
    run_now(post.server, job_id)
    wait_for_job(post.server, job_id, status="done", attempts=2)


@pytest.mark.parametrize("step, reply", [
    ("mail", "552 5.3.4 Too big"), ("rcpt", "550 5.1.1 No such user"),
    ("rcpt", "550 No such user"), ("rcpt", "552 5.2.2 Full"),
    ("rcpt", "556 5.1.10 The domain takes no mail"),
    ("body", "554 Rejected"), ("body", "552 5.3.4 Too big"),
    ("body", "554 5.6.0 Broken")], ids=str)
def test_a_refusal_of_the_mail_is_dead_at_once(post, step, reply):
    post.smtp.script[step] = [reply]
    row = wait_for_job(post.server, post.add(), status="dead")
    assert row["attempts"] == 1 and reply in row["error"]
    assert "refuses this mail" in row["error"]


#
# A connection that was used before.
#

@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("action", [
    "421 4.4.2 Idle for too long", "421-4.7.0 Too many mails\r\n421 4.7.0 Bye",
    CLOSE, RESET, CUT(b"421 Bye\r\n"), CUT(b"250")],
    ids=["421", "421 in lines", "close", "reset", "421 and close", "cut"])
def test_a_connection_that_has_ended_costs_no_attempt(post, step, action):
    post.done()
    connections, mails = post.smtp.connections, len(post.smtp.messages)
    post.smtp.script[step] = [action]
    post.done()
    assert post.smtp.connections == connections + 1
    assert len(post.smtp.messages) == mails + 1


def test_a_second_421_costs_an_attempt(post):
    post.done()
    connections = post.smtp.connections
    post.smtp.script["mail"] = ["421 4.3.2 Bye"] * 2
    job_id = post.add()
    row = wait_for_failure(post.server, job_id)
    assert row["attempts"] == 1 and "421 4.3.2 Bye" in row["error"]
    assert post.smtp.connections == connections + 1


@pytest.mark.parametrize("action", [
    CLOSE, RESET, CUT(b"250 2.0"), "421 4.3.2 Bye"],
    ids=["close", "reset", "cut", "421"])
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_nothing_is_sent_again_at_once_after_the_dot(post, action, used):
    """The server may have taken it. The next attempt sends the same."""
    if used:
        post.done()
    post.smtp.script["body"] = [action]
    before = len([line for line in post.smtp.commands if line == "DATA"])
    job_id = post.add()
    row = wait_for_failure(post.server, job_id)
    assert row["attempts"] == 1
    sent = [line for line in post.smtp.commands if line == "DATA"]
    assert len(sent) == before + 1
    if not isinstance(action, str):
        assert "may have taken the mail" in row["error"]
    run_now(post.server, job_id)
    wait_for_job(post.server, job_id, status="done", attempts=2)
    [message_id] = [m.parsed()["Message-ID"] for m in post.smtp.messages[-1:]]
    assert job_id in message_id
    assert read_job(post.server, job_id)["error"] is None
