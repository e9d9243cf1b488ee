# SPDX-License-Identifier: ISC
"""Follows docs/clients.md: runs its bash and Python blocks in their order, in a
folder with ./keel and ./var like a reader's, and checks that client.ts has its
TypeScript. A line `# -> TEXT` is the expected output."""

import os
import re
import subprocess
import tempfile

from prism import FOLDER
from server import KEEL, ROOT

PAGE = os.path.join(ROOT, "docs/clients.md")
CLIENT = os.path.join(FOLDER, "client.ts")
SERVER = "https://127.0.0.1:8888"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PRINTED = re.compile(r"^# -> (.*)$", re.M)
MARK = "---- next block ----"
SHOWN = ("json", "text")


class Failed(Exception):
    pass


def read_page():
    """The page's blocks: line, language, text."""
    with open(PAGE) as f:
        page = f.read()
    return [(page.count("\n", 0, match.start()) + 1, match[1], match[2])
            for match in BLOCK.finditer(page)]


def check_quoted(blocks):
    with open(CLIENT) as f:
        client = f.read()
    for line, _, text in blocks:
        if text not in client:
            raise Failed("clients.md:%d: does not stand in client.ts" % line)


def as_script(blocks):
    """One shell runs them all, so that later blocks see earlier variables."""
    parts = ["set -eu\n"]
    for _, language, text in blocks:
        if language == "python":
            text = "/usr/bin/python3 -B - <<'PYTHON'\n%sPYTHON\n" % text
        parts.append("echo '%s'\n%s" % (MARK, text))
    return "".join(parts)


def check_printed(blocks, output):
    for (line, _, text), printed in zip(blocks, output.split(MARK + "\n")[1:]):
        rest = printed.splitlines()
        for expected in PRINTED.findall(text):
            if expected not in rest:
                raise Failed("clients.md:%d: does not print %r, but\n%s" % (
                    line, expected, printed))
            rest = rest[rest.index(expected) + 1:]


def check_sign_ins(server):
    """Each program signs in once and then stays signed in; the commands do so
    by form and by JSON, and once more after they have signed out."""
    found = dict(server.sql(
        "SELECT split_part(device, '/', 1), count(*) FROM sessions s JOIN "
        "users u ON u.id = s.user_id WHERE email = 'you@example.com' "
        "GROUP BY 1"))
    if found != {"curl": 3, "python-httpx": 1, "python-requests": 2}:
        raise Failed("clients.md: sign-ins of each: %s" % found)


def run_page(server):
    blocks = read_page()
    unknown = [(line, language) for line, language, _ in blocks
               if language not in ("bash", "python", "ts", *SHOWN)]
    if unknown:
        raise Failed("clients.md: blocks of no known kind: %s" % unknown)
    check_quoted([block for block in blocks if block[1] == "ts"])
    runnable = [block for block in blocks if block[1] in ("bash", "python")]
    with tempfile.TemporaryDirectory(prefix="keel-page-") as folder:
        os.mkdir(folder + "/var")
        os.symlink(server.cert, folder + "/var/ca.pem")
        os.symlink(KEEL, folder + "/keel")
        os.makedirs(folder + "/tests")
        os.symlink(FOLDER, folder + "/tests/openapi")
        done = subprocess.run(
            ["bash", "-c", as_script(runnable).replace(SERVER, server.url)],
            cwd=folder, env=server.environment(), text=True,
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    output = done.stdout.replace(server.url, SERVER)
    if done.returncode != 0:
        line = runnable[output.count(MARK) - 1][0]
        raise Failed("clients.md:%d: exit status %d\n%s%s" % (
            line, done.returncode, output.rpartition(MARK)[2], done.stderr))
    check_printed(runnable, output)
    check_sign_ins(server)
