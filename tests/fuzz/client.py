# SPDX-License-Identifier: ISC
"""A client that sends what it likes, cut as it likes, and reads all the while.
TLS goes through memory, so that its records can be cut and broken too."""

import ctypes
import select
import socket
import ssl
import struct
import time


class Client:
    def __init__(self, port, tls=None, name=None, window=None):
        """window: of bytes that the kernel takes for a client that does not
        read; the fewer, the sooner the server has to wait."""
        self.socket = socket.socket()
        if window is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   window)
        self.socket.settimeout(5)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.sent = 0
        self.raw = bytearray()       # everything that came
        self.received = bytearray()  # the same above TLS
        self.deaf = False            # the server takes no more
        self.ended = None            # "eof" or "reset": the server's end
        self.notified = False        # by TLS, before that
        self.error = None            # of TLS
        self.secure = False          # the handshake is complete
        self.held = b""              # to be sent together with what follows
        self.lazy_until = 0          # time.monotonic(): reads nothing before
        self.tls = None
        if tls is not None:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = tls.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname=name)

    def step_handshake(self):
        """Its next flight, as bytes; nothing when it is complete."""
        try:
            self.tls.do_handshake()
            self.secure = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = error
        return self.outgoing.read()

    def handshake(self, hold=False, seconds=10):
        """True when it succeeds. hold: its last flight is kept back for a
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
        """What TLS makes of data."""
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
        """Sends these bytes as they are, reading meanwhile."""
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
        """Reads what comes in that time; False when nothing did."""
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
        """During the handshake there is nothing to read yet."""
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

    def wait_for_end(self, seconds):
        """True when the server closes the connection in that time."""
        deadline = time.monotonic() + seconds
        while self.ended is None and time.monotonic() < deadline:
            self.pull(0.1)
        return self.ended is not None

    def wait_for_quiet(self, seconds):
        """Until nothing has come for that long."""
        while self.pull(seconds):
            pass

    def key_update(self, answer):
        """TLS 1.3: other keys from now on; Python has no function for it.
        _ssl._SSLSocket is a PyObject, a reference and the SSL *."""
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
