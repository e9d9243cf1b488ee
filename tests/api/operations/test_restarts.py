# SPDX-License-Identifier: ISC
"""Restarts under load that no client notices: two instances behind HAProxy, one
after the other, while the schema gets newer."""

import signal

import pytest

from changed import changed_build
from given import give, listening
from load import Load
from proxies import NAME, gateway_client, proxy
from runner import wait_for
from server import STOP_SECONDS, make_certificate
from sizes import size

ROUNDS = size(1, 10)
CHECKS = ("check inter 2s fall 2 rise 1", "check inter 500ms fastinter 100ms "
          "downinter 100ms fall 3 rise 1")  # each may take 500 ms to connect
PATIENCE = ("timeout connect 5s", "timeout connect 5s\n    timeout check 5s")
DELAY = "2"     # longer than HAProxy needs to notice

MIGRATION = {"assets/sql/migrations/1001_later.sql":
             "ALTER TABLE users ADD COLUMN later text;\n"}
REGISTERED = ("src/modules/users/users_models.c", "SCHEMA(user);",
              "\n\nMIGRATION(1001_later);")


@pytest.fixture(scope="module")
def later():
    """A later version, whose schema has one migration more."""
    with changed_build(REGISTERED, files=MIGRATION) as build:
        yield build


def requests_of(server):
    return sum(value for name, value in server.metrics().items()
               if name.startswith("keel_requests_total"))


def restart(server):
    """As systemd does. It says when it is ready; then a balancer must see
    that, too."""
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(STOP_SECONDS) == 0
    server.end_left_overs()
    assert server.log('"event":"stop"')[-1]["cut"] == 0
    server.start()
    before = requests_of(server)
    wait_for(lambda: requests_of(server) > before + 20)


def test_two_instances_behind_haproxy_across_a_migration(
        make_server, later, tmp_path):
    gateway = make_certificate(str(tmp_path), "ec", "DNS:" + NAME)
    settings = {"KEEL_DRAIN_DELAY_SECONDS": DELAY,
                "KEEL_DRAIN_SECONDS": "4",  # HAProxy keeps idle connections
                "KEEL_TRUSTED_PROXIES": "127.0.0.1",
                "KEEL_PUBLIC_URL": "https://" + NAME}
    one = make_server(**settings)
    two = make_server(one.database, secret=one.secret, **settings)
    one.start()
    two.start()
    changes = [CHECKS, PATIENCE, ("127.0.0.1:8889", "127.0.0.1:%d" % two.port)]
    with proxy("haproxy-two.cfg", one, gateway, tmp_path, changes) as port:
        with Load(one, lambda: gateway_client(port, gateway[0],
                                              "127.0.0.1")) as load:
            load.wait_for(50)
            one.settings["KEEL_BUILD"] = two.settings["KEEL_BUILD"] = later
            done = one.command("migrate")
            assert (done.returncode, done.stdout) == (
                0, "keel: applying 1001_later\n")
            for _ in range(ROUNDS):
                for server in (one, two):
                    load.wait_for(50)
                    restart(server)
            load.wait_for(50)
    print("keel: %d requests, 0 failed" % load.answered)


def test_one_instance_through_its_socket(make_server):
    """The kernel keeps those who connect while no process serves."""
    server = make_server(KEEL_DRAIN_SECONDS="4")
    with listening(("127.0.0.1", server.port)) as api:
        give(server, api).start()
        with Load(server, server.client) as load:
            for _ in range(ROUNDS + 1):
                load.wait_for(50)
                server.process.send_signal(signal.SIGTERM)
                assert server.process.wait(STOP_SECONDS) == 0
                assert server.log('"event":"stop"')[-1]["cut"] == 0
                server.start()
            load.wait_for(50)
    print("keel: %d requests, 0 failed" % load.answered)
