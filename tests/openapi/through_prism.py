# SPDX-License-Identifier: ISC
"""A pytest plugin for tests/api: every client talks to its server through
Prism. No violation may be found, in a response or in an accepted request; a
refused request may have violations."""

import collections

import httpx
import pytest

from prism import Prism, Proxies, violations
from server import Server

# Tests of what no proxy forwards unchanged, or Prism does not. Each text is a
# part of the names of the tests to leave out.
LEFT_OUT = {
    "Prism parses a body and writes it again: malformed or unusual JSON does "
    "not arrive unchanged": [
        "::test_malformed_json_is_refused", "::test_bad_utf_8",
        "::test_a_raw_nul", "::test_depth_is_counted",
        "::test_a_body_too_deep", "::test_the_top_must_be_an_object",
        "::test_a_duplicate_key", "::test_a_number_too_large",
        "::test_other_spellings", "::test_every_refusal_leaves",
        "::test_a_number_in_a_payload",
        "::test_another_content_type_is_invalid_request",
        "::test_a_body_of_the_greatest_size",
        "::test_another_media_type_is_refused",
        "::test_a_charset_of_utf_8_is_fine",
        "::test_another_charset_is_told", "::test_a_coded_body_is_refused"],
    "the description names one spelling of a boolean, and no empty value": [
        "::test_an_empty_field_is_no_filter"],
    "Prism joins header lines of one name, and drops the empty ones": [
        "::test_a_malformed_list_never_lets_a_write_pass"],
    "Prism writes the names of members into its header: a long list is cut, "
    "and beyond Latin-1 it dies": [
        "::test_a_huge_unknown_key", "::test_many_unknown_keys",
        "::test_thousands_of_errors", "::test_an_escaped_nul_in_a_key",
        "::test_an_unknown_key_is_named"],
    "Prism parses the body of a response to HEAD, which has none": [
        "-HEAD]", "::test_head_is_get"],
    "the description has no OPTIONS": [
        "::test_options_lists_the_methods"],
    "Prism takes Bearer only, though a scheme's name has no case (RFC 9110, "
    "11.1)": [
        "::test_the_schemes_name_is_not_case_sensitive"],
    "the test opens its own connection to the server": [
        "test_validation.py::test_a_body_over_the_greatest_size",
        "::test_each_path_exists_on_its_listener_only"],
    "about ./keel routes, not about requests": [
        "::test_the_table_has_every_endpoint",
        "::test_the_routes_that_need_a_sign_in_match_the_table",
        "::test_the_routes_that_need_a_confirmation_match_the_table"],
    "Prism has a User-Agent of its own": [
        "::test_a_session_has_the_device_of_its_sign_in[none]"],
    "measures the time of a response": [
        "::test_an_unknown_address_takes_as_long"],
    "the description does not describe itself, nor the pages of links": [
        "::test_the_description_lists_the_428",
        "-/openapi.json", "-/docs", "-/]", "-/favicon.ico", "-/account/",
        "[/openapi.json", "[/docs", "[/]", "[/favicon.ico", "[/account/"],
    "the same requests as other tests, many times": [
        "::test_any_changed_character", "::test_a_cut_cursor",
        "::test_the_last_character_has_no_spare", "::test_odd_keys",
        "::test_equal_times", "::test_two_writers_at_once",
        "::test_a_right_password_does_not_count",
        "::test_an_invalid_id_is_named",
        "::test_the_token_of_a_deleted_user",
        "::test_every_tampered_character", "::test_twenty_refreshes"],
    "needs its own server and Prism, for requests of other tests": [
        "::test_a_cursor_outlives_its_server",
        "::test_a_cursor_of_another_secret", "::test_the_limit_can_be_set",
        "::test_access_when_users_may_read"],
}

prisms = {}
description = []
seen = collections.Counter()
found = []


def check(answer):
    answer.read()
    problems = [violation for violation in violations(answer)
                if violation["location"][0] != "request"]
    wrong = [violation for violation in violations(answer)
             if violation["location"][0] == "request"]
    if not 400 <= answer.status_code < 500:
        problems += wrong
    if "x-request-id" not in answer.headers:
        problems.append("a response by Prism itself: " + answer.text)
    seen["requests"] += 1
    seen["refused"] += bool(wrong)
    if problems:
        found.append("%s %s, %d: %s" % (
            answer.request.method, answer.request.url.path,
            answer.status_code, problems))
        raise AssertionError(found[-1])


def client(server, **options):
    if not description:
        description.append(server.command("openapi").stdout)
    if server not in prisms:
        prisms[server] = Prism(server, description[0])
    options.setdefault("timeout", 30)
    options["verify"] = False   # it serves plain HTTP
    return httpx.Client(base_url=prisms[server].url, trust_env=False,
                        event_hooks={"response": [check]}, **options)


def stop(server, plain_stop=Server.stop):
    if server in prisms:
        prisms.pop(server).stop()
    plain_stop(server)


def pytest_configure():
    Server.client = client
    Server.stop = stop


def pytest_collection_modifyitems(config, items):
    unused = {text for texts in LEFT_OUT.values() for text in texts}
    left_out = []
    for item in items:
        parts = [text for texts in LEFT_OUT.values() for text in texts
                 if text in item.nodeid]
        unused.difference_update(parts)
        # With a client per worker: Prism shares its connections.
        if parts or "clients" in item.fixturenames:
            left_out.append(item)
    if unused:
        raise pytest.UsageError("no such tests: %s" % sorted(unused))
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def pytest_sessionfinish(session):
    Proxies.end()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["prism"] = [dict(seen), found]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Collects what a worker of pytest -n has seen."""
    counts, lines = getattr(node, "workeroutput", {}).get("prism", ({}, []))
    seen.update(counts)
    found.extend(lines)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(
        "prism: %d requests, %d of them wrong and refused, %d violations" % (
            seen["requests"], seen["refused"], len(found)))
    for line in found:
        terminalreporter.write_line("prism: " + line)
