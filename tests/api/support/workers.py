# SPDX-License-Identifier: ISC
"""A connection to each worker of a server."""

import contextlib
import os

from runner import wait_for
from server import read_text


def worker_of(server, answer):
    """The process at the other end of the connection."""
    return worker_at(server, answer.extensions[
        "network_stream"].get_extra_info("client_addr")[1])


def worker_at(server, port):
    """The same, by the client's port."""
    ends = "%08X:%04X 0100007F:%04X" % (0x0100007F, server.port, port)
    # While connections come and go, the file may have one twice or lack it.
    [inode] = wait_for(lambda: {line.split()[9] for line in read_text(
        "/proc/net/tcp").splitlines() if ends in line})
    socket = "socket:[%s]" % inode
    for pid in server.workers():
        folder = "/proc/%d/fd" % pid
        for fd in os.listdir(folder):
            try:
                if os.readlink(os.path.join(folder, fd)) == socket:
                    return pid
            except FileNotFoundError:
                pass
    raise AssertionError("no worker has the connection")


@contextlib.contextmanager
def client_of_each_worker(server):
    found = {}
    for _ in range(200):
        client = server.client()
        pid = worker_of(server, client.get("/healthz"))
        if pid in found:
            client.close()
        else:
            found[pid] = client
        if len(found) == len(server.workers()):
            break
    assert sorted(found) == sorted(server.workers()) and len(found) > 1
    yield list(found.values())
    for client in found.values():
        client.close()
