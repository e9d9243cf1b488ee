# SPDX-License-Identifier: ISC
"""A client of TLS 1.3 that changes its keys again and again (RFC 8446, 4.6.3):
work for the server, and never a byte of data. Python's ssl cannot do that, so
this calls OpenSSL itself."""

import ctypes
import ctypes.util
import fcntl
import socket
import struct
import termios
import threading

from wire import GET, Answers

NOT_REQUESTED = 0   # the server keeps its own key
TLS_1_3 = 0x304
SET_MIN_VERSION = 123


def load(name):
    """Threads that took turns for each of these short calls would be slow."""
    return ctypes.PyDLL(ctypes.util.find_library(name))


class KeyUpdates:
    def __init__(self, port, source="127.0.0.1"):
        self.ssl, self.crypto = load("ssl"), load("crypto")
        for library, names in (
                (self.ssl, ("TLS_client_method", "SSL_CTX_new", "SSL_new")),
                (self.crypto, ("BIO_new", "BIO_s_mem"))):
            for name in names:
                getattr(library, name).restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.ssl.SSL_CTX_new(
            ctypes.c_void_p(self.ssl.TLS_client_method())))
        self.ssl.SSL_CTX_ctrl(self.context, SET_MIN_VERSION, TLS_1_3, None)
        self.tls = ctypes.c_void_p(self.ssl.SSL_new(self.context))
        self.incoming, self.outgoing = (
            ctypes.c_void_p(self.crypto.BIO_new(
                ctypes.c_void_p(self.crypto.BIO_s_mem()))) for _ in "io")
        self.ssl.SSL_set_bio(self.tls, self.incoming, self.outgoing)
        self.ssl.SSL_set_connect_state(self.tls)
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=10, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.shake_hands()

    def written(self):
        """What OpenSSL has to send."""
        found = b""
        piece = ctypes.create_string_buffer(1 << 20)
        while (n := self.crypto.BIO_read(self.outgoing, piece,
                                         len(piece))) > 0:
            found += piece.raw[:n]
        return found

    def shake_hands(self):
        while True:
            done = self.ssl.SSL_do_handshake(self.tls) == 1
            self.socket.sendall(self.written())
            if done:
                return
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed during the handshake")
            self.crypto.BIO_write(self.incoming, data, len(data))

    def make(self, count):
        """The records of that many updates, to be sent in this order."""
        for _ in range(count):
            if self.ssl.SSL_key_update(self.tls, NOT_REQUESTED) != 1 or \
                    self.ssl.SSL_do_handshake(self.tls) != 1:
                raise RuntimeError("OpenSSL makes no key update")
        return self.written()

    def send(self, data):
        self.ssl.SSL_write(self.tls, data, len(data))
        self.socket.sendall(self.written())

    def recv(self, size):
        """Like a socket's."""
        piece = ctypes.create_string_buffer(size)
        while (n := self.ssl.SSL_read(self.tls, piece, size)) <= 0:
            data = self.socket.recv(size)
            if not data:
                return b""
            self.crypto.BIO_write(self.incoming, data, len(data))
        return piece.raw[:n]

    def unread(self):
        """How many bytes the server's kernel has not accepted yet."""
        data = fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4)
        return struct.unpack("i", data)[0]

    def close(self):
        self.socket.close()
        self.ssl.SSL_free(self.tls)
        self.ssl.SSL_CTX_free(self.context)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def answered_meanwhile(port, connection, count):
    """How many requests of another client, on this connection, are answered one
    after the other before the server has taken that many updates."""
    answered = 0
    answers = Answers(connection)
    with KeyUpdates(port) as attacker:
        sender = threading.Thread(target=attacker.socket.sendall,
                                  args=(attacker.make(count),))
        sender.start()
        taken = False
        while not taken:
            connection.sendall(GET + b"\r\n")
            assert answers.next().status_code == 200
            taken = not sender.is_alive() and attacker.unread() == 0
            answered += not taken
        sender.join()
    return answered
