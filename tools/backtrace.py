# SPDX-License-Identifier: ISC
"""Reads a log, and names the functions and the lines of each crash in it.

usage: ./keel backtrace [FILE]     without FILE: the standard input

Needs the build that crashed: KEEL_BUILD, or one in .build. Exit status 1: there
is no crash in the log, a line of one cannot be read, or the build is another
one, so that its frames keep their addresses."""

import glob
import json
import os
import re
import stat
import subprocess
import sys

import output

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE_MAX = 1 << 16      # no event is that long
MARK = '"event":"crash"'

# What an event has, and what each member matches; None where it may be null.
TEXTS = {
    "time": r"[0-9TZ:.-]{1,40}",
    "request_id": r"(?s:.{1,64})",
    "signal": r"SIG[A-Z]{1,8}",
    "cause": r"(?s:.{1,80})",
    "address": r"0x[0-9a-f]{1,16}",
    "process": r"(?s:.{1,80})",
    "method": r"(?s:.{1,32})",
    "route": r"(?s:.{1,80})",
    "pattern": r"(?s:.{1,300})",
}
MAY_BE_NULL = {"request_id", "signal", "address", "method", "route", "pattern"}
FRAME = re.compile(r"(?:([^+\s]{1,80})\+)?0x([0-9a-f]{1,16})")
MODULE = {"name": r"[^+\s]{1,80}", "base": r"0x[0-9a-f]{1,16}",
          "build": r"[0-9a-f]{2,40}", "file": r"(?s:.{1,4096})"}

NT_GNU_BUILD_ID = 3


class Bad(Exception):
    """What is wrong with the input."""


def plain(text):
    """A log may come from anywhere: nothing in it may drive a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def check(event, number):
    """Raises Bad unless every member is as the server writes it."""
    def refuse(name):
        raise Bad("line %d: not a crash that the server has written: "
                  "its %s" % (number, name))

    if event.get("event") != "crash":
        refuse("event")
    for name, pattern in TEXTS.items():
        value = event.get(name)
        if not (value is None and name in MAY_BE_NULL or
                isinstance(value, str) and re.fullmatch(pattern, value)):
            refuse(name)
    if type(event.get("pid")) is not int:
        refuse("pid")
    for name in ("modules", "frames"):
        if not isinstance(event.get(name), list) or len(event[name]) > 100:
            refuse(name)
    for module in event["modules"]:
        if not isinstance(module, dict):
            refuse("modules")
        for name, pattern in MODULE.items():
            value = module.get(name)
            if not (value is None and name == "build" or
                    isinstance(value, str) and re.fullmatch(pattern, value)):
                refuse("modules")
    for frame in event["frames"]:
        if not isinstance(frame, str) or not FRAME.fullmatch(frame):
            refuse("frames")


def read_crashes(lines):
    """The crashes of a log, checked. A line may begin with what journalctl or
    another collector writes before the JSON."""
    found = []
    for number, line in enumerate(lines, 1):
        if MARK not in line:
            continue
        if len(line) > LINE_MAX:
            raise Bad("line %d: longer than any that the server writes" %
                      number)
        begin = line.find('{"time"')
        try:
            event = json.loads(line[max(begin, 0):])
        except (ValueError, RecursionError):
            raise Bad("line %d: the line of a crash, but cut off or damaged" %
                      number) from None
        if not isinstance(event, dict):
            raise Bad("line %d: not a crash that the server has written" %
                      number)
        check(event, number)
        found.append(event)
    if not found:
        raise Bad("no crash in this log: a line of one has " + MARK)
    return found


def notes(data, order):
    """(type, name, content) of each note of a section or segment."""
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = (int.from_bytes(data[i:i + 4], order)
                                 for i in range(at, at + 12, 4))
        name_end = at + 12 + name_size
        begin = at + 12 + (name_size + 3) // 4 * 4
        yield kind, data[at + 12:name_end], data[begin:begin + size]
        at = begin + (size + 3) // 4 * 4


def build_id(path):
    """The build id of an ELF file of 64 bits; None if it has none."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as f:
            head = f.read(64)
            if len(head) < 64 or head[:5] != b"\x7fELF\2":
                return None
            order = "little" if head[5] == 1 else "big"

            def number(data, at, size):
                return int.from_bytes(data[at:at + size], order)

            size, count = number(head, 54, 2), number(head, 56, 2)
            f.seek(number(head, 32, 8))
            table = f.read(size * count)
            for at in range(0, len(table), size or 1):
                row = table[at:at + size]
                if number(row, 0, 4) != 4:     # PT_NOTE
                    continue
                f.seek(number(row, 8, 8))
                for kind, name, content in notes(
                        f.read(min(number(row, 32, 8), LINE_MAX)), order):
                    if kind == NT_GNU_BUILD_ID and name == b"GNU\0":
                        return content.hex()
    except (OSError, OverflowError):
        pass
    return None


def candidates(module):
    """Where the file of a module may be."""
    name = module["name"]
    folder = os.environ.get("KEEL_BUILD")
    found = [os.path.join(folder, name)] if folder else []
    found.append(module["file"])
    if re.fullmatch(r"[\w.-]+", name):
        found += sorted(glob.glob(os.path.join(
            glob.escape(ROOT), ".build", "*", "*", name)))
    return found


def find_file(module, problems):
    """The module's file, with the same build; None after it has said why."""
    if module["build"] is None:
        problems.append("%s has no build id" % plain(module["name"]))
        return None
    others = []
    for path in candidates(module):
        found = build_id(path)
        if found == module["build"]:
            return path
        if found is not None:
            others.append("%s is %s" % (plain(path), found[:12]))
    problems.append("the build differs: the %s that crashed is %s, %s" % (
        plain(module["name"]), module["build"][:12],
        "; ".join(dict.fromkeys(others)) or "and there is none here"))
    return None


def run(*command):
    """What a program of binutils prints; "" if it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True,
                              errors="replace", timeout=60)
    except FileNotFoundError:
        raise Bad("%s is missing: it is in Debian's package binutils" %
                  command[0]) from None
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def shorten(place):
    """Without the folder of the build, whose src is a link."""
    found = re.match(r".*?/(src/[^:]*:\d+)", place)
    return found[1] if found else place


def lines_of(path, addresses):
    """{address: [(function, file:line), ...]} by the debug information, those
    that were inlined first."""
    text = run("addr2line", "-a", "-f", "-i", "-e", path,
               *("0x%x" % address for address in addresses))
    found, rows = {}, []
    for line in text.splitlines():
        if re.fullmatch(r"0x[0-9a-f]+", line):
            rows = found.setdefault(int(line, 16), [])
        else:
            rows.append(line)
    # Without debug information it guesses the symbol before.
    return {address: [(rows[i], shorten(rows[i + 1].partition(" (")[0]))
                      for i in range(0, len(rows) - 1, 2)]
            for address, rows in found.items()
            if re.search(r":\d+( \(|$)", rows[1])}


def symbols_of(path):
    """(address, size, name) of a file's functions: of all that it names, and
    at least of those that it exports."""
    found = []
    for line in (run("nm", "-S", "--defined-only", path) +
                 run("nm", "-D", "-S", "--defined-only", path)).splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "TtWwi":
            found.append((int(fields[0], 16), int(fields[1], 16),
                          fields[3].partition("@")[0]))
    return found


def symbol_at(symbols, address):
    for begin, size, name in symbols:
        if begin <= address < begin + size:
            return "%s+0x%x" % (name, address - begin)
    return None


def resolve(event, problems):
    """The lines to print for each frame: [[text, ...], ...]."""
    modules = {module["name"]: module for module in event["modules"]}
    frames = []
    for index, text in enumerate(event["frames"]):
        name, offset = FRAME.fullmatch(text).groups()
        # A return address is after the call, which may end a line.
        frames.append((text, name, int(offset, 16) - (index > 0)))
    lines, symbols = {}, {}
    for name in dict.fromkeys(name for _, name, _ in frames):
        if name not in modules:
            continue
        path = find_file(modules[name], problems)
        if path is None:
            continue
        lines[name] = lines_of(path, sorted({
            at for _, other, at in frames if other == name}))
        symbols[name] = symbols_of(path)
    found = []
    for text, name, at in frames:
        rows = ["%s at %s" % row for row in lines.get(name, {}).get(at, ())]
        if not rows:
            symbol = symbol_at(symbols.get(name, ()), at)
            rows = ["%s in %s" % (symbol, name) if symbol else text]
        found.append([plain(row) for row in rows])
    return found


def describe(event):
    """What is known besides the frames."""
    text = "%s: %s" % (event["signal"] or "no signal", event["cause"])
    if event["address"] is not None:
        text += " (address %s)" % event["address"]
    rows = [("crash", text), ("time", event["time"]),
            ("process", "%s, pid %d" % (event["process"], event["pid"]))]
    if event["route"] is not None or event["pattern"] is not None:
        rows.append(("route", " ".join(filter(None, (
            event["method"], event["pattern"], event["route"] and
            "(%s)" % event["route"])))))
    else:
        rows.append(("route", "none: it worked for no request and no job"))
    if event["request_id"] is not None:
        rows.append(("request", event["request_id"]))
    return ["%-8s %s" % (name, plain(value)) for name, value in rows]


def show(event):
    """Prints a crash; returns whether every build was found."""
    problems = []
    frames = resolve(event, problems)
    print("\n".join(describe(event)))
    for index, rows in enumerate(frames):
        print("#%-3d %s" % (index, rows[0]))
        for row in rows[1:]:
            print("     %s" % row)
    for problem in problems:
        print("keel: backtrace: " + problem)
    return not problems


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 2
    try:
        if arguments:
            with open(arguments[0], encoding="utf-8", errors="replace") as f:
                events = read_crashes(f)
        else:
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
            events = read_crashes(sys.stdin)
        good = True
        for index, event in enumerate(events):
            if index > 0:
                print()
            good &= show(event)
        return 0 if good else 1
    except OSError as error:
        print("keel: backtrace: cannot read %s: %s" % (
            plain(arguments[0] if arguments else "the standard input"),
            error.strerror), file=sys.stderr)
    except Bad as error:
        print("keel: backtrace: %s" % error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    output.run(lambda: main(sys.argv[1:]))
