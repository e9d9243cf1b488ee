# SPDX-License-Identifier: ISC
"""The later commit that `make proof-starter` merges can still be made; and git
merges it without a conflict with lines of a project in its own places."""

import os
import subprocess

import pytest

from merge_later import EDITS, NEW, files, next_number

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))

# A project adds a line before these, or at the end: None.
OWN = {
    "kore.conf": ("# End of your own validators.\n",
                  "	# End of your own routes.\n"),
    ".gitignore": (None,),
}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def with_own_lines(path):
    text = read(path)
    for end in OWN[path]:
        assert end is None or text.count(end) == 1, end
        text = text.replace(end, "# Ours.\n" + end) if end else (
            text + "# Ours.\n")
    return text


def of_a_later_version(path):
    return files(ROOT).get(path, read(path) + "# Keel's.\n")


def test_each_text_is_where_it_is_replaced():
    found = files(ROOT)
    assert len(found) == len(EDITS) + len(NEW)
    assert "sql/migrations/%s_users_bio.sql" % next_number(ROOT) in found
    assert not [path for path in found if "{number}" in path + found[path]]


@pytest.mark.parametrize("path", OWN)
def test_git_merges_what_both_add(tmp_path, path):
    for name, text in (("base", read(path)), ("ours", with_own_lines(path)),
                       ("theirs", of_a_later_version(path))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    union = ["--union"] if path + "\t" in read(".gitattributes") else []
    merged = subprocess.run(
        ["git", "merge-file", "-p", *union, "ours", "base", "theirs"],
        cwd=tmp_path, capture_output=True, text=True, check=False)
    assert merged.returncode == 0, merged.stdout
    assert merged.stdout.count("# Ours.") == len(OWN[path])
