# SPDX-License-Identifier: ISC
"""The tools of the OpenAPI ecosystem agree with the description that Keel
serves: linters, a generated TypeScript client, a strict OAuth client, a
validating proxy in front of the API tests; and the steps of docs/clients.md
work.

usage: run.py [CASE...]"""

import concurrent.futures
import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import time

import httpx

from clients_page import Failed, run_page
from prism import FOLDER, Prism, Proxies, violations
from cluster import free_port
from helpers import ask_token, bearer, new_email, new_user, register
from links import ask_reset
from mailbox import Mailbox
from runner import Runner
from server import BUILD, ROOT, Server, clean_environment
from standalone import (install_npm, make_admin, running_server,
                        unconfirmed)
from web_example import run_example

OUTPUT = os.path.join(FOLDER, "build")
TOOLS = os.path.join(FOLDER, "node_modules/.bin")
DESCRIPTION = os.path.join(OUTPUT, "openapi.json")
USERS = "/api/v1/users"
TOKEN = "/api/v1/auth/token"

RUN_SECONDS = 600

# Tests of every route with ordinary clients. Not of problem+json: for Prism, it
# is the same media type as application/json.
THROUGH_PRISM = [
    "accounts/test_users.py", "accounts/test_users_item.py",
    "accounts/test_users_rights.py", "accounts/test_auth.py",
    "accounts/test_refresh.py", "accounts/test_revoke.py",
    "accounts/test_sessions.py", "accounts/test_passwords.py",
    "accounts/test_emails.py", "accounts/test_access.py",
    "lists/test_pagination.py", "lists/test_cursor.py",
    "http/test_conditional.py", "http/test_validation.py",
    "jobs/test_admin_jobs.py", "posts/test_posts.py"]

# No tool reports home or checks for a newer version.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
         "NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false"}


def run(*command, folder=FOLDER, **environment):
    """Runs a command and returns its output."""
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, text=True,
        capture_output=True, check=False, timeout=RUN_SECONDS,
        env={**clean_environment(), **QUIET, **environment})
    if done.returncode != 0:
        raise Failed("%s: exit status %d\n%s" % (
            os.path.basename(command[0]), done.returncode,
            done.stdout + done.stderr))
    return done.stdout


def fetch_description(server):
    """For tools that read a file."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    os.mkdir(OUTPUT)
    answer = httpx.get(server.url + "/openapi.json", verify=server.tls(),
                       trust_env=False)
    answer.raise_for_status()
    with open(DESCRIPTION, "wb") as f:
        f.write(answer.content)


#
# The cases.
#

def redocly(_):
    found = json.loads(run(TOOLS + "/redocly", "lint", DESCRIPTION,
                           "--config", "redocly.yaml", "--format", "json"))
    if found["problems"]:
        raise Failed(json.dumps(found["problems"], indent=1))


def spectral(_):
    run(TOOLS + "/spectral", "lint", DESCRIPTION, "--ruleset",
        ".spectral.yaml", "--fail-severity", "hint")


def typescript(server):
    """Generated from the live description, type-checked, run."""
    trust = {"NODE_EXTRA_CA_CERTS": server.cert}
    run(TOOLS + "/openapi-typescript", server.url + "/openapi.json",
        "--default-non-nullable", "false", "-o", "build/api.d.ts", **trust)
    run(TOOLS + "/tsc")
    admin = make_admin(server)
    with unconfirmed(server):
        run("node", "build/walk.js", server.url, **trust, **admin)


def strict_oauth(server):
    run("node", "strict_oauth.mjs", server.url,
        NODE_EXTRA_CA_CERTS=server.cert)


@functools.cache
def in_browser(server):
    """Runs all browser tests in one Chromium: {test: its error}. The
    screenshots stay in the build folder."""
    links = collect_links(server)
    port = free_port()
    with second_server(server,
                       KEEL_CORS_ORIGINS="http://localhost:%d" % port,
                       KEEL_RATE_LIMITS="token=4/h") as other:
        printed = run("node", "browser.mjs", server.url, server.cert, OUTPUT,
                      json.dumps({"url": other.url, "port": port,
                                  "links": links}))
    return dict(json.loads(line) for line in printed.splitlines())


def ask_email(client):
    """A new user's id, and an address that they wish to have."""
    user, made = register(client)
    token = ask_token(client, user["email"], user["password"]).json()
    wish = client.patch(USERS + "/me", json={"email": new_email("new")},
                        headers=bearer(token["access_token"]))
    wish.raise_for_status()
    return made["id"]


def make_links(client, box):
    """New people's links, each from its mail: {path: link}."""
    user, made = register(client)
    ask_reset(client, user["email"])
    changes, stays = ask_email(client), ask_email(client)
    welcome, reset = box.mails(user["email"])
    mails = {"verify": welcome, "reset": reset,
             "email": box.only("send_email_confirmation", changes),
             "email/cancel": box.only("send_email_warning", stays)}
    with open(os.path.join(OUTPUT, "mail.html"), "w",
              encoding="utf-8") as f:
        f.write(welcome.html)
    return {path: "%s/account/%s?token=%s" % (
        box.server.url, path, mail.links("/account/" + path)[0])
        for path, mail in mails.items()}


def collect_links(server):
    """Those of two people; the HTML part of a mail is then mail.html in the
    build folder."""
    runner = Runner(server).start()
    try:
        with server.client() as client:
            links = [make_links(client, Mailbox(server, runner))
                     for _ in range(2)]
    finally:
        runner.stop()
    if runner.problems:
        raise Failed("\n".join(runner.problems))
    return links


@contextlib.contextmanager
def second_server(server, **settings):
    """Another server on the same database, with other settings."""
    other = Server(server.cluster, server.database,
                   (server.cert, server.key), **settings)
    try:
        yield other.start()
    finally:
        other.stop()
        other.remove()
    if other.problems:
        raise Failed("\n".join(other.problems))


def docs_page(server):
    check_browser(server, "docs_page")


def two_accounts(server):
    check_browser(server, "two_accounts")


def mail_page(server):
    check_browser(server, "mail_page")


def cors_page(server):
    check_browser(server, "cors_page")


def account_pages(server):
    check_browser(server, "account_pages")


def check_browser(server, test):
    wrong = in_browser(server)[test]
    if wrong is not None:
        raise Failed(wrong)


def web_example(server):
    run_example(server, OUTPUT, run)


def clients_page(server):
    with unconfirmed(server):
        run_page(server)


def prism_sees(server):
    """Checks Prism with a description that requires missing members: Prism
    must report each. It silently ignores a schema that it cannot compile."""
    with open(DESCRIPTION) as f:
        description = json.load(f)
    for schema in description["components"]["schemas"].values():
        schema.setdefault("required", []).append("absent")
        schema["properties"]["absent"] = {"type": "string"}
    user = new_user()
    form = {"username": user["email"], "password": user["password"]}
    prism = Prism(server, json.dumps(description))
    try:
        with httpx.Client(base_url=prism.url, trust_env=False,
                          timeout=30) as client:
            def sides(method, path, status, **request):
                answer = client.request(method, path, **request)
                if answer.status_code != status:
                    raise Failed("%s %s: %s" % (method, path, answer.text))
                return {violation["location"][0]
                        for violation in violations(answer)
                        if "absent" in violation["message"]}, answer
            both = {"request", "response"}
            expected = [
                (sides("POST", USERS, 201, json=user), both),
                (sides("POST", USERS, 409, json=user), both),
                (sides("POST", TOKEN, 400, data={"scope": ""}), both),
                (sides("POST", TOKEN, 200, data=form), both)]
            token = expected[-1][0][1].json()["access_token"]
            expected += [
                (sides("GET", path, status, headers=bearer(token)),
                 {"response"})
                for path, status in [
                    (USERS + "/me", 200), (USERS + "/me/sessions", 200),
                    (USERS, 403), ("/healthz", 200), ("/readyz", 200)]]
    finally:
        prism.stop()
        Proxies.end()
    for (found, answer), sides in expected:
        if found != sides:
            raise Failed("%s %s: it saw only what is wrong with: %s" % (
                answer.request.method, answer.request.url.path, found))


def prism(_):
    """The API tests, on their own servers; returns Prism's counts."""
    output = run(sys.executable, "-B", "-m", "pytest", "-p", "through_prism",
                 "-n", "2", "--dist", "loadfile", *THROUGH_PRISM,
                 folder=os.path.join(ROOT, "tests/api"), PYTHONPATH=FOLDER,
                 KEEL_BUILD=BUILD)
    return re.search(r"^prism: (\d+ requests.*)", output, re.MULTILINE)[1]


# One after the other, except the last, which has its own servers and takes as
# long as all others.
CASES = [
    redocly,
    spectral,
    clients_page,
    typescript,
    strict_oauth,
    docs_page,
    two_accounts,
    mail_page,
    cors_page,
    account_pages,
    web_example,
    prism_sees,
]
BESIDE = prism


def try_case(case, server):
    start = time.monotonic()
    try:
        said = case(server)
        result = "passed"
    except (Failed, AssertionError, RuntimeError, httpx.HTTPError,
            subprocess.TimeoutExpired) as failure:
        said = failure
        result = "failed"
    print("%-12s %s in %.1f s%s" % (
        case.__name__, result, time.monotonic() - start,
        ": %s" % said if said else ""), flush=True)
    return result == "passed"


def main(names):
    install_npm(FOLDER, run)
    cases = [case for case in CASES + [BESIDE]
             if not names or case.__name__ in names]
    pages = "http://localhost:%d" % free_port()     # of web_example
    with running_server(KEEL_CORS_ORIGINS=pages) as server:
        fetch_description(server)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            beside = [pool.submit(try_case, case, server)
                      for case in cases if case is BESIDE]
            passed = sum([try_case(case, server) for case in cases
                          if case is not BESIDE])
            passed += sum(case.result() for case in beside)
        server.stop()
        for problem in server.problems:
            print("server: " + problem)
    failed = len(cases) - passed + len(server.problems)
    print("openapi: %d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
