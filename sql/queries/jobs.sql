-- SPDX-License-Identifier: ISC
-- name: jobs.enqueue
INSERT INTO jobs (id, kind, payload, unique_key, request_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (kind, unique_key) WHERE status IN ('queued', 'running')
DO NOTHING

-- name: jobs.claim
-- Jobs that are due: they never ran, are to be repeated, or were left by a runner
-- that has died. $1 runner, $2 kinds, $3 number of jobs, $4 lease in seconds.
WITH due AS MATERIALIZED (
	SELECT id
	  FROM jobs
	 WHERE status IN ('queued', 'running')
	   AND run_at <= now()
	   AND kind = ANY ($2::text[])
	 ORDER BY run_at
	 LIMIT $3
	   FOR UPDATE SKIP LOCKED
)
UPDATE jobs
   SET status = 'running',
       runner = $1,
       attempts = attempts + 1,
       run_at = now() + $4::integer * interval '1 second'
 WHERE id = ANY (ARRAY(SELECT id FROM due))
RETURNING id, kind, payload::text AS payload, request_id, attempts,
          created_at

-- name: jobs.renew
-- $1 runner, $2 the jobs that it runs, $3 lease in seconds.
UPDATE jobs
   SET run_at = now() + $3::integer * interval '1 second'
 WHERE id = ANY ($2::uuid[])
   AND runner = $1
   AND status = 'running'
RETURNING id

-- name: jobs.settle
-- Stores an attempt's outcome, unless the job belongs to another runner by now.
-- $1 to $3 the attempt, $4 status, $5 error, $6 seconds until the next attempt,
-- $7 number of attempts that do not count.
UPDATE jobs
   SET status = $4::varchar,
       error = left($5, 1000),
       runner = NULL,
       attempts = attempts - $7::integer,
       run_at = now() + $6::double precision * interval '1 second',
       finished_at = CASE WHEN $4 IN ('done', 'dead') THEN now() END
 WHERE id = $1
   AND runner = $2
   AND attempts = $3
   AND status = 'running'

-- name: jobs.schedule
-- Stores the job of this round, unless another runner has. A stored round that is
-- later than the next one comes from a clock that was wrong. $1 the job's id, $2
-- kind, $3 seconds from one round to the next.
WITH round AS (
	INSERT INTO job_schedules (kind, round)
	VALUES ($2, to_timestamp(floor(extract(epoch FROM now()) /
	    $3::integer) * $3::integer))
	ON CONFLICT (kind) DO UPDATE
	   SET round = EXCLUDED.round
	 WHERE job_schedules.round < EXCLUDED.round
	    OR job_schedules.round > now() + $3::integer * interval '1 second'
	RETURNING kind
)
INSERT INTO jobs (id, kind, payload)
SELECT $1, kind, '{}'
  FROM round

-- name: jobs.purge
-- $1 days, $2 number of rows.
DELETE FROM jobs
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM jobs
	 WHERE status = 'done'
	   AND finished_at < now() - $1::integer * interval '1 day'
	 LIMIT $2
 ))
