# SPDX-License-Identifier: ISC
"""Gives sockets to a server as a service manager does: sd_listen_fds(3)."""

import contextlib
import os
import re
import socket

from server import read_text

FIRST = 3

# Moves the descriptors to 3 and up, and becomes the program.
WRAPPER = """
import fcntl, os, sys
given, program = sys.argv[1], sys.argv[2:]
high = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in given.split()]
os.closerange(3, 100)
for n, fd in enumerate(high):
    os.dup2(fd, 3 + n)
    os.close(fd)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.execv(program[0], program)
"""


def give(server, *sockets, names=None, **environment):
    """Sockets, or descriptors, for each start of the server and its commands.
    None removes a variable."""
    fds = [s if isinstance(s, int) else s.fileno() for s in sockets]
    server.pass_fds = fds
    server.wrapper = ["/usr/bin/env", "python3", "-c", WRAPPER,
                      " ".join(map(str, fds))]
    given = {"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": names}
    server.settings.update(given | environment)
    server.settings = {name: value for name, value in server.settings.items()
                       if value is not None}
    return server


@contextlib.contextmanager
def listening(*addresses, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    """A socket at each address; it listens if it can."""
    with contextlib.ExitStack() as stack:
        made = []
        for address in addresses:
            s = stack.enter_context(socket.socket(family, kind))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(address)
            if kind == socket.SOCK_STREAM:
                s.listen(128)
            made.append(s)
        yield made if len(made) > 1 else made[0]


def flags(pid, fd):
    """How a process has the descriptor open: proc(5)."""
    return int(re.search(r"^flags:\s+(\d+)", read_text(
        "/proc/%d/fdinfo/%d" % (pid, fd)), re.M)[1], 8)


def holders(s):
    """The processes that have the socket open, except this one."""
    name = "socket:[%d]" % os.fstat(s.fileno()).st_ino
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        folder = "/proc/%s/fd" % pid
        with contextlib.suppress(OSError):
            if int(pid) != os.getpid() and name in [
                    os.readlink(os.path.join(folder, fd))
                    for fd in os.listdir(folder)]:
                found.append(int(pid))
    return found
