-- Which job runners there are. Each one writes its row every ten seconds, so that
-- /readyz can warn when there is none.

CREATE TABLE job_runners (
	id		uuid PRIMARY KEY,
	host		varchar(255) NOT NULL,
	pid		integer NOT NULL,
	started_at	timestamptz NOT NULL DEFAULT now(),
	seen_at		timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT job_runners_times
	CHECK (keel_is_time(started_at) AND keel_is_time(seen_at))
);
