# SPDX-License-Identifier: ISC
"""What a project of its own adds to the tables of these tests stands beside its
tests, in files of its own: tests/api/NAME/NAME_samples.py, NAME_events.py. So
Keel's tables can change, and git can merge them."""

import glob
import os
import runpy

HERE = os.path.dirname(os.path.abspath(__file__))


def own(ending):
    """The names that each tests/api/*/*_ENDING.py defines."""
    return [runpy.run_path(path) for path in sorted(glob.glob(
        os.path.join(HERE, "..", "*", "*_%s.py" % ending)))]
