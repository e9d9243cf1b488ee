# SPDX-License-Identifier: ISC
"""The mails, by SMTP and as files without a mail server. A user's name cannot
inject anything into a mail, and no address gets many mails. tests/openapi shows
one in a browser."""

import email.message
import email.policy
import os
import re

import pytest

from helpers import bearer, new_email, register, sign_in
from product import NAME
from runner import (KIND, add_jobs, count_jobs, read_job, wait_for,
                    wait_for_job)
from smtp_sink import RealServer

# A script that changes the title if any browser runs it.
SCRIPT = "<script>document.title='owned'</script>"
NAMES = {
    "plain": "Ada Lovelace",
    "quotes": "Ada \"the first\" O'Lovelace, & <co>; \\",
    "script": SCRIPT,
    "handler": "<img src=x onerror=\"document.title='owned'\">",
    "closing": "</p></body></html>" + SCRIPT,
    "attribute": "\"' onload=\"document.title='owned'\" x='",
    "entity": "&lt;script&gt;&amp;&#60;b&#62;",
    "template": "{{url}} {name} ${name} %s %n {{#name}} <%= name %>",
    "header": "Ada\r\nBcc: victim@example.com",
    "body": "Ada\r\n\r\n.\r\nMAIL FROM:<x@example.com>",
    "newline": "Ada\nX-Injected: yes\n\n--boundary",
    "boundary": "\n--==\nContent-Type: text/html\n\n<b>x</b>",
    "emoji": "Ada \U0001f469\u200d\U0001f680\U0001f3f3\ufe0f\u200d\U0001f308",
    "override": "Ada \u202eevil\u2066\u2067 \u200f",
    "accents": "Zoe\u0308 \u010capek \u5f20\u4f1f \u0645\u062d\u0645\u062f",
    "wide": "\u5f35" * 100,
    "long": "W" * 100,
    "fullest": "\U0001f680" * 100,
    "control": "Ada\x07\x1b[31m\x7f\x85\u2028\u2029",
    "dots": ".\n..\n.",
    "spaces": "   ",
    "encoded": "=?utf-8?q?Bcc=3A_x?= =?utf-8?b?PGI+?="}
SENDER = "Keel, B\u00fcro & Co. (x@y.z)"
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
        "Content-Type")


class Mail:
    def __init__(self, job, to, name, data):
        self.job = job
        self.to = to
        self.name = name
        self.data = data
        self.parsed = email.message_from_bytes(data,
                                               policy=email.policy.default)

    def part(self, kind):
        """Without its token, which differs from mail to mail."""
        [part] = [part for part in self.parsed.walk()
                  if part.get_content_type() == kind]
        return re.sub(NAME + r"_verify_[\w-]{43}", "TOKEN",
                      part.get_content())


def make_mails(server, receive):
    """A mail for each name; {key: Mail}."""
    emails = [new_email(key) for key in NAMES]
    ids = add_jobs(server, emails, list(NAMES.values()))
    for job_id in ids:
        wait_for_job(server, job_id, status="done", attempts=1)
    return {key: Mail(read_job(server, job_id), to, name, receive(job_id, to))
            for (key, name), job_id, to in zip(NAMES.items(), ids, emails)}


@pytest.fixture(scope="module")
def by_smtp(start_module_server, start_module_runner):
    """By a server that makes clients follow RFC 5321."""
    with RealServer() as smtp:
        server = start_module_server(
            KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off",
            KEEL_MAIL_FROM="%s <no-reply@mail.example.com>" % SENDER)
        start_module_runner(server)

        def receive(_, to):
            [message] = [m for m in smtp.messages if m.recipients == [to]]
            assert message.sender == "no-reply@mail.example.com"
            return message.data

        mails = make_mails(server, receive)
        mails["server"] = server
        yield mails


@pytest.fixture(scope="module")
def as_files(start_module_server, start_module_runner):
    server = start_module_server()
    runner = start_module_runner(server)
    folder = os.path.join(runner.state, "mail")

    def receive(job_id, _):
        path = os.path.join(folder, job_id + ".eml")
        assert os.stat(path).st_mode & 0o777 == 0o600
        with open(path, "rb") as f:
            return f.read()

    mails = make_mails(server, receive)
    assert sorted(os.listdir(folder)) == sorted(
        mail.job["id"] + ".eml" for mail in mails.values())
    mails["server"] = server
    return mails


@pytest.fixture(params=["by_smtp", "as_files"])
def mails(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("key", NAMES)
def test_a_mail_is_well_formed(mails, key):
    mail = mails[key]
    parsed = mail.parsed
    for part in parsed.walk():
        assert part.defects == []
        for name, value in part.items():
            assert value.defects == (), (name, str(value))
    assert sorted(map(str.lower, parsed.keys())) == sorted(
        map(str.lower, mails["plain"].parsed.keys()))
    for name in ONCE:
        assert len(parsed.get_all(name)) == 1, name
    assert [a.addr_spec for a in parsed["To"].addresses] == [mail.to]
    assert parsed["Bcc"] is None and parsed["Cc"] is None
    [sender] = parsed["From"].addresses
    assert parsed["Message-ID"] == "<%s@%s>" % (
        mail.job["id"], sender.domain)
    created = mails["server"].sql(
        "SELECT date_trunc('second', created_at) FROM jobs WHERE id = %s",
        mail.job["id"])[0][0]
    assert parsed["Date"].datetime == created
    assert parsed["Subject"]
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == [
        "text/plain", "text/html"]
    for part in parsed.iter_parts():
        assert part.get_content_charset() == "utf-8"
    assert b"\0" not in mail.data and mail.data.isascii()
    for line in mail.data.replace(b"\r\n", b"\n").split(b"\n"):
        assert len(line) <= 998 and b"\r" not in line


@pytest.mark.parametrize("key", NAMES)
def test_no_name_reaches_an_address_that_is_not_verified(mails, key):
    """Anyone can register with another person's address. tests/unit/mail tests
    the escaping of values."""
    mail, plain = mails[key], mails["plain"]
    for kind in ("text/plain", "text/html"):
        assert mail.part(kind) == plain.part(kind)
        assert "Lovelace" not in mail.part(kind)
        assert mails["server"].url in mail.part(kind)
        assert "token=TOKEN" in mail.part(kind)
    assert mail.parsed["Subject"] == plain.parsed["Subject"]
    assert "Lovelace" not in mail.parsed["Subject"]


def test_the_senders_name(by_smtp):
    [sender] = by_smtp["plain"].parsed["From"].addresses
    assert sender.display_name == SENDER
    assert sender.addr_spec == "no-reply@mail.example.com"


#
# How many.
#

def mail_count(runner):
    folder = os.path.join(runner.state, "mail")
    return len([name for name in os.listdir(folder)
                if name.endswith(".eml")])


def registrations(server, *emails):
    """Registers, waits for the job, deletes the account; for each e-mail."""
    with server.client() as client:
        for email in emails:
            user, answer = register(client, email=email)
            token = sign_in(client, user)
            [(job_id,)] = server.sql(
                "SELECT id::text FROM jobs WHERE unique_key = %s",
                answer["id"])
            wait_for_job(server, job_id, status="done", attempts=1)
            assert client.delete("/api/v1/users/me", headers=bearer(
                token)).status_code == 204


def test_an_address_gets_few_mails_for_many_registrations(start_server,
                                                          start_runner):
    server = start_server(KEEL_RATE_LIMITS="recipient_mails=2/d")
    runner = start_runner(server)
    email = new_email()
    registrations(server, email, email, email, email.upper())
    assert mail_count(runner) == 2
    # The same mailbox, for many mail servers.
    registrations(server, email.replace("@", "+win@"))
    assert mail_count(runner) == 2
    told = [event for event in runner.log() if event["event"] == "mail"]
    assert len(told) == 3
    assert all("recipient_mails" in event["message"] for event in told)
    # Other addresses are not affected; and the table does not show them.
    registrations(server, new_email())
    assert mail_count(runner) == 3
    rows = server.sql("SELECT recipient FROM mail_recipients")
    assert len(rows) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", row[0]) for row in rows)


def test_after_a_while_it_may_have_one_more(start_server, start_runner):
    server = start_server(KEEL_RATE_LIMITS="recipient_mails=2/d")
    runner = start_runner(server)
    email = new_email()
    registrations(server, email, email, email)
    assert mail_count(runner) == 2
    server.sql("UPDATE mail_recipients SET full_at = full_at - interval "
               "'12 hours'")
    registrations(server, email, email)
    assert mail_count(runner) == 3


def test_all_attempts_of_a_job_count_once(start_server, start_runner):
    """Two jobs in turn, each run again, as after a runner that died: both
    mails are sent each time, and a third job's mail is not."""
    server = start_server(KEEL_RATE_LIMITS="recipient_mails=2/d")
    runner = start_runner(server)
    email = new_email()
    [first] = add_jobs(server, [email])
    wait_for_job(server, first, status="done", attempts=1)
    server.sql("INSERT INTO jobs (id, kind, payload) SELECT "
               "gen_random_uuid(), kind, payload FROM jobs WHERE id = %s",
               first)
    wait_for(lambda: count_jobs(server, status="done", kind=KIND) == 2)
    assert mail_count(runner) == 2
    jobs = [row[0] for row in server.sql(
        "SELECT id::text FROM jobs WHERE kind = %s ORDER BY created_at",
        KIND)]
    for job_id in jobs:
        os.remove(os.path.join(runner.state, "mail", job_id + ".eml"))
        server.sql("UPDATE jobs SET status = 'queued', run_at = now() WHERE "
                   "id = %s; NOTIFY keel_jobs", job_id)
        wait_for_job(server, job_id, status="done", attempts=2)
        assert mail_count(runner) == 2
    server.sql("INSERT INTO jobs (id, kind, payload) SELECT "
               "gen_random_uuid(), kind, payload FROM jobs WHERE id = %s",
               first)
    wait_for(lambda: count_jobs(server, status="done", kind=KIND) == 3)
    assert mail_count(runner) == 2


def test_old_recipients_are_deleted(start_server, start_runner):
    server = start_server()
    server.sql("INSERT INTO mail_recipients VALUES ('a', '{}', now() - "
               "interval '1 second'), ('b', '{}', now() + interval '1 hour')")
    start_runner(server)
    wait_for(lambda: count_jobs(server, kind="purge_recipients",
                                status="done"))
    assert server.sql("SELECT recipient FROM mail_recipients") == [("b",)]
