# SPDX-License-Identifier: ISC
"""An admin who reads and changes jobs, and jobs that are made by SQL."""

import uuid

from people import add_people

JOBS = "/api/v1/admin/jobs"
MEMBERS = ["id", "kind", "user_id", "payload", "status", "attempts", "error",
           "request_id", "run_at", "created_at", "finished_at"]
ENDED = ("done", "dead", "cancelled")


def add_job(server, **columns):
    row = {"id": str(uuid.uuid4()), "kind": "send_welcome_email",
           "payload": "{}"} | columns
    server.sql("INSERT INTO jobs (%s) VALUES (%s)" % (
        ", ".join(row), ", ".join(["%s"] * len(row))), *row.values())
    return row["id"]


def row_of(server, id):
    [[row]] = server.sql("SELECT to_jsonb(j) FROM jobs j WHERE id = %s", id)
    return row


def statuses(server, ids):
    """The status of each of these jobs; None: it is deleted."""
    found = dict(server.sql("SELECT id::text, status FROM jobs WHERE id = ANY "
                            "(%s::uuid[])", ids))
    return [found.get(id) for id in ids]


class Admin:
    def __init__(self, server, client):
        self.server = server
        self.client = client
        [self.me] = add_people(server, "admin")

    def get(self, target):
        return self.client.get(target, headers=self.me.headers)

    def ask(self, query=""):
        """The response to a query that is already percent-encoded."""
        return self.get(JOBS + "?" + query if query else JOBS)

    def list(self, query="", path=JOBS):
        answer = self.get(path + "?" + query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def find(self, id):
        """The job's item in the list."""
        [found] = [job for job in self.list("limit=100")["items"]
                   if job["id"] == id]
        return found

    def order(self, sort="-created_at", where="true"):
        """The ids in the expected order."""
        rows = self.server.sql("SELECT created_at, id::text FROM jobs WHERE " +
                               where)
        return [id for _, id in sorted(rows, reverse=sort.startswith("-"))]

    def act(self, id, action):
        """One job: retry or cancel."""
        return self.client.post("%s/%s/%s" % (JOBS, id, action),
                                headers=self.me.headers)

    def retry(self, id):
        return self.act(id, "retry")

    def delete(self, id):
        return self.client.delete("%s/%s" % (JOBS, id),
                                  headers=self.me.headers)

    def ask_many(self, action, **filters):
        """Many jobs: retry, cancel or delete."""
        return self.client.post(JOBS + "/" + action, json=filters,
                                headers=self.me.headers)

    def change(self, action, **filters):
        """How many were affected and skipped, and whether there are more."""
        answer = self.ask_many(action, **filters)
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["affected", "skipped", "has_more"]
        return tuple(answer.json().values())

    def entries(self, action, **filters):
        """Entries of the audit log: the target, and what changed."""
        return self.server.sql(
            "SELECT target_id::text, changes FROM audit_log WHERE action = %s "
            "AND actor_id = %s ORDER BY created_at, id", action, self.me.id)
