# SPDX-License-Identifier: ISC
% if r.private
"""{{ r.Many_words }}: only their owner sees, changes and deletes them."""
% elif r.owner
"""All users read {{ r.many_words }}, their owner and admins change them."""
% else
"""All users read {{ r.many_words }}, staff and admins change them."""
% end

import uuid

import pytest

from helpers import check_error{{ ", check_validation" if r.references else "" }}
from people import add_people
% if r.references
from samples import add_row
% end

PATH = "/api/v1/{{ r.many }}"


@pytest.fixture
def ada(server):
    return add_people(server, "{{ "staff" if r.staff else "user" }}")[0]


@pytest.fixture
def body(server, ada):
% if r.references
    """With rows that it may refer to."""
% end
    return {
% for field in r.fields
        "{{ field.column }}": {{ r.py_value(field) }},
% end
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
        "id": row["id"], {{ '"owner_id": ada.id, ' if r.owner else "" }}**body,
        "created_at": row["created_at"],
        "updated_at": row["created_at"]}


% if r.nullable
def test_null_and_unset_differ(client, ada, body, row):
    path = f"{PATH}/{row['id']}"
    for name in ({{ r.nullable_names }}):
        kept = client.patch(path, headers=ada.headers, json={})
        assert kept.json()[name] == body[name]
        gone = client.patch(path, headers=ada.headers, json={name: None})
        assert gone.json()[name] is None


% end
% if r.required
def test_a_field_that_is_required(client, ada, body):
    for name in ({{ r.required_names }}):
        rest = {key: body[key] for key in body if key != name}
        answer = client.post(PATH, headers=ada.headers, json=rest)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["error"][
            "details"]] == ["body." + name]


% end
% if r.private
def test_one_is_hidden_from_others(server, client, row):
    for other in add_people(server, "user", "admin"):
        for method in ("GET", "DELETE"):
            check_error(client.request(
                method, f"{PATH}/{row['id']}", headers=other.headers),
                404, "NOT_FOUND", "{{ r.Words }} not found")
        assert client.get(PATH, headers=other.headers).json()["total"] == 0
% else
def test_who_may_change_and_delete(server, client, row):
    path = f"{PATH}/{row['id']}"
    other, admin = add_people(server, "user", "admin")
    assert client.get(path, headers=other.headers).json() == row
    for answer in (client.patch(path, headers=other.headers, json={}),
                   client.delete(path, headers=other.headers)):
        check_error(answer, 403, "FORBIDDEN", "Insufficient permissions")
    assert client.patch(path, headers=admin.headers,
                        json={}).status_code == 200
    assert client.delete(path, headers=admin.headers).status_code == 204
% end


def test_one_that_does_not_exist(client, ada):
    check_error(client.get(f"{PATH}/{uuid.uuid4()}", headers=ada.headers),
                404, "NOT_FOUND", "{{ r.Words }} not found")


def test_the_latest_is_first(client, ada, body, row):
    second = client.post(PATH, headers=ada.headers, json=body).json()
    page = client.get(PATH, headers=ada.headers).json()
    assert [item["id"] for item in page["items"]][:2] == [
        second["id"], row["id"]]
% for field in r.references


def test_the_{{ field.name }}_is_one_that_exists(client, ada, body):
    body["{{ field.column }}"] = str(uuid.uuid4())
    answer = client.post(PATH, headers=ada.headers, json=body)
    assert check_validation(answer) == {
        "body.{{ field.column }}": ["There is no such {{ field.what.replace("_", " ") }}"]}
% end
% for column in r.filters


def test_only_those_of_one_{{ column.removesuffix("_id") }}(client, ada, row):
    def total(id):
        return client.get(PATH, headers=ada.headers,
                          params={"{{ column }}": id}).json()["total"]

    assert total(row["{{ column }}"]) == 1
    assert total(str(uuid.uuid4())) == 0
% end
