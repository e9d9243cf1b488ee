-- SPDX-License-Identifier: ISC
-- name: health.database_state
SELECT coalesce(max(version) FILTER (WHERE version < 1000), 0)::bigint
         AS version,
       coalesce(max(version) FILTER (WHERE version > 1000), 0)::bigint
         AS own_version,
       NOT (pg_is_in_recovery()
        OR current_setting('transaction_read_only')::boolean) AS writable
  FROM keel_migrations
