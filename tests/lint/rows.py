# SPDX-License-Identifier: ISC
"""
A handler's row has what the handler uses: .in, .out, .if_match, a user. Every
ROUTE has a line in kore.conf, and every role is one of kore.conf's v_role. (The
start checks the same per file; this rule looks into each handler.)
"""

import re

from _common import line_of, mask, read, run

FUNCTION = re.compile(r"^(\w+)\(([^)]*)\)\n\{\n(.*?)^\}", re.M | re.S)
CALL = re.compile(r"\b(\w+)\s*\(")
ROUTE = re.compile(r"^ROUTE\(", re.M)
ROW = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\(\s*(\w+)")
DECLARED = {
    "body": re.compile(r"\bSCHEMA_(?:UPDATE_)?BODY(?:_OF)?\((\w+)"),
    "form": re.compile(r"\bSCHEMA_FORM(?:_OF)?\((\w+)"),
    "respond": re.compile(r"\bSCHEMA_RESPONSE\((\w+)"),
}
ROLES = re.compile(r"\b(?:require_role|self_or_role)\(([^()]*)\)|"
                   r"\.roles = \(const char \*const\[\]\)\{([^}]*)\}")
CHOICES = re.compile(r"^validator\s+v_role\s+regex\s+\^\(([\w|-]+)\)\$\s*$",
                     re.M)


def balanced(text, start):
    """The text from an opening parenthesis to its closing one."""
    depth = 0
    for match in re.finditer(r"[()]", text[start:]):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return text[start:start + match.end()]
    return text[start:]


def reach(name, functions):
    """All that a function calls, also in other functions of its file."""
    seen, todo = set(), [name]
    while todo:
        for call in CALL.findall(functions.get(todo.pop(), "")):
            if call not in seen:
                seen.add(call)
                todo.append(call)
    return seen


def used(calls, kind, names):
    return [call[:-len(kind) - 1] for call in sorted(calls)
            if call.endswith("_" + kind) and call[:-len(kind) - 1] in names]


def row_problems(row, calls, declared):
    """What the row of a handler that makes these calls lacks."""
    read_in = re.findall(r"\.in = &(\w+)_schema", row)
    schemas = re.findall(r"\b(\w+)_schema\b", row)
    inputs = [(name, kind) for kind in ("body", "form")
              for name in used(calls, kind, declared[kind])]
    for name, kind in inputs:
        if name not in read_in:
            yield f"calls {name}_{kind}(): write .in = &{name}_schema"
    for name in used(calls, "respond", declared["respond"]):
        if name not in schemas:
            yield f"calls {name}_respond(): write .out = &{name}_schema"
    for name in used(calls, "respond_created", declared["respond"]):
        if name not in schemas or ".status = 201" not in row:
            yield (f"calls {name}_respond_created(): write .out = "
                   f"&{name}_schema, .status = 201")
    for name in read_in:
        if name not in [name for name, _ in inputs]:
            yield f"has .in = &{name}_schema, and never reads it"
    compares = [call for call in calls if call.endswith("_precondition")]
    if compares and ".if_match = true" not in row:
        yield f"calls {compares[0]}(): write .if_match = true"
    if not compares and ".if_match = true" in row:
        yield "has .if_match, and calls no NAME_precondition()"
    if "current_user" in calls and ".auth = &public" in row:
        yield "calls current_user(): write .auth = &signed_in"


def check_router(path, text, declared, conf):
    masked = mask(text, strings=True)
    functions = {name: body for name, args, body in FUNCTION.findall(masked)}
    for match in ROUTE.finditer(masked):
        route = balanced(masked, match.end() - 1)
        name = re.match(r"\((\w+)", route).group(1)
        line = line_of(masked, match.start())
        if not re.search(r"^\s*route\s+\S+\s+%s\s*$" % name, conf, re.M):
            yield path, line, (
                f"ROUTE({name}) has no line `route PATH {name}` in kore.conf")
        for row in ROW.finditer(route):
            verb, handler = row.groups()
            calls = reach(handler, functions)
            problems = list(row_problems(
                balanced(route, row.end(1)), calls, declared))
            if "target_user" in calls and "PATH(user_id" not in route:
                problems.append("calls target_user(), and its ROUTE has no "
                                "PATH(user_id, T_UUID)")
            for problem in problems:
                yield (path, line_of(masked, match.start() + row.start()),
                       f"{verb}({handler}) {problem}")


def check_roles(path, text, choices):
    text = mask(text)
    for match in ROLES.finditer(text):
        for role in re.findall(r'"([^"]*)"', match.group()):
            if role not in choices:
                yield (path, line_of(text, match.start()),
                       f"the role {role} is not in kore.conf's v_role: "
                       + ", ".join(choices))


def check(files):
    headers = "\n".join(text for path, text in files.items()
                        if path.endswith(".h"))
    declared = {kind: set(pattern.findall(headers))
                for kind, pattern in DECLARED.items()}
    conf = files.get("kore.conf", "")
    choices = CHOICES.search(conf)
    found = []
    for path, text in files.items():
        if path.endswith(".c"):
            found.extend(check_router(path, text, declared, conf))
        if choices and path.endswith((".c", ".h")):
            found.extend(check_roles(path, text, choices[1].split("|")))
    return found


SAMPLE = {
    "kore.conf": "validator v_role regex ^(user|admin)$\n"
                 "route /notes notes\nroute /users users\n",
    "n.h": "SCHEMA_BODY(note_new);\nSCHEMA_FORM(note_form);\n"
           "SCHEMA_RESPONSE(note, note);\nSCHEMA_RESPONSE(list, list);\n",
    "n.c": """
static void
show(struct ctx *c, const struct note *note)
{
	note_respond(c, note);
}

static void
write_note(struct ctx *c)
{
	const struct note_new	*in = note_new_body(c);

	(void)note_precondition(c, NULL);
	(void)current_user(c);
	show(c, in);
}

static void
list_notes(struct ctx *c)
{
	list_respond(c, NULL);
}

static void
show_user(struct ctx *c)
{
	respond_body(c, 200, "text/plain", target_user(c));
}

ROUTE(notes,
    GET(list_notes, .auth = &public, .out = &list_schema),
    POST(write_note, .auth = require_role("admin"), .in = &note_new_schema,
	.if_match = true, HIDES(note_schema)));

ROUTE(users, PATH(user_id, T_UUID), GET(show_user));
""",
}


def but(line, instead, message, path="n.c"):
    assert SAMPLE[path].count(line) == 1, line
    return {**SAMPLE, path: SAMPLE[path].replace(line, instead)}, message


BAD = [
    but(" .in = &note_new_schema,", "", "POST(write_note) calls "
        "note_new_body(): write .in = &note_new_schema"),
    but("HIDES(note_schema)", "", "POST(write_note) calls note_respond(): "
        "write .out = &note_schema"),
    but("	note_respond(c, note)", "	note_respond_created(c, note)",
        "POST(write_note) calls note_respond_created(): write .out = "
        "&note_schema, .status = 201"),
    but(".out = &list_schema", "", "GET(list_notes) calls list_respond(): "
        "write .out = &list_schema"),
    but("note_new_body(c);", "NULL;", "POST(write_note) has .in = "
        "&note_new_schema, and never reads it"),
    but("note_new_body(c);", "note_form_form(c);", "POST(write_note) calls "
        "note_form_form(): write .in = &note_form_schema"),
    but(".if_match = true,", "", "POST(write_note) calls note_precondition(): "
        "write .if_match = true"),
    but("(void)note_precondition(c, NULL);", "", "POST(write_note) has "
        ".if_match, and calls no NAME_precondition()"),
    but('require_role("admin")', "&public", "POST(write_note) calls "
        "current_user(): write .auth = &signed_in"),
    but("PATH(user_id, T_UUID), ", "", "GET(show_user) calls target_user(), "
        "and its ROUTE has no PATH(user_id, T_UUID)"),
    but('require_role("admin")', 'require_role("user", "edtor")', "the role "
        "edtor is not in kore.conf's v_role: user, admin"),
    but('list_respond(c, NULL);', 'depend(c, self_or_role("boss"));',
        "the role boss is not in kore.conf's v_role: user, admin"),
    but("list_respond(c, NULL);", "static const struct dependency d = {"
        '.roles = (const char *const[]){ "admin", "bose", NULL } };',
        "the role bose is not in kore.conf's v_role: user, admin"),
    but("route /notes notes\n", "", "ROUTE(notes) has no line `route PATH "
        "notes` in kore.conf", "kore.conf"),
]
GOOD = [
    SAMPLE,
    # A project may have another rule for roles.
    {**SAMPLE, "kore.conf": SAMPLE["kore.conf"].replace(
        "regex ^(user|admin)$", "function v_role")},
]

if __name__ == "__main__":
    run(check, read("src/*.[ch]", "src/modules/*/*.[ch]", "kore.conf"), BAD,
        GOOD)
