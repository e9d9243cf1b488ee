# SPDX-License-Identifier: ISC
"""The real server, ./keel serve, with its own ports, state folder and database;
and the checks of every server after its end."""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

import httpx

from cluster import free_port
from events import problem_of
from product import boundary, watch_processes
from secret_texts import find_secrets

watch_processes()


def take_signals():
    """Those that a shell's & has made us ignore: what is ignored stays so in
    ./keel, which cannot take it back."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler),
                            (signal.SIGQUIT, signal.SIG_DFL),
                            (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


take_signals()

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
KEEL = os.path.join(ROOT, "keel")
STACK_SIZE = 256 * 1024
READY_SECONDS = 30
STOP_SECONDS = 20

# Strings that must not be in any log; the helpers add those they make.
confidential = set()

# The build folder of each port, to check its responses.
builds = {}


def read_text(path):
    """A file's text; empty if the file or process does not exist."""
    try:
        with open(path, errors="replace") as f:
            return boundary.read(f.read())
    except (FileNotFoundError, ProcessLookupError):
        return ""


def find_build():
    folder = os.environ.get("KEEL_BUILD")
    if not folder:
        for flavor in ("prod", "dev"):
            folder = os.path.join(ROOT, ".build", flavor, "keel")
            if os.path.exists(folder + "/keel.so"):
                break
    return os.path.abspath(folder)


BUILD = find_build()


def flavor(build=BUILD):
    return read_text(build + "/.flavor").strip()


IS_ASAN = flavor() == "asan"


def clean_environment():
    """Without the caller's variables for Keel, Kore, libpq or OpenSSL."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")
            if name in os.environ} | {
                "LC_ALL": "C.UTF-8",
                # Makes an abort() a report with a stack.
                "ASAN_OPTIONS": "handle_abort=1"}


def make_certificate(folder, kind, names="DNS:localhost,IP:127.0.0.1"):
    """A self-signed certificate for 127.0.0.1."""
    key = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
           "rsa": ["-newkey", "rsa:2048"]}[kind]
    pair = (os.path.join(folder, kind + ".pem"),
            os.path.join(folder, kind + ".key"))
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "30", *key,
         "-subj", "/CN=localhost", "-addext",
         "subjectAltName=" + names,
         "-out", pair[0], "-keyout", pair[1]], check=True,
        stdin=subprocess.DEVNULL, capture_output=True)
    return pair


def session_processes(session):
    """The processes of a session, except zombies."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                fields = f.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(pid))
    return found


def folder_processes(folder):
    """The processes that work in a folder or have it in a setting."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                environment = f.read()
            cwd = os.readlink("/proc/%s/cwd" % pid)
        except OSError:
            continue
        if folder.encode() in environment or cwd.startswith(folder):
            found.append(int(pid))
    return found


class Server:
    runs = "serve"
    ends_on = signal.SIGINT     # which does not wait for idle clients
    ready = "keel: ready on "
    keel = KEEL
    wrapper = []        # what runs ./keel
    pass_fds = ()

    def __init__(self, cluster, database, certificate, build=BUILD,
                 secret=None, **settings):
        self.cluster = cluster
        self.database = database
        self.build = build
        self.port = free_port()
        self.admin_port = free_port()
        builds[self.port] = build
        self.secret = secret or secrets.token_urlsafe(48)
        self.tls_off = settings.get("KEEL_TLS") == "off"
        self.url = "%s://127.0.0.1:%d" % (
            "http" if self.tls_off else "https", self.port)
        self.admin_url = "http://127.0.0.1:%d" % self.admin_port
        self.cert, self.key = certificate
        self.folder = tempfile.mkdtemp(prefix="keel-srv-")
        self.state = os.path.join(self.folder, "state")
        self.stdout = os.path.join(self.folder, "stdout")
        self.stderr = os.path.join(self.folder, "stderr")
        self.process = None
        self.problems = []
        self.deaths = 0     # of workers that the test has killed
        self.any_path = False   # the test puts anything into paths
        self.settings = {
            "KEEL_BUILD": self.build,
            "KEEL_STATE_DIR": self.state,
            "KEEL_DATABASE_URL": cluster.url(database),
            "KEEL_DATABASE_POOL": "4",
            "KEEL_PORT": str(self.port),
            "KEEL_ADMIN_PORT": str(self.admin_port),
            "KEEL_SECRET_KEY": self.secret,
            "KEEL_TLS_CERT": None if self.tls_off else self.cert,
            "KEEL_TLS_KEY": None if self.tls_off else self.key,
            "KEEL_WORKERS": "2",
            "KEEL_RATE_LIMITS": "off",
        }
        if os.geteuid() == 0:
            self.settings["KEEL_ALLOW_ROOT"] = "1"
        # None removes a setting.
        self.settings.update(settings)
        self.settings = {name: value for name, value in self.settings.items()
                         if value is not None}
        confidential.add(self.secret)
        confidential.add(cluster.password)

    def environment(self):
        return clean_environment() | self.settings

    def command(self, *arguments, text="", timeout=60):
        """Runs a command of ./keel to its end. Ends any process that outlives
        it, and records it in `left_over`."""
        process = subprocess.Popen(
            [*self.wrapper, self.keel, *arguments], env=self.environment(),
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            pass_fds=self.pass_fds)
        try:
            out, err = process.communicate(text, timeout)
        finally:
            left_over = session_processes(process.pid)
            for pid in left_over:
                os.kill(pid, signal.SIGKILL)
        done = subprocess.CompletedProcess(arguments, process.returncode,
                                           out, err)
        done.left_over = left_over
        return done

    def start(self, *options):
        before = len(self.output())
        with open(self.stdout, "ab") as out, open(self.stderr, "ab") as err:
            self.process = subprocess.Popen(
                [*self.wrapper, self.keel, self.runs, *options],
                env=self.environment(), stdout=out,
                stdin=subprocess.DEVNULL, stderr=err, start_new_session=True,
                pass_fds=self.pass_fds)
        deadline = time.monotonic() + READY_SECONDS
        while self.ready not in self.output()[before:]:
            if self.process.poll() is not None or \
                    time.monotonic() > deadline:
                raise RuntimeError("keel %s is not ready:\n%s%s" % (
                    self.runs, self.output(), self.errors()))
            time.sleep(0.02)
        return self

    def kill(self):
        """Sends SIGKILL to all processes at once, so that none sees another
        die. The server may be started again."""
        for signum in (signal.SIGSTOP, signal.SIGKILL):
            for pid in session_processes(self.process.pid):
                # A child dies with its parent, which may have been first.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signum)
        self.process.wait(STOP_SECONDS)
        self.end_left_overs()
        self.process = None

    def output(self):
        return read_text(self.stdout)

    def errors(self):
        return read_text(self.stderr)

    def log(self, text=""):
        """The log's events, those whose line contains the text."""
        output = self.output()
        if text not in output:
            return []
        return [json.loads(line) for line in output.splitlines()
                if text in line and line.startswith("{") and
                line.endswith("}")]

    def wait_for_log(self, request_id, timeout=10):
        """The access log line of a request; it is written last."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for event in self.log(request_id):
                if event.get("request_id") == request_id and \
                        event["event"] == "request":
                    return event
            time.sleep(0.02)
        raise AssertionError("no log line of request %s" % request_id)

    def kill_worker(self):
        """Sends SIGKILL to the only worker, which Kore starts again."""
        self.deaths += 1
        [worker] = self.workers()
        os.kill(worker, signal.SIGKILL)

    def workers(self):
        """The worker processes' ids."""
        found = []
        for pid in session_processes(self.process.pid):
            if "[wrk " in read_text("/proc/%d/cmdline" % pid):
                found.append(pid)
        return found

    def parent(self):
        """Kore's parent: a child has the parent's title for a moment."""
        with open("/proc/%d/stat" % self.workers()[0]) as f:
            return int(f.read().rpartition(")")[2].split()[1])

    def key_manager(self):
        """The process id of the key manager."""
        [pid] = [pid for pid in session_processes(self.process.pid)
                 if "[keymgr]" in read_text("/proc/%d/cmdline" % pid)]
        return pid

    def tls(self):
        return ssl.create_default_context(cafile=self.cert)

    def client(self, **options):
        options.setdefault("timeout", 30)
        if "verify" not in options:
            options["verify"] = self.tls()
        return httpx.Client(base_url=self.url, trust_env=False, **options)

    def answers(self):
        """Is it ready?"""
        try:
            with self.client() as client:
                return client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def metrics(self):
        # To load the system's certificates, for nothing, takes 23 ms.
        page = httpx.get(self.admin_url + "/metrics", timeout=10,
                         trust_env=False, verify=False)
        assert page.status_code == 200, page.text
        values = {}
        for line in page.text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[boundary.metric(name)] = float(value)
        return values

    def wait_for_rest(self, timeout=20):
        """Waits until every worker is idle. A tick writes the gauges every 500
        ms, so it skips one tick first."""
        names = ["keel_coroutines", "keel_arenas", "keel_tasks",
                 "keel_db_in_use"]
        time.sleep(0.6)
        deadline = time.monotonic() + timeout
        while True:
            values = self.metrics()
            busy = {name: values[name] for name in names if values[name]}
            if not busy:
                return
            assert time.monotonic() < deadline, "not at rest: %s" % busy
            time.sleep(0.1)

    def sql(self, statement, *params):
        return self.cluster.sql_kept(self.database, statement, *params)

    def open_transactions(self):
        """What our sessions do in the database when they should be idle."""
        return self.sql(
            "SELECT state, query FROM pg_stat_activity WHERE datname = %s "
            "AND application_name = 'keel' AND state <> 'idle'",
            self.database)

    def wait_for_no_transaction(self, timeout=10):
        """A response may arrive before its transaction's ROLLBACK is done."""
        deadline = time.monotonic() + timeout
        while found := self.open_transactions():
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

    def stop(self):
        """Ends it, then runs every check; `problems` gets the errors."""
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                self.check_metrics(self.metrics_at_the_end())
            except (httpx.HTTPError, AssertionError) as error:
                self.problems.append("no metrics: %r" % error)
        self.end()
        self.check_log()
        self.check_sanitizers()

    def end(self):
        """Sends the signal, and checks what is left."""
        if self.process.poll() is None:
            self.process.send_signal(self.ends_on)
            try:
                status = self.process.wait(STOP_SECONDS)
                if status != 0:
                    self.problems.append("exit status %d" % status)
            except subprocess.TimeoutExpired:
                self.problems.append("does not end on a signal")
                self.process.kill()
                self.process.wait()
        else:
            self.problems.append("ended by itself, status %d" %
                                 self.process.returncode)
        self.end_left_overs()
        self.process = None

    def end_left_overs(self):
        deadline = time.monotonic() + STOP_SECONDS
        while session_processes(self.process.pid):
            if time.monotonic() > deadline:
                left_over = session_processes(self.process.pid)
                self.problems.append("processes left: %s" % left_over)
                for pid in left_over:
                    os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.02)

    def metrics_at_the_end(self):
        """When the workers that replace killed ones have said so."""
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            values = self.metrics()
            if values["keel_worker_restarts_total"] >= self.deaths or \
                    time.monotonic() > deadline:
                return values
            time.sleep(0.05)

    def check_metrics(self, values):
        if values["keel_worker_restarts_total"] != self.deaths:
            self.problems.append("a worker was restarted")
        limit = STACK_SIZE if flavor(self.build) == "asan" else STACK_SIZE / 2
        if values["keel_stack_high_water"] > limit:
            self.problems.append("a stack was used up to %d bytes" %
                                 values["keel_stack_high_water"])

    def check_log(self):
        text = self.output() + self.errors()
        if text.count("a worker died") != self.deaths:
            self.problems.append("the log says that a worker died")
        for line in self.output().splitlines():
            if not line.startswith("{"):
                continue
            try:
                problem = problem_of(json.loads(line), self.settings.get(
                    "KEEL_LOG_LEVEL", "info"))
            except ValueError:
                problem = "is no JSON"
            if problem is not None:
                self.problems.append("a line of the log %s: %s" % (
                    problem, line[:300]))
        if self.any_path:   # which are logged
            text = re.sub(r'"path":"(?:[^"\\]|\\.)*"', "", text)
        for secret in find_secrets(text, confidential):
            self.problems.append("the log holds the secret %r" % secret)

    def check_sanitizers(self):
        reports = [self.errors()]
        folder = os.path.join(self.state, "log")
        if os.path.isdir(folder):
            for name in sorted(os.listdir(folder)):
                if name.startswith("asan."):
                    reports.append(read_text(os.path.join(folder, name)))
        for report in reports:
            if re.search("ERROR: AddressSanitizer|ERROR: LeakSanitizer|"
                         "runtime error:|DEADLYSIGNAL", report):
                self.problems.append("a sanitizer reports:\n" + report[:6000])

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
