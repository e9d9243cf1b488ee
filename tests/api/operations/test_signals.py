# SPDX-License-Identifier: ISC
"""Some rows of the table of tests/signals: a signal, at a moment, to a process.
`make proof-signals` has them all."""

import os
import sys

import pytest

from server import IS_ASAN, ROOT

sys.path.append(os.path.join(ROOT, "tests/signals"))

from signals import Scenes  # noqa: E402
from table import name_of, sample  # noqa: E402

ROWS = {" ".join(name_of(row).split()): row for row in sample()}


@pytest.fixture(scope="module")
def scenes(cluster, certificates, template):
    scenes = Scenes(cluster, certificates, template)
    yield scenes
    problems = [problem for way in list(scenes.made)
                for problem in scenes.finish(way)]
    assert problems == []


@pytest.mark.parametrize("name", ROWS)
def test_a_row(scenes, name):
    if IS_ASAN and "SEGV" in name:
        pytest.skip("a sanitizer would report the test's own signal")
    assert scenes.run(ROWS[name]) is None
