# SPDX-License-Identifier: ISC
"""A list and a kore.conf that do not fit: the start ends with one line, which
says what to write."""

import re

import pytest

MISTAKES = {
    "a choice that is no order": (
        (r"(validator\s+v_user_sort.*)\)\$$", r"\1|role)$"),
        "kore.conf: the validator of users_collection's sort has role, which "
        "is no order of users.search: add it to `by` in sql/queries, or take "
        "it out"),
    "an order that is no choice": (
        (r"(validator\s+v_job_sort.*)\|-created_at\)", r"\1)"),
        "kore.conf: the validator of admin_jobs_collection's sort lacks "
        "-created_at, an order of admin_jobs.list: add it, or take it out "
        "of `by` in sql/queries"),
    "orders that are no choice": (
        (r"(validator\s+v_job_sort\s+regex\s+).*$", r"\1^.{1,20}$"),
        "kore.conf: the validator of admin_jobs_collection's sort must be a "
        "choice of the orders of admin_jobs.list, such as ^(-created_at)$"),
    "an expand that is no object": (
        (r"(validator\s+v_post_expand.*)\)\$$", r"\1|title)$"),
        "kore.conf: the validator of posts_collection's expand has title, "
        "which is no OBJECT of post_item: add it there, or take it out"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_has_one_line(make_server, build_copy, mistake):
    (pattern, instead), line = MISTAKES[mistake]

    def change(text):
        changed, n = re.subn(pattern, instead, text, flags=re.M)
        assert n > 0
        return changed

    done = make_server(build=build_copy(change)).command("check-config")
    assert (done.returncode, done.stdout, done.left_over) == (1, "", [])
    assert done.stderr == "keel: %s\n" % line
