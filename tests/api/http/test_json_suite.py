# SPDX-License-Identifier: ISC
"""Sends every file of nst/JSONTestSuite's test_parsing as a body: to register,
and as a post, whose body may be larger. The suite is not part of Keel:
KEEL_JSON_SUITE names its folder; by default, the test looks beside the
checkout."""

import os

import pytest

from authors import POSTS
from helpers import check_error
from people import add_people
from server import ROOT

SUITE = os.environ.get("KEEL_JSON_SUITE") or os.path.join(
    ROOT, "../shared/suites/JSONTestSuite")
FILES = sorted(os.listdir(SUITE)) if os.path.isdir(SUITE) else []

pytestmark = pytest.mark.skipif(
    not FILES, reason="no JSONTestSuite in %s (KEEL_JSON_SUITE)" % SUITE)

# Valid JSON that Keel rejects with 400; other valid JSON gets 422.
REFUSED = {
    "y_object_duplicated_key.json": "duplicate_field",
    "y_object_duplicated_key_and_value.json": "duplicate_field",
    "y_object_escaped_null_in_key.json": "invalid_format",
    "y_string_null_escape.json": "invalid_format",
}



@pytest.fixture(params=["/api/v1/users", POSTS], ids=["user", "post"])
def post(request, server, client):
    """Sends a file."""
    headers = {"Content-Type": "application/json"}
    if request.param == POSTS:
        headers |= add_people(server, "user")[0].headers

    def send(name):
        with open(os.path.join(SUITE, name), "rb") as f:
            return client.post(request.param, content=f.read(),
                               headers=headers)

    send.is_small = request.param != POSTS
    return send


@pytest.mark.parametrize("name", [f for f in FILES if f[0] == "n"])
def test_invalid_json_is_400(post, name):
    answer = post(name)
    if post.is_small and os.path.getsize(os.path.join(SUITE, name)) > 131072:
        check_error(answer, 413, "CONTENT_TOO_LARGE")
        return
    check_error(answer, 400, "INVALID_JSON")


@pytest.mark.parametrize("name", [f for f in FILES if f[0] == "y"])
def test_valid_json_is_read(post, name):
    """It is no user and no post, so it is 422; the test is that it is not
    400."""
    answer = post(name)
    check_error(answer, 422, "VALIDATION_ERROR")
    codes = {detail["code"] for detail in answer.json()["error"]["details"]}
    if name in REFUSED:
        assert codes == {REFUSED[name]}
    else:
        assert codes <= {"wrong_type", "missing", "unknown_field"}


@pytest.mark.parametrize("name", [f for f in FILES if f[0] == "i"])
def test_implementation_defined_json_gets_a_response(post, name):
    assert post(name).status_code in (400, 422)


def test_the_suite_is_complete():
    assert len(FILES) == 318
