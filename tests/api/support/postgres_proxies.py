# SPDX-License-Identifier: ISC
"""What stands between a server and a pair of PostgreSQL (standby.py), and
follows the primary: HAProxy with the configuration of docs/proxies.md, or a
host name. pgbouncer.py has pgbouncer."""

import contextlib
import http.server
import os
import threading

from cluster import free_port
from proxies import replace, running, shown
from runner import wait_for
from server import read_text

# The servers of haproxy-postgres.cfg, in its columns.
SERVERS = ["server one   10.0.0.1:5432", "server two   10.0.0.2:5432",
           "server three 10.0.0.3:5432"]

NAME = "db.example.org"


class Roles:
    """Stands where the REST API of each node's Patroni stands: a check of
    /primary gets 200 from the primary's. `ports` are in the nodes' order."""

    def __init__(self, pair):
        self.servers = [self.server(pair, node) for node in pair.nodes]
        self.ports = [server.server_address[1] for server in self.servers]

    @staticmethod
    def server(pair, node):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_OPTIONS(self):
                is_primary = node is pair.primary and node.process and \
                    self.path == "/primary"
                self.send_response(200 if is_primary else 503)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer((node.address, 0), Handler)
        server.handle_error = lambda *_: None   # HAProxy closes early
        threading.Thread(target=server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return server

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


@contextlib.contextmanager
def haproxy(nodes, folder, changes=()):
    """Runs HAProxy with the shipped file; nodes are (address, port, port of
    the check). Yields the port that leads to the primary."""
    port, folder = free_port(), str(folder)
    lines = [(line, "%s:%d port %d" % ((line.rpartition(" ")[0] + " " +
                                        address), own, check))
             for line, (address, own, check) in zip(SERVERS, nodes)]
    lines += [("    %s\n" % line, "") for line in SERVERS[len(nodes):]]
    with open(folder + "/haproxy.cfg", "w") as f:
        f.write(replace(shown("haproxy-postgres.cfg"), [
            ("bind 127.0.0.1:5000", "bind 127.0.0.1:%d" % port),
            *lines, *changes]))
    with running(["haproxy", "-db", "-f", folder + "/haproxy.cfg"], port,
                 folder):
        # It takes a server for a primary until the checks say otherwise.
        wait_for(lambda: read_text(folder + "/log").count(" is DOWN") ==
                 len(nodes) - 1)
        yield port


class Name:
    """A host name in a file, which libnss-wrapper reads in place of /etc/hosts.
    It needs no rights, as a mount over /etc/hosts does, and reads a file that
    was replaced anew."""

    def __init__(self, folder):
        self.file = str(folder) + "/hosts"
        self.settings = {"LD_PRELOAD": "libnss_wrapper.so",
                         "NSS_WRAPPER_HOSTS": self.file}

    def set(self, address):
        """None: it does not resolve."""
        with open(self.file + ".new", "w") as f:
            f.write("%s %s\n" % (address, NAME) if address else "")
        os.chmod(self.file + ".new", 0o644)
        os.rename(self.file + ".new", self.file)
