# SPDX-License-Identifier: ISC
"""A server that runs as a user of its own, for what root is exempt from: limits
of processes, and the permissions of pipes."""

import os
import shutil

import pytest

# Nobody else runs as this user, since the kernel counts a user's processes.
STRANGER = 54321
AS_STRANGER = ["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER),
               "--clear-groups"]

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root, to become somebody else")


def prepare(server):
    """Gives a server's files to the stranger, who may then start it."""
    del server.settings["KEEL_ALLOW_ROOT"]
    os.mkdir(server.state, 0o700)
    os.chown(server.state, STRANGER, STRANGER)
    os.chmod(server.folder, 0o755)
    os.chmod(server.cluster.socket, 0o711)
    for name, path in (("CERT", server.cert), ("KEY", server.key)):
        copy = shutil.copy(path, server.folder)
        os.chown(copy, STRANGER, STRANGER)
        server.settings["KEEL_TLS_" + name] = copy
    return server
