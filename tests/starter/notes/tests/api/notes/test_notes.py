# SPDX-License-Identifier: ISC
"""Notes: only their owner sees, changes and deletes them."""

import uuid

import pytest

from helpers import check_error, check_validation
from people import add_people
from samples import add_row

PATH = "/api/v1/notes"


@pytest.fixture
def ada(server):
    return add_people(server, "user")[0]


@pytest.fixture
def body(server, ada):
    """With rows that it may refer to."""
    return {
        "title": "Title",
        "body": "Some body",
        "pinned": True,
        "due": "2026-01-31T12:00:00.000000Z",
        "post_id": add_row(server.sql, "posts", ada.id),
    }


@pytest.fixture
def row(client, ada, body):
    answer = client.post(PATH, headers=ada.headers, json=body)
    assert answer.status_code == 201
    return answer.json()


def test_what_was_written_is_read(client, ada, body, row):
    answer = client.get(f"{PATH}/{row['id']}", headers=ada.headers)
    assert answer.status_code == 200
    assert answer.json() == row == {
        "id": row["id"], "owner_id": ada.id, **body,
        "created_at": row["created_at"],
        "updated_at": row["created_at"]}


def test_null_and_unset_differ(client, ada, body, row):
    path = f"{PATH}/{row['id']}"
    for name in ("body", "due"):
        kept = client.patch(path, headers=ada.headers, json={})
        assert kept.json()[name] == body[name]
        gone = client.patch(path, headers=ada.headers, json={name: None})
        assert gone.json()[name] is None


def test_a_field_that_is_required(client, ada, body):
    for name in ("title", "pinned", "post_id"):
        rest = {key: body[key] for key in body if key != name}
        answer = client.post(PATH, headers=ada.headers, json=rest)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["error"][
            "details"]] == ["body." + name]


def test_one_is_hidden_from_others(server, client, row):
    for other in add_people(server, "user", "admin"):
        for method in ("GET", "DELETE"):
            check_error(client.request(
                method, f"{PATH}/{row['id']}", headers=other.headers),
                404, "NOT_FOUND", "Note not found")
        assert client.get(PATH, headers=other.headers).json()["total"] == 0


def test_one_that_does_not_exist(client, ada):
    check_error(client.get(f"{PATH}/{uuid.uuid4()}", headers=ada.headers),
                404, "NOT_FOUND", "Note not found")


def test_the_latest_is_first(client, ada, body, row):
    second = client.post(PATH, headers=ada.headers, json=body).json()
    page = client.get(PATH, headers=ada.headers).json()
    assert [item["id"] for item in page["items"]][:2] == [
        second["id"], row["id"]]


def test_the_post_is_one_that_exists(client, ada, body):
    body["post_id"] = str(uuid.uuid4())
    answer = client.post(PATH, headers=ada.headers, json=body)
    assert check_validation(answer) == {
        "body.post_id": ["There is no such post"]}


def test_only_those_of_one_post(client, ada, row):
    def total(id):
        return client.get(PATH, headers=ada.headers,
                          params={"post_id": id}).json()["total"]

    assert total(row["post_id"]) == 1
    assert total(str(uuid.uuid4())) == 0
