# SPDX-License-Identifier: ISC
"""A user's language: which tags are taken, in which form they are stored, and
the mails that are in it."""

import email
import os
import re
import uuid

import pytest

from helpers import bearer, check_validation, new_email, new_user, register
from mailbox import Mailbox
from people import add_people
from runner import KIND, add_job
from server import ROOT, read_text

USERS = "/api/v1/users"
ME = USERS + "/me"

TAGS = [("en", "en"), ("en-us", "en-US"), ("ZH-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"), ("de-ch-1901", "de-CH-1901"),
        ("zh-yue-hk", "zh-yue-HK"), ("az-ARAB-x-AZE", "az-Arab-x-aze"),
        ("en-U-CA-buddhist", "en-u-ca-buddhist"), ("I-Klingon", "i-klingon"),
        ("en-gb-OED", "en-GB-oed"), ("x-our-own", "x-our-own"),
        ("en-u-aaaaaaaa-bbbbbbbb-cccccccc-ddd",) * 2]
NO_TAGS = [("", "invalid_format", "must not be empty"),
           ("en_US", "invalid_format", "with a hyphen, not an underscore"),
           ("es_MX.UTF-8", "invalid_format", "with a hyphen"),
           ("C", "invalid_format", "must begin with a language"),
           (" en", "invalid_format", "letters, digits and hyphens"),
           ("espa\u00f1ol", "invalid_format", "letters, digits and hyphens"),
           ("en\n", "invalid_format", "letters, digits and hyphens"),
           ("englishlanguage", "invalid_format", "at most 8 characters"),
           ("en-", "invalid_format", "empty subtag"),
           ("en-US-GB", "invalid_format", "the order language, script"),
           ("de-1901-1901", "invalid_format", "the same variant twice"),
           ("en-a-bb-a-cc", "invalid_format", "the same single-letter"),
           ("en-u-aaaaaaaa-bbbbbbbb-cccccccc-dddd", "too_long",
            "at most 35 characters")]


def sends(client, person):
    """Every way to write the member of one's own account."""
    everything = {"email": person.email, "name": "Ada", "role": "user",
                  "is_active": True}
    for method, path, body in (("PATCH", ME, {}), ("PATCH", person.path, {}),
                               ("PUT", person.path, everything)):
        yield lambda locale, method=method, path=path, body=body: \
            client.request(method, path, headers=person.headers,
                           json=body | {"locale": locale})


@pytest.mark.parametrize("sent, stored", TAGS)
def test_a_tag_is_stored_in_its_case(client, server, sent, stored):
    _, user = register(client, locale=sent)
    assert user["locale"] == stored
    [person] = add_people(server, "user")
    for send in sends(client, person):
        person.set(locale=None)
        answer = send(sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["locale"] == stored
        assert person.row("locale") == (stored,)


@pytest.mark.parametrize("sent, code, message", NO_TAGS)
def test_what_is_no_tag_is_refused(client, server, sent, code, message):
    [person] = add_people(server, "user")
    person.set(locale="es")
    for answer in [client.post(USERS, json=new_user(locale=sent)),
                   *(send(sent) for send in sends(client, person))]:
        assert list(check_validation(answer)) == ["body.locale"]
        [detail] = answer.json()["error"]["details"]
        assert detail["code"] == code
        assert message in detail["message"]
    assert person.row("locale") == ("es",)


def test_no_language_is_null_everywhere(client, server):
    """Also of the rows that were there before, and of null."""
    _, user = register(client)
    assert user["locale"] is None
    _, user = register(client, locale=None)
    assert user["locale"] is None
    old, admin = add_people(server, "user", "admin")
    assert client.get(ME, headers=old.headers).json()["locale"] is None
    for send in sends(client, old):
        old.set(locale="es")
        assert send(None).json()["locale"] is None
        assert old.row("locale") == (None,)
    answer = client.get(USERS, headers=admin.headers, params={"q": old.email})
    assert answer.json()["items"][0]["locale"] is None


def test_what_does_not_send_it_leaves_it(client, server):
    user, admin = add_people(server, "user", "admin")
    user.set(locale="pt-BR")
    for person in (user, admin):
        for method, body in (("PATCH", {"name": "Ada"}),
                             ("PUT", {"email": user.email, "name": "Ada",
                                      "role": "user", "is_active": True})):
            answer = client.request(method, user.path, json=body,
                                    headers=person.headers)
            assert answer.status_code == 200, answer.text
            assert answer.json()["locale"] == "pt-BR"


def test_an_admin_sets_it_and_the_audit_log_has_it(client, server):
    user, admin, other = add_people(server, "user", "admin", "user")
    assert client.patch(user.path, headers=other.headers,
                        json={"locale": "es"}).status_code == 403
    answer = client.patch(user.path, headers=admin.headers,
                          json={"locale": "ES-mx"})
    assert answer.json()["locale"] == "es-MX"
    assert server.sql(
        "SELECT changes FROM audit_log WHERE target_id = %s", user.id) == [
            ({"locale": {"from": None, "to": "es-MX"}},)]


def test_an_unconfirmed_session_may_change_it(client, server):
    [user] = add_people(server, "user")
    user.unconfirm()
    assert client.patch(ME, headers=user.headers,
                        json={"locale": "es"}).status_code == 200


def test_the_database_takes_no_other_characters(server):
    [user] = add_people(server, "user")
    for text in ("en_US", "", "e n", "en\r\nBcc: x", "a" * 9):
        with pytest.raises(Exception, match="users_locale_tag"):
            user.set(locale=text)


# The mails.

@pytest.fixture(scope="module")
def box(start_module_server, start_module_runner):
    server = start_module_server(
        KEEL_RATE_LIMITS="register=1000/m,recipient_mails=1000/m,"
        "recipient_notices=1000/m")
    return Mailbox(server, start_module_runner(server))


@pytest.fixture(scope="module")
def mail_client(box):
    with box.server.client() as client:
        yield client


FIREFOX, SYSTEM = "Firefox on Windows", "Firefox en Windows"


def jobs_of(user, new):
    """A job of each mail: its kind, its payload, what the user has meanwhile,
    and a few words of the mail, which code chooses."""
    by = {"client": "192.0.2.7", "device": FIREFOX}
    change = {"id": user.id, "email": user.email, "verified": True, "to": new}
    notice = {"id": user.id, "verified": False}
    return {
        "welcome": (KIND, {"id": user.id}, {"email_verified": False},
                    ["durante 2 d\u00edas"]),
        "welcome_verified": (KIND, {"id": user.id}, {}, []),
        "verify": ("send_verification", {"email": user.email},
                   {"email_verified": False}, ["durante 2 d\u00edas"]),
        "reset": ("send_password_reset", {"email": user.email}, {},
                  ["durante 1 hora."]),
        "reset_by_admin": ("send_reset_by_admin", {"id": user.id}, {},
                           ["durante 1 hora."]),
        "email_confirm": ("send_email_confirmation", change | by, {},
                          ["durante 1 d\u00eda."]),
        "email_cancel": ("send_email_warning", change | by, {},
                         ["desde 192.0.2.7, con " + SYSTEM, new]),
        "notice_password": (
            "send_password_notice", notice | by | {"client": ""}, {},
            ["desde una direcci\u00f3n desconocida, con " + SYSTEM]),
        "notice_device": (
            "send_device_notice",
            notice | by | {"device": "an unknown program"}, {},
            ["desde 192.0.2.7, con un programa desconocido"]),
        "notice_role": ("send_role_notice",
                        notice | {"from": "user", "to": "staff"}, {},
                        ["de user a staff, por un administrador"]),
        "notice_email": ("send_email_notice", change | {"verified": False},
                         {}, ["otra direcci\u00f3n, por un administrador"]),
        "notice_taken": (
            "send_taken_notice", {"email": user.email, "client": "::1",
                                  "device": "an Android app on Android"}, {},
            ["con una aplicaci\u00f3n de Android en Android"]),
    }


def language_of(mail):
    """What the message says of its language, in its head and in its HTML."""
    [language] = email.message_from_bytes(mail.data).get_all(
        "Content-Language")
    assert set(re.findall(r'\blang="([^"]*)"', mail.html)) == {language}
    return language


def texts(language):
    folder = os.path.join(ROOT, "assets/mail", language)
    return {name.split(".")[0]: read_text(os.path.join(folder, name))
            for name in os.listdir(folder) if name.endswith(".txt")}


# English words that no text in Spanish has.
ENGLISH = re.compile(r"\b(the|your|from|with|on|an|hours?|days?|by|you)\b")


def test_every_mail_is_in_the_users_language(box):
    subjects = {name: text.split("\n")[0].removeprefix("Subject: ")
                for name, text in texts("es").items() if name != "phrases"}
    [user] = add_people(box.server, "user")
    new = new_email()
    kinds = jobs_of(user, new)
    assert set(kinds) == set(subjects)
    for name, (kind, payload, columns, phrases) in kinds.items():
        user.set(**{"locale": "es", "email_verified": True,
                    "pending_email": new} | columns)
        mail = box.read(add_job(box.server, payload, kind))
        assert mail, name
        assert mail.subject == subjects[name]
        assert language_of(mail) == "es"
        mail.check(new if name == "email_confirm" else user.email, "Hola:",
                   *phrases)
        for part in mail.parts:
            words = re.sub(r"\S*(@|://)\S*|\w+, \d+ \w+ \d+ \S+ GMT", "", part)
            assert not ENGLISH.search(words), words


@pytest.mark.parametrize("locale, language", [
    (None, "en"), ("en-GB", "en"), ("es", "es"), ("es-MX", "es"),
    ("es-Latn-419-x-a", "es"), ("ES", "es"), ("de", "en"), ("est", "en"),
    ("x-es", "en"), ("zh-Hant-TW", "en")])
def test_the_nearest_language_is_taken(box, locale, language):
    """A tag that SQL wrote in another case counts, too."""
    [user] = add_people(box.server, "user")
    user.set(locale=locale)
    mail = box.read(add_job(box.server, {"id": user.id}))
    assert language_of(mail) == language
    assert mail.subject == {"en": "Your new account",
                            "es": "Su nueva cuenta"}[language]


def test_the_language_at_the_time_of_sending_counts(box, mail_client):
    """From the registration on, and after a change."""
    user = new_user(locale="es-AR")
    answer = mail_client.post(USERS, json=user)
    assert answer.status_code == 201
    user_id = answer.json()["id"]
    [welcome] = box.mails(user["email"])
    assert language_of(welcome) == "es"
    token = mail_client.post("/api/v1/auth/login", json={
        "username": user["email"], "password": user["password"]}).json()
    seen = []
    for locale in ("en", "es", None):
        answer = mail_client.patch(
            ME, headers=bearer(token["access_token"]),
            json={"locale": locale})
        assert answer.status_code == 200, answer.text
        job = add_job(box.server, {"id": user_id}, "send_reset_by_admin")
        seen.append(language_of(box.read(job)))
    assert seen == ["en", "es", "en"]


def test_the_owner_of_a_new_address_is_told_in_their_language(box):
    """The mail goes to them, not to the one who asked."""
    asker, owner = add_people(box.server, "user", "user")
    asker.set(locale="en", pending_email=owner.email)
    owner.set(locale="es")
    job = add_job(box.server, {
        "id": asker.id, "email": asker.email, "verified": True,
        "to": owner.email, "client": "::1", "device": "curl"},
        "send_email_confirmation")
    mail = box.read(job)
    mail.check(owner.email, "desde ::1, con curl")
    assert language_of(mail) == "es"


def test_the_default_is_a_setting(start_server, start_runner):
    server = start_server(KEEL_MAIL_LOCALE="ES")
    box = Mailbox(server, start_runner(server))
    for locale, language in ((None, "es"), ("de", "es"), ("en-US", "en")):
        [user] = add_people(server, "user")
        user.set(locale=locale)
        mail = box.read(add_job(server, {"id": user.id}))
        assert language_of(mail) == language


@pytest.mark.parametrize("value, problem", [
    ("es-MX", "'es-MX' must be a language of assets/mail: en, es"),
    ("en_US", "'en_US' must be written with a hyphen, not an underscore: "
     "en-US, not en_US")])
def test_a_default_without_texts_ends_the_start(make_server, value, problem):
    done = make_server(KEEL_MAIL_LOCALE=value).command("check-config")
    assert done.returncode != 0
    assert "KEEL_MAIL_LOCALE %s\n" % problem in done.stdout + done.stderr


def test_an_id_that_is_gone_gets_no_mail(box):
    job = add_job(box.server, {"id": str(uuid.uuid4())})
    assert box.read(job) is None
