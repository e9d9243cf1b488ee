# SPDX-License-Identifier: ISC
"""The responses of every operation in the description. The contract's checker
looks at them, too (contract.py)."""

import concurrent.futures
import re
import uuid

import pytest

from description import describe
from helpers import (bearer, check_error, check_unauthorized,
                     check_validation, new_email)
from people import add_people, transaction, wait_for_waiting
from samples import path_of
from server import BUILD

TOO_LARGE = 200 * 1024  # unless the body says how much it may have
OPERATIONS = describe(BUILD).operations
JSON = "application/json"


def those(holds):
    """Parametrizes a test with each operation for which holds() is true."""
    return pytest.mark.parametrize("operation", [
        operation for operation in OPERATIONS if holds(operation)],
        ids=lambda operation: operation.id)


def answers(*statuses):
    """True for operations that declare all of these statuses."""
    return lambda operation: set(statuses) <= set(operation.answers)


def takes_json(operation):
    """And has the envelope's errors; test_login.py has OAuth's."""
    return JSON in operation.body and "422" in operation.answers


@pytest.fixture
def people(server):
    """The user of the paths, another user, and an admin."""
    people = add_people(server, "user", "user", "admin")
    server.sql("INSERT INTO jobs (id, kind, payload, status) "
               "VALUES (%s, 'k', '{}', 'dead')", people[0].job)
    return people


class Asker:
    """Sends an operation's example, with the given changes."""

    def __init__(self, client, people):
        self.client = client
        self.user, self.other, self.admin = people

    def path(self, operation, **values):
        """With these ids, or with the user's; other rows belong to who asks."""
        if values:
            return operation.path.format(**values)
        return path_of(self.user.server, operation.path, self.user,
                       self.who(operation))

    def who(self, operation):
        return self.user if "/me" in operation.path else self.admin

    def __call__(self, operation, query="", values=None, headers=None,
                 who=None, content=None, path=None, **body):
        sent = {} if operation.anonymous else dict(
            (who or self.who(operation)).headers)
        options = {"content": content}
        for media in list(operation.body)[:1]:
            if content is None:
                example = operation.facts["requestBody"]["content"][media][
                    "example"]
                options = {"json": example | body} if media == JSON else \
                    {"data": example | body}
            else:
                sent["Content-Type"] = media
        return self.client.request(
            operation.method,
            (path or self.path(operation, **values or {})) + query,
            headers=sent | (headers or {}), **options)


@pytest.fixture
def ask(client, people):
    return Asker(client, people)


@those(takes_json)
def test_another_media_type_is_415(ask, operation):
    for media in ("text/plain", "application/x-www-form-urlencoded",
                  "application/problem+json"):
        check_error(ask(operation, content=b"{}",
                        headers={"Content-Type": media}),
                    415, "UNSUPPORTED_MEDIA_TYPE")


@those(takes_json)
def test_invalid_json_is_400(ask, operation):
    for content in (b"{", b"{} {}", b"\xff", b'{"a": nan}'):
        check_error(ask(operation, content=content), 400, "INVALID_JSON")


@those(takes_json)
def test_a_body_that_is_not_an_object_is_422(ask, operation):
    for content in (b"[]", b"null", b'""', b"0"):
        assert check_validation(ask(operation, content=content)) == {
            "body": ["Must be an object"]}


@those(takes_json)
def test_an_unknown_member_is_422(ask, operation):
    assert check_validation(ask(operation, content=b'{"nothing": 1}'))[
        "body.nothing"] == ["Is not a field of this request"]


@those(lambda operation: operation.body)
def test_a_body_too_large_is_413(ask, operation):
    limit = re.search(r"Up to (\d+) bytes", operation.facts[
        "requestBody"].get("description", ""))
    size = int(limit[1]) + 1 if limit else TOO_LARGE
    answer = ask(operation, content=b" " * size)
    check_error(answer, 413, "CONTENT_TOO_LARGE")


@those(lambda operation: operation.method == "GET")
def test_a_body_where_none_is_declared_is_400(ask, operation):
    check_error(ask(operation, content=b"{}"), 400, "BAD_REQUEST")


@those(answers("401"))
def test_an_invalid_token_is_401(ask, operation):
    check_unauthorized(ask(operation, headers=bearer("x.y.z")),
                       'Bearer error="invalid_token"')


@those(lambda operation: not operation.anonymous)
def test_without_a_token_is_401(ask, operation):
    check_unauthorized(ask(operation, headers={"Authorization": "Basic eA=="}),
                       "Bearer")


@those(lambda operation: "403" in operation.answers and
       "{user_id}" in operation.path)
def test_another_user_is_403(ask, operation):
    check_error(ask(operation, who=ask.other), 403, "FORBIDDEN")


def members_of(operation):
    """Those of a change's body."""
    if operation.method not in ("PATCH", "PUT"):
        return []
    return operation.body[JSON].schema["properties"]


@those(lambda operation: operation.path_values)
def test_an_unknown_id_is_404(ask, operation):
    check_error(ask(operation, values={
        name: uuid.uuid4() for name in operation.path_values}),
        404, "NOT_FOUND")


@those(lambda operation: operation.path_values)
def test_an_invalid_id_is_422(ask, operation):
    for value in ("1", "x" * 36, ask.user.id.replace("-", ""), "%20"):
        assert check_validation(ask(operation, values=dict.fromkeys(
            operation.path_values, value))) == {
                "path." + name: ["Must be a UUID"]
                for name in operation.path_values}


@those(lambda operation: operation.method == "PATCH")
def test_a_patch_takes_a_merge_patch_and_says_so(ask, operation):
    """RFC 7396 and RFC 5789, 3.1; a GET of the same path takes neither."""
    merge = "application/merge-patch+json"
    assert list(operation.body) == [JSON, merge]

    def patch(content, media):
        return ask(operation, content=content, headers={"Content-Type": media})

    assert patch(b"{}", merge).status_code == 200
    assert check_validation(patch(b"[]", merge)) == {
        "body": ["Must be an object"]}
    for answer in (patch(b"{}", "text/plain"),
                   ask.client.options(ask.path(operation))):
        assert answer.headers["accept-patch"] == merge + ", " + JSON


@those(lambda operation: operation.body and operation.method != "PATCH")
def test_only_a_patch_takes_a_merge_patch(ask, operation):
    answer = ask(operation, content=b"{}",
                 headers={"Content-Type": "application/merge-patch+json"})
    assert answer.status_code == (
        415 if "415" in operation.answers else 400)
    assert "accept-patch" not in answer.headers


@those(lambda operation: operation.body)
def test_a_coded_body_is_refused(ask, operation):
    answer = ask(operation, content=b"{}",
                 headers={"Content-Encoding": "gzip"})
    assert answer.status_code == (
        415 if "415" in operation.answers else 400)
    assert answer.headers["accept-encoding"] == "identity"


@those(lambda operation: operation.ignores_query)
def test_a_query_is_ignored(ask, operation):
    for query in ("?nothing=1", "?nothing=1&nothing=1", "?%zz", "?=&%00"):
        assert ask(operation, query=query).status_code == \
            ask(operation).status_code


@those(lambda operation: not operation.ignores_query and
       "422" in operation.answers)
def test_an_unknown_parameter_is_422(ask, operation):
    assert check_validation(ask(operation, query="?nothing=1")) == {
        "query.nothing": ["Is not a parameter of this operation"]}


@those(lambda operation: "cursor" in operation.query)
def test_a_cursor_that_no_page_gave_is_400(ask, operation):
    check_error(ask(operation, query="?cursor=x"), 400, "INVALID_CURSOR")


@those(lambda operation: operation.query)
def test_a_parameter_given_twice_is_422(ask, operation):
    for name, schema in operation.query.items():
        value = schema.schema["examples"][0] or "x"
        if schema.type == "boolean":
            value = "true"
        assert check_validation(ask(
            operation, query="?%s=%s&%s=%s" % (name, value, name, value))) == {
                "query." + name: ["Is given more than once"]}


@those(answers("412"))
def test_another_version_is_412(ask, operation):
    check_error(ask(operation, headers={"If-Match": '"999"'}), 412,
                "PRECONDITION_FAILED")
    assert list(check_validation(ask(
        operation, headers={"If-Match": "999"}))) == ["header.if-match"]


@those(answers("304"))
def test_the_same_version_is_304(ask, operation):
    path = ask.path(operation)
    answer = ask(operation, path=path)
    assert answer.status_code == 200
    same = ask(operation, path=path, headers={
        "If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


@those(lambda operation: operation.method == "GET")
def test_head_is_get_without_its_body(ask, operation):
    """HEAD may return what GET declares."""
    get = ask(operation)
    head = ask.client.head(ask.path(operation), headers={} if
                           operation.anonymous else
                           ask.who(operation).headers)
    assert head.status_code == get.status_code == 200
    assert set(head.headers) == set(get.headers)


@pytest.mark.parametrize("path", sorted({
    operation.path for operation in OPERATIONS}))
def test_options_names_the_declared_methods(ask, path):
    found = [operation for operation in OPERATIONS if operation.path == path]
    answer = ask.client.options(ask.path(found[0]))
    allowed = set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"}
    assert allowed == {operation.method for operation in found}


#
# Tests that need two clients.
#

ME = "/api/v1/users/me"


@those(lambda operation: operation.path == ME and operation.method != "GET")
def test_a_user_deleted_meanwhile_is_404(ask, server, operation):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "DELETE FROM users WHERE id = %s",
                         ask.user.id):
            answer = pool.submit(ask, operation, email=ask.user.email)
            wait_for_waiting(server, 1)
    check_error(answer.result(), 404, "NOT_FOUND", "User not found")


@those(lambda operation: operation.path == ME and
       operation.method == "DELETE")
def test_a_former_admin_is_403(ask, server, operation):
    """They delete themselves while another admin removes their role."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET role = 'user' WHERE id = "
                         "%s", ask.admin.id):
            answer = pool.submit(ask, operation, who=ask.admin)
            wait_for_waiting(server, 1)
    check_error(answer.result(), 403, "FORBIDDEN")


def test_many_address_changes_are_429(start_server):
    """The limit counts the changes by all operations together."""
    server = start_server(KEEL_RATE_LIMITS="email_changes=1/h")
    with server.client() as client:
        for operation in OPERATIONS:
            if "email" not in members_of(operation):
                continue
            ask = Asker(client, add_people(server, "user", "user", "admin"))
            for status in (200, 429):
                answer = ask(operation, who=ask.user, email=new_email())
                assert answer.status_code == status, answer.text
