# SPDX-License-Identifier: ISC
"""The figures of all rounds as tables: medians, with the least and the greatest
in parentheses. They are Markdown, so that they can be copied into a page."""

import statistics

HEADING = ("workload", "side", "req/s", "p50 ms", "p99 ms", "CPU keel",
           "CPU PostgreSQL", "others", "failed")


def number(value):
    """Three or four significant digits, as people write them."""
    if value >= 1000:
        return "{:,.0f}".format(value)
    if value >= 100:
        return "%.0f" % value
    if value >= 10:
        return "%.1f" % value
    return "%.2f" % value if value >= 1 else "%.3f" % value


def spread(values, write=number):
    """The median, and how far the others are from it."""
    middle = write(statistics.median(values))
    if len(values) == 1:
        return middle
    return "%s (%s to %s)" % (middle, write(min(values)), write(max(values)))


def print_table(heading, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heading, *rows)]
    line = "| " + " | ".join("%%-%ds" % width for width in widths) + " |"
    print(line % tuple(heading))
    print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for row in rows:
        print(line % tuple(row))
    print(flush=True)


def values(rows, name, /, **which):
    """What the rows with these members have, round by round."""
    return [row[name] for row in rows
            if all(row[key] == value for key, value in which.items())]


def distinct(rows, name):
    return list(dict.fromkeys(row[name] for row in rows))


def ratio(first, second):
    """The ratio of the medians, and the ratios of the single rounds."""
    rounds = [a / b for a, b in zip(first, second)]
    whole = statistics.median(first) / statistics.median(second)
    if len(rounds) == 1:
        return "%.3f" % whole
    return "%.3f (%.3f to %.3f)" % (whole, min(rounds), max(rounds))


def timed_row(rows, title, label):
    def of(name):
        return values(rows, name, title=title, side=label)

    return [title, label, spread(of("rps")), spread(of("p50_ms")),
            spread(of("p99_ms")), spread(of("keel_cpu")),
            spread(of("database_cpu")), "%.2f" % max(of("others")),
            sum(of("failures"))]


def print_timed(rows):
    """A line for each workload and side; CPU is seconds for 1,000 requests,
    `others` how many processors somebody else used at most."""
    print_table(HEADING, [
        timed_row(rows, title, label) for title in distinct(rows, "title")
        for label in distinct(rows, "side")
        if values(rows, "rps", title=title, side=label)])


def print_failures(rows):
    """Which kinds of failures there were, if any."""
    for row in rows:
        if row["failures"]:
            print("%s, %s, round %d: %d responses of 400 or more, %d broken "
                  "connections, %d responses later than 20 s" % (
                      row["title"], row["side"], row["round"], row["refused"],
                      row["broken"], row["late"]))


def print_ratios(rows, first, second):
    """How the first side compares with the second one."""
    print_table(("workload", "%s / %s: req/s" % (first, second), "CPU keel",
                 "CPU PostgreSQL", "p99"), [[title] + [
                     ratio(*(values(rows, name, title=title, side=label)
                             for label in (first, second)))
                     if min(values(rows, name, title=title)) > 0 else "-"
                     for name in ("rps", "keel_cpu", "database_cpu",
                                  "p99_ms")]
                     for title in distinct(rows, "title")])


def print_calls(found):
    """found: [(title, side, {system call: how many a request}, all by perf)]"""
    print_table(("workload", "side", "all", "by perf",
                 "each that is more than 0.01"), [
        [title, label, "%.2f" % sum(calls.values()),
         "-" if by_perf is None else "%.2f" % by_perf, ", ".join(
            "%s %.2f" % item for item in calls.items() if item[1] > 0.01)]
        for title, label, calls, by_perf in found])


def megabytes(kilobytes):
    return "%.1f" % (kilobytes / 1024)


def print_memory(label, at_start, peaks, after):
    """at_start, after: [(title, PSS, VmHWM)]; peaks: {title: PSS}."""
    print("%s: MB at the start, of each process" % label)
    print_table(("process", "PSS", "VmHWM"), [
        (title, megabytes(pss), megabytes(high))
        for title, pss, high in at_start] + [
            ("all", megabytes(sum(row[1] for row in at_start)),
             megabytes(sum(row[2] for row in at_start)))])
    print("%s: PSS of all processes in MB" % label)
    print_table(("when", "PSS"), [
        ("at most during " + title, megabytes(peak))
        for title, peak in peaks.items()] + [
            ("at rest after all", megabytes(sum(row[1] for row in after)))])


def print_shares(cost, libraries, functions):
    """What each has of the CPU time of a request, in microseconds."""
    print_table(("library", "us", "%"), [
        (name, "%.2f" % (cost * share / 100), "%.1f" % share)
        for share, name, _ in libraries])
    print_table(("library", "function", "us", "%"), [
        (name, function, "%.2f" % (cost * share / 100), "%.1f" % share)
        for share, name, function in functions])
