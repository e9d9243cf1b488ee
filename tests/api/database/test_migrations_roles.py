# SPDX-License-Identifier: ISC
"""The roles of docs/migrations.md: an owner who migrates, and a server that can
only read and write rows."""

import contextlib
import re

import psycopg2
import pytest

from cluster import run
from helpers import bearer, new_email, new_password, register, sign_in
from migrating import in_page
from runner import wait_for_no_work

POSTS = "/api/v1/posts"


def block(name):
    """The SQL behind <!-- name --> in the page."""
    return in_page("<!-- %s -->" % name)


@contextlib.contextmanager
def as_role(cluster, user):
    db = psycopg2.connect(host=cluster.socket, port=cluster.port, user=user,
                          dbname="keel")
    db.autocommit = True
    try:
        yield db
    finally:
        db.close()


def execute(cluster, user, name):
    with as_role(cluster, user) as db:
        run(db, block(name), ())


@pytest.fixture
def server(cluster, make_server):
    for statement in re.sub("--.*", "", block("roles")).split(";"):
        if statement.strip():
            cluster.sql(statement)
    url = cluster.url("keel")
    yield make_server("keel",
                      KEEL_DATABASE_URL=url.replace("user=keel",
                                                    "user=keel_server"))
    cluster.drop("keel")
    cluster.sql("DROP ROLE keel_server; DROP ROLE keel_owner")


def refused(server, *words, command="migrate"):
    done = server.command(command)
    assert done.returncode == 1
    assert done.stderr.startswith("keel: ") and done.stderr.count("\n") == 1
    for word in (*words, "docs/migrations.md"):
        assert word in done.stderr


def good(server, *arguments, text=""):
    done = server.command(*arguments, text=text)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def migrate(server, cluster):
    """As the owner, and with that URL alone."""
    settings = dict(server.settings)
    del server.settings["KEEL_DATABASE_URL"]
    server.settings["KEEL_MIGRATE_URL"] = cluster.url("keel").replace(
        "user=keel", "user=keel_owner")
    said = good(server, "migrate")
    server.settings = settings
    return said


def test_a_server_that_owns_nothing(server, cluster, start_runner):
    execute(cluster, "keel_owner", "rights")
    refused(server, "permission denied", "KEEL_MIGRATE_URL")
    assert "applying 0001_users" in migrate(server, cluster)
    execute(cluster, "keel_owner", "record")
    assert "up to date" in good(server, "migrate")
    with as_role(cluster, "keel_server") as db:
        for statement in ("CREATE TABLE x ()", "DROP TABLE posts",
                          "TRUNCATE users", "DELETE FROM keel_migrations",
                          "ALTER TABLE users ADD x text"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                run(db, statement, ())

    admin, password = new_email(), new_password()
    good(server, "create-admin", admin, text=password)
    server.start()
    start_runner(server)
    with server.client() as client:
        user, _ = register(client)
        token = sign_in(client, user)
        post = client.post(POSTS, headers=bearer(token), json={
            "title": "A title", "content": "Some text"})
        assert post.status_code == 201, post.text
        listed = client.get("/api/v1/users", headers=bearer(sign_in(
            client, {"email": admin, "password": password})))
        assert listed.status_code == 200, listed.text
        assert listed.json()["total"] == 2
    wait_for_no_work(server)
    assert admin in good(server, "users")
    good(server, "set-role", user["email"], "staff")
    good(server, "end-sessions", user["email"])
    good(server, "unlock", user["email"])
    good(server, "reset-password", user["email"])
    assert good(server, "audit") != ""
    assert "good" in good(server, "check-config")

    server.stop()
    cluster.sql("REVOKE SELECT ON posts FROM keel_server", database="keel")
    refused(server, "permission denied for table posts", command="serve")
    cluster.sql("REVOKE SELECT ON keel_migrations FROM keel_server",
                database="keel")
    refused(server, "keel_migrations", command="serve")
    refused(server, "keel_migrations")
