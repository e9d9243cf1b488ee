# SPDX-License-Identifier: ISC
"""kore.conf decides what is valid: the tests edit it in a copy of the build
folder, where all else is a link, so nothing is built again."""

import re

import pytest

from helpers import check_validation, new_user, sign_in
from samples import must_be_one_of_the_roles

USERS = "/api/v1/users"


def change(pattern, replacement):
    return lambda text: re.sub(pattern, replacement, text, flags=re.M)


def v_name(regex):
    return change(r"^validator\s+v_name.*$",
                  "validator v_name regex " + regex)


def start_line(server):
    """Starts a server that must fail; returns its one line."""
    done = server.command("serve")
    assert done.returncode == 1, done.stdout
    assert done.left_over == []
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("keel: ")
    return done.stderr


def test_the_edit_is_in_force_after_a_restart(make_server, build_copy):
    server = make_server().start()
    with server.client() as client:
        assert client.post(USERS, json=new_user(name="abcdef")
                           ).status_code == 201
    build = build_copy(v_name("^.{1,5}$"))
    other = make_server(database=server.database, build=build).start()
    with other.client() as client:
        assert check_validation(client.post(
            USERS, json=new_user(name="abcdef"))) == {
                "body.name": ["Must have at most 5 characters"]}
        assert client.post(USERS, json=new_user(name="éèàüö")
                           ).status_code == 201


def test_an_edited_regex_matches_characters(start_server, build_copy):
    server = start_server(build=build_copy(v_name("^[A-Z].[[:alpha:]]$")))
    with server.client() as client:
        for name in ("Aéb", "E😀ß", "Zzz"):
            answer = client.post(USERS, json=new_user(name=name))
            assert answer.status_code == 201, answer.text
        for name in ("éab", "Ab", "Abcd"):
            [message] = check_validation(client.post(
                USERS, json=new_user(name=name)))["body.name"]
            assert message.startswith("Must match ^")


def test_a_list_of_choices_can_be_shortened(start_server, build_copy):
    build = build_copy(change(r"^(validator\s+v_role\s+regex\s+).*$",
                              r"\1^(user|admin)$"))
    with start_server(build=build).client() as client:
        assert check_validation(client.post(
            USERS, json=new_user(role="staff"))) == {
                "body.role": ["Must be one of: user, admin"]}


def test_a_query_parameter_can_be_declared(start_server, build_copy):
    build = build_copy(change(
        r"^\troute\s+/api/v1/users\s+users_collection$",
        "\\g<0>\n\tparams qs:post /api/v1/users {\n"
        "\t\tvalidate x v_role\n\t}"))
    with start_server(build=build).client() as client:
        def post(query):
            return client.post(USERS + query, json=new_user())

        assert post("?x=staff").status_code == 201
        assert check_validation(post("?x=boss")) == {
            "query.x": [must_be_one_of_the_roles()]}
        assert list(check_validation(post("?y=1"))) == ["query.y"]
        assert check_validation(post("?x=user&x=user")) == {
            "query.x": ["Is given more than once"]}


def test_a_parameter_of_an_ignored_query_stops_the_start(make_server,
                                                         build_copy):
    build = build_copy(change(
        r"^\troute\s+/healthz\s+healthz$",
        "\\g<0>\n\tparams qs:get /healthz {\n\t\tvalidate x v_role\n\t}"))
    assert start_line(make_server(build=build)) == (
        "keel: kore.conf: the route /healthz healthz has parameters, and its "
        "method ignores the query\n")


def test_a_path_can_be_changed(start_server, build_copy):
    build = build_copy(change(r"/healthz\b", "/alive"))
    with start_server(build=build).client() as client:
        assert client.get("/alive").status_code == 200
        assert client.get("/healthz").status_code == 404


@pytest.mark.parametrize("name", ["v_email", "v_name", "v_password"])
def test_a_deleted_validator_stops_the_start_by_name(make_server, build_copy,
                                                     name):
    build = build_copy(change(r"^validator\s+%s\s.*\n" % name, ""))
    assert name in start_line(make_server(build=build))


@pytest.mark.parametrize("name", ["v_role", "v_page", "v_except"])
def test_a_deleted_validator_of_a_query_is_named_by_kore(make_server,
                                                         build_copy, name):
    build = build_copy(change(r"^validator\s+%s\s.*\n" % name, ""))
    done = make_server(build=build).command("serve")
    assert done.returncode == 1
    assert done.left_over == []
    assert "unknown validator %s " % name in done.stdout


def test_a_route_without_c_stops_the_start_by_name(make_server, build_copy):
    build = build_copy(change(r"/readyz(\s+)readyz$", r"/readyz\1reedyz"))
    done = make_server(build=build).command("serve")
    assert done.returncode == 1
    assert done.left_over == []
    assert "reedyz" in done.stdout + done.stderr


def test_a_group_without_a_path_row_stops_the_start(make_server, build_copy):
    build = build_copy(change(r"^\troute\s+/healthz\s+healthz$",
                              "\troute ^/healthz/([a-z]+)$ healthz"))
    assert "healthz" in start_line(make_server(build=build))


def test_a_missing_server_stops_the_start(make_server, build_copy):
    build = build_copy(lambda text: re.sub(
        r"\badmin\b(?!\))", "other", text))
    assert "admin" in start_line(make_server(build=build))


def test_a_password_longer_than_the_buffers(start_server, build_copy):
    """A limit in kore.conf cannot overrun a buffer in C."""
    server = start_server(build=build_copy(change(
        r"^validator\s+v_password.*$",
        "validator v_password regex ^.{8,4096}$")))
    with server.client() as client:
        for length in (1025, 3500, 4000):
            assert check_validation(client.post(
                USERS, json=new_user(password="x" * length))) == {
                    "body.password": ["Must have at most 1024 bytes"]}
        user = new_user(password="x" * 1024)
        assert client.post(USERS, json=user).status_code == 201
        sign_in(client, user)


def test_a_longer_name_than_the_column_takes(start_server, build_copy):
    server = start_server(build=build_copy(v_name("^.{1,300}$")))
    with server.client() as client:
        assert check_validation(client.post(
            USERS, json=new_user(name="x" * 101))) == {
                "body": ["A value does not fit the database"]}
        assert client.post(USERS, json=new_user(name="x" * 100)
                           ).status_code == 201
    server.wait_for_rest()


def test_an_address_that_only_the_regex_accepts(start_server, build_copy):
    server = start_server(build=build_copy(change(
        r"^validator\s+v_email.*$", "validator v_email regex ^.{1,50}$")))
    with server.client() as client:
        assert check_validation(client.post(
            USERS, json=new_user(email="nobody"))) == {
                "body.email": ["Is not a valid e-mail address"]}
