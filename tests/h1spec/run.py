# SPDX-License-Identifier: ISC
"""Runs h1spec's HTTP/1.1 cases (uNetworking/h1spec, not part of Keel) against
the real listener: make h1spec H1SPEC=path/to/http_test.ts. The cases need plain
TCP and a server that echoes the body at `/`; so a bridge adds TLS, requests
/healthz instead, and posts to a path that does not exist: h1spec takes a 404,
too. Needs deno (from npm) on the PATH.

One case cannot pass: Keel has no endpoint that echoes a chunked body.
tests/api/http/test_wire_framing.py shows that it reads chunked bodies."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../api/support"))

from standalone import running_server  # noqa: E402

CANNOT_PASS = {"Chunked Transfer-Encoding"}


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def bridge(plain, server):
    with plain, socket.create_connection(
            ("127.0.0.1", server.port), timeout=10) as raw:
        first = plain.recv(65536)
        first = first.replace(b"GET / HTTP", b"GET /healthz HTTP")
        first = first.replace(b"POST / HTTP", b"POST /echo HTTP")
        with server.tls().wrap_socket(
                raw, server_hostname="127.0.0.1") as tls:
            tls.sendall(first)
            threading.Thread(target=pump, args=(plain, tls),
                             daemon=True).start()
            pump(tls, plain)


def listen(server):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=bridge, args=(plain, server),
                             daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def run(script, server):
    """h1spec's results: {description: passed}."""
    done = subprocess.run(
        ["deno", "run", "--allow-net=127.0.0.1", script, "127.0.0.1",
         str(listen(server))], text=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout, end="")
    return {match[2]: match[1] == "\u2705" for match in re.finditer(
        "(?m)^(\u2705|\u274c) ([^:]+):", done.stdout)}


def main():
    if len(sys.argv) != 2 or not os.path.exists(sys.argv[1]):
        sys.exit("usage: run.py path/to/h1spec/http_test.ts")
    if shutil.which("deno") is None:
        sys.exit("h1spec needs deno: npm install deno")
    with running_server() as server:
        cases = run(sys.argv[1], server)
        server.stop()
    failed = {name for name, passed in cases.items() if not passed}
    for name in sorted(failed):
        print("missing: %s%s" % (name, " (known)" if name in CANNOT_PASS
                                 else ""))
    for problem in server.problems:
        print("problem: " + problem)
    print("%d passed, %d failed" % (len(cases) - len(failed), len(failed)))
    sys.exit(bool(server.problems or failed - CANNOT_PASS or not cases))


if __name__ == "__main__":
    main()
