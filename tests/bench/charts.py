# SPDX-License-Identifier: ISC
"""Draws the charts of docs/performance.md from a run's own figures.

usage: charts.py RESULTS.json FOLDER

`make bench` has written RESULTS.json. Each chart is an SVG of bars, in light or
dark colours, as its reader's system says."""

import html
import json
import os
import statistics
import sys

WIDTH, LEFT, RIGHT = 760, 200, 90       # of the chart, of its labels and values
BAR, STEP, TOP = 18, 28, 64
FONT = "font-family='system-ui,sans-serif' font-size='13'"
STYLE = """<style>
:root { color-scheme: light dark }
text { fill: #1f2328 } .axis { stroke: #8c959f } .paper { fill: #ffffff }
.c0 { fill: #0969da } .c1 { fill: #bf8700 } .c2 { fill: #1a7f37 }
.c3 { fill: #8250df } .c4 { fill: #cf222e } .c5 { fill: #57606a }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #0d1117 }
.c0 { fill: #58a6ff } .c1 { fill: #d29922 } .c2 { fill: #3fb950 }
.c3 { fill: #bc8cff } .c4 { fill: #ff7b72 } .c5 { fill: #8b949e }
}
</style>"""


def text(x, y, words, more=""):
    return "<text x='%.1f' y='%.1f' %s>%s</text>" % (
        x, y, more, html.escape(words))


def draw(title, parts, rows, write):
    """rows: [(label, [a value of each part])], drawn as bars of these parts,
    with write(sum) at their ends."""
    height = TOP + STEP * len(rows) + 12
    most = max(sum(values) for _, values in rows)
    scale = (WIDTH - LEFT - RIGHT) / most
    out = ["<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' "
           "width='%d' height='%d' role='img' %s>" % (
               WIDTH, height, WIDTH, height, FONT),
           "<title>%s</title>" % html.escape(title), STYLE,
           "<rect class='paper' width='100%' height='100%'/>",
           text(12, 24, title, "font-weight='bold'")]
    place = LEFT
    for number, part in enumerate(parts):
        out.append("<rect class='c%d' x='%d' y='36' width='12' height='12'/>" %
                   (number, place))
        out.append(text(place + 18, 47, part))
        place += 34 + 8 * len(part)
    for number, (label, values) in enumerate(rows):
        y = TOP + STEP * number
        out.append(text(LEFT - 10, y + 14, label, "text-anchor='end'"))
        x = LEFT
        for part, value in enumerate(values):
            out.append("<rect class='c%d' x='%.1f' y='%d' width='%.1f' "
                       "height='%d'/>" % (part, x, y, value * scale, BAR))
            x += value * scale
        out.append(text(x + 8, y + 14, write(sum(values))))
    out.append("<line class='axis' x1='%d' y1='%d' x2='%d' y2='%d'/></svg>" %
               (LEFT, TOP - 4, LEFT, height - 10))
    return "\n".join(out) + "\n"


def grouped(rows, section, side="keel"):
    """{title: rows of all rounds}"""
    found = {}
    for row in rows:
        if row["section"] == section and side in (None, row["side"]):
            found.setdefault(row["title"], []).append(row)
    return found


def median(rows, name):
    return statistics.median(row[name] for row in rows)


def draw_costs(rows):
    """Sign-ins would be a hundred times as long as all others."""
    bars = [(title, [median(found, name) * 1000
                     for name in ("keel_cpu", "database_cpu")])
            for title, found in grouped(rows, "workloads").items()
            if found[0]["name"] not in ("sign_in", "users", "posts_total")]
    return bars and draw("CPU time of a request, in microseconds",
                         ["Keel", "PostgreSQL"], bars, "{:.0f}".format)


def draw_profile(rows):
    found = [row for row in rows if row["section"] == "profile" and
             row["side"] == "keel"]
    if not found:
        return None
    bars = [(name, [found[0]["us"] * share / 100])
            for share, name, _ in found[0]["libraries"] if share >= 0.5]
    return draw("Where Keel's %.0f microseconds of GET /users/{id} go" %
                found[0]["us"], [], bars, "{:.1f}".format)


def draw_growth(rows):
    groups = {}
    for row in rows:
        if row["section"] == "growth":
            groups.setdefault(row["side"], []).append(row)
    bars = [(label, [median(found, "rps")])
            for label, found in groups.items()]
    return bars and draw("GET /users/{id}: requests in a second", [], bars,
                         "{:,.0f}".format)


def draw_memory(rows):
    found = [row for row in rows if row["section"] == "memory" and
             row["side"] == "keel"]
    if not found:
        return None
    bars = [(title, [pss / 1024]) for title, pss, _ in found[0]["after"]
            if pss > 1024]
    return draw("Memory at rest after all loads: PSS in MB", [], bars,
                "{:.1f}".format)


CHARTS = {"costs": draw_costs, "profile": draw_profile,
          "growth": draw_growth, "memory": draw_memory}


def main(path, folder):
    with open(path) as f:
        rows = json.load(f)["rows"]
    os.makedirs(folder, exist_ok=True)
    for name, drawn in CHARTS.items():
        svg = drawn(rows)
        if svg:
            with open(os.path.join(folder, name + ".svg"), "w") as f:
                f.write(svg)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
