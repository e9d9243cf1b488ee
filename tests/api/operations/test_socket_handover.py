# SPDX-License-Identifier: ISC
"""Sockets that a service manager gives to the server, which serves on them and
binds none: what is served, what is refused, a restart, and who holds them."""

import concurrent.futures
import contextlib
import os
import shutil
import socket
import subprocess
import httpx
import pytest

from given import FIRST, WRAPPER, flags, give, holders, listening
from helpers import raw_connection, raw_request, read_raw_answer
from runner import wait_for
from script import DEFAULT_SIGNALS, PRIVATE
from server import KEEL, folder_processes, read_text
from test_development import NOTHING_SET
from test_start import failing_start

NOTSENT_LOWAT = 25      # TCP_NOTSENT_LOWAT, which socket does not have
HERE = "127.0.0.1"
NOWHERE = 1             # a port that nothing can be bound to without rights


def ports(server):
    return (HERE, server.port), (HERE, server.admin_port)


def refuses(port):
    with socket.socket() as s:
        return s.connect_ex((HERE, port)) != 0


def client_of(server, **options):
    """The address that the log has of a client."""
    with server.client(**options) as client:
        answer = client.get("/healthz")
    assert answer.status_code == 200
    return server.wait_for_log(answer.headers["x-request-id"])["client"]


@pytest.mark.parametrize("names", [None, "admin:keel.socket"])
def test_both_listeners_are_given(make_server, names):
    """The settings of the same name do not count, and are not bound."""
    server = make_server()
    with listening(*ports(server)) as sockets:
        if names:
            sockets.reverse()
        give(server, *sockets, names=names, KEEL_HOST="192.0.2.1",
             KEEL_PORT=str(NOWHERE), KEEL_ADMIN_PORT=str(NOWHERE)).start()
        assert client_of(server) == HERE
        assert server.metrics()["keel_worker_restarts_total"] == 0
        assert "keel: ready on %s (docs: %s/docs)\n" % (
            server.url, server.url) in server.output()
        for fd, s in enumerate(sockets, FIRST):
            assert s.getsockopt(socket.IPPROTO_TCP, NOTSENT_LOWAT) == 131072
            assert flags(server.parent(), fd) == \
                os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
        server.stop()
        assert server.problems == []
        socket.create_connection((HERE, server.port), 5).close()


def test_only_one_is_given(make_server):
    """The server binds the other one."""
    server = make_server()
    with listening((HERE, server.admin_port)) as admin:
        give(server, admin, names="admin").start()
        assert client_of(server) == HERE
        assert holders(admin) and server.metrics()
        server.stop()
    server = make_server()
    with listening((HERE, server.port)) as api:
        give(server, api).start()
        assert client_of(server) == HERE
        assert server.metrics()


@pytest.mark.parametrize("address, client", [("::1", "::1"), ("::", HERE)])
def test_ipv6(make_server, address, client):
    server = make_server()
    with listening((address, server.port), family=socket.AF_INET6) as api:
        give(server, api).start()
        assert "keel: ready on https://[%s]:%d " % (
            address, server.port) in server.output()
        if client == "::1":
            server.url = "https://[::1]:%d" % server.port
        assert client_of(server, verify=False) == client


def over(path):
    return httpx.Client(base_url="http://gw.example.org", timeout=30,
                        transport=httpx.HTTPTransport(uds=path))


def unix_server(make_server, *sockets, **settings):
    return give(make_server(KEEL_TLS="off",
                            KEEL_PUBLIC_URL="https://gw.example.org"),
                *sockets, **settings)


@pytest.mark.parametrize("abstract", [False, True])
def test_a_unix_socket(make_server, tmp_path, abstract):
    """It stays when the server ends. All may use one that has no path, so what
    it announces counts only if KEEL_TRUSTED_PROXIES says so."""
    path = "\0keel-given-%d" % os.getpid() if abstract else \
        str(tmp_path / "keel.sock")
    with listening(path, family=socket.AF_UNIX) as api:
        server = unix_server(make_server, api).start()
        assert "keel: ready on unix:%s " % path.replace("\0", "@") in \
            server.output()
        with over(path) as client:
            answer = client.get("/healthz", headers={
                "X-Forwarded-For": "203.0.113.9"})
        line = server.wait_for_log(answer.headers["x-request-id"])
        assert line["client"] == (HERE if abstract else "203.0.113.9")
        server.stop()
        assert server.problems == []
        assert abstract or os.path.exists(path)


def test_the_admin_listener_may_be_a_unix_socket(make_server, tmp_path):
    path = str(tmp_path / "admin.sock")
    with listening(path, family=socket.AF_UNIX) as admin:
        os.chmod(path, 0o666)
        server = give(make_server(), admin, names="admin").start()
        with over(path) as client:
            assert "keel_connections" in client.get("/metrics").text
        assert refuses(server.admin_port)
        server.end()    # whose checks ask the admin's port
        assert server.problems == []


#
# What is refused.
#

@pytest.mark.parametrize("count", ["", "3"])    # more are in test_given.c
def test_the_number_of_sockets(make_server, count):
    with listening((HERE, 0)) as api:
        failing_start(give(make_server(), api, LISTEN_FDS=count),
                      "LISTEN_FDS must be 1 or 2, for the API and the admin "
                      "listener, not '%s'" % count)


@pytest.mark.parametrize("names, problem", [
    ("api", "must have as many names as LISTEN_FDS has descriptors: 2"),
    ("api:web", "has two sockets for the API: one must be named admin"),
    ("admin:admin", "has two sockets for the admin listener: one must be "
     "named api")])
def test_the_names_of_sockets(make_server, names, problem):
    with listening((HERE, 0), (HERE, 0)) as sockets:
        failing_start(give(make_server(), *sockets, names=names),
                      "LISTEN_FDNAMES '%s' " % names, problem)


@contextlib.contextmanager
def connected():
    one, other = socket.socketpair()
    with one, other:
        yield one


def test_each_descriptor_is_checked(make_server, tmp_path):
    """The server's own sockets are bound after that."""
    server = make_server()
    begin = "keel: LISTEN_FDS: descriptor 3 "
    with listening((HERE, 0), kind=socket.SOCK_DGRAM) as datagram, \
            socket.socket() as bound, connected() as pair, \
            open(os.devnull) as file:
        bound.bind((HERE, 0))
        for what, problem in ((datagram, "is no stream socket"),
                              (file, "is no stream socket"),
                              (bound, "does not listen"),
                              (pair, "does not listen")):
            failing_start(give(server, what), begin + problem)
    failing_start(give(server, LISTEN_FDS="1"), begin + "is not open")


def test_the_second_descriptor_is_checked(make_server):
    with listening((HERE, 0)) as api:
        failing_start(give(make_server(), api, LISTEN_FDS="2"),
                      "descriptor 4 is not open")


def test_a_socket_is_not_for_both(make_server):
    with listening((HERE, 0)) as api:
        failing_start(give(make_server(), api, api),
                      "LISTEN_FDS: both descriptors are one socket")


def test_the_admin_listener_is_not_for_others(make_server):
    server = make_server()
    for address, family in (("0.0.0.0", socket.AF_INET),
                            ("::", socket.AF_INET6)):
        with listening((HERE, 0)) as api, \
                listening((address, 0), family=family) as admin:
            failing_start(give(server, api, admin),
                          "descriptor 4 is the admin listener at %s: it must "
                          "be at a loopback address" % address)


def test_a_unix_socket_is_not_for_everybody(make_server, tmp_path):
    path = str(tmp_path / "keel.sock")
    with listening(path, family=socket.AF_UNIX) as api:
        os.chmod(path, 0o666)
        failing_start(unix_server(make_server, api), path,
                      "everybody may use: set SocketMode=0660")


def test_the_settings_must_fit_the_address(make_server, tmp_path):
    """As if KEEL_HOST were that address."""
    path = str(tmp_path / "keel.sock")
    with listening(path, family=socket.AF_UNIX) as api:
        failing_start(give(make_server(), api), "the address of LISTEN_FDS "
                      "is a socket, which needs KEEL_TLS=off")
        failing_start(unix_server(make_server, api, KEEL_PUBLIC_URL=None),
                      "KEEL_PUBLIC_URL must be set, because the address of "
                      "LISTEN_FDS is a socket")
    server = make_server(KEEL_TLS="off")
    with listening(("0.0.0.0", server.port)) as api:
        failing_start(give(server, api), "KEEL_TLS is off and the address of "
                      "LISTEN_FDS is 0.0.0.0", "set KEEL_TRUSTED_PROXIES")
        give(server, api, KEEL_TRUSTED_PROXIES="127.0.0.1").start()
        assert client_of(server) == HERE
    with listening(("127.0.0.2", 0)) as api:    # KEEL_HOST does not count
        give(make_server(KEEL_TLS="off", KEEL_HOST="0.0.0.0"), api).start()


def test_sockets_of_another_process(make_server):
    """And those of a command, which serves nothing."""
    with listening((HERE, 0)) as s:
        server = give(make_server(), s, LISTEN_FDS="x", LISTEN_PID="1").start()
        assert client_of(server) == HERE
        server.stop()
        give(server, s, LISTEN_FDS="x", LISTEN_PID=None)
        done = server.command("check-config")
        assert (done.returncode, done.stderr) == (0, "")
        assert "KEEL_PORT                    %d\n" % server.port in done.stdout


#
# A restart.
#

def ask(server):
    """Connects, and waits as long as nobody answers."""
    with raw_connection(server) as connection:
        connection.sendall(raw_request("GET", "/healthz"))
        return read_raw_answer(connection)[0]


def waiting(server):
    """How many connections wait in the backlog: proc(5), of a socket that
    listens."""
    [queues] = [line.split()[4] for line in
                read_text("/proc/net/tcp").splitlines() if line.split()[1:4] ==
                ["0100007F:%04X" % server.port, "00000000:0000", "0A"]]
    return int(queues.partition(":")[2], 16)


def test_clients_wait_for_the_next_server(make_server):
    """Nobody is refused while no server runs."""
    server = make_server()
    with listening((HERE, server.port)) as api, \
            concurrent.futures.ThreadPoolExecutor(20) as pool:
        give(server, api).start()
        for _ in range(2):
            assert ask(server) == 200
            server.end()
            assert server.problems == [] and holders(api) == []
            asked = [pool.submit(ask, server) for _ in range(20)]
            wait_for(lambda: waiting(server) == 20)
            server.start()
            assert [a.result(30) for a in asked] == [200] * 20


def test_systemd_gives_a_socket(make_server):
    """Its own program: it starts the server at the first connection."""
    program = shutil.which("systemd-socket-activate")
    if program is None:
        pytest.skip("needs systemd-socket-activate")
    server = make_server()
    with open(server.stdout, "ab") as out:
        server.process = subprocess.Popen(
            [program, "-l", "127.0.0.1:%d" % server.port, "--fdname=api",
             *["--setenv=" + name for name in server.environment()], KEEL,
             "serve"], env=server.environment(), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    wait_for(lambda: not refuses(server.port))
    assert ask(server) == 200
    # The first one answers before the next one is there.
    wait_for(lambda: len(server.workers()) == 2)


#
# Who holds the sockets.
#

def command_of(pid):
    return read_text("/proc/%d/comm" % pid).strip()


def test_a_private_database_and_the_runner_hold_none(make_server):
    server = make_server(**NOTHING_SET)
    os.chmod(server.folder, 0o711)
    server.cert = os.path.join(server.state, "ca.pem")
    with listening(*ports(server)) as sockets:
        give(server, *sockets).start("--with-jobs")
        wait_for(lambda: "keel: jobs ready" in server.output())
        assert client_of(server) == HERE
        running = folder_processes(server.state)
        assert "postgres" in {command_of(pid) for pid in running}
        runner = {pid for pid in running if "\0KEEL_COMMAND=jobs\0" in
                  read_text("/proc/%d/environ" % pid)}
        assert runner
        for s in sockets:
            held = holders(s)
            assert {command_of(pid) for pid in held} == {
                "kore", "keel", "timeout"}
            assert not runner & set(held)
        server.end()
        assert server.problems == []


def run_with(script, sockets, *command, **settings):
    given = [str(s.fileno()) for s in sockets]
    return subprocess.run(
        ["/usr/bin/env", "python3", "-c", WRAPPER, " ".join(given),
         *DEFAULT_SIGNALS, script.keel, *command],
        env=script.environment(LISTEN_FDS=str(len(given)),
                               LISTEN_FDNAMES="a:b", **settings),
        pass_fds=[int(fd) for fd in given], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60)


LISTEN = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}


@pytest.mark.parametrize("flavor", ["prod", "asan"])
@pytest.mark.parametrize("settings", [{}, PRIVATE], ids=["given", "private"])
@pytest.mark.parametrize("options", [[], ["--with-jobs"]], ids=str)
def test_the_pid_is_that_of_kore(script, settings, options, flavor):
    """On each path of ./keel; and PostgreSQL gets no descriptor of them."""
    script.write("build/.flavor", flavor + "\n")
    script.fake("gcc")
    script.write("does/kore", """
        case $KEEL_COMMAND in
        jobs) echo >@/ran ;;
        serve) [ %d -eq 1 ] || until [ -e @/ran ]; do sleep 0.02; done ;;
        esac""".replace("@", script.root) % (len(options) + 1))
    with listening((HERE, 0), (HERE, 0)) as sockets:
        done = run_with(script, sockets, "serve", *options, **settings)
    assert done.returncode == 0, done.stderr
    calls = {call.env["KEEL_COMMAND"]: call for call in script.calls("kore")}
    server = calls["serve"]
    assert ("jobs" in calls) == bool(options)
    assert {name: server.env[name] for name in LISTEN} == {
        "LISTEN_PID": str(server.pid), "LISTEN_FDS": "2",
        "LISTEN_FDNAMES": "a:b"}
    assert {3, 4} <= set(server.fds) and not {5, 6} & set(server.fds)
    for call in script.calls():
        if call.name == "pg_ctl" or call.env.get("KEEL_COMMAND") in (
                "migrate", "jobs"):
            assert not {3, 4, 5, 6} & set(call.fds)
            assert call.env.get("LISTEN_PID") != str(call.pid)
            assert call.env.get("KEEL_COMMAND") != "jobs" or \
                not LISTEN & set(call.env)


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_sockets_of_another_pid_are_forgotten(script, command):
    with listening((HERE, 0)) as s:
        done = run_with(script, [s], command, LISTEN_PID="1")
    assert (done.returncode, done.stderr) == (0, "")
    kore = script.call("kore")
    assert not LISTEN & set(kore.env)
    assert 3 in kore.fds
