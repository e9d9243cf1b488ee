# SPDX-License-Identifier: ISC
"""ETag, If-Match and If-None-Match of one user."""

import concurrent.futures
import re
import threading

import pytest

from helpers import check_error, check_validation, new_user, read_me, sign_in
from people import add_people, transaction, wait_for_waiting
from samples import replacement

ME = "/api/v1/users/me"
OUTDATED = "The resource is not in the state that was asked for"
MALFORMED = ["Is not a list of entity tags, like \"1\""]

WRITES = {
    "patch": ("PATCH", "", {"name": "New"}),
    "empty patch": ("PATCH", "", {}),
    "put": ("PUT", "", None),
    "delete": ("DELETE", "", None),
    "activate": ("POST", "/activate", None),
    "deactivate": ("POST", "/deactivate", None),
}
every_write = pytest.mark.parametrize("write", WRITES)


@pytest.fixture
def people(server):
    return add_people(server, "user", "admin")


@pytest.fixture(autouse=True)
def tags(client, people):
    """The ETag of each person, read once: people are new in each test."""
    for one in people:
        one.tag = get(client, one).headers["etag"]


@pytest.fixture
def user(people):
    return people[0]


def send(client, people, write, *headers):
    """Sent by the admin, about the user; headers are (name, value)."""
    user, admin = people
    method, suffix, body = WRITES[write]
    if write == "put":
        body = replacement(user, name="New")
    return client.request(method, user.path + suffix, json=body, headers=[
        ("Authorization", "Bearer " + admin.token),
        *[(name, fresh(value, user)) for name, value in headers]])


def send_me(client, people, method, *headers):
    user, _ = people
    return client.request(
        method, ME, json={"name": "New"} if method == "PATCH" else None,
        headers=[("Authorization", "Bearer " + user.token),
                 *[(name, fresh(value, user)) for name, value in headers]])


def get(client, user, *headers, method="GET", path=None):
    return client.request(method, path or user.path, headers=[
        ("Authorization", "Bearer " + user.token),
        *[(name, fresh(value, user)) for name, value in headers]])


def fresh(value, user):
    """In a test's header value, "1" stands for the user's current ETag."""
    return value.replace('"1"', user.tag)


def everything(user):
    return user.row("email", "name", "role", "is_active", "version",
                    "updated_at")


def check_outdated(answer):
    assert check_error(answer, 412, "PRECONDITION_FAILED", OUTDATED) == {}


#
# ETag.
#

def test_every_version_has_its_own_etag(client, people):
    user, admin = people
    seen = [user.tag]

    def told(answer):
        assert answer.is_success, answer.text
        assert re.fullmatch(r'"[A-Za-z0-9_-]{22}"', answer.headers["etag"])
        seen.append(answer.headers["etag"])
        for path in (user.path, ME):
            assert get(client, user, path=path).headers["etag"] == seen[-1]

    for number in range(3):
        told(client.patch(user.path, headers=admin.headers,
                          json={"name": "Name %d" % number}))
    told(send(client, people, "put"))
    told(client.patch(ME, headers=user.headers, json={"name": "Ada"}))
    user.set(name="Grace")
    told(get(client, user))
    assert len(set(seen)) == len(seen)


def test_two_users_never_have_the_same_etag(client, people):
    """Both rows have version 1, and both are read at /users/me."""
    user, admin = people
    assert user.row("version") == admin.row("version") == (1,)
    assert user.tag != admin.tag
    other = ("If-None-Match", user.tag)
    assert get(client, admin, other, path=ME).json()["id"] == admin.id
    for method, path, body in (
            ("PATCH", ME, {"name": "x"}), ("DELETE", ME, None),
            ("PATCH", admin.path, {"name": "x"}), ("DELETE", admin.path, None),
            ("POST", admin.path + "/deactivate", None)):
        check_outdated(client.request(method, path, json=body, headers={
            **admin.headers, "If-Match": user.tag}))
    assert admin.row("version") == (1,)


def test_a_new_account_with_an_old_address_has_another_etag(client):
    """The address and the version are the same, but not the account."""
    body = new_user()
    tags = set()
    for _ in range(2):
        made = client.post("/api/v1/users", json=body)
        assert made.status_code == 201
        token = sign_in(client, body)
        me = read_me(client, token)
        assert me.headers["etag"] == made.headers["etag"]
        tags.add(me.headers["etag"])
        assert client.delete(ME, headers={
            "Authorization": "Bearer " + token}).status_code == 204
    assert len(tags) == 2


def test_other_responses_have_no_etag(client, people):
    user, admin = people
    answers = [client.get("/api/v1/users", headers=admin.headers),
               send(client, people, "deactivate"),
               send(client, people, "activate"),
               client.get(user.path), send(client, people, "delete")]
    for answer in answers:
        assert "etag" not in answer.headers


#
# If-None-Match.
#

@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("values", [
    ['"1"'], ['W/"1"'], ["*"], ['"7", "1"'], ['"7",W/"1" , "9"'],
    [', "1",'], ['"7"', '"1"'], ['"7"', '"8", W/"1"', '"9"'], ['"a,b", "1"']])
def test_a_matching_etag_is_304(server, user, values, method):
    with server.client() as client:
        for path in (user.path, ME):
            answer = get(client, user, *[("If-None-Match", value)
                                         for value in values],
                         method=method, path=path)
            assert answer.status_code == 304
            assert answer.content == b""
            assert answer.headers["etag"] == user.tag
            assert "content-type" not in answer.headers
            assert "content-length" not in answer.headers
            assert "x-request-id" in answer.headers
            # The connection stays open.
            assert get(client, user, path=path).json()["id"] == user.id


@pytest.mark.parametrize("values", [
    ['"2"'], ['"11"'], ['W/"0"'], ['""'], ['"2", "3"'], ['"2"', '"3"'],
    ['"*"'], ['"W/"']])
def test_another_etag_is_200(client, user, values):
    answer = get(client, user, *[("If-None-Match", value)
                                 for value in values])
    assert answer.status_code == 200
    assert answer.json()["id"] == user.id


def test_after_a_change_the_old_etag_is_200(client, people):
    user, _ = people
    has = ("If-None-Match", get(client, user).headers["etag"])
    assert get(client, user, has).status_code == 304
    assert send(client, people, "empty patch").status_code == 200
    assert get(client, user, has).status_code == 304
    assert send(client, people, "patch").status_code == 200
    answer = get(client, user, has)
    assert answer.status_code == 200
    assert answer.headers["etag"] not in (has[1], user.tag)
    assert answer.json()["name"] == "New"


def test_a_304_needs_the_right_to_read(client, people):
    user, admin = people
    has = ("If-None-Match", user.tag)
    answer = client.get(user.path, headers=[has])
    check_error(answer, 401, "UNAUTHORIZED")
    check_error(get(client, user, has, path=admin.path), 403, "FORBIDDEN")


@every_write
def test_if_none_match_of_a_write(client, people, write):
    before = everything(people[0])
    for value in ('"1"', 'W/"1"', "*", '"7", "1"'):
        check_outdated(send(client, people, write, ("If-None-Match", value)))
    assert everything(people[0]) == before
    assert send(client, people, write, ("If-None-Match", '"7"')).is_success


#
# If-Match.
#

@every_write
@pytest.mark.parametrize("values", [
    ['"2"'], ['"0"'], ['W/"1"'], ['"2", "3"'], ['"2"', '"3"'], ['"*"'],
    ['"11"'], ['""']])
def test_a_stale_etag_changes_nothing(client, people, write, values):
    before = everything(people[0])
    check_outdated(send(client, people, write, *[
        ("If-Match", value) for value in values]))
    assert everything(people[0]) == before


@every_write
@pytest.mark.parametrize("values", [
    ['"1"'], ["*"], ['"2", "1"'], ['"2"', '"1"'], ['W/"1", "1"']])
def test_a_fresh_etag_is_accepted(client, people, write, values):
    answer = send(client, people, write, *[
        ("If-Match", value) for value in values])
    assert answer.is_success, answer.text


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_the_etag_of_me_is_accepted(client, people, method):
    user, _ = people
    before = everything(user)
    check_outdated(send_me(client, people, method, ("If-Match", '"2"')))
    assert everything(user) == before
    answer = send_me(client, people, method, ("If-Match", '"1"'))
    assert answer.is_success, answer.text


def test_a_stale_if_match_of_a_read_is_412(client, user):
    for path in (user.path, ME):
        check_outdated(get(client, user, ("If-Match", '"2"'), path=path))
        assert get(client, user, ("If-Match", '"1"'),
                   path=path).status_code == 200
        # RFC 9110, 13.2.2: If-Match comes first.
        check_outdated(get(client, user, ("If-Match", '"2"'),
                           ("If-None-Match", '"1"'), path=path))


def test_an_unknown_user_is_404_with_any_etag(client, people):
    user, _ = people
    assert send(client, people, "delete").status_code == 204
    for write in WRITES:
        check_error(send(client, people, write, ("If-Match", "*")), 404,
                    "NOT_FOUND", "User not found")


def test_rights_and_fields_are_checked_before_the_etag(client, people):
    user, admin = people
    stale = ("If-Match", '"2"')
    check_error(client.delete(user.path, headers=[stale]), 401,
                "UNAUTHORIZED")
    check_error(client.delete(admin.path, headers=[
        ("Authorization", "Bearer " + user.token), stale]), 403, "FORBIDDEN")
    answer = client.patch(user.path, json={"x": 1}, headers=[
        ("Authorization", "Bearer " + user.token), stale])
    assert list(check_validation(answer)) == ["body.x"]


#
# KEEL_REQUIRE_IF_MATCH=true.
#

REQUIRED = "If-Match is missing: send it with the ETag of what you have read"
BY_POST = ("activate", "deactivate")


@pytest.fixture(scope="module")
def strict(start_module_server):
    """A server that demands If-Match."""
    return start_module_server(KEEL_REQUIRE_IF_MATCH="true")


@pytest.fixture
def strict_client(strict):
    with strict.client() as client:
        yield client


@pytest.fixture
def strict_people(strict, strict_client):
    people = add_people(strict, "user", "admin")
    for one in people:
        one.tag = get(strict_client, one).headers["etag"]
    return people


def check_required(answer):
    assert check_error(answer, 428, "PRECONDITION_REQUIRED", REQUIRED) == {}
    assert answer.headers["cache-control"] == "no-store"


@every_write
def test_a_write_without_if_match_is_428(strict_client, strict_people, write):
    before = everything(strict_people[0])
    answer = send(strict_client, strict_people, write)
    if write in BY_POST:
        assert answer.is_success, answer.text
    else:
        check_required(answer)
        assert everything(strict_people[0]) == before


@every_write
@pytest.mark.parametrize("value", ["*", '"1"'])
def test_with_if_match_it_is_made(strict_client, strict_people, write, value):
    assert send(strict_client, strict_people, write,
                ("If-Match", value)).is_success


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_your_own_user_needs_it_too(strict_client, strict_people, method):
    check_required(send_me(strict_client, strict_people, method))
    assert send_me(strict_client, strict_people, method,
                   ("If-Match", '"1"')).is_success


def test_what_comes_before_the_428(strict_client, strict_people):
    """401, 403, 404 and 422; 412 comes after it."""
    user, admin = strict_people
    check_error(strict_client.delete(user.path), 401, "UNAUTHORIZED")
    check_error(strict_client.delete(admin.path, headers=user.headers), 403,
                "FORBIDDEN")
    check_error(strict_client.delete(
        ME[:-2] + "01890000-0000-7000-8000-000000000000",
        headers=admin.headers), 404, "NOT_FOUND")
    answer = strict_client.patch(user.path, json={"x": 1},
                                 headers=user.headers)
    assert list(check_validation(answer)) == ["body.x"]
    answer = send(strict_client, strict_people, "patch",
                  ("If-None-Match", "1"))
    assert list(check_validation(answer)) == ["header.if-none-match"]
    check_required(send(strict_client, strict_people, "patch",
                        ("If-None-Match", '"1"')))
    check_outdated(send(strict_client, strict_people, "patch",
                        ("If-Match", '"2"')))


def test_reads_do_not_need_it(strict_client, strict_people):
    user, admin = strict_people
    for path in (user.path, ME, "/api/v1/users"):
        assert get(strict_client, admin, path=path).status_code == 200


def test_the_description_lists_the_428_where_it_is_sent(strict_client, client):
    def having(described):
        return {(path, method) for path, methods in described["paths"].items()
                for method, facts in methods.items()
                if "428" in facts.get("responses", ())}

    demands, usual = (one.get("/openapi.json").json()
                      for one in (strict_client, client))
    assert having(usual) == set()
    assert having(demands) == {
        (path, method) for path, methods in usual["paths"].items()
        for method, facts in methods.items()
        if method in ("put", "patch", "delete") and
        "412" in facts["responses"]}


@pytest.mark.parametrize("value", ["True", "1", "on", "true "])
def test_another_value_of_it_stops_the_start(make_server, value):
    done = make_server(KEEL_REQUIRE_IF_MATCH=value).command("check-config")
    assert done.returncode == 1
    assert done.stderr == "keel: KEEL_REQUIRE_IF_MATCH must be false or " \
        "true, not '%s'\n" % value


#
# Malformed.
#

BAD = ["1", '"1', '1"', "'1'", 'W/1', 'w/"1"', 'W "1"', '"1" "2"', '"1"x',
       ",", "", '*, "1"', '"1", *', "W/*", '"1";', '"a b"']


@pytest.mark.parametrize("value", BAD)
def test_a_malformed_list_never_lets_a_write_pass(client, people, value):
    user, _ = people
    before = everything(user)
    for name in ("If-Match", "If-None-Match"):
        bad = {"header." + name.lower(): MALFORMED}
        for header in ([(name, value)], [(name, '"7"'), (name, value)]):
            answer = get(client, user, *header)
            if name == "If-Match":
                assert check_validation(answer) == bad
            else:       # then the client gets the whole
                assert answer.status_code == 200
                assert answer.json()["id"] == user.id
            for write in WRITES:
                assert check_validation(
                    send(client, people, write, *header)) == bad
    assert everything(user) == before


#
# Two clients that write.
#

@pytest.mark.parametrize("first, second", [
    ("patch", "patch"), ("put", "patch"), ("patch", "delete"),
    ("deactivate", "put"), ("delete", "delete"), ("deactivate", "delete")])
def test_of_two_writers_with_one_etag_the_second_is_412(server, client, people,
                                                        first, second):
    """Both have read the same version before the first one writes."""
    fresh = ("If-Match", '"1"')
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with transaction(server, "SELECT FROM users WHERE id = %s FOR UPDATE",
                         people[0].id):
            answers = [pool.submit(send, client, people, write, fresh)
                       for write in (first, second)]
            wait_for_waiting(server, 2)
    won, lost = sorted((answer.result() for answer in answers),
                       key=lambda answer: answer.status_code)
    assert won.is_success, won.text
    check_outdated(lost)


def test_two_writers_at_once(client, people):
    user, admin = people
    together = threading.Barrier(2)

    def write(name, tag):
        together.wait(10)
        return client.patch(user.path, json={"name": name}, headers={
            **admin.headers, "If-Match": tag})

    tag = user.tag
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for version in range(1, 41):
            names = ["%s of %d" % (name, version) for name in "AB"]
            answers = pool.map(write, names, [tag] * 2)
            won, lost = sorted(answers, key=lambda answer: answer.status_code)
            assert (won.status_code, lost.status_code) == (200, 412)
            assert won.headers["etag"] != tag
            tag = won.headers["etag"]
            assert user.row("name", "version") == (
                won.json()["name"], version + 1)
