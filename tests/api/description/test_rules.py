# SPDX-License-Identifier: ISC
"""The rules that the description gives for bodies are those of the server:
every value that breaks one is refused at its field, and every value at its
limits is accepted. So a new resource is tested without a line of its own."""

import json

import pytest

from description import describe
from helpers import check_validation, new_password
from people import add_people
from samples import body_of, path_of
from server import BUILD

JSON = "application/json"
INT_MAX = 2 ** 63 - 1

# The JSON reader cannot hold these, so the error does not name their field.
TOO_LARGE = (INT_MAX + 1, -INT_MAX - 2, 10 ** 30)

OPERATIONS = [
    operation for operation in describe(BUILD).operations
    if JSON in operation.body and "422" in operation.answers]

# Their values are not free: they must belong to somebody, be new, be known, or
# need a second request.
BOUND = ("email", "idn-email", "password", "uuid")


def those(operations):
    return pytest.mark.parametrize(
        "operation", operations, ids=lambda operation: operation.id)


def types_of(facts):
    kinds = facts.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def schema_of(operation):
    return operation.body[JSON].schema


def wrong(facts):
    """Values that break a rule."""
    kinds = types_of(facts)
    for kind, value in (("object", {}), ("array", []), ("boolean", True),
                        ("integer", 1), ("number", 1.5), ("string", "x"),
                        ("null", None)):
        if kind not in kinds:
            yield value
    if "string" in kinds:
        yield from wrong_texts(facts)
    if "integer" in kinds:
        if facts.get("maximum", INT_MAX) < INT_MAX:
            yield facts["maximum"] + 1
        if facts.get("minimum", -INT_MAX) > -INT_MAX:
            yield facts["minimum"] - 1


def wrong_texts(facts):
    if facts.get("minLength", 0):
        yield ""
    if "maxLength" in facts:
        yield "é" * (facts["maxLength"] + 1)
    if "enum" in facts:
        yield facts["enum"][0] + "x"
    if facts.get("format") == "uuid":
        yield from ("", "x", "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b5")
    if facts.get("format") == "date-time":
        yield from ("", "now", "2026-01-31", "2026-01-31T12:00:00",
                    "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z")


def right(facts):
    """Values at the limits of a rule."""
    kinds = types_of(facts)
    if "null" in kinds:
        yield None
    if "boolean" in kinds:
        yield from (True, False)
    if "integer" in kinds:
        yield from (facts.get("minimum", -INT_MAX),
                    facts.get("maximum", INT_MAX))
    if facts.get("format") == "date-time":
        yield from ("2026-01-31T12:00:00Z", "1970-01-01T01:00:00.5+01:00",
                    "9999-12-31T23:59:59.999999Z")
    elif "enum" in facts:
        yield from facts["enum"]
    elif "string" in kinds and "pattern" not in facts and \
            "maxLength" in facts:
        yield from ("é" * facts["maxLength"],
                    "🙂" * facts.get("minLength", 0))


def is_free(facts):
    return facts.get("format") not in BOUND and not facts.get("writeOnly")


@pytest.fixture
def send(client, server):
    user, admin = add_people(server, "user", "admin")

    def send(operation, change):
        """Sends its example with a change; returns that body, too. The user is
        the one of the path; an admin sends, and owns other rows."""
        path = path_of(server, operation.path, user, admin)
        body = body_of(operation.method, operation.path, user,
                       new_password())["json"]
        body = {key: value for key, value in {**body, **change}.items()
                if value is not ...}
        return body, client.request(
            operation.method, path, content=json.dumps(body),
            headers={"Content-Type": JSON} | admin.headers)

    return send


@those(OPERATIONS)
def test_a_broken_rule_is_refused_at_its_field(send, operation):
    for name, facts in schema_of(operation)["properties"].items():
        values = list(wrong(facts))
        if name in schema_of(operation).get("required", ()):
            values.append(...)
        for value in values:
            _, answer = send(operation, {name: value})
            assert list(check_validation(answer)) == ["body." + name], value
        for value in TOO_LARGE if "integer" in types_of(facts) else ():
            _, answer = send(operation, {name: value})
            assert list(check_validation(answer)) == ["body"], value


@those([operation for operation in OPERATIONS
        if operation.method in ("POST", "PATCH") and any(
            map(is_free, schema_of(operation)["properties"].values()))])
def test_a_value_at_its_limits_is_accepted(send, operation):
    for name, facts in schema_of(operation)["properties"].items():
        values = list(right(facts)) if is_free(facts) else []
        if name not in schema_of(operation).get("required", ()):
            values.append(...)
        for value in values:
            body, answer = send(operation, {name: value})
            assert answer.is_success, (name, value, answer.text)
            if value is not ... and facts.get("format") != "date-time" and \
                    name in (answer.json() if answer.content else ()):
                assert answer.json()[name] == body[name]
