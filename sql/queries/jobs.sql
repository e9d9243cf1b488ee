-- SPDX-License-Identifier: ISC
-- name: jobs.enqueue
-- It is due after these seconds or, unless that is NULL, at a time. Of two alike the
-- first is kept, with its payload.
INSERT INTO jobs (id, kind, payload, unique_key, user_id, request_id, run_at,
       set_at)
VALUES (:id, :kind, :payload, :unique_key, :user_id, :request_id,
       CASE WHEN :at::timestamptz > now() THEN :at::timestamptz
           ELSE now() + :seconds::integer * interval '1 second' END,
       CASE WHEN :at::timestamptz > now() THEN NULL ELSE now() END)
ON CONFLICT (kind, unique_key) WHERE status IN ('queued', 'running')
DO NOTHING

-- name: jobs.sooner
-- Of two alike, until the first attempt, the earlier of both times counts. A
-- statement of its own: DO UPDATE would lock a job that runs, and its runner could
-- not renew the lease until this transaction ends.
UPDATE jobs
   SET run_at = CASE WHEN :at::timestamptz > now() THEN :at::timestamptz
           ELSE now() + :seconds::integer * interval '1 second' END,
       set_at = CASE WHEN :at::timestamptz > now() THEN NULL ELSE now() END
 WHERE kind = :kind
   AND unique_key = :unique_key
   AND status = 'queued'
   AND attempts = 0
   AND run_at > CASE WHEN :at::timestamptz > now() THEN :at::timestamptz
           ELSE now() + :seconds::integer * interval '1 second' END

-- name: jobs.claim
-- Jobs that are due: they never ran, are to be repeated, or were put back.
WITH due AS MATERIALIZED (
	SELECT id
	  FROM jobs
	 WHERE status = 'queued'
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

-- name: jobs.held
-- The leases of all runners, as each stands now, and the database's clock in a row
-- whose id is NULL. Few jobs run, and many may be queued.
WITH held AS MATERIALIZED (
	SELECT id, run_at
	  FROM jobs
	 WHERE status = 'running'
)
SELECT NULL::uuid AS id, now() AS run_at
 UNION ALL
(SELECT id, run_at
   FROM held
  ORDER BY run_at
  LIMIT :limit)

-- name: jobs.put_back
-- Jobs whose leases are as they were when they were seen: see jobs_watch.c.
UPDATE jobs
   SET status = 'queued',
       runner = NULL,
       run_at = now(),
       set_at = now()
  FROM unnest(:ids::uuid[], :leases::timestamptz[]) AS seen (id, lease)
 WHERE jobs.id = seen.id
   AND jobs.run_at = seen.lease
   AND jobs.status = 'running'
RETURNING jobs.@job_left

-- name: jobs.reset_waits
-- After the clock was set back: jobs that wait since a time that is still to come
-- wait from now on. A second is allowed to transactions that began later.
UPDATE jobs
   SET run_at = now() + greatest(run_at - set_at, interval '0'),
       set_at = now()
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM jobs
	 WHERE status = 'queued'
	   AND run_at > now()
	   AND set_at > now() + interval '1 second'
	 LIMIT :limit
	   FOR UPDATE SKIP LOCKED
 ))

-- name: jobs.settle
-- Stores an attempt's outcome, unless the job belongs to another runner by now.
-- The next attempt is in these seconds. Uncounted: attempts that do not count.
UPDATE jobs
   SET status = :status::varchar,
       error = left(:error, 1000),
       runner = NULL,
       attempts = attempts - :uncounted::integer,
       run_at = now() + :seconds::double precision * interval '1 second',
       set_at = now(),
       finished_at = CASE WHEN :status IN ('done', 'dead') THEN now() END
 WHERE id = :id
   AND runner = :runner
   AND attempts = :attempts
   AND status = 'running'

-- name: jobs.schedule
-- Stores the job of this round, unless another runner has. A stored round that is
-- later than the next one comes from a clock that was wrong: this round replaces
-- it, and has a job unless it was the round before that. Every: seconds from one
-- round to the next. Wait: milliseconds until the next one.
WITH due AS (
	SELECT to_timestamp(floor(extract(epoch FROM now()) / :every::integer)
	    * :every::integer) AS round
), stored AS (
	INSERT INTO job_schedules AS old (kind, round)
	SELECT :kind, round
	  FROM due
	ON CONFLICT (kind) DO UPDATE
	   SET round = EXCLUDED.round,
	       day = NULL,
	       before = CASE WHEN old.round > EXCLUDED.round THEN old.before
	           ELSE old.round END
	 WHERE old.round < EXCLUDED.round
	    OR old.round > now() + :every::integer * interval '1 second'
	RETURNING kind, round, before
), added AS (
	INSERT INTO jobs (id, kind, payload, run_at, set_at)
	SELECT :id, kind, '{}', now(), now()
	  FROM stored
	 WHERE before IS NULL
	    OR before < round
	    OR before > now()
	RETURNING id
)
SELECT (SELECT count(*) FROM added) AS added,
       ceil(1000 * extract(epoch FROM round + :every::integer *
           interval '1 second' - now()))::bigint AS wait
  FROM due

-- name: jobs.schedule_daily
-- The same for a time of day in a zone, once for each local day, also when a new
-- version has another time or zone. A kind that is new waits for its time.
WITH due AS (
	SELECT round, day, next
	  FROM keel_rounds(now(), :daily::time, :zone)
), stored AS (
	INSERT INTO job_schedules AS old (kind, round, day)
	SELECT :kind, round, day
	  FROM due
	ON CONFLICT (kind) DO UPDATE
	   SET round = EXCLUDED.round,
	       day = EXCLUDED.day,
	       before = CASE WHEN old.round > EXCLUDED.round THEN old.before
	           ELSE old.round END
	 WHERE coalesce(old.day, (old.round AT TIME ZONE :zone)::date)
	       NOT BETWEEN EXCLUDED.day AND EXCLUDED.day + 1
	RETURNING kind, round, before
), added AS (
	INSERT INTO jobs (id, kind, payload, run_at, set_at)
	SELECT :id, kind, '{}', now(), now()
	  FROM stored
	 WHERE before < round
	    OR before > now()
	RETURNING id
)
SELECT (SELECT count(*) FROM added) AS added,
       ceil(1000 * extract(epoch FROM next - now()))::bigint AS wait
  FROM due

-- name: jobs.zone_is_known
SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = :zone) AS known

-- name: jobs.unknown
-- Kinds that this version does not know, and whose jobs have waited for an hour.
SELECT kind, count(*) AS jobs, min(run_at) AS since
  FROM jobs
 WHERE status = 'queued'
   AND run_at < now() - interval '1 hour'
   AND NOT kind = ANY (:kinds::text[])
 GROUP BY kind
 ORDER BY kind
 LIMIT 100

-- name: jobs.bury
-- Ends jobs of kinds that this version does not know, and no other runner has
-- taken, in these days.
UPDATE jobs
   SET status = 'dead',
       error = 'No runner knows jobs of this kind (' || :days || ' days)',
       finished_at = now()
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM jobs
	 WHERE status = 'queued'
	   AND run_at < now() - :days::integer * interval '1 day'
	   AND NOT kind = ANY (:kinds::text[])
	 LIMIT :limit
	   FOR UPDATE SKIP LOCKED
 ))

-- name: jobs.purge
DELETE FROM jobs
 WHERE id = ANY (ARRAY(
	SELECT id
	  FROM jobs
	 WHERE status = 'done'
	   AND finished_at < now() - :days::integer * interval '1 day'
	 UNION ALL
	SELECT id
	  FROM jobs
	 WHERE status = 'cancelled'
	   AND finished_at < now() - :days * interval '1 day'
	 LIMIT :limit
 ))

-- name: jobs.seen
-- This runner is alive. The rows of those that were not for a day are deleted.
WITH gone AS (
	DELETE FROM job_runners
	 WHERE id = ANY (ARRAY(
		SELECT id
		  FROM job_runners
		 WHERE seen_at < now() - interval '1 day'
		   FOR UPDATE SKIP LOCKED
	 ))
)
INSERT INTO job_runners (id, host, pid)
VALUES (:runner, left(:host, 255), :pid::integer)
ON CONFLICT (id) DO UPDATE
   SET seen_at = now()

-- name: jobs.count
-- What the runner's /metrics shows. The oldest is the one that has been due for
-- the longest time, also because its runner has died.
SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
       count(*) FILTER (WHERE status = 'running') AS running,
       count(*) FILTER (WHERE status = 'dead') AS dead,
       (SELECT coalesce(floor(extract(epoch FROM now() - min(run_at))), 0)::bigint
          FROM jobs
         WHERE status IN ('queued', 'running')
           AND run_at <= now()) AS oldest,
       (SELECT count(*)
          FROM job_runners
         WHERE seen_at > now() - interval '1 minute') AS runners
  FROM jobs
 WHERE status IN ('queued', 'running', 'dead')
