# SPDX-License-Identifier: ISC
"""An impostor that listens where a PostgreSQL server is expected. It runs in
its own network namespace, takes an address that is not loopback, listens there,
runs a command, and prints as JSON what the command did and what it sent:

    unshare -n python3 impostor.py '{"address": ..., ...}' ./keel check-config

With `certificate`, [certificate, key], it accepts TLS; otherwise it has none.
It asks every client for the password in clear text."""

import contextlib
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading

PORT = 5432
SSL_REQUEST = 80877103
CLEARTEXT = b"R" + struct.pack("!ii", 8, 3)
REFUSED = b"SFATAL\0C28P01\0Mgot it\0\0"


def read(s, count):
    data = b""
    while len(data) < count:
        more = s.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


class Impostor:
    def __init__(self, address, certificate):
        self.told = []      # what each connection has sent
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.listener = socket.socket()
        self.listener.bind((address, PORT))
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.listener.accept()
            told = []
            self.told.append(told)
            with s, contextlib.suppress(OSError):
                self.serve(s, told)

    def serve(self, s, told):
        while True:
            length, code = struct.unpack("!ii", read(s, 8))
            if code != SSL_REQUEST:
                break
            told.append("SSLRequest")
            s.sendall(b"S" if self.tls else b"N")
            if self.tls:
                s = self.tls.wrap_socket(s, server_side=True)
        read(s, length - 8)
        told.append("startup")
        s.sendall(CLEARTEXT)
        kind, length = struct.unpack("!ci", read(s, 5))
        told.append(read(s, length - 4).rstrip(b"\0").decode())
        s.sendall(b"E" + struct.pack("!i", len(REFUSED) + 4) + REFUSED)


def main(options, command):
    address = options["address"]
    for words in (["link", "set", "lo", "up"],
                  ["addr", "add", address + "/32", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)
    impostor = Impostor(address, options.get("certificate"))
    done = subprocess.run(command, input=options.get("input", ""), text=True,
                          capture_output=True, timeout=30)
    print(json.dumps({"status": done.returncode, "stderr": done.stderr,
                      "stdout": done.stdout, "told": impostor.told}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
