-- SPDX-License-Identifier: ISC
-- name: health.database_state
SELECT coalesce(max(version) FILTER (WHERE version < 1000), 0)::bigint
         AS version,
       coalesce(max(version) FILTER (WHERE version > 1000), 0)::bigint
         AS own_version,
       NOT (pg_is_in_recovery()
        OR current_setting('transaction_read_only')::boolean) AS writable
  FROM keel_migrations

-- name: health.runner_seen
-- Seconds since a job runner was alive; null if there never was one. A time that is
-- still to come was written before the clock was set back.
SELECT floor(extract(epoch FROM now() - max(seen_at)))::bigint AS seconds
  FROM job_runners
 WHERE seen_at < now() + interval '1 minute'
