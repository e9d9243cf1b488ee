-- SPDX-License-Identifier: ISC
-- name: health.database_state
SELECT max(version)::bigint AS version,
       NOT (pg_is_in_recovery()
        OR current_setting('transaction_read_only')::boolean) AS writable
  FROM keel_migrations
