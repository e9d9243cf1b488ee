-- SPDX-License-Identifier: ISC
-- list: admin_jobs.list by created_at for status
SELECT @admin_job
  FROM jobs
 WHERE (:kind::text IS NULL OR kind = :kind)

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
