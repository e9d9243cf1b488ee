# SPDX-License-Identifier: ISC
"""The programs of `make bench`: that they count right, and that each workload's
requests succeed. How fast that is, no test asserts."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from cluster import free_port
from runner import wait_for
from server import BUILD, ROOT, Server, read_text, session_processes

BENCH = os.path.join(ROOT, "tests/bench")
sys.path.append(BENCH)

import bench_report  # noqa: E402
import many_routes  # noqa: E402
import processes  # noqa: E402
import profiling  # noqa: E402
from bench_data import fill, renew_hashes  # noqa: E402
from measure import count, measure  # noqa: E402
from sides import Side  # noqa: E402
from call_counts import read_table  # noqa: E402
from workloads import NEW_POST, WORKLOADS  # noqa: E402

USERS, POSTS = 60, 300
CONNECTIONS = 2
BCRYPT = "$2b$04$" + "a" * 53

needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None,
                               reason="wrk is not installed")


def check_renewal(side):
    """Afterwards all can sign in, and nothing else has changed."""
    rows = "SELECT id, version, left(hashed_password, 10) FROM users ORDER " \
        "BY id"
    before = side.sql(rows)
    assert not renew_hashes(side)
    side.sql("ALTER TABLE users DISABLE TRIGGER USER")
    side.sql("UPDATE users SET hashed_password = %s WHERE email LIKE "
             "'user%%'", BCRYPT)
    side.sql("ALTER TABLE users ENABLE TRIGGER USER")
    assert side.sql(rows) != before
    assert renew_hashes(side)
    assert side.sql(rows) == before


def measure_all(side):
    """Until each workload has had a response: others run meanwhile. Each
    window is longer than the one before."""
    runs = []
    while not runs or not all(any(run[name]["requests"] for run in runs)
                              for name in WORKLOADS):
        assert len(runs) < 7, runs
        runs.append(measure(side, list(WORKLOADS), 0.4 * 2 ** len(runs),
                            CONNECTIONS, warm_up=0))
        for name, row in runs[-1].items():
            assert row["failures"] == 0, (name, row)
            assert row["p50_ms"] <= row["p99_ms"] <= row["max_ms"]
    return runs


@needs_wrk
def test_each_workload_succeeds(cluster, certificates, template):
    database = cluster.database(template)
    side = Side("keel", cluster, database, certificates["ec"], BUILD)
    fill(side, USERS, POSTS)
    check_renewal(side)
    side.start().sign_in(USERS, POSTS)
    try:
        runs = measure_all(side)
        memory = processes.memory(side.process.pid)
        created = side.sql("SELECT count(*) FROM posts WHERE title = %s",
                           NEW_POST)[0][0]
    finally:
        side.stop()
        cluster.drop(database)
    # wrk does not count those that it has not waited for.
    sent = sum(run["create"]["requests"] for run in runs)
    assert sent <= created <= sent + len(runs) * CONNECTIONS
    # The script, Kore's parent, key manager and workers, the jobs.
    titles = [title for title, _, _ in memory]
    assert [title for title in titles if "[wrk" in title] != []
    assert [title for title in titles if "[keymgr]" in title] != []
    assert all(0 < pss <= high for title, pss, high in memory
               if title.startswith("kore"))


def test_serve_makes_its_database_and_leaves_nothing(cluster, certificates,
                                                     tmp_path):
    port, name = free_port(), "keel_bench_served"
    environment = {
        "PATH": os.environ["PATH"], "KEEL_BUILD": BUILD,
        "KEEL_DATABASE_URL": "host=%s port=%d user=postgres dbname=%s" % (
            cluster.socket, cluster.port, name),
        "KEEL_TLS_CERT": certificates["ec"][0],
        "KEEL_TLS_KEY": certificates["ec"][1],
        "KEEL_ADMIN_PORT": str(free_port()),
        "KEEL_STATE_DIR": str(tmp_path / "state")}
    with open(tmp_path / "output", "wb") as output:
        served = subprocess.Popen(
            [BENCH + "/serve", str(port), "--users", "5", "--posts", "100"],
            env=environment, stdout=output, stderr=output,
            stdin=subprocess.DEVNULL, start_new_session=True)
    client = Server(cluster, name, certificates["ec"])
    client.url = "https://127.0.0.1:%d" % port
    try:
        # A worker answers before the next one is there.
        wait_for(lambda: "keel: ready on " in read_text(tmp_path / "output")
                 or served.poll() is not None, 60)
        assert served.poll() is None, (tmp_path / "output").read_text()
        wait_for(client.answers)
        with client.client() as http:
            assert http.post("/api/v1/auth/token", data={
                "username": "user5@example.com", "password": "Passw0rd-lab"},
            ).status_code == 200
        # What is counted is ./keel's tree, and nothing else.
        titles = [title for title, _, _ in processes.memory(served.pid)]
        assert len([title for title in titles if "[wrk" in title]) == 2
        assert not [title for title in titles if "python" in title]
        served.send_signal(signal.SIGTERM)
        assert served.wait(30) == 0
        wait_for(lambda: not session_processes(served.pid))
    finally:
        for pid in session_processes(served.pid):
            os.kill(pid, signal.SIGKILL)
        served.wait()
        client.remove()
        cluster.drop(name)


def test_requests_of_a_window():
    sent = {"100": 10, "101": 20, "102": 40}    # from 1.00 s on
    assert count(sent, 0, 9) == pytest.approx(70)
    assert count(sent, 1.01, 1.02) == pytest.approx(20)
    assert count(sent, 1.005, 1.015) == pytest.approx(15)
    assert count(sent, 2, 3) == 0


def test_system_calls_are_read():
    assert read_table("""\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000300           3       100        10 read
 40.00    0.000200           2        50           write
------ ----------- ----------- --------- --------- ----------------
100.00    0.000500           3       150        10 total
""") == {"read": 100, "write": 50}


def test_samples_are_read():
    assert profiling.read_shares("""\
# Overhead  Shared Object      Symbol
    42.80%  [kernel.kallsyms]
     9.50%  libcrypto.so.3     [.] sha256_block    -      -
     3.30%  keel.so            [k] a b
""") == [(42.8, "[kernel.kallsyms]", ""),
         (9.5, "libcrypto.so.3", "sha256_block"), (3.3, "keel.so", "a b")]


def test_ratios_are_of_medians_and_of_rounds():
    assert bench_report.ratio([10, 30, 20], [10, 10, 40]) == \
        "2.000 (0.500 to 3.000)"
    assert bench_report.spread([3, 1, 2]) == "2.00 (1.00 to 3.00)"


def test_few_and_many_routes(make_server, tmp_path):
    with open(os.path.join(ROOT, "kore.conf")) as f:
        text = f.read()
    few = many_routes.shrink(text, many_routes.FEW)
    assert many_routes.count_routes(few) == many_routes.FEW
    pairs = (many_routes.MANY - many_routes.count_routes(text)) // 2
    assert many_routes.MANY - 1 <= many_routes.count_routes(
        many_routes.grow(text, pairs)) <= many_routes.MANY
    server = make_server(
        KEEL_BUILD=many_routes.make_build(str(tmp_path), BUILD, few))
    done = server.command("check-config")
    assert done.returncode == 0, done.stderr
    server.start()
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
