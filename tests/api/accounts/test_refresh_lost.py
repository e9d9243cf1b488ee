# SPDX-License-Identifier: ISC
"""The server dies between the commit of a refresh and its answer: a retry gets
the token of the answer that was lost."""

import concurrent.futures
import time

import httpx
import pytest

from families import add_token, hash_of, next_token, rows_of
from people import add_people, transaction
from server import confidential

TOKEN = "/api/v1/auth/token"
# A commit that waits for the lock 17.
LINGER = """
CREATE OR REPLACE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock_shared(17); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON refresh_tokens
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()"""


@pytest.fixture(scope="module")
def server(start_module_server):
    return start_module_server(KEEL_WORKERS="1")


def refresh(server, token):
    with server.client() as client:
        answer = client.post(TOKEN, data={"grant_type": "refresh_token",
                                          "refresh_token": token})
    assert answer.status_code == 200, answer.text
    confidential.update((answer.json()["access_token"],
                         answer.json()["refresh_token"]))
    return answer.json()["refresh_token"]


def wait_until(server, statement, expected, *params):
    deadline = time.monotonic() + 10
    while server.sql(statement, *params) != [(expected,)]:
        assert time.monotonic() < deadline, statement
        time.sleep(0.01)


@pytest.mark.parametrize("dies", ["server", "worker"])
def test_a_retry_gets_the_token_of_the_lost_answer(server, dies):
    """The commit waits in the database, and ends when nobody is left."""
    [person] = add_people(server, "user")
    token = add_token(server, person.session)
    server.sql(LINGER)
    with transaction(server, "SELECT pg_advisory_xact_lock(17)"), \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(refresh, server, token)
        wait_until(server, "SELECT count(*) FROM pg_stat_activity WHERE "
                   "datname = %s AND query = 'COMMIT' AND wait_event_type = "
                   "'Lock'", 1, server.database)
        if dies == "server":
            server.kill()
        else:
            server.kill_worker()
        with pytest.raises(httpx.HTTPError):
            answer.result()
        assert rows_of(server, person.session) == [(hash_of(token), True)]
    wait_until(server, "SELECT count(*) FROM refresh_tokens WHERE session_id "
               "= %s", 2, person.session)
    server.sql("DROP TRIGGER linger ON refresh_tokens; DROP FUNCTION linger()")
    if dies == "server":
        server.start()
    else:
        wait_until_it_serves(server)
    expected = next_token(server.secret, token)
    assert refresh(server, token) == expected
    assert rows_of(server, person.session) == [
        (hash_of(token), False), (hash_of(expected), True)]


def wait_until_it_serves(server):
    deadline = time.monotonic() + 20
    while True:
        try:
            with server.client() as client:
                client.get("/readyz").raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < deadline, "no worker comes back"
            time.sleep(0.05)
