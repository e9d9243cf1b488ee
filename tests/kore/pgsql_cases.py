# SPDX-License-Identifier: ISC
"""Failures in Kore's pgsql module; each case has its own PostgreSQL cluster."""

import contextlib
import os
import signal
import socket
import time

from cases import case
from stock import Kore, require, wait_until

from cluster import Cluster

ASK = "GET /query?%s HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextlib.contextmanager
def database(url=Cluster.url):
    cluster = Cluster()
    try:
        cluster.start()
        conninfo = url(cluster, "postgres")
        with Kore("pgsql.c", "pgsql_conn_max 1", DATABASE=conninfo) as kore:
            status, body = kore.get("/query?SELECT+1")
            require(status == 200, "no query works: " + body)
            yield cluster, kore
    finally:
        cluster.stop()


def sessions(cluster, state):
    """How many of Kore's sessions are in that state."""
    return cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE "
                       "usename = 'keel' AND state = %s", state)[0][0]


def start_sleeping(cluster, client):
    """Sends a slow query; returns its session's process id."""
    client.send(ASK % "SELECT+pg_sleep(30)")
    require(wait_until(lambda: sessions(cluster, "active") == 1, 3),
            "it does not run")
    return cluster.sql("SELECT pid FROM pg_stat_activity WHERE usename = "
                       "'keel' AND state = 'active'")[0][0]


@case("pgsql.c", "a connection that has died is replaced")
def dead_in_the_pool():
    # With TCP, Kore reads the last message and does not see the end.
    with database(Cluster.tcp_url) as (cluster, kore), \
            kore.client() as client:
        pid = start_sleeping(cluster, client)
        cluster.sql("SELECT pg_terminate_backend(%s)", pid)
        require(client.answer()[0] == 500, "its query is not lost")
        answers = [kore.get("/query?SELECT+1")[0] for _ in range(5)]
        require(cluster.sql("SELECT 1") == [(1,)], "no PostgreSQL")
    return "it goes back to the pool: every later query fails" \
        if set(answers) == {500} else None


@case("pgsql.c", "a request that waits gets a connection when one is free")
def lost_wakeup():
    with database() as (cluster, kore), kore.client() as first, \
            kore.client() as second:
        pid = start_sleeping(cluster, first)
        second.send(ASK % "SELECT+1")
        require(second.answer(0.5)[0] is None, "it does not wait")
        # Without a last message, Kore sees only the end.
        os.kill(pid, signal.SIGKILL)
        require(first.answer()[0] == 500, "its query is not lost")
        cluster.wait()
        status, _ = second.answer(3)
        require(kore.get("/query?SELECT+1")[0] == 200, "no PostgreSQL")
    return "it never wakes if the connection dies" if status is None \
        else None


@case("pgsql.c", "a transaction ends with its request")
def left_open():
    with database() as (cluster, kore):
        require(kore.get("/query?BEGIN")[0] == 200, "no BEGIN")
        open_still = wait_until(
            lambda: sessions(cluster, "idle in transaction") == 1, 2)
        status, _ = kore.get("/query?SELECT+1")
        require(status == 200, "no query works then")
        open_still = open_still and sessions(
            cluster, "idle in transaction") == 1
    return "the next request runs in it" if open_still else None


@case("pgsql.c", "a worker serves while a client's query is cancelled")
def cancel_blocks():
    with database() as (cluster, kore):
        client = kore.client()
        start_sleeping(cluster, client)
        cluster.freeze()
        try:
            require(kore.get("/page")[0] == 200, "no worker")
            client.close()
            time.sleep(0.5)
            status, _ = kore.get("/page", 3)
        finally:
            cluster.thaw()
        require(wait_until(lambda: kore.get("/page")[0] == 200, 5),
                "no worker any more")
    return "it hangs as long as PostgreSQL does" if status is None \
        else None


@case("pgsql.c", "a worker serves while it connects")
def connect_blocks():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        conninfo = "host=127.0.0.1 port=%d user=keel dbname=keel" % \
            silent.getsockname()[1]
        with Kore("pgsql.c", DATABASE=conninfo) as kore, \
                kore.client() as client:
            require(kore.get("/page")[0] == 200, "no worker")
            client.send(ASK % "SELECT+1")
            time.sleep(0.5)
            status, _ = kore.get("/page", 3)
    return "it hangs until the server responds" if status is None \
        else None
