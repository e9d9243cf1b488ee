# SPDX-License-Identifier: ISC
"""The regexes of an edited kore.conf: what stops the start, and the line that
says so; and the memory of a start. tests/unit/utils/test_posix.c has every
refused pattern."""

import re

import pytest

from helpers import check_validation, new_user
from server import IS_ASAN

USERS = "/api/v1/users"

REFUSED = {
    "digits": (r"^\d{5}$", r"\d is not POSIX: write [0-9]"),
    "words": (r"^\w+$", r"\w is not POSIX: write [A-Za-z0-9_]"),
    "blanks": (r"^\S+$", r"\S is not POSIX: write [^[:space:]]"),
    "boundary": (r"^\bx$", r"\b is not POSIX: write the characters around the "
                 "word: POSIX has no boundaries"),
    "back-reference": (r"^(a)\1$", r"\1 is a back-reference, which POSIX does "
                       "not have: write the alternatives"),
    "line break": (r"^a\nb$", r"\n is not POSIX: write [[:space:]]"),
    "group": ("^(?:a|b)$", "(?: is not POSIX: write (...)"),
    "lookahead": ("^(?=a).*$", "(?= is not POSIX: write a validator function: "
                  "POSIX does not look ahead"),
    "non-greedy": ("^a*?$", "*? is not POSIX: write * (all of a value must "
                   "match, whatever is taken first)"),
    "bracket": (r"^[\d.]$", r"in [...] a backslash stands for itself, and \d "
                r"is two characters: write 0-9, or \\ for a backslash"),
    "class": ("^[:alpha:]$", "a class needs brackets of its own: write "
              "[[:alpha:]], not [:alpha:]"),
    "braces": ("^{a}$", r"a { that is no repetition: write \{ for the "
               "character"),
    "upside down": ("^a{5,2}$", "{5,2} is upside down: write {2,5}"),
    "empty": ("^(a|)$", "an empty alternative: write (...)? for what may be "
              "absent"),
    "open": ("[0-9]{5}", "a value that only contains a match would match, "
             "too: write ^[0-9]{5}$"),
    "half open": ("^a|b$", "not every alternative begins with ^ and ends with "
                  "$, so values that only contain one would match: write "
                  "^(...|...)$"),
    "long text": ("^.{0,20000}$", "^.{0,20000}$ takes too much memory: write "
                  "length:0..20000"),
    "repetition": ("^([a-z]{1,40}-){1,40}$", "it stands for 1640 characters, "
                   "and 1000 is the most: repeat less often, or write a "
                   "validator function"),
    "slow": ("^(a*){0,500}$", "a group that can be empty is repeated: let it "
             "have at least one character, (a+)* or (a|b)*, not (a*)* or "
             "(a?b?)*"),
    "length": ("length:0-5", "length:0-5 is not a length: write "
               "length:0..20000, the lowest and the highest number of "
               "characters"),
}


def v_name(regex):
    def edit(text):
        lines = text.splitlines()
        [number] = [n for n, line in enumerate(lines)
                    if re.match(r"validator\s+v_name\s", line)]
        lines[number] = "validator v_name regex " + regex
        edit.line = number + 1
        return "\n".join(lines) + "\n"
    return edit


def start_line(server, command):
    done = server.command(command, timeout=20)
    assert done.returncode == 1, done.stdout
    assert done.left_over == []
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_regex(make_server, build_copy, name):
    regex, says = REFUSED[name]
    edit = v_name(regex)
    server = make_server(build=build_copy(edit))
    assert start_line(server, "check-config") == (
        f"keel: kore.conf:{edit.line}: validator v_name: {says}")


@pytest.mark.parametrize("command", [
    "serve", "jobs", "migrate", "users", "audit", "routes", "openapi"])
def test_every_command_refuses(make_server, build_copy, command):
    edit = v_name("^.{0,20000}$")
    assert start_line(make_server(build=build_copy(edit)), command) == (
        f"keel: kore.conf:{edit.line}: validator v_name: ^.{{0,20000}}$ takes "
        "too much memory: write length:0..20000")


def test_a_refused_route(make_server, build_copy):
    build = build_copy(lambda text: text.replace(
        "^/docs/([^/]+)$", r"^/docs/(\w+)$"))
    assert re.fullmatch(
        r"keel: kore\.conf:\d+: route \^/docs/\(\\w\+\)\$: \\w is not POSIX: "
        r"write \[A-Za-z0-9_\]", start_line(make_server(build=build), "routes"))


def peak_memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])


def test_a_long_text(start_server, build_copy, record_property):
    """No pattern of that length is compiled: the start stays small."""
    server = start_server(build=build_copy(v_name("length:3..100000")))
    with server.client() as client:
        assert check_validation(client.post(
            USERS, json=new_user(name="é" * 2))) == {
                "body.name": ["Must have at least 3 characters"]}
        assert client.post(USERS, json=new_user(name="é" * 3)
                           ).status_code == 201
        assert check_validation(client.post(
            USERS, json=new_user(name="x" * 100001))) == {
                "body.name": ["Must have at most 100000 characters"]}
        described = client.get("/openapi.json").json()
    schema = described["components"]["schemas"]["UserCreate"]
    name = schema["properties"]["name"]
    assert (name["minLength"], name["maxLength"]) == (3, 100000)
    assert "pattern" not in name
    peak = peak_memory(server.parent())
    record_property("VmHWM of the start, kB", peak)
    print(f"VmHWM of the start: {peak} kB")
    assert IS_ASAN or peak < 64 * 1024, peak
