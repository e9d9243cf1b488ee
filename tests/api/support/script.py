# SPDX-License-Identifier: ISC
"""A copy of ./keel and conf/development.sh in a folder of its own, with fake
programs first in PATH. Each writes down how it was called, and then does what
the test says. PostgreSQL's programs are fakes as well."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from product import boundary
from server import ROOT, folder_processes, read_text

IS_ROOT = os.geteuid() == 0

# Root runs PostgreSQL as this user; others run it as themselves.
DBUSER = pwd.getpwnam("postgres") if IS_ROOT else pwd.getpwuid(os.geteuid())

# The settings that ask for a private database, with all or nothing else.
PRIVATE = {"KEEL_DATABASE_URL": None, "KEEL_SECRET_KEY": "given",
           "KEEL_TLS_CERT": "/given/cert.pem", "KEEL_TLS_KEY": "/given/key.pem"}
UNSET = dict.fromkeys(PRIVATE)

# A shell cannot trap what its caller has ignored.
DEFAULT_SIGNALS = ["/usr/bin/env", "--default-signal=HUP,INT,QUIT"]

RECORD = r"""#!/bin/sh
name=${0##*/}
call=@/calls/$name.$$
while ! mkdir "$call"; do call=$call.2; done
cp /proc/$$/environ /proc/$$/status /proc/$$/stat "$call"
for word; do printf '%s\0' "$word"; done >"$call/argv"
{ umask; pwd -P; } >"$call/place"
fds=
for fd in 0 1 2 3 4 5 6 7 8 9; do
	[ ! -e /proc/$$/fd/$fd ] || fds="$fds $fd"
done
echo $fds >"$call/fds"
[ ! -s @/does/$name ] || . @/does/$name
"""

# The fake pg_ctl starts a sleep in the data folder: ./keel looks for it there.
PG_CTL = r"""
case $* in
*start*)
	cd "$2"
	env --default-signal sleep 60 </dev/null >/dev/null 2>&1 &
	echo $! >postmaster.pid
	;;
*stop*)
	kill $(head -n 1 "$2/postmaster.pid")
	rm "$2/postmaster.pid"
	;;
esac
"""


def make_development_certificate(folder):
    """As the first `./keel serve` makes it: the authority, the certificate and
    its key."""
    script = Script()
    try:
        done = script.run("serve", **UNSET)
        assert done.returncode == 0, done.stderr
        return [shutil.copy(os.path.join(script.state, name), folder)
                for name in ("ca.pem", "cert.pem", "key.pem")]
    finally:
        script.remove()


class Call:
    """One call of a fake program."""

    def __init__(self, folder):
        def lines(name):
            return read_text(os.path.join(folder, name)).splitlines()

        self.name = os.path.basename(folder).split(".")[0]
        self.argv = read_text(os.path.join(folder, "argv")).split("\0")[:-1]
        self.env = dict(
            word.split("=", 1) for word in read_text(
                os.path.join(folder, "environ")).split("\0")[:-1])
        self.umask, self.cwd = lines("place")
        self.fds = [int(fd) for fd in lines("fds")[0].split()]
        status = dict(line.split(":\t", 1) for line in lines("status"))
        self.pid = int(status["Pid"])
        self.uid, self.gid = (int(status[name].split()[1])
                              for name in ("Uid", "Gid"))
        self.ignored = int(status["SigIgn"], 16)    # bit 0 is for signal 1
        self.groups = sorted(int(word) for word in status["Groups"].split())
        self.session = int(lines("stat")[0].rpartition(")")[2].split()[3])

    def settings(self):
        return {name: value for name, value in self.env.items()
                if name.startswith("KEEL_")}


class Script:
    def __init__(self):
        # What a test makes must not be open to others.
        self.umask = os.umask(0o022)
        # KEEL_STATE_DIR must have no link in it.
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="keel-script-"))
        os.chmod(self.root, 0o755)
        for name in ("bin", "pg", "does", "conf", "build", "calls"):
            os.mkdir(self.path(name))
        os.chmod(self.path("calls"), 0o1777)
        self.keel = shutil.copy(os.path.join(ROOT, "keel"), self.root)
        text = read_text(os.path.join(ROOT, "conf/development.sh"))
        before = "pgbin=/usr/lib/postgresql/15/bin\n"
        assert text.count(before) == 1
        self.write("conf/development.sh", text.replace(
            before, "pgbin=%s\n" % self.path("pg")))
        self.build = self.path("build")
        self.state = self.path("state")
        # The folder of the private PostgreSQL's socket.
        self.socket = "/tmp/keel-%s-%d" % (hashlib.sha256(
            self.state.encode()).hexdigest()[:16], DBUSER.pw_uid)
        self.write("build/keel.so", "")
        self.write("build/.flavor", "prod\n")
        self.fake("kore")
        for name in ("initdb", "postgres", "pg_isready", "psql"):
            self.fake(name, folder="pg")
        self.fake("pg_ctl", PG_CTL, folder="pg")

    def path(self, *names):
        return os.path.join(self.root, *names)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def fake(self, name, does="", folder="bin"):
        """A program that writes down its call, then does this."""
        self.write(os.path.join(folder, name),
                   RECORD.replace("@", self.root), 0o755)
        self.write(os.path.join("does", name), boundary.shell(does))

    def watch(self, name):
        """The real program, whose calls are written down."""
        self.fake(name, 'exec %s "$@"' % shutil.which(name))

    def environment(self, **settings):
        """With a given database. None removes a setting."""
        given = {
            "PATH": self.path("bin") + ":/usr/sbin:/usr/bin:/sbin:/bin",
            "KEEL_BUILD": self.build, "KEEL_STATE_DIR": self.state,
            "KEEL_DATABASE_URL": "host=/none", "KEEL_ALLOW_ROOT": "1",
        } | settings
        return {name: value for name, value in given.items()
                if value is not None}

    def start(self, *arguments, keel=None, cwd="/", user=None, **settings):
        who = {} if user is None else {
            "user": user, "group": user, "extra_groups": []}
        return subprocess.Popen(
            [*DEFAULT_SIGNALS, keel or self.keel, *arguments], cwd=cwd,
            text=True,
            env=self.environment(**settings), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            umask=0o022, **who)

    def run(self, *arguments, text="", **options):
        process = self.start(*arguments, **options)
        out, err = process.communicate(text, timeout=30)
        return subprocess.CompletedProcess(arguments, process.returncode,
                                           out, err)

    def fails(self, *arguments, **settings):
        """A start with the private database that must fail, before Kore is
        run: its line, after "keel: "."""
        done = self.run(*(arguments or ["serve"]), **PRIVATE | settings)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert self.calls("kore") == []
        [line] = done.stderr.splitlines()
        assert line.startswith("keel: ")
        return line[len("keel: "):]

    def calls(self, *names):
        """The calls, in their order; of these programs, if any are given. The
        file system's clock may not tell two of them apart: their ids do."""
        found = [entry for entry in os.scandir(self.path("calls"))
                 if read_text(entry.path + "/fds").endswith("\n") and
                 (not names or entry.name.split(".")[0] in names)]
        found.sort(key=lambda entry: (os.stat(entry.path).st_mtime_ns,
                                      int(entry.name.split(".")[1])))
        return [Call(entry.path) for entry in found]

    def call(self, name):
        """The only one."""
        [call] = self.calls(name)
        return call

    def steps(self):
        """The programs in their order, with Kore's commands and pg_ctl's."""
        return [" ".join([call.name] + [word for word in (
            call.env.get("KEEL_COMMAND"), *call.argv)
            if call.name == "kore" and word == call.env["KEEL_COMMAND"] or
            call.name == "pg_ctl" and word in ("start", "stop")])
            for call in self.calls()]

    def wait_for_call(self, name, count=1):
        deadline = time.monotonic() + 20
        while len(found := self.calls(name)) < count:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found[count - 1]

    def forget(self):
        shutil.rmtree(self.path("calls"))
        os.mkdir(self.path("calls"))
        os.chmod(self.path("calls"), 0o1777)

    def processes(self):
        return folder_processes(self.root)

    def remove(self):
        """Returns the processes that do not end."""
        deadline = time.monotonic() + 20
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)    # some have been killed, and are ending
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.umask(self.umask)
        shutil.rmtree(self.root)
        if os.path.isdir(self.socket) and not os.path.islink(self.socket):
            shutil.rmtree(self.socket)
        elif os.path.lexists(self.socket):
            os.unlink(self.socket)
        return left
