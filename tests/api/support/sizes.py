# SPDX-License-Identifier: ISC
"""The size of a proof. `make test` runs a short one; FULL_SIZE=1, which the
Makefile's proofs set, runs the full one."""

import os

IS_FULL = os.environ.get("FULL_SIZE") == "1"


def size(short, full):
    return full if IS_FULL else short
