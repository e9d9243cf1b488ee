# SPDX-License-Identifier: ISC
"""Builds a copy of examples/web, as in a project of its own, and drives it in a
browser (web_example.mjs)."""

import contextlib
import os
import shutil
import subprocess
import time

import httpx

from cluster import free_port
from prism import FOLDER
from server import ROOT, clean_environment
from standalone import install_npm

SOURCE = os.path.join(ROOT, "examples/web")
COPY = os.path.join(ROOT, ".build/web")
START_SECONDS = 30


def copy_sources():
    """The installed packages stay from one run to the next."""
    os.makedirs(COPY, exist_ok=True)
    for name in os.listdir(COPY):
        if name != "node_modules":
            path = os.path.join(COPY, name)
            (shutil.rmtree if os.path.isdir(path) else os.remove)(path)
    shutil.copytree(SOURCE, COPY, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns(
                        "node_modules", "dist", "schema.d.ts",
                        "openapi.json"))


@contextlib.contextmanager
def development_server(server):
    """npm run dev, on a port of its own; its origin."""
    port = free_port()
    origin = "http://localhost:%d" % port
    process = subprocess.Popen(
        ["node", "node_modules/vite/bin/vite.js", "--port", str(port)],
        cwd=COPY, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env={**clean_environment(), "PROXY_TARGET": server.url,
             "PROXY_CA": server.cert})
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(origin, trust_env=False)
                break
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield origin
    finally:
        process.terminate()
        process.wait()


def run_example(server, output, run):
    """The server allows the pages of one origin, on which this serves them."""
    copy_sources()
    install_npm(COPY, lambda *command: run(*command, folder=COPY))
    trust = {"NODE_EXTRA_CA_CERTS": server.cert}
    run("npm", "run", "build", folder=COPY, **trust,
        OPENAPI=server.url + "/openapi.json", VITE_API_URL=server.url)
    with development_server(server) as development:
        run("node", os.path.join(FOLDER, "web_example.mjs"), server.url,
            server.cert, server.settings["KEEL_CORS_ORIGINS"], development,
            os.path.join(COPY, "dist"), output, **trust)
