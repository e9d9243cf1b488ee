# SPDX-License-Identifier: ISC
"""Every index, and the statement of sql/queries that it is for. Plans are of
empty tables, with an index wherever one can be used."""

import uuid

import pytest

from queries import begin
from released import released_database
from scale import load

ID = str(uuid.UUID(int=0))

# Index, statement, its parameters, what the index finds: a condition, a
# conflict, or an order. Without parameters, the plan is one for any values.
USES = [
    ("users_pkey", "users.find_by_id", {}, "(id = "),
    ("users_pkey", "users.find_signed_in", {}, "(id = "),
    ("users_pkey", "users.update", {}, "(id = "),
    ("users_pkey", "users.lock", {}, "(id = "),
    ("users_email_key", "users.find_by_email", {}, "(email_key "),
    ("users_email_key", "users.create", {}, "conflict"),
    ("users_email_key", "users.create_admin", {}, "conflict"),
    ("ix_users_created_at", "users.list:created_at", {}, "order"),
    ("ix_users_created_at", "users.list:-created_at", {}, "order"),
    ("ix_users_list_email", "users.list:email", {}, "order"),
    ("ix_users_list_email", "users.list:-email", {}, "order"),
    ("ix_users_list_name", "users.list:name", {}, "order"),
    ("ix_users_list_name", "users.list:-name", {}, "order"),
    ("posts_pkey", "posts.find", {}, "(id = "),
    ("posts_pkey", "posts.update", {}, "(id = "),
    ("posts_pkey", "posts.delete", {}, "(id = "),
    ("posts_pkey", "posts.contents", {}, "(id = ANY "),
    ("users_pkey", "posts.authors", {}, "(id = ANY "),
    ("ix_posts_created_at", "posts.list:created_at", {}, "order"),
    ("ix_posts_created_at", "posts.list:-created_at", {}, "order"),
    ("ix_posts_published_at", "posts.list:published_at", {}, "order"),
    ("ix_posts_published_at", "posts.list:-published_at", {}, "order"),
    ("ix_posts_title", "posts.list:title", {}, "order"),
    ("ix_posts_title", "posts.list:-title", {}, "order"),
    ("ix_posts_author_created_at", "posts.list:author_id:created_at", {},
     "order"),
    ("ix_posts_author_created_at", "posts.list:author_id:-created_at", {},
     "order"),
    ("ix_posts_author_created_at", "posts.list:author_id:title", {},
     "(author_id = "),
    ("ix_posts_author_created_at", "posts.list:author_id:count", {},
     "(author_id = "),
    ("sessions_pkey", "sessions.store_uses", {}, "(id = "),
    ("sessions_pkey", "sessions.revoke_by_token", {}, "(id = "),
    ("sessions_pkey", "refresh_tokens.rotate", {}, "(id = "),
    ("ix_sessions_user_id", "sessions.list:-created_at", {}, "(user_id = "),
    ("ix_sessions_user_id", "sessions.list:-created_at", {}, "order"),
    ("ix_sessions_user_id", "sessions.list:count", {}, "(user_id = "),
    ("ix_sessions_user_id", "sessions.limit", {}, "(user_id = "),
    ("ix_sessions_user_id", "sessions.revoke_all", {}, "(user_id = "),
    ("ix_sessions_user_id", "sessions.end_of_email", {}, "(user_id = "),
    ("ix_sessions_expires_at", "sessions.purge", {},
     "(expires_at < (now() - '1 day'::interval))"),
    ("ix_sessions_revoked_at", "sessions.purge", {},
     "(revoked_at < (now() - '1 day'::interval))"),
    ("refresh_tokens_pkey", "refresh_tokens.find", {}, "(token_hash = "),
    ("refresh_tokens_pkey", "refresh_tokens.rotate", {}, "(token_hash = "),
    ("refresh_tokens_pkey", "refresh_tokens.count", {}, "(token_hash = "),
    ("refresh_tokens_pkey", "sessions.revoke_by_token", {}, "(token_hash = "),
    ("ix_refresh_tokens_used_at", "refresh_tokens.purge", {},
     "(used_at < (now() - '01:00:00'::interval))"),
    ("sign_in_failures_pkey", "sign_ins.count_attempt", {}, "conflict"),
    ("sign_in_failures_pkey", "sign_ins.forget_failures", {},
     "((account)::text = "),
    ("sign_in_failures_pkey", "sign_ins.forget_failures_of_email", {},
     "((account)::text = "),
    ("users_email_key", "users.set_role", {}, "(email_key "),
    ("ix_sign_in_failures_last_at", "sign_ins.purge_failures", {},
     "(last_at < (now() - '7 days'::interval))"),
    ("sign_in_networks_pkey", "sign_ins.count_attempt", {}, "((user_id = "),
    ("sign_in_networks_pkey", "sign_ins.forget_networks", {}, "(user_id = "),
    ("ix_sign_in_networks_last_at", "sign_ins.purge_networks", {},
     "(last_at < (now() - '400 days'::interval))"),
    ("account_tokens_pkey", "account_tokens.find", {}, "(token_hash = "),
    ("account_tokens_pkey", "account_tokens.use", {}, "(token_hash = "),
    ("ix_account_tokens_user_id", "account_tokens.drop", {}, "((user_id = "),
    ("ix_account_tokens_expires_at", "account_tokens.purge", {},
     "(expires_at < now())"),
    ("idempotency_keys_pkey", "idempotency_keys.find", {}, "(scope = ANY "),
    ("idempotency_keys_pkey", "idempotency_keys.store", {}, "conflict"),
    ("ix_idempotency_keys_created_at", "idempotency_keys.purge", {},
     "(created_at < (now() - '1 day'::interval))"),
    ("jobs_pkey", "jobs.claim", {}, "(id = ANY "),
    ("jobs_pkey", "admin_jobs.find", {}, "(id = "),
    ("jobs_pkey", "admin_jobs.lock", {}, "(id = "),
    ("jobs_pkey", "admin_jobs.retry", {}, "(id = "),
    ("jobs_pkey", "admin_jobs.delete", {}, "(id = "),
    ("jobs_pkey", "admin_jobs.cancel_all", {}, "(id = ANY "),
    ("jobs_pkey", "admin_jobs.delete_all", {}, "(id = ANY "),
    ("ix_jobs_due", "jobs.claim", {}, "(run_at <= now())"),
    ("ix_jobs_due", "jobs.claim", {}, "order"),
    ("jobs_pkey", "jobs.reset_waits", {}, "(id = ANY "),
    ("ix_jobs_due", "jobs.reset_waits", {}, "(run_at > now())"),
    ("ix_jobs_status", "jobs.held", {}, "= 'running'::text)"),
    ("ix_jobs_due", "jobs.unknown", {}, "(run_at < (now() - "),
    ("jobs_pkey", "jobs.bury", {}, "(id = ANY "),
    ("ix_jobs_due", "jobs.bury", {}, "(run_at < (now() - "),
    ("ix_jobs_done", "jobs.purge", {}, "(finished_at < (now() - "),
    ("ix_jobs_cancelled", "jobs.purge", {}, "(finished_at < (now() - "),
    ("ix_jobs_created_at", "admin_jobs.list:created_at", {}, "order"),
    ("ix_jobs_created_at", "admin_jobs.list:-created_at", {}, "order"),
    ("ix_jobs_status", "admin_jobs.list:status:created_at", {}, "order"),
    ("ix_jobs_status", "admin_jobs.list:status:-created_at", {}, "order"),
    ("ix_jobs_status", "admin_jobs.match", {}, "((status)::text = "),
    ("ix_jobs_status", "admin_jobs.count_blocked", {}, "((status)::text = "),
    ("ix_jobs_user_id", "admin_jobs.list:user_id:created_at", {}, "order"),
    ("ix_jobs_user_id", "admin_jobs.list:user_id:-created_at", {}, "order"),
    ("ix_jobs_user_id", "admin_jobs.list:user_id:count", {}, "(user_id = "),
    ("ix_jobs_user_id", "admin_jobs.match_of_user", {}, "(user_id = "),
    ("jobs_unique_key", "jobs.enqueue", {}, "conflict"),
    ("jobs_unique_key", "jobs.sooner", {}, "(unique_key)::text = "),
    ("job_runners_pkey", "jobs.seen", {}, "conflict"),
    ("job_schedules_pkey", "jobs.schedule", {}, "conflict"),
    ("job_schedules_pkey", "jobs.schedule_daily", {}, "conflict"),
    ("mail_recipients_pkey", "mail.count", {}, "conflict"),
    ("ix_mail_recipients_full_at", "mail.purge_recipients", {},
     "(full_at < now())"),
    ("audit_log_pkey", "audit.purge", {}, "(id = ANY "),
    ("ix_audit_log_created_at", "audit.purge", {}, "(created_at < (now() - "),
    ("ix_audit_log_created_at", "audit.list:-created_at", {}, "order"),
    ("ix_audit_log_session_id", "audit.list:session_id:-created_at", {},
     "order"),
    ("ix_audit_log_target_id", "audit.list:target_id:-created_at", {}, "order"),
    ("ix_audit_log_actor_id", "audit.list:actor_id:-created_at", {}, "order"),
    ("ix_audit_log_address", "audit.list:address:-created_at", {}, "order"),
    ("ix_audit_log_action", "audit.list:action:-created_at", {}, "order"),
    ("ix_audit_log_created_at", "audit.latest", {"since": "infinity"},
     "(created_at >= "),
    ("ix_audit_log_action", "audit.latest", {"action": "a"},
     "((action)::text = "),
]

# Of a table or an order that Keel itself has no statement for.
OTHERS = {"ix_users_email_role", "ix_refresh_tokens_session_id",
          "ix_posts_search", "post_languages_pkey", "ix_users_folded",
          "ix_idempotency_keys_user_id"}

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
    db.sql("SET plan_cache_mode = %s" % (
        "force_custom_plan" if params else "force_generic_plan"))
    plan = db.plan(name, **params).splitlines()
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
    assert any(" using ix_posts_author_created_at on " in line
               for line in plan), plan


def test_a_deleted_users_answers_are_found_by_their_index(db):
    plan = [line for line, in db.sql("EXPLAIN DELETE FROM idempotency_keys "
                                     "WHERE user_id = %s", ID)]
    assert any(" using ix_idempotency_keys_user_id on " in line
               for line in plan), plan


# What the plan of a list finds by an index, for values that are known.
READERS = {"stranger": {"sees_all": "false"},
           "user": {"sees_all": "false", "viewer_id": ID},
           "admin": {"sees_all": "true", "viewer_id": ID}}


@pytest.mark.parametrize("mode", ["generic", "custom"])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("sort", ["created_at", "-created_at", "published_at",
                                  "-published_at", "title", "-title"])
def test_a_page_of_posts_is_not_sorted(db, sort, reader, mode):
    """By any reader."""
    db.sql("SET plan_cache_mode = force_%s_plan" % mode)
    key = {"title": "t"}.get(sort.lstrip("-"), "2026-01-01")
    plan = db.plan("posts.list:" + sort, **READERS[reader], **{
        "page.key": key, "page.id": ID, "page.limit": 20, "page.skip": 0})
    assert "using ix_posts_%s on" % sort.lstrip("-") in plan, plan
    assert "Sort" not in plan, plan


@pytest.mark.parametrize("reader", READERS)
def test_an_exact_total_is_counted_in_an_index(db, reader):
    """Not in the rows, which are large."""
    db.sql("SET plan_cache_mode = force_generic_plan")
    plan = db.plan("posts.list:count", **READERS[reader])
    assert "Index Only Scan using ix_posts_created_at on" in plan, plan


@pytest.mark.parametrize("reader, params", [
    ("stranger", {}), ("user", {"published": "true"}),
    ("admin", {"published": "true"})])
def test_the_first_published_post_is_behind_the_drafts(db, reader, params):
    """Which are the first of their order: the index is not read from there."""
    db.sql("SET plan_cache_mode = force_custom_plan")
    plan = db.plan("posts.list:published_at", **READERS[reader], **params, **{
        "page.key": "-infinity", "page.id": ID, "page.limit": 20,
        "page.skip": 0}).splitlines()
    [condition] = [line for line in plan if "Index Cond: " in line]
    assert "'-infinity'::timestamp with time zone) > '-infinity'" in condition


@pytest.fixture(scope="module")
def many(cluster, template):
    """2,000 posts: the words decide what is best."""
    with begin(cluster, cluster.database(template)) as db:
        load(db, 2000, authors=10, last="ANALYZE")
        db.sql("SET track_functions = 'all'")
        yield db


@pytest.mark.parametrize("mode", ["generic", "custom"])
@pytest.mark.parametrize("title", ["relevance", "-created_at", "published_at",
                                   "title", "count"])
def test_a_search_begins_with_the_words(many, title, mode):
    """In whatever order; once for each language, not for each post."""
    calls = "SELECT coalesce(sum(calls), 0) FROM pg_stat_xact_user_functions " \
        "WHERE funcname = 'keel_search_query'"
    many.sql("SET plan_cache_mode = force_%s_plan" % mode)
    named = {"q": "zyzzyva", **READERS["stranger"]} | (
        {"page.most": 1000} if title == "count" else {
            "page.key": {"relevance": 0, "-created_at": "infinity",
                         "published_at": "-infinity", "title": ""}[title],
            "page.id": ID, "page.limit": 50, "page.skip": 0})
    plan = many.plan("posts.search:" + title, **named)
    assert "Bitmap Index Scan on ix_posts_search" in plan, plan
    assert "Index Cond: (search @@ " in plan, plan
    [[before]] = many.sql(calls)
    rows = many.run("posts.search:" + title, **named)
    assert rows == [(100,)] if title == "count" else len(rows) == 50
    [[after]] = many.sql(calls)
    assert after - before == 1


@pytest.fixture(scope="module")
def crowd(cluster, template):
    """5,000 users, of whom one is found."""
    with begin(cluster, cluster.database(template)) as db:
        db.sql("INSERT INTO users (id, email, name, hashed_password) SELECT "
               "gen_random_uuid(), md5(i::text) || '@example.com', CASE i WHEN "
               "7 THEN 'Zyzzyva' ELSE 'User ' || md5(i::text) END, '!' FROM "
               "generate_series(1, 5000) i")
        db.sql("ANALYZE users")
        yield db


@pytest.mark.parametrize("mode", ["generic", "custom"])
@pytest.mark.parametrize("title", ["created_at", "-created_at", "email",
                                   "-name", "count"])
def test_a_search_for_users_begins_with_the_text(crowd, title, mode):
    """In whatever order, by trigrams."""
    crowd.sql("SET plan_cache_mode = force_%s_plan" % mode)
    named = {"q": "zYzz"} | ({} if title == "count" else {
        "page.key": {"created_at": "-infinity", "-created_at": "infinity",
                     "email": "", "-name": None}[title],
        "page.id": "f" * 8 + "-ffff" * 3 + "-" + "f" * 12 if title[0] == "-"
        else ID, "page.limit": 20, "page.skip": 0})
    plan = crowd.plan("users.search:" + title, **named)
    assert "Bitmap Index Scan on ix_users_folded" in plan, plan
    assert "Index Cond: (folded ~~ " in plan, plan
    rows = crowd.run("users.search:" + title, **named)
    assert rows == [(1,)] if title == "count" else len(rows) == 1


def test_the_command_users_begins_with_the_text(crowd):
    crowd.sql("SET plan_cache_mode = force_custom_plan")
    plan = crowd.plan("users.find_like", part="zyzz", limit=20)
    assert "Bitmap Index Scan on ix_users_folded" in plan, plan
