# SPDX-License-Identifier: ISC
"""The eleven tests of full-stack-fastapi-template's items (tests/api/routes/
test_items.py there), with the same names and steps, for posts: title,
description and owner_id are title, content and author_id. Where Keel answers in
another way, a comment says what the template does; docs/from-fastapi.md has
these rows."""

import uuid

import pytest

from authors import POSTS, add_posts, path_of_post, row_of
from helpers import check_error
from people import add_people


@pytest.fixture
def people(server):
    """A superuser, and a normal user."""
    return add_people(server, "admin", "user")


@pytest.fixture
def superuser(people):
    return people[0]


@pytest.fixture
def normal_user(people):
    return people[1]


@pytest.fixture
def item(server, people):
    """create_random_item(): of a user who does not ask. A draft is as private
    as the template's items are."""
    [owner] = add_people(server, "user")
    [post] = add_posts(server, owner, published=False)
    return {"id": post, "author_id": owner.id, "title": "T", "content": "C"}


def check_not_found(answer):
    # The template: "Item not found".
    check_error(answer, 404, "NOT_FOUND", "Post not found")


def test_create_item(client, superuser):
    data = {"title": "Foo", "content": "Fighters"}
    answer = client.post(POSTS, headers=superuser.headers, json=data)
    # The template: 200.
    assert answer.status_code == 201
    content = answer.json()
    assert content["title"] == data["title"]
    assert content["content"] == data["content"]
    assert "id" in content
    assert content["author_id"] == superuser.id


def test_read_item(client, superuser, item):
    answer = client.get(path_of_post(item), headers=superuser.headers)
    assert answer.status_code == 200
    content = answer.json()
    for name in "title", "content", "id", "author_id":
        assert content[name] == item[name]


def test_read_item_not_found(client, superuser):
    check_not_found(client.get(path_of_post(str(uuid.uuid4())),
                               headers=superuser.headers))


def test_read_item_not_enough_permissions(client, normal_user, item):
    # The template: 403 "Not enough permissions", which tells that it exists.
    check_not_found(client.get(path_of_post(item),
                               headers=normal_user.headers))


def test_read_items(client, server, superuser, item):
    add_posts(server, superuser, published=False)
    answer = client.get(POSTS, headers=superuser.headers)
    assert answer.status_code == 200
    # The template: "data" and "count".
    assert len(answer.json()["items"]) >= 2
    assert answer.json()["total"] >= 2


def test_update_item(client, superuser, item):
    data = {"title": "Updated title", "content": "Updated description"}
    answer = client.put(path_of_post(item), headers=superuser.headers,
                        json=data)
    assert answer.status_code == 200
    content = answer.json()
    assert content["title"] == data["title"]
    assert content["content"] == data["content"]
    assert content["id"] == item["id"]
    assert content["author_id"] == item["author_id"]
    # The template: a PUT changes what it has, too. Here a PATCH does.
    assert client.put(path_of_post(item), headers=superuser.headers,
                      json={"title": "T"}).status_code == 422
    answer = client.patch(path_of_post(item), headers=superuser.headers,
                          json={"title": "Title alone"})
    assert answer.json()["title"] == "Title alone"
    assert answer.json()["content"] == data["content"]


def test_update_item_not_found(client, superuser):
    data = {"title": "Updated title", "content": "Updated description"}
    check_not_found(client.put(path_of_post(str(uuid.uuid4())),
                               headers=superuser.headers, json=data))


def test_update_item_not_enough_permissions(client, server, normal_user, item):
    data = {"title": "Updated title", "content": "Updated description"}
    row = row_of(server, item)

    def update():
        return client.put(path_of_post(item), headers=normal_user.headers,
                          json=data)

    # The template: 403 "Not enough permissions".
    check_not_found(update())
    assert row_of(server, item) == row
    # Others may read it, and learn why they may not change it.
    server.sql("UPDATE posts SET published_at = now() WHERE id = %s",
               item["id"])
    check_error(update(), 403, "FORBIDDEN", "Insufficient permissions")


def test_delete_item(client, server, superuser, item):
    answer = client.delete(path_of_post(item), headers=superuser.headers)
    # The template: 200 {"message": "Item deleted successfully"}.
    assert (answer.status_code, answer.content) == (204, b"")
    assert row_of(server, item) is None


def test_delete_item_not_found(client, superuser):
    check_not_found(client.delete(path_of_post(str(uuid.uuid4())),
                                  headers=superuser.headers))


def test_delete_item_not_enough_permissions(client, server, normal_user, item):
    def delete():
        return client.delete(path_of_post(item), headers=normal_user.headers)

    # The template: 403 "Not enough permissions".
    check_not_found(delete())
    server.sql("UPDATE posts SET published_at = now() WHERE id = %s",
               item["id"])
    check_error(delete(), 403, "FORBIDDEN", "Insufficient permissions")
    assert row_of(server, item) is not None
