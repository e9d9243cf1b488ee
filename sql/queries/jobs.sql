-- name: jobs.enqueue
INSERT INTO jobs (id, kind, payload)
VALUES ($1, $2, $3)
