# SPDX-License-Identifier: ISC
"""A client that sends any bytes, in any pieces, and reads meanwhile. TLS uses
memory buffers, so that its records can be cut and corrupted, too."""

import ctypes
import select
import socket
import ssl
import struct
import time

READ_MOST = 300     # seconds, from a server that does not stop sending


class Client:
    def __init__(self, port, tls=None, name=None, window=None):
        """window: the receive buffer in bytes; the smaller it is, the sooner
        the server has to wait for a client that does not read."""
        self.socket = socket.socket()
        if window is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   window)
        self.socket.settimeout(5)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.sent = 0
        self.raw = bytearray()       # everything received
        self.received = bytearray()  # the same after decryption
        self.deaf = False            # the server accepts no more bytes
        self.ended = None            # "eof" or "reset" by the server
        self.notified = False        # with close_notify before that
        self.error = None            # TLS error
        self.secure = False          # the handshake is complete
        self.held = b""              # to send together with the next bytes
        self.lazy_until = 0          # time.monotonic(): does not read before
        self.tls = None
        if tls is not None:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = tls.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname=name)

    def step_handshake(self):
        """The next handshake message, as bytes; empty when it is complete."""
        try:
            self.tls.do_handshake()
            self.secure = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = error
        return self.outgoing.read()

    def handshake(self, hold=False, seconds=10):
        """True if it succeeds. hold: keeps the last message back for a
        while."""
        deadline = time.monotonic() + seconds
        while self.error is None and time.monotonic() < deadline:
            flight = self.step_handshake()
            if self.secure and hold:
                self.held = flight
                break
            self.push(flight)
            if self.secure or self.ended is not None:
                break
            self.pull(0.1)
        return self.secure

    def records(self, data):
        """The TLS records for data."""
        if self.tls is None:
            return data
        try:
            while data:
                data = data[self.tls.write(data):]
        except ssl.SSLError as error:
            self.error = self.error or error
        return self.outgoing.read()

    def send(self, data, seconds=20):
        return self.push(self.records(data), seconds)

    def push(self, raw, seconds=20):
        """Sends these bytes unchanged, and reads meanwhile."""
        raw, self.held = memoryview(self.held + raw), b""
        deadline = time.monotonic() + seconds
        while raw and not self.deaf and self.ended is None and \
                time.monotonic() < deadline:
            lazy = time.monotonic() < self.lazy_until
            readable, writable, _ = select.select(
                [] if lazy else [self.socket], [self.socket], [],
                0.05 if lazy else 1)
            if readable:
                self.read_some()
            if writable:
                raw = raw[self.write_some(raw):]

    def write_some(self, raw):
        try:
            n = self.socket.send(raw)
        except BlockingIOError:
            return 0
        except OSError:
            self.deaf = True
            return 0
        self.sent += n
        return n

    def pull(self, seconds):
        """Reads for that time; False if nothing was received."""
        if self.ended is None:
            readable, _, _ = select.select([self.socket], [], [], seconds)
            if readable:
                return self.read_some()
        return False

    def read_some(self):
        try:
            data = self.socket.recv(262144)
        except BlockingIOError:
            return False
        except OSError:
            self.ended = "reset"
            return False
        if not data:
            self.ended = "eof"
            return False
        self.raw += data
        if self.tls is None:
            self.received += data
        else:
            self.incoming.write(data)
            self.decrypt()
        return True

    def decrypt(self):
        """During the handshake there is no data to read."""
        if not self.secure or self.error is not None:
            return
        try:
            while not self.notified:
                data = self.tls.read(65536)
                self.received += data
                self.notified = not data
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = error

    def read_until_quiet(self, seconds):
        """Until nothing was received for that long, or the server has closed
        the connection, however little the client reads at a time."""
        latest = time.monotonic() + READ_MOST
        while self.pull(seconds):
            if time.monotonic() > latest:
                raise RuntimeError("the server does not stop sending")

    def wait_for_end(self, seconds):
        """True if the server closes the connection in that time, or so long
        after its last byte."""
        self.read_until_quiet(seconds)
        return self.ended is not None

    def key_update(self, answer):
        """TLS 1.3: updates the keys. Python has no function for it, so it uses
        _ssl._SSLSocket, which is a PyObject, a reference and the SSL *."""
        if self.tls is None or self.tls.version() != "TLSv1.3":
            return
        ssl_of = ctypes.c_void_p.from_address(id(self.tls._sslobj) + 24)
        libssl = ctypes.CDLL("libssl.so.3")
        libssl.SSL_version.argtypes = [ctypes.c_void_p]
        libssl.SSL_key_update.argtypes = [ctypes.c_void_p, ctypes.c_int]
        if libssl.SSL_version(ssl_of) == 0x0304:
            libssl.SSL_key_update(ssl_of, int(answer))
            self.push(self.step_handshake())

    def notify(self):
        """Sends close_notify."""
        if self.tls is None or self.error is not None:
            return
        try:
            self.tls.unwrap()
        except (ssl.SSLError, ValueError):
            pass
        self.push(self.outgoing.read())

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        """Ends with a TCP RST."""
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.close()

    def close(self):
        self.socket.close()
