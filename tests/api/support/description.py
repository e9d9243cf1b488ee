# SPDX-License-Identifier: ISC
"""The description that ./keel openapi prints, indexed: which operation handles
a request, and what it accepts and returns."""

import copy
import dataclasses
import datetime
import functools
import json
import re
import secrets
import subprocess
import tempfile
import uuid

from jsonschema import Draft202012Validator, FormatChecker

from server import KEEL, clean_environment

METHODS = ("get", "put", "post", "delete", "patch")
FORM = "application/x-www-form-urlencoded"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"
                  r"(Z|[+-]\d\d:\d\d)", re.I)

formats = FormatChecker(formats=())


@formats.checks("uuid", raises=ValueError)
def is_uuid(value):
    """RFC 9562: hex digits of either case, with dashes."""
    return not isinstance(value, str) or \
        str(uuid.UUID(value)) == value.lower()


@formats.checks("date-time", raises=ValueError)
def is_time(value):
    if not isinstance(value, str):
        return True
    datetime.datetime.fromisoformat(value[:19])
    return TIME.fullmatch(value) is not None


@formats.checks("idn-email")
def is_email(value):
    """An approximation: the server's function decides the rest."""
    return not isinstance(value, str) or "@" in value


@formats.checks("password")
def is_password(value):
    """A hint for forms; any text is valid."""
    return value is not None


def look_up(document, reference):
    """Resolves a $ref; KeyError if it points to nothing."""
    if not reference.startswith("#/"):
        raise KeyError(reference)
    found = document
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def inline(document, part, inside=()):
    """Returns a part with every $ref replaced by its target."""
    if isinstance(part, list):
        return [inline(document, item, inside) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" not in part:
        return {key: inline(document, value, inside)
                for key, value in part.items()}
    name = part["$ref"]
    if name in inside:
        raise ValueError("%s holds itself" % name)
    return inline(document, look_up(document, name), inside + (name,))


def closed(part):
    """A part whose objects refuse members that it does not declare: clients
    ignore those in responses, but the tests do not."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    rule = {"additionalProperties": False} if "properties" in part else {}
    return rule | {key: closed(value) for key, value in part.items()}


class Schema:
    def __init__(self, schema):
        self.schema = schema
        self.type = schema.get("type")
        self.validator = Draft202012Validator(schema, format_checker=formats)

    def problem(self, value):
        """What is wrong with a value; None if it is valid."""
        for error in self.validator.iter_errors(value):
            while error.context:
                error = error.context[0]
            return "%s: %s" % (error.json_path, error.message[:300])
        return None

    def problem_of_text(self, text):
        """The same for a header or a parameter, which are text."""
        value = text
        if self.type == "integer":
            if not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
                return "%r is no integer" % text[:80]
            value = int(text)
        elif self.type == "boolean":
            if text not in ("true", "false"):
                return "%r is no boolean" % text[:80]
            value = text == "true"
        return self.problem(value)


@dataclasses.dataclass
class Header:
    name: str
    required: bool
    schema: Schema


@dataclasses.dataclass
class Answer:
    """A declared response."""
    content: dict       # {media type: Schema}
    headers: dict       # {name in lower case: Header}


class Operation:
    def __init__(self, method, path, parameters, facts):
        self.method = method.upper()
        self.path = path
        self.id = facts["operationId"]
        self.facts = facts
        self.query = {}
        self.path_values = {}
        for parameter in parameters + facts.get("parameters", []):
            if parameter["in"] in ("query", "path"):
                where = self.query if parameter["in"] == "query" else \
                    self.path_values
                where[parameter["name"]] = Schema(parameter["schema"])
        body = facts.get("requestBody", {})
        self.body = contents(body)
        # RFC 6749, 3.2: a token request may have unknown parameters.
        self.is_form = FORM in self.body
        self.ignores_query = "A query is ignored." in facts["description"]
        self.anonymous = facts["security"] == [] or {} in facts["security"]
        self.answers = {
            status: Answer(contents(closed(answer)), {
                name.lower(): Header(name, header.get("required", False),
                                     Schema(header["schema"]))
                for name, header in answer.get("headers", {}).items()})
            for status, answer in facts["responses"].items()}
        self.success = [int(status) for status in self.answers
                        if status.startswith("2")]
        self.regex = re.compile(re.sub(
            r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))

    def __str__(self):
        return "%s %s" % (self.method, self.path)


def contents(facts):
    return {media: Schema(content["schema"])
            for media, content in facts.get("content", {}).items()}


class Description:
    def __init__(self, text):
        self.text = text
        self.document = json.loads(text)
        whole = inline(self.document, copy.deepcopy(self.document))
        self.error, self.problem = (
            Schema(closed(whole["components"]["schemas"][name]))
            for name in ("Error", "Problem"))
        self.operations = []
        self.paths = {}
        for path, item in whole["paths"].items():
            found = [Operation(method, path, item.get("parameters", []),
                               item[method])
                     for method in METHODS if method in item]
            self.operations += found
            self.paths[path] = {operation.method: operation
                                for operation in found}
        # Paths without a template first, as OpenAPI demands.
        self.templates = [found for path, found in self.paths.items()
                          if "{" in path]

    def find(self, path):
        """The operations of a path, by method; None if it is not known."""
        if path in self.paths and "{" not in path:
            return self.paths[path]
        for found in self.templates:
            if next(iter(found.values())).regex.fullmatch(path):
                return found
        return None

    def operation(self, name):
        [found] = [operation for operation in self.operations
                   if operation.id == name]
        return found


def print_description(build, **settings):
    """Runs ./keel openapi of a build; returns the finished process."""
    with tempfile.TemporaryDirectory(prefix="keel-openapi-") as folder:
        return subprocess.run(
            [KEEL, "openapi"], text=True, capture_output=True, timeout=60,
            stdin=subprocess.DEVNULL, check=False,
            env=clean_environment() | {
                "KEEL_BUILD": build, "KEEL_STATE_DIR": folder,
                # Nothing listens there: the command needs no database.
                "KEEL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
                "KEEL_SECRET_KEY": secrets.token_urlsafe(48)} | settings)


@functools.cache
def describe(build, **settings):
    """Each build folder has its own kore.conf, so its own description."""
    done = print_description(build, **settings)
    assert done.returncode == 0, done.stderr
    return Description(done.stdout)
