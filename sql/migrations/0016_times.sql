-- A time is one that RFC 3339 can write: infinity, a year BC or one after 9999 is
-- refused.

CREATE FUNCTION keel_is_time(timestamptz) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $1 BETWEEN '0001-01-01 00:00:00+00'
	    AND '9999-12-31 23:59:59.999999+00';

-- All tables are read before the first one is locked. Of a table that has other
-- times, none of the rows could be changed any more: it gets no constraint, and a
-- line says what to do. Not here: sessions.confirmed_at, which is -infinity where
-- a session was never confirmed.
DO $$
DECLARE
	one record;
	bad bigint;
	add text[] := '{}';
BEGIN
	FOR one IN SELECT t AS name, t || '_times' AS rule, (
	    SELECT string_agg('keel_is_time(' || c || ')', ' AND ')
	      FROM unnest(string_to_array(columns, ' ')) AS c) AS times
	    FROM (VALUES ('users', 'created_at updated_at'),
	    ('posts', 'published_at created_at updated_at'),
	    ('sessions', 'created_at expires_at revoked_at last_used_at'),
	    ('refresh_tokens', 'created_at used_at'),
	    ('account_tokens', 'created_at expires_at'),
	    ('sign_in_failures', 'last_at'), ('sign_in_networks', 'last_at'),
	    ('jobs', 'run_at created_at finished_at'),
	    ('job_schedules', 'round'), ('mail_recipients', 'full_at'),
	    ('idempotency_keys', 'created_at'), ('audit_log', 'created_at'))
	    AS v (t, columns)
	LOOP
		EXECUTE format('SELECT count(*) FROM %I WHERE NOT (%s)',
		    one.name, one.times) INTO bad;
		IF bad = 0 THEN
			add := add || format('ALTER TABLE %I ADD CONSTRAINT %I '
			    'CHECK (%s) NOT VALID', one.name, one.rule,
			    one.times);
		ELSE
			RAISE WARNING '% has % row(s) with a time that is '
			    'infinite, BC or after 9999: correct those WHERE '
			    'NOT (%), then run ALTER TABLE % ADD CONSTRAINT % '
			    'CHECK (%)', one.name, bad, one.times, one.name,
			    one.rule, one.times;
		END IF;
	END LOOP;
	FOR i IN 1 .. cardinality(add) LOOP
		EXECUTE add[i];
	END LOOP;
END
$$;
