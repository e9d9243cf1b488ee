# SPDX-License-Identifier: ISC
"""How large a proof is. `make test` has a short run of each; KEEL_FULL=1, as
the proofs of the Makefile set it, asks for the whole."""

import os

IS_FULL = os.environ.get("KEEL_FULL") == "1"


def size(short, full):
    return full if IS_FULL else short
