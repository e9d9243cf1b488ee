-- Work to be done after the transaction that asked for it, and only if it
-- commits.

CREATE TABLE jobs (
	id		uuid PRIMARY KEY,
	kind		varchar(100) NOT NULL,
	payload		jsonb NOT NULL,
	status		varchar(20) NOT NULL DEFAULT 'queued'
			CHECK (status IN ('queued', 'running', 'done', 'dead')),
	attempts	integer NOT NULL DEFAULT 0,
	run_at		timestamptz NOT NULL DEFAULT now(),
	created_at	timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ix_jobs_due ON jobs (run_at) WHERE status = 'queued';
