# SPDX-License-Identifier: ISC
"""Three PostgreSQL under Patroni, and one etcd, where they agree which one
leads. All of them listen on loopback, have their data in one folder, and end
with this process."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess

import httpx
import psycopg2

from cluster import BIN, Cluster, free_port
from runner import wait_for
from server import folder_processes, read_text

NAMES = ["one", "two", "three"]
TTL = 20                    # seconds: the least that Patroni allows
READY_SECONDS = 120

# JSON is YAML. A leader that is killed is replaced when its ttl has ended. No
# node can be promoted that lacks a commit that was answered.
SHARED = {
    "ttl": TTL, "loop_wait": 1, "retry_timeout": 3,
    "synchronous_mode": True,
    "postgresql": {"use_pg_rewind": True, "parameters": {
        "max_connections": 100, "wal_keep_size": "256MB"}},
}
HBA = ["local all all trust",
       "host replication all 127.0.0.1/32 scram-sha-256",
       "host all all 127.0.0.1/32 scram-sha-256"]


def kill_all(folder):
    """All processes that have it in their environment stop, and then they die,
    as with their host: none of them sees another one die."""
    found, more = [], folder_processes(folder)
    while more:
        send(signal.SIGSTOP, more)
        found += more
        more = set(folder_processes(folder)) - set(found)
    send(signal.SIGKILL, found)
    wait_for(lambda: not folder_processes(folder))


def send(signum, pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


class Node:
    """A Patroni and its PostgreSQL."""

    def __init__(self, nodes, name):
        self.nodes, self.name = nodes, name
        self.folder = os.path.join(nodes.folder, name)
        self.port, self.rest = free_port(), free_port()
        self.log = os.path.join(self.folder, "patroni.log")
        self.process = None

    def settings(self):
        address = "127.0.0.1:%d"
        logins = {kind: {"username": user, "password": self.nodes.secret}
                  for kind, user in (("superuser", "postgres"),
                                     ("replication", "replicator"),
                                     ("rewind", "rewinder"))}
        return {
            "scope": "keel", "name": self.name,
            "restapi": {"listen": address % self.rest,
                        "connect_address": address % self.rest},
            "etcd3": {"host": address % self.nodes.etcd_port},
            "bootstrap": {
                "dcs": SHARED, "pg_hba": HBA,
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"},
                           {"auth-local": "trust"}]},
            "postgresql": {
                "listen": address % self.port,
                "connect_address": address % self.port,
                "data_dir": self.folder + "/data", "bin_dir": BIN,
                "pgpass": self.folder + "/pgpass", "pg_hba": HBA,
                "authentication": logins, "parameters": {
                    # Only a crash of the host needs it.
                    "fsync": "off",
                    "unix_socket_directories": self.folder,
                    "password_encryption": "scram-sha-256"}}}

    def write(self):
        self.nodes.make_folder(self.folder)
        path = self.folder + "/patroni.yml"
        with open(path, "w") as f:
            json.dump(self.settings(), f)
        self.nodes.give(path)

    def start(self):
        self.process = self.nodes.launch(
            self.folder, self.log, "/usr/bin/patroni",
            self.folder + "/patroni.yml")

    def kill(self):
        kill_all(self.folder)
        self.process.wait(10)

    def ask(self, path):
        """The status of Patroni's answer, and its body; 0 if there is none."""
        try:
            answer = httpx.get("http://127.0.0.1:%d%s" % (self.rest, path),
                               timeout=2, trust_env=False, verify=False)
            return answer.status_code, answer.json()
        except (httpx.HTTPError, ValueError):
            return 0, {}


class Nodes(Cluster):
    """What a test asks of a cluster is asked of the leader."""

    def __init__(self):
        super().__init__(durable=True)
        self.secret = secrets.token_hex(16)     # of PostgreSQL's own users
        self.etcd_port = free_port()
        self.etcd = None
        self.nodes = [Node(self, name) for name in NAMES]

    def give(self, path):
        if os.getuid() == 0:
            shutil.chown(path, self.user)

    def make_folder(self, path):
        os.mkdir(path, 0o700)
        self.give(path)

    def launch(self, folder, log, *command):
        """Its processes have the folder in their environment."""
        wrap = [word.replace("INT", "TERM") for word in self.as_user()]
        with open(log, "ab") as out:
            return subprocess.Popen(
                [*wrap, *command], cwd="/", stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
                env={"HOME": folder, "LC_ALL": "C.UTF-8",
                     "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"})

    def start_etcd(self):
        folder = self.folder + "/etcd"
        self.make_folder(folder)
        url = "http://127.0.0.1:%d"
        peers = url % free_port()
        client = url % self.etcd_port
        self.etcd = self.launch(
            folder, self.folder + "/etcd.log", "/usr/bin/etcd",
            "--name", "etcd", "--data-dir", folder + "/data",
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls",
            peers, "--initial-cluster", "etcd=" + peers)
        wait_for(lambda: "ready to serve client requests" in
                 read_text(self.folder + "/etcd.log"))

    def start(self):
        self.start_etcd()
        for node in self.nodes:
            node.write()
            node.start()
        self.wait_until_whole()
        self.sql("CREATE ROLE keel LOGIN PASSWORD %s", self.password)

    def leader(self):
        """The node that leads, or None."""
        for node in self.nodes:
            if node.ask("/primary")[0] == 200:
                return node
        return None

    def is_whole(self):
        """Do two nodes follow a leader, and is one of them synchronous?"""
        leader = self.leader()
        if leader is None:
            return False
        roles = sorted(member["role"] for member in
                       leader.ask("/cluster")[1].get("members", ()))
        if roles != ["leader", "replica", "sync_standby"]:
            return False
        with contextlib.suppress(psycopg2.Error):
            return self.sql(
                "SELECT state, sync_state FROM pg_stat_replication WHERE "
                "application_name = ANY (%s) ORDER BY sync_state", NAMES) == [
                    ("streaming", "async"), ("streaming", "sync")]
        return False

    def wait_until_whole(self):
        try:
            wait_for(self.is_whole, READY_SECONDS, 0.2)
        except AssertionError:
            for node in self.nodes:
                print("%s: %s" % (node.name, read_text(node.log)[-2000:]))
            raise

    def connect(self, database):
        """To the leader."""
        db = psycopg2.connect(
            host=",".join("127.0.0.1" for _ in self.nodes),
            port=",".join(str(node.port) for node in self.nodes),
            user="postgres", password=self.secret, dbname=database,
            connect_timeout=3, target_session_attrs="read-write")
        db.autocommit = True
        return db

    def url(self, database):
        """All nodes."""
        return "postgresql://keel:%s@%s/%s" % (
            self.password, ",".join("127.0.0.1:%d" % node.port
                                    for node in self.nodes), database)

    def url_at(self, port, database):
        return "postgresql://keel:%s@127.0.0.1:%d/%s" % (
            self.password, port, database)

    def stop(self):
        """Whatever state they are in."""
        kill_all(self.folder)
        for process in [self.etcd] + [node.process for node in self.nodes]:
            if process is not None:
                process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
