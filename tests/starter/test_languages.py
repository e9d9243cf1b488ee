# SPDX-License-Identifier: ISC
"""A project that adds a language: a folder of assets/mail, and nothing else."""

import os

import pytest

from project import Failed, Project, finish

FOLDER = "assets/mail/fr/"
TEXT = "Subject: Votre compte\n\nBonjour : {{link}}, {{lifetime}}, {{url}}\n"
HTML = "<p>Bonjour : {{link}}, {{lifetime}}, {{url}}</p>\n"
WELCOME = {"welcome.fr.txt": TEXT, "welcome.fr.html": HTML}

# What a user of that language gets; a mail that it lacks, and its words.
MAILS = '''# SPDX-License-Identifier: ISC
"""A third language."""

from mailbox import Mailbox
from people import add_people
from runner import KIND, add_job


def test_a_mail_in_french_and_one_that_french_lacks(
        start_server, start_runner):
    server = start_server(KEEL_MAIL_LOCALE="es")
    box = Mailbox(server, start_runner(server))
    [user] = add_people(server, "user")
    user.set(locale="fr-CA")
    mail = box.read(add_job(server, {"id": user.id}))
    assert mail.subject == "Votre compte"
    mail.check(user.email, "Bonjour", "2 jours")
    assert b"Content-Language: fr\\r\\n" in mail.data
    assert '<html lang="fr" dir="ltr">' in mail.html

    mail = box.read(add_job(server, {"id": user.id}, "send_reset_by_admin"))
    assert mail.subject == "Establezca una nueva contrase\\u00f1a"
    mail.check(user.email, "durante 1 hora.")
    assert b"Content-Language: es\\r\\n" in mail.data
'''


@pytest.fixture(name="project", scope="module")
def fixture_project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("languages") / "keel", "prod")


def build(project, files):
    folder = project.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    finish(project.build())


def test_one_half_of_a_mail_ends_the_start(project):
    build(project, {"welcome.fr.txt": TEXT})
    with pytest.raises(Failed) as failed:
        project.run("./keel", "check-config", KEEL_ALLOW_ROOT="1",
                    KEEL_DATABASE_URL="postgresql:///none")
    assert "keel: assets/mail/fr/welcome.fr.txt has no welcome.fr.html " \
        "beside it: a mail has both" in str(failed.value)


def test_a_folder_adds_a_language(project):
    """With a frame of its own, and words for a time."""
    with open(os.path.join(project.folder, "assets/mail/frame.html"),
              encoding="utf-8") as f:
        frame = f.read()
    build(project, WELCOME | {
        "phrases.fr.txt": "days: {{count}} jours\n",
        "frame.fr.html": frame.replace('<html lang="{{lang}}">',
                                       '<html lang="{{lang}}" dir="ltr">')})
    name = "tests/api/accounts/test_french.py"
    (project.folder / name).write_text(MAILS, encoding="utf-8")
    finish(project.api(name, workers=0))
