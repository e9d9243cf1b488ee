# SPDX-License-Identifier: ISC
"""A process that crashes says so in one line of the log, and dies as it would
have without that; `./keel backtrace` names the function and the line."""

import os
import re
import signal
import subprocess

import httpx
import pytest

from changed import changed_build
from people import add_people
from runner import add_jobs, wait_for
from server import IS_ASAN, KEEL, read_text

USERS = "src/modules/users/users_router.c"
JOBS = "src/modules/account/account_jobs.c"
HEAD = "(struct ctx *c)\n{\n"

NULL_POINTER = "\tvolatile int *volatile nowhere = NULL;\n\n\t*nowhere = 1;\n"
NULL_CALL = "\tvoid (*volatile nothing)(void) = NULL;\n\n\tnothing();\n"
FREED = """\
	char *volatile text = malloc(8);

	free((void *)text);
	*(volatile char *)text = 1;
"""
RECURSION = """
static unsigned
fall_deeper(unsigned n)
{
	volatile char	 frame[512];

	frame[0] = (char)n;
	return (n == ~0u ? 0 : fall_deeper(n + 1) + (unsigned)frame[0]);
}
"""


@pytest.fixture(scope="module")
def build():
    with changed_build(
            (USERS, "#include \"product.h\"\n",
             "#include <stdlib.h>\n" + RECURSION),
            (USERS, "\nread_user" + HEAD, NULL_POINTER),
            (USERS, "\nlist_users" + HEAD, NULL_CALL),
            (USERS, "\nread_me" + HEAD,
             "\tif (fall_deeper(1) == 1)\n\t\treturn;\n"),
            (USERS, "\nactivate_user" + HEAD, FREED),
            (JOBS, "\nsend_welcome_email" + HEAD, NULL_POINTER)) as folder:
        yield folder


@pytest.fixture(scope="module")
def crashing(start_module_server, build):
    """A server with handlers that crash."""
    return start_module_server(build=build, KEEL_WORKERS="1")


def crashes(server):
    return server.log('"event":"crash"')


def zombie_status(pid):
    """How a process has ended that its parent has not noticed yet, be there a
    core or not."""
    fields = read_text("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return int(fields[49]) & ~0x80 if fields and fields[0] == "Z" else None


def take_report(server, pid):
    """The sanitizer's report of the crash, which the test has expected. That
    of undefined behaviour is on the standard error."""
    path = os.path.join(server.state, "log", "asan.%d" % pid)
    report = read_text(path) + server.errors()
    if os.path.exists(path):
        os.remove(path)
    os.truncate(server.stderr, 0)
    return report


def crash(server, end, method="GET", path="/api/v1/users", headers=None):
    """Lets the only worker crash; the line of the log, and the report. `end`
    is how the worker must have ended."""
    before = len(crashes(server))
    [worker] = server.workers()
    parent = server.parent()
    os.kill(parent, signal.SIGSTOP)
    try:
        if headers is None:
            os.kill(worker, signal.SIGSEGV)
        else:
            with server.client() as client, \
                    pytest.raises(httpx.TransportError):
                client.request(method, path, headers=headers)
        assert wait_for(lambda: zombie_status(worker)) == end
    finally:
        os.kill(parent, signal.SIGCONT)
    server.deaths += 1
    wait_for(lambda: server.workers() not in ([], [worker]))
    with server.client() as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
    event, = crashes(server)[before:]
    assert event["pid"] == worker
    report = take_report(server, worker) if IS_ASAN else ""
    return event, report


def backtrace(build, *arguments, text=""):
    return subprocess.run(
        [KEEL, "backtrace", *arguments], input=text, text=True,
        capture_output=True, env=os.environ | {"KEEL_BUILD": build})


def last_line(server):
    return [line for line in server.output().splitlines()
            if '"event":"crash"' in line][-1] + "\n"


def resolved(server):
    """What ./keel backtrace says of the last crash: its lines."""
    done = backtrace(server.build, text=last_line(server))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def line_of(build, path, text):
    """FILE:LINE of the first line with a text after the changed code."""
    source = read_text(os.path.join(build, path))
    return "%s:%d" % (path, source[:source.index(text)].count("\n") + 1)


def frames(lines):
    return [line for line in lines if re.match(r"#\d", line)]


def dead(signum, report=99):
    """A sanitizer exits instead."""
    return report << 8 if IS_ASAN else signum


def test_a_null_pointer(crashing):
    admin, ada = add_people(crashing, "admin", "user")
    event, report = crash(crashing, dead(signal.SIGSEGV, 1), path=ada.path,
                          headers=admin.headers | {"x-request-id": "abc-1"})
    assert event["request_id"] == "abc-1"
    assert (event["method"], event["route"]) == ("GET", "read_user")
    assert event["pattern"] == "^/api/v1/users/([^/]+)$"
    assert ada.id not in str(event)
    assert event["process"] == "worker 1"
    if IS_ASAN:
        assert "store to null pointer" in report
        assert event["signal"] is None and event["address"] is None
        assert event["cause"] == "a sanitizer's report"
    else:
        assert (event["signal"], event["address"]) == ("SIGSEGV", "0x0")
        assert event["cause"] == "no memory is there"
    lines = resolved(crashing)
    assert "request  abc-1" in lines
    assert "route    GET ^/api/v1/users/([^/]+)$ (read_user)" in lines
    found = frames(lines)
    place = "read_user at " + line_of(crashing.build, USERS, "*nowhere = 1;")
    if IS_ASAN:
        assert any(place in line for line in found)
    else:
        assert found[0] == "#0   " + place
    assert any("endpoint_run at src/app.c:" in line for line in found)
    # They end where the coroutine's stack begins.
    assert "coro_entry at src/coro/coro.c:" in found[-2]
    assert re.search(r" stack_start\+0x[0-9a-f]+ in \S+$", found[-1]), found
    with crashing.client() as client:
        answer = client.patch(ada.path, headers=ada.headers,
                              json={"name": "Ada"})
        assert answer.status_code == 200


def test_a_stack_that_is_used_up(crashing):
    [ada] = add_people(crashing, "user")
    event, report = crash(crashing, dead(signal.SIGSEGV),
                          path="/api/v1/users/me", headers=ada.headers)
    assert event["signal"] == "SIGSEGV"
    assert event["cause"] == "the coroutine's stack is used up"
    assert event["route"] == "read_me"
    assert ("stack-overflow" in report) == IS_ASAN
    found = frames(resolved(crashing))
    assert len(found) == 64
    assert all("fall_deeper at " + USERS in line for line in found)


def test_a_call_of_null(crashing):
    [admin] = add_people(crashing, "admin")
    event, _ = crash(crashing, dead(signal.SIGSEGV), headers=admin.headers)
    assert (event["signal"], event["address"]) == ("SIGSEGV", "0x0")
    assert event["frames"][0] == "0x0"
    found = frames(resolved(crashing))
    assert found[1] == "#1   list_users at " + line_of(
        crashing.build, USERS, "\tnothing();")
    assert found[2].startswith("#2   endpoint_run at src/app.c:")


@pytest.mark.skipif(not IS_ASAN, reason="only AddressSanitizer sees it")
def test_memory_that_is_freed(crashing):
    admin, ada = add_people(crashing, "admin", "user")
    event, report = crash(crashing, dead(0), "POST", ada.path + "/activate",
                          admin.headers)
    assert "heap-use-after-free" in report
    assert event["signal"] is None
    assert event["route"] == "activate_user"
    assert any("activate_user at " + USERS in line
               for line in resolved(crashing))


def test_a_signal_while_it_does_nothing(crashing):
    event, _ = crash(crashing, dead(signal.SIGSEGV))
    assert event["signal"] == "SIGSEGV" and event["address"] is None
    assert event["cause"] == "sent by process %d" % os.getpid()
    for name in ("request_id", "method", "route", "pattern"):
        assert event[name] is None
    lines = resolved(crashing)
    assert "route    none: it worked for no request and no job" in lines
    assert any("epoll_wait" in line for line in lines)
    assert any(re.search(r" kore_\w+\+0x\w+ in kore$", line)
               for line in lines)
    check_another_build(crashing, event["modules"][0])


def check_another_build(server, module):
    """The same line, as if another build of that module had written it."""
    own, other = module["build"], module["build"][::-1]
    done = backtrace(server.build, text=last_line(server).replace(own, other))
    assert done.returncode == 1
    assert ("keel: backtrace: the build differs: the %s that crashed is %s, %s "
            "is %s" % (module["name"], other[:12], module["file"], own[:12])
            ) in done.stdout
    assert re.search(r"#\d+ +%s\+0x" % re.escape(module["name"]), done.stdout)


def test_a_job(crashing, start_runner):
    runner = start_runner(crashing)
    pid = runner.process.pid
    [job] = add_jobs(crashing, ["crash@example.com"])
    crashing.sql("NOTIFY keel_jobs")
    status = runner.process.wait(15)
    assert status == (1 if IS_ASAN else -signal.SIGSEGV)
    runner.process = None
    [event] = crashes(runner)
    if IS_ASAN:
        take_report(runner, pid)
    assert event["process"] == "jobs" and event["request_id"] == job
    assert event["route"] == "send_welcome_email"
    assert event["method"] is None and event["pattern"] is None
    assert any("send_welcome_email at " + JOBS in line
               for line in resolved(runner))


def test_the_parent(start_server):
    server = start_server(KEEL_WORKERS="1")
    os.kill(server.parent(), signal.SIGBUS)
    assert server.process.wait(15) == (99 if IS_ASAN else -signal.SIGBUS)
    [event] = crashes(server)
    if IS_ASAN:
        take_report(server, event["pid"])
    assert event["process"] == "parent" and event["signal"] == "SIGBUS"
    server.end_left_overs()
    server.process = None
