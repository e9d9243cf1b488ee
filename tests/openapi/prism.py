# SPDX-License-Identifier: ISC
"""Prism as a validating proxy in front of a server."""

import json
import os
import subprocess
import sys
import tempfile
import time

import httpx

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "../api/support"))

from cluster import free_port  # noqa: E402
from server import clean_environment, read_text  # noqa: E402

SCRIPT = os.path.join(FOLDER, "node_modules/@stoplight/prism-cli/dist/index.js")
START_SECONDS = 60


class Prism:
    """It listens on plain HTTP, passes everything on, and names in a header of
    the answer what request and answer have that the description has not."""

    def __init__(self, server, description):
        self.folder = tempfile.TemporaryDirectory(prefix="keel-prism-")
        path = os.path.join(self.folder.name, "openapi.json")
        self.log = os.path.join(self.folder.name, "log")
        with open(path, "w") as f:
            f.write(description)
        port = str(free_port())
        self.url = "http://127.0.0.1:" + port
        # Not --errors: Prism would answer in the server's stead. Not --cors:
        # it would answer every preflight itself.
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["node", SCRIPT, "proxy", path, server.url,
                 "--validate-request", "--host", "127.0.0.1", "--port", port,
                 "--cors", "false", "--verboseLevel", "error"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**clean_environment(),
                     "NODE_EXTRA_CA_CERTS": server.cert})
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def wait(self):
        """Until it listens; and it must see what is plainly wrong."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                wrong = httpx.get(self.url + "/api/v1/users?limit=0",
                                  trust_env=False, timeout=30)
                break
            except httpx.ConnectError:
                if self.process.poll() is not None or \
                        time.monotonic() > deadline:
                    raise RuntimeError("prism does not start:\n" +
                                       read_text(self.log)) from None
                time.sleep(0.05)
        if not any("limit" in violation["message"]
                   for violation in violations(wrong)):
            raise RuntimeError("prism sees nothing: %s" % wrong.headers)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def violations(answer):
    """What Prism says of a request and its answer. Its list may be too long
    for a header: then it is cut, and the whole of it counts as the answer's."""
    text = answer.headers.get("sl-violations", "[]")
    try:
        return json.loads(text)
    except ValueError:
        return [{"location": ["response"], "message": text[:1000]}]
