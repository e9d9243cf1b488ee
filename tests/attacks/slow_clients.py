# SPDX-License-Identifier: ISC
"""Attacks from one address, and their effect on a client at another.

usage: slow_clients.py [--seconds N] [--only PART] [--all]

KEEL_BUILD names the build, by default the prod flavour. The server has failed
if the other client's requests fail, if the p99 of their duration is above 250
ms (more by as much as other load slows the workers) three times in a row, if a
worker dies or grows, or if what judge.py knows of the attack does not hold. A
run of less than eight seconds cannot see that the deadlines of slow clients are
kept; tests/unit/wire/test_wire_deadlines.c does. --only runs the attacks with
PART in their names, --all also those of slowhttptest."""

import argparse
import contextlib
import http.client
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

from attacks import Target, all_attacks, own_attacks  # noqa: E402
from judge import ONE_WORKER, Result, has_begun  # noqa: E402
from judge import problems_of, shortened  # noqa: E402
from server import BUILD, flavor, read_text  # noqa: E402
from servers import build_copier  # noqa: E402
from standalone import running_server, wait_for_no_connections  # noqa: E402

PROBE_ADDRESS = "127.0.0.2"
INTERVAL = 0.05         # seconds between two requests
P99_WORST = 0.25        # seconds, if the workers never wait for a CPU
SLOWED_MOST = 8         # times, by other load on the machine
TRIES = 3               # to measure: one moment may be bad for other reasons
TIMEOUT = 5
SPARE = 60              # seconds that an attack may last longer
RAMP = 1                # seconds of an attack before the measurement
BEGIN_SECONDS = 60      # until it has begun
BUSY = 4                # processes that want a CPU, for each CPU
REST_SECONDS = 30
NEAR_ZERO = 2           # connections: one reads /metrics
FILES = 8192


class Probe(threading.Thread):
    """Requests /healthz, each time on a new connection or on one that is
    kept."""

    def __init__(self, server, kept):
        super().__init__()
        self.port = server.port
        self.tls = server.tls()
        self.kept = kept
        self.times = []
        self.failures = []
        self.ended = threading.Event()

    def connection(self):
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=TIMEOUT, context=self.tls,
            source_address=(PROBE_ADDRESS, 0))

    def run(self):
        connection = self.connection()
        while not self.ended.is_set():
            started = time.monotonic()
            try:
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == \
                    (200, b'{"status":"ok"}'), answer.status
            except (OSError, AssertionError,
                    http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            took = time.monotonic() - started
            self.times.append(took)
            if not self.kept:
                connection.close()
            self.ended.wait(max(0, INTERVAL - took))
        connection.close()

    def percentile(self, percent):
        times = sorted(self.times)
        return times[min(len(times) - 1, len(times) * percent // 100)]

    def __str__(self):
        return "%4d %s, p50 %3.0f, p99 %3.0f, max %3.0f ms, %d failed" % (
            len(self.times), "kept" if self.kept else "new",
            self.percentile(50) * 1e3, self.percentile(99) * 1e3,
            max(self.times) * 1e3, len(self.failures))


def run_apart(attack, target, ended, seconds):
    """In a session of its own, which be_polite() can find."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    timer = threading.Timer(seconds, ended.set)
    timer.daemon = True
    timer.start()
    attack(target, ended)


def be_polite(pid):
    """On their own machine, attackers would take no CPU from the server and the
    probes; here they get only idle CPU, once the attack has begun. sched(7):
    with autogroups, a nice value counts only within a session."""
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/%d/task" % pid):
            os.setpriority(os.PRIO_PROCESS, int(thread), 19)
        with open("/proc/%d/autogroup" % pid, "w") as f:
            f.write("19")


class Attacker:
    """The attack's process. It ends by itself if this one is killed."""

    def __init__(self, server, attack, seconds):
        self.ended = multiprocessing.Event()
        target = Target(server.port, server.cert)
        self.seen = target.seen
        self.process = multiprocessing.Process(
            target=run_apart, daemon=True, args=(
                attack, target, self.ended, seconds + SPARE))

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def processor_times(server):
    """How long the workers have run, and how long they were ready to run but
    waited for a CPU, in ms."""
    stats = [read_text("/proc/%d/schedstat" % pid).split()
             for pid in server.workers()]
    return [sum(int(s[i]) for s in stats) / 1e6 for i in (0, 1)]


def memory_of(server):
    """The resident memory of each worker, in bytes."""
    return {pid: int(read_text("/proc/%d/statm" % pid).split()[1]) *
            resource.getpagesize() for pid in server.workers()}


class TooBusy(Exception):
    """The machine: attackers do not get far enough to attack anything."""


def wait_until_begun(name, look):
    time.sleep(RAMP)
    deadline = time.monotonic() + BEGIN_SECONDS
    while not has_begun(name, look()):
        if time.monotonic() > deadline:
            if os.getloadavg()[0] > BUSY * os.cpu_count():
                raise TooBusy
            return ["the attack has not begun"]
        time.sleep(0.1)
    return []


def probe(server, seconds, look):
    """Returns the probes of so many seconds, and the result at their end."""
    probes = [Probe(server, kept) for kept in (False, True)]
    try:
        for one in probes:
            one.start()
        time.sleep(seconds)
        result = look()
    finally:
        for one in probes:
            one.ended.set()
    for one in probes:
        one.join()
    return probes, result


def slow_ones(server, probes, times):
    """What is wrong with their times; the workers' are since the attack."""
    ran, waited = [b - a for a, b in zip(times, processor_times(server))]
    worst = P99_WORST * min((ran + waited) / max(ran, 1), SLOWED_MOST)
    return ["p99 of the %s client is %.0f ms" % (
        "kept" if p.kept else "new", p.percentile(99) * 1e3)
        for p in probes if p.percentile(99) > worst]


def measure(server, name, attack, seconds):
    """Returns the probes of an attack, the result, and what is wrong. What an
    attack does to others it does in each of its seconds, so a time that is too
    long is measured again; a request that fails has failed."""
    times = processor_times(server)
    before, small = server.metrics(), memory_of(server)
    with Attacker(server, attack, seconds + BEGIN_SECONDS) as attacker:
        def look():
            return Result(attacker.seen, before, server.metrics(), small,
                          memory_of(server))

        problems = wait_until_begun(name, look)
        be_polite(attacker.process.pid)
        for _ in range(TRIES):
            probes, result = probe(server, seconds, look)
            problems += ["%s client: %s" % (
                "kept" if p.kept else "new", failure)
                for p in probes for failure in p.failures[:3]]
            slow = slow_ones(server, probes, times)
            if not slow:
                break
        problems += slow
        if not attacker.process.is_alive():
            problems.append("the attack ended by itself")
    return probes, result, problems


def run_attack(server, name, attack, seconds):
    """Runs an attack and prints its line. Returns a list of errors."""
    restarts = server.metrics()["keel_worker_restarts_total"]
    times = processor_times(server)
    probes, result, problems = measure(server, name, attack, seconds)
    ran, waited = [b - a for a, b in zip(times, processor_times(server))]
    problems += problems_of(name, result)
    busy = wait_for_no_connections(server, REST_SECONDS, NEAR_ZERO)
    if busy:
        problems.append("afterwards: %s" % busy)
    if server.metrics()["keel_worker_restarts_total"] != restarts:
        problems.append("a worker died")
    print("%-30s %s | %s | %d connections, %d refused, %d evicted, the oldest "
          "%.1f s; workers ran %.0f ms, had no processor for %.0f ms, grew by "
          "%d KiB" % (
              name, probes[0], probes[1], result.connections, result.refused,
              result.evicted, result.seen.oldest, ran, waited,
              result.memory // 1024), flush=True)
    return problems


def raise_limit():
    """Each connection is a file, here and in a worker."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < FILES:
        print("attacks: ulimit -Hn is %d, below %d: some attacks have fewer "
              "connections" % (most, FILES))
        files = most
    else:
        files = FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))


def run_attacks(attacks, workers, seconds):
    """On a server of their own. Returns how many have passed and failed."""
    passed = failed = 0
    with build_copier() as copy, running_server(
            build=copy(shortened), KEEL_WORKERS=str(workers),
            KEEL_RATE_LIMITS="off") as server:
        for name, attack in attacks.items():
            try:
                problems = run_attack(server, name, attack, seconds)
            except TooBusy:
                print("%-30s not run: the machine is too busy" % name)
                continue
            for problem in problems:
                print("    FAILED: " + problem, flush=True)
            passed += not problems
            failed += bool(problems)
        server.stop()
        for problem in server.problems:
            print("    FAILED: " + problem)
            failed += 1
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--only", metavar="PART", default="")
    parser.add_argument("--all", action="store_true",
                        help="slowhttptest's as well")
    arguments = parser.parse_args()
    print("attacks: %s (%s)" % (BUILD, flavor() or "no build there"),
          flush=True)
    raise_limit()
    passed = failed = 0
    chosen = all_attacks() if arguments.all else own_attacks()
    for workers in (2, 1):
        attacks = {name: attack for name, attack in chosen.items()
                   if arguments.only in name and
                   workers == (1 if name in ONE_WORKER else 2)}
        if attacks:
            done = run_attacks(attacks, workers, arguments.seconds)
            passed += done[0]
            failed += done[1]
    print("attacks: %d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
