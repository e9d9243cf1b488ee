-- Which user a job is about, and jobs that an admin has cancelled.

-- No foreign key: a job may outlive its user, and a job that is stored locks no
-- row of users.
ALTER TABLE jobs
	ADD COLUMN user_id	uuid,
	DROP CONSTRAINT jobs_status_check,
	ADD CONSTRAINT jobs_status_check CHECK (status IN ('queued', 'running',
	    'done', 'dead', 'cancelled'));

-- These are empty at first. Most jobs of a large table are older, or scheduled, and
-- have no user.
CREATE INDEX ix_jobs_user_id ON jobs (user_id, created_at, id)
	WHERE user_id IS NOT NULL;
CREATE INDEX ix_jobs_cancelled ON jobs (finished_at)
	WHERE status = 'cancelled';

-- Queues jobs again that the transaction has locked, and returns how many. One
-- stays as it is while an equal job waits or runs, also one of these: of two, the
-- first is queued. No statement can tell beforehand, since an equal job may be
-- stored at this moment.
CREATE FUNCTION keel_retry_jobs(ids uuid[]) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	one uuid;
	retried bigint := 0;
BEGIN
	FOREACH one IN ARRAY ids LOOP
		BEGIN
			UPDATE jobs
			   SET status = 'queued',
			       attempts = 0,
			       runner = NULL,
			       run_at = now(),
			       set_at = now(),
			       finished_at = NULL
			 WHERE id = one;
			retried := retried + 1;
		EXCEPTION WHEN unique_violation THEN
			NULL;
		END;
	END LOOP;
	IF retried > 0 THEN
		NOTIFY keel_jobs;
	END IF;
	RETURN retried;
END
$$;
