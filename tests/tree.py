# SPDX-License-Identifier: ISC
"""Copies of the tree and of what was built in it, for tests that change
files."""

import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def copy_tree(folder, *builds):
    """Copies git's files, those that are not committed yet, and these folders
    of .build. Files keep their times, so nothing is built again."""
    shutil.rmtree(folder, ignore_errors=True)
    files = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT,
        check=True, capture_output=True, text=True).stdout.split("\0")
    for path in [*filter(None, files), "assets/swagger-ui",
                 *[".build/" + name for name in sorted(builds)]]:
        if os.path.lexists(os.path.join(ROOT, path)):
            copy_path(path, folder)


def copy_path(path, folder):
    source, target = (os.path.join(top, path) for top in (ROOT, folder))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
