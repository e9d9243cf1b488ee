# SPDX-License-Identifier: ISC
"""The fields of a resource, as they are written on the command line."""

import re

import names
from names import Refused

HELP = """\
    title:str:120         one line of 1 to 120 characters
    body:text             a text of 0 to 2000 characters; body:text:500
    count:int             a whole number; count:int:0..100
    pinned:bool           true or false
    due:time              a time with its zone, as in RFC 3339
    status:choice:new,done
                          one of these words
    code:uuid             a UUID
    post:ref              the id of a row of posts, in post_id;
                          reviewer:ref:users names the table
A ? at the end, as in due:time?, allows null, and the field may be left out.
"""

TEXT_MAX = 2000         # of a text, unless the field says how long it may be
STR_LONGEST = 1000
TEXT_LONGEST = 100000
WORDS_LONGEST = 4000    # of a choice together: a line of kore.conf has 8191

UUID = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"


class Field:
    """One field, with what the templates ask for:

    column      its name in the table, in C and in JSON
    c_type      of the member of the struct
    member      the T_... of the MEMBER
    sql         of the column
    rule        of kore.conf, for `validator`; None without one
    example     of the MEMBER; None without one
    value       a valid one, as JSON has it
    bytes       that its value takes in a JSON body, at most
    """

    null = "NULL"       # what the C member has for null

    def __init__(self, resource, name, nullable):
        self.name = self.column = name
        self.nullable = nullable
        self.validator = "v_%s_%s" % (resource.one, name)
        self.rule = None
        self.table = None
        self.choices = ()

    check = None        # of the table; None without one

    @property
    def flags(self):
        return "OUT | OR_NULL" if self.nullable else "OUT | REQUIRED"

    @property
    def type(self):
        """As the column is declared."""
        return self.sql if self.nullable else self.sql + " NOT NULL"

    @property
    def is_text(self):
        return self.c_type == "const char *"


class Str(Field):
    c_type, member = "const char *", "T_STR"

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        most = length(name, "str", argument, STR_LONGEST)
        self.sql = "varchar(%d)" % most
        self.rule = "regex", "line:1..%d" % most
        self.value = self.example = name.replace(
            "_", " ").capitalize()[:most].rstrip()
        self.bytes = 12 * most


class Text(Field):
    c_type, member = "const char *", "T_STR"

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        most = length(name, "text", argument or str(TEXT_MAX), TEXT_LONGEST)
        self.sql = "text"
        self.rule = "regex", "length:0..%d" % most
        self.value = self.example = ("Some " + name.replace(
            "_", " "))[:most].rstrip()
        self.bytes = 12 * most


class Int(Field):
    c_type, member, sql, bytes = "int64_t", "T_INT", "bigint", 20
    null = "INT_NULL"

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        self.value = 1
        if argument is not None:
            self.value = self.range(name, argument)
            self.rule = "regex", "number:" + argument
        self.example = str(self.value)

    def range(self, name, argument):
        """Checks it, and returns a number in it."""
        found = re.fullmatch(r"(-?(?:0|[1-9][0-9]{0,18}))\.\."
                             r"(-?(?:0|[1-9][0-9]{0,18}))", argument)
        least, most = map(int, found.groups()) if found else (1, 0)
        if least > most or "-0" in argument.split("..") or \
                max(-least, most) >= 2 ** 63:
            raise Refused("%s: an int has a range such as %s:int:0..100, not %s"
                          % (name, name, argument))
        return min(max(1, least), most)


class Bool(Field):
    member, sql, bytes = "T_BOOL", "boolean", 5
    example, value, null = None, True, "BOOL_NULL"

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        no_argument(name, "bool", argument)
        self.c_type = "enum bool_or_null" if nullable else "bool"


class Time(Field):
    c_type, member, sql, bytes = "int64_t", "T_TIME", "timestamptz", 40
    example, null = None, "TIME_NULL"
    value = "2026-01-31T12:00:00.000000Z"

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        no_argument(name, "time", argument)

    @property
    def check(self):
        return "CHECK (keel_is_time(%s))" % self.column


class Choice(Field):
    c_type, member = "const char *", "T_STR"

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        self.choices = tuple((argument or "").split(","))
        if not all(re.fullmatch(r"[a-z][a-z0-9_]*", word) and
                   len(word) <= names.LONGEST for word in self.choices):
            raise Refused("%s: a choice needs words: %s:choice:new,done" % (
                name, name))
        if len(set(self.choices)) < len(self.choices):
            raise Refused("%s: a word stands there twice" % name)
        if len(argument) > WORDS_LONGEST:
            raise Refused("%s: the words of a choice have at most %d "
                          "characters together, not %d" % (
                              name, WORDS_LONGEST, len(argument)))
        self.bytes = max(map(len, self.choices))
        self.sql = "varchar(%d)" % self.bytes
        self.rule = "regex", "^(%s)$" % "|".join(self.choices)
        self.value = self.example = self.choices[0]

    @property
    def check(self):
        return "CHECK (%s IN (%s))" % (self.column, ", ".join(
            "'%s'" % word for word in self.choices))


class Uuid(Field):
    c_type, member, sql, bytes = "const char *", "T_UUID", "uuid", 36
    example = value = UUID

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        no_argument(name, "uuid", argument)


class Ref(Field):
    c_type, member, sql, bytes = "const char *", "T_UUID", "uuid", 36
    example = value = UUID

    def __init__(self, resource, name, nullable, argument):
        super().__init__(resource, name, nullable)
        self.column = name + "_id"
        self.table = argument or names.plural_of(name)
        self.validator = "v_uuid"
        if self.table == resource.many:
            self.what = resource.one
            if not nullable:
                raise Refused("%s: the first of %s has no other to refer to: "
                              "write %s:ref:%s?" % (name, self.table, name,
                                                    self.table))
            return
        self.what = names.singular_of(self.table) or self.table
        if self.table not in resource.tables:
            raise Refused(
                "%s: there is no table %s%s" % (name, self.table, "" if argument
                    else ": name the one that it refers to, as in "
                    "%s:ref:users" % name))
        if not resource.tables[self.table]:
            raise Refused("%s: a ref needs a table with an id uuid, whose rows "
                          "only endpoints delete: %s is none" % (
                              name, self.table))

    @property
    def type(self):
        return "%s%s REFERENCES %s (id) ON DELETE %s" % (
            self.sql, "" if self.nullable else " NOT NULL", self.table,
            "SET NULL" if self.nullable else "CASCADE")


KINDS = {"str": Str, "text": Text, "int": Int, "bool": Bool, "time": Time,
         "choice": Choice, "uuid": Uuid, "ref": Ref}


def length(name, kind, argument, longest):
    if not argument:
        raise Refused("%s: how long may it be? Write %s:%s:120" % (
            name, name, kind))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", argument) or \
            int(argument) > longest:
        raise Refused("%s: a %s has at most 1 to %d characters, not %s" % (
            name, kind, longest, argument))
    return int(argument)


def no_argument(name, kind, argument):
    if argument is not None:
        raise Refused("%s: a %s takes no :%s" % (name, kind, argument))


def parse(resource, text):
    """A Field of NAME:TYPE[:ARGUMENT][?]; raises Refused."""
    nullable = text.endswith("?")
    name, mark, rest = text.removesuffix("?").partition(":")
    if not mark:
        raise Refused("%s: which type? Write %s:str:120, or one of %s" % (
            text, name, ", ".join(list(KINDS)[1:])))
    kind, mark, argument = rest.partition(":")
    names.check("the field", name + "_id" if kind == "ref" else name)
    if kind not in KINDS:
        raise Refused("%s: there is no type %s: it is one of %s" % (
            name, kind or "''", ", ".join(KINDS)))
    field = KINDS[kind](resource, name, nullable, argument if mark else None)
    if field.column in names.OWN:
        raise Refused("%s: every resource has this field already" % name)
    return field
