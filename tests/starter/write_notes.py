# SPDX-License-Identifier: ISC
"""Renews tests/starter/notes, for make golden. PYTHONPATH has tests and
tests/api/support."""

import os
import shutil
import sys
import tempfile

from project import NOTES, ROOT, Project
from test_new_resource import GOLDEN, made

if os.path.exists(os.path.join(ROOT, "src/modules/notes")):
    sys.exit()      # the name is taken in this project

with tempfile.TemporaryDirectory() as scratch:
    files = made(Project(scratch + "/tree"), *NOTES)
shutil.rmtree(GOLDEN, ignore_errors=True)
for name, text in files.items():
    path = GOLDEN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
