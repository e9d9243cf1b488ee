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
    build = build_copy(change(r"^(validator\s+v_role\s.*)\|staff\b", r"\1"))
    with start_server(build=build).client() as client:
        assert check_validation(client.post(
            USERS, json=new_user(role="staff"))) == {
                "body.role": [must_be_one_of_the_roles().replace(
                    " staff,", "")]}


def test_a_query_parameter_can_be_declared(start_server, build_copy):
    build = build_copy(change(
        r"^\troute\s+/api/v1/users\s+users_collection$",
        "\\g<0>\n\tparams qs:post /api/v1/users {\n"
        "\t\tvalidate role v_role\n\t}"))
    with start_server(build=build).client() as client:
        def post(query):
            return client.post(USERS + query, json=new_user())

        assert post("?role=staff").status_code == 201
        assert check_validation(post("?role=boss")) == {
            "query.role": [must_be_one_of_the_roles()]}
        assert list(check_validation(post("?y=1"))) == ["query.y"]
        assert check_validation(post("?role=user&role=user")) == {
            "query.role": ["Is given more than once"]}


def test_a_parameter_of_an_ignored_query_stops_the_start(make_server,
                                                         build_copy):
    build = build_copy(change(
        r"^\troute\s+/healthz\s+healthz$",
        "\\g<0>\n\tparams qs:get /healthz {\n\t\tvalidate x v_role\n\t}"))
    assert start_line(make_server(build=build)) == (
        "keel: kore.conf: the route /healthz healthz has parameters, and its "
        "method ignores the query\n")


ROUTER = "src/modules/users/users_router.c"
ITEM = "^/api/v1/users/([^/]+)$"
PARAMS = "kore.conf: params qs:%s /api/v1/users: "

# The mistake, and the line that it gets.
MISTAKES = {
    "below the last": (
        change(r"^(\troute\s+\^\.\*\$\s+not_found)$",
               r"\1\n\troute /api/v1/late healthz"),
        "kore.conf: the route /api/v1/late healthz stands below ^.*$, which "
        "answers for all other paths: move it above that"),
    "hidden": (
        lambda text: re.sub(
            r"^\troute\s+/api/v1/users/me\s.*\n", "", text, flags=re.M
        ).replace("users_item\n", "users_item\n"
                  "\troute /api/v1/users/me users_me\n"),
        "kore.conf: the route /api/v1/users/me users_me can never be reached: "
        + ITEM + " users_item above it matches its paths, too; move users_me "
        "above that"),
    "one path twice": (
        change(r"/readyz(\s+readyz)$", r"/healthz\1"),
        "kore.conf: the route /healthz readyz can never be reached: healthz "
        "has this path already; put the rows of both into one ROUTE"),
    "one ROUTE twice": (
        change(r"^\troute\s+/healthz\s+healthz$",
               r"\g<0>\n\troute /alive healthz"),
        "kore.conf: the route /alive healthz stands in kore.conf twice: it "
        "has the path /healthz, and a ROUTE has one path"),
    "a validate too many": (
        change(r"^\t\tvalidate\s+q\s+v_search$",
               r"\g<0>\n\t\tvalidate colour v_search"),
        PARAMS % "get" + "ROUTE(users_collection) in " + ROUTER + " has no "
        "row for colour: write PARAM(colour, \"What it is for.\")"),
    "a validate too few": (
        change(r"^\t\tvalidate\s+q\s+v_search\n", ""),
        ROUTER + ": ROUTE(users_collection) has PARAM(q, ...), and kore.conf "
        "has no rule for it: write `validate q VALIDATOR` in a block `params "
        "qs:get /api/v1/users`"),
    "a validate twice": (
        change(r"^\t\tvalidate\s+q\s+v_search\n", r"\g<0>\g<0>"),
        PARAMS % "get" + "it has two lines validate q"),
    "params of another method": (
        change(r"qs:get /api/v1/users \{", "qs:put /api/v1/users {"),
        PARAMS % "put" + "ROUTE(users_collection) in " + ROUTER + " has no "
        "PUT row"),
    "params of a body": (
        change(r"^\troute\s+/api/v1/users\s+users_collection$",
               "\\g<0>\n\tparams post /api/v1/users {\n"
               "\t\tvalidate name v_name\n\t}"),
        "kore.conf: params post /api/v1/users: write qs: before the method: "
        "the members of a body are in its schema, not here"),
    "a role": (
        change(r"^(validator\s+v_role\s.*)\badmin\b", r"\1boss"),
        ROUTER + ": GET(list_users) in ROUTE(users_collection) has .auth = "
        "user_directory, and kore.conf's v_role has no role \"admin\": " +
        must_be_one_of_the_roles().replace("admin", "boss")),
    "a query that code asks for": (
        change(r"^\tparams qs:delete /api/v1/users/me/sessions \{\n.*\n\t\}",
               "\tparams qs:get /api/v1/users/me/sessions {\n"
               "\t\tvalidate except v_except\n\t}"),
        "src/modules/auth/auth_router.c: DELETE(end_sessions) in "
        "ROUTE(auth_sessions) asks for query_param(c, \"except\"), and "
        "kore.conf has no rule for it: write `validate except VALIDATOR` in "
        "its method's block of params for /api/v1/users/me/sessions"),
    "too many groups": (
        change(re.escape("^/api/v1/users/([^/]+)$") + r"\s+users_item",
               "^/api/v1/(users)/([^/]+)$ users_item"),
        "kore.conf: the route ^/api/v1/(users)/([^/]+)$ users_item has 1 PATH "
        "rows, and its path here has 2 groups: each group, like ([^/]+), "
        "needs one row"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_stops_the_start_with_a_line(make_server, build_copy, name):
    edit, line = MISTAKES[name]
    assert start_line(make_server(build=build_copy(edit))) == (
        "keel: %s\n" % line)


NO_ROUTE = ("no route above it has the path %s: write the path as in its "
            "route, and the block below that")

# Without these lines, Kore would say less, or nothing at all: the names are
# checked before it reads the file. tests/unit/test_kore_conf_names.c has all.
NAMES = {
    "params of no route": (
        change(r"qs:get /api/v1/users \{", "qs:get /api/v1/user {"),
        "params qs:get /api/v1/user: " + NO_ROUTE % "/api/v1/user"),
    "params of a regex that is spelt differently": (
        change(r"qs:get \^/api/v1/users/\(\[\^/\]\+\)/sessions\$ \{",
               "qs:get ^/api/v1/users/(.+)/sessions$ {"),
        "params qs:get ^/api/v1/users/(.+)/sessions$: "
        + NO_ROUTE % "^/api/v1/users/(.+)/sessions$"),
    "params above the route": (
        change(r"^\troute\s+/api/v1/users/me\s", "\tparams qs:get /readyz {"
               "\n\t\tvalidate q v_search\n\t}\n\\g<0>"),
        "params qs:get /readyz: " + NO_ROUTE % "/readyz"),
    "a ROUTE that is not there": (
        change(r"users_item$", "user_item"),
        "route ^/api/v1/users/([^/]+)$: no router has ROUTE(user_item, ...): "
        "write one, or correct the name"),
    "a validator that is not there": (
        change(r"^\t\tvalidate\s+q\s+v_search$", "\t\tvalidate q v_serach"),
        "validate q: no validator v_serach is above it: write validator "
        "v_serach regex RULE at the top"),
    "a function that is not there": (
        change(r"^validator\s+v_uuid\s.*", "validator v_uuid function v_id"),
        "validator v_uuid: no VALIDATOR(v_id) is in src"),
    "a validator twice": (
        change(r"^validator\s+v_name\s.*", r"\g<0>\n\g<0>"),
        "validator v_name: it is there twice, and only the first one would "
        "count: take one out"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_name_stops_the_start_with_a_line(make_server, build_copy,
                                                  name):
    edit, says = NAMES[name]
    line = start_line(make_server(build=build_copy(edit)))
    assert re.fullmatch(r"keel: kore\.conf:\d+: " + re.escape(says) + "\n",
                        line), line


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
def test_a_deleted_validator_of_a_query_stops_the_start_by_name(
        make_server, build_copy, name):
    build = build_copy(change(r"^validator\s+%s\s.*\n" % name, ""))
    assert f" no validator {name} is above it: " in start_line(
        make_server(build=build))


def test_a_route_without_c_stops_the_start_by_name(make_server, build_copy):
    build = build_copy(change(r"/readyz(\s+)readyz$", r"/readyz\1reedyz"))
    assert "ROUTE(reedyz, ...)" in start_line(make_server(build=build))



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
        "validator v_password regex length:8..4096")))
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
                "body.email": ["Is not a valid e-mail address: must contain "
                               "exactly one @"]}
