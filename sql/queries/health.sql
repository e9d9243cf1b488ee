-- name: health.schema_version
SELECT max(version)::bigint AS version
  FROM keel_migrations
