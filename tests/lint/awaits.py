# SPDX-License-Identifier: ISC
"""A function that calls a function marked AWAITS is marked AWAITS itself."""

import re

from _common import line_of, mask, read, run

DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\([^)]*\)"
                    r"((?:[^\n\\]|\\.|\\\n)*)", re.M)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
HANDLER = re.compile(r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|JOB)"
                     r"\s*\(\s*(\w+)")
# A header: QUERY_ONE(users, find, user, id) declares users_repository_find(),
# and LISTS(users, list, user) declares users_list_respond().
QUERY = re.compile(r"\bQUERY_(?![A-Z_]*_NOW)[A-Z_]+"
                   r"\((\w+),\s*(\w+)[^;]*\)(?=;)")
LISTS = re.compile(r"\bLISTS\((\w+),\s*(\w+)[^;]*\)(?=;)")
DEFER = re.compile(r"\bdefer\s*\(\s*[^,()]+,\s*(\w+)")


def outermost(text):
    """(offset, head, body or None) of every declaration and definition."""
    start = depth = 0
    brace = None
    for match in re.finditer(r"[{};]", text):
        char = match.group()
        if char == "{":
            if depth == 0:
                brace = match.start()
            depth += 1
        elif char == "}":
            depth -= 1
            head = text[start:brace] if depth == 0 else ""
            if depth == 0 and head.rstrip().endswith((")", "AWAITS")):
                yield start, head, text[brace:match.end()]
                start = match.end()
        elif depth == 0:
            head = text[start:match.start()]
            yield start, head.split("{")[0], None
            start = match.end()


class Function:
    def __init__(self, path, text, offset, head, body):
        call = CALL.search(head)
        self.path = path
        self.name = call.group(1)
        self.line = line_of(text, offset + call.start())
        self.body = body
        self.body_line = line_of(text, offset + len(head))
        self.static = bool(re.search(r"\bstatic\b", head))
        self.awaits = bool(re.search(r"\bAWAITS\b", head))
        self.key = (path if self.static else "", self.name)


def parse(path, text):
    code = DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    code = ATTRIBUTE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)
    code = QUERY.sub(lambda m: f"int {m[1]}_repository_{m[2]}(int) AWAITS" +
                     "\n" * m.group().count("\n"), code)
    code = LISTS.sub(lambda m: f"int {m[1]}_{m[2]}_respond(int) AWAITS" +
                     "\n" * m.group().count("\n"), code)
    functions, handlers = [], set()
    for offset, head, body in outermost(code):
        # Each handler of a route, and each kind of job, runs in its own
        # coroutine.
        if body is None and re.match(r"\s*(?:\w+\s+)*(?:ROUTE|JOB)\s*\(",
                                     head):
            handlers |= {(path, name) for name in HANDLER.findall(head)}
        elif CALL.search(head) and "=" not in head:
            if not re.match(r"\s*typedef\b", head):
                functions.append(Function(path, code, offset, head, body))
    return functions, handlers


def check(files):
    functions, handlers, macros = [], set(), {}
    for path, text in files.items():
        text = mask(text, strings=True)
        more, rows = parse(path, text)
        functions += more
        handlers |= rows
        macros.update(DEFINE.findall(text))

    # The prototype has the mark; without a prototype, the definition.
    declared = {f.key for f in functions if f.body is None}
    awaits = {f.key for f in functions
              if f.awaits and (f.body is None or f.key not in declared)}
    size = -1
    while size != len(awaits):
        size = len(awaits)
        awaits |= {("", name) for name, body in macros.items()
                   if any(("", c) in awaits for c in CALL.findall(body))}

    def suspends(path, name):
        return (path, name) in awaits or (
            ("", name) in awaits and (path, name) not in statics)

    statics = {f.key for f in functions if f.static}
    found = []
    for f in functions:
        if f.body is None:
            continue
        for match in DEFER.finditer(f.body):
            if suspends(f.path, match.group(1)):
                found.append((f.path,
                              f.body_line + line_of(f.body, match.start()) - 1,
                              f"{match.group(1)}() may suspend: "
                              "it must not be deferred"))
        if f.key in awaits or (f.path, f.name) in handlers:
            continue
        for match in CALL.finditer(f.body):
            if suspends(f.path, match.group(1)):
                found.append((f.path,
                              f.body_line + line_of(f.body, match.start()) - 1,
                              f"{match.group(1)}() may suspend: "
                              f"{f.name}() must be AWAITS"))
                break
    return found


HEADER = "int db_one(struct ctx *, int) AWAITS;\n#define one(c) db_one(c, 1)\n"
BAD = [
    ({"a.h": HEADER, "a.c": "int\nf(struct ctx *c)\n{\n\treturn (" + call +
      ");\n}\n"}, "f() must be") for call in ("db_one(c, 1)", "one(c)")
] + [
    ({"a.h": HEADER + "int f(void);\n",
      "a.c": "AWAITS int\nf(void)\n{\n\tif (1) {\n\t\tdb_one(c, 2);\n\t}\n"
             "}\n"}, "f() must be"),
    ({"a.c": "static int g(int) AWAITS;\nstatic void\nf(void)\n{\n\tg(1);\n"
             "}\n"}, "f() must be"),
    ({"a.h": HEADER, "a.c": "static const int t[] = { 1, 2 };\n"
      "static void\nget(struct ctx *c)\n{\n\tdb_one(c, 1);\n}\n"
      "ROUTE(x,\n    POST(post, .status = 201));\n"}, "get() must be"),
    ({"a.h": "QUERY_MAYBE_ONE(users, find, user,\n    id);\n",
      "a.c": "void\nf(struct ctx *c)\n{\n\tusers_repository_find(c, id);\n"
             "}\n"}, "f() must be"),
    ({"a.h": "LISTS(users, list, user,\n    id);\n",
      "a.c": "void\nf(struct ctx *c)\n{\n\tusers_list_respond(c, id);\n"
             "}\n"}, "f() must be"),
    ({"a.c": "void g(void *) AWAITS;\nvoid\nf(struct ctx *c)\n{\n"
             "\tdefer(c, g, p);\n}\n"}, "must not be deferred"),
]
GOOD = [
    {"a.h": HEADER + "struct user *f(struct ctx *) AWAITS;\nvoid h(int);\n",
     "a.c": "/* db_one(c) */\nstruct user *\nf(struct ctx *c)\n{\n"
            "\treturn (db_one(c, 1));\n}\n"
            "void\nh(int i)\n{\n\tputs(\"db_one(c, 1)\");\n}\n"
            "static AWAITS void\ns(struct ctx *c)\n{\n\tf(c);\n}\n"
            "static void\nget(struct ctx *c)\n{\n\ts(c);\n}\n"
            "ROUTE(x,\n    PATH(id, T_UUID),\n    GET(get, .out = &o),\n"
            "    POST(post, .status = 201));\n"
            "static void\nwork(struct ctx *c)\n{\n\ts(c);\n}\n"
            "JOB(work, .every = 60);\n",
     "b.c": "static void\ns(void)\n{\n}\nvoid\nb(void)\n{\n\ts();\n}\n"},
]

if __name__ == "__main__":
    run(check, read("src/**/*.[ch]"), BAD, GOOD)
