# SPDX-License-Identifier: ISC
"""The files that are shipped as they are: the numbers of kore.conf, which the
documents repeat, and the services of conf/. tests/unit/test_shipped_conf.c has
the routes, validators and parameters of kore.conf."""

import configparser
import os
import re
import shutil
import subprocess

import pytest

from product import NAME, TITLE
from server import BUILD, ROOT, flavor, read_text

# Other lines of kore.conf than routes, validators and parameters.
PROCESS = {
    "seccomp_tracing": "no", "worker_max_connections": "1024",
    "worker_rlimit_nofiles": "2048", "worker_accept_threshold": "16",
    "worker_set_affinity": "0", "socket_backlog": "1024", "task_threads": "1",
    "http_header_max": "16384",
    "http_header_timeout": "10", "http_body_max": "131072",
    "http_body_timeout": "30", "http_body_disk_offload": "0",
    "http_keepalive_time": "75", "http_request_limit": "1024",
    "http_request_ms": "10000"}

# What docs/limits.md says of them.
DOCUMENTED = [
    ("http_header_max", r"`http_header_max` \((\d+) KiB\)", 1024),
    ("http_body_max", r"`http_body_max` \((\d+) KiB\)", 1024),
    ("http_header_timeout",
     r"\| (\d+) \| kore\.conf: `http_header_timeout` \|", 1),
    ("http_body_timeout", r"\| (\d+) \| kore\.conf: `http_body_timeout` \|",
     1),
    ("http_keepalive_time",
     r"\| (\d+) \| `KEEL_KEEPALIVE_SECONDS`, "
     r"kore\.conf: `http_keepalive_time` \|", 1)]


def read(name):
    text = read_text(os.path.join(ROOT, name))
    assert text, name
    return text


def blocks(text):
    """kore.conf as (block, line) pairs, without comments."""
    found, block = [], []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words[-1:] == ["{"]:
            block.append(" ".join(words[:-1]))
        elif words == ["}"]:
            block.pop()
        elif words:
            found.append((" / ".join(block), words))
    assert block == []
    return found


def test_the_numbers_of_kore_conf():
    given = {words[0]: words[1] for block, words in blocks(read("kore.conf"))
             if block == "" and words[0] != "validator"}
    assert given == PROCESS
    limits = read("docs/limits.md")
    for name, pattern, unit in DOCUMENTED:
        [number] = re.findall(pattern, limits)
        assert int(PROCESS[name]) == int(number) * unit, name
    [usable] = re.findall(r"\| ([\d,]+) \| kore\.conf: `worker_max_connections"
                          r"`, less 8 \|", limits)
    assert int(PROCESS["worker_max_connections"]) == int(
        usable.replace(",", "")) + 8


def test_the_listeners_of_kore_conf():
    """TLS for the API, on whose port the admin's paths are not; the files of
    plain kodev; and in each, every other path is the last."""
    lines = blocks(read("kore.conf"))
    domains = [words for block, words in lines if block == "domain *" and
               words[0] != "route"]
    assert domains == [["attach", "api"], ["certfile", "cert/server.pem"],
                       ["certkey", "cert/key.pem"], ["attach", "admin"],
                       ["attach", "runner"]]
    assert [(block, words) for block, words in lines
            if block.startswith("server")] == [
                ("server api", ["tls", "yes"]),
                ("server admin", ["tls", "no"]),
                ("server runner", ["tls", "no"])]
    routes = [words[1:] for block, words in lines if words[0] == "route"]
    assert routes[-7:] == [
        ["^.*$", "not_found"], ["/metrics", "metrics_page"],
        ["^.*$", "admin_not_found"], ["/healthz", "runner_healthz"],
        ["/readyz", "runner_readyz"], ["/metrics", "runner_metrics"],
        ["^.*$", "runner_not_found"]]
    assert len({path for path, _ in routes[:-5]}) == len(routes[:-5])


#
# The services.
#

UNIT = {
    "Wants": "network-online.target",
    "After": "network-online.target postgresql.service",
    "StartLimitIntervalSec": "0"}
SERVICE = {
    "Type": "notify", "User": NAME, "Group": NAME,
    "Environment": ["KEEL_DATABASE_URL=",
                    "KEEL_FLAVOR=prod KEEL_STATE_DIR=/var/lib/" + NAME],
    "EnvironmentFile": f"/etc/{NAME}/{NAME}.env",
    "ExecStartPre": f"/opt/{NAME}/keel migrate",
    "TimeoutStartSec": "infinity",
    "Restart": "always", "RestartSec": "2", "KillMode": "mixed",
    "KillSignal": "SIGTERM", "TimeoutStopSec": "45", "LimitCORE": "0",
    "StateDirectory": NAME, "StateDirectoryMode": "0700", "UMask": "0077",
    "CapabilityBoundingSet": "", "AmbientCapabilities": "",
    "NoNewPrivileges": "yes", "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes", "PrivateDevices": "yes",
    "PrivateTmp": "yes", "ProtectClock": "yes",
    "ProtectControlGroups": "yes", "ProtectHome": "yes",
    "ProtectHostname": "yes", "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible", "ProtectSystem": "strict", "RemoveIPC": "yes",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces": "yes", "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes", "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service"}
SERVICES = {
    NAME: {"Description": TITLE + " HTTPS API",
           "ExecStart": f"/opt/{NAME}/keel serve",
           "ExecReload": "/bin/kill -HUP $MAINPID", "LimitNOFILE": "65536"},
    NAME + "-jobs": {"Description": TITLE + " background work",
                     "ExecStart": f"/opt/{NAME}/keel jobs"}}
MIGRATE = NAME + "-migrate"
NOT_OF_MIGRATE = ("ExecStartPre", "TimeoutStartSec", "Restart", "RestartSec")
SOCKET = {
    "Unit": {"Description": TITLE + " HTTPS API: its socket"},
    "Socket": {"ListenStream": "127.0.0.1:8888", "FileDescriptorName": "api",
               "Backlog": "4096", "TriggerLimitIntervalSec": "0"},
    "Install": {"WantedBy": "sockets.target"}}


def read_unit(name):
    """Its sections, as {name: value}; a list if a name is there again."""
    class Lines(dict):
        def __setitem__(self, key, value):
            if isinstance(value, list) and isinstance(self.get(key), list):
                self[key].extend(value)
            else:
                super().__setitem__(key, value)

    parser = configparser.RawConfigParser(dict_type=Lines, strict=False,
                                          comment_prefixes="#")
    parser.optionxform = str
    parser.read_string(read("conf/" + name))
    return {section: {key: value.split("\n") if "\n" in value else value
                      for key, value in parser.items(section)}
            for section in parser.sections()}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_these_lines(name):
    own = dict(SERVICES[name])
    assert read_unit(name + ".service") == {
        "Unit": UNIT | {"Description": own.pop("Description")},
        "Service": SERVICE | own,
        "Install": {"WantedBy": "multi-user.target"}}


def test_the_migrate_unit_has_these_lines():
    """It has another file of settings, and ends."""
    assert read_unit(MIGRATE + ".service") == {
        "Unit": UNIT | {"Description": TITLE + " migrations", "Before":
                        f"{NAME}.service {NAME}-jobs.service"},
        "Service": {name: value for name, value in SERVICE.items()
                    if name not in NOT_OF_MIGRATE} | {
            "Type": "oneshot", "ExecStart": f"/opt/{NAME}/keel migrate",
            "EnvironmentFile": f"/etc/{NAME}/migrate.env"},
        "Install": {"WantedBy": f"{NAME}.service {NAME}-jobs.service"}}


def test_the_socket_has_these_lines():
    """It works without a line in the service, which has its name."""
    assert read_unit(NAME + ".socket") == SOCKET


def test_the_ends_of_the_services_wait_long_enough():
    """For Kore, which ./keel would kill by then, and for running jobs."""
    seconds = int(SERVICE["TimeoutStopSec"])
    assert seconds > int(re.search(r"\|\| echo (\d+)\n", read("keel"))[1])
    assert int(re.search(r"running jobs for up to (\d+) seconds",
                         read(f"conf/{NAME}-jobs.service"))[1]) < seconds


@pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                    reason="needs systemd-analyze")
def test_systemd_understands_the_services(tmp_path):
    """All of it: an unknown name or value is only a warning."""
    for name in [*SERVICES, MIGRATE]:
        text = read("conf/%s.service" % name).replace(f"/opt/{NAME}/keel",
                                                      "/bin/true")
        (tmp_path / (name + ".service")).write_text(text)
        shutil.copy(os.path.join(ROOT, "conf", NAME + ".socket"), tmp_path)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no",
             str(tmp_path / (name + ".service")),
             str(tmp_path / (NAME + ".socket"))],
            capture_output=True, text=True, timeout=60)
        said = [line for line in done.stderr.splitlines() if name in line]
        assert (done.returncode, said) == (0, []), done.stderr


def test_kore_reads_kore_conf():
    """conf/keel.conf only includes it."""
    lines = [line for line in read("conf/keel.conf").splitlines()
             if line and not line.startswith("#")]
    assert [line.split() for line in lines] == [
        ["load", "./keel.so"], ["include", "kore.conf"]]


#
# The module.
#

def readelf(*options):
    return subprocess.run(
        ["readelf", "-W", *options, os.path.join(BUILD, "keel.so")],
        check=True, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"}).stdout


@pytest.mark.skipif(flavor() != "prod", reason="what production runs")
def test_the_module_is_hardened():
    """conf/build.conf: addresses are read-only, buffers and stacks are
    checked, a reload does not unmap it."""
    dynamic = readelf("-d")
    assert re.search(r"\(FLAGS\) .*BIND_NOW", dynamic)
    assert re.search(r"\(FLAGS_1\) .*NOW NODELETE", dynamic)
    assert "GNU_RELRO" in readelf("-l")
    symbols = [line.split() for line in readelf("--dyn-syms").splitlines()]
    unknown = {words[7].partition("@")[0] for words in symbols
               if words[6:7] == ["UND"] and len(words) > 7}
    assert {"__stack_chk_fail", "__snprintf_chk"} <= unknown
    exported = {words[7] for words in symbols if words[3:4] == ["FUNC"] and
                words[6] != "UND"}
    assert "kore_parent_configure" in exported
    named = re.findall(r"^\troute\s+\S+\s+(\w+)$", read("kore.conf"), re.M)
    assert {name for name in exported if not name.startswith((
        "kore_", "v_"))} == {*named, "wire_connect"}


def test_how_the_module_is_compiled():
    lines = [line for line in read("conf/build.conf").splitlines()
             if line and not line.startswith("#")]
    assert lines == [
        "cflags=-std=gnu17 -D_GNU_SOURCE -I/usr/include/postgresql",
        "cflags=-Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wpointer-arith "
        "-Werror",
        "cflags=-Wmissing-prototypes -Wmissing-declarations "
        "-Wstrict-prototypes",
        "cflags=-fvisibility=hidden -fno-plt",
        "ldflags=-ljansson -largon2 -lcrypt -lidn2 -lunistring -lcurl -lpq "
        "-lssl -lcrypto",
        "ldflags=-Wl,-z,nodelete",
        "dev {", "\tcflags=-O1 -g -Wframe-larger-than=4096", "}",
        "prod {", "\tcflags=-O2 -g -Wframe-larger-than=4096",
        "\tcflags=-D_FORTIFY_SOURCE=2 -fstack-protector-strong",
        "\tcflags=-fstack-clash-protection", "\tldflags=-Wl,-z,relro,-z,now",
        "}",
        "asan {", "\tcflags=-O1 -g -fno-omit-frame-pointer -DFAULTS",
        "\tcflags=-fsanitize=address,undefined "
        "-fno-sanitize-recover=undefined",
        "\tldflags=-fsanitize=address,undefined", "}"]
