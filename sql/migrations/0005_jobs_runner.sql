-- What the runner of the jobs needs: who runs one, until when, how it went.

ALTER TABLE jobs
	ADD COLUMN request_id	varchar(64),
	ADD COLUMN unique_key	varchar(200),
	ADD COLUMN runner	uuid,
	ADD COLUMN error	varchar(1000),
	ADD COLUMN finished_at	timestamptz;

-- When it is due; of one that runs: when its lease ends, and it is due again.
COMMENT ON COLUMN jobs.run_at IS 'when it is due, again if it is running';

DROP INDEX ix_jobs_due;
CREATE INDEX ix_jobs_due ON jobs (run_at)
	WHERE status IN ('queued', 'running');
CREATE INDEX ix_jobs_done ON jobs (finished_at)
	WHERE status = 'done';
CREATE INDEX ix_jobs_created_at ON jobs (created_at, id);
CREATE INDEX ix_jobs_status ON jobs (status, created_at, id);

-- Of two alike, one waits or runs.
CREATE UNIQUE INDEX jobs_unique_key ON jobs (kind, unique_key)
	WHERE status IN ('queued', 'running');

-- The latest round of each scheduled kind, so that there is one of each.
CREATE TABLE job_schedules (
	kind		varchar(100) PRIMARY KEY,
	round		timestamptz NOT NULL
);

-- Runners listen.
CREATE FUNCTION notify_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NOTIFY keel_jobs;
	RETURN NULL;
END
$$;

CREATE TRIGGER jobs_notify AFTER INSERT ON jobs
	FOR EACH STATEMENT EXECUTE FUNCTION notify_jobs();
