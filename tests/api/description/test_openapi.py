# SPDX-License-Identifier: ISC
"""The description itself: it is valid, equals the one in tests/golden and
follows kore.conf; and what cannot be described stops the start."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

from description import (METHODS, Description, Schema, describe, inline,
                         look_up, print_description)
from golden import difference
from helpers import check_validation, new_user
from people import add_people
from samples import roles
from server import BUILD

TEXT_FORMATS = {"uuid", "date-time"}    # the format is enough
METADATA = ("summary", "description", "operationId", "tags", "responses",
            "security")


@pytest.fixture(scope="module")
def description():
    return describe(BUILD)


@pytest.fixture(scope="module")
def whole(description):
    """Every $ref replaced, which shows that each has a target."""
    return inline(description.document, description.document)


def walk(part, path="", names=False):
    """Every object of a document that is no example, with its place. Members
    may have any names, so the object with their names is left out."""
    if isinstance(part, dict):
        if not names:
            yield path, part
        for key, value in part.items():
            if names or key not in ("example", "examples", "default"):
                yield from walk(value, "%s/%s" % (path, key),
                                key == "properties" and not names)
    elif isinstance(part, list):
        for i, value in enumerate(part):
            yield from walk(value, "%s/%d" % (path, i))


def test_the_description_is_the_one_in_git(description):
    changed = difference(description.document)
    assert not changed, "it has changed; if that is intended: make golden\n" + \
        changed


#
# Valid: OpenAPI 3.1, and JSON Schema 2020-12 within.
#

def test_the_info_is_complete(description):
    document = description.document
    assert document["openapi"] == "3.1.0"
    assert set(document) == {"openapi", "info", "servers", "tags", "paths",
                             "components"}
    assert {"title", "version", "description", "license"} <= set(
        document["info"])


def test_every_operation_is_complete(description):
    tags = [tag["name"] for tag in description.document["tags"]]
    assert len(tags) == len(set(tags))
    ids = [operation.id for operation in description.operations]
    assert len(ids) == len(set(ids))
    for operation in description.operations:
        assert set(METADATA) <= set(operation.facts), operation
        assert set(operation.facts["tags"]) <= set(tags)
        assert len(operation.success) == 1, operation
        assert "default" in operation.answers


def test_responses_that_hide_a_taken_address():
    """They are described where the setting makes them possible."""
    described = describe(BUILD, KEEL_TAKEN_EMAILS="hidden")
    assert {operation.id for operation in described.operations
            if len(operation.success) == 2} == {
                "create_user", "update_me", "update_user", "replace_user"}


def test_a_missing_if_match_is_described_where_it_is_demanded():
    described = describe(BUILD, KEEL_REQUIRE_IF_MATCH="true")
    demanded = {operation.id for operation in described.operations
                if "428" in operation.answers}
    assert demanded == {
        operation.id for operation in described.operations
        if operation.method in ("PUT", "PATCH", "DELETE") and
        "412" in operation.answers}
    assert demanded >= {"update_me", "delete_user", "replace_post"}


def test_paths_contain_only_operations(description):
    for path, item in description.document["paths"].items():
        assert set(item) <= set(METHODS)
        for method, facts in item.items():
            names = re.findall(r"{(\w+)}", path)
            assert names == [
                parameter["name"] for parameter in facts.get("parameters", [])
                if parameter.get("in") == "path"], (method, path)


def test_every_reference_has_a_target(description):
    used = set()
    for _, part in walk(description.document):
        if "$ref" in part:
            assert look_up(description.document, part["$ref"])
            used.add(part["$ref"])
    for kind, named in description.document["components"].items():
        for name in named:
            assert kind == "securitySchemes" or \
                "#/components/%s/%s" % (kind, name) in used


def test_every_security_scheme_is_declared(description):
    schemes = description.document["components"]["securitySchemes"]
    for operation in description.operations:
        for way in operation.facts["security"]:
            assert set(way) <= set(schemes)


def test_every_schema_is_valid(description, whole):
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, part in walk(whole):
        if path.endswith("/schema"):
            Draft202012Validator.check_schema(part)


def test_every_example_is_valid(whole):
    count = 0
    for path, part in walk(whole):
        if "schema" in part:
            examples = [part["example"]] if "example" in part else []
            examples += [example["value"] for example in
                         part.get("examples", {}).values()]
            schema = part["schema"]
        elif "type" in part:
            examples = list(part.get("examples", []))
            examples += [part["default"]] if "default" in part else []
            schema = part
        else:
            continue
        for example in examples:
            count += 1
            assert Schema(schema).problem(example) is None, path
    assert count > 100


def test_every_string_has_an_example(whole):
    for path, part in walk(whole["components"]["schemas"]):
        if "string" in part.get("type", []):
            assert {"examples", "enum"} & set(part) or \
                part.get("format") in TEXT_FORMATS, path
    for name, header in whole["components"]["headers"].items():
        assert "example" in header, name


def test_every_parameter_shows_an_example_that_the_page_does_not_send(whole):
    """Swagger UI sends `example` and a parameter's `examples`, so a filter
    that nobody chose; it shows those of a schema."""
    count = 0
    for path, part in walk(whole["paths"]):
        for parameter in part.get("parameters", []):
            count += 1
            assert parameter["schema"]["examples"], (path, parameter)
            assert "example" not in parameter["schema"], parameter
            assert not {"example", "examples"} & set(parameter), parameter
    assert count > 40


def test_secrets_are_passwords_and_never_in_a_response(whole):
    """No member is writeOnly: for one that is, generators make two types, and
    only the second has the password. Tokens are secrets in requests only: they
    are what a response is for."""
    for path, part in walk(whole):
        assert "writeOnly" not in part, path
        for member, facts in part.get("properties", {}).items():
            secret = facts.get("format") == "password"
            sent = "/requestBody/" in path or path.endswith(
                ("/TokenRequest", "/Revocation", "/AccountReset",
                 "/AccountVerify"))
            assert ("password" in member or sent and member in (
                "token", "refresh_token")) == secret, (path, member)
            assert not (secret and "/responses/" in path), path


def test_integers_have_no_format(whole):
    """For int64, generators of JavaScript make a bigint, which is no JSON."""
    integers = [part for _, part in walk(whole)
                if "integer" in part.get("type", [])]
    assert len(integers) > 20
    assert not [part for part in integers if "format" in part]


def test_a_response_has_the_values_that_a_request_may_send(whole):
    """So a client may send back what it has read."""
    schemas = whole["components"]["schemas"]
    role = schemas["UserReplace"]["properties"]["role"]["enum"]
    assert {"user", "staff", "admin"} <= set(role)
    assert schemas["User"]["properties"]["role"]["enum"] == role
    [status] = [parameter for parameter in
                whole["paths"]["/api/v1/admin/jobs"]["get"]["parameters"]
                if parameter.get("name") == "status"]
    assert schemas["AdminJob"]["properties"]["status"]["enum"] == \
        status["schema"]["enum"]


def test_only_requests_refuse_unknown_members(whole):
    """A new member in a response must not break a strict client; RFC 6749,
    3.2, says the same of a token request."""
    for path, part in walk(whole["paths"]):
        if "properties" in part:
            assert (part.get("additionalProperties") is False) == (
                "/requestBody/content/application/" in path and
                "x-www-form-urlencoded" not in path), path
    assert "clients must ignore the ones that they do not know" in \
        whole["info"]["description"]


def test_a_token_request_says_what_each_grant_requires(whole):
    """Neither's parameters are required by the other one."""
    token = whole["components"]["schemas"]["TokenRequest"]
    assert "required" not in token
    for name, text in (("username", "required to sign in"),
                       ("password", "Required to sign in"),
                       ("refresh_token", "required to stay signed in"),
                       ("grant_type", "`refresh_token`: stay signed in")):
        assert text in token["properties"][name]["description"]
    assert whole["components"]["schemas"]["Revocation"]["required"] == [
        "token"]


def test_generated_clients_know_where_to_refresh(whole):
    flow = whole["components"]["securitySchemes"]["oauth2"]["flows"][
        "password"]
    assert flow["tokenUrl"] == flow["refreshUrl"] == "/api/v1/auth/token"


#
# It follows kore.conf, and no setting.
#

def change(pattern, replacement):
    return lambda text: re.sub(pattern, replacement, text, flags=re.M)


def validator(name, regex):
    return change(r"^validator(\s+)%s(\s).*$" % name,
                  lambda _: "validator %s regex %s" % (name, regex))


def properties(description, schema):
    return description.document["components"]["schemas"][schema][
        "properties"]


def test_a_limit_is_described_as_kore_conf_has_it(build_copy, start_server):
    build = build_copy(validator("v_limit", "^([1-9]|[1-4][0-9]|50)$"))
    limit = describe(build).operation("list_users").query["limit"].schema
    assert (limit["minimum"], limit["maximum"]) == (1, 50)
    assert describe(BUILD).operation("list_users").query["limit"].schema[
        "maximum"] == 100
    server = start_server(build=build)
    [admin] = add_people(server, "admin")
    with server.client(headers=admin.headers) as client:
        assert client.get("/api/v1/users?limit=50").status_code == 200
        assert list(check_validation(client.get(
            "/api/v1/users?limit=51"))) == ["query.limit"]


def test_a_length_is_described_as_kore_conf_has_it(build_copy, start_server):
    build = build_copy(validator("v_name", "^.{1,50}$"))
    for schema in ("UserCreate", "UserUpdate", "UserReplace", "UserUpdateMe"):
        assert properties(describe(build), schema)["name"]["maxLength"] == 50
    with start_server(build=build).client() as client:
        for length, status in ((50, 201), (51, 422)):
            assert client.post("/api/v1/users", json=new_user(
                name="x" * length)).status_code == status


def test_choices_are_described_as_kore_conf_has_them(build_copy):
    more = [*roles(), "one_more"]
    described = describe(build_copy(validator("v_role", "^(%s)$" % "|".join(
        more))))
    assert properties(described, "UserCreate")["role"]["enum"] == more
    assert described.operation("list_users").query["role"].schema[
        "enum"] == more


def test_a_path_is_described_as_kore_conf_has_it(build_copy):
    described = describe(build_copy(change(
        r"\^/api/v1/users/\(\[\^/\]\+\)\$",
        r"^/people\\.of/([0-9a-f-]{36})$")))
    assert set(describe(BUILD).paths) - set(described.paths) == {
        "/api/v1/users/{user_id}"}
    assert set(described.paths) - set(describe(BUILD).paths) == {
        "/people.of/{user_id}"}


def test_a_group_may_have_any_bracket_expression(build_copy):
    described = describe(build_copy(change(
        r"\^/api/v1/users/\(\[\^/\]\+\)/activate\$",
        "^/api/v1/users/([^/)(]+)/activate$")))
    assert set(described.paths) == set(describe(BUILD).paths)


@pytest.mark.parametrize("name, regex, described", [
    ("v_limit", "^[0-9]{1,3}(,[0-9]{1,3}){0,9}$",
     {"type": "string", "pattern": "^[0-9]{1,3}(,[0-9]{1,3}){0,9}$",
      "default": "20"}),
    ("v_limit", "^[1-9][0-9]{,2}$",
     {"type": "integer", "minimum": 1, "maximum": 999, "default": 20}),
    ("v_limit", "^[a-z]+.{,3}$",
     {"type": "string", "pattern": r"^[a-z]+[\s\S]{0,3}$",
      "default": "20"})])
def test_a_numeric_regex_is_described_as_a_number(build_copy, name, regex,
                                                  described):
    build = build_copy(validator(name, regex))
    limit = describe(build).operation("list_users").query["limit"].schema
    limit.pop("format", None)
    limit.pop("examples", None)
    assert limit == described


def test_an_example_is_one_that_kore_conf_allows(build_copy):
    described = describe(build_copy(validator("v_role", "^[a-z]{1,20}$")))
    assert properties(described, "UserUpdate")["role"] == {
        "type": "string", "pattern": "^[a-z]{1,20}$", "examples": ["user"]}
    described = describe(build_copy(validator("v_name", "^.{1,5}$")))
    assert "examples" not in properties(described, "UserCreate")["name"]


def test_a_fallback_that_kore_conf_refuses_stops_the_start(build_copy):
    done = print_description(build_copy(validator("v_role", "^(%s)$" % (
        "|".join(roles()).replace("user", "member")))))
    assert done.returncode == 1
    assert done.stderr == (
        "keel: the schema user_create: role falls back on 'user', which "
        "kore.conf's v_role refuses\n")


def test_a_deleted_route_is_not_described(build_copy):
    described = describe(build_copy(change(
        r"^\troute\s+/readyz.*\n", "")))
    assert {operation.id for operation in describe(BUILD).operations} - {
        operation.id for operation in described.operations} == {"ready"}


@pytest.mark.parametrize("settings", [
    {"KEEL_RATE_LIMITS": "off"}, {"KEEL_RATE_LIMITS": "token=3/h"},
    {"KEEL_USER_DIRECTORY": "authenticated"}, {"KEEL_PORT": "4711"},
    {"KEEL_REGISTRATION": "closed"},
    {"KEEL_PUBLIC_URL": "https://api.example.com"}])
def test_no_setting_changes_it(description, settings):
    done = print_description(BUILD, **settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout == description.text


HEALTH = r"^\troute\s+/healthz\s+healthz$"


@pytest.mark.parametrize("edit, line", [
    (change(r"\^/api/v1/users/\(\[\^/\]\+\)\$", "^/api/v1/users?/([^/]+)$"),
     r"the route \^/api/v1/users\?/\(\[\^/\]\+\)\$ users_item cannot be "
     "described: its path is more than groups"),
    (change(HEALTH, "\troute ^/health.$ healthz"),
     r"the route \^/health\.\$ healthz cannot be described: "),
    (change(HEALTH, "\\g<0>\n\troute /alive healthz"),
     "the route /alive healthz stands in kore.conf twice")])
def test_an_indescribable_route_stops_the_start(make_server, build_copy, edit,
                                                line):
    build = build_copy(edit)
    for done in (print_description(build),
                 make_server(build=build).command("serve")):
        assert done.returncode == 1
        assert re.fullmatch("keel: kore.conf: " + line + ".*\n", done.stderr)
        assert "openapi" not in done.stdout


def test_a_missing_field_is_found(description):
    """The comparison with git, and every exchange with that field, fail."""
    document = json.loads(description.text)
    del document["components"]["schemas"]["Health"]["properties"]["status"]
    less = Description(json.dumps(document))
    with pytest.raises(AssertionError, match='-  "status": {'):
        test_the_description_is_the_one_in_git(less)
    assert "'status' was unexpected" in less.operation("alive").answers[
        "200"].content["application/json"].problem({"status": "ok"})
