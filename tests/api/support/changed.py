# SPDX-License-Identifier: ISC
"""A build of the server with some of its code changed, for tests of code that
nobody would ship."""

import contextlib
import os
import shutil
import subprocess
import tempfile

from server import BUILD, flavor

# kodev writes these anew; the rest of the build is linked.
MADE = ("keel.so", ".stamp", ".stamp.new")


def link(source, target):
    os.symlink(os.path.realpath(source), target)


def insert(path, after, code):
    """Puts code after a text that the file has once."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert text.count(after) == 1, "%s has not once %r" % (path, after)
    os.remove(path)     # which is a link
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(after, after + code))


def add(build, path, text):
    """A file of the build alone: its folder is a link to the tree's."""
    folder = build
    for name in os.path.dirname(path).split("/"):
        folder = os.path.join(folder, name)
        if os.path.islink(folder):
            source = os.path.realpath(folder)
            os.remove(folder)
            os.mkdir(folder)
            for entry in os.listdir(source):
                link(os.path.join(source, entry), os.path.join(folder, entry))
    with open(os.path.join(build, path), "w", encoding="utf-8") as f:
        f.write(text)


@contextlib.contextmanager
def changed_build(*insertions, files=()):
    """Compiles (path, text, code after it) anew, and {path: text} besides; the
    folder of the build."""
    folder = tempfile.mkdtemp(prefix="keel-changed-")
    build = os.path.join(folder, "keel")
    os.mkdir(build)
    for name in os.listdir(BUILD):
        source = os.path.join(BUILD, name)
        if name in ("src", ".objs"):
            shutil.copytree(source, os.path.join(build, name),
                            copy_function=link)
        elif name not in MADE:
            link(source, os.path.join(build, name))
    for path, after, code in insertions:
        insert(os.path.join(build, path), after, code)
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(
                build, ".objs", os.path.basename(path) + ".o"))
    for path in files:
        add(build, path, files[path])
    done = subprocess.run(
        ["kodev", "build"], cwd=build, text=True, capture_output=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"KORE_BUILD_FLAVOR": flavor()})
    assert done.returncode == 0, done.stdout + done.stderr
    yield build
    shutil.rmtree(folder)
