# SPDX-License-Identifier: ISC
"""Keel's own statements, of sql/queries, run without a server: in a transaction
in which now() stands still, and which changes nothing."""

import contextlib
import os
import re

import psycopg2

from server import ROOT, read_text


def read_queries(file):
    """The texts of a file's sections, such as "jobs.claim", by name."""
    text = read_text(os.path.join(ROOT, "sql/queries/%s.sql" % file))
    return dict(re.findall(r"^-- name: (\S+)\n(.*?)(?=^-- name: |\Z)", text,
                           re.M | re.S))


def find_query(name):
    return read_queries(name.partition(".")[0])[name]


class Transaction:
    def __init__(self, connection):
        self.cursor = connection.cursor()
        self.prepared = set()

    def sql(self, statement, *params):
        """Any statement; returns its rows, if any."""
        self.cursor.execute(statement, params or None)
        return self.cursor.fetchall() if self.cursor.description else None

    def execute(self, before, name, params):
        if name not in self.prepared:
            self.sql('PREPARE "%s" AS %s' % (name, find_query(name)))
            self.prepared.add(name)
        return self.sql('%sEXECUTE "%s"%s' % (before, name, "(%s)" % ", ".join(
            ["%s"] * len(params)) if params else ""), *[
                param if param is None else str(param) for param in params])

    def run(self, name, *params):
        """Runs a section, with parameters as text. Returns its rows; of a
        statement without rows the number that it changed."""
        rows = self.execute("", name, params)
        return self.cursor.rowcount if rows is None else rows

    def plan(self, name, *params):
        return "\n".join(line for line, in self.execute("EXPLAIN ", name,
                                                        params))

    @contextlib.contextmanager
    def undone(self):
        """What is done inside does not count; an error may end it."""
        self.sql("SAVEPOINT before")
        yield
        self.sql("ROLLBACK TO before")


@contextlib.contextmanager
def begin(cluster, database):
    db = psycopg2.connect(host=cluster.socket, port=cluster.port,
                          user="postgres", dbname=database)
    try:
        yield Transaction(db)
        db.rollback()
    finally:
        db.close()
