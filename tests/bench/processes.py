# SPDX-License-Identifier: ISC
"""What a process and all that it has started use: CPU time, memory."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def read(path):
    """A file of /proc; empty if the process is gone."""
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def table():
    """{process id: (its parent's, CPU seconds)}: its own, and those of its
    children that have ended."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        fields = read("/proc/%s/stat" % pid).rpartition(")")[2].split()
        if fields:
            found[int(pid)] = (int(fields[1]),
                               sum(map(int, fields[11:15])) / TICKS)
    return found


def tree(root, processes=None):
    """The root and all below it, as process ids."""
    processes = processes or table()
    found, more = set(), {root} & set(processes)
    while more:
        found |= more
        more = {pid for pid, (parent, _) in processes.items()
                if parent in more} - found
    return found


def cpu(*roots):
    """The CPU seconds of each tree."""
    processes = table()
    return [sum(processes[pid][1] for pid in tree(root, processes))
            for root in roots]


def busy():
    """The CPU seconds of the whole machine that were used, or taken by
    others."""
    fields = list(map(int, read("/proc/stat").split("\n")[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def kilobytes(text, name):
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def pss(pid):
    """In kilobytes: what it shares with others counts in part."""
    return kilobytes(read("/proc/%d/smaps_rollup" % pid), "Pss")


def high_water(pid):
    """The most memory that it has ever had, in kilobytes: VmHWM."""
    return kilobytes(read("/proc/%d/status" % pid), "VmHWM")


def title(pid):
    """What ps shows, shortened; the jobs have no title of their own."""
    line = read("/proc/%d/cmdline" % pid).replace("\0", " ").strip()
    if line.startswith("kore ["):
        return line.partition("]")[0] + "]"
    if line.startswith("kore "):
        return "kore, the jobs"
    return " ".join(os.path.basename(word) for word in line.split()[:2])


def memory(root):
    """[(title, PSS, VmHWM)] of a tree, in kilobytes, the largest first."""
    return sorted(((title(pid), pss(pid), high_water(pid))
                   for pid in tree(root)), key=lambda row: -row[1])


def total_pss(root):
    return sum(pss(pid) for pid in tree(root))
