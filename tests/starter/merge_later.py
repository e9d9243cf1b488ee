# SPDX-License-Identifier: ISC
"""Commits what a later version of Keel might be: a small change of wire, of
http and of users, each with its tests, and a migration. `make proof-starter`
merges it into a project with resources of its own. test_merge_later.py checks
in every run that each text is still where it is replaced here."""

import os
import subprocess
import sys

# {file: [(what stands there once, what stands there afterwards), ...]}
EDITS = {
    # wire: the message says which expectation can be met.
    "src/wire/wire_head.c": [
        ('"The expectation cannot be met"',
         '"No expectation can be met but 100-continue"')],
    "tests/unit/wire/head_fixture.h": [
        ('"The expectation cannot be met"',
         '"No expectation can be met but 100-continue"')],

    # http: the message of the 406 says what to send.
    "src/http/static_file.c": [
        ('"It is sent with gzip or without a coding"',
         '"Accept-Encoding must allow gzip or identity"')],
    "tests/api/description/test_docs.py": [
        ('        assert b"NOT_ACCEPTABLE" in body\n',
         '        assert b"NOT_ACCEPTABLE" in body\n'
         '        assert b"must allow gzip or identity" in body\n')],

    # users: a member, in the response, in both PATCHes and in the PUT.
    "src/modules/users/users.h": [
        ("	bool		 email_verified;\n	const char	*pend",
         "	bool		 email_verified;\n"
         "	const char	*bio;		/* or NULL */\n"
         "	const char	*pend")],
    "src/modules/users/users_models.c": [
        ("	MEMBER(user, version, T_INT, ETAG),\n",
         "	MEMBER(user, bio, T_STR, OUT | OR_NULL, .validator = "
         "\"v_bio\",\n	    .example = \"I write programs.\"),\n"
         "	MEMBER(user, version, T_INT, ETAG),\n"),
        ("MIGRATION(0004_users_lists);\n",
         "MIGRATION(0004_users_lists);\nMIGRATION({number}_users_bio);\n")],
    "src/modules/users/users_schemas.c": [
        ('    .only = NAMES("name", "locale", "role", "is_active"), .also = '
         'MEMBERS(\n',
         '    .only = NAMES("name", "bio", "locale", "role", "is_active"), '
         '.also = MEMBERS(\n'),
        ('    .only = NAMES("email", "name", "locale"));\n',
         '    .only = NAMES("email", "name", "bio", "locale"));\n')],
    "src/modules/users/users_audit.c": [
        ('"name", "locale", "role", "is_active", "email_verified"',
         '"name", "bio", "locale", "role", "is_active", '
         '"email_verified"')],
    "sql/queries/users.sql": [
        ("       name = CASE WHEN :name.set THEN :name ELSE name END,\n",
         "       name = CASE WHEN :name.set THEN :name ELSE name END,\n"
         "       bio = CASE WHEN :bio.set THEN :bio ELSE bio END,\n")],

    # What such a commit also touches, next to a project's own lines.
    "kore.conf": [
        ("validator	v_post_expand	regex		^(author)$\n",
         "validator	v_post_expand	regex		^(author)$\n"
         "validator	v_bio		regex		length:0..500\n"),
        ("	route	/api/v1/users/me	users_me\n",
         "	# A user, and what belongs to one.\n"
         "	route	/api/v1/users/me	users_me\n")],
    "tests/api/support/selection.py": [
        ('    "accounts/test_users_item.py",\n',
         '    "accounts/test_users_bio.py",\n'
         '    "accounts/test_users_item.py",\n')],
    "CHANGELOG.md": [
        ("\n## Unreleased\n",
         "\n## Unreleased\n\nUsers have a `bio`. Migration {number}.\n")],
}

# {file: its text}
NEW = {
    "sql/migrations/{number}_users_bio.sql": """\
-- SPDX-License-Identifier: ISC
-- What users say of themselves.

ALTER TABLE users ADD COLUMN bio varchar(500);
""",
    "tests/api/accounts/test_users_bio.py": '''\
# SPDX-License-Identifier: ISC
"""What users say of themselves: written, cleared, left, and its length."""

from helpers import check_validation
from people import add_people

ME = "/api/v1/users/me"


def test_it_is_written_cleared_and_left(client, server):
    [ada] = add_people(server, "user")
    for change, bio in (({}, None), ({"bio": "I write programs."},) * 2,
                        ({"name": "Ada"}, {"bio": "I write programs."}),
                        ({"bio": None}, None)):
        answer = client.patch(ME, headers=ada.headers, json=change)
        assert answer.status_code == 200
        assert answer.json()["bio"] == (bio and bio["bio"])


def test_it_has_up_to_500_characters(client, server):
    [ada] = add_people(server, "user")
    for length, status in (500, 200), (501, 422):
        answer = client.patch(ME, headers=ada.headers,
                              json={"bio": "x" * length})
        assert answer.status_code == status
    assert list(check_validation(answer)) == ["body.bio"]
''',
}


def next_number(folder):
    """Of Keel's series of migrations, which is below 1000."""
    numbers = [int(name[:4]) for name in os.listdir(
        os.path.join(folder, "sql/migrations"))]
    return "%04d" % (max(n for n in numbers if n < 1000) + 1)


def edited(path, text):
    """The text of a file after the commit."""
    for old, new in EDITS[path]:
        if text.count(old) != 1:
            raise ValueError("tests/starter/merge_later.py: %s has %d times, "
                             "not once: %s" % (path, text.count(old), old))
        text = text.replace(old, new)
    return text


def files(folder):
    """{file: its text after the commit}, of a tree of Keel."""
    number = next_number(folder)
    found = {}
    for path in EDITS:
        with open(os.path.join(folder, path), encoding="utf-8") as f:
            found[path] = edited(path, f.read())
    return {path.replace("{number}", number): text.replace("{number}", number)
            for path, text in (found | NEW).items()}


# They look for the texts that this commit replaces.
REMOVED = ("tests/starter/merge_later.py", "tests/starter/test_merge_later.py")


def commit_later(folder, golden=True):
    """Makes the commit in a clone of Keel; returns its id. With golden, it
    builds that clone to renew tests/golden."""
    for path, text in files(folder).items():
        with open(os.path.join(folder, path), "w", encoding="utf-8") as f:
            f.write(text)
    for path in REMOVED:
        os.remove(os.path.join(folder, path))
    if golden:
        subprocess.run(["make", "--no-print-directory", "golden"], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
    for command in (["add", "-A"], ["-c", "user.name=Keel", "-c",
                    "user.email=keel@example.com", "commit", "-q", "-m",
                    "users: a bio; wire, http: messages that say what to do"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True,
                          capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    print(commit_later(sys.argv[1]))
