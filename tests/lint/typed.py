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
#define DEFINE_QUERIES
#include "modules/users/users_repository.h"

struct sample {
	const char	*name;
	int64_t		 count;
	bool		 fine;
	enum bool_or_null	 sure;
};

struct sample_list {
	const struct user	*items;
	size_t			 items_count;
	const struct sample	*best;
};

struct sample_update {
	struct sample		 to;
	struct member_set	 set;
};

struct sample_create {
	struct sample	 sample;
	const char	*word;
};

SCHEMA_BODY(sample);
SCHEMA_BODY(sample_update);
SCHEMA_BODY_OF(sample_replace, sample_update);
SCHEMA_BODY(sample_create);
SCHEMA_DECLARE(entry, sample);
SCHEMA_DECLARE(entry_item, sample);

void	handler(struct ctx *, struct user *);
void	repository(struct ctx *) AWAITS;

static const struct member	sample_members[] = {
	MEMBER(sample, name, T_STR, REQUIRED),
	MEMBER(sample, count, T_INT, OUT),
	MEMBER(sample, fine, T_BOOL, OUT),
	MEMBER(sample, sure, T_BOOL, OUT | OR_NULL),
};

SCHEMA(sample);
SCHEMA_PATCH(sample_update, sample, .only = NAMES("name"));
SCHEMA_LIKE(sample_replace, sample_update, .required = true);
SCHEMA_EXTENDS(sample_create, sample, .also = MEMBERS(
	MEMBER(sample_create, word, T_STR, 0)));
SCHEMA_LIKE(entry, sample);
SCHEMA_LIKE(entry_item, entry, .sparse = true);

SCHEMA_RESPONSE(sample_list, sample_list);

static const struct member	sample_list_members[] = {
	LIST(sample_list, items, user),
	OBJECT(sample_list, best, sample, OUT | OPTIONAL),
};

SCHEMA(sample_list);

LISTS(samples, found, sample, owner);
LIST_QUERY_BY_CURSOR(samples, found, sample, .sort = "count");
LISTS(samples, shown, entry);
LIST_QUERY_FIELDS(samples, shown, entry, entry_item, .sort = "count",
    .fields = NAMES("name"));

QUERY_ONE(samples, one, user, name);
QUERY_EXEC_FROM(samples, change, sample_update, version);
QUERY(samples, by_name, user, name);

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
	struct user	*one = samples_repository_one(c, "a");
	struct user	*maybe = db_maybe_one(c, samples_by_name, "a");
	size_t		 n;
	struct user	*many = db_many(c, samples_by_name, &n, "a");

	samples_repository_change(c, sample_update_body(c), NULL);
	samples_found_respond(c, one->id);
	user_respond(c, one != NULL ? maybe : many);
}
"""
POINTER = "incompatible pointer type"
TYPE = "has another C type than "
NUMBER = "has another number of parameters"


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
    but("MEMBER(sample, count, T_INT", "MEMBER(sample, name, T_INT", TYPE),
    but("MEMBER(sample, count, T_INT", "MEMBER(sample, fine, T_INT", TYPE),
    but("MEMBER(sample, fine, T_BOOL", "MEMBER(sample, count, T_BOOL", TYPE),
    but("MEMBER(sample, fine, T_BOOL", "MEMBER(sample, name, T_UUID, 0),\n"
        "	MEMBER(sample, fine, T_TIME", TYPE),
    but("MEMBER(sample, fine, T_BOOL, OUT)",
        "MEMBER(sample, fine, T_BOOL, OUT | OR_NULL)",
        "is a T_BOOL and OR_NULL, and no enum bool_or_null"),
    but("MEMBER(sample, sure, T_BOOL, OUT | OR_NULL)",
        "MEMBER(sample, sure, T_BOOL, OUT)", TYPE),
    but("MEMBER(sample, fine", "MEMBER(sample, other", "no member"),
    but("MEMBER(sample, fine, T_BOOL, OUT)",
        "MEMBER(sample, fine, T_BOOL, OPTIONAL)", "is OPTIONAL, and no text"),
    but("LIST(sample_list, items, user)", "LIST(sample_list, items, sample)",
        "is no const struct sample *"),
    but("OBJECT(sample_list, best, sample,", "OBJECT(sample_list, best, user,",
        "is no const struct user *"),
    but("OBJECT(sample_list, best, sample, OUT | OPTIONAL)",
        "OBJECT(sample_list, best, sample, OUT | OR_NULL)",
        "is an OBJECT: it is OUT, OPTIONAL or SPARSE"),
    but("FIELDS(samples, shown, entry, entry_item,",
        "FIELDS(samples, shown, entry, user,",
        "has another struct than entry"),
    but("SCHEMA_PATCH(sample_update, sample,",
        "SCHEMA_PATCH(sample_update, user,", "does not begin with that"),
    but("SCHEMA_LIKE(sample_replace, sample_update,",
        "SCHEMA_LIKE(sample_replace, sample,", "has another struct than"),
    but("SCHEMA_EXTENDS(sample_create, sample,",
        "SCHEMA_EXTENDS(sample_create, user,", "no member named"),
    but("BY_CURSOR(samples, found, sample, .sort",
        "BY_CURSOR(samples, found, user, .sort", "has other rows than user"),
    but("found_respond(c, one->id)", "found_respond(c)", "too few arguments"),
    but("found_respond(c, one->id)", "found_respond(c, one)", POINTER),
    but("QUERY_ONE(samples, one, user, name)",
        "QUERY_ONE(samples, one, sample, name)", POINTER),
    but("QUERY_ONE(samples, one, user, name)",
        "QUERY_ONE(samples, one, user)", "too many arguments"),
    but("samples_repository_change(c, sample_update_body(c), NULL)",
        "samples_repository_change(c, sample_body(c), NULL)", POINTER),
    but("by_name, user, name);", "by_name, sample, name);", POINTER),
    but("by_name, user, name);", "by_name, user, name, email);", NUMBER),
    but("struct user	*one", "struct user_create *one", POINTER),
    but("struct user	*maybe", "struct sample *maybe", POINTER),
    but("struct user	*many", "struct sample *many", POINTER),
    but('db_maybe_one(c, samples_by_name, "a")',
        'db_maybe_one(c, samples_by_name, "a", "b")', NUMBER),
    but('&n, "a")', "&n)", NUMBER),
]
GOOD = [{"good.c": SNIPPET}]

if __name__ == "__main__":
    run(check, read("src/modules/*/*.h"), BAD, GOOD)
