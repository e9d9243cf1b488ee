# SPDX-License-Identifier: ISC
"""The migrations of releases, which never change, and a database to which
only they were applied. Tests compare the whole of that one with what is written
out in them. The migrations of your project, 1001 and later, belong in none of
these tests."""

import hashlib
import os

from server import ROOT, read_text

MIGRATIONS = os.path.join(ROOT, "sql/migrations")

# The first 16 digits of the SHA-256 of each file in a release. A database to
# which another file was applied is refused.
RELEASED = {
    "0001_users.sql": "d5352b4df0fe255e",
    "0002_sessions.sql": "21c4af268c850a2e",
    "0003_jobs.sql": "16503fa064b3d328",
    "0004_users_lists.sql": "4cfc0fe7841f1728",
    "0005_jobs_runner.sql": "7b1c36e7abaa0c23",
    "0006_sessions_expiry.sql": "bb6ad006c6d12255",
    "0007_sign_ins.sql": "ef4cb3d742b7359e",
    "0008_mail_recipients.sql": "5da6404f644c6b09",
    "0009_refresh_tokens.sql": "6202d2bef9cf445b",
    "0010_audit_log.sql": "cf9ca4edb00eef96",
    "0011_account_tokens.sql": "4606b11132c0d281",
    "0012_idempotency_keys.sql": "cadad16febe095b7",
    "0013_posts.sql": "95dbca0737b5954b",
    "0014_email_keys.sql": "ce7b3cbd5e6cbd24",
    "0015_search.sql": "cdf8d8a19c30af37",
    "0016_times.sql": "ae0b5e88942f8c96",
    "0017_forms_and_times.sql": "97238bbd14917275",
    "0018_locale.sql": "5ef28ae7072fee23",
    "0019_jobs_times.sql": "a114027fc7b37d66",
    "0020_jobs_users.sql": "a99b4a5e73612ab7",
    "0021_job_runners.sql": "b63f808c551d34a7",
}


def text_of(name):
    return read_text(os.path.join(MIGRATIONS, name))


def digest_of(name):
    return hashlib.sha256(text_of(name).encode()).hexdigest()[:16]


def released_database(cluster):
    """Makes one; returns its name."""
    database = cluster.database()
    for name in RELEASED:
        cluster.sql(text_of(name), database=database)
    return database
