# SPDX-License-Identifier: ISC
"""A clock of a database that tests set: a function now() in a schema that is
found before PostgreSQL's own. Statements stay as they are. The defaults of
columns keep PostgreSQL's clock."""

CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.ahead (by interval NOT NULL);
INSERT INTO clock.ahead VALUES ('0');
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('clock.at', true), '')::timestamptz,
                    pg_catalog.now() + (SELECT by FROM clock.ahead))
$$;
GRANT USAGE ON SCHEMA clock TO PUBLIC;
GRANT SELECT ON clock.ahead TO PUBLIC;
"""
PATH = "clock, pg_catalog, public"


def set_up(sql, database):
    """Gives a database the clock; for connections that are made later."""
    sql(CLOCK)
    sql('ALTER DATABASE "%s" SET search_path = %s' % (database, PATH))


def jump(server, by):
    """Sets the clock, by an interval since it was right."""
    server.sql("UPDATE clock.ahead SET by = %s", by)


class Frozen:
    """The clock in a Transaction of queries.py: it stands where it is set."""

    def __init__(self, db):
        self.db = db
        db.sql(CLOCK)
        db.sql("SET LOCAL search_path = " + PATH)

    def set(self, moment):
        self.db.sql("SELECT set_config('clock.at', %s, true)",
                    moment.isoformat())
