# SPDX-License-Identifier: ISC
"""Each signal, at each moment, to each process.

usage: signals.py [--only REGEX]... [--sample]

It prints the table as it goes. After each row that ends the server, nothing is
left of it, and the next row's start works and has the data of before; the rows
that do not end it share a server. KEEL_BUILD chooses the build."""

import argparse
import contextlib
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(os.path.dirname(__file__), name)
                for name in ("../api/support", ".")]

from cluster import Cluster  # noqa: E402
from scene import Scene, Unexpected  # noqa: E402
from server import BUILD, flavor, make_certificate  # noqa: E402
from servers import make_template  # noqa: E402
from table import all_rows, name_of, run_row, sample  # noqa: E402


class Scenes:
    """One for each way to start, made when it is first needed."""

    def __init__(self, cluster, certificates, template):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # A shell cannot trap what its caller ignores.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        self.cluster = cluster
        self.certificates = certificates
        self.template = template
        self.made = {}

    def get(self, way):
        if way not in self.made:
            words = way.split()
            private = words[0] == "private"
            self.made[way] = Scene(
                self.cluster, self.cluster.database(self.template),
                self.certificates["ec"], *words[private:], private=private)
            if words[-1] == "jobs" and private:
                done = self.made[way].command("migrate")
                assert done.returncode == 0, done.stderr
        return self.made[way]

    def run(self, row):
        """What does not hold; None if the row does."""
        scene = self.get(row.way)
        try:
            run_row(scene, row)
        except Exception as error:
            scene.destroy()
            return str(error) if isinstance(error, Unexpected) else \
                traceback.format_exc()
        return None

    def finish(self, way):
        """The problems at the end of a way: the last server ends, and its
        log has no line that it should not have."""
        scene = self.made.pop(way)
        try:
            scene.up()
            scene.down(signal.SIGTERM)
            scene.check_sanitizers()
            return scene.problems
        except Unexpected as error:
            scene.destroy()
            return [str(error)]
        finally:
            scene.remove()

    def close(self):
        for way in list(self.made):
            self.made[way].destroy()
            self.made[way].remove()


@contextlib.contextmanager
def all_scenes():
    """With a PostgreSQL that loses nothing when it is killed."""
    folder = tempfile.mkdtemp(prefix="keel-tls-")
    cluster = Cluster(durable=True)
    scenes = None
    try:
        cluster.start()
        certificates = {"ec": make_certificate(folder, "ec")}
        scenes = Scenes(cluster, certificates,
                        make_template(cluster, certificates))
        yield scenes
    finally:
        if scenes is not None:
            scenes.close()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run_all(scenes, rows):
    """How many have passed, how many have failed."""
    failures, passed, way = [], 0, None
    for row in rows + [None]:
        if way is not None and (row is None or row.way != way):
            failures += ["%s: the end: %s" % (way, problem)
                         for problem in scenes.finish(way)]
        if row is None:
            break
        way = row.way
        began = time.monotonic()
        problem = scenes.run(row)
        print("%s %-26s %-6s %5.1f s" % (
            name_of(row), row.expected, "ok" if problem is None else "FAILED",
            time.monotonic() - began), flush=True)
        if problem is None:
            passed += 1
        else:
            print("    " + problem, flush=True)
            failures.append(name_of(row))
    return passed, failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--sample", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = [row for row in (sample() if options.sample else all_rows()) if all(
        re.search(text, " ".join(name_of(row).split()))
        for text in options.only)]
    print("signals: %d rows, %s" % (len(rows), flavor(BUILD)))
    with all_scenes() as scenes:
        passed, failures = run_all(scenes, rows)
    for failure in failures:
        print("signals: failed: " + failure)
    print("signals: %d passed, %d failed" % (passed, len(failures)))
    return len(failures) > 0


if __name__ == "__main__":
    sys.exit(main())
