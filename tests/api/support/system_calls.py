# SPDX-License-Identifier: ISC
"""Counts the system calls of a process with strace, while clients send requests
on connections that stay open."""

import os
import selectors
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

from server import read_text

STRACE = shutil.which("strace")
END = b"\r\n\r\n"


class Connection:
    """Sends one request after the other, and reads each response to its end."""

    def __init__(self, server, request):
        self.request = request
        self.answer = b""
        plain = socket.create_connection(("127.0.0.1", server.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = server.tls().wrap_socket(
            plain, server_hostname="127.0.0.1")
        self.socket.setblocking(False)

    def send(self):
        assert self.socket.send(self.request) == len(self.request)

    def is_answered(self):
        """Has the whole response come? Then the next request may be sent."""
        try:
            while True:
                data = self.socket.recv(65536)
                assert data, "the server has closed the connection"
                self.answer += data
        except ssl.SSLWantReadError:
            pass
        head, found, body = self.answer.partition(END)
        if not found:
            return False
        assert head.startswith(b"HTTP/1.1 200 "), self.answer
        [length] = [int(line.partition(b":")[2])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")]
        if len(body) < length:
            return False
        assert len(body) == length
        self.answer = b""
        return True


class Clients:
    """So many connections, each of which has a request under way."""

    def __init__(self, server, path, connections=64, **headers):
        lines = ["GET %s HTTP/1.1" % path, "Host: 127.0.0.1"] + [
            "%s: %s" % header for header in headers.items()]
        request = "\r\n".join(lines).encode() + END
        self.connections = [Connection(server, request)
                            for _ in range(connections)]
        self.selector = selectors.DefaultSelector()
        for connection in self.connections:
            self.selector.register(connection.socket, selectors.EVENT_READ,
                                   connection)
        self.send(len(self.connections))    # TLS's tickets are read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.selector.close()
        for connection in self.connections:
            connection.socket.close()

    def send(self, requests):
        """Sends so many; returns when each is answered."""
        waiting = requests
        for connection in self.connections[:requests]:
            connection.send()
            requests -= 1
        while waiting > 0:
            ready = self.selector.select(30)
            assert ready, "%d requests are not answered" % waiting
            for key, _ in ready:
                if not key.data.is_answered():
                    continue
                waiting -= 1
                if requests > 0:
                    key.data.send()
                    requests -= 1


def calls_of(pid, work):
    """{name: how many} of the system calls of a process, with its threads,
    while work() runs."""
    with tempfile.TemporaryDirectory() as folder:
        summary = os.path.join(folder, "summary")
        errors = os.path.join(folder, "errors")
        with open(errors, "w") as err:
            strace = subprocess.Popen(
                [STRACE, "-c", "-f", "-U", "calls,name", "-o", summary,
                 "-p", str(pid)], stdin=subprocess.DEVNULL, stderr=err)
        try:
            while "attached" not in read_text(errors):
                assert strace.poll() is None, read_text(errors)
            work()
        finally:
            strace.send_signal(signal.SIGINT)
            strace.wait(30)
        found = {}
        for line in read_text(summary).splitlines():
            number, _, name = line.strip().partition(" ")
            if number.isdigit() and name.strip() != "total":
                found[name.strip()] = int(number)
        return found
