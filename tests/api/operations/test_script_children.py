# SPDX-License-Identifier: ISC
"""How ./keel starts and ends Kore and the runner beside it. Both are fakes:
they may be deaf to signals, slow to end, or leave processes behind."""

import contextlib
import os
import signal
import time

import pytest

from product import boundary
from script import PRIVATE
from server import read_text

# Serves until SIGTERM. A function of the test, or nothing, runs at the end.
KORE = """
term() { echo "$KEEL_COMMAND $1" >>@/seen; end_$KEEL_COMMAND; exit 0; }
end_serve() { :; }
end_jobs() { :; }
for name in TERM INT HUP; do trap "term $name" $name; done
%s
case $KEEL_COMMAND in migrate) exit ;; esac
sleep 60 >/dev/null 2>&1 &
echo "$KEEL_COMMAND ready" >>@/seen
while :; do wait; done
"""


def kore(script, text=""):
    script.write("does/kore", boundary.shell(KORE % text).replace(
        "@", script.root))


def seen(script):
    return read_text(script.path("seen")).splitlines()


def wait_for(script, *lines):
    """Until both have written these."""
    deadline = time.monotonic() + 20
    while not set(lines) <= set(seen(script)):
        assert time.monotonic() < deadline, seen(script)
        time.sleep(0.02)


def wait_for_end(pid):
    deadline = time.monotonic() + 20
    while (state := stat(pid)) and state[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start(script, *options, **settings):
    process = script.start("serve", "--with-jobs", **settings)
    wait_for(script, "serve ready", "jobs ready")
    return process


def end(process, *signals):
    """Its status after these signals."""
    for number in signals:
        process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode


def fill(pipe):
    """Until it takes not one byte more."""
    end = os.open("/proc/self/fd/%d" % pipe.fileno(),
                  os.O_WRONLY | os.O_NONBLOCK)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(end, b"x" * size)
    os.close(end)


def calls(script):
    """Those of the server and of the runner."""
    found = {call.env["KEEL_COMMAND"]: call for call in script.calls("kore")}
    return found["serve"], found["jobs"]


def stat(pid):
    """The fields after its name, from its state on; [] if it has ended."""
    return read_text("/proc/%d/stat" % pid).rpartition(")")[2].split()


ORPHAN = ["setpriv", "--pdeathsig", "TERM"]


def test_how_they_are_started(script):
    for name in ("setsid", "setpriv", "timeout"):
        script.watch(name)
    kore(script)
    process = start(script, cwd=script.root, KEEL_BUILD="build")
    server, runner = calls(script)
    command = ["kore", "-fnrqc", "conf/keel.conf"]
    wrapped = ["timeout", "--foreground", "-k", "30", "0"] + ORPHAN + command
    started = [[call.name] + call.argv for call in script.calls()]
    assert wrapped in started
    assert started.count(ORPHAN + command) == 1
    sessions = script.calls("setsid")
    assert {tuple(call.argv[:4]) for call in sessions} == {
        (*ORPHAN, "sh")}
    assert {call.argv[6] for call in sessions} == {str(process.pid)}
    [beside] = [call for call in sessions if call.argv[7:] != wrapped]
    assert beside.argv[-2:] == [script.keel, "0"]

    ours = os.getsid(process.pid)
    assert len({ours, server.session, runner.session}) == 3
    assert server.settings() == runner.settings() | {
        "KEEL_COMMAND": "serve", "KEEL_BUILD": "build"}
    assert runner.settings()["KEEL_BUILD"] == script.build
    assert runner.cwd == server.cwd == script.build
    assert runner.umask == server.umask == "0077"
    assert os.readlink("/proc/%d/fd/0" % runner.pid) == "/dev/null"
    assert os.readlink("/proc/%d/fd/0" % server.pid) == os.readlink(
        "/proc/%d/fd/0" % process.pid)
    assert end(process, signal.SIGTERM) == 0


def test_a_signal_while_kore_begins_is_not_lost(script):
    """A shell gives a background command an ignored INT and QUIT."""
    script.watch("setsid")
    kore(script)
    process = start(script, **PRIVATE)
    [server] = [call for call in script.calls("setsid")
                if call.env.get("KEEL_COMMAND") == "serve"]
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        assert not server.ignored & 1 << number - 1
    assert end(process, signal.SIGTERM) == 0


def test_the_runner_does_not_hold_the_servers_locks(script):
    """It would keep the next server from starting."""
    kore(script)
    process = start(script, **PRIVATE)
    server, runner = calls(script)
    assert {7, 9} <= set(server.fds)
    assert not {7, 8} & set(runner.fds)
    assert end(process, signal.SIGTERM) == 0
    assert script.steps()[-1] == "pg_ctl stop"
    assert {"serve TERM", "jobs TERM"} <= set(seen(script))


@pytest.mark.parametrize("number, told", [
    (signal.SIGTERM, "TERM"), (signal.SIGINT, "INT"), (signal.SIGHUP, "INT"),
    (signal.SIGQUIT, "INT")])
def test_a_signal_ends_both_and_kores_status_counts(script, number, told):
    """Who presses Ctrl-C, or closes the terminal, waits for no idle client."""
    kore(script, "end_serve() { exit 7; }\nend_jobs() { exit 8; }")
    assert end(start(script), number) == 7
    assert sorted(seen(script)[2:]) == ["jobs TERM", "serve " + told]


@pytest.mark.parametrize("delay, drain, patience", [
    ("", "", "30"), ("0", "0", "15"), ("08", "600", "623"), ("x", "1", "30"),
    (" ", "1", "30")])
def test_how_long_kore_may_take(script, delay, drain, patience):
    """Longer than the two settings. Kore refuses what is no number."""
    script.watch("timeout")
    done = script.run("serve", KEEL_DRAIN_DELAY_SECONDS=delay,
                      KEEL_DRAIN_SECONDS=drain, **PRIVATE)
    assert (done.returncode, done.stderr) == (0, "")
    assert [call.argv[2] for call in script.calls("timeout")
            if call.argv[1] == "-k"] == [patience] * 2


def test_a_server_that_ends_by_itself_ends_the_runner(script):
    kore(script, 'case $KEEL_COMMAND in serve) until [ -e @/go ]; do '
         'sleep 0.02; done; sleep 60 & exit 5 ;; esac')
    process = script.start("serve", "--with-jobs")
    wait_for(script, "jobs ready")
    script.write("go", "")
    assert end(process) == 5
    assert seen(script) == ["jobs ready", "jobs TERM"]


def test_more_signals_while_it_ends(script):
    """Who is told twice to stop, and is slow, leaves nothing undone."""
    kore(script, """
        slow() { until [ -e @/go ]; do sleep 0.02; done; echo end >>@/seen; }
        end_serve() { slow; exit 6; }
        end_jobs() { slow; }""")
    process = start(script)
    process.send_signal(signal.SIGTERM)
    wait_for(script, "serve TERM", "jobs TERM")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)
    wait_for(script, "serve INT")   # it need not drain any longer
    assert process.poll() is None
    script.write("go", "")
    assert end(process) == 6
    assert seen(script).count("jobs TERM") == 1
    assert "end" in seen(script)


def test_a_signal_that_comes_with_the_end(script):
    """Kore's status counts all the same."""
    kore(script, "end_serve() { until [ -e @/go ]; do sleep 0.02; done; "
         "exit 6; }")
    process = start(script)
    server, _ = calls(script)
    timeout = int(stat(server.pid)[1])
    process.send_signal(signal.SIGTERM)
    wait_for(script, "serve TERM", "jobs TERM")
    time.sleep(0.1)     # the script waits
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    script.write("go", "")
    wait_for_end(timeout)
    process.send_signal(signal.SIGCONT)
    assert end(process) == 6


@pytest.mark.parametrize("stopped", ["timeout", "server", "runner"])
def test_what_is_stopped_ends_too(script, stopped):
    kore(script)
    process = start(script)
    server, runner = calls(script)
    os.kill({"timeout": int(stat(server.pid)[1]), "server": server.pid,
             "runner": runner.pid}[stopped], signal.SIGSTOP)
    assert end(process, signal.SIGTERM) == 0
    assert {"serve TERM", "jobs TERM"} <= set(seen(script))


def test_a_deaf_runner_is_killed(script):
    """After 20 seconds, which are skipped here."""
    script.fake("sleep", 'case $1 in 0.1) ;; *) exec /bin/sleep "$@" ;; esac')
    kore(script, 'case $KEEL_COMMAND in jobs) trap "" TERM ;; esac')
    assert end(start(script), signal.SIGTERM) == 0
    assert [call.argv for call in script.calls("sleep")].count(["0.1"]) == 200


def test_a_signal_that_changes_nothing(script):
    """Kore ignores it, too."""
    kore(script)
    process = start(script)
    process.send_signal(signal.SIGUSR1)
    assert end(process, signal.SIGTERM) == 0
    assert sorted(seen(script)[2:]) == ["jobs TERM", "serve TERM"]


def test_signals_while_only_the_runner_ends(script):
    """The server has ended by itself."""
    kore(script, """
        end_jobs() { until [ -e @/go ]; do sleep 0.02; done; }
        case $KEEL_COMMAND in serve) until grep -q ready @/seen
            do sleep 0.02; done; exit 5 ;; esac""")
    process = script.start("serve", "--with-jobs")
    wait_for(script, "jobs TERM")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                   signal.SIGQUIT):
        process.send_signal(number)
    script.write("go", "")
    assert end(process) == 5


def test_a_runner_that_ends_later_than_the_server(script):
    """It may finish its jobs."""
    kore(script, "end_jobs() { until [ -e @/go ]; do sleep 0.02; done; "
         "echo end >>@/seen; }")
    process = start(script)
    server, _ = calls(script)
    process.send_signal(signal.SIGTERM)
    wait_for(script, "serve TERM", "jobs TERM")
    wait_for_end(server.pid)
    time.sleep(0.2)
    assert process.poll() is None
    script.write("go", "")
    assert end(process) == 0
    assert seen(script)[-1] == "end"


def test_a_deaf_server_is_killed(script):
    """Here after half a second, in place of 30."""
    script.write("bin/timeout", "#!/bin/sh\nshift 3\nexec /usr/bin/timeout "
                 '--foreground -k 0.5 "$@"\n', 0o755)
    kore(script, 'case $KEEL_COMMAND in serve) trap "" TERM ;; esac')
    assert end(start(script), signal.SIGTERM) == 137
    assert seen(script)[2:] == ["jobs TERM"]


def test_a_runner_that_dies_is_started_again(script):
    """After a pause of two seconds, which is skipped here."""
    script.fake("sleep", 'case $1 in 2) ;; *) exec /bin/sleep "$@" ;; esac')
    kore(script, 'case $KEEL_COMMAND in jobs) for n in 1 2; do [ -e @/$n ] || '
         '{ mkdir @/$n; exit $n; }; done ;; esac')
    process = start(script)
    assert len([call for call in script.calls("kore")
                if call.env["KEEL_COMMAND"] == "jobs"]) == 3
    assert [call.argv for call in script.calls("sleep")
            if call.argv == ["2"]] == [["2"]] * 2
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[1].splitlines() == [
        "keel: the runner has ended (status %d): it is started again" % status
        for status in (1, 2)]
    assert process.returncode == 0
    assert sorted(seen(script)[2:]) == ["jobs TERM", "serve TERM"]


def test_children_end_while_the_runner_is_begun_again(script):
    """One runner is begun for each that ends, and its status is told."""
    script.watch("setsid")
    script.fake("sleep", 'case $1 in 2) ;; *) exec /bin/sleep "$@" ;; esac')
    kore(script, 'case $KEEL_COMMAND in jobs) [ -e @/go ] || exit 1 ;; esac')
    process = script.start("serve", "--with-jobs")
    wait_for(script, "serve ready")
    while len(script.calls("setsid")) < 8:
        process.send_signal(signal.SIGCHLD)
        time.sleep(0.001)
    script.write("go", "")
    wait_for(script, "jobs ready")
    begun = len(script.calls("setsid")) - 2     # besides the first ones
    told = [process.stderr.readline() for _ in range(begun)]
    assert set(told) == {"keel: the runner has ended (status 1): it is started "
                         "again\n"}
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[1] == ""
    assert sorted(seen(script)[2:]) == ["jobs TERM", "serve TERM"]


def test_nobody_reads_what_the_script_says(script):
    """It goes on: the runner is started again, and signals count."""
    script.fake("sleep", 'case $1 in 2) ;; *) exec /bin/sleep "$@" ;; esac')
    kore(script, 'case $KEEL_COMMAND in jobs) until [ -e @/go ]; do '
         'sleep 0.02; done; ! mkdir @/died 2>/dev/null || exit 1 ;; esac')
    process = script.start("serve", "--with-jobs")
    wait_for(script, "serve ready")
    fill(process.stderr)
    script.write("go", "")
    wait_for(script, "jobs ready")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert sorted(seen(script)[2:]) == ["jobs TERM", "serve TERM"]
    process.communicate()


def test_nobody_reads_what_it_says_at_the_start(script):
    kore(script, 'case $KEEL_COMMAND in migrate) until [ -e @/go ]; do '
         'sleep 0.02; done; echo done ;; esac')
    process = script.start("serve", **PRIVATE)
    fill(process.stdout)
    script.write("go", "")
    wait_for(script, "serve ready")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.communicate()


def test_a_server_that_ends_while_a_runner_dies(script):
    """The status is the server's, however the two ends meet."""
    script.fake("sleep", 'case $1 in 2) set -- 0 ;; esac; '
                'exec /bin/sleep "$@"')
    kore(script, """
        case $KEEL_COMMAND in jobs) exit 1 ;; esac
        until [ "$(ls -d @/calls/kore.* | wc -l)" -gt 20 ]; do :; done
        exit 5""")
    process = script.start("serve", "--with-jobs")
    assert end(process) == 5


def start_without_runner(script):
    """The script, in the long pause before the next runner, and the pause's
    process ids."""
    script.fake("sleep", 'case $1 in 2) set -- 60 ;; esac; '
                'exec /bin/sleep "$@"')
    kore(script, "case $KEEL_COMMAND in jobs) exit 1 ;; esac")
    process = script.start("serve", "--with-jobs")
    wait_for(script, "serve ready")
    deadline = time.monotonic() + 20
    while not (pauses := [call.pid for call in script.calls("sleep")
                          if call.argv == ["2"]]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process, pauses


def test_the_end_comes_while_a_runner_is_not_there(script):
    """The pause before the next one ends at once."""
    process, _ = start_without_runner(script)
    assert end(process, signal.SIGTERM) == 0
    assert seen(script) == ["serve ready", "serve TERM"]


def test_the_script_is_killed_while_a_runner_is_not_there(script):
    """Its pause ends, too."""
    process, pauses = start_without_runner(script)
    process.kill()
    process.wait()
    for pid in pauses:
        wait_for_end(pid)
    wait_for(script, "serve TERM")
    wait_for_end(calls(script)[0].pid)
    end_sleeps(script)


#
# Somebody is killed, and cannot tell the others.
#

def test_a_script_that_is_killed_leaves_nothing(script):
    kore(script)
    process = start(script)
    assert end(process, signal.SIGKILL) == -9
    wait_for(script, "serve TERM", "jobs TERM")
    for call in calls(script):
        wait_for_end(call.pid)
    end_sleeps(script)


def end_sleeps(script):
    """The fakes' own, which outlive them: no Kore has such."""
    for pid in script.processes():
        program = read_text("/proc/%d/cmdline" % pid).split("\0")[0]
        if os.path.basename(program) == "sleep":
            os.kill(pid, signal.SIGKILL)
            wait_for_end(pid)


def test_a_timeout_that_is_killed(script):
    """Kore and the runner end; the script ends with that status."""
    kore(script)
    process = start(script)
    server, runner = calls(script)
    os.kill(int(stat(server.pid)[1]), signal.SIGKILL)
    assert end(process) == 137
    assert "jobs TERM" in seen(script)
    wait_for_end(runner.pid)
    end_sleeps(script)


@pytest.mark.parametrize("command", [["serve", "--with-jobs"], ["jobs"]])
def test_a_script_that_is_killed_before_its_child_asks(script, command):
    """The kernel would tell the child of a later death only."""
    script.fake("setsid", 'kill -KILL $PPID; exec /usr/bin/setsid "$@"')
    kore(script)
    settings = {} if "--with-jobs" in command else PRIVATE
    assert end(script.start(*command, **settings)) == -9
    deadline = time.monotonic() + 20
    while script.processes():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert script.calls("kore") == []
    assert script.calls("setsid") != []


#
# A signal before Kore runs.
#

@pytest.mark.parametrize("number, status", [
    (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_postgresql_starts(script, number, status):
    script.write("does/initdb", "until [ -e @/go ]; do sleep 0.02; "
                 "done".replace("@", script.root))
    process = script.start("serve", "--with-jobs", **PRIVATE)
    script.wait_for_call("initdb")
    process.send_signal(number)
    script.write("go", "")
    assert end(process) == status
    assert script.calls("kore", "pg_ctl") == []


def test_a_signal_while_it_migrates_starts_no_server(script):
    kore(script, """
        end_migrate() { exit 4; }
        case $KEEL_COMMAND in migrate)
            echo migrate ready >>@/seen
            while :; do sleep 0.02; done ;;
        esac""")
    process = script.start("serve", "--with-jobs", **PRIVATE)
    wait_for(script, "migrate ready")
    assert end(process, signal.SIGTERM) == 4
    assert script.steps()[-2:] == ["kore migrate", "pg_ctl stop"]
