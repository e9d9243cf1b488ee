# SPDX-License-Identifier: ISC
"""./keel new-resource: writes the files of a resource, which are then yours.
docs/adding-a-resource.md explains each of them."""

import argparse
import datetime
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import fields
import names
import output
import render
from names import Refused

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates/resource"

FIRST_OWN = 1001                # the first migration of a project
REFERABLE = ("users", "posts")  # of Keel's tables
FIELDS_MOST = 30                # what a struct member_set has, with two ids
STATEMENT_LONGEST = 63          # what PostgreSQL keeps of its name
BODY_DEFAULT = 131072           # http_body_max of kore.conf
BODY_LONGEST = 4 * 1024 * 1024  # what a row of ROUTE may have

# Template, path, and the language that says how a long line is broken.
FILES = [
    ("migration.sql", "sql/migrations/{migration}.sql", "sql"),
    ("queries.sql", "sql/queries/{many}.sql", "sql"),
    ("header.h", "src/modules/{many}/{many}.h", "c"),
    ("models.c", "src/modules/{many}/{many}_models.c", "c"),
    ("repository.h", "src/modules/{many}/{many}_repository.h", "c"),
    ("service.c", "src/modules/{many}/{many}_service.c", "c"),
    ("router.c", "src/modules/{many}/{many}_router.c", "c"),
    ("test_unit.c", "tests/unit/modules/{many}/test_{many}_router.c", "c"),
    ("test_api.py", "tests/api/{many}/test_{many}.py", "py"),
    ("access.txt", "tests/api/{many}/access.txt", "txt"),
]

# Template, the file that gets it, and the line that it stands above; None is
# the end of the file.
INSERTED = [
    ("validators.conf", "kore.conf", "# End of your own validators."),
    ("routes.conf", "kore.conf", "\t# End of your own routes."),
    ("resources.md", "docs/resources.md", None),
]


class Resource:
    """What the templates ask for; fields.py has the fields."""

    uuid = fields.UUID

    def __init__(self, many, one, owner, shared, tables, migration):
        self.many, self.one = many, one
        self.owner, self.shared = owner, shared
        self.private = owner and not shared
        self.staff = not owner
        self.tables = tables
        self.migration = migration
        self.fields = []
        self.words = one.replace("_", " ")
        self.Words = self.words.capitalize()
        self.many_words = many.replace("_", " ")
        self.Many = self.Many_words = self.many_words.capitalize()
        self.a_words = names.with_article(self.words)
        self.var = "row" if one in ("c", "in", "id", "version", "actor") \
            else one
        self.target = "own" if shared else "target"
        self.writers = "WRITERS" if self.staff else "&signed_in"
        self.write_raises = "&ERR_FORBIDDEN, &ERR_NOT_FOUND" if shared \
            else "&ERR_NOT_FOUND"
        self.who = "the user who wrote it" if self.private else \
            "signed-in users read, the one who wrote it and admins change" \
            if shared else "signed-in users read, staff and admins change"
        self.item = "%s/{%s_id}" % (many, one)

    def take(self, texts):
        for text in texts:
            field = fields.parse(self, text)
            if field.column in [other.column for other in self.fields] or \
                    self.owner and field.column == "owner_id":
                raise Refused("%s: a field %s is there already" % (
                    text, field.column))
            if field.column == "sort" and field.rule:
                raise Refused("%s: the order of the list is v_%s_sort already: "
                              "give the field another name" % (text, self.one))
            self.fields.append(field)
        if not self.fields:
            raise Refused("%s: which fields? Write %s title:str:120" % (
                self.many, self.many))
        if len(self.fields) > FIELDS_MOST:
            raise Refused("%s: a resource has at most %d fields, not %d" % (
                self.many, FIELDS_MOST, len(self.fields)))
        for column in self.filters:
            name = "%s.list:%s:-created_at" % (self.many, column)
            if len(name) > STATEMENT_LONGEST:
                raise Refused("%s and %s are %d characters too long together: "
                              "%s is the name of a statement" % (
                                  self.many, column, len(name) -
                                  STATEMENT_LONGEST, name))
        most = sum(len(field.column) + 8 + field.bytes
                   for field in self.fields)
        if most > BODY_LONGEST:
            raise Refused("%s: its fields may have %d bytes together, and a "
                          "request may have %d: make the texts shorter" % (
                              self.many, most, BODY_LONGEST))
        self.body_max = -(-most // 1024) * 1024 if most > BODY_DEFAULT else 0
        self.limit = ".body_max = BODY_MAX, " if self.body_max else ""

    # Fields of a kind.

    @property
    def references(self):
        return [field for field in self.fields if field.table]

    @property
    def checks(self):
        return [field for field in self.fields if field.check]

    @property
    def nullable(self):
        return [field for field in self.fields if field.nullable]

    @property
    def required(self):
        return [field for field in self.fields if not field.nullable]

    @property
    def filters(self):
        """The columns that a list may be filtered by."""
        return (["owner_id"] if self.shared else []) + [
            field.column for field in self.references]

    # Lists of names.

    @property
    def field_names(self):
        return ", ".join('"%s"' % field.column for field in self.fields)

    @property
    def nullable_names(self):
        return quoted(self.nullable)

    @property
    def required_names(self):
        return quoted(self.required)

    @property
    def written(self):
        return ["id", *(["owner_id"] if self.owner else []),
                *(field.column for field in self.fields)]

    @property
    def given(self):
        return [":" + name for name in self.written]

    # Pieces of lines.

    def tab(self, column):
        """A column of a table, up to the types."""
        longest = max(map(len, [*self.written, "created_at"]))
        return column + tabs(len(column), longest)

    def declare(self, c_type, name):
        """A member of a struct, up to its semicolon."""
        longest = max(len(field.c_type.rstrip(" *"))
                      for field in self.fields)
        kind, star, _ = c_type.partition(" *")
        return kind + tabs(len(kind), max(longest, len("const char"))) + (
            "*" if star else " ") + name

    def at(self, c_type, *others):
        """The type of a local variable, up to its name: the longest of these
        decides where that stands."""
        return c_type + tabs(len(c_type), max(map(len, [c_type, *others])))

    def null_comment(self, field):
        """Behind the member of a struct: what null is."""
        if not field.nullable:
            return ""
        used, *others = (len((self.declare(one.c_type, one.column) +
                              ";").expandtabs())
                         for one in [field, *self.nullable])
        return "%s/* %s: none */" % (tabs(used, max(others)), field.null)

    def options(self, field):
        found = ""
        if field.rule:
            found += ', .validator = "%s"' % field.validator
        if field.example is not None:
            found += ", .example = %s" % c_text(field.example)
        return found

    def constraint(self, field):
        return 'CONSTRAINT(%s_%s_fkey, "There is no such %s", ' \
            '.member = "%s");' % (self.many, field.column,
                                  field.what.replace("_", " "), field.column)

    def filter_doc(self, column):
        return "Only %s of this %s." % (self.many_words, "user"
            if column == "owner_id" else column.removesuffix("_id").replace(
                "_", " "))

    def validator(self, name, rule):
        kind, value = rule
        return "validator\t%s\t%s\t\t%s" % (
            name + ("\t" if len(name) < 8 else ""), kind, value)

    def route(self, path, name):
        return "route\t%s%s" % (path + tabs(len(path), 23), name)

    def validate(self, name, validator):
        return "validate\t%s%s" % (name + tabs(len(name), 15), validator)

    def access(self, path):
        return path.ljust(31)

    # Values for tests.

    @property
    def c_body(self):
        """The lines of a JSON body as C texts, without their quotes."""
        lines = ["%s: %s" % (json.dumps(field.column), json.dumps(field.value))
                 for field in self.fields]
        lines = [line + ", " for line in lines[:-1]] + lines[-1:]
        lines = ["{" + lines[0], *lines[1:]]
        return [c_text(line)[1:-1] for line in
                [*lines[:-1], lines[-1] + "}"]]

    def c_value(self, field):
        if field.member == "T_BOOL":
            return "BOOL_TRUE" if field.nullable else "true"
        if field.member == "T_TIME":
            return "INT64_C(%d)" % microseconds(field.value)
        return c_text(field.value) if field.is_text else str(field.value)

    def c_assertion(self, field):
        name = '"%s"' % field.column
        if field.member == "T_INT":
            return "assert_int_equal(client_number(%s), %s);" % (
                name, self.c_value(field))
        if field.member == "T_BOOL":
            return "assert_true(json_is_true(client_json(%s)));" % name
        return "assert_string_equal(client_text(%s), %s);" % (
            name, c_text(field.value))

    def py_value(self, field):
        if field.table == "users":
            return "ada.id"
        if field.table:
            return 'add_row(server.sql, "%s", ada.id)' % field.table
        return repr(field.value).replace("'", '"')


def quoted(some):
    listed = ", ".join('"%s"' % field.column for field in some)
    return listed + ("," if len(some) == 1 else "")


def tabs(used, longest):
    """From a text of this length to the column behind the longest one."""
    return "\t" * max(1, longest // 8 + 1 - used // 8)


def c_text(value):
    return json.dumps(value)


def microseconds(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(at.timestamp()) * 1000000


#
# The tree.
#

def read(path):
    return (ROOT / path).read_text()


def tables_of_the_tree():
    """{table: whether a ref may name it}: it has an id, and its rows are not
    Keel's to delete, as sessions and jobs are."""
    return {table: bool(re.search(r"^\s*id\s+uuid\s", columns, re.M | re.I))
            and (path.name >= "%04d" % FIRST_OWN or table in REFERABLE)
            for path in sorted((ROOT / "sql/migrations").glob("*.sql"))
            for table, columns in re.findall(
                r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+) *\((.*?)^\)",
                path.read_text(), re.M | re.S | re.I)}


def next_migration(many):
    numbers = [int(path.name[:4])
               for path in (ROOT / "sql/migrations").glob("[0-9]*_*.sql")]
    return "%04d_%s" % (max([FIRST_OWN - 1, *numbers]) + 1, many)


def identifiers(text):
    return set(re.findall(r"\b[A-Za-z_]\w*\b", re.sub(
        r'/\*.*?\*/|"(\\.|[^"\\])*"', " ", text, flags=re.S)))


def check_name(resource):
    """Refuses a name that the tree has already."""
    names.check("one of %s" % resource.many, resource.one, in_sql=False)
    if resource.one == resource.many:
        raise Refused("%s: one and many need different names: write --singular"
                      % resource.many)
    if resource.many in resource.tables:
        raise Refused("%s is taken: there is such a table" % resource.many)
    taken = re.search(r"^\s*route\s+\^?/api/v1/%s(/\S*)?\$?\s" % resource.many,
                      read("kore.conf"), re.M)
    if taken:
        raise Refused("%s is taken: kore.conf has %s" % (
            resource.many, taken[0].strip()))


def check_files(resource, made):
    """Refuses what exists, and base names that are not unique."""
    present = {}
    for folder in ("src", "assets", "sql", "tests/api", "tests/unit"):
        for path in (ROOT / folder).rglob("*"):
            present.setdefault(path.name, path.relative_to(ROOT))
    for path in made:
        where = None
        if path.parent.name == resource.many and (ROOT / path.parent).exists():
            where = path.parent
        elif path.name in present and path.suffix != ".txt":
            where = present[path.name]
        if where is not None:
            raise Refused("%s is taken: there is %s" % (resource.many, where))


def check_identifiers(resource, made):
    """Refuses functions, structs and macros that the tree has already."""
    own = re.compile(r"(%s|%s)(_\w+)?$" % (resource.one, resource.many))
    ours = {word for path, text in made.items()
            if path.parts[0] == "src" for word in identifiers(text)
            if own.match(word) and word not in (resource.one, resource.many)}
    ours |= {word for word in ours for word in (
        resource.one + "_list_schema", resource.one + "_list_respond")}
    shape = re.compile(r"\bstruct %s\b(?! \*)|^#\s*define\s+%s\b" % (
        resource.one, resource.one), re.M)
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        text = path.read_text()
        both = ours & identifiers(text)
        if both:
            raise Refused("%s is taken: %s has %s" % (
                resource.many, path.relative_to(ROOT), min(both)))
        if shape.search(re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
            raise Refused("%s is taken: %s has struct %s" % (
                resource.many, path.relative_to(ROOT), resource.one))


def check_compiles(made):
    """What C's headers have, such as a macro of the name of a field, only the
    compiler knows."""
    flags = re.findall(r"^cflags=(.*)$",
                       read("conf/build.conf").split("{")[0], re.M)
    with tempfile.TemporaryDirectory() as scratch:
        for path, text in made.items():
            if path.parts[0] == "src":
                place = pathlib.Path(scratch, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        for path in made:
            if path.parts[0] != "src" or path.suffix != ".c":
                continue
            try:
                done = subprocess.run(
                    ["gcc", "-fsyntax-only", *shlex.split(" ".join(flags)),
                     "-I", scratch + "/src", "-I", "src", scratch + "/" +
                     str(path)], cwd=ROOT, capture_output=True, text=True,
                    env={**os.environ, "LC_ALL": "C"})
            except FileNotFoundError:
                return
            error = re.search(r"error: (.*)", done.stderr)
            if done.returncode:
                raise Refused("a name does not compile in C: %s: %s" % (
                    path, error[1] if error else done.stderr.strip()))


def check_validators(text):
    present = set(re.findall(r"^\s*validator\s+(\S+)", read("kore.conf"),
                             re.M))
    for name in re.findall(r"^validator\s+(\S+)", text, re.M):
        if name in present:
            raise Refused("kore.conf has a %s already" % name)


def made_files(resource):
    """{path: text} of the new files."""
    made = {}
    for template, path, language in FILES:
        path = pathlib.Path(path.format(many=resource.many,
                                        migration=resource.migration))
        made[path] = render.render((TEMPLATES / template).read_text(),
                                   {"r": resource}, language)
    return made


def changed_files(resource):
    """{path: (text, the lines that are new)} of the files that get lines."""
    changed = {}
    for template, path, mark in INSERTED:
        lines = render.render((TEMPLATES / template).read_text(),
                              {"r": resource}, None)
        if template == "validators.conf":
            check_validators(lines)
        text, before = changed.get(path, (read(path), ""))
        changed[path] = insert(path, text, lines, mark), before + lines
    return changed


def insert(path, text, lines, mark):
    if mark is None:
        return text + lines
    head, found, tail = text.partition(mark + "\n")
    if not found:
        raise Refused("%s has no line '%s': the new lines stand above it" % (
            path, mark.strip()))
    return head + lines + found + tail


def write(made, changed):
    """Writes all files or, if one cannot be written, none."""
    kept, folders = {}, []
    texts = {**made, **{pathlib.Path(path): text
                        for path, (text, _) in changed.items()}}
    try:
        for path, text in texts.items():
            place = ROOT / path
            for folder in reversed(place.parents):
                if not folder.exists():
                    folder.mkdir()
                    folders.append(folder)
            kept[place] = place.read_text() if place.exists() else None
            place.write_text(text)
    except OSError as error:
        for place, text in kept.items():
            if text is None:
                place.unlink(missing_ok=True)
            elif place.read_text() != text:
                place.write_text(text)
        for folder in reversed(folders):
            folder.rmdir()
        raise Refused("cannot write %s: %s" % (error.filename, error.strerror))


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="keel new-resource", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Writes the files of a resource: migration, statements, "
        "module,\nlines of kore.conf, tests. They are then yours to change.",
        epilog="The fields:\n\n" + fields.HELP)
    parser.add_argument("name", metavar="NAME",
                        help="of many, as in the path: notes")
    parser.add_argument("fields", metavar="FIELD", nargs="*",
                        help="NAME:TYPE, see below")
    parser.add_argument("--owner", action="store_true",
                        help="a row belongs to the user who writes it, and "
                        "only they see it; without it, all signed-in users "
                        "read, staff and admins write")
    parser.add_argument("--shared", action="store_true",
                        help="with --owner: all signed-in users read it; its "
                        "owner and admins change it")
    parser.add_argument("--singular", metavar="NAME",
                        help="the name of one: note")
    parser.add_argument("--dry-run", action="store_true",
                        help="print the files instead of writing them")
    return parser.parse_intermixed_args()


def resource_of(arguments):
    if arguments.shared and not arguments.owner:
        raise Refused("--shared says who reads what an owner wrote: add "
                      "--owner, or leave it out")
    names.check("the resource", arguments.name)
    one = arguments.singular or names.singular_of(arguments.name)
    if one is None:
        raise Refused("%s: what is one of them called? Write the plural, such "
                      "as %s, or --singular" % (
                          arguments.name, names.plural_of(arguments.name)))
    resource = Resource(arguments.name, one, arguments.owner,
                        arguments.shared, tables_of_the_tree(),
                        next_migration(arguments.name))
    check_name(resource)
    resource.take(arguments.fields)
    return resource


def show(made, changed):
    for path, text in made.items():
        print("--- %s (new)\n%s" % (path, text))
    for path, (_, lines) in changed.items():
        print("--- %s (these lines are added)\n%s" % (path, lines))


def tell(resource, made, changed):
    for path in made:
        print("keel: wrote   %s" % path)
    for path in changed:
        print("keel: changed %s" % path)
    print("keel: make run serves https://127.0.0.1:8888/api/v1/%s; "
          "make golden describes it in tests/golden; make check tests it"
          % resource.many)


def main():
    arguments = parse_arguments()
    try:
        resource = resource_of(arguments)
        made = made_files(resource)
        changed = changed_files(resource)
        check_files(resource, made)
        check_identifiers(resource, made)
        check_compiles(made)
        if arguments.dry_run:
            show(made, changed)
        else:
            write(made, changed)
            output.done.append("the files are written")
            tell(resource, made, changed)
    except Refused as refused:
        sys.exit("keel: new-resource: %s" % refused)
    except OSError as error:
        sys.exit("keel: new-resource: %s: %s" % (
            error.filename, error.strerror))


if __name__ == "__main__":
    output.run(main)
