-- Jobs that wait, and rounds by the time of day, whatever happens to the clock.

-- From when run_at was counted: the wait is run_at - set_at. NULL: run_at was
-- given as a time. The default is that of a server of the version before.
ALTER TABLE jobs ADD COLUMN set_at timestamptz DEFAULT now()
	CONSTRAINT jobs_set_at_time CHECK (keel_is_time(set_at));
COMMENT ON COLUMN jobs.set_at IS
	'from when run_at was counted; NULL: it was given as a time';

-- The local day of a daily kind's round, and the round before the latest.
ALTER TABLE job_schedules
	ADD COLUMN day date,
	ADD COLUMN before timestamptz
	CONSTRAINT job_schedules_before_time CHECK (keel_is_time(before));

-- Of a kind that runs at a time of day in a zone: the round that has begun last,
-- the local day whose round it is, and the next one. AT TIME ZONE decides about a
-- time that a day lacks (it counts as if the clock had not been put forward yet)
-- and about one that a day has twice (it is the second). Where a zone left out a
-- whole day, two days have the same round: it is the later day's.
CREATE FUNCTION keel_rounds(at timestamptz, daily time, zone text)
	RETURNS TABLE (round timestamptz, day date, next timestamptz)
	LANGUAGE sql STABLE ROWS 1 AS $$
	WITH days AS (
		SELECT d.day, (d.day + daily) AT TIME ZONE zone AS begins
		  FROM (SELECT (at AT TIME ZONE zone)::date + i AS day
			  FROM generate_series(-2, 2) AS i) AS d
	)
	SELECT days.begins, days.day,
	       (SELECT min(begins) FROM days WHERE begins > at)
	  FROM days
	 WHERE days.begins <= at
	 ORDER BY days.begins DESC, days.day DESC
	 LIMIT 1
$$;
