-- SPDX-License-Identifier: ISC
-- list: admin_jobs.list by created_at for user_id, status
-- The CASEs: see audit.list.
SELECT @admin_job
  FROM jobs
 WHERE CASE WHEN :user_id::uuid IS NULL THEN true
       ELSE user_id = :user_id END
   AND CASE WHEN :status::text IS NULL THEN true
       ELSE status = :status END
   AND CASE WHEN :kind::text IS NULL THEN true ELSE kind = :kind END
   AND CASE WHEN :created_since::timestamptz IS NULL THEN true
       ELSE created_at >= :created_since END
   AND CASE WHEN :created_until::timestamptz IS NULL THEN true
       ELSE created_at < :created_until END
   AND CASE WHEN :finished_since::timestamptz IS NULL THEN true
       ELSE finished_at >= :finished_since END
   AND CASE WHEN :finished_until::timestamptz IS NULL THEN true
       ELSE finished_at < :finished_until END

-- name: admin_jobs.find
SELECT @admin_job
  FROM jobs
 WHERE id = :id

-- name: admin_jobs.lock
-- As it is now: no runner and no other admin changes it before the transaction
-- ends.
SELECT @admin_job
  FROM jobs
 WHERE id = :id
   FOR NO KEY UPDATE

-- name: admin_jobs.retry
-- A dead, cancelled or queued job becomes due, and the runners are notified. A job
-- of another status is returned unchanged. The row is locked first, so that both
-- parts see the same row, and its latest version. A job that waits may have been
-- made due while this transaction waited, so after its now().
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
	       set_at = now(),
	       finished_at = NULL
	  FROM found
	 WHERE jobs.id = found.id
	   AND found.status IN ('queued', 'dead', 'cancelled')
	RETURNING jobs.@admin_job, pg_notify('keel_jobs', '') AS told
)
SELECT @admin_job
  FROM retried
 UNION ALL
SELECT @admin_job
  FROM found
 WHERE status IN ('running', 'done')

-- name: admin_jobs.cancel
-- Only one that waits: a runner may be at work on any other, also after its lease.
UPDATE jobs
   SET status = 'cancelled',
       runner = NULL,
       finished_at = now()
 WHERE id = :id
   AND status = 'queued'
RETURNING @admin_job

-- name: admin_jobs.delete
DELETE FROM jobs
 WHERE id = :id
   AND status IN ('done', 'dead', 'cancelled')

-- name: admin_jobs.match
-- Locks the first jobs that match, and one more. A job that is locked is skipped:
-- a runner claims it, or another admin changes it, at this moment. So this waits
-- for nobody. To_retry: without those that cannot be queued, or the same ones would
-- be found again and again.
WITH found AS MATERIALIZED (
	SELECT id, created_at
	  FROM jobs j
	 WHERE status = :status
	   AND CASE WHEN :kind::text IS NULL THEN true ELSE kind = :kind END
	   AND created_at >= coalesce(:created_since::timestamptz, '-infinity')
	   AND created_at < coalesce(:created_until::timestamptz, 'infinity')
	   AND CASE WHEN :finished_since::timestamptz IS NULL THEN true
	       ELSE finished_at >= :finished_since END
	   AND CASE WHEN :finished_until::timestamptz IS NULL THEN true
	       ELSE finished_at < :finished_until END
	   AND CASE WHEN :to_retry::boolean AND unique_key IS NOT NULL
	       THEN NOT EXISTS (SELECT FROM jobs o
	           WHERE o.kind = j.kind AND o.unique_key = j.unique_key
	             AND o.status IN ('queued', 'running'))
	       ELSE true END
	 ORDER BY created_at, id
	 LIMIT :limit::bigint + 1
	   FOR UPDATE SKIP LOCKED
), numbered AS (
	SELECT id, row_number() OVER (ORDER BY created_at, id) AS n
	  FROM found
)
SELECT coalesce(array_agg(id ORDER BY n) FILTER (WHERE n <= :limit), '{}')::text
       AS ids, count(*) > :limit AS has_more
  FROM numbered

-- name: admin_jobs.match_of_user
-- The same for the jobs of a user, by their index.
WITH found AS MATERIALIZED (
	SELECT id, created_at
	  FROM jobs j
	 WHERE user_id = :user_id
	   AND status = :status
	   AND CASE WHEN :kind::text IS NULL THEN true ELSE kind = :kind END
	   AND created_at >= coalesce(:created_since::timestamptz, '-infinity')
	   AND created_at < coalesce(:created_until::timestamptz, 'infinity')
	   AND CASE WHEN :finished_since::timestamptz IS NULL THEN true
	       ELSE finished_at >= :finished_since END
	   AND CASE WHEN :finished_until::timestamptz IS NULL THEN true
	       ELSE finished_at < :finished_until END
	   AND CASE WHEN :to_retry::boolean AND unique_key IS NOT NULL
	       THEN NOT EXISTS (SELECT FROM jobs o
	           WHERE o.kind = j.kind AND o.unique_key = j.unique_key
	             AND o.status IN ('queued', 'running'))
	       ELSE true END
	 ORDER BY created_at, id
	 LIMIT :limit::bigint + 1
	   FOR UPDATE SKIP LOCKED
), numbered AS (
	SELECT id, row_number() OVER (ORDER BY created_at, id) AS n
	  FROM found
)
SELECT coalesce(array_agg(id ORDER BY n) FILTER (WHERE n <= :limit), '{}')::text
       AS ids, count(*) > :limit AS has_more
  FROM numbered

-- name: admin_jobs.retry_all
SELECT keel_retry_jobs(:ids::uuid[]) AS total

-- name: admin_jobs.count_blocked
-- The jobs that match and cannot be queued; counted up to :most.
SELECT count(*) AS total
  FROM (SELECT
          FROM jobs j
         WHERE status = :status
           AND unique_key IS NOT NULL
           AND CASE WHEN :user_id::uuid IS NULL THEN true
               ELSE user_id = :user_id END
           AND CASE WHEN :kind::text IS NULL THEN true ELSE kind = :kind END
           AND created_at >= coalesce(:created_since::timestamptz, '-infinity')
           AND created_at < coalesce(:created_until::timestamptz, 'infinity')
           AND CASE WHEN :finished_since::timestamptz IS NULL THEN true
               ELSE finished_at >= :finished_since END
           AND CASE WHEN :finished_until::timestamptz IS NULL THEN true
               ELSE finished_at < :finished_until END
           AND EXISTS (SELECT FROM jobs o
               WHERE o.kind = j.kind AND o.unique_key = j.unique_key
                 AND o.status IN ('queued', 'running'))
         LIMIT :most::bigint) AS blocked

-- name: admin_jobs.cancel_all
UPDATE jobs
   SET status = 'cancelled',
       runner = NULL,
       finished_at = now()
 WHERE id = ANY (:ids::uuid[])

-- name: admin_jobs.delete_all
DELETE FROM jobs
 WHERE id = ANY (:ids::uuid[])
