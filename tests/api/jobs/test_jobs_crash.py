# SPDX-License-Identifier: ISC
"""Registrations while the server and the runner are killed again and again: at
the end, every user in the database was sent the welcome mail, and no other
address was."""

import asyncio
import concurrent.futures
import os
import random
import secrets
import threading
import time

import httpx

from helpers import (measured, new_user, raw_connection, raw_request, register,
                     reset)
from runner import KIND, LEASE, wait_for_no_work
from sizes import size
from smtp_sink import RealServer
from watch import Background

REGISTRATIONS = size(150, 500)
KILLS = 3           # at least
CLIENTS = 8
SECONDS = 120   # the most for one registration

# A registration with this name fails at its COMMIT, with its job stored.
FATAL = "Commit fails"
FAIL_AT_COMMIT = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.name = '%s') EXECUTE FUNCTION fail();
""" % FATAL


class SlowServer(RealServer):
    """Waits before and after it accepts a mail, so that runners die in the
    middle of a transfer."""

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(random.uniform(0, 0.15))
        reply = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(random.uniform(0, 0.15))
        return reply


class Killer(Background):
    """Kills the server, the runner or both, and starts them again."""

    def __init__(self, server, runner, seed):
        super().__init__([random.Random(seed)])
        self.victims = [[server], [runner], [server, runner]]
        self.kills = 0
        self.error = None

    def run(self, chance):
        try:
            while not self.ended.wait(chance.uniform(0.2, 1.4)):
                victims = chance.choice(self.victims)
                for victim in victims:
                    victim.kill()
                    self.kills += 1
                self.ended.wait(chance.uniform(0, 0.3))
                for victim in victims:
                    victim.start()
        except Exception as error:
            self.error = error


class Registrar:
    """Registers users; each until it gets a response."""

    def __init__(self, server, taken, seed):
        self.server = server
        self.taken = taken
        self.seed = seed
        self.settled = 0
        self.local = threading.local()
        self.lock = threading.Lock()

    def client(self):
        if not hasattr(self.local, "client"):
            self.local.client = self.server.client(timeout=20)
        return self.local.client

    def post(self, user):
        """Sends it again until there is a proper response. Returns the status,
        and whether it was sent more than once."""
        deadline = time.monotonic() + SECONDS
        again = False
        while True:
            try:
                status = self.client().post("/api/v1/users",
                                            json=user).status_code
                if status != 503:
                    return status, again
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "never answered"
            again = True
            time.sleep(0.05)

    def hang_up(self, user, wait):
        """Disconnects, so it is unknown whether the user was stored."""
        try:
            with raw_connection(self.server) as connection:
                connection.sendall(raw_request(
                    "POST", "/api/v1/users",
                    httpx.Request("POST", self.server.url, json=user).content,
                    Content_Type="application/json"))
                time.sleep(wait)
                reset(connection)
        except OSError:
            pass

    def register(self, number):
        """Of each 20, one fails as its address is in use, one at COMMIT, and
        one disconnects. Returns the status or 0, and the address."""
        user = new_user()
        case = number % 20
        if case == 3:
            user["email"] = self.taken
            status, _ = self.post(user)
            assert status == 409
        elif case == 7:
            user["name"] = FATAL
            status, _ = self.post(user)
            assert status == 500
        elif case == 11:
            chance = random.Random("%s-%d" % (self.seed, number))
            self.hang_up(user, chance.uniform(0, 0.2))
            status = 0
        else:
            status, again = self.post(user)
            assert status == 201 or status == 409 and again
        with self.lock:
            self.settled += 1
        return status, user["email"]

    def register_all(self, killer):
        """REGISTRATIONS, and more on a fast machine until there were KILLS."""
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            found = []

            def submit(most):
                found.extend(pool.submit(self.register, number)
                             for number in range(len(found), most))

            submit(REGISTRATIONS)
            with killer:
                while not any(f.done() and f.exception() for f in found):
                    if self.settled >= len(found) * 0.9:
                        if killer.kills >= KILLS or killer.error:
                            break
                        submit(len(found) + 20)
                    time.sleep(0.05)
            return [f.result() for f in found]


def check_mails(server, messages):
    """Each to a user that exists, for their job; how many were sent twice."""
    users = server.sql("SELECT id::text, lower(email) FROM users")
    jobs = server.sql("SELECT payload ->> 'id', id::text, status, attempts "
                      "FROM jobs WHERE kind = %s", KIND)
    assert sorted(job[0] for job in jobs) == sorted(user[0] for user in users)
    assert {job[2] for job in jobs} == {"done"}
    addresses = dict(users)
    of_address = {addresses[job[0]]: job for job in jobs}
    sent = {}
    for message in messages:
        [to] = message.recipients
        assert to in of_address, "mail to %s, who is no user" % to
        sent.setdefault(to, []).append(message)
    assert set(sent) == set(of_address)
    ids = set()
    for to, copies in sent.items():
        _, job_id, _, attempts = of_address[to]
        assert len({copy.data for copy in copies}) == 1
        assert len(copies) <= attempts
        message_id = copies[0].parsed()["Message-ID"]
        assert message_id.startswith("<%s@" % job_id)
        ids.add(message_id)
    assert len(ids) == len(sent)
    return len(messages) - len(sent)


def test_every_user_in_the_database_gets_a_mail(make_server, start_runner):
    seed = os.environ.get("KEEL_SEED") or secrets.token_hex(4)
    print("KEEL_SEED=" + seed)
    with SlowServer() as smtp:
        server = make_server(KEEL_SMTP_URL=smtp.url, KEEL_SMTP_TLS="off")
        server.sql(FAIL_AT_COMMIT)
        server.start()
        with server.client() as client:
            taken, _ = register(client)
        runner = start_runner(server)
        killer = Killer(server, runner, seed)
        registrar = Registrar(server, taken["email"], seed)
        began = time.monotonic()
        answers = registrar.register_all(killer)
        took = time.monotonic() - began
        if killer.error:
            raise killer.error
        server.wait_for_rest()
        wait_for_no_work(server, LEASE + 20)
        duplicates = check_mails(server, smtp.messages)
        runner.stop()
        mails = len(smtp.messages)
    stored = {email for [email] in server.sql("SELECT email FROM users")}
    for status, email in answers:
        assert status not in (201, 409) or email in stored
        assert status != 500 or email not in stored
    assert mails > len(answers) * 0.8 and killer.kills >= KILLS
    measured.append(
        "%d registrations in %.0f s, %d kills: %d users, %d mails, %d of them "
        "again, all after %.0f s (KEEL_SEED=%s)" % (
            len(answers), took, killer.kills, len(stored), mails, duplicates,
            time.monotonic() - began, seed))
