# SPDX-License-Identifier: ISC
"""Which bodies are valid: strict JSON, UTF-8, one object, known keys."""

import gzip
import json

import pytest

from helpers import (check_error, check_validation, new_user, raw_connection,
                     raw_request, read_raw_answer, rows_of)

USERS = "/api/v1/users"
BODY_MAX = 131072  # kore.conf: http_body_max


def post(client, body, content_type="application/json"):
    if isinstance(body, str):
        body = body.encode()
    headers = {} if content_type is None else {"Content-Type": content_type}
    return client.post(USERS, content=body, headers=headers)


def check_invalid_json(answer):
    assert check_error(answer, 400, "INVALID_JSON") == {}


def nested(levels):
    """A body with that many levels, including the object."""
    return '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


#
# 400: invalid JSON.
#

@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"}", b"[", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{,}",
    b'{"a" 1}', b"{a:1}", b"{'a':1}", b'{"a":1}}', b'{"a":1} x', b"{}{}",
    b'{"a":01}', b'{"a":-}', b'{"a":1.}', b'{"a":.5}', b'{"a":+1}',
    b'{"a":0x1}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":True}',
    b'{"a":nul}', b'{"a":"\\x41"}', b'{"a":"\\u12"}', b'{"a":"\\ud800"}',
    b'{"a":"\\udc00\\ud800"}', b'{"a":"\n"}', b'{"a":"\x01"}', b'{"a":"',
    b'{"a":1} // no', b"/* no */ {}", b"\xef\xbb\xbf{}", b"a=b", b"<a/>",
    b"\x00", b"{}\x00", b"\xfe\xff\x00{\x00}"])
def test_malformed_json_is_refused(client, body):
    check_invalid_json(post(client, body))


@pytest.mark.parametrize("bad", [
    b"\xff", b"\xc3", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"caf\xe9"],
    ids=lambda bad: bad.hex())
def test_bad_utf_8_is_refused(client, bad):
    body = json.dumps(new_user(name="MARK")).encode()
    check_invalid_json(post(client, body.replace(b"MARK", bad)))


def test_bad_utf_8_in_a_key_is_refused(client):
    check_invalid_json(post(client, b'{"\xff": 1}'))


def test_a_raw_nul_is_refused(client, server):
    body = new_user(name="MARK")
    check_invalid_json(post(client, json.dumps(body).encode().replace(
        b"MARK", b"a\x00b")))
    assert rows_of(server, body["email"]) == (0, 0)


@pytest.mark.parametrize("values", [10001, 60000])
def test_a_body_of_too_many_values(client, values):
    """Each takes memory, and time in which the worker serves nobody."""
    def body(values):
        return '{"a":[%s]}' % ",".join(["0"] * (values - 2))

    assert check_validation(post(client, body(10000)))["body.a"] == [
        "Is not a field of this request"]
    check_invalid_json(post(client, body(values)))
    text = '{"a":"%s"}' % ("[,{" * 20000)
    assert "body.a" in check_validation(post(client, text))


@pytest.mark.parametrize("levels", [33, 34, 100, 5000, 50000])
def test_a_body_too_deep_is_refused(client, levels):
    check_invalid_json(post(client, nested(levels)))


def test_depth_is_counted_before_anything_is_parsed(client):
    check_invalid_json(post(client, "[" * 5000))
    check_invalid_json(post(client, '{"a":' * 5000))
    check_invalid_json(post(client, '{"a":[' * 2500))


def test_thirty_two_levels_are_read(client):
    assert check_validation(post(client, nested(32)))["body.a"] == [
        "Is not a field of this request"]


def test_brackets_in_a_string_do_not_count_as_levels(client):
    answer = post(client, json.dumps(new_user(name='[{"' * 30 + "\\[")))
    assert answer.status_code == 201


#
# 422: JSON that does not fit the schema.
#

@pytest.mark.parametrize("body", ["[]", "null", "true", "1", '"x"', "[{}]"])
def test_the_top_must_be_an_object(client, body):
    assert check_validation(post(client, body)) == {
        "body": ["Must be an object"]}


@pytest.mark.parametrize("name", ["name", "email", "password", "role"])
def test_a_duplicate_key_is_named(client, server, name):
    user = new_user(role="user")
    body = json.dumps(user)[:-1] + ', "%s": "user"}' % name
    assert check_validation(post(client, body)) == {
        "body." + name: ["Is given more than once"]}
    assert rows_of(server, user["email"]) == (0, 0)


def test_a_duplicate_key_with_escapes_is_found(client):
    body = json.dumps(new_user())[:-1] + ', "n\\u0061me": "x"}'
    fields = check_validation(post(client, body))
    assert list(fields.values()) == [["Is given more than once"]]


@pytest.mark.parametrize("key", ["nickname", "Name", "name ", "", "naïve",
                                 "__proto__", "%s%n", "x" * 99])
def test_an_unknown_key_is_named(client, key):
    assert check_validation(post(client, json.dumps(
        new_user() | {key: 1}))) == {
            "body." + key: ["Is not a field of this request"]}


@pytest.mark.parametrize("key", ["x" * 60000, "é" * 30000, "😀" * 500])
def test_a_huge_unknown_key_is_cut_to_valid_json(client, key):
    answer = post(client, json.dumps(new_user() | {key: 1},
                                     ensure_ascii=False))
    [field] = check_validation(answer)
    assert ("body." + key).startswith(field)
    assert len(answer.content) < 1000


def test_many_unknown_keys_get_a_response(client):
    body = json.dumps({"k%d" % i: i for i in range(5000)})
    fields = check_validation(post(client, body))
    assert len(fields) >= 3


def test_an_escaped_nul_is_refused(client, server):
    body = new_user(name="a\x00b")
    assert "\\u0000" in json.dumps(body)
    [field] = check_validation(post(client, json.dumps(body)))
    assert field in ("body", "body.name")
    assert rows_of(server, body["email"]) == (0, 0)


def test_an_escaped_nul_in_a_password_cuts_nothing(client, server):
    body = new_user(password="Abcdefg1\x00zzz")
    check_validation(post(client, json.dumps(body)))
    assert rows_of(server, body["email"]) == (0, 0)


def test_an_escaped_nul_in_a_key_is_refused(client):
    check_validation(post(client, json.dumps({"name\x00": "x"})))


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400,
                                    "9223372036854775808"])
def test_a_number_too_large_has_a_clear_error(client, number):
    body = json.dumps(new_user())[:-1] + ', "age": %s}' % number
    check_validation(post(client, body))


#
# 415.
#

@pytest.mark.parametrize("content_type", [
    None, "text/plain", "text/json", "application/jsonx",
    "application/json-patch+json", "application/problem+json",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/json; charset=latin-1", "application/json; charset=utf-16",
    "application/merge-patch+json", "application/jsonp",
    "application/json-seq", "application/json; charset",
    "application/json, text/plain", "json", "*/*"])
def test_another_media_type_is_refused(client, content_type):
    answer = post(client, json.dumps(new_user()), content_type)
    check_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", [
    "application/json; charset=utf-8", "application/json;charset=UTF-8",
    'application/json; charset="utf-8"', "Application/JSON",
    "application/json ; Charset=Utf-8", "application/json; charset=utf8",
    "application/json;", "application/json; profile=\"a;b\"; v=1"])
def test_a_charset_of_utf_8_is_fine(client, content_type):
    answer = post(client, json.dumps(new_user()), content_type)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("content_type", [
    "application/json; charset=latin1", 'application/json; charset="UTF-16"'])
def test_another_charset_is_told_what_is_needed(client, content_type):
    answer = post(client, json.dumps(new_user()), content_type)
    check_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE",
                "The charset of the body must be UTF-8")


@pytest.mark.parametrize("codings", [
    ["gzip"], ["br"], ["deflate"], ["x-gzip"], ["identity, gzip"],
    ["identity", "zstd"], ["nonsense"]], ids=" / ".join)
@pytest.mark.parametrize("coded", [True, False])
def test_a_coded_body_is_refused(client, server, codings, coded):
    """Whether the bytes are coded or only said to be."""
    user = new_user()
    body = json.dumps(user).encode()
    headers = [("Content-Type", "application/json")] + [
        ("Content-Encoding", coding) for coding in codings]
    answer = client.post(USERS, headers=headers,
                         content=gzip.compress(body) if coded else body)
    check_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE",
                "The body must have no Content-Encoding")
    assert answer.headers["accept-encoding"] == "identity"
    assert rows_of(server, user["email"]) == (0, 0)


@pytest.mark.parametrize("coding", ["identity", "Identity, identity", ""])
def test_a_body_that_is_not_coded_may_say_so(client, coding):
    answer = client.post(USERS, json=new_user(), headers={
        "Content-Encoding": coding})
    assert answer.status_code == 201


#
# Valid bodies.
#

@pytest.mark.parametrize("edit", [
    lambda text: " \t\r\n" + text + " \t\r\n",
    lambda text: text.replace('"name"', '"\\u006eame"'),
    lambda text: text.replace("@", "\\u0040"),
    lambda text: text.replace("/", "\\/"),
    lambda text: text.replace("MARK", "\\ud83d\\ude00"),
], ids=["blanks", "escaped_key", "escaped_value", "slash", "surrogates"])
def test_other_spellings_of_the_same_json_are_read(client, edit):
    body = edit(json.dumps(new_user(name="MARK")))
    assert post(client, body).status_code == 201


def test_a_body_of_the_greatest_size_is_read(client):
    body = json.dumps(new_user())
    answer = post(client, body + " " * (BODY_MAX - len(body)))
    assert answer.status_code == 201


def test_a_body_over_the_greatest_size_is_refused(client, server):
    """By Kore, which sends 413 before it reads the body, and closes."""
    with raw_connection(server) as connection:
        connection.sendall(raw_request("POST", USERS, Content_Length=BODY_MAX
                                       + 1, Content_Type="application/json"))
        status, _, _ = read_raw_answer(connection)
        assert status == 413
        assert connection.recv(1) == b""
    assert client.get("/healthz").status_code == 200


def test_every_refusal_leaves_the_connection_in_use(client):
    """A handler that responds early must leave no bytes unread."""
    for body in (b"{", nested(5000), json.dumps({}), b"\xff"):
        post(client, body)
        assert client.get("/healthz").json() == {"status": "ok"}


def test_thousands_of_errors_get_a_hundred_details(client):
    body = {"x%d" % i: 0 for i in range(8000)}
    answer = client.post("/api/v1/users", json=body)
    assert answer.status_code == 422
    details = answer.json()["error"]["details"]
    assert len(details) == 100
    assert [d["field"] for d in details[:3]] == [
        "body.email", "body.name", "body.password"]
