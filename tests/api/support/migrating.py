# SPDX-License-Identifier: ISC
"""A build with migrations of its own, databases that lack one of them, and
./keel migrate beside a test."""

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
import time

import psycopg2

from changed import changed_build
from cluster import run
from server import (KEEL, ROOT, read_text, session_processes,
                    signal_each)


def in_page(pattern):
    """The code of docs/migrations.md behind a line that matches."""
    [code] = re.findall("^" + pattern + r"\n```\w+\n(.*?)```\n", read_text(
        os.path.join(ROOT, "docs/migrations.md")), re.S | re.M)
    return code


def file_in_page(path):
    return in_page(re.escape("<!-- file: %s -->" % path))


FOLDER = "assets/sql/migrations/%s.sql"
SOURCE = "src/modules/posts/posts_later.c"
LOCK = 7597416839

# In the order of their numbers, from 1001 on.
FILES = {
    "column": "ALTER TABLE users ADD COLUMN later text;\n",
    "slow": "CREATE TABLE slow (id integer);\nSELECT pg_sleep(600);\n",
    "step": "ALTER TABLE posts ADD COLUMN letters integer;\n",
    "index": "-- Two statements; no transaction.\n"
             "CREATE INDEX CONCURRENTLY IF NOT EXISTS \"Later\"\n"
             "    ON public.users (lower(name));\n"
             "ALTER TABLE users ALTER COLUMN name SET STATISTICS 200",
    "unique": "CREATE UNIQUE INDEX CONCURRENTLY later_names ON users (name);"
              "\n",
    "two": "CREATE TABLE two (id integer);\n",
    "posts_slug": file_in_page(FOLDER % "1001_posts_slug"),
    "posts_slug_index": file_in_page(FOLDER % "1002_posts_slug_index"),
}
NAMES = {word: "%d_%s" % (1001 + i, word) for i, word in enumerate(FILES)}

# Counts the letters of each title, but not of one that has none.
STEP = """/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "database/step.h"

static void
count_letters(struct step *step)
{
	struct step_rows	*posts;
	char			 letters[24];

	posts = step_rows(step, "SELECT id, title FROM posts WHERE title <> $1 "
	    "ORDER BY id", "none");
	while (step_next(posts)) {
		if (strcmp(step_value(posts, 1), "wrong") == 0)
			step_fail(step, "%s is\\nwrong", step_value(posts, 1));
		if (strcmp(step_value(posts, 1), "slow") == 0)
			step_run(step, "SELECT pg_sleep(600)");
		if (strcmp(step_value(posts, 1), "error") == 0)
			step_run(step, "SELECT 1 / 0");
		snprintf(letters, sizeof(letters), "%zu",
		    strlen(step_value(posts, 1)));
		step_run(step, "UPDATE posts SET letters = $2 "
		    "WHERE id = $1", step_value(posts, 0), letters);
	}
	if (step_text(step, "SELECT 1 WHERE $1::text IS NOT NULL", NULL) !=
	    NULL || step_text(step, "SELECT NULL") != NULL ||
	    step_text(step, "SELECT 1 WHERE false") != NULL)
		step_fail(step, "NULL is not NULL");
}

"""
ALONE = ", .no_transaction = true"
OPTIONS = {"step": ", .step = count_letters", "index": ALONE, "unique": ALONE,
           "posts_slug_index": ALONE}
PAGE = "src/modules/posts/posts_slug.c"


@contextlib.contextmanager
def build_with_migrations(**more_files):
    """{path: text} of more_files replaces or adds files."""
    files = {FOLDER % NAMES[word]: text for word, text in FILES.items()}
    files[SOURCE] = STEP + "".join(
        "MIGRATION(%s%s);\n" % (name, OPTIONS.get(word, ""))
        for word, name in NAMES.items() if word != "posts_slug")
    files[PAGE] = file_in_page(PAGE).replace("1001_posts_slug",
                                             NAMES["posts_slug"])
    with changed_build(files=files | more_files) as build:
        yield build


def lacking(server, *words):
    """Records all but these as applied."""
    server.sql("DELETE FROM keel_migrations WHERE version > 1000")
    for word, name in NAMES.items():
        if word not in words:
            server.sql(
                "INSERT INTO keel_migrations (version, name, checksum) "
                "VALUES (%s, %s, %s)", int(name[:4]), name,
                hashlib.sha256(FILES[word].encode()).hexdigest())
    return server


def applied(server, word):
    return server.sql("SELECT count(*) FROM keel_migrations WHERE name = %s",
                      NAMES[word]) == [(1,)]


def sessions(server):
    """Those of ./keel in the server's database."""
    return server.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND "
        "application_name = 'keel'", server.database)


class Migrate:
    """./keel migrate, until the block ends."""

    def __init__(self, server, *arguments, **settings):
        self.folder = tempfile.mkdtemp(prefix="keel-migrate-")
        self.out = os.path.join(self.folder, "out")
        self.err = os.path.join(self.folder, "err")
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(
                [KEEL, "migrate", *arguments], stdout=out, stderr=err,
                env=server.environment() | settings,
                stdin=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        signal_each(session_processes(self.process.pid), 9)
        self.process.wait()

    def errors(self):
        return read_text(self.err)

    def output(self):
        return read_text(self.out)

    def wait_for(self, text, timeout=20):
        deadline = time.monotonic() + timeout
        while text not in self.errors() + self.output():
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < deadline, self.errors()
            time.sleep(0.02)

    def end(self, number=None, timeout=20):
        """Its exit status, after this signal."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(timeout)


@contextlib.contextmanager
def session(server, *statements, user="postgres", name="reader"):
    """Another client, which has run these in a transaction."""
    db = psycopg2.connect(host=server.cluster.socket, user=user,
                          port=server.cluster.port, dbname=server.database,
                          application_name=name)
    try:
        for statement in statements:
            run(db, statement, ())
        yield db
    finally:
        db.close()
