# SPDX-License-Identifier: ISC
"""
The rooms of src: their order, which is written here and nowhere else. Every
include goes down the order; what a room needs of a higher one is handed to it
at the start. No two files of a room call each other, directly or by way of
others, unless the head of one says why with "Calls back: ...".

With --write it makes docs/rooms.md, which the check compares.
"""

import collections
import os.path
import re
import sys

from _common import ROOT, TOKEN, line_of, mask, read, run

PAGE = "docs/rooms.md"

# From the lowest. A folder of src, or files of its top.
ORDER = (
    ("product", "the names that a project of its own changes",
     ("product.h", "version.h")),
    ("utils", "pure functions: no state, no Kore", ()),
    ("base", "memory, arena, JSON writer, log, crashes, metrics, faults, error "
     "kinds, registration, compiled-in files", ()),
    ("coro", "coroutines, and the loop that runs them", ()),
    ("wire", "the guard and TLS: what clients send, before Kore sees it", ()),
    ("request", "a request's ctx: raise, defer, offload, dependencies", ()),
    ("schema", "validators, fields, reading bodies, writing responses", ()),
    ("http", "routes, query, responses, conditional requests, pages, files",
     ()),
    ("database", "connections, queries, migrations: the only SQL client", ()),
    ("middleware", "bearer token, client address, request id, rate limits, "
     "pages of other origins (CORS), errors, access log", ()),
    ("jobs", "background work", ()),
    ("mail", "templates, messages, SMTP", ()),
    ("openapi", "the description of the API", ()),
    ("settings", "what the top offers to modules: settings, dependencies",
     ("config.h", "dependencies.h")),
    ("modules", "router, service, repository of each resource", ()),
    ("top", "Kore's hooks, commands, a request's way through the rooms", ()),
)
NAMES = [name for name, _, _ in ORDER]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<]?)([^">\n]+)', re.M)
# Assets have no header: kodev makes them.
EXTERN = re.compile(r"^[ \t]*extern\b(?![^\n]*\basset_)[^\n]*", re.M)
EXCUSE = re.compile(r"\A(?:/\*(?:(?!\*/).)*\*/\s*)*?/\*(?:(?!\*/).)*"
                    r"Calls back:", re.S)
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
DEFINED = re.compile(r"^(?!static\b|AWAITS static\b)[A-Za-z_][\w \t*]*\n"
                     r"(\w+)\([^;{}]*\)\n\{", re.M)
VARIABLE = re.compile(r"^(?!static\b|extern\b|typedef\b|return\b)(?:const\s+)?"
                      r"(?:struct\s+|enum\s+|unsigned\s+)?\w+[\s*]+"
                      r"(?:const\s+)?(\w+)(?:\[[^\n]*\])?(?:;|\s=)", re.M)
STRING_OR_NOT = re.compile(TOKEN.pattern + r'|[^"\'/]+|.', re.S)
SPELT = re.compile(r"(?<!\./)keel", re.I)


def room_of(path):
    """The room a file of src is in, or None for what is not of src."""
    if not path.startswith("src/"):
        return None
    parts = path.split("/")
    if len(parts) == 2:
        for name, _, files in ORDER:
            if parts[1] in files:
                return name
        return "top"
    return parts[1]


def includes(path, text, files):
    """(offset, path from the top) of every include of a file of ours, in
    quotes or not; None for the path of one that is a macro."""
    for match in INCLUDE.finditer(mask(text)):
        quote, name = match.groups()
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if not quote:
            yield match.start(), None
        elif quote == '"' and (beside in files or name.startswith(".")):
            yield match.start(), beside
        elif quote == '"' or f"src/{name}" in files:
            yield match.start(), f"src/{name}"


def check_order(files):
    for path, text in files.items():
        mine = room_of(path)
        if mine is None:
            continue
        if mine not in NAMES:
            yield path, 1, f"src/{mine} is no room of tests/lint/rooms.py"
            continue
        for offset, target in includes(path, text, files):
            theirs = target and room_of(target)
            if theirs not in NAMES:
                yield (path, line_of(text, offset),
                       "includes what is in no room")
                continue
            if NAMES.index(theirs) > NAMES.index(mine):
                yield (path, line_of(text, offset),
                       f"includes {target[4:]} upwards: {theirs} is above "
                       f"{mine}; let the start hand it down")


def check_prototypes(files):
    """What a file uses of another, it includes: else arrows are not seen."""
    for path, text in files.items():
        if room_of(path) is not None and path.endswith(".c"):
            for match in EXTERN.finditer(mask(text, strings=True)):
                yield (path, line_of(text, match.start()),
                       "extern belongs in a header")


def check_name(files):
    """A project has its own name in product.h, and nothing that it shows says
    Keel: no asset and no string. The rooms below the modules do not say it in
    comments either. The command ./keel has its name in every project."""
    for path, text in files.items():
        room = room_of(path)
        if room in ("settings", "modules", "top"):
            text = "".join(match.group() if match.group()[0] == '"' else
                           "\n" * match.group().count("\n")
                           for match in STRING_OR_NOT.finditer(text))
        elif room in (None, "product") and not path.startswith("assets/"):
            continue
        for match in SPELT.finditer(text):
            yield (path, line_of(text, match.start()),
                   f"spells out {match.group()}: use product.h")


def calls(files):
    """{file: {files of its room whose functions or variables it names}}"""
    owner = {}
    for path, text in files.items():
        if path.startswith("src/") and path.endswith(".c"):
            code = mask(text, strings=True)
            for pattern in (DEFINED, VARIABLE):
                for name in pattern.findall(code):
                    owner[room_of(path), name] = path
    graph = collections.defaultdict(set)
    for path, text in files.items():
        if path.startswith("src/") and path.endswith(".c"):
            for word in set(WORD.findall(mask(text, strings=True))):
                other = owner.get((room_of(path), word))
                if other is not None and other != path:
                    graph[path].add(other)
    return graph


def reach(graph, start):
    found, todo = set(), [start]
    while todo:
        for other in graph.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def check_circles(files):
    # A file that calls back says so; its calls do not count, those of others
    # do.
    graph = {path: found for path, found in calls(files).items()
             if not EXCUSE.match(files[path])}
    reached = {path: reach(graph, path) for path in list(graph)}
    for path in sorted(graph):
        if path not in reached[path]:
            continue
        circle = sorted(other for other in reached[path]
                        if path in reached.get(other, ()))
        if path == circle[0]:
            yield path, 1, "a circle of calls: " + ", ".join(
                other.rsplit("/", 1)[1] for other in circle)


def check_modules(files):
    """No two modules include each other, directly or by way of others."""
    graph = collections.defaultdict(set)
    for path, text in files.items():
        if not path.startswith("src/modules/"):
            continue
        for _, target in includes(path, text, files):
            if target and target.startswith("src/modules/"):
                mine, theirs = path.split("/")[2], target.split("/")[2]
                if mine != theirs:
                    graph[mine].add(theirs)
    for module in sorted(graph):
        if module in reach(graph, module):
            yield (f"src/modules/{module}", 1,
                   "a circle of modules: " + ", ".join(
                       sorted(reach(graph, module))))


def page(files):
    """docs/rooms.md: the rooms from the top down, and who includes whom."""
    arrows = collections.defaultdict(set)
    for path, text in files.items():
        mine = room_of(path)
        for _, target in includes(path, text, files):
            if target and room_of(target) not in (None, mine):
                arrows[mine].add(room_of(target))
    lines = [
        "# The rooms", "",
        "Every arrow goes down. `make rooms` makes this page from the includes "
        "of src;", "tests/lint/rooms.py has the order, and `make lint` refuses "
        "an include that goes up.", "",
        "| room | what is in it | includes |", "|---|---|---|",
    ]
    for name, what, own in reversed(ORDER):
        where = ", ".join(f"src/{file}" for file in own) or (
            "src/*.c and src/*.h" if name == "top" else f"src/{name}/")
        below = [other for other in reversed(NAMES) if other in arrows[name]]
        lines.append(f"| {name}: {where} | {what} | "
                     f"{', '.join(below) or '-'} |")
    return "\n".join(lines) + "\n"


def check_page(files):
    if PAGE in files and files[PAGE] != page(files):
        yield PAGE, 1, "is not what the includes say: run 'make rooms'"


def check(files):
    return [found
            for rule in (check_order, check_prototypes, check_name,
                         check_circles, check_modules, check_page)
            for found in rule(files)]


F = "int\n{}(void)\n{{\n\treturn ({});\n}}\n"
A = F.format("a", "b()")
B = F.format("b", "a()")
BAD = [
    ({"src/base/a.c": '#include "http/b.h"\n'}, "upwards"),
    ({"src/base/a.c": '#include "../http/b.h"\n', "src/http/b.h": ""},
     "upwards"),
    ({"src/base/a.c": "#include <http/b.h>\n", "src/http/b.h": ""},
     "upwards"),
    ({"src/base/a.c": "#include HEADER\n"}, "in no room"),
    ({"src/base/a.c": '#include "../../tests/unit/client.h"\n'},
     "in no room"),
    ({"src/base/a.c": "extern struct config config;\n"}, "in a header"),
    ({"src/wire/a.c": "/* SPDX */\n/* Calls back: b waits. */\n" + A,
      "src/wire/b.c": F.format("b", "a() + c()"),
      "src/wire/c.c": F.format("c", "b()")}, "a circle of calls: b.c, c.c"),
    ({"src/http/a.c": '#include "config.h"\n'}, "settings is above http"),
    ({"src/modules/m/m.c": '#include "app.h"\n'}, "top is above modules"),
    ({"src/stuff/a.c": ""}, "no room"),
    ({"src/wire/a.c": A, "src/wire/b.c": B}, "a circle of calls: a.c, b.c"),
    ({"src/wire/a.c": A, "src/wire/b.c": F.format("b", "c()"),
      "src/wire/c.c": F.format("c", "a()")}, "a.c, b.c, c.c"),
    ({"src/modules/m/m.c": '#include "modules/n/n.h"\n',
      "src/modules/n/n.h": '#include "modules/m/m.h"\n'},
     "a circle of modules"),
    ({"src/http/a.c": '#include "base/b.h"\n', PAGE: "old\n"}, "make rooms"),
    ({"src/http/a.c": "/* Keel's own. */\n"}, "spells out Keel"),
    ({"src/modules/m/m.c": 'char c = \'"\';\n/* "a" */ f("keel");\n'},
     "spells out keel"),
    ({"assets/mail/a.txt": "Keel\n"}, "spells out Keel"),
]
GOOD = [
    {"src/http/a.c": '#include "base/b.h"\n#include "a.h"\n',
     "src/http/a.h": "", "src/main.c": '#include "config.h"\n',
     "src/modules/m/m.c": '#include "config.h"\n',
     "src/wire/a.c": "/* SPDX */\n/* Calls back: b waits for a. */\n" + A,
     "src/wire/b.c": B,
     "src/base/a.c": A, "src/coro/b.c": B,
     "src/product.h": '#define PRODUCT "keel"\n',
     "src/app.c": '/* Keel\'s "keel". */\nf("./keel serve");\n',
     "src/base/c.c": F.format("c", "0") + "/* d() */\n",
     "src/base/d.c": F.format("d", "c()")},
]

if __name__ == "__main__":
    tree = read("src/**/*.[ch]", "assets/[adm]*/**/*.*", PAGE)
    if sys.argv[1:] == ["--write"]:
        tree.pop(PAGE, None)
        (ROOT / PAGE).write_text(page(tree))
    else:
        run(check, tree, BAD, GOOD)
