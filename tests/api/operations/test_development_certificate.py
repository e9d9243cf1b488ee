# SPDX-License-Identifier: ISC
"""The development certificate with real programs: each accepts it when told to
trust the authority, ca.pem, and refuses it otherwise. Some need libraries of
their own: deno has rustls, Chromium reads an NSS database."""

import os
import shutil
import ssl
import subprocess

import httpx
import pytest

from script import make_development_certificate
from server import ROOT, Server, clean_environment
from servers import finish

NAMES = ["localhost", "127.0.0.1"]
PAGE = '{"status":"ok"}'
FETCH = "console.log(await (await fetch('%s/healthz')).text())"
# Where `make proof-clients` installs deno.
PLACES = os.pathsep.join([
    os.environ["PATH"], os.path.join(ROOT, "tests/clients/node_modules/.bin")])


@pytest.fixture(scope="module")
def server(cluster, template, tmp_path_factory):
    trusted, *pair = make_development_certificate(
        tmp_path_factory.mktemp("certificate"))
    server = Server(cluster, cluster.database(template), pair)
    server.cert = trusted
    try:
        yield server.start()
    finally:
        finish([server])


@pytest.fixture(params=NAMES)
def url(server, request):
    return "https://%s:%d" % (request.param, server.port)


def program(name):
    path = shutil.which(name, path=PLACES)
    if path is None:
        pytest.skip("%s is not installed" % name)
    return path


def run(name, *arguments, **environment):
    return subprocess.run(
        [program(name), *arguments], capture_output=True, text=True,
        timeout=60, stdin=subprocess.DEVNULL,
        env=clean_environment() | environment)


def refused(done, reason):
    assert done.returncode != 0
    assert reason in done.stdout + done.stderr, done
    assert PAGE not in done.stdout


def accepted(done):
    assert done.returncode == 0, done.stderr
    assert PAGE in done.stdout


def test_openssl_verifies_it_strictly(server):
    for option, name in (("-verify_hostname", "localhost"),
                         ("-verify_ip", "127.0.0.1"), ("-verify_ip", "::1")):
        done = run("openssl", "verify", "-x509_strict", "-purpose",
                   "sslserver", option, name, "-no-CApath", "-CAfile",
                   server.cert, server.settings["KEEL_TLS_CERT"])
        assert done.returncode == 0, done.stderr


def test_openssl_verifies_no_other_name(server):
    refused(run("openssl", "verify", "-verify_hostname", "example.com",
                "-no-CApath", "-CAfile", server.cert,
                server.settings["KEEL_TLS_CERT"]), "ostname mismatch")


def test_the_certificate_is_no_authority(server):
    """rustls says CaUsedAsEndEntity when it is; and it cannot sign others."""
    leaf = server.settings["KEEL_TLS_CERT"]
    refused(run("openssl", "verify", "-no-CApath", "-CAfile", leaf, leaf),
            "unable to get local issuer certificate")


def test_curl(server, url):
    accepted(run("curl", "-sS", "--cacert", server.cert, url + "/healthz"))
    refused(run("curl", "-sS", url + "/healthz"), "certificate")


def test_python(server, url):
    strict = ssl.create_default_context(cafile=server.cert)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    answer = httpx.get(url + "/healthz", verify=strict, trust_env=False,
                       timeout=30)
    assert answer.text == PAGE
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url + "/healthz", trust_env=False, timeout=30)


def test_node(server, url):
    script = ["--input-type=module", "-e", FETCH % url]
    accepted(run("node", *script, NODE_EXTRA_CA_CERTS=server.cert))
    refused(run("node", *script), "UNABLE_TO_VERIFY_LEAF_SIGNATURE")


def test_deno(server, url, tmp_path):
    quiet = {"DENO_DIR": str(tmp_path), "DENO_NO_UPDATE_CHECK": "1"}
    accepted(run("deno", "eval", FETCH % url, DENO_CERT=server.cert, **quiet))
    accepted(run("deno", "eval", "--cert", server.cert, FETCH % url, **quiet))
    refused(run("deno", "eval", FETCH % url, **quiet), "UnknownIssuer")


def chromium(url, home):
    return run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
               "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync",
               "--user-data-dir=%s/profile" % home, "--dump-dom",
               url + "/healthz", HOME=home)


def test_chromium(server, tmp_path):
    """A user imports the authority: in NSS's database of their home."""
    url = "https://localhost:%d" % server.port
    home = str(tmp_path)
    assert PAGE not in chromium(url, home).stdout
    database = "sql:%s/.pki/nssdb" % home
    os.makedirs(database[4:], exist_ok=True)
    for arguments in (["-N", "--empty-password"],
                      ["-A", "-n", "Keel", "-t", "C,,", "-i", server.cert]):
        done = run("certutil", "-d", database, *arguments)
        assert done.returncode == 0, done.stderr
    accepted(chromium(url, home))
