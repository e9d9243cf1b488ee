# SPDX-License-Identifier: ISC
"""The tests of the two short runs: `-m smoke`, which a developer runs before a
commit, and `-m asan`, which runs under AddressSanitizer every time.
tests/README.md has the reasons. A project marks its tests themselves:
@pytest.mark.smoke, which is in both runs, or @pytest.mark.asan."""

import pytest

# Manual memory management, bytes from the wire, failures in the middle.
ASAN = [
    "accounts/test_session_usage.py::"
    "test_it_does_not_delay_the_end_of_a_server",
    "http/test_cors.py::test_a_busy_server",
    "http/test_json_suite.py", "http/test_validation.py",
    "http/test_proxy_protocol.py", "http/test_wire_framing.py",
    "http/test_wire_head.py", "http/test_wire_order.py",
    "faults/test_disconnect.py", "faults/test_faults.py",
    "faults/test_faults_links.py", "faults/test_faults_refresh.py",
    "faults/test_faults_posts.py::test_a_post_with_a_key_fails_whole",
    "faults/test_faults_users.py", "faults/test_hang_up.py",
    "limits/test_deadlines.py", "limits/test_exhaustion.py",
    "database/test_rows.py",
    "jobs/test_jobs_smtp.py", "jobs/test_jobs_replies.py",
    "jobs/test_runner_port.py",
    "jobs/test_smtp_times.py::test_every_phase_has_its_time",
    "jobs/test_smtp_times.py::test_mails_that_hang_hold_up_nothing_else",
    "operations/test_crash.py::test_a_null_pointer",
    "operations/test_crash.py::test_a_call_of_null",
    "operations/test_crash.py::test_memory_that_is_freed",
    "operations/test_draining.py::test_a_second_signal_cuts",
    "operations/test_draining.py::test_control_c_reaches_every_process",
    "operations/test_socket_handover.py::test_both_listeners_are_given",
    "posts/test_posts_values.py", "posts/test_posts_meanwhile.py",
    "posts/test_posts_expand.py::test_the_contents_of_a_page_have_an_end",
]

# The success case of each folder.
SMOKE = [
    "accounts/test_access.py::test_the_table_has_every_endpoint_and_no_other",
    "accounts/test_account_pages.py::test_the_form_sets_the_password",
    "accounts/test_account_pages.py::test_the_headers_of_a_page",
    "accounts/test_admin_help.py::test_an_admin_ends_all_sessions_of_a_user",
    "accounts/test_auth.py::test_the_claims_follow_rfc_9068",
    "accounts/test_audit.py::test_a_deleted_user_stays_in_the_log",
    "accounts/test_auth.py::test_no_token_is_refused",
    "accounts/test_email_change.py::test_a_confirmed_address",
    "accounts/test_email_change.py::test_a_cancelled_change",
    "accounts/test_emails.py::test_email_validator_agrees",
    "accounts/test_guessing.py::test_the_owner_is_let_in_at_home",
    "accounts/test_login.py::test_both_sign_ins_answer_alike",
    "accounts/test_login.py::test_what_is_wrong_with_the_json_is_said",
    "accounts/test_confirmation.py::"
    "test_a_stolen_token_of_a_user_changes_nothing_that_lasts",
    "accounts/test_confirmation.py::test_both_outcomes_are_in_the_audit_log",
    "accounts/test_oauth_client.py::"
    "test_requests_oauthlib_signs_in_and_reads_me",
    "accounts/test_passwords.py::test_a_passphrase_instead",
    "accounts/test_refresh.py::"
    "test_a_sign_in_goes_on_with_refresh_tokens",
    "accounts/test_refresh.py::test_a_reuse_ends_the_family",
    "accounts/test_refresh.py::test_a_wrong_request",
    "accounts/test_revoke.py::test_a_token_that_is_none_changes_nothing",
    "accounts/test_locale.py::test_what_does_not_send_it_leaves_it",
    "accounts/test_revoke.py::test_the_token_is_required",
    "accounts/test_revoke.py::"
    "test_a_logout_ends_the_session_of_the_request",
    "accounts/test_session_usage.py::test_the_list_knows_the_last_use",
    "accounts/test_sessions.py::"
    "test_the_list_has_every_sign_in_the_latest_first",
    "accounts/test_sessions.py::test_a_session_has_exactly_its_fields",
    "accounts/test_sessions.py::"
    "test_a_session_that_is_ended_is_refused_by_every_worker",
    "accounts/test_reset.py::test_a_token_works_once",
    "accounts/test_reset.py::test_every_address_gets_the_same_bytes",
    "accounts/test_users.py::test_the_response_has_exactly_the_fields",
    "accounts/test_users.py::test_registration_enqueues_the_welcome_mail",
    "accounts/test_users.py::test_three_bad_fields_are_named_in_one_response",
    "accounts/test_users.py::test_me_is_the_signed_in_user",
    "accounts/test_users_item.py",
    "accounts/test_users_rights.py::test_an_admin_deactivates_and_activates",
    "accounts/test_users_rights.py::test_the_last_admin_stays",
    "database/test_catalog.py::test_keel_migrate_equals_the_files",
    "database/test_database_errors.py::"
    "test_a_violated_constraint_is_409_and_one_log_line",
    "database/test_database_readonly.py::"
    "test_writes_are_503_while_it_is_read_only",
    "database/test_integrity.py",
    "database/test_ready.py::test_cut_connections_come_back",
    "description/test_docs.py",
    "description/test_openapi.py::test_the_description_is_the_one_in_git",
    "description/test_operations.py",
    "http/test_caches.py",
    "http/test_cors.py::test_each_kind_of_response",
    "http/test_conditional.py",
    "http/test_http.py",
    "http/test_tls.py::test_openssl_gets_a_response",
    "http/test_tls.py::test_http_1_1_is_chosen_by_alpn",
    "http/test_validation.py",
    "http/test_proxy_protocol.py::test_a_header_may_come_byte_by_byte",
    "http/test_wire_framing.py::test_content_length_1_followed_by_20_mb",
    "jobs/test_admin_jobs.py",
    "jobs/test_admin_jobs_many.py::"
    "test_it_changes_what_matches_and_nothing_else",
    "jobs/test_admin_jobs_one.py::test_a_queued_job_is_cancelled",
    "jobs/test_jobs_mail.py::test_a_mail_is_well_formed",
    "jobs/test_jobs_rounds.py::test_each_day_has_its_round",
    "jobs/test_jobs_runners.py::test_a_commit_wakes_the_runner",
    "jobs/test_jobs_runners.py::test_a_deleted_user_gets_no_mail",
    "jobs/test_jobs_replies.py::test_every_2xx_after_the_message_is_success",
    "jobs/test_jobs_smtp.py::test_a_permanent_failure_is_dead_at_once",
    "jobs/test_runner_port.py::test_it_counts_jobs_and_attempts",
    "jobs/test_runner_settings.py::"
    "test_a_runner_without_a_key_sends_links_that_work",
    "limits/test_networks.py::test_a_64_has_the_quota",
    "limits/test_overload.py::test_one_connection_carries_many_transactions",
    "limits/test_rate_limits.py::test_headers_tell_what_is_left",
    "lists/test_audit_list.py::test_an_entry",
    "lists/test_cursor.py::test_a_last_page_that_is_full_has_no_more",
    "lists/test_cursor.py::test_a_link_keeps_the_filters",
    "lists/test_cursor.py::test_an_invalid_cursor_is_refused",
    "lists/test_pagination.py",
    "operations/test_audit_command.py::test_lines_for_people",
    "operations/test_commands.py::test_an_admin_signs_in_and_makes_another",
    "operations/test_commands.py::test_routes_lists_every_endpoint",
    "operations/test_commands_users.py::"
    "test_a_role_counts_on_the_next_request",
    "operations/test_development.py::"
    "test_a_second_start_finds_its_data_again",
    "operations/test_kore_conf.py::"
    "test_the_edit_is_in_force_after_a_restart",
    "operations/test_certificates.py::test_a_key_that_comes_later",
    "operations/test_draining.py::test_an_idle_connection_is_closed_at_last",
    "operations/test_plain_http.py::test_it_serves_http",
    "operations/test_slow_log.py::test_the_metric_and_the_lines_agree",
    "operations/test_socket_handover.py::test_both_listeners_are_given",
    "operations/test_start.py::test_a_missing_certificate",
    "operations/test_workers.py::test_workers_may_die_again_and_again",
    "posts/test_posts.py::test_a_new_post",
    "posts/test_posts.py::test_a_patch_changes_what_it_has",
    "posts/test_posts.py::test_a_put_replaces_all",
    "posts/test_posts.py::test_publish_and_unpublish",
    "posts/test_posts.py::test_a_deleted_post_is_gone",
    "posts/test_posts_access_lists.py::"
    "test_a_reader_sees_what_the_lists_show",
    "posts/test_posts_conditional.py::"
    "test_the_etag_of_a_write_is_that_of_the_next",
    "posts/test_posts_expand.py::test_a_change_shows_the_author",
    "posts/test_posts_expand.py::"
    "test_each_post_has_its_own_author_and_content",
    "posts/test_template_items.py",
    "posts/test_posts_search.py::test_words",
]


def name_of(item, whole):
    """FOLDER/FILE::TEST without parameters; FOLDER/FILE for the whole file."""
    path = "%s/%s" % (item.path.parent.name, item.path.name)
    return path if whole else "%s::%s" % (path, item.originalname)


def mark(items, expression):
    """For such a run, checks that each name is a test's."""
    unused = set(SMOKE + ASAN) if expression in ("smoke", "asan") else set()
    for item in items:
        names = {name_of(item, True), name_of(item, False)}
        unused -= names
        if names & set(SMOKE):
            item.add_marker("smoke")
        if names & set(SMOKE + ASAN) or item.get_closest_marker("smoke"):
            item.add_marker("asan")
    if unused:
        raise pytest.UsageError("no such tests: %s" % sorted(unused))
