# SPDX-License-Identifier: ISC
"""Prints what a program of ./keel says, at its end. Python itself would end
with a traceback or status 120 where it cannot."""

import contextlib
import io
import os
import sys

# What was changed, for the line that says that the rest could not be printed.
done = []


def write(descriptor, text):
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(descriptor, data):]


def collect(main, out, err):
    """Runs it; returns its exit status."""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            return main() or 0
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
                return 1
            return end.code or 0


def run(main):
    """Runs it, prints what it has said, and exits."""
    out, err = io.StringIO(), io.StringIO()
    status = collect(main, out, err)
    try:
        write(1, out.getvalue())
    except OSError as error:
        print("; ".join(["keel: cannot write to standard output: " +
                         error.strerror, *done]), file=err)
        status = status or 1
    with contextlib.suppress(OSError):
        write(2, err.getvalue())
    sys.exit(status)
