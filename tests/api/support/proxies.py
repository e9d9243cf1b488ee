# SPDX-License-Identifier: ISC
"""Real proxies in front of a server, with the configurations in tests/proxies,
which docs/proxies.md shows. Only addresses, names and files are replaced."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time

import httpx
import pytest

from cluster import free_port
from server import ROOT, builds, read_text

FOLDER = os.path.join(ROOT, "tests/proxies")
NAME = "gw.example.org"
READY_SECONDS = 20
PATH = os.environ.get("PATH", "") + ":/usr/sbin"

# What is in the configurations, and stands for something of the test.
UPSTREAM = "127.0.0.1:8888"
KEEL_CERT = "/etc/keel/cert.pem"

# nginx's outer level, which Debian's nginx.conf has: gzip for everything.
NGINX = """daemon off;
master_process off;
pid %(folder)s/pid;
error_log stderr info;
events {}
http {
    gzip on;
    gzip_types *;
    gzip_proxied any;
    gzip_min_length 1;
    access_log off;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    include %(file)s;
}
"""
CADDY = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"


def shown(file):
    """A configuration as docs/proxies.md shows it."""
    with open(os.path.join(FOLDER, file)) as f:
        return f.read()


def replace(text, changes):
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def run_nginx(text, port, folder):
    file = folder + "/keel.conf"
    with open(file, "w") as f:
        f.write(replace(text, [
            ("listen 443", "listen 127.0.0.1:%d" % port)]))
    with open(folder + "/nginx.conf", "w") as f:
        f.write(NGINX % {"folder": folder, "file": file})
    return ["nginx", "-p", folder, "-e", "stderr", "-c",
            folder + "/nginx.conf"]


def run_haproxy(text, port, folder):
    with open(folder + "/haproxy.cfg", "w") as f:
        f.write(replace(text, [("bind :443", "bind 127.0.0.1:%d" % port)]))
    return ["haproxy", "-db", "-f", folder + "/haproxy.cfg"]


def run_caddy(text, port, folder):
    with open(folder + "/Caddyfile", "w") as f:
        f.write(CADDY + replace(text, [
            (NAME + " {", "%s:%d {\n\tbind 127.0.0.1" % (NAME, port))]))
    return ["caddy", "run", "--adapter", "caddyfile", "--config",
            folder + "/Caddyfile"]


PROGRAMS = {"nginx.conf": run_nginx, "haproxy.cfg": run_haproxy,
            "haproxy-tcp.cfg": run_haproxy,
            "haproxy-two.cfg": run_haproxy, "Caddyfile": run_caddy}


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(command, port, folder):
    """A program that listens there; its output is in folder/log."""
    if not shutil.which(command[0], path=PATH):
        pytest.skip("%s is not installed" % command[0])
    log = folder + "/log"
    with open(log, "w") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            cwd=folder, env={"PATH": PATH, "HOME": folder})
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not accepts(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(read_text(log))
            time.sleep(0.02)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print(read_text(log))


@contextlib.contextmanager
def proxy(file, server, gateway, folder, changes=()):
    """Runs the proxy of this configuration in front of a server; `gateway` is
    its certificate and key. Yields its port."""
    port, folder = free_port(), str(folder)
    builds.pop(port, None)      # a server may have had it
    os.chmod(folder, 0o755)
    pair = folder + "/gw.pem"
    with open(pair, "w") as f:
        f.write(read_text(gateway[0]) + read_text(gateway[1]))
    text = replace(shown(file), changes)
    for old, new in (("/etc/ssl/gw.pem", gateway[0]),
                     ("/etc/ssl/gw.key", gateway[1]),
                     ("/etc/haproxy/gw.pem", pair), (KEEL_CERT, server.cert),
                     (UPSTREAM, "127.0.0.1:%d" % server.port),
                     ("localhost:8888", "localhost:%d" % server.port)):
        text = text.replace(old, new)
    with running(PROGRAMS[file](text, port, folder), port, folder):
        yield port


class Named(ssl.SSLContext):
    """Names the gateway in the handshake, though it connects to 127.0.0.1."""

    def wrap_socket(self, sock, server_hostname=None, **options):
        return super().wrap_socket(sock, server_hostname=self.name, **options)


def gateway_client(port, certificate, source, name=NAME, path=""):
    """A client at the address `source` that asks a proxy, as https://name."""
    context = Named(ssl.PROTOCOL_TLS_CLIENT)
    context.name = name
    context.load_verify_locations(certificate)
    return httpx.Client(
        base_url="https://127.0.0.1:%d%s" % (port, path), timeout=30,
        trust_env=False, headers={"Host": name},
        transport=httpx.HTTPTransport(verify=context, local_address=source))
