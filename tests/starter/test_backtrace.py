# SPDX-License-Identifier: ISC
"""`./keel backtrace` on logs: what is no crash gets one clear line. Real
crashes are in tests/api/operations/test_crash.py."""

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import types

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
TOOL = os.path.join(ROOT, "tools/backtrace.py")
sys.path.insert(0, os.path.dirname(TOOL))

CRASH = {
    "time": "2026-11-29T20:08:25.347016Z", "level": "error", "event": "crash",
    "request_id": "an-id", "signal": "SIGSEGV", "cause": "no memory is there",
    "address": "0x0", "process": "worker 1", "pid": 6987, "method": "GET",
    "route": "read_note", "pattern": "^/notes/([^/]+)$",
    "modules": [{"name": "true", "base": "0x7fe2cd612000", "build": None,
                 "file": "/bin/true"}],
    "frames": ["true+0x1234", "0x7ffe0000"]}


def load():
    spec = importlib.util.spec_from_file_location("backtrace_tool", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def backtrace(*arguments, text=""):
    """Runs the tool here, which costs less than a process."""
    before, out, err = sys.stdin, io.StringIO(), io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(
        text.encode("utf-8", "surrogateescape")), encoding="ascii")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = load().main(list(arguments))
    finally:
        sys.stdin = before
    return types.SimpleNamespace(returncode=status, stdout=out.getvalue(),
                                 stderr=err.getvalue())


def line(**members):
    return json.dumps(CRASH | members, separators=(",", ":")) + "\n"


def refused(done, why):
    """One line, and status 1."""
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "keel: backtrace: %s\n" % why


def test_what_is_known_without_a_build():
    done = subprocess.run(
        [os.path.join(ROOT, "keel"), "backtrace"], text=True,
        input="keel: ready\n" + line(), capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "crash    SIGSEGV: no memory is there (address 0x0)",
        "time     2026-11-29T20:08:25.347016Z",
        "process  worker 1, pid 6987",
        "route    GET ^/notes/([^/]+)$ (read_note)",
        "request  an-id",
        "#0   true+0x1234",
        "#1   0x7ffe0000",
        "keel: backtrace: true has no build id"]


def test_a_collector_writes_before_the_line(tmp_path):
    log = tmp_path / "log"
    log.write_text("Nov 29 20:08:25 host keel[1]: " + line() + line(pid=2))
    out = backtrace(str(log)).stdout
    assert "pid 6987" in out and "pid 2" in out


def test_no_crash(tmp_path):
    why = 'no crash in this log: a line of one has "event":"crash"'
    refused(backtrace(text=""), why)
    refused(backtrace(text=json.dumps({"event": "request"}) + "\n"), why)
    # What a client has sent is escaped in a log.
    refused(backtrace(text=json.dumps({"path": '"event":"crash"'})), why)
    refused(backtrace(str(tmp_path)), "cannot read %s: Is a directory" %
            tmp_path)
    refused(backtrace("/no/log"),
            "cannot read /no/log: No such file or directory")


def test_a_line_that_is_cut_off():
    whole = line()
    shortest = whole.index('"crash"') + len('"crash"')
    for end in (shortest, len(whole) // 2, len(whole) - 3):
        refused(backtrace(text=whole[:end]), "line 1: the line of a crash, "
                "but cut off or damaged")


@pytest.mark.parametrize("members", [
    {"frames": ["true+0x12; reboot"]}, {"frames": "true+0x1234"},
    {"frames": [1]}, {"frames": ["0x1"] * 200}, {"frames": ["-e+0xfffff g"]},
    {"modules": [{"name": "true"}]}, {"modules": {}}, {"modules": ["x"]},
    {"signal": "SEGV"}, {"signal": 11}, {"address": "0"}, {"pid": "1"},
    {"pid": True}, {"route": ["x"]}, {"process": None}, {"time": "now" * 99}])
def test_a_line_that_nobody_wrote(members):
    [name] = members
    refused(backtrace(text=line(**members)), "line 1: not a crash that the "
            "server has written: its " + name)


def test_nothing_in_it_drives_a_terminal():
    done = backtrace(text=line(route="\x1b[2J\u202e", request_id="a\nb"))
    assert "(?[2J?)" in done.stdout and "request  a?b" in done.stdout


@pytest.mark.parametrize("file", ["/dev/zero", "/dev/stdin", "/", "--help",
                                  "/etc/passwd"])
def test_a_file_that_is_no_module(file):
    module = CRASH["modules"][0] | {"file": file, "build": "ab" * 20}
    done = backtrace(text=line(modules=[module]))
    assert done.returncode == 1
    assert done.stdout.endswith("keel: backtrace: the build differs: the true "
                                "that crashed is abababababab, and there is "
                                "none here\n")


def test_bytes_and_depth():
    done = backtrace(text="\udcff\udcfe" + line())
    assert "read_note" in done.stdout
    refused(backtrace(text='{"time":1,"event":"crash","x":' + "[" * 50000),
            "line 1: the line of a crash, but cut off or damaged")
    refused(backtrace(text='"event":"crash"' + "x" * 70000),
            "line 1: longer than any that the server writes")
