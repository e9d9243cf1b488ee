# SPDX-License-Identifier: ISC
"""Every index, and the statement of sql/queries that it is for. Plans are of
empty tables, with an index wherever one can be used."""

import uuid

import pytest

from queries import begin
from released import released_database

ID = str(uuid.UUID(int=0))
HASH = "00" * 32
FIRST = ["-infinity", ID, 21, 0]
LAST = ["infinity", ID, 21, 0]
FILTERS = [None, None, None]
NOW = ["infinity", ID, "-infinity", 21]

# Index, statement, its parameters, what the index finds: a condition, a
# conflict, or an order.
USES = [
    ("users_pkey", "users.find_by_id", [ID], "(id = "),
    ("users_pkey", "users.find_signed_in", [ID, ID], "(id = "),
    ("users_pkey", "users.update", [ID] + [None] * 6, "(id = "),
    ("users_pkey", "users.lock", [ID], "(id = "),
    ("users_email_key", "users.find_by_email", ["a"], "(lower((email)::text) "),
    ("users_email_key", "users.create", [ID, "a", "a", "a", "user", None],
     "conflict"),
    ("users_email_key", "users.create_admin", [ID, "a", "a", ID],
     "conflict"),
    ("ix_users_created_at", "users.list_by_created_at", FILTERS + FIRST,
     "order"),
    ("ix_users_created_at", "users.list_by_created_at_desc", FILTERS + LAST,
     "order"),
    ("ix_users_list_email", "users.list_by_email",
     FILTERS + ["", ID, 21, 0], "order"),
    ("ix_users_list_email", "users.list_by_email_desc",
     FILTERS + [None, ID, 21, 0], "order"),
    ("ix_users_list_name", "users.list_by_name", FILTERS + ["", ID, 21, 0],
     "order"),
    ("ix_users_list_name", "users.list_by_name_desc",
     FILTERS + [None, ID, 21, 0], "order"),
    ("sessions_pkey", "sessions.store_uses",
     ["{%s}" % ID, "{::1}", "{0}"], "(id = "),
    ("sessions_pkey", "sessions.revoke_by_token", [ID, HASH, "f"],
     "(id = "),
    ("sessions_pkey", "refresh_tokens.rotate", [HASH, HASH, "::1"], "(id = "),
    ("ix_sessions_user_id", "sessions.list", [ID, ID, 21, 0, 9],
     "(user_id = "),
    ("ix_sessions_user_id", "sessions.list", [ID, ID, 21, 0, 9], "order"),
    ("ix_sessions_user_id", "sessions.count", [ID, 9], "(user_id = "),
    ("ix_sessions_user_id", "sessions.limit", [ID, ID, 9, 9], "(user_id = "),
    ("ix_sessions_user_id", "sessions.revoke_all", [ID, ID], "(user_id = "),
    ("ix_sessions_user_id", "sessions.end_of_email", ["a", ID],
     "(user_id = "),
    ("ix_sessions_expires_at", "sessions.purge", [9],
     "(expires_at < (now() - '1 day'::interval))"),
    ("ix_sessions_revoked_at", "sessions.purge", [9],
     "(revoked_at < (now() - '1 day'::interval))"),
    ("refresh_tokens_pkey", "refresh_tokens.find", [HASH, 9],
     "(token_hash = "),
    ("refresh_tokens_pkey", "refresh_tokens.rotate", [HASH, HASH, "::1"],
     "(token_hash = "),
    ("refresh_tokens_pkey", "refresh_tokens.count", [HASH], "(token_hash = "),
    ("refresh_tokens_pkey", "sessions.revoke_by_token", [ID, HASH, "f"],
     "(token_hash = "),
    ("ix_refresh_tokens_used_at", "refresh_tokens.purge", [9],
     "(used_at < (now() - '01:00:00'::interval))"),
    ("sign_in_failures_pkey", "sign_ins.count_attempt",
     ["a", ID, "10.0.0.0/24", 9], "conflict"),
    ("sign_in_failures_pkey", "sign_ins.forget_failures", [ID],
     "((account)::text = "),
    ("sign_in_failures_pkey", "sign_ins.forget_failures_of_email", ["a", ID],
     "((account)::text = "),
    ("users_email_key", "users.set_role", ["a", "user", ID, ID],
     "(lower((email)::text) "),
    ("ix_sign_in_failures_last_at", "sign_ins.purge_failures", [9],
     "(last_at < (now() - '7 days'::interval))"),
    ("sign_in_networks_pkey", "sign_ins.count_attempt",
     ["a", ID, "10.0.0.0/24", 9], "((user_id = "),
    ("sign_in_networks_pkey", "sign_ins.forget_networks",
     [ID, "10.0.0.0/24"], "(user_id = "),
    ("ix_sign_in_networks_last_at", "sign_ins.purge_networks", [9],
     "(last_at < (now() - '400 days'::interval))"),
    ("account_tokens_pkey", "account_tokens.find", ["00", "reset"],
     "(token_hash = "),
    ("account_tokens_pkey", "account_tokens.use", ["00", "reset"],
     "(token_hash = "),
    ("ix_account_tokens_user_id", "account_tokens.drop", [ID, "reset"],
     "((user_id = "),
    ("ix_account_tokens_expires_at", "account_tokens.purge", [9],
     "(expires_at < now())"),
    ("jobs_pkey", "jobs.claim", [ID, "{a}", 9, 20], "(id = ANY "),
    ("jobs_pkey", "admin_jobs.lock", [ID], "(id = "),
    ("jobs_pkey", "admin_jobs.retry", [ID], "(id = "),
    ("ix_jobs_due", "jobs.claim", [ID, "{a}", 9, 20], "(run_at <= now())"),
    ("ix_jobs_due", "jobs.claim", [ID, "{a}", 9, 20], "order"),
    ("ix_jobs_done", "jobs.purge", [7, 9],
     "(finished_at < (now() - '7 days'::interval))"),
    ("ix_jobs_created_at", "admin_jobs.list_by_created_at", [None] + FIRST,
     "order"),
    ("ix_jobs_created_at", "admin_jobs.list_by_created_at_desc",
     [None] + LAST, "order"),
    ("ix_jobs_status", "admin_jobs.list_of_status_by_created_at",
     [None] + FIRST + ["dead"], "order"),
    ("ix_jobs_status", "admin_jobs.list_of_status_by_created_at_desc",
     [None] + LAST + ["dead"], "order"),
    ("jobs_unique_key", "jobs.enqueue", [ID, "a", "{}", "a", "a"],
     "conflict"),
    ("job_schedules_pkey", "jobs.schedule", [ID, "a", 9], "conflict"),
    ("mail_recipients_pkey", "mail.count", ["a", ID, 5, 9], "conflict"),
    ("ix_mail_recipients_full_at", "mail.purge_recipients", [9],
     "(full_at < now())"),
    ("audit_log_pkey", "audit.purge", [9, 9], "(id = ANY "),
    ("ix_audit_log_created_at", "audit.purge", [9, 9],
     "(created_at < (now() - '9 days'::interval))"),
    ("ix_audit_log_created_at", "audit.list", NOW + [None] * 5, "order"),
    ("ix_audit_log_session_id", "audit.list_of_session",
     NOW + [ID, None, None, None, None], "order"),
    ("ix_audit_log_target_id", "audit.list_of_target",
     NOW + [None, ID, None, None, None], "order"),
    ("ix_audit_log_actor_id", "audit.list_of_actor",
     NOW + [None, None, ID, None, None], "order"),
    ("ix_audit_log_address", "audit.list_of_address",
     NOW + [None, None, None, "::1", None], "order"),
    ("ix_audit_log_action", "audit.list_of_action",
     NOW + [None, None, None, None, "a"], "order"),
    ("ix_audit_log_created_at", "audit.latest", [50, None, None, "infinity"],
     "(created_at >= "),
    ("ix_audit_log_action", "audit.latest", [50, "a", None, None],
     "((action)::text = "),
]

# Of a table or an order that Keel itself has no statement for.
OTHERS = {"posts_pkey", "ix_posts_author_id", "ix_users_email_role",
          "ix_refresh_tokens_session_id"}

# Of your own tables, if they have rows in USES.
OWN = set()


@pytest.fixture(scope="module")
def db(cluster, template):
    database = cluster.database(template)
    with begin(cluster, database) as db:
        for kind in ("seqscan", "bitmapscan"):
            db.sql("SET enable_%s = off" % kind)
        yield db


@pytest.mark.parametrize("index, name, params, finds", USES,
                         ids=["%s-%s-%s" % (use[0], use[1], use[3].strip("( "))
                              for use in USES])
def test_a_statement_uses_its_index(db, index, name, params, finds):
    plan = db.plan(name, *params).splitlines()
    if finds == "conflict":
        assert any(line.strip() == "Conflict Arbiter Indexes: " + index
                   for line in plan), plan
        return
    place = next((i for i, line in enumerate(plan)
                  if " using %s on " % index in line), None)
    assert place is not None, plan
    assert plan[place + 1].strip().startswith("Index Cond: "), plan
    if finds == "order":
        assert not any("Sort" in line for line in plan), plan
    else:
        assert finds in plan[place + 1], plan


def test_every_index_has_a_use(cluster):
    """Those of the releases: an index of your own may have a row in USES."""
    with begin(cluster, released_database(cluster)) as db:
        found = {row[0] for row in db.sql(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = "
            "'public'")}
    used = {use[0] for use in USES} | OTHERS
    assert found <= used
    assert used <= found | OWN, "no such index, or one that is not in OWN"


def test_an_ended_sessions_tokens_are_found_by_their_index(db):
    """When the session is deleted, and they with it."""
    plan = [line for line, in db.sql("EXPLAIN DELETE FROM refresh_tokens "
                                     "WHERE session_id = %s", ID)]
    assert any(" using ix_refresh_tokens_session_id on " in line
               for line in plan), plan


def test_a_deleted_users_posts_are_found_by_their_index(db):
    plan = [line for line, in db.sql("EXPLAIN DELETE FROM posts WHERE "
                                     "author_id = %s", ID)]
    assert any(" using ix_posts_author_id on " in line for line in plan), plan
