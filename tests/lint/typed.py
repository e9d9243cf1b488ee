# SPDX-License-Identifier: ISC
"""gcc refuses a schema or a query with the wrong struct or type."""

import os
import re
import shlex
import subprocess

from _common import ROOT, read, run

ERROR = re.compile(r"^(\S+?):(\d+):\d+: (?:fatal )?error: (.*)$", re.M)


def flags():
    """The compiler flags in conf/build.conf that all flavours share."""
    text = (ROOT / "conf/build.conf").read_text().split("{")[0]
    found = re.findall(r"^cflags=(.*)$", text, re.M)
    return shlex.split(" ".join(found))


def check(files):
    """The errors of gcc; their place is often the header of a macro."""
    found = []
    command = ["gcc", "-fsyntax-only", *flags(), "-Isrc", "-x", "c", "-"]
    for path, text in files.items():
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False,
            cwd=ROOT, env={**os.environ, "LC_ALL": "C"})
        errors = [(path if where == "<stdin>" else where, int(line), message)
                  for where, line, message in ERROR.findall(done.stderr)]
        if done.returncode and not errors:
            errors = [(path, 1, done.stderr.strip().split("\n")[0])]
        found.extend(errors)
    return found


# Like the router, repository and schemas of a module. Each sample of BAD
# changes one line of it.
SNIPPET = """
#include "modules/users/users_repository.h"

struct sample {
	const char	*name;
	int64_t		 count;
	bool		 fine;
};

struct sample_list {
	const struct user	*items;
	size_t			 items_count;
};

SCHEMA_BODY(sample);

void	handler(struct ctx *, struct user *);
void	repository(struct ctx *) AWAITS;

static const struct member	sample_members[] = {
	FIELD(sample, name, T_STR, REQUIRED, "v_name"),
	FIELD(sample, count, T_INT, 0, NULL),
	FIELD(sample, fine, T_BOOL, 0, NULL),
};

SCHEMA(sample);

SCHEMA_RESPONSE(sample_list, sample_list);

static const struct member	sample_list_members[] = {
	LIST(sample_list, items, user),
};

SCHEMA(sample_list);

static const struct column	sample_columns[] = {
	COLUMN(sample, name, T_STR),
	COLUMN(sample, count, T_TIME),
};

MODEL(sample);

QUERY(users, by_name, user);

void
handler(struct ctx *c, struct user *user)
{
	const struct user_create	*in = user_create_body(c);

	users_service_create(c, in, NULL);
	user_respond(c, user);
}

void
repository(struct ctx *c)
{
	struct user	*one = db_one(c, users_by_name, "a");
	struct user	*maybe = db_maybe_one(c, users_by_name, "a", "b");
	size_t		 n;
	struct user	*many = db_many(c, users_by_name, &n);

	user_respond(c, one != NULL ? maybe : many);
}
"""
POINTER = "incompatible pointer type"
TYPE = "has another C type than "


def but(line, instead, message):
    assert SNIPPET.count(line) == 1, line
    return {"bad.c": SNIPPET.replace(line, instead)}, message


BAD = [
    but("const struct user_create	*in", "const struct user *in", POINTER),
    but("in = user_create_body(c)", "in = sample_body(c)", POINTER),
    but("user_respond(c, user);", "user_respond(c, in);", POINTER),
    but("user_respond(c, user);", "user_create_respond(c, in);", "implicit"),
    but("users_service_create(c, in,", "users_service_create(c, user,",
        POINTER),
    but("name, T_STR, REQUIRED", "count, T_STR, REQUIRED", TYPE),
    but("FIELD(sample, count, T_INT", "FIELD(sample, name, T_INT", TYPE),
    but("FIELD(sample, count, T_INT", "FIELD(sample, fine, T_INT", TYPE),
    but("FIELD(sample, fine, T_BOOL", "FIELD(sample, count, T_BOOL", TYPE),
    but("FIELD(sample, fine, T_BOOL", "FIELD(sample, name, T_UUID, 0, NULL),\n"
        "	FIELD(sample, fine, T_TIME", TYPE),
    but("FIELD(sample, fine", "FIELD(sample, other", "no member"),
    but("LIST(sample_list, items, user)", "LIST(sample_list, items, sample)",
        "is no const struct sample *"),
    but("COLUMN(sample, name, T_STR)", "COLUMN(sample, count, T_STR)", TYPE),
    but("COLUMN(sample, count, T_TIME)", "COLUMN(sample, name, T_TIME)", TYPE),
    but("by_name, user);", "by_name, sample);", POINTER),
    but("struct user	*one", "struct user_create *one", POINTER),
    but("struct user	*maybe", "struct sample *maybe", POINTER),
    but("struct user	*many", "struct sample *many", POINTER),
]
GOOD = [{"good.c": SNIPPET}]

if __name__ == "__main__":
    run(check, read("src/modules/*/*.h"), BAD, GOOD)
