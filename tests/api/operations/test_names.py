# SPDX-License-Identifier: ISC
"""In a project of another name, nothing that people see says Keel. The command
./keel has its name in every project. tests/lint/rooms.py looks for such texts
in the code; this looks at what a server sends and prints."""

import os
import re
import subprocess

import pytest

from helpers import ask_token, register
from product import NAME, TITLE, boundary
from runner import wait_for_no_work
from server import BUILD, KEEL

pytestmark = pytest.mark.skipif(boundary.is_keel, reason="Keel has its name")

PATHS = ["/", "/docs", "/docs/docs.js", "/docs/docs.css", "/favicon.ico",
         "/openapi.json", "/account/verify?token=x", "/account/reset?token=x",
         "/account/email?token=x", "/nothing", "/api/v1/users/me"]
COMMANDS = ["help", "check-config", "routes", "openapi", "users", "audit",
            "migrate", "nothing"]


def said(text):
    """The lines that say it, except for the command's name, and paths of the
    tests' own."""
    for own in (BUILD, KEEL):
        text = text.replace(own, "")
    text = re.sub(r"/keel-[a-z]+-\w+|\./keel\b|^( *|usage: )keel (?=[a-z])",
                  "", text, flags=re.M)
    return [line for line in text.splitlines() if re.search("keel", line, re.I)]


def read(path):
    """As it is: read_text() puts Keel's names in."""
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def test_no_response_says_keel(server, client):
    user, _ = register(client)
    answers = [client.get(path) for path in PATHS] + [
        ask_token(client, user["email"], user["password"]),
        client.get("/account/verify?token=x", headers={
            "Accept": "application/problem+json"})]
    for answer in answers:
        head = "\n".join("%s: %s" % pair for pair in answer.headers.items())
        assert said(head + "\n" + answer.text) == [], answer.url
    assert "<title>" in answers[6].text and TITLE in answers[6].text
    with server.client(verify=False) as other:
        page = other.get(server.admin_url + "/metrics")
    assert said(page.text) == []
    assert "\n%s_requests_total{" % NAME in page.text
    assert said(read(server.stdout) + read(server.stderr)) == []


def test_no_mail_says_keel(start_server, start_runner):
    server = start_server()
    with server.client() as client:
        user, _ = register(client)
        client.post("/api/v1/auth/password/forgot",
                    json={"email": user["email"]})
    runner = start_runner(server)
    wait_for_no_work(server)
    folder = os.path.join(runner.state, "mail")
    mails = [read(os.path.join(folder, name)) for name in os.listdir(folder)
             if name.endswith(".eml")]      # one may be half written
    assert mails
    for mail in mails:
        assert said(mail) == []
    assert said(read(runner.stdout) + read(runner.stderr)) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_says_keel(server, tmp_path, command):
    with open(tmp_path / "out", "w", encoding="utf-8") as out:
        subprocess.run([KEEL, command], env=server.environment(), stdout=out,
                       stderr=out, stdin=subprocess.DEVNULL, check=False,
                       timeout=60)
    text = read(tmp_path / "out")
    assert text and said(text) == []
