# SPDX-License-Identifier: ISC
"""What the log may say: each event's level, members and messages. Every line of
every server in the tests is compared with this table."""

import re

from own import own

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
COMMON = ["time", "level", "event"]
TYPES = {"status": int, "bytes": int, "duration_us": int, "attempt": int,
         "ms": int, "again_in": int, "finished": int, "cut": int,
         "dropped": int, "client_gone": bool, "pid": int, "modules": list,
         "frames": list}
MAY_BE_NULL = {"request": {"route", "user"},
               "crash": {"request_id", "signal", "address", "method", "route",
                         "pattern"}}
LONGEST_US = 600 * 1000000  # more is no duration, but a time of day

REQUEST = ["request_id", "method", "path", "route", "status", "bytes",
           "duration_us", "client", "user", "client_gone"]
REFUSED = ["request_id", "status", "message", "client"]
JOB = ["request_id", "job", "kind", "attempt", "status", "ms"]
ERROR = ["error"]
AGAIN = ["again_in"]
TEXT = ["message"]
ASKED = ["request_id", "message"]
CRASH = ["request_id", "signal", "cause", "address", "process", "pid",
         "method", "route", "pattern", "modules", "frames"]

# SQLSTATE: a value does not fit; unavailable or read-only.
STATE = r"\S+: %s: (?s:.*)"
NO_FIT = "(22001|22003|22021)"
AWAY = "(08...|25006|53...|55P03|57...|58...)"

# (event, level, members, the message or None)
EVENTS = [
    ("request", "info", REQUEST, None),
    ("refused", "info", REFUSED, None),
    ("job", "info", JOB, None),
    ("job", "warning", JOB + ERROR, None),
    ("job", "warning", JOB + ERROR + AGAIN, None),
    ("job", "error", JOB + ERROR, None),
    ("error", "error", ASKED, None),
    ("unavailable", "warning", ASKED, None),
    ("unavailable", "warning", TEXT, "no memory or place for request "),
    ("integrity", "error", ASKED, STATE % "23..."),
    ("database", "warning", ASKED, STATE % NO_FIT),
    ("database", "warning", ASKED, STATE % AWAY),
    ("database", "warning", ASKED, r"\S+: committed here, but the synchronous "
     "standby may lack it: the wait for it was ended$"),
    ("database", "warning", TEXT, r"\S+: committed here, but the synchronous "
     "standby may lack it: the wait for it was ended$"),
    ("database", "warning", TEXT, "a statement that did not end in time: "
     "committed here, but the synchronous standby may lack it: "),
    ("database", "warning", ASKED, "a statement did not end in time: its "
     "connection is set aside until it ends$"),
    ("database", "warning", TEXT, "a statement did not end in time: its "
     "connection is set aside until it ends$"),
    ("database", "warning", TEXT, "PostgreSQL notes: "),
    ("database", "warning", TEXT, "a connection (was lost|failed): "),
    ("database", "warning", TEXT, "the connection of "
     "KEEL_DATABASE_LISTEN_URL (was lost|failed): "),
    ("database", "info", TEXT, "listening at KEEL_DATABASE_LISTEN_URL$"),
    ("database", "warning", TEXT, "cannot connect: "),
    ("database", "warning", TEXT, "the database is read-only: connecting"),
    ("database", "warning", TEXT, "the schema has changed: preparing every"),
    ("database", "warning", TEXT, "the database is at .* now$"),
    ("database", "warning", TEXT, "KEEL_[A-Z_]+: the address of .* is .* now"),
    ("database", "warning", TEXT, "KEEL_[A-Z_]+: .*: .*name resolution"),
    ("database", "warning", TEXT, "KEEL_[A-Z_]+: .*: Name or service not k"),
    ("database", "debug", TEXT, "connected$"),
    ("password", "error", ASKED, "the stored hash of user .* is of no known"),
    ("password", "error", ASKED, "cannot look passwords up in the file of "),
    ("lease", "warning", ASKED, "the job .* is another attempt's by now"),
    ("lease", "warning", TEXT, r"the job \S+ \(\w+\) is put back: its runner "
     r"has not renewed the lease for 20 seconds$"),
    ("sessions", "error", TEXT, "their last use is not stored: "),
    ("jobs", "debug", TEXT, None),
    ("jobs", "error", TEXT, None),
    ("jobs", "warning", TEXT, r"the database's clock was set back by about \d+ "
     "seconds: jobs that wait do not wait for longer$"),
    ("jobs", "warning", TEXT, r"\d+ job\(s\) of the kind .* wait since \S+: "
     "this version has no such kind, and after 7 days they are dead$"),
    ("jobs", "warning", TEXT, r"handing back \d+ that do not end"),
    ("jobs", "warning", ASKED, "No job runner was seen for a minute: "),
    ("jobs", "warning", TEXT, r"\w+ sends mail and does not say so.*"),
    ("proxy", "warning", TEXT, "X-Forwarded-For from .* is not believed"),
    ("proxy", "warning", TEXT, "a connection from .* was closed: its PROXY "
     "header is not valid: it"),
    ("proxy", "warning", TEXT, "a connection from .* was closed: without TLS, "
     "only proxies that KEEL_TRUSTED_PROXIES names"),
    ("mail", "warning", TEXT, "mails are from .*, which few servers take"),
    ("mail", "warning", ASKED, "not sent: its recipient has had as many"),
    ("start", "warning", TEXT, "KEEL_TLS_CERT is not set: "),
    ("certificate", "info", TEXT, ".* is new, and served from now on: "),
    ("certificate", "info", TEXT, ".* has not changed: "),
    ("certificate", "info", TEXT, "none is served: TLS is off$"),
    ("certificate", "warning", TEXT, r".*: (\d+ days? left|expired on|"
     "not valid before) "),
    ("certificate", "error", TEXT, "cannot use the (certificate|private key) "
     ".*: .*; the old pair is still served: "),
    ("worker", "error", TEXT, "a worker died and was started again$"),
    ("stop", "error", TEXT, "the key manager died$"),
    ("stop", "info", ["finished", "cut"], None),
    ("stop", "warning", ["finished", "cut"], None),
    ("stop", "info", TEXT, r"SIG[A-Z]+: draining$"),
    ("log", "warning", ["dropped", "message"], "lines were dropped: "),
    ("threads", "warning", TEXT, "cannot make a thread: "),
    ("crash", "error", CRASH, None),
]
for names in own("events"):     # a project's own: EVENTS, like these
    EVENTS += names["EVENTS"]
LEVELS = ["debug", "info", "warning", "error"]


def is_listed(event):
    members = list(event)[len(COMMON):]
    return any(
        (event["event"], event["level"], members) == (name, level, wanted) and
        (message is None or re.match(message, event["message"]))
        for name, level, wanted, message in EVENTS)


def problem_of(event, lowest="info"):
    """What is wrong with an event of a server with this KEEL_LOG_LEVEL."""
    if list(event)[:3] != COMMON or not TIME.fullmatch(event["time"]):
        return "does not begin as it should"
    if not is_listed(event):
        return "is in no row of events.py"
    if LEVELS.index(event["level"]) < LEVELS.index(lowest):
        return "is below the log's level"
    for name, value in event.items():
        wanted = TYPES.get(name, str)
        if name == "status" and event["event"] == "job":
            wanted = str
        if not (type(value) is wanted or value is None and
                name in MAY_BE_NULL.get(event["event"], ())):
            return "has a wrong type of %s" % name
    if not 0 <= event.get("duration_us", 0) < LONGEST_US:
        return "did not take that long"
    if event["event"] == "job" and (event["status"] == "dead") != (
            event["level"] == "error"):
        return "has not the level of its status"
    return None
