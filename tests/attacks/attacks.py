# SPDX-License-Identifier: ISC
"""Clients that take resources and do nothing useful. Each attack runs in its
own process, from 127.0.0.1 unless it says otherwise, until it is told to
end."""

import multiprocessing
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

from key_updates import KeyUpdates, answered_meanwhile

SILENT = 1100
BIG = 20 * 1024 * 1024
LARGE = 1310720     # .body_max of POST /posts
SLOW = 250          # below the limit of one address
MANY = ["127.0.1.%d" % i for i in range(1, 13)]
OPENED_AT_ONCE = 1000
SHORT = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\n" \
    "Content-Type: application/json\r\n"
# The response has ten thousand bytes.
LONG = "GET /healthz?%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % "&".join(
    "q%d" % i for i in range(300))


UPDATES = 10000     # at a time: 40 turns of a worker
ATTEMPTS = 3


class Seen:
    """What an attack has done so far: read by the process that judges it."""

    def __init__(self):
        self.values = multiprocessing.Array("d", 3)

    def set_oldest(self, seconds):
        """How long the server has kept a connection."""
        with self.values.get_lock():
            self.values[0] = max(self.values[0], seconds)

    def count_bytes(self, count):
        """Those that the server has accepted."""
        with self.values.get_lock():
            self.values[1] += count

    def set_answered(self, count):
        """The requests of another client that were not kept waiting."""
        with self.values.get_lock():
            self.values[2] = max(self.values[2], count)

    @property
    def answered(self):
        return int(self.values[2])

    @property
    def oldest(self):
        return self.values[0]

    @property
    def bytes(self):
        return int(self.values[1])


class Target:
    def __init__(self, port, cert):
        self.port = port
        self.cert = cert
        self.tls = ssl.create_default_context(cafile=cert)
        self.seen = Seen()

    def connect(self, tls=True, source="127.0.0.1", window=None, timeout=5):
        plain = socket.socket()
        try:
            if window is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            plain.settimeout(timeout)
            plain.bind((source, 0))
            plain.connect(("127.0.0.1", self.port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not tls:
                return plain
            return self.tls.wrap_socket(plain, server_hostname="127.0.0.1")
        except BaseException:
            plain.close()
            raise


class Herd:
    """Many connections. It reopens those that the server closes."""

    def __init__(self, target, count, first=b"", sources=("127.0.0.1",),
                 **options):
        self.target = target
        self.count = count
        self.first = first
        self.sources = sources
        self.options = options
        self.opened = 0
        self.open = {}      # by descriptor
        self.said = {}      # how many times each has sent more
        self.born = {}

    def grow(self, ended):
        for _ in range(OPENED_AT_ONCE):
            if len(self.open) >= self.count or ended.is_set():
                return
            source = self.sources[self.opened % len(self.sources)]
            self.opened += 1
            try:
                s = self.target.connect(source=source, **self.options)
            except OSError:
                continue
            self.open[s.fileno()] = s
            self.said[s.fileno()] = 0
            self.born[s.fileno()] = time.monotonic()
            self.say(s, self.first)

    def say(self, s, data):
        try:
            s.setblocking(False)
            if data:
                s.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except OSError:
            self.drop(s)

    def drop(self, s):
        del self.open[s.fileno()]
        s.close()

    def drop_closed(self):
        """Notes how old the others are: at least that long they were kept."""
        poll = select.poll()
        for fd in self.open:
            poll.register(fd, select.POLLIN)
        now = time.monotonic()
        ready = dict(poll.poll(0))
        for fd in self.open.keys() - ready.keys():
            self.target.seen.set_oldest(now - self.born[fd])
        for fd in ready:
            s = self.open[fd]
            try:
                s.setblocking(False)
                if not s.recv(65536):
                    self.drop(s)
            except (ssl.SSLWantReadError, BlockingIOError):
                pass
            except OSError:
                self.drop(s)

    def say_more(self, more):
        for fd, s in list(self.open.items()):
            data = more(self.said[fd])
            self.said[fd] += 1
            self.say(s, data)

    def run(self, ended, more=None, deaf=False):
        """Every second each connection sends a little more: more(number of
        times so far)."""
        while not ended.is_set():
            started = time.monotonic()
            if not deaf:
                self.drop_closed()
            self.grow(ended)
            if more is not None:
                self.say_more(more)
            ended.wait(max(0, started + 1 - time.monotonic()))
        for s in self.open.values():
            s.close()


def silent_tcp(target, ended):
    Herd(target, SILENT, tls=False).run(ended)


def silent_tls(target, ended):
    Herd(target, SILENT).run(ended)


def silent_from_many(target, ended):
    """More than all workers accept, and no address above its limit."""
    Herd(target, 3000, sources=MANY, tls=False).run(ended)


def slow_handshakes(target, ended):
    """Sends one byte of a ClientHello every second."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = target.tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    Herd(target, 50, tls=False).run(ended, lambda n: hello[n:n + 1])


def slow_heads(target, ended):
    Herd(target, SLOW, SHORT.encode()).run(
        ended, lambda n: b"X-%d: y\r\n" % n)


def slow_bodies(target, ended):
    head = POST + "Content-Length: 100000\r\n\r\n"
    Herd(target, SLOW, head.encode()).run(ended, lambda _: b"x")


def slow_chunks(target, ended):
    head = POST + "Transfer-Encoding: chunked\r\n\r\n"
    Herd(target, SLOW, head.encode()).run(ended, lambda _: b"1\r\nx\r\n")


def slow_readers(target, ended):
    """Requests a hundred long responses each, and does not read them."""
    Herd(target, SLOW, LONG.encode() * 100, window=2048).run(ended, deaf=True)


def in_threads(count, function, *arguments):
    threads = [threading.Thread(target=function, args=arguments)
               for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def send_big_bodies(target, ended):
    head = (POST + "Content-Length: 1\r\n\r\n").encode() + b"x"
    piece = b"x" * 65536
    while not ended.is_set():
        try:
            with target.connect() as s:
                s.sendall(head)
                for _ in range(BIG // len(piece)):
                    s.sendall(piece)
                    target.seen.count_bytes(len(piece))
                while s.recv(65536):
                    pass
        except OSError:
            pass


def big_bodies(target, ended):
    """20 MB after a body of one byte, again and again."""
    in_threads(6, send_big_bodies, target, ended)


def keep_large_body(target, ended):
    """A post whose body never ends. Others get its room, and it begins
    again."""
    head = "POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\n" \
        "Content-Length: %d\r\n\r\n" % LARGE
    piece = b"x" * 65536
    while not ended.is_set():
        try:
            with target.connect(timeout=1) as s:
                s.sendall(head.encode())
                for _ in range(LARGE // len(piece) - 1):
                    s.sendall(piece)
                    target.seen.count_bytes(len(piece))
                while not ended.is_set():
                    try:
                        if not s.recv(65536):
                            break
                    except TimeoutError:
                        s.sendall(b"x")
        except OSError:
            pass


def large_bodies(target, ended):
    """Together more than a worker keeps of such bodies."""
    in_threads(48, keep_large_body, target, ended)


def run_command(command, ended, **options):
    """Runs a command until it ends or must end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **options)
    try:
        while process.poll() is None and not ended.wait(0.1):
            pass
    finally:
        process.kill()
        process.wait()


def update_keys(target, ended):
    """Makes the updates first, so that the server has them all at once."""
    while not ended.is_set():
        try:
            with KeyUpdates(target.port) as client:
                while not ended.is_set():
                    records = client.make(UPDATES)
                    client.socket.sendall(records)
                    target.seen.count_bytes(len(records))
        except OSError:
            pass


def key_updates(target, ended):
    with target.connect(source="127.0.0.3", timeout=30) as connection:
        for _ in range(ATTEMPTS):
            target.seen.set_answered(answered_meanwhile(
                target.port, connection, UPDATES))
    in_threads(2, update_keys, target, ended)


def slowhttptest(mode, path, *options):
    """Restarts slowhttptest when all its connections are closed."""
    def attack(target, ended):
        while not ended.is_set():
            run_command(
                ["slowhttptest", mode, "-c", "3000", "-r", "1000", "-i", "5",
                 "-l", "600", "-u", "https://127.0.0.1:%d%s" % (
                     target.port, path), *options], ended,
                stdin=subprocess.DEVNULL)

    return attack


def nothing(target, ended):
    ended.wait()


def own_attacks():
    """By name, in order."""
    return {
        "nothing": nothing,
        "20 MB behind a body of 1": big_bodies,
        "1,100 silent, TCP": silent_tcp,
        "1,100 silent, TLS": silent_tls,
        "3,000 silent, 12 addresses": silent_from_many,
        "50 handshakes, a byte a second": slow_handshakes,
        "250 slow heads": slow_heads,
        "250 slow bodies": slow_bodies,
        "250 slow chunked bodies": slow_chunks,
        "48 large bodies without end": large_bodies,
        "250 that do not read": slow_readers,
        "key updates without end": key_updates,
    }


def all_attacks():
    """With those of slowhttptest: heads, bodies and readers again, by another
    client."""
    attacks = own_attacks()
    if shutil.which("slowhttptest"):
        attacks |= {
            "slowhttptest -H": slowhttptest("-H", "/healthz"),
            "slowhttptest -B": slowhttptest(
                "-B", "/api/v1/users", "-t", "POST", "-f",
                "application/json", "-s", "100000"),
            "slowhttptest -X": slowhttptest(
                "-X", "/healthz", "-w", "10", "-y", "100", "-n", "5", "-z",
                "8", "-k", "10"),
            "slowhttptest -R": slowhttptest("-R", "/healthz", "-t", "HEAD"),
        }
    return attacks
