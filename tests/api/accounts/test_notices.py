# SPDX-License-Identifier: ISC
"""Notices: mails that tell users what happened to their account, when, from
where, and what to do. Each is a job of the transaction of its change."""

import pytest

from helpers import bearer, new_email, new_password
from mailbox import Mailbox
from people import add_people
from runner import KIND, count_jobs, wait_for
from server import confidential

ME = "/api/v1/users/me"
HOME, NEXT_DOOR, AWAY, FAR = ("192.0.2.7", "192.0.2.200", "203.0.113.7",
                              "2001:db8:77:5::1")
FIREFOX = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) "
           "Gecko/20100101 Firefox/140.0")
SPAM = "Buy-at-evil.example/1.0 <b>now</b>"


@pytest.fixture(scope="module")
def box(start_module_server, start_module_runner):
    server = start_module_server(
        KEEL_TRUSTED_PROXIES="127.0.0.1", KEEL_RATE_LIMITS=(
            "token=1000/m,register=1000/m,recipient_notices=2/d"))
    return Mailbox(server, start_module_runner(server))


@pytest.fixture(scope="module")
def server(box):
    return box.server


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


def come_from(address, agent=FIREFOX):
    return {"X-Forwarded-For": address, "User-Agent": agent}


def register_from(client, address):
    """A user with a password who is known in one network."""
    user = {"email": new_email(), "name": "Ada", "password": new_password()}
    answer = client.post("/api/v1/users", json=user,
                         headers=come_from(address))
    assert answer.status_code == 201, answer.text
    return user, answer.json()["id"]


def log_in(client, user, address, agent=FIREFOX):
    answer = client.post(
        "/api/v1/auth/login", headers=come_from(address, agent),
        json={"username": user["email"], "password": user["password"]})
    assert answer.status_code == 200, answer.text
    confidential.add(answer.json()["access_token"])
    return answer.json()["access_token"]


def change_password(client, user, token, **headers):
    answer = client.post(
        ME + "/password", headers=bearer(token) | headers, json={
            "current_password": user["password"],
            "new_password": new_password()})
    assert answer.status_code == 204, answer.text


def test_a_changed_password(box, client):
    user, user_id = register_from(client, HOME)
    change_password(client, user, log_in(client, user, HOME),
                    **come_from(AWAY))
    mail = box.only("send_password_notice", user_id)
    mail.check(user["email"], mail.when, "password of your account was "
               "changed from %s, with Firefox on Windows" % AWAY,
               box.server.url)


def test_no_notice_of_a_password_that_was_not_changed(box, client):
    user, user_id = register_from(client, HOME)
    answer = client.post(
        ME + "/password", headers=bearer(log_in(client, user, HOME)), json={
            "current_password": "Wrong-passw0rd",
            "new_password": new_password()})
    assert answer.status_code == 422
    assert box.jobs("send_password_notice", user_id) == []


@pytest.mark.parametrize("address", [AWAY, FAR])
def test_a_sign_in_from_a_network_that_is_not_known(box, client, address):
    user, user_id = register_from(client, HOME)
    for known in (HOME, NEXT_DOOR):
        log_in(client, user, known)
    assert box.jobs("send_device_notice", user_id) == []
    log_in(client, user, address)
    mail = box.only("send_device_notice", user_id)
    mail.check(user["email"], mail.when, "signed in to your account from %s, "
               "with Firefox on Windows" % address, box.server.url)
    log_in(client, user, address)
    log_in(client, user, HOME)
    assert len(box.jobs("send_device_notice", user_id)) == 1


def test_the_first_network_is_no_news(box, client, server):
    user, user_id = register_from(client, HOME)
    server.sql("DELETE FROM sign_in_networks WHERE user_id = %s", user_id)
    log_in(client, user, AWAY)
    assert box.jobs("send_device_notice", user_id) == []
    log_in(client, user, HOME)
    assert len(box.jobs("send_device_notice", user_id)) == 1


def test_a_refused_sign_in_tells_nothing(box, client):
    user, user_id = register_from(client, HOME)
    answer = client.post(
        "/api/v1/auth/login", headers=come_from(AWAY),
        json={"username": user["email"], "password": "Wrong-passw0rd"})
    assert answer.status_code == 400
    assert box.jobs("send_device_notice", user_id) == []


def test_no_word_of_a_client_is_in_a_notice(box, client, server):
    """Anybody can register with any address, and choose a User-Agent."""
    user, user_id = register_from(client, HOME)
    log_in(client, user, AWAY, SPAM)
    mail = box.only("send_device_notice", user_id)
    mail.check(user["email"], "with an unknown program")
    mail.lacks("evil.example", "Ada")
    assert server.sql("SELECT count(*) FROM jobs WHERE payload::text ~ "
                      "'evil'") == [(0,)]


@pytest.mark.parametrize("verified", [True, False])
def test_a_changed_role(box, client, server, verified):
    user, admin = add_people(server, "user", "admin")
    user.set(email_verified=verified)
    answer = client.patch(user.path, headers=admin.headers | come_from(HOME),
                          json={"role": "staff"})
    assert answer.status_code == 200
    mail = box.only("send_role_notice", user.id)
    mail.check(user.email, mail.when, "from user to staff by an "
               "administrator", server.url)
    mail.lacks(HOME, admin.email)


def test_a_role_that_a_command_changed(box, server):
    """Once, although the command is repeated."""
    [user] = add_people(server, "user")
    for _ in range(2):
        done = server.command("set-role", user.email, "staff")
        assert done.returncode == 0, done.stderr
    mail = box.only("send_role_notice", user.id)
    mail.check(user.email, mail.when, "from user to staff by an "
               "administrator", server.url)


def test_what_does_not_change_is_not_told(box, client, server):
    user, admin = add_people(server, "user", "admin")
    for change in ({"role": "user"}, {"name": "New"}, {"is_active": False},
                   {"email": user.email}, {"email": user.email.upper()}):
        assert client.patch(user.path, headers=admin.headers,
                            json=change).status_code == 200
    assert client.patch(user.path, headers=admin.headers | {
        "If-Match": '"1"'}, json={"role": "staff"}).status_code == 412
    assert count_jobs(server, kind="send_role_notice", status="queued") == 0
    for kind in ("send_role_notice", "send_email_notice"):
        assert box.jobs(kind, user.id) == []


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_that_an_admin_changed(box, client, server, verified):
    """The new address may be an advertisement, so an old one that is not
    verified does not get to see it."""
    user, admin = add_people(server, "user", "admin")
    user.set(email_verified=verified)
    new = new_email("buy-at-evil")
    answer = client.patch(user.path, headers=admin.headers,
                          json={"email": new})
    assert answer.status_code == 200
    assert answer.json()["email"] == new
    assert answer.json()["email_verified"] is False
    mail = box.only("send_email_notice", user.id)
    mail.check(user.email, mail.when, "changed to %s by an administrator" % (
        new if verified else "another address"), server.url)
    if not verified:
        mail.lacks("evil")


def test_a_deleted_user_gets_none(box, server):
    """The jobs are there, as after a runner that was away."""
    server.sql("INSERT INTO jobs (id, kind, payload) SELECT "
               "gen_random_uuid(), kind, jsonb_build_object('id', %s, "
               "'verified', false, 'email', 'a@example.com', 'from', 'a', "
               "'to', 'b') FROM unnest(ARRAY['send_password_notice', "
               "'send_device_notice', 'send_role_notice', "
               "'send_email_notice']) AS t (kind)",
               "00000000-0000-4000-8000-000000000001")
    for kind in ("password", "device", "role", "email"):
        assert box.all("send_%s_notice" % kind,
                       "00000000-0000-4000-8000-000000000001") == []


def test_a_flood_of_notices_leaves_the_other_mails(box, client, server):
    """Each kind is counted by itself: two a day here."""
    user, user_id = register_from(client, HOME)
    for n in range(1, 5):
        log_in(client, user, "198.51.%d.1" % n)
    assert len(box.jobs("send_device_notice", user_id)) == 4
    assert len(box.all("send_device_notice", user_id)) == 2
    change_password(client, user, log_in(client, user, HOME))
    assert len(box.all("send_password_notice", user_id)) == 1
    # And what is not a notice: the welcome mail was the first of its count.
    assert len(box.all(KIND, user_id)) == 1
    assert server.sql("SELECT count(*) FROM jobs WHERE kind = %s AND status "
                      "= 'done' AND payload ->> 'id' = %s", KIND,
                      user_id) == [(1,)]
    assert wait_for(lambda: any(
        "recipient_notices" in line["message"]
        for line in box.runner.log() if line["event"] == "mail"))


def test_no_notice_of_a_change_that_is_rolled_back(box, client, server):
    """The role was changed, and then the address is taken: one transaction."""
    user, other, admin = add_people(server, "user", "user", "admin")
    answer = client.patch(user.path, headers=admin.headers, json={
        "role": "staff", "email": other.email})
    assert answer.status_code == 409
    assert user.row("role") == ("user",)
    for kind in ("send_role_notice", "send_email_notice"):
        assert box.jobs(kind, user.id) == []
