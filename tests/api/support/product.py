# SPDX-License-Identifier: ISC
"""The product's names, from src/product.h; and the boundary of the tests. They
say "keel: " and KEEL_ in every project, so that they merge. In a project of
another name, what they give to a process is renamed here, and so is what they
read of one. Tokens, titles and what a response says are not: tests use NAME
and TITLE for these."""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))

KEEL, KEEL_PREFIX = "keel", "KEEL_"

LINE = re.compile(r'^#define\s+(\w+)(?:\(name\))?\s+("([^"]*)"( name)?|\w+)',
                  re.MULTILINE)
STRING = re.compile(r'\\(.)')


def read_names():
    """{macro: its text} of version.h and product.h."""
    names = {}
    for file in ("version.h", "product.h"):
        with open(os.path.join(ROOT, "src", file), encoding="utf-8") as f:
            for macro, value, text, _ in LINE.findall(f.read()):
                names[macro] = STRING.sub(r"\1", text) if value[0] == '"' \
                    else names[value]
    return names


NAMES = read_names()
NAME, TITLE, PREFIX = NAMES["PRODUCT"], NAMES["PRODUCT_TITLE"], NAMES["ENV"]
VERSION = NAMES["PRODUCT_VERSION"]


class Boundary:
    """Renames what passes between the tests and a product of these names."""

    def __init__(self, name, prefix):
        self.name, self.prefix = name, prefix
        self.is_keel = (name, prefix) == (KEEL, KEEL_PREFIX)
        inwards = [(r"\b%s(?=[A-Z]| is not a setting)" % prefix, KEEL_PREFIX),
                   (r"^%s: " % name, "keel: "),
                   (r"\bconf/%s(?=(-jobs|-migrate)?\.(service|socket))" % name,
                    "conf/keel")]
        self.texts = [(re.compile(this, re.MULTILINE), that)
                      for this, that in inwards]
        self.bytes = [(re.compile(this.encode(), re.MULTILINE), that.encode())
                      for this, that in inwards]

    def environment(self, environment):
        """What the tests call KEEL_X, as the product does."""
        return {self.prefix + name[len(KEEL_PREFIX):]
                if name.startswith(KEEL_PREFIX) else name: value
                for name, value in environment.items()}

    def shell(self, text):
        """A piece of shell that is run beside the product."""
        return text if self.is_keel else re.sub(
            r"\b%s(?=[A-Z])" % KEEL_PREFIX, self.prefix, text)

    def read(self, text):
        """What a process wrote, text or bytes, as Keel would."""
        if self.is_keel or text is None:
            return text
        for this, that in (self.texts if isinstance(text, str) else
                           self.bytes):
            text = this.sub(that, text)
        return text

    def file(self, path):
        """A file whose name has the product's."""
        return re.sub(r"^conf/keel(?=(-jobs|-migrate)?\.(service|socket)$)",
                      "conf/" + self.name, path)

    def metric(self, name):
        before = self.name + "_"
        return "keel_" + name[len(before):] if name.startswith(before) else name

    def sql(self, statement):
        """Statements find the product's sessions by their name."""
        return statement.replace("application_name = 'keel'",
                                 "application_name = '%s'" % self.name)


boundary = Boundary(NAME, PREFIX)


class Process(subprocess.Popen):
    """A process of a product that has another name than Keel. The tests' own
    programs in Python are as in Keel, and the description stays as clients get
    it."""

    def __init__(self, args, *more, env=None, **options):
        if isinstance(args, (list, tuple)) and args[0] != sys.executable:
            args = [boundary.shell(arg) if isinstance(arg, str) else arg
                    for arg in args]
            env = env and boundary.environment(env)
        super().__init__(args, *more, env=env, **options)

    def communicate(self, *arguments, **options):
        out, err = super().communicate(*arguments, **options)
        if not isinstance(self.args, list) or self.args[1:] != ["openapi"]:
            out = boundary.read(out)
        return out, boundary.read(err)


def watch_processes():
    """From now on, all processes are those of this product."""
    if not boundary.is_keel:
        subprocess.Popen = Process
