-- SPDX-License-Identifier: ISC
-- name: admin_jobs.count
SELECT count(*) AS total
  FROM jobs
 WHERE ($1::text IS NULL OR kind = $1)
   AND ($2::text IS NULL OR status = $2)

-- The lists work like those of users. A list of one status has a statement of its
-- own, so that every plan uses the index that begins with the status.

-- name: admin_jobs.list_by_created_at
SELECT id, kind, payload, status, attempts, error, request_id, run_at,
       created_at, finished_at
  FROM jobs
 WHERE ($1::text IS NULL OR kind = $1)
   AND (created_at, id) > ($2::timestamptz, $3::uuid)
 ORDER BY created_at, id
 LIMIT $4 OFFSET $5

-- name: admin_jobs.list_by_created_at_desc
SELECT id, kind, payload, status, attempts, error, request_id, run_at,
       created_at, finished_at
  FROM jobs
 WHERE ($1::text IS NULL OR kind = $1)
   AND (created_at, id) < ($2::timestamptz, $3::uuid)
 ORDER BY created_at DESC, id DESC
 LIMIT $4 OFFSET $5

-- name: admin_jobs.list_of_status_by_created_at
SELECT id, kind, payload, status, attempts, error, request_id, run_at,
       created_at, finished_at
  FROM jobs
 WHERE status = $6
   AND ($1::text IS NULL OR kind = $1)
   AND (created_at, id) > ($2::timestamptz, $3::uuid)
 ORDER BY created_at, id
 LIMIT $4 OFFSET $5

-- name: admin_jobs.list_of_status_by_created_at_desc
SELECT id, kind, payload, status, attempts, error, request_id, run_at,
       created_at, finished_at
  FROM jobs
 WHERE status = $6
   AND ($1::text IS NULL OR kind = $1)
   AND (created_at, id) < ($2::timestamptz, $3::uuid)
 ORDER BY created_at DESC, id DESC
 LIMIT $4 OFFSET $5

-- name: admin_jobs.lock
-- As it is now: no runner and no other admin changes it before the transaction
-- ends.
SELECT @admin_job
  FROM jobs
 WHERE id = :id
   FOR NO KEY UPDATE

-- name: admin_jobs.retry
-- A dead or queued job becomes due, and the runners are notified. A job of another
-- status is returned unchanged. The row is locked first, so that both parts see
-- the same row, and its latest version. A job that waits may have been made due
-- while this transaction waited, so after its now().
WITH found AS MATERIALIZED (
	SELECT *
	  FROM jobs
	 WHERE id = :id
	   FOR NO KEY UPDATE
), retried AS (
	UPDATE jobs
	   SET status = 'queued',
	       attempts = 0,
	       runner = NULL,
	       run_at = CASE WHEN found.status = 'queued'
	           THEN least(jobs.run_at, clock_timestamp()) ELSE now() END,
	       finished_at = NULL
	  FROM found
	 WHERE jobs.id = found.id
	   AND found.status IN ('queued', 'dead')
	RETURNING jobs.@admin_job, pg_notify('keel_jobs', '') AS told
)
SELECT @admin_job
  FROM retried
 UNION ALL
SELECT @admin_job
  FROM found
 WHERE status IN ('running', 'done')
