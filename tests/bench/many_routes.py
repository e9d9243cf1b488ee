# SPDX-License-Identifier: ISC
"""A build with as many routes as a large project has. It is made of a copy of
the tree, with one more router; kore.conf says how many of its routes count."""

import os
import re
import subprocess
import sys

from sides import Failed
from server import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests"))

from tree import copy_tree  # noqa: E402

FEW, MANY = 20, 200
FOLDER = os.path.join(ROOT, ".build/bench/routes")
MARK = "\t# End of your own routes.\n"
ROUTE = re.compile(r"^\troute\s+(\S+)\s+(\w+)\n", re.M)
PARAMS = r"^\tparams qs:\w+ %s \{\n(?:\t\t.*\n)*\t\}\n"
# What the requests of the measurement need, and what the code names.
NEEDED = {"healthz", "readyz", "users_collection", "users_item", "auth_token",
          "posts_collection", "posts_item", "not_found"}

HEAD = """/* SPDX-License-Identifier: ISC */
/* Made by tests/bench/many_routes.py: routes that nobody asks for. */

#include "http/respond.h"
#include "http/routes.h"
#include "modules/health/health.h"

ROUTER(bench, "Routes to measure how long it takes to find another one.");
"""
PAIR = """
static void
bench_list_%(n)d(struct ctx *c)
{
	respond_empty(c, 204);
}

static void
bench_read_%(n)d(struct ctx *c)
{
	respond_empty(c, 204);
}

ROUTE(bench_collection_%(n)d, GET(bench_list_%(n)d, .auth = &public,
    .status = 204, .doc = "Nothing."));
ROUTE(bench_item_%(n)d, PATH(thing_id, T_UUID), GET(bench_read_%(n)d,
    .auth = &public, .status = 204, .doc = "Nothing."));
"""
LINES = """\
	route	/api/v1/things_%(n)d	bench_collection_%(n)d
	route	^/api/v1/things_%(n)d/([^/]+)$	bench_item_%(n)d
"""


def split(text):
    """kore.conf before, in, and after the domain of the API."""
    begin = text.index("\tattach\t\tapi\n")
    end = text.index("\n}\n", begin)
    return text[:begin], text[begin:end + 1], text[end + 1:]


def count_routes(text):
    return len(ROUTE.findall(split(text)[1]))


def grow(text, pairs):
    """With the routes of so many resources, where a project has its own."""
    if MARK not in text:
        raise Failed("kore.conf lacks the place for a project's own routes")
    return text.replace(MARK, "".join(
        LINES % {"n": n} for n in range(pairs)) + MARK, 1)


def shrink(text, most):
    """Only the first routes of the API, and those that are needed."""
    before, domain, after = split(text)
    names = [name for _, name in ROUTE.findall(domain)]
    kept = set(NEEDED)
    kept |= set([name for name in names if name not in kept][
        :most - len(kept)])
    for path, name in ROUTE.findall(domain):
        if name not in kept:
            domain = re.sub(PARAMS % re.escape(path), "", domain, flags=re.M)
    domain = ROUTE.sub(lambda m: m[0] if m[2] in kept else "", domain)
    return before + domain + after


def make_build(folder, build, text):
    """A build folder like another one, with this kore.conf."""
    target = os.path.join(folder, "keel")
    os.makedirs(target)
    for name in os.listdir(build):
        if name != "kore.conf":
            os.symlink(os.path.realpath(os.path.join(build, name)),
                       os.path.join(target, name))
    with open(target + "/kore.conf", "w") as f:
        f.write(text)
    return target


def make_builds(folder):
    """[(how many routes, build folder)]: few, many; of one module."""
    copy_tree(FOLDER, "prod")
    with open(os.path.join(ROOT, "kore.conf")) as f:
        text = f.read()
    pairs = (MANY - count_routes(text)) // 2
    router = os.path.join(FOLDER, "src/modules/bench")
    os.makedirs(router)
    with open(router + "/bench_router.c", "w") as f:
        f.write(HEAD + "".join(PAIR % {"n": n} for n in range(pairs)))
    clean = {name: value for name, value in os.environ.items()
             if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    made = subprocess.run(["make", "build", "FLAVOR=prod"], cwd=FOLDER,
                          env=clean, text=True, capture_output=True)
    if made.returncode != 0:
        raise Failed("the copy with %d routes does not compile:\n%s%s" % (
            MANY, made.stdout, made.stderr))
    build = os.path.join(FOLDER, ".build/prod/keel")
    return [(count_routes(conf), make_build(
        os.path.join(folder, name), build, conf)) for name, conf in (
            ("few", shrink(text, FEW)), ("many", grow(text, pairs)))]
