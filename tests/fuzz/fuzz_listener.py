# SPDX-License-Identifier: ISC
"""Sends random bytes to the real listener, over TLS, below TLS and to the admin
port, and checks the responses, and that other clients are still served.

usage: fuzz_listener.py [--seconds N] [--seed S] [--only THREAD/NUMBER]

KEEL_BUILD names the build, by default the asan flavour. A seed repeats a run's
inputs, --only one of them (except TLS's own random numbers)."""

import argparse
import collections
import os
import random
import socket
import ssl
import sys
import threading
import time
import traceback
import uuid
from types import SimpleNamespace

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

import corpus  # noqa: E402
import mutations  # noqa: E402
import requests_http  # noqa: E402
from announce import CLIENT, TLV, header  # noqa: E402
from answers import Wrong, check_answers, check_echo  # noqa: E402
from answers import check_records, count_answers  # noqa: E402
from authors import add_posts  # noqa: E402
from client import Client  # noqa: E402
from corpus_posts import LARGE_MAX, POSTS  # noqa: E402
from helpers import make_token, raw_request, read_claims  # noqa: E402
from helpers import read_raw_answer, register, sign_in  # noqa: E402
from server import BUILD, flavor  # noqa: E402
from standalone import running_server, wait_for_no_connections  # noqa: E402

THREADS = 4
CANARY_ADDRESS = "127.0.0.2"
CANARY_WORST = 5        # seconds
END_WORST = 20          # seconds until the server closes at the end
ANSWERS_WORST = 20      # seconds until each response is there
QUIET = 0.05            # seconds without a byte: the server is done
REST_SECONDS = 15
SHOWN = 2000            # bytes of a failed input
FAILURES_SHOWN = 20

# These end whatever the server waits for: no head has a NUL, no chunk begins
# with one, and the rest of a body is not longer.
THE_END = bytes(requests_http.BODY_MAX + 4096)
THE_LARGE_END = bytes(LARGE_MAX + 4096)


class Report:
    """The threads' results."""

    def __init__(self, seed):
        self.seed = seed
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.statuses = collections.Counter()
        self.passed = self.failed = 0

    def count(self, name, n=1):
        with self.lock:
            self.counts[name] += n

    def answered(self, statuses):
        with self.lock:
            self.statuses.update(statuses)

    def passes(self):
        with self.lock:
            self.passed += 1

    def fails(self, what, *more, shown=False):
        with self.lock:
            self.failed += 1
            if self.failed <= FAILURES_SHOWN or shown:
                print("fuzz: FAILED, seed %d: %s" % (self.seed, what))
                for line in more:
                    print("    " + line)
                sys.stdout.flush()


def make_contexts():
    """TLS 1.3, TLS 1.2."""
    contexts = []
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        contexts.append(context)
    return contexts


class Input:
    """All random choices for one input, so that it can be repeated."""

    def __init__(self, seed, name):
        self.name = name
        self.rng = rng = random.Random("%d/%s" % (seed, name))
        self.where = rng.choices(["tls", "admin", "below"], [14, 3, 3])[0]
        self.kind = rng.choices(["valid", "mutated", "random", "soup"],
                                [6, 12, 1, 2])[0]
        self.cases = corpus.pipeline(rng, self.where == "admin")
        self.data = requests_http.fill(self.make_data())
        is_large = b"posts" in self.data.lower()
        self.the_end = THE_LARGE_END if is_large else THE_END
        self.ending = rng.choices(
            ["the end", "reset midway", "reset", "fin", "half", "polite",
             "garbage"], [14, 3, 2, 2, 2, 2, 2])[0]
        self.context = rng.choice([0, 0, 1])
        self.sni = rng.choice([None, "localhost"])
        self.below_tls = rng.random() < 0.3     # cuts raw bytes
        self.keys = 0 if self.below_tls else rng.choice([0] * 9 + [1, 300])
        self.hold = rng.random() < 0.3          # keeps the handshake's end back
        self.lazy = rng.choice([0] * 9 + [0.02])
        self.again = self.ending == "the end" and rng.random() < 0.5
        self.announced = rng.random() < 0.3     # in a PROXY header
        self.due = 0        # responses that must come before THE_END
        if self.kind == "valid" and rng.random() < 0.5:
            self.due = len(corpus.answered(self.cases))

    def make_data(self):
        data = b"".join(case.data for case in self.cases)
        if self.kind == "valid":
            return data
        if self.kind == "mutated":
            return mutations.mutate(self.rng, data)
        if self.kind == "random":
            return self.rng.randbytes(self.rng.choice([1, 50, 3000, 100000]))
        return mutations.soup(self.rng)

    def __str__(self):
        return "input %s (%s, %s, %s)" % (self.name, self.where, self.kind,
                                          self.ending)


def timeless(statuses):
    """A registration that succeeds once is a conflict the next time."""
    return [409 if status == 201 else status for status in statuses]


class Fuzzer(threading.Thread):
    def __init__(self, server, report, number, until):
        super().__init__()
        self.server = server
        self.report = report
        self.number = number
        self.until = until
        self.contexts = make_contexts()
        self.current = None

    def run(self):
        count = 0
        while time.monotonic() < self.until and \
                self.server.process.poll() is None:
            count += 1
            self.try_input("%d/%d" % (self.number, count))

    def try_input(self, name):
        self.current = i = Input(self.report.seed, name)
        self.client = None
        wrong = None
        try:
            if i.where == "below":
                self.attack_tls(i)
            else:
                self.attack_http(i)
        except Wrong as error:
            wrong = str(error)
        except Exception:
            wrong = "it could not be sent: " + traceback.format_exc()
        if wrong is None:
            self.report.passes()
            return
        got = bytes(self.client.received[:SHOWN]) if self.client else b""
        self.report.fails("%s: %s" % (i, wrong),
                          "sent: %r" % i.data[:SHOWN], "got: %r" % got)

    def connect(self, i, port, tls=None, name=None):
        self.client = Client(port, tls, name, 2048 if i.lazy else None)
        self.report.count("connections")
        return self.client

    def let_go(self):
        self.client.close()
        self.report.count("bytes sent", self.client.sent)
        self.report.count("bytes received", len(self.client.raw))

    #
    # HTTP, over TLS or at the admin port.
    #

    def attack_http(self, i):
        statuses = self.exchange(i)
        if not i.again:
            return
        # The same bytes get the same responses, in any pieces; and without
        # THE_END, except two: for a body that it completes, and for THE_END
        # itself.
        i.due = max(i.due, len(statuses) - 2)
        second = self.exchange(i)
        if 503 not in statuses + second and \
                timeless(statuses) != timeless(second):
            raise Wrong("first %s, then, cut in another way, %s" %
                        (statuses, second))

    def exchange(self, i):
        if i.where == "admin":
            client = self.connect(i, self.server.admin_port)
        else:
            client = self.connect(i, self.server.port,
                                  self.contexts[i.context], i.sni)
            if i.announced:
                client.push(header(CLIENT, TLV))
            if not client.handshake(i.hold):
                raise Wrong("the handshake fails: %s" % client.error)
        try:
            client.lazy_until = time.monotonic() + i.lazy
            self.send(i, client)
            return self.end(i, client)
        finally:
            self.let_go()

    def send(self, i, client):
        pieces = mutations.cut(i.rng, client.records(i.data)) if i.below_tls \
            else mutations.cut(i.rng, i.data)
        if i.ending == "reset midway":
            del pieces[i.rng.randrange(len(pieces) + 1):]
        pauses = {i.rng.randrange(len(pieces) + 1): i.rng.random() / 100
                  for _ in range(i.rng.choice([0, 0, 2, 5]))}
        for number, piece in enumerate(pieces):
            client.push(piece if i.below_tls else client.records(piece))
            if number in pauses:
                client.pull(pauses[number])
            if number == 0:
                for _ in range(i.keys):
                    client.key_update(i.rng.random() < 0.5)
        time.sleep(i.lazy)

    def end(self, i, client):
        complete = i.ending == "the end"
        if complete:
            self.wait_for_answers(client, i.due)
            client.send(i.the_end, END_WORST)
        elif i.ending == "half":
            client.half_close()
        elif i.ending == "polite":
            client.notify()
        elif i.ending == "garbage":
            client.push(mutations.spoil_bytes(i.rng, client.records(
                i.rng.randbytes(200))))
        if i.ending in ("the end", "half"):
            if not client.wait_for_end(END_WORST):
                raise Wrong("the connection stays open")
        elif not i.ending.startswith("reset"):
            client.read_until_quiet(QUIET)
        if i.ending.startswith("reset"):
            client.reset()
        return self.judge(i, client, complete)

    def wait_for_answers(self, client, due):
        deadline = time.monotonic() + ANSWERS_WORST
        while count_answers(client.received) < due and client.ended is None:
            client.pull(0.1)
            if time.monotonic() > deadline:
                raise Wrong("it stalls: %d of %d answers" % (
                    count_answers(client.received), due))

    def judge(self, i, client, complete):
        if complete and client.error is not None:
            raise Wrong("TLS breaks: %s" % client.error)
        if complete and client.tls is not None and not client.notified:
            raise Wrong("closed (%s) without close_notify" % client.ended)
        answers = check_answers(i.data, client.received, complete)
        self.report.answered([answer.status for answer in answers])
        if complete and i.kind == "valid":
            self.compare(corpus.answered(i.cases), answers)
        return [answer.status for answer in answers]

    def compare(self, cases, answers):
        """Each request has its own response; THE_END may have one more."""
        want = [case.statuses for case in cases]
        if not cases[-1].closes:
            want.append((400,))
        statuses = [answer.status for answer in answers]
        if len(want) != len(statuses) or not all(
                status in may or status == 503
                for status, may in zip(statuses, want)):
            raise Wrong("answers %s, not %s" % (statuses, want))
        for case, answer in zip(cases, answers):
            check_echo(case, answer)

    #
    # Below TLS.
    #

    def attack_tls(self, i):
        how = i.rng.choice(["bytes", "hello", "hello", "flight", "header"])
        client = self.connect(i, self.server.port, self.contexts[i.context],
                              i.rng.choice([None, "localhost", "x." * 100]))
        try:
            flight = client.step_handshake()
            if how == "flight":
                client.push(flight)
                client.read_until_quiet(QUIET)
                flight = client.step_handshake()
            if how == "header":
                i.data = mutations.spoil_bytes(i.rng, header(CLIENT, TLV)) + \
                    flight
            elif how != "bytes":
                i.data = mutations.spoil_bytes(i.rng, flight)
            for piece in mutations.cut(i.rng, i.data):
                client.push(piece)
            if i.ending == "half":
                client.half_close()
            if not i.ending.startswith("reset"):
                client.read_until_quiet(QUIET)
            else:
                client.reset()
            check_records(client.raw)
        finally:
            self.let_go()


class Watch(threading.Thread):
    """Another client, who must always be served; it counts restarts."""

    def __init__(self, server, report, fuzzers):
        super().__init__()
        self.server = server
        self.report = report
        self.fuzzers = fuzzers
        self.ended = threading.Event()
        self.asked = 0
        self.worst = 0
        self.restarts = 0

    def run(self):
        tls = self.server.tls()
        while not self.ended.wait(0.05) and \
                self.server.process.poll() is None:
            started = time.monotonic()
            try:
                self.ask(tls)
            except (OSError, AssertionError) as error:
                self.report.fails("the canary's request failed: %r" % error,
                                  *self.in_flight())
            took = time.monotonic() - started
            self.asked += 1
            self.worst = max(self.worst, took)
            if took > CANARY_WORST:
                self.report.fails("the canary waited %.1f s" % took,
                                  *self.in_flight())
            if self.asked % 10 == 0:
                self.count_restarts()

    def ask(self, tls):
        with socket.create_connection(
                ("127.0.0.1", self.server.port), CANARY_WORST,
                source_address=(CANARY_ADDRESS, 0)) as plain, \
                tls.wrap_socket(plain, server_hostname="127.0.0.1") as s:
            s.sendall(raw_request("GET", "/healthz"))
            status, _, body = read_raw_answer(s)
            assert (status, body) == (200, b'{"status":"ok"}'), status

    def count_restarts(self):
        try:
            now = self.server.metrics()["keel_worker_restarts_total"]
        except Exception as error:
            self.report.fails("no metrics: %r" % error, *self.in_flight())
            return
        if now > self.restarts:
            self.report.fails("a worker died", *self.in_flight(), shown=True)
        self.restarts = now

    def in_flight(self):
        return ["at that time: %s: %r" % (f.current, f.current.data[:SHOWN])
                for f in self.fuzzers if f.current is not None]


def check_afterwards(server, report):
    """The server must become idle, and end without an error."""
    try:
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
        server.wait_for_rest(REST_SECONDS)
        busy = wait_for_no_connections(server, REST_SECONDS)
        assert not busy, "not at rest: %s" % busy
        assert server.open_transactions() == []
    except Exception as error:
        report.fails("afterwards: %r" % error, shown=True)
    server.stop()
    for problem in server.problems:
        report.fails(problem, shown=True)


def run(server, report, seconds, only):
    until = time.monotonic() + seconds
    fuzzers = [Fuzzer(server, report, number, until)
               for number in range(THREADS)]
    watch = Watch(server, report, fuzzers)
    watch.start()
    try:
        if only:
            fuzzers[0].try_input(only)
            fuzzers = []
        for fuzzer in fuzzers:
            fuzzer.start()
        for fuzzer in fuzzers:
            fuzzer.join()
    finally:
        for fuzzer in fuzzers:
            fuzzer.until = 0
        for fuzzer in fuzzers:
            fuzzer.join()
        watch.ended.set()
        watch.join()
    check_afterwards(server, report)
    print("fuzz: %s" % ", ".join(
        "%d %s" % (report.counts[name], name)
        for name in ("connections", "bytes sent", "bytes received")))
    print("fuzz: statuses %s" % ", ".join(
        "%d: %d" % item for item in sorted(report.statuses.items())))
    print("fuzz: the canary asked %d times and waited %.0f ms at most" %
          (watch.asked, watch.worst * 1e3))


def keep_post(server, post):
    """The post stays as it is, whatever is sent: a mutated input could delete
    it (without its If-Match), or make it a draft."""
    server.sql("CREATE FUNCTION keep_post() RETURNS trigger LANGUAGE plpgsql "
               "AS $$BEGIN IF TG_OP = 'DELETE' THEN RETURN NULL; END IF; "
               "NEW.published_at := OLD.published_at; RETURN NEW; END$$")
    server.sql("CREATE TRIGGER keep_post BEFORE DELETE OR UPDATE ON posts "
               "FOR EACH ROW WHEN (OLD.id = '%s') "
               "EXECUTE FUNCTION keep_post()" % uuid.UUID(post))


def marks(client, server, token, author):
    """What stands for the marks: a post, and cursors that lead both ways."""
    posts = add_posts(server, SimpleNamespace(id=author["id"]), 9)
    keep_post(server, posts[0])
    page = client.get(POSTS + "?cursor=&limit=2").json()
    page = client.get(POSTS, params={
        "limit": 2, "cursor": page["next_cursor"]}).json()
    return {requests_http.TOKEN_MARK: token, requests_http.POST_MARK: posts[0],
            requests_http.NEXT_MARK: page["next_cursor"],
            requests_http.PREV_MARK: page["prev_cursor"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(10 ** 9))
    parser.add_argument("--only", metavar="THREAD/NUMBER")
    arguments = parser.parse_args()
    print("fuzz: %s (%s), seed %d" % (BUILD, flavor() or "no build there",
                                      arguments.seed), flush=True)
    report = Report(arguments.seed)
    # The fuzzer is a trusted proxy; the canary is not.
    with running_server(KEEL_RATE_LIMITS="off",
                        KEEL_CORS_ORIGINS=requests_http.ORIGIN,
                        KEEL_TRUSTED_PROXIES="127.0.0.1") as server:
        server.any_path = True
        with server.client() as client:
            register(client, **corpus.USER)
            admin, made = register(client)
            server.sql("UPDATE users SET role = 'admin' WHERE id = %s",
                       made["id"])
            claims = read_claims(sign_in(client, admin))
            claims["exp"] += 86400      # the run may be long
            token = make_token(server.secret, claims)
            requests_http.known.update(marks(client, server, token, made))
        run(server, report, arguments.seconds, arguments.only)
    print("fuzz: %d passed, %d failed" % (report.passed, report.failed))
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
