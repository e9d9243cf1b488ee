# SPDX-License-Identifier: ISC
"""Keel's own statements, as ./keel queries prints them, run without a server:
in a transaction in which now() stands still, and which changes nothing."""

import contextlib
import functools
import os
import re
import subprocess

import psycopg2

from server import BUILD, KEEL


@functools.lru_cache
def read_all():
    """Each statement, and the names of its parameters, by its name."""
    env = dict(os.environ, KEEL_BUILD=BUILD, KEEL_DATABASE_URL="host=/none")
    done = subprocess.run([KEEL, "queries"], env=env, text=True, timeout=60,
                          capture_output=True, check=True)
    return {name: (text, re.findall(r"\$\d+ ([\w.]+)", head))
            for head, name, text in re.findall(
                r'^(-- \$1 [^\n]*\n)?PREPARE "([^"]+)" AS\n(.*?);$'
                r'(?=\n\n(?:-- \$1 |PREPARE ")|\n?\Z)', done.stdout,
                re.M | re.S)}


def read_queries(file):
    """The texts of a file's statements, such as "jobs.claim", by name."""
    return {name: text for name, (text, _) in read_all().items()
            if name.startswith(file + ".")}


def names_of(name):
    """The names of $1, $2, ... of a statement."""
    return read_all()[name][1]


def in_order(name, params, named):
    """The values of $1, $2, ...; a name without a value is NULL."""
    names = names_of(name)
    assert set(named) <= set(names), (name, names)
    return params or [named.get(each) for each in names]


class Transaction:
    def __init__(self, connection):
        self.cursor = connection.cursor()
        self.prepared = set()

    def sql(self, statement, *params):
        """Any statement; returns its rows, if any."""
        self.cursor.execute(statement, params or None)
        return self.cursor.fetchall() if self.cursor.description else None

    def execute(self, before, name, params, named):
        params = in_order(name, params, named)
        if name not in self.prepared:
            self.sql('PREPARE "%s" AS %s' % (name, read_all()[name][0]))
            self.prepared.add(name)
        return self.sql('%sEXECUTE "%s"%s' % (before, name, "(%s)" % ", ".join(
            ["%s"] * len(params)) if params else ""), *[
                param if param is None else str(param) for param in params])

    def run(self, name, /, *params, **named):
        """Runs a statement, with parameters as text: all in their order, or by
        name. Returns its rows; of a statement without rows the number that it
        changed."""
        rows = self.execute("", name, params, named)
        return self.cursor.rowcount if rows is None else rows

    def plan(self, name, /, *params, **named):
        return "\n".join(line for line, in self.execute("EXPLAIN ", name,
                                                        params, named))

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
