# SPDX-License-Identifier: ISC
"""Shows that stock Kore 4.1 still has the defects that Keel works around, with
small modules of our own and without Keel: make kore-defects, or run.py with
words of the lines to run. It fails for a defect that is gone, and for one that
it cannot show: then a part of Keel can go, or this must be fixed."""

import argparse
import concurrent.futures
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True

import http_cases       # noqa: E402,F401
import pgsql_cases      # noqa: E402,F401
import process_cases    # noqa: E402,F401
from cases import CASES  # noqa: E402
from stock import NotShown  # noqa: E402

AT_ONCE = 4


def show(case):
    """Returns whether the defect is there, and the case's line."""
    try:
        found = case.show()
    except (NotShown, OSError, subprocess.SubprocessError) as e:
        return False, "does not run: %r" % e
    if found is None:
        return False, "Kore 4.1 does that, too: gone"
    return True, "Kore 4.1: %s: still there" % found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*", help="only lines with one of them")
    words = parser.parse_args().words
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cases = [case for case in CASES if not words or
             any(word in case.module + case.expected for word in words)]
    failed = 0
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    try:
        for case, (there, text) in zip(cases, pool.map(show, cases)):
            failed += not there
            print("%s: %s. %s" % (case.module, case.expected,
                                  re.sub(r"\s+", " ", text)), flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    print("%d passed, %d failed" % (len(cases) - failed, failed))
    sys.exit(bool(failed or not cases))


if __name__ == "__main__":
    main()
