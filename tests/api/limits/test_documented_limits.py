# SPDX-License-Identifier: ISC
"""The rate limits that ./keel check-config prints are those of the table in
docs/limits.md: names, quotas, periods, and the networks that are counted."""

import os
import re

from server import ROOT, read_text

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
WIDER = {"24": 16, "56": 4, "48": 16}       # docs/limits.md: networks


def documented():
    """Each line that check-config prints for a limit: name, quota, period."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+)/([smhd]) \| (.*) \|$",
                      read_text(os.path.join(ROOT, "docs/limits.md")), re.M)
    for name, quota, period, counts in rows:
        yield name, int(quota), SECONDS[period]
        for network, times in WIDER.items():
            if "by account and address" in counts and network == "48":
                continue
            if "address" in counts and not name.startswith("recipient_"):
                yield "%s/%s" % (name, network), int(quota) * times, \
                    SECONDS[period]


def test_the_limits_are_those_of_the_documentation(make_server):
    done = make_server(KEEL_RATE_LIMITS=None).command("check-config")
    assert done.returncode == 0, done.stderr
    shown = re.findall(r"^([\w/]+) +(\d+) per (\d+) s(?:$|:)", done.stdout,
                       re.M)
    expected = sorted(documented())
    assert len(expected) > 20
    assert sorted((name, int(quota), int(period))
                  for name, quota, period in shown) == expected
