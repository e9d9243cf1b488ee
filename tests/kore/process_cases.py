# SPDX-License-Identifier: ISC
"""Kore's processes: start, end, signals, sandbox, tasks."""

import contextlib
import fcntl
import os
import signal
import subprocess
import time

from cases import case
from stock import Kore, processes, require, wait_until


@case("start.c", "what the parent prints is printed once")
def said_again():
    with Kore("start.c", workers=2) as kore:
        def ended():
            # All of them, repeatedly: one that is just starting loses it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(kore.process.pid, signal.SIGTERM)
            return kore.process.poll() is not None

        require(wait_until(ended, 10), "Kore does not end")
        times = kore.output().count("said once\n")
    require(times > 0, "it is not printed")
    return "%d times with 2 workers" % times if times > 1 else None


@case("start.c", "a worker that cannot start is restarted with a pause")
def respawned():
    with Kore("start.c", pages=False, GIVE_UP="1") as kore:
        time.sleep(1)
        times = kore.output().count("gave up\n")
    require(times > 0, "it starts")
    return "%d times in a second" % times if times > 5 else None


@case("http.c", "a pid file is not written through a link")
def pid_through_link():
    with Kore("http.c") as kore:
        kore.stop_process()
        with open(kore.path("other"), "w") as f:
            f.write("of somebody else")
        os.symlink("other", kore.path("kore.pid"))
        kore.start()
        with open(kore.path("other")) as f:
            found = f.read()
    return "it writes over the file behind it" \
        if found.strip() == str(kore.process.pid) else None


@case("http.c", "the exit status shows a failure")
def status_zero():
    with Kore("http.c", tls="EC") as kore:
        [keymgr] = wait_until(lambda: kore.processes("keymgr"), 5) or [None]
        require(keymgr is not None, "no key manager")
        os.kill(keymgr, signal.SIGKILL)
        status = kore.process.wait(5)
    return "0 after its key manager was killed" if status == 0 else None


@case("http.c", "Kore notices that the key manager has ended")
def keymgr_missed():
    with Kore("http.c", tls="EC") as kore:
        [keymgr] = wait_until(lambda: kore.processes("keymgr"), 5) or [None]
        require(keymgr is not None, "no key manager")
        time.sleep(0.5)         # it has installed its signal handlers
        os.kill(keymgr, signal.SIGTERM)
        require(wait_until(lambda: keymgr not in kore.processes(), 3),
                "the key manager does not end")
        time.sleep(1)
        alone = kore.process.poll() is None and not kore.processes("keymgr")
    return "if its status was 0, the others go on without it" if alone else None


@case("http.c", "SIGTERM ends all processes")
def signal_lost():
    with Kore("http.c") as kore:
        parent = kore.process.pid
        worker = int(kore.worker())
        # Both signals are pending together, as on a busy machine.
        os.kill(parent, signal.SIGSTOP)
        os.kill(parent, signal.SIGTERM)
        os.kill(worker, signal.SIGKILL)
        time.sleep(0.3)
        os.kill(parent, signal.SIGCONT)
        time.sleep(2)
        alive = kore.process.poll() is None and kore.worker() != ""
    return "not if a worker dies then: only the last signal counts" if alive \
        else None


@case("tasks.c", "requests in flight finish when the server is told to stop")
def cut_by_sigterm():
    with Kore("tasks.c") as kore, kore.client() as client:
        client.send("GET /bound HTTP/1.1\r\nHost: localhost\r\n\r\n")
        require(client.answer(0.1)[0] is None, "the task is too quick")
        kore.process.send_signal(signal.SIGTERM)
        status = client.answer(5)[0]
    return None if status == 200 else "SIGTERM cuts them"


@case("http.c", "a worker that is told to end leaves the others")
def one_for_all():
    with Kore("http.c", workers=2) as kore:
        os.kill(int(kore.worker()), signal.SIGTERM)
        ended = wait_until(lambda: kore.process.poll() is not None, 5)
    return "the whole server ends" if ended else None


@case("http.c", "the workers end with their parent")
def outlived():
    with Kore("http.c", workers=2) as kore:
        group = kore.process.pid
        kore.process.kill()
        kore.process.wait(5)
        time.sleep(1)
        left = [pid for pid, title in processes(group).items()
                if "[wrk" in title]
    return "%d of 2 outlive a killed parent" % len(left) if left else None


@case("http.c", "nobody waits for the reader of standard output")
def reader_stops():
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 65536)
    with Kore("http.c", output=theirs) as kore:
        with open("/proc/self/fd/%d" % theirs, "wb", buffering=0) as full:
            os.set_blocking(full.fileno(), False)
            while full.write(b"-" * 4096):
                pass
        for _ in range(100):    # until its buffer is full, too
            os.kill(int(kore.worker()), signal.SIGKILL)
            if not (again := wait_until(kore.worker, 2)):
                break
        kore.process.terminate()
        ended = wait_until(lambda: kore.process.poll() is not None, 2)
    os.close(ours)
    os.close(theirs)
    return "the parent starts no worker and does not end" \
        if not again and not ended else None


@case("http.c", "a worker that cannot be started again is tried later")
def fork_fails():
    with Kore("http.c", workers=2) as kore:
        subprocess.run(["prlimit", "--pid", str(kore.process.pid),
                        "--nofile=3:"], check=True)
        os.kill(int(kore.worker()), signal.SIGKILL)
        ended = wait_until(lambda: kore.process.poll() is not None, 3)
        require("socketpair(): " in kore.output(), "it has another reason")
    return "the parent ends, and all with it" if ended else None

@case("http.c", "SIGHUP does not touch the code that serves")
def reloaded():
    with Kore("http.c") as kore:
        require(kore.worker(), "no worker")
        os.utime(kore.path("module.so"))    # as a build or a backup does
        os.kill(kore.process.pid, signal.SIGHUP)
        time.sleep(1)
        kore.stop_process()     # which writes what it has logged
        again = "reloaded '" in kore.output()
    return "it loads the module again, under its timers and requests" \
        if again else None


def ends_without_files(disturb):
    """Does Kore's key manager end, and so Kore, when the key and certificate
    are missing for a moment?"""
    with Kore("http.c", tls="EC") as kore:
        [keymgr] = wait_until(lambda: kore.processes("keymgr"), 5) or [None]
        require(keymgr is not None, "no key manager")
        time.sleep(0.5)         # it has read them
        for name in ("cert.pem", "key.pem"):
            os.rename(kore.path(name), kore.path(name + ".old"))

        def ended():
            # Repeatedly: a signal just before it waits is not noticed.
            with contextlib.suppress(ProcessLookupError):
                disturb(kore)
            return keymgr not in kore.processes()

        return wait_until(ended, 5)


@case("http.c", "a key that is missing at a SIGUSR1 is no harm to what runs")
def keymgr_reads_at_signal():
    ended = ends_without_files(
        lambda kore: os.kill(kore.process.pid, signal.SIGUSR1))
    return "its key manager ends, and with it the server" if ended else None


@case("http.c", "a worker that starts again needs no file")
def keymgr_reads_for_worker():
    ended = ends_without_files(
        lambda kore: [os.kill(pid, signal.SIGKILL)
                      for pid in kore.processes("wrk")])
    return "its key manager reads the certificate, and ends, and with it the " \
        "server" if ended else None


@case("http.c", "shared memory is freed with its processes")
def memory_left():
    with Kore("http.c") as kore:
        group = kore.process.pid
        os.killpg(group, signal.SIGKILL)
        kore.process.wait(5)
        require(wait_until(lambda: not processes(group), 3), "they live on")
        left = kore.remove_memory(group)
    return "a killed parent leaves it; the kernel has room for 4096" if left \
        else None


def dies(module, first, target):
    """Does a request for target kill the worker?"""
    with Kore(module) as kore:
        before = kore.worker()
        require(before, "no worker")
        if first:
            require(kore.get(first, 4)[0] == 200, first + " fails")
        kore.get(target)
        require(wait_until(kore.worker, 3), "no worker any more")
        return kore.worker() != before


def cannot_make(target, text):
    with Kore("tasks.c") as kore:
        before = kore.worker()
        kore.get(target)
        require(wait_until(kore.worker, 3), "no worker any more")
        if kore.worker() == before:
            return None
        require(text in kore.output(), "it has another reason")
    return "the worker dies of it"


@case("sandbox.c", "a worker may run tasks, look at files and grow its memory")
def sandbox():
    with Kore("sandbox.c") as kore:
        require(kore.worker() and kore.worker() == kore.worker(), "no worker")
    dead = [what for what in ("task", "file", "grow")
            if dies("sandbox.c", None, "/" + what)]
    return "its sandbox kills the worker: " + ", ".join(dead) if dead else None


@case("tasks.c", "a thread that cannot be made costs one request")
def no_thread():
    return cannot_make("/no_thread", "pthread_create: ")


@case("tasks.c", "a task without sockets costs one request")
def no_sockets():
    return cannot_make("/no_sockets", "kore_task_create: socketpair() ")


@case("tasks.c", "a request is freed once")
def freed_again():
    with Kore("tasks.c") as kore:
        with kore.client() as client:
            client.send("GET /bound HTTP/1.1\r\nHost: localhost\r\n\r\n")
            require(client.answer(0.2)[0] is None, "the task is too quick")
        for _ in range(3):
            time.sleep(0.1)
            times = int(kore.get("/freed")[1])
        require(times > 0, "it is not freed")
    return "%d times while its task runs" % times if times > 1 else None


@case("tasks.c", "a thread that wakes up without a task waits again")
def woken_for_nothing():
    return "the worker dies of it" if dies("tasks.c", "/bound", "/wakeup") \
        else None
