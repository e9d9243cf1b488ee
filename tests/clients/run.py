# SPDX-License-Identifier: ISC
"""Clients made from Keel's description by the generators that people use.
Each compiles under tsc --strict, is run with the development certificate as
its authority, and signs in, reads, updates, lists, and gets errors (walk.ts).

usage: run.py [CASE...]"""

import os
import re
import shutil
import subprocess
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "../api/support"))

from server import clean_environment  # noqa: E402
from standalone import (  # noqa: E402
    install_npm, make_admin, running_server, unconfirmed)

TOOLS = os.path.join(FOLDER, "node_modules/.bin/")
BUILD = os.path.join(FOLDER, "build/")
DESCRIPTION = BUILD + "openapi.json"
OLD_ZOD = os.path.join(FOLDER, "zod3")
MADE = [BUILD, OLD_ZOD + "/build", OLD_ZOD + "/generated"]

RUN_SECONDS = 300

# The generators need a newer node than Debian's. It comes with them.
PATH = TOOLS + ":" + os.environ["PATH"]


class Failed(Exception):
    pass


def run(command, *arguments, folder=FOLDER, **environment):
    """Runs a program and returns its output."""
    done = subprocess.run(
        [shutil.which(command, path=PATH) or command, *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=RUN_SECONDS, env=clean_environment() | {
            "PATH": PATH, "DO_NOT_TRACK": "1", **environment})
    if done.returncode != 0:
        raise Failed("%s: exit status %d\n%s" % (
            command, done.returncode, done.stdout))
    return done.stdout


def describe(server):
    for folder in MADE:
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
    done = server.command("openapi")
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    with open(DESCRIPTION, "w") as f:
        f.write(done.stdout)


def compile_one(*files):
    """As tsconfig.json says, but only these files."""
    with open(BUILD + "tsconfig.json", "w") as f:
        f.write('{"extends": "../tsconfig.json", "files": [%s]}' % ", ".join(
            '"../%s"' % name for name in files))
    run("tsc", "-p", BUILD + "tsconfig.json")


def walk(server, program, **environment):
    run("node", program, server.url, NODE_EXTRA_CA_CERTS=server.cert,
        **environment)


#
# The cases.
#

def openapi_typescript(server):
    """With openapi-fetch: the client that docs/clients.md shows."""
    os.makedirs(BUILD + "openapi_typescript/build")
    for name in ("client.ts", "walk.ts"):
        shutil.copy(os.path.join(FOLDER, "../openapi", name),
                    BUILD + "openapi_typescript")
    run("openapi-typescript", DESCRIPTION, "--default-non-nullable", "false",
        "-o", BUILD + "openapi_typescript/build/api.d.ts")
    compile_one("build/openapi_typescript/walk.ts")
    admin = make_admin(server)
    with unconfirmed(server):
        walk(server, "build/js/build/openapi_typescript/walk.js", **admin)


def hey_api(server):
    run("openapi-ts", "-i", DESCRIPTION, "-o", "build/hey_api")
    compile_one("hey_api.ts")
    walk(server, "build/js/hey_api.js")
    # rustls, too, trusts the authority.
    run("deno", "run", "--allow-net", "--allow-env", "build/js/hey_api.js",
        server.url, DENO_CERT=server.cert, DENO_NO_UPDATE_CHECK="1")


def orval(server):
    run("orval", "--config", "orval.config.mjs")
    compile_one("orval.ts")
    walk(server, "build/js/orval.js")


def swagger_typescript_api(server):
    run("swagger-typescript-api", "generate", "-p", DESCRIPTION,
        "-o", "build/swagger", "-n", "api.ts")
    show_errors(BUILD + "swagger/api.ts")
    compile_one("swagger.ts")
    walk(server, "build/js/swagger.js")


def show_errors(path):
    """tsc ignores what a file begins with @ts-nocheck."""
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(re.sub(r"^// @ts-nocheck\n", "", text, flags=re.M))


def openapi_zod_client(server):
    """Without the option a response's type has an index signature, and a union
    of two does not narrow."""
    run("openapi-zod-client", DESCRIPTION, "-o", "zod3/generated/api.ts",
        "--additional-props-default-value=false")
    run("tsc", "-p", "zod3/tsconfig.json")
    walk(server, "zod3/build/zod3/client.js")


CASES = [openapi_typescript, hey_api, orval, swagger_typescript_api,
         openapi_zod_client]


def try_case(case, server):
    start = time.monotonic()
    try:
        case(server)
        said = "passed"
    except (Failed, subprocess.TimeoutExpired) as failure:
        said = "failed: %s" % failure
    print("%-22s %s (%.1f s)" % (case.__name__, said,
                                 time.monotonic() - start), flush=True)
    return said == "passed"


def main(names):
    install_npm(FOLDER, run)
    cases = [case for case in CASES if not names or case.__name__ in names]
    with running_server(development_certificate=True,
                        KEEL_USER_DIRECTORY="authenticated") as server:
        describe(server)
        passed = sum([try_case(case, server) for case in cases])
        server.stop()
        for problem in server.problems:
            print("server: " + problem)
    failed = len(cases) - passed + len(server.problems)
    print("clients: %d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
