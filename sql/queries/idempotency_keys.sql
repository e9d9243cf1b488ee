-- SPDX-License-Identifier: ISC
-- name: idempotency_keys.lock
-- Until the transaction ends, nobody else gets these locks. It does not wait:
-- is_locked is false if somebody has one of them. A lock has the first 64 bits
-- of the scope; the old scope may be null.
SELECT pg_try_advisory_xact_lock(('x' || left(:scope, 16))::bit(64)::bigint)
       AND coalesce(pg_try_advisory_xact_lock(('x' ||
       left(:old_scope::text, 16))::bit(64)::bigint), true) AS is_locked

-- name: idempotency_keys.find
-- The response that is stored for one of the scopes, if it is not a day old; and
-- whether it is that of this request.
SELECT status, headers, body, coalesce(request IN (decode(:request, 'hex'),
       decode(:old_request, 'hex')), false) AS is_same
  FROM idempotency_keys
 WHERE scope IN (decode(:scope, 'hex'), decode(:old_scope, 'hex'))
   AND created_at >= now() - interval '1 day'
 ORDER BY created_at DESC
 LIMIT 1

-- name: idempotency_keys.store
-- Stores a response, also in place of one that is a day old.
INSERT INTO idempotency_keys (scope, user_id, request, status, headers, body)
VALUES (decode(:scope, 'hex'), :user_id, decode(:request, 'hex'), :status,
       :headers, :body)
ON CONFLICT (scope) DO UPDATE
   SET user_id = EXCLUDED.user_id,
       request = EXCLUDED.request,
       status = EXCLUDED.status,
       headers = EXCLUDED.headers,
       body = EXCLUDED.body,
       created_at = EXCLUDED.created_at

-- name: idempotency_keys.purge
-- Deletes responses that are a day old, up to the limit.
DELETE FROM idempotency_keys
 WHERE scope = ANY (ARRAY(
	SELECT scope
	  FROM idempotency_keys
	 WHERE created_at < now() - interval '1 day'
	 LIMIT :limit
 ))
