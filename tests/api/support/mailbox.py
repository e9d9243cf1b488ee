# SPDX-License-Identifier: ISC
"""The mails that a runner without a mail server writes as files, by the jobs
that sent them."""

import datetime
import email
import email.policy
import email.utils
import os
import re

from runner import wait_for_job


def words(text):
    """The words of a text or of HTML, whose lines may be broken anywhere."""
    return " ".join(re.sub("<[^>]*>", " ", text).split())


def http_date(time):
    return email.utils.format_datetime(
        time.astimezone(datetime.timezone.utc), usegmt=True)


class Mail:
    def __init__(self, parsed, created):
        self.to = parsed["To"]
        self.subject = parsed["Subject"]
        self.text, self.html = (parsed.get_body((kind,)).get_content()
                                for kind in ("plain", "html"))
        self.parts = words(self.text), words(self.html)
        self.when = http_date(created)
        assert "{{" not in self.text + self.html

    def check(self, to, *phrases):
        """Both parts have these phrases."""
        assert self.to == to
        for part in self.parts:
            for phrase in phrases:
                assert phrase in part, part

    def lacks(self, *phrases):
        for phrase in phrases:
            assert phrase not in self.subject + self.text + self.html

    def links(self, path):
        """The tokens in links to this path; the same in both parts."""
        found = re.findall(r"%s\?token=([\w.-]+)" % re.escape(path),
                           self.text)
        assert found and set(found) == set(re.findall(
            r"%s\?token=([\w.-]+)" % re.escape(path), self.html))
        return found


class Mailbox:
    def __init__(self, server, runner):
        self.server = server
        self.runner = runner
        self.folder = os.path.join(runner.state, "mail")

    def jobs(self, kind, user_id):
        """The ids of a user's jobs of that kind, the oldest first."""
        return [row[0] for row in self.server.sql(
            "SELECT id::text FROM jobs WHERE kind = %s AND payload ->> 'id' "
            "= %s ORDER BY created_at, id", kind, user_id)]

    def read(self, job_id):
        """The mail of a job, when it is done; None if it sent none."""
        row = wait_for_job(self.server, job_id, status="done")
        created = datetime.datetime.fromisoformat(row["created_at"])
        path = os.path.join(self.folder, job_id + ".eml")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as f:
            return Mail(email.message_from_binary_file(
                f, policy=email.policy.default), created)

    def all(self, kind, user_id):
        """The mails of a user's jobs of that kind that were sent."""
        mails = [self.read(job_id) for job_id in self.jobs(kind, user_id)]
        return [mail for mail in mails if mail]

    def only(self, kind, user_id):
        [mail] = self.all(kind, user_id)
        return mail
