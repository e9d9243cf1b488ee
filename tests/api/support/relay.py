# SPDX-License-Identifier: ISC
"""Stands between a server and PostgreSQL, and breaks one COMMIT in the middle:

    relay.next = "hold"     the commit is done, and its answer is not sent on
    relay.next = "cut"      the commit is done, and the connection is lost
    relay.next = "lose"     the connection is lost before the commit

`caught` is an event: the commit has met the relay and, unless it was lost,
PostgreSQL has answered."""

import contextlib
import socket
import threading

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class Relay:
    def __init__(self, port):
        self.upstream = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.next = None
        self.caught = threading.Event()
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1",
                                                   self.upstream))
                for s in (client, server):
                    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.open += [client, server]
                pair = {"client": client, "server": server, "action": None}
                for way in (self.requests, self.answers):
                    threading.Thread(target=self.run, args=(way, pair),
                                     daemon=True).start()

    @staticmethod
    def run(way, pair):
        with contextlib.suppress(OSError):
            way(pair)
        for s in (pair["client"], pair["server"]):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def requests(self, pair):
        while data := pair["client"].recv(65536):
            if self.next and COMMIT in data:
                pair["action"], self.next = self.next, None
                if pair["action"] == "lose":
                    self.caught.set()
                    return
            pair["server"].sendall(data)

    def answers(self, pair):
        while data := pair["server"].recv(65536):
            if pair["action"] == "cut":
                self.caught.set()
                return
            if pair["action"] == "hold":
                self.caught.set()
            else:
                pair["client"].sendall(data)

    def close(self):
        self.listener.close()
        for s in self.open:
            s.close()
