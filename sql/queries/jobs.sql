-- SPDX-License-Identifier: ISC
-- name: jobs.enqueue
INSERT INTO jobs (id, kind, payload, unique_key, request_id)
VALUES (:id, :kind, :payload, :unique_key, :request_id)
ON CONFLICT (kind, unique_key) WHERE status IN ('queued', 'running')
DO NOTHING

-- name: jobs.claim
-- Jobs that are due: they never ran, are to be repeated, or were left by a runner
-- that has died.
WITH due AS MATERIALIZED (
	SELECT id
	  FROM jobs
	 WHERE status IN ('queued', 'running')
	   AND run_at <= now()
	   AND kind = ANY (:kinds::text[])
	 ORDER BY run_at
	 LIMIT :limit
	   FOR UPDATE SKIP LOCKED
)
UPDATE jobs
   SET status = 'running',
       runner = :runner,
       attempts = attempts + 1,
       run_at = now() + :lease_seconds::integer * interval '1 second'
 WHERE id = ANY (ARRAY(SELECT id FROM due))
RETURNING @job(payload::text AS payload)

-- name: jobs.renew
-- The ids are those of the jobs that the runner runs.
UPDATE jobs
   SET run_at = now() + :lease_seconds::integer * interval '1 second'
 WHERE id = ANY (:ids::uuid[])
   AND runner = :runner
   AND status = 'running'
RETURNING id

-- name: jobs.settle
-- Stores an attempt's outcome, unless the job belongs to another runner by now.
-- The next attempt is in these seconds. Uncounted: attempts that do not count.
UPDATE jobs
   SET status = :status::varchar,
       error = left(:error, 1000),
       runner = NULL,
       attempts = attempts - :uncounted::integer,
       run_at = now() + :seconds::double precision * interval '1 second',
       finished_at = CASE WHEN :status IN ('done', 'dead') THEN now() END
 WHERE id = :id
   AND runner = :runner
   AND attempts = :attempts
   AND status = 'running'

-- name: jobs.schedule
-- Stores the job of this round, unless another runner has. A stored round that is
-- later than the next one comes from a clock that was wrong. Every:
-- seconds from one round to the next.
WITH round AS (
	INSERT INTO job_schedules (kind, round)
	VALUES (:kind, to_timestamp(floor(extract(epoch FROM now()) /
	    :every::integer) * :every::integer))
	ON CONFLICT (kind) DO UPDATE
	   SET round = EXCLUDED.round
	 WHERE job_schedules.round < EXCLUDED.round
	    OR job_schedules.round > now() + :every::integer * interval '1 second'
	RETURNING kind
)
INSERT INTO jobs (id, kind, payload)
SELECT :id, kind, '{}'
  FROM round

-- name: jobs.purge
DELETE FROM jobs
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM jobs
	 WHERE status = 'done'
	   AND finished_at < now() - :days::integer * interval '1 day'
	 LIMIT :limit
 ))
