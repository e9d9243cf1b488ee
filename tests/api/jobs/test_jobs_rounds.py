# SPDX-License-Identifier: ISC
"""The rounds of scheduled kinds, by the statements that runners run and a clock
that the test sets: when each begins over a change of the clocks, and what a
change of the schedule or a wrong clock makes of it."""

import datetime
import random
import uuid
import zoneinfo

import pytest

from db_clock import Frozen
from helpers import measured
from queries import begin
from sizes import size

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
UTC = datetime.timezone.utc

# A zone, a time of day, the first local day, and when each round begins (UTC):
# day, hour and minute. A * marks the day of the change.
TABLE = [
    ("Europe/Berlin", "02:30", "2027-03-25",   # 02:00 becomes 03:00
     "25 01:30, 26 01:30, 27 01:30, *28 01:30, 29 00:30, 30 00:30, 31 00:30"),
    ("Europe/Berlin", "02:30", "2027-10-28",   # 03:00 becomes 02:00
     "28 00:30, 29 00:30, 30 00:30, *31 01:30, 01 01:30, 02 01:30, 03 01:30"),
    ("Europe/Berlin", "03:30", "2027-03-25",
     "25 02:30, 26 02:30, 27 02:30, *28 01:30, 29 01:30, 30 01:30, 31 01:30"),
    ("Europe/Berlin", "03:30", "2027-10-28",
     "28 01:30, 29 01:30, 30 01:30, *31 02:30, 01 02:30, 02 02:30, 03 02:30"),
    ("America/New_York", "02:30", "2027-03-11",
     "11 07:30, 12 07:30, 13 07:30, *14 07:30, 15 06:30, 16 06:30, 17 06:30"),
    ("America/New_York", "01:30", "2027-11-04",
     "04 05:30, 05 05:30, 06 05:30, *07 06:30, 08 06:30, 09 06:30, 10 06:30"),
    ("Australia/Lord_Howe", "02:15", "2027-09-30",   # 02:00 becomes 02:30
     "29 15:45, 30 15:45, 01 15:45, *02 15:45, 03 15:15, 04 15:15, 05 15:15"),
    ("Australia/Lord_Howe", "01:45", "2027-04-01",   # 02:00 becomes 01:30
     "31 14:45, 01 14:45, 02 14:45, *03 15:15, 04 15:15, 05 15:15, 06 15:15"),
    # There is no midnight, or it comes twice.
    ("America/Sao_Paulo", "00:00", "2018-11-01",
     "01 03:00, 02 03:00, 03 03:00, *04 03:00, 05 02:00, 06 02:00, 07 02:00"),
    ("America/Sao_Paulo", "23:30", "2018-02-14",
     "15 01:30, 16 01:30, 17 01:30, *18 02:30, 19 02:30, 20 02:30, 21 02:30"),
    ("Africa/Cairo", "00:30", "2023-04-25",
     "24 22:30, 25 22:30, 26 22:30, *27 22:30, 28 21:30, 29 21:30, 30 21:30"),
    ("Asia/Beirut", "00:00", "2022-03-24",
     "23 22:00, 24 22:00, 25 22:00, *26 22:00, 27 21:00, 28 21:00, 29 21:00"),
    # The 30th was left out: it and the 31st have one round.
    ("Pacific/Apia", "03:30", "2011-12-27",
     "27 13:30, 28 13:30, 29 13:30, *30 13:30, 31 13:30, 01 13:30, 02 13:30"),
]


@pytest.fixture(scope="module")
def database(cluster, template):
    return cluster.database(template)


@pytest.fixture
def db(cluster, database):
    with begin(cluster, database) as db:
        db.clock = Frozen(db)
        yield db


def moment(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def begins(zone, time, day):
    """By Python: of a time that a day lacks or has twice, the one with the
    smaller offset."""
    times = [datetime.datetime.combine(
        day, datetime.time.fromisoformat(time),
        zoneinfo.ZoneInfo(zone)).replace(fold=fold) for fold in (0, 1)]
    return min(times, key=lambda t: t.utcoffset()).astimezone(UTC)


def daily(db, at, time="03:30", zone="UTC", kind="a"):
    """A runner asks at this time; is there a job, and the time until the
    next round."""
    db.clock.set(at)
    [(added, wait)] = db.run("jobs.schedule_daily", id=uuid.uuid4(),
                             kind=kind, daily=time, zone=zone)
    return added, datetime.timedelta(milliseconds=wait)


def every(db, at, seconds, kind="a"):
    db.clock.set(at)
    [(added, wait)] = db.run("jobs.schedule", id=uuid.uuid4(), kind=kind,
                             every=seconds)
    return added, datetime.timedelta(milliseconds=wait)


def hourly(db, at):
    return every(db, at, 3600)


def rounds(db, start, end, **how):
    """When two runners store jobs, who ask when the next round begins and at
    least every seven hours."""
    found = []
    while start < end:
        added, wait = daily(db, start, **how)
        again, _ = daily(db, start, **how)
        assert added in (0, 1) and again == 0 and wait > datetime.timedelta()
        found += [start] * added
        start += min(wait, 7 * HOUR)
    return found


@pytest.mark.parametrize("zone, time, first, table", TABLE, ids=[
    "%s-%s-%s" % row[:3] for row in TABLE])
def test_each_day_has_its_round(db, zone, time, first, table):
    day = datetime.date.fromisoformat(first)
    expected = [text.strip("* ") for text in table.split(",")]
    by_python = sorted({begins(zone, time, day + i * DAY) for i in range(8)})
    start = by_python[0] - DAY / 2
    daily(db, start, time, zone)      # a new kind waits for its time
    found = rounds(db, start, by_python[0] + 6 * DAY + 2 * HOUR, time=time,
                   zone=zone)
    shown = ["%02d %02d:%02d" % (t.day, t.hour, t.minute) for t in found]
    measured.append("%s, daily at %s: %s (UTC)" % (zone, time, ", ".join(
        mark + text for mark, text in zip(
            ["*" if "*" in each else "" for each in table.split(",")],
            shown))))
    assert shown == expected
    assert found == by_python[:7]
    assert db.sql("SELECT count(*) FROM jobs WHERE kind = 'a'") == [(7,)]


def test_rounds_in_many_zones(db):
    """Near changes of the clocks, against Python."""
    chance = random.Random(19)
    names = sorted(name for name in zoneinfo.available_timezones()
                   if "/" in name)
    known = {name for name, in db.sql("SELECT name FROM pg_timezone_names")}
    cases = []
    while len(cases) < size(300, 20000):
        zone = chance.choice(names)
        tz = zoneinfo.ZoneInfo(zone)
        noon = datetime.datetime(chance.randint(1995, 2036), 1, 1, 12)
        days = [noon + i * DAY for i in range(366)]
        offsets = [day.replace(tzinfo=tz).utcoffset() for day in days]
        changes = [day for day, a, b in zip(days, offsets, offsets[1:])
                   if a != b]
        if zone in known and changes:
            at = chance.choice(changes).replace(tzinfo=tz).astimezone(UTC) + \
                chance.randint(-20, 40) * HOUR
            time = "%02d:%02d" % (chance.choice((23, 0, 1, 2, 3)),
                                  chance.choice((0, 15, 30, 45)))
            cases.append((at, time, zone))
    ats, times, zones = zip(*cases)
    found = db.sql(
        "SELECT r.* FROM unnest(%s::timestamptz[], %s::time[], %s) WITH "
        "ORDINALITY AS t (at, daily, zone, n), keel_rounds(at, daily, zone) "
        "r ORDER BY n", list(ats), list(times), list(zones))
    assert len(found) == len(cases)
    for (at, time, zone), (last, day, following) in zip(cases, found):
        today = at.astimezone(zoneinfo.ZoneInfo(zone)).date()
        of_day = {today + i * DAY: begins(zone, time, today + i * DAY)
                  for i in range(-3, 4)}
        assert (last, day) == max((t, d) for d, t in of_day.items()
                                  if t <= at), (at, time, zone)
        assert following == min(t for t in of_day.values() if t > at)


def test_a_round_of_two_days_is_the_later_one_s(db):
    """Apia left out the 30th: its round is the 31st's, too."""
    day = "SELECT day::text FROM keel_rounds('2011-12-30T20:00Z', '03:30', " \
        "'Pacific/Apia')"
    assert db.sql(day) == [("2011-12-31",)]


def test_a_new_daily_kind_waits_for_its_time(db):
    at = moment("2027-05-10T12:00")
    assert daily(db, at) == (0, 15.5 * HOUR)
    assert daily(db, at + 15.5 * HOUR - HOUR / 3600)[0] == 0
    assert daily(db, at + 15.5 * HOUR) == (1, DAY)


def test_rounds_that_were_missed_are_one(db):
    at = moment("2027-05-10T12:00")
    daily(db, at)
    every(db, at, 3600, "b")
    assert daily(db, at + 9 * DAY)[0] == 1
    assert daily(db, at + 9 * DAY)[0] == 0
    assert every(db, at + 9 * DAY, 3600, "b")[0] == 1
    assert every(db, at + 9 * DAY, 3600, "b")[0] == 0


CHANGES = [
    # The schedule before, the one after, when it came, the rounds after that.
    ("03:30 UTC", "05:00 UTC", "10 04:00", "11 05:00, 12 05:00"),
    ("05:00 UTC", "03:30 UTC", "10 04:00", "10 04:00, 11 03:30, 12 03:30"),
    ("05:00 UTC", "03:30 UTC", "10 03:00", "10 03:30, 11 03:30, 12 03:30"),
    ("03:30 UTC", "03:00 UTC", "10 04:00", "11 03:00, 12 03:00"),
    ("03:30 UTC", "03:30 Europe/Berlin", "10 03:00",
     "10 03:00, 11 01:30, 12 01:30"),
    ("03:30 Europe/Berlin", "03:30 UTC", "10 03:00", "11 03:30, 12 03:30"),
    # It is the 11th there, twelve hours before.
    ("03:30 UTC", "03:30 Pacific/Auckland", "10 12:00",
     "10 15:30, 11 15:30, 12 15:30"),
]


@pytest.mark.parametrize("before, after, when, expected", CHANGES)
def test_a_changed_schedule(db, before, after, when, expected):
    """It neither skips the round of a local day nor has a second one."""
    start, end = moment("2027-05-07T12:00"), moment("2027-05-13T00:00")
    change = datetime.datetime.strptime("2027-05-%s+0000" % when,
                                        "%Y-%m-%d %H:%M%z")
    first, second = [dict(zip(("time", "zone"), how.split()))
                     for how in (before, after)]
    assert len(rounds(db, start, change, **first)) in (2, 3)
    found = rounds(db, change, end, **second)
    assert ["%02d %02d:%02d" % (t.day, t.hour, t.minute)
            for t in found] == expected.split(", ")


def test_a_kind_that_becomes_daily(db):
    """It has had its rounds of today."""
    at = moment("2027-05-10T02:00")
    hourly(db, at)
    assert rounds(db, at, at + 2 * DAY) == [at + DAY + 1.5 * HOUR]
    assert hourly(db, at + 2 * DAY) == (1, HOUR)
    assert db.sql("SELECT day FROM job_schedules") == [(None,)]


@pytest.mark.parametrize("ask, period", [(hourly, HOUR), (daily, DAY)])
@pytest.mark.parametrize("ahead", [0.4, 1, 1.5, 2.5, 24, 1000])
def test_a_clock_that_was_ahead(db, ask, period, ahead):
    """By so many periods, for a while. Set right, it does not repeat the round
    of before, and goes on with the next one that was not stored."""
    at = moment("2027-05-10T03:30" if ask == daily else "2027-05-10T03:00")
    ask(db, at - 2 * period)
    for t in (at - period, at):
        assert ask(db, t)[0] == 1
    wrong = at + period / 10 + ahead * period
    ran = ask(db, wrong)[0]
    assert ran == (ahead >= 1)
    assert ask(db, at + period / 5)[0] == 0
    found = [n for n in range(1, 5) if ask(db, at + n * period)[0]]
    assert found == ([2, 3, 4] if 1 <= ahead < 2 else [1, 2, 3, 4])


@pytest.mark.parametrize("ask, period", [(hourly, HOUR), (daily, DAY)])
def test_a_clock_that_was_ahead_for_long(db, ask, period):
    """Nobody knows the round before any more: there is one at once."""
    at = moment("2027-05-10T03:30" if ask == daily else "2027-05-10T03:00")
    ask(db, at)
    for n in 1000, 1001, 1002:
        assert ask(db, at + n * period)[0] == 1
    assert ask(db, at + period / 2)[0] == 1
    assert ask(db, at + period / 2)[0] == 0
    assert ask(db, at + period)[0] == 1


def test_the_zones_that_are_known(db):
    for zone, known in (("Europe/Berlin", True), ("UTC", True),
                        ("Europe/Berln", False), ("CEST", False),
                        ("Nowhere5", False), ("", False)):
        assert db.run("jobs.zone_is_known", zone=zone) == [(known,)]
