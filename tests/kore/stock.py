# SPDX-License-Identifier: ISC
"""Stock Kore with one of our modules: built in a temporary folder and run on
loopback; all files and processes are removed afterwards. And a client whose
every wait has a limit."""

import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../api/support"))

from cluster import free_port  # noqa: E402

START_SECONDS = 10
STOP_SECONDS = 3
INTERNAL = "TLSV1_ALERT_INTERNAL_ERROR"

# The same as kodev's.
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1",
         "-fPIC", "-shared"]

SERVER = """
load {folder}/module.so
pidfile {folder}/kore.pid
workers {workers}
{settings}
server main {{
	bind 127.0.0.1 {port}
	tls {tls}
}}
domain * {{
	attach main
{routes}
{domain}
}}
"""

TLS = """
	certfile {folder}/cert.pem
	certkey {folder}/key.pem
"""


class NotShown(Exception):
    """A case did not run as it should, so it shows nothing about Kore."""


def require(condition, what):
    if not condition:
        raise NotShown(what)


def wait_until(condition, seconds):
    """Returns whether condition() came true in time."""
    deadline = time.monotonic() + seconds
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return done


def run(*command):
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120)
    require(done.returncode == 0, "%s: %s" % (command[0], done.stderr))
    return done.stdout


def handlers(source):
    """A module's pages: its functions that take a request."""
    return re.findall(r"^int\t(\w+)\(struct http_request \*\);$", source,
                      re.M)


def processes(group):
    """The processes of a group: {id: command line}, except zombies."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open("/proc/%s/stat" % pid) as f:
                fields = f.read().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                with open("/proc/%s/cmdline" % pid) as f:
                    found[int(pid)] = f.read().replace("\0", " ").strip()
    return found


class Client:
    """A connection. A response is (status, body), or (None, why not)."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, text):
        if isinstance(text, str):
            text = text.encode("latin-1")
        self.socket.sendall(text)

    def more(self, deadline):
        """Reads more; returns why nothing was read, or None."""
        left = deadline - time.monotonic()
        if left <= 0:
            return "no answer"
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return "no answer"
        except OSError:
            return "a reset"
        self.data += data
        return None if data else "a closed connection"

    def answer(self, seconds=2):
        deadline = time.monotonic() + seconds
        while b"\r\n\r\n" not in self.data:
            if (why := self.more(deadline)) is not None:
                return None, why
        head, _, body = self.data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        length = int(length[1]) if length else 0
        self.data = body
        while len(self.data) < length:
            if (why := self.more(deadline)) is not None:
                return None, "%s after %d of %d bytes" % (
                    why, len(self.data), length)
        body, self.data = self.data[:length], self.data[length:]
        return int(head.split()[1]), body.decode("latin-1")


class Kore:
    """Stock Kore that runs a module, as a context manager."""

    def __init__(self, module, settings="", domain="", workers=1, tls=None,
                 pages=True, output=None, **environment):
        self.source = os.path.join(HERE, module)
        self.settings = settings
        self.domain = domain
        self.workers = workers
        self.tls = tls
        self.pages = pages
        self.stdout = output    # None: the log
        self.environment = {"PATH": os.environ["PATH"]} | environment
        self.folder = tempfile.mkdtemp(prefix="keel-kore-")
        self.log = self.path("log")
        self.port = free_port()
        self.process = None

    def __enter__(self):
        try:
            self.build()
            self.configure()
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def build(self):
        with open("/usr/share/kore/features") as f:
            features = f.read().split()
        run("gcc", *FLAGS, *features, "-o", self.path("module.so"),
            self.source)

    def configure(self):
        if self.tls:
            self.make_certificate(self.tls)
            self.domain += TLS.format(folder=self.folder)
            self.settings += "\ntls_dhparam " + self.path("dh.pem")
        with open(self.source) as f:
            routes = ["\troute /%s %s" % (name, name)
                      for name in handlers(f.read())]
        with open(self.path("kore.conf"), "w") as f:
            f.write(SERVER.format(
                folder=self.folder, port=self.port, workers=self.workers,
                tls="yes" if self.tls else "no", settings=self.settings,
                routes="\n".join(routes), domain=self.domain))

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_certificate(self, kind):
        key = {"EC": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
               "RSA": ["rsa:2048"]}[kind]
        run("openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey",
            *key, "-subj", "/CN=localhost", "-out", self.path("cert.pem"),
            "-keyout", self.path("key.pem"))
        with open(self.path("dh.pem"), "w") as f:
            f.write(run("openssl", "dhparam", "-dsaparam", "2048"))

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["kore", "-fnrc", self.path("kore.conf")], cwd=self.folder,
                env=self.environment, stdin=subprocess.DEVNULL,
                stdout=self.stdout or log, stderr=log, start_new_session=True)
        if self.pages:
            require(wait_until(self.is_up, START_SECONDS),
                    "Kore does not start: " + self.output())
        return self

    def is_up(self):
        require(self.process.poll() is None,
                "Kore does not start: " + self.output())
        if self.tls:
            # Other errors until the key manager has sent the certificate.
            why = self.handshake(ssl.TLSVersion.TLSv1_3)
            return why is None or INTERNAL in why
        with contextlib.suppress(OSError):
            return self.get("/page")[0] is not None
        return False

    def output(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def processes(self, name=""):
        """All process ids, or those with a name: parent, keymgr or wrk."""
        return [pid for pid, title in processes(self.process.pid).items()
                if "[" + name in title]

    def client(self):
        return Client(self.port)

    def get(self, target, seconds=2):
        return self.exchange("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" %
                             target, seconds)

    def exchange(self, text, seconds=2):
        with self.client() as client:
            client.send(text)
            return client.answer(seconds)

    def worker(self):
        """The id of the worker that responds; "" if none does."""
        status, body = self.get("/page")
        return re.search(r"pid (\d+)", body)[1] if status == 200 else ""

    def handshake(self, version):
        """None, or why it failed."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        try:
            with socket.create_connection(("127.0.0.1", self.port),
                                          timeout=3) as raw:
                context.wrap_socket(raw).close()
        except TimeoutError:
            return "no answer"
        except ssl.SSLError as e:
            return e.reason or str(e)
        except OSError:
            return "a reset"
        return None

    def stop(self):
        if self.process is not None:
            self.stop_process()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_process(self):
        """Kore's processes are a group: kills all that are left."""
        group = self.process.pid
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        wait_until(lambda: not processes(group), STOP_SECONDS)
        self.remove_memory(group)

    @staticmethod
    def remove_memory(parent):
        """Frees the shared memory that a killed parent leaves; how many
        pieces."""
        with open("/proc/sysvipc/shm") as f:
            left = [fields[1] for fields in map(str.split, f.readlines()[1:])
                    if int(fields[4]) == parent]
        for memory in left:
            run("ipcrm", "-m", memory)
        return len(left)
