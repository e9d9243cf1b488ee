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
"""The ecosystem's own tools agree with the description: linters, a client in
TypeScript whose types are generated, a validating proxy in front of the API
tests, the docs page in a browser, and every snippet of docs/clients.md.

    KEEL_BUILD=.build/prod/keel run.py [CASE...]"""

import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../.."))
TOOLS = os.path.join(HERE, "node_modules/.bin")
WORK = os.path.join(ROOT, ".build/openapi")
sys.path.insert(0, os.path.join(HERE, "../api"))

from helpers import new_email, new_password  # noqa: E402
from server import clean_environment  # noqa: E402
from standalone import running_server  # noqa: E402

ADMIN = new_email("admin"), new_password()
WARNINGS_MAX = 3

# Tests that speak HTTP as any client does. Others look at the connection
# itself, which is the proxy's here.
PROXIED = ["test_users.py", "test_users_item.py", "test_users_rights.py",
           "test_auth.py", "test_sessions.py", "test_passwords.py",
           "test_pagination.py", "test_cursor.py", "test_emails.py"]


def install():
    """What package-lock.json says, unless it is there. No package's scripts
    run: none is needed, and some report the installation."""
    lock = os.path.join(HERE, "package-lock.json")
    stamp = os.path.join(HERE, "node_modules/.package-lock.json")
    if os.path.exists(stamp) and \
            os.path.getmtime(stamp) >= os.path.getmtime(lock):
        return
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit",
                    "--no-fund"], cwd=HERE, check=True)
    os.utime(stamp)


def run(*command, **environment):
    """Its output; raises when it fails."""
    done = subprocess.run(
        command, cwd=WORK, text=True, timeout=300, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment() | {"REDOCLY_TELEMETRY": "off",
                                   "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
                                   "NO_COLOR": "1"} | environment)
    if done.returncode != 0:
        raise RuntimeError("%s: status %d\n%s" % (
            os.path.basename(command[0]), done.returncode, done.stdout))
    return done.stdout


def tool(name, *arguments, **environment):
    return run(os.path.join(TOOLS, name), *arguments, **environment)


def count_warnings(output):
    found = re.findall(r"(\d+) warning", output)
    count = max(map(int, found), default=0)
    assert count <= WARNINGS_MAX, output
    return "%d warnings" % count


def case_redocly(_):
    return count_warnings(tool("redocly", "lint", "openapi.json"))


def case_spectral(_):
    return count_warnings(tool(
        "spectral", "lint", "openapi.json", "--fail-severity", "error",
        "--ruleset", os.path.join(HERE, "spectral.yaml")))


def case_typescript(server):
    for name in ("client.ts", "tsconfig.json", "package.json"):
        shutil.copy(os.path.join(HERE, name), WORK)
    modules = os.path.join(WORK, "node_modules")
    if not os.path.islink(modules):
        os.symlink(os.path.join(HERE, "node_modules"), modules)
    tool("openapi-typescript", "openapi.json", "-o", "description.d.ts",
         "--default-non-nullable=false")
    tool("tsc", "-p", ".")
    return run("node", "build/client.js", server.url, *ADMIN,
               NODE_EXTRA_CA_CERTS=server.cert)


def case_docs_page(server):
    return run("node", os.path.join(HERE, "docs_page.mjs"), server.url, WORK)


def case_prism(_):
    """The tests, each server of theirs behind a proxy that validates."""
    output = run(
        "/usr/bin/python3", "-m", "pytest", "-q", "-p", "through_prism",
        *[os.path.join(ROOT, "tests/api", name) for name in PROXIED],
        PYTHONPATH=HERE, PYTHONDONTWRITEBYTECODE="1",
        KEEL_BUILD=os.environ["KEEL_BUILD"])
    [line] = re.findall(r"^prism: \d+ requests.*", output, re.MULTILINE)
    return line


CASES = {"redocly": case_redocly, "spectral": case_spectral,
         "typescript": case_typescript, "docs page": case_docs_page,
         "prism": case_prism}


def try_case(name, server):
    started = time.monotonic()
    try:
        said = CASES[name](server).strip().splitlines()[-1:]
        verdict, passed = "ok: " + "".join(said), True
    except (RuntimeError, AssertionError, subprocess.TimeoutExpired) as error:
        verdict, passed = "FAILED\n%s" % error, False
    print("openapi: %s (%.1f s) %s" % (name, time.monotonic() - started,
                                       verdict), flush=True)
    return passed


def make_admin(server):
    email, password = ADMIN
    done = server.command("create-admin", email, text=password)
    assert done.returncode == 0, done.stderr


def main(names):
    install()
    os.makedirs(WORK, exist_ok=True)
    with running_server() as server:
        with open(os.path.join(WORK, "openapi.json"), "w") as f:
            f.write(server.command("openapi").stdout)
        make_admin(server)
        passed = sum([try_case(name, server) for name in names])
        server.stop()
        if server.problems:
            print("openapi: FAILED: " + "\n".join(server.problems))
            passed -= 1
    print("openapi: %d passed, %d failed" % (passed, len(names) - passed))
    return passed != len(names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(CASES)))
