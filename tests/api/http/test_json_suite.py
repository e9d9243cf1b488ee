# SPDX-License-Identifier: ISC
"""Posts every file of nst/JSONTestSuite's test_parsing as a body. The suite is
not part of Keel: KEEL_JSON_SUITE names its folder; by default, the test looks
beside the checkout."""

import os

import pytest

from helpers import check_error
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


def post(client, name):
    with open(os.path.join(SUITE, name), "rb") as f:
        body = f.read()
    return client.post("/api/v1/users", content=body,
                       headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("name", [f for f in FILES if f[0] == "n"])
def test_invalid_json_is_400(client, name):
    answer = post(client, name)
    if answer.status_code == 413:
        assert os.path.getsize(os.path.join(SUITE, name)) > 131072
        return
    check_error(answer, 400, "INVALID_JSON")


@pytest.mark.parametrize("name", [f for f in FILES if f[0] == "y"])
def test_valid_json_is_read(client, name):
    """It is no user, so it is 422; the test is that it is not 400."""
    answer = post(client, name)
    check_error(answer, 422, "VALIDATION_ERROR")
    codes = {detail["code"] for detail in answer.json()["error"]["details"]}
    if name in REFUSED:
        assert codes == {REFUSED[name]}
    else:
        assert codes <= {"wrong_type", "missing", "unknown_field"}


@pytest.mark.parametrize("name", [f for f in FILES if f[0] == "i"])
def test_implementation_defined_json_gets_a_response(client, name):
    assert post(client, name).status_code in (400, 422)


def test_the_suite_is_complete():
    assert len(FILES) == 318
