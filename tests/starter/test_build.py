# SPDX-License-Identifier: ISC
"""make build: what tools/build.py compiles again, and what it leaves when it
fails. The tree is a small one, in a folder with a blank in its name."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FILES = {
    "conf/keel.conf": "load ./keel.so\n",
    "conf/build.conf": "cflags=-Wall -Werror\n"
                       "dev {\n\tcflags=-O0\n}\nprod {\n\tcflags=-O2\n}\n",
    "kore.conf": "",
    "sql/one-table.sql": "SELECT 1;\n",
    "assets/style.css": "p { }\n",
    "src/low/low.h": "#define LOW 1\n",
    "src/low/low.c": '#include "low/low.h"\nint low(void);\n'
                     "int low(void) { return (LOW); }\n",
    "src/top.c": '#include "low/low.h"\nint top(void);\n'
                 "int top(void) { return (LOW); }\n",
    "src/alone.c": "int alone(void);\nint alone(void) { return (0); }\n",
}
ALL = {"low.c", "top.c", "alone.c", "style_css.c", "one_table_sql.c"}


class Tree:
    def __init__(self, folder):
        self.folder = folder
        self.output = folder / ".build/dev/keel"
        self.objects = self.output / ".objs"
        self.module = self.output / "keel.so"
        for name in ("build.py", "record-command"):
            (folder / "tools").mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.join(ROOT, "tools", name), folder / "tools")
        for name, text in FILES.items():
            self.write(name, text)
        (folder / "assets/sql").symlink_to("../sql")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def command(self, *options):
        return [sys.executable, "-B", str(self.folder / "tools/build.py"),
                *options, "dev", ".build/dev/keel"]

    def run(self, *options, **environment):
        return subprocess.run(
            self.command(*options), cwd=self.folder, text=True,
            env=os.environ | environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)

    def build(self, **environment):
        """The names of the files that were compiled."""
        done = self.run(**environment)
        assert done.returncode == 0, done.stdout
        assert self.module.exists()
        return set(re.findall(r"^compiling (.*)$", done.stdout, re.M))

    def kodev(self):
        """What plain kodev says that it compiles, in the same folder."""
        done = subprocess.run(
            ["kodev", "build"], cwd=self.output, text=True, check=True,
            env=os.environ | {"KORE_BUILD_FLAVOR": "dev"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return set(re.findall(r"^compiling (.*)$", done.stdout, re.M))


@pytest.fixture(name="tree", scope="module")
def fixture_tree(tmp_path_factory):
    tree = Tree(tmp_path_factory.mktemp("build") / "my kennel")
    assert tree.build() == ALL
    return tree


def test_plain_kodev_makes_the_same_module(tree):
    module = tree.module.read_bytes()
    assert tree.kodev() == set()
    shutil.rmtree(tree.objects)
    assert len(tree.kodev()) == len(ALL)
    assert tree.module.read_bytes() == module
    assert tree.build() == set()


@pytest.mark.parametrize("name, compiled", [
    ("src/alone.c", {"alone.c"}),
    ("src/low/low.h", {"low.c", "top.c"}),
    ("assets/style.css", {"style_css.c"}),
    ("sql/one-table.sql", {"one_table_sql.c"}),
])
def test_a_change_compiles_what_was_made_of_it(tree, name, compiled):
    """Even if it is of the same second, or older than the object."""
    path = tree.folder / name
    before = path.stat()
    tree.write(name, FILES[name] + "\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert tree.build() == compiled
    tree.write(name, FILES[name])
    os.utime(path, (0, 0))
    assert tree.build() == compiled
    assert tree.build() == set()
    assert tree.kodev() == set()


def test_files_come_move_and_go(tree):
    tree.write("src/new.c", "int fresh(void);\nint fresh(void) {return (3);}\n")
    assert tree.build() == {"new.c"}
    assert b"fresh" in tree.module.read_bytes()
    (tree.folder / "src/new.c").rename(tree.folder / "src/low/new.c")
    assert tree.build() == {"new.c"}
    (tree.folder / "src/low/new.c").unlink()
    assert tree.build() == set()
    assert b"fresh" not in tree.module.read_bytes()
    assert not (tree.objects / "new.c.o").exists()


def test_headers_come_and_go(tree):
    # gcc looks in the file's own folder first.
    tree.write("src/low/low/low.h", "#define LOW 2\n")
    assert tree.build() == {"low.c", "top.c"}
    (tree.folder / "src/low/low/low.h").unlink()
    assert tree.build() == {"low.c"}
    (tree.folder / "src/low/low.h").unlink()
    done = tree.run()
    assert done.returncode != 0 and "low/low.h" in done.stdout
    tree.write("src/low/low.h", FILES["src/low/low.h"])
    assert tree.build() == {"low.c", "top.c"}


def test_other_flags_compile_everything(tree):
    tree.write("conf/build.conf", FILES["conf/build.conf"] + "# a comment\n")
    assert tree.build() == set()
    tree.write("conf/build.conf",
               FILES["conf/build.conf"].replace("-O0", "-O1"))
    assert tree.build() == ALL
    assert tree.build(CFLAGS="-DMORE") == ALL
    tree.write("conf/build.conf", FILES["conf/build.conf"])
    assert tree.build() == ALL
    assert tree.build(LDFLAGS="-Wl,-z,nodelete") == set()
    assert tree.build() == set()


def test_an_error_is_shown_once_and_leaves_no_module(tree):
    tree.write("src/alone.c", "int alone(void) { return (0); }\n#error twice\n")
    for options, left in (("--keep",), True), ((), False), ((), False):
        done = tree.run(*options)
        assert done.returncode == 1
        assert done.stdout.count("#error twice") == 2   # its line, quoted
        assert tree.module.exists() == left
    tree.write("src/alone.c", FILES["src/alone.c"])
    assert tree.build() == {"alone.c"}
    tree.write("src/alone.c", "int\talone(void);\nint gone(void);\n"
               "int alone(void) { return (gone()); }\n")
    done = tree.run(LDFLAGS="-Wl,-z,defs")
    assert done.returncode == 1 and done.stdout.count("`gone'") == 1
    assert not tree.module.exists()
    tree.write("src/alone.c", FILES["src/alone.c"])
    assert tree.build() == {"alone.c"}


@pytest.mark.parametrize("sent, status", [
    (signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_a_build_that_is_interrupted_is_finished_by_the_next(
        tree, sent, status):
    """The compiler waits for input that never comes."""
    fifo = tree.folder / "src/slow.h"
    os.mkfifo(fifo)
    tree.write("src/alone.c", '#include "slow.h"\n' + FILES["src/alone.c"])
    # Behind a shell's &, SIGINT would be ignored.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", *tree.command()], cwd=tree.folder,
        stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
    try:
        lines = iter(process.stdout.readline, "")
        assert any("compiling alone.c" in line for line in lines)
        # Opens only when the compiler reads it.
        with open(fifo, "w", encoding="utf-8"):
            process.send_signal(sent)
            assert process.wait(timeout=120) == status
    finally:
        process.kill()
        process.stdout.close()
        fifo.unlink()
    tree.write("src/alone.c", FILES["src/alone.c"])
    assert tree.build() == {"alone.c"}


def test_two_builds_take_turns(tree):
    fifo = tree.folder / "src/slow.h"
    os.mkfifo(fifo)
    tree.write("src/alone.c", '#include "slow.h"\n' + FILES["src/alone.c"])
    builds = []
    try:
        for line in "compiling alone.c", "waiting for another build":
            process = subprocess.Popen(
                tree.command(), cwd=tree.folder, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            builds.append(process)
            lines = iter(process.stdout.readline, "")
            assert any(line in output for output in lines)
        # It changes while the first build compiles it.
        tree.write("src/alone.c", FILES["src/alone.c"])
        with open(fifo, "w", encoding="utf-8") as f:
            f.write("#define SLOW 1\n")
        assert builds[0].wait(timeout=120) == 0
        assert "compiling alone.c" in builds[1].communicate(timeout=120)[0]
        assert builds[1].returncode == 0
    finally:
        for process in builds:
            process.kill()
            process.stdout.close()
        fifo.unlink()
    assert tree.build() == set()


@pytest.mark.parametrize("files, line", [
    (["assets/mail/es/hello.es.txt", "assets/mail/fr/hello.es.txt"],
     "assets/mail/fr/hello.es.txt: a file there must be called NAME.fr.txt "
     "or NAME.fr.html"),
    (["assets/mail/es/hello.txt"], "assets/mail/es/hello.txt: a file there "
     "must be called NAME.es.txt or NAME.es.html"),
    (["assets/other/style.css"],
     "assets/other/style.css and assets/style.css have one name"),
    (["assets/one.table.sql"],
     "assets/one.table.sql and assets/sql/one-table.sql have one name")])
def test_two_assets_of_one_name(tree, files, line):
    """The linker would show ten lines, and no path."""
    for name in files:
        tree.write(name, "x\n")
    done = tree.run()
    assert done.returncode == 1
    assert done.stdout.startswith("build: " + line), done.stdout
    assert done.stdout.count("\n") == 1
    for name in files:
        (tree.folder / name).unlink()
    assert tree.build() == set()
