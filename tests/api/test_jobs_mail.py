# Copyright (c) 2026 The Keel authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
"""What arrives: by SMTP, and as files where no mail server is set. Nothing that
a user calls himself does harm in it."""

import email.message
import email.policy
import html.parser
import os
import re
import shutil
import subprocess
import zlib

import pytest

from helpers import new_email
from runner import add_jobs, read_job, wait_for_job
from server import ROOT
from smtp_sink import RealServer

FOLDER = os.path.join(ROOT, "tests/openapi/build/mail")
PROFILE = os.path.join(FOLDER, "profile")

# A script that runs, wherever it stands, says so in the title.
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
        [part] = [part for part in self.parsed.walk()
                  if part.get_content_type() == kind]
        return part.get_content()


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
    """By a server that holds clients to RFC 5321."""
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


class Elements(html.parser.HTMLParser):
    """The elements with their attributes, comments and the like too."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.text = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_endtag(self, tag):
        self.found.append("/" + tag)

    def handle_comment(self, data):
        self.found.append(("comment", data))

    def handle_decl(self, data):
        self.found.append(("declaration", data))

    def handle_data(self, data):
        self.text.append(data)


def squeeze(text):
    """What any mail may do to a name: white space and what cannot be seen."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202f"
                  r"\u2066-\u2069\ufffd?]+", "", text)


@pytest.mark.parametrize("key", NAMES)
def test_a_mail_is_well_made(mails, key):
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
def test_a_name_is_text_and_nothing_else(mails, key):
    mail = mails[key]
    shown = Elements(mail.part("text/html"))
    assert shown.found == Elements(mails["plain"].part("text/html")).found
    assert squeeze(mail.name) in squeeze("".join(shown.text))
    assert squeeze(mail.name) in squeeze(mail.part("text/plain"))
    for text in (shown.text, mail.part("text/plain")):
        assert not re.search("[\u202a-\u202e]", "".join(text)) or \
            "\u202c" in "".join(text)
    assert mails["server"].url in mail.part("text/plain")
    lines = mail.part("text/plain").splitlines()
    assert len(lines) == len(mails["plain"].part("text/plain").splitlines())


def test_senders_name(by_smtp):
    [sender] = by_smtp["plain"].parsed["From"].addresses
    assert sender.display_name == SENDER
    assert sender.addr_spec == "no-reply@mail.example.com"


#
# As a browser shows it.
#

def browse(page, *options):
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
         "--hide-scrollbars", "--user-data-dir=" + PROFILE,
         *options, "file://" + page], timeout=60, capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": PROFILE,
             "LANG": "C.UTF-8"}, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pixels(path):
    """A PNG's bytes, before they are compressed."""
    with open(path, "rb") as f:
        data = f.read()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    offset, packed = 8, b""
    while offset < len(data):
        length = int.from_bytes(data[offset:offset + 4], "big")
        if data[offset + 4:offset + 8] == b"IDAT":
            packed += data[offset + 8:offset + 8 + length]
        offset += 12 + length
    return zlib.decompress(packed)


@pytest.fixture(scope="module")
def folder():
    """Kept, to be looked at."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    yield FOLDER
    shutil.rmtree(PROFILE, ignore_errors=True)


@pytest.mark.parametrize("key, width", [
    ("plain", 800), ("plain", 360), ("wide", 360), ("override", 360),
    ("closing", 800)])
def test_a_browser_shows_it(as_files, folder, key, width):
    page = os.path.join(folder, key + ".html")
    with open(page, "w", encoding="utf-8") as f:
        f.write(as_files[key].part("text/html"))
    picture = os.path.join(folder, "%s-%d.png" % (key, width))
    browse(page, "--window-size=%d,700" % width, "--screenshot=" + picture)
    assert len(set(pixels(picture))) > 30


def test_no_script_runs_in_a_browser(as_files, folder):
    """All names on one page, each mail a frame."""
    page = os.path.join(folder, "all.html")
    with open(page, "w", encoding="utf-8") as f:
        f.write("<title>calm</title><meta charset=utf-8>")
        for key in NAMES:
            f.write(as_files[key].part("text/html"))
        f.write("<p id=last>x")
    seen = browse(page, "--dump-dom")
    assert "<title>calm</title>" in seen and 'id="last"' in seen
    control = os.path.join(folder, "control.html")
    with open(control, "w", encoding="utf-8") as f:
        f.write("<title>calm</title>" + SCRIPT)
    assert "<title>owned</title>" in browse(control, "--dump-dom")
