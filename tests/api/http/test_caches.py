# SPDX-License-Identifier: ISC
"""What caches may keep: only a response with an ETag, which a cache must
revalidate each time."""

import pytest

from helpers import ask_token, new_user
from people import add_people
from server import confidential

ME = "/api/v1/users/me"


@pytest.fixture
def people(server):
    return add_people(server, "user", "admin")


def test_a_cached_response_is_not_another_users(client, people):
    """/users/me is one URL with many responses: a cache must not mix them."""
    for path in (ME, people[0].path):
        answer = client.get(path, headers=people[1].headers)
        same = client.get(path, headers=people[1].headers | {
            "If-None-Match": answer.headers["etag"]})
        assert (answer.status_code, same.status_code) == (200, 304)
        for told in (answer, same):
            assert told.headers["vary"] == "Authorization"
            assert told.headers["cache-control"] == "private, no-cache"


def test_a_response_without_an_etag_is_not_stored(client, people):
    user, admin = people
    token = admin.headers
    answers = [
        client.get("/api/v1/users", headers=token),
        client.get("/api/v1/users?cursor=", headers=token),
        client.get(ME + "/sessions", headers=token),
        client.get("/api/v1/admin/jobs", headers=token),
        client.get("/healthz"), client.head("/healthz"),
        client.get("/readyz"),
        client.options("/api/v1/users"), client.get("/api/v1/users/"),
        client.delete(ME + "/sessions?except=current", headers=token),
        # Errors: a cache may keep 404 and 405 by heuristics.
        client.get(ME), client.get(user.path, headers={
            "Authorization": "Bearer x"}),
        client.get(admin.path, headers=user.headers), client.get("/nothing"),
        client.put("/healthz"), client.get("/api/v1/users?x=1", headers=token),
        client.post("/api/v1/auth/token", data={"username": "a"}),
        client.post("/api/v1/users", content=b"{"),
        client.get(user.path, headers=user.headers | {"If-Match": '"other"'}),
        client.get("/" + "a" * 8000),       # refused by the guard
        client.get(user.path + "/sessions", headers=token),
        client.delete(user.path + "/sessions/" + user.session, headers=token),
        client.delete(user.path + "/sessions", headers=token),
        client.post(user.path + "/unlock", headers=token),
        client.post(user.path + "/deactivate", headers=token),
        client.post(user.path + "/activate", headers=token)]
    found = {answer.status_code for answer in answers}
    assert found >= {200, 204, 308, 400, 401, 403, 404, 405, 412, 414, 422}
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store", answer.request


def test_a_token_is_not_stored(client):
    """RFC 6749, 5.1."""
    user = new_user()
    assert client.post("/api/v1/users", json=user).status_code == 201
    answer = ask_token(client, user["email"], user["password"])
    confidential.add(answer.json()["access_token"])
    assert answer.headers["cache-control"] == "no-store"
