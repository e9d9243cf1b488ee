# SPDX-License-Identifier: ISC
"""The limits of kore.conf, of the environment and of the process fit together,
or the start and ./keel check-config name the one that does not."""

import os
import re
import resource
import shutil
import subprocess

import pytest

from server import KEEL
from test_start import failing_start


def with_directive(name, value):
    """kore.conf with another value for a directive."""
    def edit(text):
        text, count = re.subn(r"(?m)^(%s\s+).*$" % name,
                              lambda m: m[1] + value, text)
        assert count == 1
        return text
    return edit


@pytest.mark.parametrize("name, value, phrase", [
    ("worker_accept_threshold", "65", "from 1 to 64, not 65"),
    ("worker_max_connections", "31", "at least 32, not 31"),
    ("worker_max_connections", "2000", "http_request_limit is 1024"),
    ("worker_rlimit_nofiles", "1000", "not 1000"),
    ("http_request_limit", "1000", "worker_max_connections 1024"),
    ("http_header_max", "1000", "at least 1024, not 1000"),
    ("http_body_max", "0", "from 1 to 4194304, not 0"),
    ("http_body_max", "4194305", "from 1 to 4194304, not 4194305"),
    ("http_body_disk_offload", "1000", "must be 0"),
    ("http_keepalive_time", "0", "at least 1"),
])
def test_limits_that_do_not_fit(make_server, build_copy, name, value, phrase):
    build = build_copy(with_directive(name, value))
    line = failing_start(make_server(build=build), "kore.conf", name, phrase)
    done = make_server(build=build).command("check-config")
    assert (done.returncode, done.stderr) == (1, line + "\n")


@pytest.mark.parametrize("value, phrase", [
    ("0", "KEEL_CONNECTIONS_PER_ADDRESS"), ("x", "number from 1"),
    ("65536", "number from 1"), ("2049", "all workers' connections (2048)")])
def test_connections_per_address_fit(make_server, value, phrase):
    failing_start(make_server(KEEL_CONNECTIONS_PER_ADDRESS=value), phrase)


def test_a_process_that_may_not_open_as_many_files(make_server):
    """As a user who cannot raise the limit."""
    server = make_server()
    if os.getuid() != 0:
        pytest.skip("needs root, to become somebody else")

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))

    os.mkdir(server.state, 0o700)
    shutil.chown(server.state, "nobody")
    os.chmod(server.folder, 0o755)
    os.chmod(server.key, 0o644)
    os.chmod(os.path.dirname(server.key), 0o755)
    done = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--clear-groups", KEEL,
         "check-config"], env=server.environment(), preexec_fn=limit,
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "1024 files" in done.stderr, done.stderr
    assert "LimitNOFILE" in done.stderr


@pytest.mark.parametrize("value, phrase", [
    ("on", "has no ="), ("token", "has no ="), ("token=", "is no rate"),
    ("token=5", "is no rate"), ("token=5/", "is no rate"),
    ("token=0/m", "is no rate"), ("token=5/0m", "is no rate"),
    ("token=5/w", "is no rate"), ("token=-5/m", "is no rate"),
    ("token=5/m ", "is no rate"), ("token=1000001/m", "is no rate"),
    ("nothing=5/m", "is no limit"), ("token=5/m,", "has no ="),
    ("off,token=5/m", "has no ="), ("OFF", "has no ="),
    ("token=5/m;register=5/m", "is no rate"),
    ("token/64=5/m", "names no network"), ("token/=5/m", "names no network"),
    ("token/056=5/m", "names no network"), ("token/56/56=5/m", "names no"),
    ("/56=5/m", "is no limit"), ("token/56=5", "is no rate"),
    ("token/56", "has no ="), ("sign_in_failures/48=5/m", "names no network"),
    ("recipient_mails/24=5/d", "names no network"),
    ("recipient_notices/48=5/d", "names no network")])
def test_invalid_rate_limits(make_server, value, phrase):
    line = failing_start(make_server(KEEL_RATE_LIMITS=value),
                         "KEEL_RATE_LIMITS", phrase)
    for name in ("token", "register", "sign_in_failures"):
        assert name in line


@pytest.mark.parametrize("value, phrase", [
    ("localhost", "is no IP address"), ("10.0.0.0/33", "prefix length"),
    ("10.0.0.0/", "prefix length"), ("10.0.0.1/8", "bits set"),
    ("::1/129", "prefix length"), ("10.0.0.0/8, ::1", "is no IP address"),
    (",", "is no IP address"), ("[::1]", "is no IP address"),
    (",".join(["10.0.0.1"] * 33), "more than 32")])
def test_invalid_trusted_proxies(make_server, value, phrase):
    failing_start(make_server(KEEL_TRUSTED_PROXIES=value),
                  "KEEL_TRUSTED_PROXIES", phrase)


def test_check_config_shows_the_limits(make_server):
    done = make_server(KEEL_RATE_LIMITS="token=100/10m,register=2/d,"
                       "register/48=9/d,email_changes=1000000/h",
                       KEEL_TRUSTED_PROXIES="10.0.0.0/8,::1",
                       KEEL_CONNECTIONS_PER_ADDRESS="99"
                       ).command("check-config")
    assert done.returncode == 0, done.stderr
    for line in ("KEEL_RATE_LIMITS", "token=100/10m,register=2/d",
                 "\ntoken/24                     1600 per 600 s\n",
                 "\ntoken/56                     400 per 600 s\n",
                 "\nregister/48                  9 per 86400 s\n",
                 "\nregister/24                  32 per 86400 s\n",
                 "\nemail_changes/56             1000000 per 3600 s\n",
                 "KEEL_TRUSTED_PROXIES", "10.0.0.0/8,::1",
                 "KEEL_CONNECTIONS_PER_ADDRESS", "99",
                 "100 per 600 s: Sign-ins from one address",
                 "2 per 86400 s: Reg",
                 "5 per 60 s: Failed sign-ins"):
        assert line in done.stdout
    for name in ("email_changes/48", "recipient_mails/24",
                 "recipient_notices/24"):
        assert name not in done.stdout
