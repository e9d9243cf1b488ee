# SPDX-License-Identifier: ISC
"""Which libraries a room may use, which layer may call which, and where SQL may
stand. The order of the rooms is in rooms.py."""

import os.path
import re

from _common import line_of, mask, read, run

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
LITERALS = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')
JOINT = re.compile(r'"\s*"')
# In capitals anywhere; in small letters, which prose uses too, at the start.
SQL = re.compile(
    r"\bSELECT\b.*\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\b.*\bSET\b"
    r"|\bDELETE\s+FROM\b"
    r"|^\"\s*(?:select\b.*\bfrom\b|insert\s+into\b|update\s+\w+\s+set\b"
    r"|delete\s+from\b|with\s+\w+\s+as\s*\()", re.S)

KORE = ("src/main.c", "src/app.c", "src/app_respond.c", "src/drain.c",
        "src/signals.c",
        "src/jobs_main.c", "src/jobs_listener.c", "src/pidfile.c",
        "src/coro/loop.c", "src/wire/", "src/request/offload.c",
        "src/schema/validator.c", "src/http/", "src/database/",
        "src/mail/mail_smtp.c", "src/middleware/", "src/openapi/")
LIBC = set(
    "assert ctype endian byteswap errno fcntl inttypes limits locale math "
    "poll pthread search signal stdalign stdarg stdatomic stdbool stddef "
    "stdint stdio stdlib stdnoreturn string strings threads time uchar "
    "unistd wchar wctype".split())
UTILS_ANGLE = re.compile(
    r"^(?:sys/[a-z]+|openssl/[a-z0-9_]+|netinet/in|arpa/inet|jansson|argon2"
    r"|crypt|idn2|uni(?:str|norm|type|ctype|case|name|conv|stdio|width|types)"
    r"|%s)\.h$" % "|".join(sorted(LIBC)))

# The files of a module that may not see its repository's header. Files that
# help the service, like users_passwords.c, count as the service.
NO_REPOSITORY = re.compile(r"_(?:router|schemas|validators|jobs)\.c$|\.h$")

# What a file of a module may not call in its own module, by its ending.
LADDER = {
    "router": ("repository",),
    "service": ("router",),
    "repository": ("router", "service"),
}


def resolve(path, name, files):
    """A quoted include, as a path from the top."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if beside in files or name.startswith(".") or (
            "/" not in name and f"src/{name}" not in files):
        return beside
    return os.path.normpath(f"src/{name}")


def module_of(path):
    match = re.match(r"src/modules/(\w+)/", path)
    return match.group(1) if match else None


def check_angle(path, name):
    if name.startswith("kore/") and not path.startswith(KORE):
        return "Kore's headers are for main.c and the rooms below modules"
    if re.search(r"(?:^|/)(?:libpq|pg_config|postgres)", name) and (
            not path.startswith("src/database/")):
        return "libpq is for src/database"
    if "ucontext" in name and path not in ("src/coro/stack_switch.c",
                                           "src/base/crash.c"):
        return "ucontext is for src/coro/stack_switch.c and src/base/crash.c"
    if path.startswith("src/utils/") and not UTILS_ANGLE.match(name):
        return f"utils may not include <{name}>"
    if name.startswith("curl/") and not path.startswith("src/mail/"):
        return "libcurl is for src/mail"
    return None


def check_quoted(path, target):
    mine, theirs = module_of(path), module_of(target)
    if mine and theirs and mine != theirs and (
            target != f"src/modules/{theirs}/{theirs}.h"):
        return f"module {mine} may include only {theirs}.h of {theirs}"
    if target.endswith("_repository.h") and theirs and (
            mine is None or NO_REPOSITORY.search(path)):
        return (f"{theirs}_repository.h is for the service, the repository and "
                f"the models of {theirs}")
    if path.endswith("_router.c") and target.startswith("src/database"):
        return "a router may not include the database: call a service"
    return None


def check_calls(path, text, modules):
    """A module's header declares its service for all, so calls are looked at.
    The repository has a header of its own, which check_quoted() keeps."""
    mine = module_of(path)
    if not mine or not path.endswith(".c"):
        return
    layer = re.search(r"_(router|service|repository)\.c$", path)
    below = LADDER.get(layer.group(1), ()) if layer else ()
    for other in modules:
        layers = below if other == mine else ("router", "repository")
        for name in layers:
            for call in re.finditer(rf"\b{other}_{name}_\w+\s*\(", text):
                yield (path, line_of(text, call.start()),
                       f"{call.group().rstrip(' (')}() may not be called "
                       "here: router -> service -> repository, and another "
                       "module only through its service")


def check(files):
    found = []
    modules = {module_of(path) for path in files} - {None}
    for path, text in files.items():
        code = mask(text)
        for match in INCLUDE.finditer(code):
            kind, name = match.groups()
            ours = f"src/{name}" in files
            if kind == "<" and not ours or re.match(r"kore/|libpq|ucontext",
                                                    name):
                message = check_angle(path, name)
            else:
                message = check_quoted(path, resolve(path, name, files))
            if message:
                found.append((path, line_of(code, match.start()), message))
        # The step of a migration writes its SQL itself: database/step.h.
        if not path.startswith("src/database/") and ".step =" not in code:
            for match in LITERALS.finditer(code):
                if SQL.search(JOINT.sub("", match.group())):
                    found.append((path, line_of(code, match.start()),
                                  "SQL belongs in sql/ or src/database"))
        found.extend(check_calls(path, mask(text, strings=True), modules))
    return found


def sample(path, text, message):
    return {path: text, "src/modules/posts/posts.h": ""}, message


BAD = [
    sample("src/modules/users/users_service.c",
           "#include <kore/http.h>\n", "Kore's headers"),
    sample("src/utils/a.c", '# include "kore/kore.h"\n', "Kore's headers"),
    sample("src/modules/users/users_repository.c",
           "#include <libpq-fe.h>\n", "libpq"),
    sample("src/app.c", "#include <ucontext.h>\n", "ucontext"),
    sample("src/utils/a.c", "#include <curl/curl.h>\n", "utils may not"),
    sample("src/jobs/jobs.c", "#include <curl/curl.h>\n", "libcurl"),
    sample("src/modules/users/users_service.c",
           '#include "modules/posts/posts_internal.h"\n', "only posts.h"),
    sample("src/modules/users/users_service.c",
           '#include "../posts/posts_internal.h"\n', "only posts.h"),
    sample("src/modules/posts/posts_router.c",
           '#include "database/database.h"\n', "a router may not"),
    ({"src/modules/posts/posts_router.c": "#include <database/database.h>\n",
      "src/database/database.h": ""}, "a router may not"),
    sample("src/modules/posts/posts_router.c",
           '#include "modules/posts/posts_repository.h"\n', "is for the"),
    sample("src/modules/posts/posts_router.c",
           '#include "posts_repository.h"\n', "is for the"),
    sample("src/modules/posts/posts_schemas.c",
           '#include "modules/posts/posts_repository.h"\n', "is for the"),
    sample("src/modules/posts/posts_jobs.c",
           '#include "modules/posts/posts_repository.h"\n', "is for the"),
    sample("src/modules/posts/posts_more.h",
           '#include "modules/posts/posts_repository.h"\n', "is for the"),
    sample("src/dependencies.c",
           '#include "modules/posts/posts_repository.h"\n', "is for the"),
    sample("src/modules/users/users_service.c",
           '#include "modules/posts/posts_repository.h"\n', "only posts.h"),
    sample("src/modules/posts/posts_service.c",
           'q("SELECT id "\n    "FROM users");\n', "SQL"),
    sample("src/http/a.c", 'q("delete from users");\n', "SQL"),
    sample("src/http/a.c", 'q("UPDATE users SET a = 1");\n', "SQL"),
    sample("src/http/a.c", 'q("insert into users");\n', "SQL"),
    sample("src/modules/posts/posts_router.c",
           "void\nf(void)\n{\n\tposts_repository_find(c);\n}\n", "router ->"),
    sample("src/modules/users/users_service.c",
           "void\nf(void)\n{\n\tposts_repository_find(c);\n}\n", "router ->"),
]
GOOD = [
    {
        "src/main.c": "#include <kore/kore.h>\n",
        "src/mail/mail_curl.c": "#include <curl/curl.h>\n",
        "src/database/database.c":
            '#include <libpq-fe.h>\nq("SELECT 1 FROM t");\n',
        "src/coro/stack_switch.c": "#include <ucontext.h>\n",
        "src/utils/jwt.c": "#include <openssl/evp.h>\n#include <stdio.h>\n"
                           '#include "base64url.h"\n#include "utils/utf8.h"\n',
        "src/utils/base64url.h": "",
        "src/utils/utf8.h": "",
        "src/modules/posts/posts.h": "",
        "src/modules/users/users.h": "",
        "src/modules/users/users_repository.h":
            '#include "modules/users/users.h"\n',
        "src/modules/users/users_repository.c":
            '#include "modules/users/users_repository.h"\n',
        "src/modules/users/users_models.c":
            '#include "users_repository.h"\n',
        "src/modules/users/users_passwords.c":
            '#include "modules/users/users_repository.h"\n',
        "src/modules/users/users_service.c":
            '/* #include <libpq-fe.h> "SELECT a FROM b" */\n'
            '#include "users.h"\n#include "modules/posts/posts.h"\n'
            '#include "modules/users/users_repository.h"\n'
            'e("Select a name from the list");\n'
            "\tposts_service_count(c);\n\tusers_repository_find(c);\n",
    },
]

if __name__ == "__main__":
    run(check, read("src/**/*.[ch]"), BAD, GOOD)
