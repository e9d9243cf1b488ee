# SPDX-License-Identifier: ISC
"""Renews tests/starter/notes, for make golden."""

import shutil
import tempfile

from project import NOTES, Project
from test_new_resource import GOLDEN, made

with tempfile.TemporaryDirectory() as scratch:
    files = made(Project(scratch + "/tree"), *NOTES)
shutil.rmtree(GOLDEN, ignore_errors=True)
for name, text in files.items():
    path = GOLDEN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
