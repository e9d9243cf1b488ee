# SPDX-License-Identifier: ISC
"""Prism as a validating proxy in front of servers."""

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

SCRIPT = os.path.join(FOLDER, "prism_proxies.cjs")
START_SECONDS = 60


class Proxies:
    """A process that runs Prism and trusts one certificate."""

    of_certificate = {}

    @classmethod
    def of(cls, certificate):
        if certificate not in cls.of_certificate:
            cls.of_certificate[certificate] = cls(certificate)
        return cls.of_certificate[certificate]

    @classmethod
    def end(cls):
        for proxies in cls.of_certificate.values():
            proxies.process.stdin.close()
            proxies.process.wait()
            proxies.folder.cleanup()
        cls.of_certificate.clear()

    def __init__(self, certificate):
        self.folder = tempfile.TemporaryDirectory(prefix="keel-prism-")
        self.log = os.path.join(self.folder.name, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["node", SCRIPT], stdin=subprocess.PIPE, stdout=log,
                stderr=log, text=True, env={
                    **clean_environment(), "NODE_EXTRA_CA_CERTS": certificate})

    def order(self, **order):
        print(json.dumps(order), file=self.process.stdin, flush=True)


class Prism:
    """It listens on plain HTTP, forwards everything, and lists violations of
    the description in a header of the response."""

    def __init__(self, server, description):
        self.proxies = Proxies.of(server.cert)
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        document = os.path.join(self.proxies.folder.name,
                                "%d.json" % self.port)
        with open(document, "w") as f:
            f.write(description)
        self.proxies.order(port=self.port, upstream=server.url,
                           document=document)
        self.wait()

    def wait(self):
        """Waits until it listens and reports an obvious violation."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                wrong = httpx.get(self.url + "/api/v1/users?limit=0",
                                  trust_env=False, timeout=30)
                break
            except httpx.ConnectError:
                if self.proxies.process.poll() is not None or \
                        time.monotonic() > deadline:
                    raise RuntimeError("prism does not start:\n" + read_text(
                        self.proxies.log)) from None
                time.sleep(0.05)
        if not any("limit" in violation["message"]
                   for violation in violations(wrong)):
            raise RuntimeError("prism sees nothing: %s" % wrong.headers)

    def stop(self):
        self.proxies.order(end=self.port)


def violations(answer):
    """Prism's violations for a request and its response. A list that is too
    long for a header is cut; then it counts as the response's violation."""
    text = answer.headers.get("sl-violations", "[]")
    try:
        return json.loads(text)
    except ValueError:
        return [{"location": ["response"], "message": text[:1000]}]
