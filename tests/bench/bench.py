# SPDX-License-Identifier: ISC
"""How fast is Keel, and what does a request cost?

usage: bench.py [--rounds 3] [--seconds 5] [--connections 64] [--only NAMES]
                [--set 'NAME=VALUE ...'] [--against CHECKOUT]
                [--against-set 'NAME=VALUE ...'] [--log warning]
                [--users 100000] [--posts 500000] [--output FILE]

NAMES, with commas between them, are workloads (health, user, users, post,
posts, posts_total, create, sign_in) and sections: beside (sign-ins, and reads
meanwhile), connections (64 and 1,000), routes (20 and 200), system_calls,
memory. Without --only all are measured. Two more sections must be named:
growth (16 to 1,000 connections, one worker and two), and profile, which needs
perf: which library and function has how many microseconds of GET /users/{id}.
`everything` is all of these.

PostgreSQL is private, new and on disk, and its commits are durable. wrk is the
client, over TLS 1.3 with connections that stay open. With --against or
--against-set a second server runs, and both take turns in each round. It fails
if a request has failed. docs/performance.md explains the columns."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../api/support")]

import bench_report as report  # noqa: E402
import processes  # noqa: E402
from bench_data import forget_posts  # noqa: E402
from cluster import Cluster  # noqa: E402
from many_routes import make_builds  # noqa: E402
from measure import measure, outcome, raise_limit, running  # noqa: E402
from profiling import profile as take_profile  # noqa: E402
from server import BUILD, KEEL, ROOT, flavor, make_certificate  # noqa: E402
from sides import (Failed, Side, find_checkout, make_database,  # noqa: E402
                   read_commit, same_schema)
from call_counts import count_by_perf, count_calls  # noqa: E402
from workloads import NEW_POST, WORKLOADS  # noqa: E402

SECTIONS = ["beside", "connections", "routes", "system_calls", "memory"]
EXTRA = ["growth", "profile"]       # only if they are named
MEMORY_SAMPLES = 15     # in three seconds
GROWTH = (16, 64, 256, 1000)
MANY_CONNECTIONS = 1000
CALLS_OF = ["health", "user", "post", "create"]
# As in the peers' measurements. The checkpoints are those that this asks for.
DATABASE = {"shared_buffers": "512MB", "max_connections": "200",
            "max_wal_size": "4GB", "checkpoint_timeout": "1h",
            "autovacuum": "on"}


def parse(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="")
    parser.add_argument("--set", default="")
    parser.add_argument("--against", default="")
    parser.add_argument("--against-set", default="")
    parser.add_argument("--log", default="warning")
    parser.add_argument("--users", type=int, default=100000)
    parser.add_argument("--posts", type=int, default=500000)
    parser.add_argument("--output", default="")
    options = parser.parse_args(arguments)
    known = [*WORKLOADS, *SECTIONS]
    options.names = [name for name in options.only.split(",") if name] or known
    if options.names == ["everything"]:
        options.names = known + EXTRA
    for name in options.names:
        if name not in known + EXTRA:
            raise Failed("ONLY=%s: nothing has this name; it can be %s" % (
                name, ", ".join(known + EXTRA)))
    return options


def read_settings(text):
    """{name: value} of 'KEEL_DATABASE_POOL=4 KEEL_...=...'."""
    pairs = [word.partition("=") for word in text.split()]
    if not all(separator for _, separator, _ in pairs):
        raise Failed("SET is not a list of NAME=VALUE: %s" % text)
    return {name: value or None for name, _, value in pairs}


class Bench:
    def __init__(self, options, cluster, certificate):
        self.options, self.cluster = options, cluster
        self.certificate = certificate
        self.rows, self.failed = [], 0
        self.databases = {}
        self.settings = {"KEEL_LOG_LEVEL": options.log} | \
            read_settings(options.set)

    def plan(self):
        """[(label, root, build, keel, settings)] of the sides."""
        yield "keel", ROOT, BUILD, KEEL, self.settings
        against, settings = self.options.against, self.options.against_set
        if against or settings:
            build, keel = find_checkout(against) if against else (BUILD, KEEL)
            yield ("against", os.path.abspath(against) if against else ROOT,
                   build, keel, self.settings | read_settings(settings))

    def database(self, root, build, keel):
        """Its own for each checkout. One of the same schema is copied."""
        if root not in self.databases:
            same = [name for other, name in self.databases.items()
                    if same_schema(root, other)]
            began = time.monotonic()
            self.databases[root] = self.cluster.database(same[0]) if same \
                else make_database(self.cluster, self.certificate, build, keel,
                                   self.options.users, self.options.posts)
            print("%d users and %d posts in %.0f s" % (
                self.options.users, self.options.posts,
                time.monotonic() - began), flush=True)
        return self.databases[root]

    def start(self, label, build, keel, database, **settings):
        side = Side(label, self.cluster, database, self.certificate, build,
                    keel, **self.settings | settings)
        try:
            side.start()
            return side.sign_in(self.options.users, self.options.posts)
        except BaseException:
            side.stop()
            raise

    def sides(self):
        databases = [self.database(root, build, keel)
                     for _, root, build, keel, _ in self.plan()]
        return [self.start(label, build, keel, database, **settings)
                for (label, _, build, keel, settings), database in
                zip(self.plan(), databases)]

    def measure(self, side, names, section, round, connections=None,
                label=None):
        if "create" in names:
            side.sql("CHECKPOINT")
        found = measure(side, names, self.options.seconds,
                        connections or self.options.connections)
        for name, row in found.items():
            self.rows.append({
                "section": section, "round": round, "name": name,
                "title": WORKLOADS[name].title, "side": label or side.label,
                **row})
            self.failed += row["failures"]
        if "create" in names:
            forget_posts(side, NEW_POST)

    def of(self, section):
        return [row for row in self.rows if row["section"] == section]

    def rounds(self):
        """Each side comes first in every other round."""
        for round in range(1, self.options.rounds + 1):
            yield round, -1 if round % 2 == 0 else 1

    def show(self, section, title):
        rows = self.of(section)
        print("\n## %s\n" % title)
        report.print_timed(rows)
        report.print_failures(rows)
        labels = report.distinct(rows, "side")
        if len(labels) == 2:
            report.print_ratios(rows, *labels)


def timed(bench, sides):
    """The workloads, and sign-ins with reads beside them."""
    groups = [[name] for name in WORKLOADS if name in bench.options.names]
    for round, order in bench.rounds():
        for names in groups:
            for side in sides[::order]:
                bench.measure(side, names, "workloads", round)
    if groups:
        bench.show("workloads", "Workloads, %d connections" %
                   bench.options.connections)


def beside(bench, sides):
    for round, order in bench.rounds():
        for side in sides[::order]:
            bench.measure(side, ["sign_in", "user"], "beside", round)
    bench.show("beside", "Sign-ins, and reads meanwhile")
    print_bcrypt(bench.of("beside") + bench.of("workloads"))


def print_bcrypt(rows):
    """The most that any server could do with hashes of bcrypt, cost 12."""
    import bcrypt

    kept = bcrypt.hashpw(b"Passw0rd-lab", bcrypt.gensalt(12))
    times = []
    for _ in range(5):
        began = time.process_time()
        bcrypt.checkpw(b"Passw0rd-lab", kept)
        times.append(time.process_time() - began)
    most = os.cpu_count() / min(times)
    print("bcrypt, cost 12: %.0f ms a hash, so at most %.1f sign-ins a second "
          "on %d processors" % (min(times) * 1000, most, os.cpu_count()))
    for section in report.distinct(rows, "section"):
        found = report.values(rows, "rps", section=section, name="sign_in",
                              side="keel")
        if found:
            print("%s: %s times that" % (section, report.spread(
                [rps / most for rps in found])))


def connections(bench, sides):
    few = bench.options.connections
    amounts = [("%d connections" % amount, amount)
               for amount in (MANY_CONNECTIONS, few)]
    for round, order in bench.rounds():
        for name in ("health", "user"):
            for label, amount in amounts[::order]:
                bench.measure(sides[0], [name], "connections", round, amount,
                              label)
    bench.show("connections", "%d connections against %d" % (
        MANY_CONNECTIONS, few))


def growth(bench, sides):
    """With more connections, and with one worker more."""
    single = bench.start("1 worker", BUILD, KEEL, sides[0].database,
                         KEEL_WORKERS="1")
    runs = [(sides[0], "2 workers, %d connections" % amount, amount)
            for amount in GROWTH] + [
                (single, "1 worker, %d connections" % amount, amount)
                for amount in GROWTH[:2]]
    try:
        for round, order in bench.rounds():
            for side, label, amount in runs[::order]:
                bench.measure(side, ["user"], "growth", round, amount, label)
        bench.show("growth", "More connections and workers")
    finally:
        single.stop()


def routes(bench, sides):
    """Two more servers, on the same database."""
    folder = tempfile.mkdtemp(prefix="keel-bench-routes-")
    os.chmod(folder, 0o755)
    servers = []
    try:
        for count, build in make_builds(folder)[::-1]:
            servers.append(bench.start("%d routes" % count, build, KEEL,
                                       sides[0].database))
        for round, order in bench.rounds():
            for name in ("health", "user"):
                for side in servers[::order]:
                    bench.measure(side, [name], "routes", round)
        bench.show("routes", "200 routes against 20")
    finally:
        for side in servers:
            side.stop()
        shutil.rmtree(folder)


def system_calls(bench, sides):
    print("\n## System calls of a request, %d connections, log level %s\n" % (
        bench.options.connections, bench.options.log))
    found = []
    for name in CALLS_OF:
        for side in sides:
            calls = count_calls(side, name, bench.options.connections)
            by_perf = count_by_perf(side, name, bench.options.connections)
            found.append((WORKLOADS[name].title, side.label, calls, by_perf))
            bench.rows.append({
                "section": "system_calls", "name": name, "side": side.label,
                "calls": calls, "by_perf": by_perf})
    report.print_calls(found)


def profile(bench, sides):
    name, amount = "user", bench.options.connections
    for side in sides:
        cost = measure(side, [name], bench.options.seconds, amount)[name]
        bench.failed += cost["failures"]
        libraries, functions = take_profile(side, name, amount)
        print("\n## Where the time of %s goes: %s, %.1f us of CPU\n" % (
            WORKLOADS[name].title, side.label, cost["keel_cpu"] * 1000))
        report.print_shares(cost["keel_cpu"] * 1000, libraries, functions)
        bench.rows.append({
            "section": "profile", "name": name, "side": side.label,
            "us": cost["keel_cpu"] * 1000, "libraries": libraries,
            "functions": functions})


def memory(bench, label, build, keel, database, settings):
    """One server has all loads. Others would share pages with it, which makes
    the figure smaller."""
    side = bench.start(label, build, keel, database, **settings)
    peaks, ends = {}, []
    try:
        side.wait_for_rest(30)      # from the sign-ins
        for name, workload in WORKLOADS.items():
            peaks[workload.title] = 0
            with running(side, [name], bench.options.connections) as [load]:
                for _ in range(MEMORY_SAMPLES):
                    peaks[workload.title] = max(
                        peaks[workload.title],
                        processes.total_pss(side.process.pid))
                    time.sleep(0.2)
            ends.append({"title": workload.title, "side": label, "round": 1,
                         **outcome(load.end())})
        side.wait_for_rest(30)
        after = processes.memory(side.process.pid)
        at_start = side.at_start
        forget_posts(side, NEW_POST)
    finally:
        side.stop()
    bench.rows.append({"section": "memory", "side": label, "peaks": peaks,
                       "at_start": at_start, "after": after})
    report.print_memory(label, at_start, peaks, after)
    report.print_failures(ends)
    bench.failed += sum(end["failures"] for end in ends)


def run(bench):
    names = bench.options.names
    sides = bench.sides()
    try:
        timed(bench, sides)
        for section in (beside, connections, growth, routes, system_calls,
                        profile):
            if section.__name__ in names:
                section(bench, sides)
    finally:
        for side in sides:
            side.stop()
    if "memory" in names:
        print("\n## Memory, with the jobs\n")
        for label, root, build, keel, settings in bench.plan():
            memory(bench, label, build, keel, bench.databases[root], settings)


def describe(options):
    """What the figures depend on."""
    with open("/proc/cpuinfo") as f:
        model = [line.partition(":")[2].strip() for line in f
                 if line.startswith("model name")]
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True)
    return {
        "commit": read_commit(), "flavor": flavor(BUILD),
        "against": options.against and read_commit(options.against),
        "set": options.set, "against_set": options.against_set,
        "log": options.log, "rounds": options.rounds,
        "seconds": options.seconds, "users": options.users,
        "posts": options.posts, "processors": os.cpu_count(),
        "model": model[0] if model else os.uname().machine,
        "kernel": os.uname().release, "wrk": wrk.stdout.split("[")[0].strip(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def write(path, options, bench):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as f:
        json.dump({"about": describe(options), "rows": bench.rows}, f,
                  indent=1)
        f.write("\n")


def main(arguments):
    options = parse(arguments)
    for name, value in describe(options).items():
        if value:
            print("%s: %s" % (name, value))
    raise_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="keel-bench-")
    os.chmod(folder, 0o711)
    os.mkdir(folder + "/pg")
    cluster = Cluster(durable=True, folder=folder + "/pg", **DATABASE)
    try:
        cluster.start()
        bench = Bench(options, cluster, make_certificate(folder, "ec"))
        run(bench)
        if options.output:
            write(options.output, options, bench)
        print("bench: %d requests failed" % bench.failed)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return bench.failed > 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as error:
        sys.exit("bench: %s" % error)
    except KeyboardInterrupt:
        sys.exit(130)
