# SPDX-License-Identifier: ISC
"""Mail servers for tests: one with scripted failures, and a real one.

A scripted server accepts every mail, unless its script says otherwise:

    with ScriptedServer(rcpt="550 5.1.1 No such user") as smtp:
        start_jobs(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        ...
    [message] = smtp.wait(1)        # sender, recipients, data, tls, login
    message.parsed()                # email.message.EmailMessage

The script's steps are greeting, ehlo, starttls, auth, mail, rcpt, data, body
(the reply to the end of the data) and quit. The action of a step is a reply,
or HANG (send nothing any more), or CLOSE (close the connection), and applies
every time. Others are RESET (close it by a TCP reset), LATE(seconds, reply),
PIECES(seconds, parts), which sends bytes with a pause after each part, and
CUT(bytes), which sends these and closes. A reply of several lines has CRLF
between them. A list has one action for each time; after it, all succeeds:

    ScriptedServer(body=["451 4.3.0 Try later"])        # once
    ScriptedServer(mail=[None, CLOSE])                  # the second mail's

The step `message` comes after 354, before the message is read.

Change it later with smtp.script["rcpt"] = ..., or hold all connections with
smtp.script["body"] = HANG and end them with smtp.close_all().

TLS: certificate=(cert, key), as in the fixture `certificates`, offers STARTTLS;
implicit=True makes it an smtps server instead. The url has the right scheme.
Login: login=("user", "password") offers AUTH PLAIN and LOGIN, and rejects mail
without it; the url then has both, percent-encoded.

smtp.connections is the number of connections, smtp.commands are the lines that
clients sent (AUTH without its secret), smtp.active is how many messages are
between MAIL and their last reply. smtp.close_all() closes every connection, as
a server does with idle ones; smtp.stop() and smtp.start() make an outage: the
port stays the same, and nothing listens on it in between.

RealServer is aiosmtpd. It has url, messages, wait(), stop() and start() too,
but no script: it accepts correct SMTP only.

Both listen on 127.0.0.1 only.
"""

import base64
import collections
import contextlib
import dataclasses
import email
import email.policy
import socket
import ssl
import struct
import threading
import time
import urllib.parse

from cluster import free_port

HANG = object()
CLOSE = object()
RESET = object()
LATE = collections.namedtuple("LATE", "seconds reply", defaults=[None])
PIECES = collections.namedtuple("PIECES", "seconds parts")
CUT = collections.namedtuple("CUT", "data")

STEPS = ("greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data",
         "message", "body", "quit")
LINE_MAX = 1000


@dataclasses.dataclass
class Message:
    """An accepted message, as received, without SMTP's dot-stuffing."""
    sender: str
    recipients: list
    data: bytes
    tls: bool
    login: str          # "" without a login
    options: list       # of MAIL: ["SMTPUTF8"]
    connection: int     # 1, 2, ...

    def parsed(self):
        message = email.message_from_bytes(self.data,
                                           policy=email.policy.default)
        for part in message.walk():
            assert part.defects == [], part.defects
            for name, value in part.items():
                assert value.defects == (), (name, value.defects)
        return message


class Sink:
    """The common part of both servers."""

    def __init__(self, certificate, implicit, login):
        assert certificate or not implicit
        self.port = free_port()
        self.implicit = implicit
        self.login = login
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.messages = []
        self.lock = threading.Condition()

    @property
    def url(self):
        name = "".join(urllib.parse.quote(part, safe="") + after
                       for part, after in zip(self.login or (), ":@"))
        return "%s://%s127.0.0.1:%d" % (
            "smtps" if self.implicit else "smtp", name, self.port)

    def take(self, message):
        with self.lock:
            self.messages.append(message)
            self.lock.notify_all()

    def wait(self, count, timeout=20):
        """Waits for that many messages and returns them."""
        with self.lock:
            done = self.lock.wait_for(lambda: len(self.messages) >= count,
                                      timeout)
            assert done, "%d of %d mails" % (len(self.messages), count)
            return list(self.messages)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Closed(Exception):
    pass


class ScriptedServer(Sink):
    def __init__(self, certificate=None, implicit=False, login=None,
                 extensions=("8BITMIME", "SMTPUTF8"), **script):
        super().__init__(certificate, implicit, login)
        assert set(script) <= set(STEPS), script
        self.script = script
        self.extensions = extensions
        self.connections = 0
        self.active = 0
        self.commands = []
        self.sockets = set()
        self.listener = None

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=(self.listener,),
                         daemon=True).start()
        return self

    def stop(self):
        listener, self.listener = self.listener, None
        if listener:
            # Closing alone would not wake the thread in accept().
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.close_all()

    def close_all(self):
        """Closes every open connection."""
        with self.lock:
            sockets = list(self.sockets)
        for s in sockets:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def accept(self, listener):
        while True:
            try:
                s, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                self.sockets.add(s)
                self.lock.notify_all()
            threading.Thread(target=self.serve, args=(s, number),
                             daemon=True).start()

    def serve(self, s, number):
        session = Session(self, s, number)
        try:
            session.run()
        except (Closed, OSError):
            pass
        finally:
            with self.lock:
                self.active -= session.in_message
                self.sockets.discard(s)
                self.lock.notify_all()
            session.close()
            s.close()

    def action(self, step):
        """The action at a step; None means success."""
        with self.lock:
            action = self.script.get(step)
            if isinstance(action, list):
                action = action.pop(0) if action else None
            return action

    def wait_for(self, condition, timeout=20):
        """Waits until condition() holds; checks it after each event."""
        with self.lock:
            assert self.lock.wait_for(condition, timeout), "timed out"

    def note(self, line):
        with self.lock:
            self.commands.append(line)
            self.lock.notify_all()


class Session:
    """One connection to a scripted server."""

    def __init__(self, server, s, number):
        self.server = server
        self.plain = s
        self.socket = s
        self.file = None
        self.number = number
        self.tls = False
        self.login = ""
        self.in_message = False
        self.sender = None
        self.options = []
        self.recipients = []

    def close(self):
        if self.file:
            self.file.close()
        if self.socket is not self.plain:
            self.socket.close()

    def open(self):
        if self.file:
            self.file.close()
        self.file = self.socket.makefile("rb")

    def start_tls(self):
        # A duplicate, so that close_all() still finds the connection.
        self.socket = self.server.tls.wrap_socket(self.plain.dup(),
                                                  server_side=True)
        self.tls = True
        self.open()

    def send(self, text):
        self.socket.sendall(text.encode("utf-8") + b"\r\n")

    def line(self):
        line = self.file.readline(1 << 20)
        if not line.endswith(b"\r\n"):
            raise Closed
        return line

    def step(self, step, reply):
        """Does the script's action, or replies; True means success."""
        action = self.server.action(step)
        if isinstance(action, LATE):
            time.sleep(action.seconds)
            action = action.reply
        if isinstance(action, PIECES):
            for part in action.parts:
                self.socket.sendall(part)
                time.sleep(action.seconds)
            return action.parts[0][:1] in b"23"
        if isinstance(action, CUT):
            self.socket.sendall(action.data)
            raise Closed
        if action is CLOSE:
            raise Closed
        if action is RESET:
            self.plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
            raise Closed
        if action is HANG:
            # Until the client or close_all() ends it.
            while self.socket.recv(65536):
                pass
            raise Closed
        if action or reply:
            self.send(action or reply)
        return (action or reply or "2")[0] in "23"

    def message(self, begins):
        with self.server.lock:
            self.server.active += begins - self.in_message
            self.in_message = begins
            self.server.lock.notify_all()

    def run(self):
        if self.server.implicit:
            self.start_tls()
        else:
            self.open()
        if not self.step("greeting", "220 test.invalid ESMTP"):
            raise Closed
        while True:
            line = self.line().decode("utf-8", "replace").rstrip("\r\n")
            assert len(line) <= LINE_MAX, line
            verb = line.split(" ")[0].upper()
            self.server.note("AUTH" if verb == "AUTH" else line)
            getattr(self, "do_" + verb.lower(), self.unknown)(line)

    def unknown(self, _):
        self.send("502 5.5.2 Unknown")

    def do_ehlo(self, _):
        lines = ["test.invalid", "ENHANCEDSTATUSCODES",
                 *self.server.extensions]
        if self.server.tls and not self.tls:
            lines.append("STARTTLS")
        if self.server.login:
            lines.append("AUTH PLAIN LOGIN")
        self.step("ehlo", "\r\n".join(
            "250%s%s" % (" " if line is lines[-1] else "-", line)
            for line in lines))

    def do_helo(self, _):
        self.step("ehlo", "250 test.invalid")

    def do_starttls(self, _):
        if not self.server.tls or self.tls:
            self.unknown(_)
        elif self.step("starttls", "220 2.0.0 Go on"):
            self.start_tls()

    def ask(self, prompt):
        self.send("334 " + base64.b64encode(prompt).decode())
        return base64.b64decode(self.line())

    def do_auth(self, line):
        words = line.split(" ")
        if words[1].upper() == "PLAIN":
            given = base64.b64decode(words[2]) if len(words) > 2 \
                else self.ask(b"")
            _, name, password = given.decode().split("\0")
        else:
            name = base64.b64decode(words[2]) if len(words) > 2 \
                else self.ask(b"Username:")
            name, password = name.decode(), self.ask(b"Password:").decode()
        if (name, password) != self.server.login:
            self.send("535 5.7.8 Wrong")
        elif self.step("auth", "235 2.7.0 Welcome"):
            self.login = name

    def do_mail(self, line):
        if self.server.login and not self.login:
            self.send("530 5.7.0 Sign in first")
            return
        self.message(True)
        address, _, options = line[len("MAIL FROM:"):].partition("> ")
        self.sender = address.strip("<>")
        self.options = options.split()
        self.recipients = []
        if not self.step("mail", "250 2.1.0 Ok"):
            self.message(False)

    def do_rcpt(self, line):
        if self.step("rcpt", "250 2.1.5 Ok"):
            self.recipients.append(
                line[len("RCPT TO:"):].partition("> ")[0].strip("<>"))

    def do_data(self, _):
        if not self.recipients:
            self.send("503 5.5.1 Nobody to send to")
            return
        if not self.step("data", "354 Go on"):
            return
        self.step("message", "")
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line[line.startswith(b"."):])
        if self.step("body", "250 2.0.0 Taken"):
            self.server.take(Message(
                self.sender, self.recipients, b"".join(lines), self.tls,
                self.login, self.options, self.number))
        self.message(False)

    def do_rset(self, _):
        self.message(False)
        self.send("250 2.0.0 Ok")

    def do_noop(self, _):
        self.send("250 2.0.0 Ok")

    def do_quit(self, _):
        self.step("quit", "221 2.0.0 Bye")
        raise Closed


class RealServer(Sink):
    """aiosmtpd, which makes clients follow RFC 5321."""

    def __init__(self, certificate=None, implicit=False, login=None):
        super().__init__(certificate, implicit, login)
        self.controller = None

    def start(self):
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult

        def authenticate(_server, session, _envelope, _mechanism, data):
            given = (data.login.decode(), data.password.decode())
            session.login_name = given[0]
            return AuthResult(success=given == self.login)

        options = {"enable_SMTPUTF8": True}
        if self.implicit:
            options["ssl_context"] = self.tls
        elif self.tls:
            options |= {"tls_context": self.tls, "require_starttls": True}
        if self.login:
            options |= {"authenticator": authenticate, "auth_required": True,
                        "auth_require_tls": bool(self.tls) and
                        not self.implicit}
        self.controller = Controller(self, hostname="127.0.0.1",
                                     port=self.port, **options)
        self.controller.start()
        return self

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None

    async def handle_DATA(self, _server, session, envelope):
        self.take(Message(
            envelope.mail_from, envelope.rcpt_tos, envelope.original_content,
            self.implicit or session.ssl is not None,
            getattr(session, "login_name", ""), envelope.mail_options, 0))
        return "250 2.0.0 Taken"


def closed_port():
    """A port that refuses connections."""
    return free_port()


def wait_until(condition, timeout=20):
    """Polls, for events that no server here reports."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)
