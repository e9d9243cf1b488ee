# SPDX-License-Identifier: ISC
"""The mails that a runner without a mail server writes as files, by the jobs
that sent them."""

import datetime
import email
import email.policy
import email.utils
import os
import re

from product import NAME
from runner import wait_for, wait_for_job
from server import confidential

TOKEN = re.compile(r"[?]token=(%s_[a-z_]+?_[A-Za-z0-9_-]{43})\s" % NAME)


def words(text):
    """The words of a text or of HTML, whose lines may be broken anywhere."""
    return " ".join(re.sub("<[^>]*>", " ", text).split())


def http_date(time):
    return email.utils.format_datetime(
        time.astimezone(datetime.timezone.utc), usegmt=True)


class Mail:
    def __init__(self, data, created):
        self.data = data
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        self.to = parsed["To"]
        self.subject = parsed["Subject"]
        self.text, self.html = (parsed.get_body((kind,)).get_content()
                                for kind in ("plain", "html"))
        self.parts = words(self.text), words(self.html)
        self.when = created and http_date(created)
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
    """The mails that a runner writes to files; one per job."""

    def __init__(self, server, runner):
        self.server = server
        self.runner = runner
        self.folder = os.path.join(runner.state, "mail")

    def jobs(self, kind, user_id):
        """The ids of a user's jobs of that kind, the oldest first."""
        return [row[0] for row in self.server.sql(
            "SELECT id::text FROM jobs WHERE kind = %s AND payload ->> 'id' "
            "= %s ORDER BY created_at, id", kind, user_id)]

    def jobs_of(self, address):
        """The jobs for an address except notices, the oldest first, when all
        have ended."""
        def ended():
            rows = self.server.sql(
                "SELECT j.id::text, j.status FROM jobs j LEFT JOIN users u ON "
                "u.id::text = j.payload ->> 'id' WHERE (lower(j.payload ->> "
                "'email') = lower(%s) OR lower(u.email) = lower(%s)) AND "
                "j.kind !~ '_notice$' ORDER BY j.created_at, j.id", address,
                address)
            return all(row[1] in ("done", "dead") for row in rows) and [
                row[0] for row in rows]
        return wait_for(ended, pause=0.02)

    def sent(self, job_id, created=None):
        """The mail of a job; None if it has sent none yet."""
        path = os.path.join(self.folder, job_id + ".eml")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as f:
            return Mail(f.read(), created)

    def read(self, job_id):
        """The mail of a job, when it is done; None if it sent none."""
        row = wait_for_job(self.server, job_id, status="done")
        return self.sent(job_id,
                         datetime.datetime.fromisoformat(row["created_at"]))

    def all(self, kind, user_id):
        """The mails of a user's jobs of that kind that were sent."""
        mails = [self.read(job_id) for job_id in self.jobs(kind, user_id)]
        return [mail for mail in mails if mail]

    def only(self, kind, user_id):
        [mail] = self.all(kind, user_id)
        return mail

    def mails(self, address):
        """The mails to the address except notices, the oldest first."""
        mails = [self.sent(job_id) for job_id in self.jobs_of(address)]
        return [mail for mail in mails if mail]

    def token(self, address):
        """The token in the last of them."""
        [token] = TOKEN.findall(self.mails(address)[-1].text)
        confidential.add(token)
        return token
