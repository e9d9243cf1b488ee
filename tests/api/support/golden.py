# SPDX-License-Identifier: ISC
"""The description in tests/golden/openapi, which `make golden` writes: a file
for each tag with its paths, one for each component, and info.json for the rest.
So a project that adds a resource adds files, and a later version of Keel that
changes its own description can be merged. What a project adds is compared from
its first `make golden` on.

The product's names are not in it: a title, a version and authors of a project's
own make no difference, and names such as KEEL_PORT begin with KEEL_."""

import difflib
import json
import os
import re
import shutil

from description import describe
from product import NAME, PREFIX
from server import BUILD, ROOT, read_text

GOLDEN = os.path.join(ROOT, "tests/golden/openapi")


def parts(document):
    """{file: what is in it}"""
    rest = dict(document)
    paths, found = rest.pop("paths"), {}
    for tag in rest.pop("tags"):
        found["tags/%s.json" % tag["name"]] = {"tag": tag, "paths": {
            path: item for path, item in paths.items()
            if next(iter(item.values()))["tags"][0] == tag["name"]}}
    for kind, group in rest.pop("components").items():
        for name, part in group.items():
            found["components/%s/%s.json" % (kind, name)] = part
    rest["info"] = {key: value for key, value in rest["info"].items()
                    if key not in ("title", "version", "contact")}
    return found | {"info.json": rest}


# The beginnings of names that have the product's.
KEELS = {NAME + "_": "keel_", PREFIX: "KEEL_"}


def pages(document):
    """{file: its text}, to be read and compared line by line."""
    found = {}
    for name, part in parts(document).items():
        text = json.dumps(part, indent=1, ensure_ascii=False) + "\n"
        for own, keels in KEELS.items():
            text = re.sub(r"(?<![A-Za-z0-9_])" + own, keels, text)
        found[name] = text
    return found


def in_git():
    return {os.path.relpath(os.path.join(folder, name), GOLDEN): read_text(
        os.path.join(folder, name))
            for folder, _, names in os.walk(GOLDEN) for name in names}


def document_in_git():
    """The parts together again, without the project's names."""
    document = {"tags": [], "paths": {}, "components": {}}
    for name, text in in_git().items():
        *folders, file = name.split("/")
        part = json.loads(text)
        if name == "info.json":
            document |= part
        elif folders == ["tags"]:
            document["tags"].append(part["tag"])
            document["paths"] |= part["paths"]
        else:
            document["components"].setdefault(folders[1], {})[
                file.removesuffix(".json")] = part
    return document


def own_tags(document):
    """The tags of a project: their routes stand in its section of kore.conf."""
    section = re.search(
        r"Routes of your own project(.*?)End of your own routes",
        read_text(os.path.join(ROOT, "kore.conf")), re.S)[1]
    own = {plain(route.strip("^$")) for route in re.findall(
        r"^\s*route\s+(\S+)", section, re.M)}
    return {next(iter(item.values()))["tags"][0]
            for path, item in document["paths"].items() if plain(path) in own}


def plain(path):
    """Without the names of its parameters, or their regular expressions."""
    return re.sub(r"{\w+}|\([^()]*\)", "{}", path)


def not_described_yet(document, missing):
    """Those of the missing files that only a project's new resource needs."""
    own = {"tags/%s.json" % tag for tag in own_tags(document)} & set(missing)
    keels = json.dumps([part for name, part in parts(document).items()
                        if name not in own and name not in missing])
    return own | {name for name in missing
                  if name.startswith("components/schemas/") and own and
                  '/%s"' % os.path.basename(name).removesuffix(".json")
                  not in keels}


def difference(document):
    """What is different from tests/golden, as a diff."""
    golden, made = in_git(), pages(document)
    for name in not_described_yet(document, made.keys() - golden.keys()):
        del made[name]
    return "".join(
        line for name in sorted(golden.keys() | made.keys())
        for line in difflib.unified_diff(
            golden.get(name, "").splitlines(True),
            made.get(name, "").splitlines(True),
            "tests/golden/openapi/" + name, "./keel openapi", n=2))


if __name__ == "__main__":      # make golden
    new = pages(describe(BUILD).document)
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for made_name, made_text in new.items():
        file = os.path.join(GOLDEN, made_name)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "w", encoding="utf-8") as out:
            out.write(made_text)
