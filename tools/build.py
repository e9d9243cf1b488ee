# SPDX-License-Identifier: ISC
"""Builds the module of one flavour, with all cores.

usage: build.py [--keep] FLAVOR FOLDER

kodev names the module after its working folder, so FOLDER ends with /keel. It
has links to the tree. --keep leaves the old module there if a file does not
compile; without it, no module is left that is older than its sources.

kodev compiles one file at a time, and it compares only a source and its object,
in whole seconds. So this program decides what is old, asks kodev for the
commands, and runs them side by side. Then kodev finds every object new, and
links. The flags are kodev's own: nothing here repeats them.

An object is old when a file that it was made of has another time or size than
it had before the compiler ran, is gone, or could now be another file: gcc lists
those files. It is also old when the compiler or its flags have changed. The
file .built in FOLDER has all that. It never lists an object that is being
made, so a build may be interrupted at any time."""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RECORDER = os.path.join(ROOT, "tools/record-command")
LINKS = ("src", "assets", "sql", "conf", "kore.conf")
OBJECTS = ".objs"       # kodev's
STATE = ".built"
MODULE = "keel.so"


class Failed(Exception):
    """The build has failed, and the reason has been printed."""


def walk(folder):
    """The files that kodev finds there: it follows links."""
    for path, _, names in os.walk(folder, followlinks=True):
        for name in names:
            yield os.path.join(path, name)


def asset_object(path):
    """What kodev makes of an asset."""
    name = re.sub(r"[.\s-]", "_", os.path.basename(path))
    return "%s/%s.o" % (OBJECTS, name)


class Signatures:
    """What tells whether a file has changed, as it was when it was first
    asked for."""

    def __init__(self):
        self.known = {}
        for folder in ("src", "assets"):
            for path in walk(folder):
                self.of(path)

    def of(self, path):
        if path not in self.known:
            self.known[path] = self.read(path)
        return self.known[path]

    def read(self, path):
        try:
            # kodev writes its own files each time.
            if path.startswith(OBJECTS + "/"):
                with open(path, "rb") as f:
                    return hashlib.sha256(f.read()).hexdigest()
            status = os.stat(path)
            return [status.st_mtime_ns, status.st_size]
        except OSError:
            return None

    def forget_generated(self):
        self.known = {path: signature
                      for path, signature in self.known.items()
                      if not path.startswith(OBJECTS + "/")}


class State:
    """The file .built: of which files each object was made."""

    def __init__(self):
        try:
            self.load()
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            # None, or another version's.
            self.compiler = self.linked = None
            self.files, self.objects = {}, {}

    def load(self):
        with open(STATE, encoding="utf-8") as f:
            kept = json.load(f)
        self.compiler, self.linked = kept["compiler"], kept["linked"]
        self.files = dict(kept["files"])
        paths = list(self.files)
        self.objects = {name: [paths[number] for number in numbers]
                        for name, numbers in kept["objects"].items()}

    def save(self):
        used = {path for paths in self.objects.values() for path in paths}
        self.files = {path: self.files[path] for path in sorted(used)}
        numbers = {path: number for number, path in enumerate(self.files)}
        kept = {"compiler": self.compiler, "linked": self.linked,
                "files": list(self.files.items()),
                "objects": {name: [numbers[path] for path in paths]
                            for name, paths in self.objects.items()}}
        with open(STATE + ".new", "w", encoding="utf-8") as f:
            json.dump(kept, f)
        os.replace(STATE + ".new", STATE)

    def old(self, signatures):
        """The objects that have to be made again, or that nobody needs."""
        changed = {path for path, signature in self.files.items()
                   if signatures.of(path) != signature}
        # A new header may be found before one of the same name.
        new = {os.path.basename(path) for path in signatures.known
               if path.endswith(".h") and path not in self.files}
        shadowed = {path for path in self.files
                    if path.startswith("src/") and
                    os.path.basename(path) in new}
        return [name for name, paths in self.objects.items()
                if not (changed | shadowed).isdisjoint(paths)]

    def drop(self, names):
        for name in names:
            self.objects.pop(name, None)
        for name in os.listdir(OBJECTS):
            path = os.path.join(OBJECTS, name)
            if (name.endswith((".o", ".o.d")) and
                    path.removesuffix(".d") not in self.objects):
                os.unlink(path)


def check_assets():
    """kodev names an asset by the last part of its path, and the linker would
    only say that a name is there twice. So the files of assets/mail/LANGUAGE
    have their language in their names, too."""
    seen = {}
    for path in sorted(walk("assets")):
        folder, name = os.path.split(path)
        if (os.path.dirname(folder) == "assets/mail" and
                name.endswith((".txt", ".html"))):
            language = os.path.basename(folder)
            if not re.fullmatch(r"\w+\.%s\.(txt|html)" % re.escape(language),
                                name):
                refuse("%s: a file there must be called NAME.%s.txt or "
                       "NAME.%s.html" % (path, language, language))
        other = seen.setdefault(asset_object(path), path)
        if other != path:
            refuse("%s and %s have one name: give one of them another" %
                   (other, path))


def refuse(problem):
    print("build: " + problem, file=sys.stderr)
    raise Failed


def make_folder(folder):
    """kodev's folder of links. ./keel runs the flavour that was built last, and
    reads its name there."""
    os.makedirs(os.path.join(folder, OBJECTS), exist_ok=True)
    for name in LINKS:
        link = os.path.join(folder, name)
        target = os.path.relpath(os.path.join(ROOT, name), folder)
        if not os.path.islink(link) or os.readlink(link) != target:
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(target, link)


def lock():
    """Two builds of one flavour take turns. The lock ends with the process."""
    descriptor = os.open(".", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("waiting for another build of this flavour", flush=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def run_kodev(flavor, **environment):
    """Its output. Ends the build if it fails."""
    done = subprocess.run(
        ["kodev", "build"], text=True, errors="replace",
        env=os.environ | {"KORE_BUILD_FLAVOR": flavor} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(done.stdout, end="", file=sys.stderr)
        raise Failed
    return done.stdout


def ask_kodev(flavor):
    """What kodev would run: the first lines of its output, with the flags; and
    the arguments of the compiler, one list for each file, without the link."""
    with tempfile.TemporaryDirectory() as folder:
        record = os.path.join(folder, "commands")
        output = run_kodev(flavor, CC=RECORDER, RECORD=record)
        words = []
        if os.path.exists(record):
            with open(record, encoding="utf-8",
                      errors="surrogateescape") as f:
                words = f.read().split("\0")[:-1]
    commands = []
    while words:
        end = int(words[0]) + 1
        commands.append(words[1:end])
        words = words[end:]
    head = re.match(r"building .*\nCFLAGS=.*\n(?:.*\n)*?LDFLAGS=.*\n", output)
    return (head.group(0) if head else output,
            [command for command in commands if "-c" in command])


def compiler_now(head):
    """What makes all objects old when it changes."""
    name = os.environ.get("CC", "cc")
    path = os.path.realpath(shutil.which(name) or name)
    status = os.stat(path) if os.path.exists(path) else None
    flags = re.search(r"^CFLAGS=.*", head, re.M)
    return [name, path, status and status.st_mtime_ns, flags and flags.group(0)]


def read_dependencies(path):
    """The files that gcc has read, from the rule that it wrote."""
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        text = f.read().replace("\\\n", " ")
    names = re.findall(r"(?:\\.|[^\s\\])+", text.split(": ", 1)[1])
    return [re.sub(r"\\(.)", r"\1", name).replace("$$", "$")
            for name in names]


class Compiler:
    """Runs the commands, as many at once as there are cores."""

    def __init__(self, state, signatures):
        self.state = state
        self.signatures = signatures
        self.assets = {asset_object(path): path for path in walk("assets")}
        self.running = {}

    def start(self, arguments):
        source = arguments[arguments.index("-c") + 1]
        target = arguments[arguments.index("-o") + 1]
        print("compiling", os.path.basename(source), flush=True)
        colour = (["-fdiagnostics-color=always"]
                  if sys.stderr.isatty() and "NO_COLOR" not in os.environ
                  else [])
        output = tempfile.TemporaryFile()
        process = subprocess.Popen(
            [os.environ.get("CC", "cc"), *arguments, *colour, "-MD", "-MF",
             target + ".d"], stdout=output, stderr=subprocess.STDOUT)
        self.running[process.pid] = process, source, target, output

    def finish(self):
        """Waits for one. False if it did not compile."""
        pid, status = os.waitpid(-1, 0)
        process, source, target, output = self.running.pop(pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        sys.stderr.buffer.write(output.read())
        sys.stderr.flush()
        output.close()
        if process.returncode != 0:
            return False
        self.add(source, target)
        return True

    def add(self, source, target):
        files = read_dependencies(target + ".d")
        if source.startswith(OBJECTS + "/"):
            source = self.assets[target]
            files = [source] + [path for path in files
                                if not path.startswith(OBJECTS + "/")]
        for path in files:
            self.state.files[path] = self.signatures.of(path)
        self.state.objects[target] = files
        # kodev takes an object for new if it has the source's time.
        seconds = self.signatures.of(source)[0] // 10**9
        os.utime(target, (seconds, seconds))

    def run(self, commands):
        """After the first failure, what runs already is finished, and
        nothing else is started."""
        cores = len(os.sched_getaffinity(0))
        good = True
        commands = list(commands)
        try:
            while self.running or (good and commands):
                while good and commands and len(self.running) < cores:
                    self.start(commands.pop(0))
                good = self.finish() and good
        finally:
            for process, _, target, _ in self.running.values():
                process.terminate()
                process.wait()
            self.state.save()
        if not good:
            raise Failed


def make_first():
    """What ./keel loads before the module of the asan flavour."""
    made = subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wl,-z,initfirst", "-o", "asan-first.so",
         os.path.join(ROOT, "tests/asan/first.c")], check=False)
    if made.returncode != 0:
        raise Failed


def build(flavor):
    state, signatures = State(), Signatures()
    state.drop(state.old(signatures))
    while True:
        head, commands = ask_kodev(flavor)
        signatures.forget_generated()
        compiler = compiler_now(head)
        old = (list(state.objects) if state.compiler != compiler
               else state.old(signatures))
        if not old:
            break
        state.drop(old)
        state.compiler = compiler
    state.compiler = compiler
    linked = [re.findall(r"^LDFLAGS=.*", head, re.M)]
    if commands:
        print(head, end="", flush=True)
        state.linked = None
        state.save()
        Compiler(state, signatures).run(commands)
    linked.append(sorted(state.objects))
    if state.linked == linked and os.path.exists(MODULE):
        print("nothing to be done!")
        os.utime(MODULE)
        return
    state.linked = None
    state.save()
    if os.path.exists(MODULE):
        os.unlink(MODULE)
    print(run_kodev(flavor).splitlines()[-1])
    state.linked = linked
    state.save()


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("flavor")
    parser.add_argument("folder")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    make_folder(options.folder)
    os.chdir(options.folder)
    status = 1
    try:
        lock()
        with open(".flavor", "w", encoding="utf-8") as f:
            f.write(options.flavor + "\n")
        check_assets()
        if options.flavor == "asan":
            make_first()
        build(options.flavor)
        status = 0
    except Failed:
        pass
    except KeyboardInterrupt:
        status = 130
    finally:
        if status != 0 and not options.keep and os.path.exists(MODULE):
            os.unlink(MODULE)
    return status


if __name__ == "__main__":
    sys.exit(main())
