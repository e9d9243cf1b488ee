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
"""A server for the harnesses that run without pytest (tests/fuzz,
tests/attacks)."""

import contextlib
import shutil
import signal
import sys
import tempfile
import time

from cluster import Cluster
from server import Server, make_certificate


@contextlib.contextmanager
def running_server(**settings):
    """A server on a database of its own. Whoever wants to know what was wrong
    stops it himself and reads its problems. A SIGTERM ends all that runs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cluster = Cluster()
    folder = tempfile.mkdtemp(prefix="keel-tls-")
    server = None
    try:
        cluster.start()
        server = Server(cluster, cluster.database(),
                        make_certificate(folder, "ec"), **settings)
        done = server.command("migrate")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        yield server.start()
    finally:
        if server is not None:
            server.stop()
            server.remove()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_no_connections(server, seconds, most=0):
    """Until no more than `most` connections of clients are left, and no byte
    is held for them; what is left then, as {gauge: value}."""
    deadline = time.monotonic() + seconds
    while True:
        values = server.metrics()
        busy = {name: values[name] for name in
                ("keel_connections", "keel_wire_memory")
                if values[name] > most}
        if not busy or time.monotonic() > deadline:
            return busy
        time.sleep(0.25)
