# SPDX-License-Identifier: ISC
"""Builds one flavour and serves it; does so again whenever a file is saved.

usage: watch.py FLAVOR

The server is ./keel serve --with-jobs, as make run starts it. A build that
fails leaves the old server running. A server that does not start leaves none,
until the next save. The private PostgreSQL runs on between two servers: this
program shares its lock with them. Ctrl-C ends everything.

It is a program of its own, not part of ./keel, because it has to do three
things at once: look for changes, pass the server's output on, and wait for a
compiler that it may have to stop. It compares times and sizes instead of asking
inotify, which is silent on the shared folders of virtual machines; a look takes
a few milliseconds."""

import fcntl
import hashlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tty

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WATCHED = ("src", "assets", "sql", "conf", "kore.conf", "keel")
# What editors write beside a file.
NOT_WATCHED = re.compile(r"\.|.*~$|#|4913$|.*\.sw[a-z]$|.*\.tmp$")
PAUSE = 0.2             # seconds between two looks
SETTLE = 0.05           # one save may write several files
READY = b": ready on "
STOP_SECONDS = 30


class Ended(Exception):
    """The caller has sent a signal: its number."""


def say(text):
    print("watch:", text, flush=True)


def look():
    """What a save changes of each file, by the file's path."""
    paths = []
    for name in WATCHED:
        top = os.path.join(ROOT, name)
        if os.path.isfile(top):
            paths.append(top)
        for folder, folders, files in os.walk(top):
            folders[:] = [f for f in folders if not NOT_WATCHED.match(f)]
            paths += [os.path.join(folder, file) for file in files
                      if not NOT_WATCHED.match(file)]
    found = {}
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue    # it is being replaced
        found[path] = status.st_mtime_ns, status.st_size, status.st_ino
    return found


class Changes:
    """What has been saved since the last build began."""

    def __init__(self):
        self.seen = look()
        self.next = 0.0

    def found(self):
        """Looks, but not more often than it should."""
        if time.monotonic() < self.next:
            return False
        now = look()
        self.next = time.monotonic() + PAUSE
        return now != self.seen

    def take(self):
        """The paths, once nothing more is being saved; and when they were
        saved, as time.time() says it."""
        while True:
            now = look()
            time.sleep(SETTLE)
            if look() == now:
                break
        paths = sorted(path for path in now.keys() | self.seen.keys()
                       if now.get(path) != self.seen.get(path))
        self.seen = now
        saved = max([now[path][0] / 1e9 for path in paths if path in now],
                    default=0)
        # A file that was renamed into its place has an older time.
        return paths, saved if 0 <= time.time() - saved < 2 else time.time()


def names(paths):
    short = [os.path.relpath(path, ROOT) for path in paths]
    more = ["%d more" % (len(short) - 3)] if len(short) > 3 else []
    return ", ".join(short[:3] + more)


class Child:
    """A process in a session of its own: Ctrl-C reaches only this program,
    which then ends the others in order."""

    def __init__(self, command, environment, **streams):
        # If this program is killed, the kernel ends the process.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], cwd=ROOT,
            env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
            **streams)

    def runs(self):
        return self.process.poll() is None

    def send(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Server(Child):
    """Passes its output on. A terminal here is one for the server, too, so
    that its log can be read."""

    def __init__(self, command, environment):
        self.ready = False
        self.line = b""
        if sys.stdout.isatty():
            self.output, theirs = pty.openpty()
            tty.setraw(theirs)
        else:
            self.output, theirs = os.pipe()
        super().__init__(command, environment, stdout=theirs, stderr=theirs)
        os.close(theirs)

    def pass_on(self, seconds):
        """Waits for output and passes it on. False if there was none."""
        if not select.select([self.output], [], [], seconds)[0]:
            return False
        try:
            text = os.read(self.output, 65536)
        except OSError:         # a terminal's end
            text = b""
        if not text:
            time.sleep(seconds)
            return False
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
        self.line = (self.line + text)[-65536:]
        self.ready = self.ready or READY in self.line
        return True

    def finish(self):
        """After its end, or to end it. Its exit status."""
        self.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self.runs():
            self.pass_on(0.02)
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
        while self.pass_on(0):
            pass
        os.close(self.output)
        return self.process.returncode


class Watcher:
    def __init__(self, flavor):
        self.flavor = flavor
        self.build = os.path.join(ROOT, ".build", flavor, "keel")
        with open(os.path.join(ROOT, "keel"), encoding="utf-8") as f:
            prefix = re.search(r"^prefix=(\w+)$", f.read(), re.M)
        self.prefix = prefix.group(1) if prefix else "KEEL_"
        self.private = self.prefix + "DATABASE_URL" not in os.environ
        self.state = os.path.realpath(
            os.environ.get(self.prefix + "STATE_DIR") or
            os.path.join(ROOT, "var"))
        self.environment = {
            name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        self.environment[self.prefix + "BUILD"] = self.build
        self.changes = Changes()
        self.builder = self.server = self.database = self.watch = None

    def lock(self, name, how, folder=None, flags=0):
        """A descriptor of a lock, one of ./keel's for example, or None."""
        try:
            lock = os.open(
                os.path.join(folder or self.state + "/lock", name),
                os.O_RDWR | os.O_NOFOLLOW | flags, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
            return lock
        except OSError:
            os.close(lock)
            return None

    def is_watched(self):
        """Does another watcher serve the state? It may just be building."""
        folder = os.path.join(ROOT, ".build")
        os.makedirs(folder, exist_ok=True)
        state = hashlib.sha256(os.fsencode(self.state)).hexdigest()
        self.watch = self.lock("watch-" + state[:16], fcntl.LOCK_EX, folder,
                               os.O_CREAT)
        return self.watch is None

    def is_served(self):
        """Does a server run on the state? One that is ending keeps its lock
        for a moment."""
        deadline = time.monotonic() + 3
        while (self.private and
               os.path.exists(os.path.join(self.state, "lock/serve"))):
            lock = self.lock("serve", fcntl.LOCK_EX)
            if lock is not None:
                os.close(lock)
                return False
            if time.monotonic() > deadline:
                return True
            time.sleep(0.1)
        return False

    def pause(self):
        """A moment in which the server's output is passed on."""
        if self.server:
            self.server.pass_on(0.02)
        else:
            time.sleep(0.02)

    def compile(self, first):
        """True, False, or None if a file changed meanwhile."""
        self.builder = Child(
            [sys.executable, "-B", os.path.join(ROOT, "tools/build.py"),
             "--keep", self.flavor, self.build], self.environment,
            stdout=None if first else subprocess.DEVNULL)
        changed = False
        while self.builder.runs():
            self.pause()
            if not changed and self.changes.found():
                changed = True
                self.builder.send(signal.SIGTERM)
        status = self.builder.process.returncode
        self.builder = None
        return None if changed else status == 0

    def stop_server(self):
        server, self.server = self.server, None
        return server.finish()

    def start_server(self):
        """True when it is ready, None if a file changed meanwhile."""
        keel = os.path.join(ROOT, "keel")
        serve = '"$0" serve --with-jobs'
        if not self.private:
            serve = '"$0" migrate && exec ' + serve
        self.server = Server(["sh", "-c", "exec " + serve if self.private
                              else serve, keel], self.environment)
        while not self.server.ready:
            self.pause()
            if not self.server.runs():
                say("the server does not start (status %d); "
                    "waiting for a change" % self.stop_server())
                return False
            if self.changes.found():
                return None
        self.environment["RESTARTED"] = "1"     # no hints any more
        if self.private and self.database is None:
            self.database = self.lock("users", fcntl.LOCK_SH)
        return True

    def wait(self):
        while not self.changes.found():
            self.pause()
            if self.server and not self.server.runs():
                say("the server has ended (status %d); waiting for a change" %
                    self.stop_server())

    def run(self):
        if self.is_watched():
            say("another make watch is already running on " + self.state)
            return 1
        if self.is_served():
            say("a server is already running on " + self.state)
            return 1
        first, began = True, time.time()
        while True:
            built = self.compile(first)
            if built:
                if self.server:
                    self.stop_server()
                if self.start_server():
                    say("%s and ready in %.1f s" % (
                        "built" if first else "rebuilt",
                        time.time() - began))
                first = False
            elif built is False:
                say("the build failed; %s" % (
                    "the old server runs on" if self.server
                    else "waiting for a change"))
            self.wait()
            paths, began = self.changes.take()
            if paths:
                say("changed: " + names(paths))

    def end(self):
        """The last user of PostgreSQL stops it: the server, or else a command
        that does nothing more."""
        if self.builder:
            self.builder.send(signal.SIGTERM)
            self.builder.process.wait()
        held = self.database
        if held is not None:
            os.close(held)
        if self.server:
            self.stop_server()
        elif held is not None:
            subprocess.run(
                [os.path.join(ROOT, "keel"), "routes"], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
                check=False)


def raise_ended(number, _):
    raise Ended(number)


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        signal.signal(number, raise_ended)
    watcher = Watcher(sys.argv[1])
    try:
        return watcher.run()
    except Ended as error:
        return 128 + error.args[0]
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        watcher.end()


if __name__ == "__main__":
    sys.exit(main())
