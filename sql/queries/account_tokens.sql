-- SPDX-License-Identifier: ISC
-- name: account_tokens.create
-- Stores a token that is sent to the address :to, unless its user has meanwhile
-- been deleted, disabled or changed. A job that runs again makes the same token,
-- which then lasts longer.
INSERT INTO account_tokens (token_hash, purpose, user_id, email, state,
       expires_at)
SELECT decode(:hash, 'hex'), :purpose::text, id, :to,
       keel_token_state(:purpose, hashed_password, email, pending_email),
       now() + :seconds::integer * interval '1 second'
  FROM users
 WHERE id = :user_id
   AND is_active
   AND hashed_password = :hashed_password
   AND email = :email
   FOR SHARE
ON CONFLICT (token_hash) DO UPDATE
   SET expires_at = EXCLUDED.expires_at

-- name: account_tokens.find
-- The token with this hash, if it is good for the purpose.
SELECT t.user_id, t.email
  FROM account_tokens t
  JOIN users u ON u.id = t.user_id
 WHERE t.token_hash = decode(:hash, 'hex')
   AND t.purpose = :purpose
   AND t.expires_at > now()
   AND u.is_active
   AND t.state = keel_token_state(t.purpose, u.hashed_password, u.email,
       u.pending_email)

-- name: account_tokens.use
-- The same, and uses it up. Its user is locked first, as when a user is deleted;
-- so the state is the latest, and it stays until the transaction ends.
WITH owner AS MATERIALIZED (
	SELECT u.id, u.hashed_password, u.email, u.pending_email
	  FROM users u
	  JOIN account_tokens t ON t.user_id = u.id
	 WHERE t.token_hash = decode(:hash, 'hex')
	   AND u.is_active
	   FOR NO KEY UPDATE OF u
)
DELETE FROM account_tokens t
 USING owner u
 WHERE t.token_hash = decode(:hash, 'hex')
   AND t.purpose = :purpose
   AND t.expires_at > now()
   AND t.user_id = u.id
   AND t.state = keel_token_state(t.purpose, u.hashed_password, u.email,
       u.pending_email)
RETURNING t.user_id, t.email

-- name: account_tokens.drop
DELETE FROM account_tokens
 WHERE user_id = :user_id
   AND purpose = :purpose

-- name: account_tokens.purge
-- Deletes tokens that have expired, up to the limit.
DELETE FROM account_tokens
 WHERE token_hash = ANY (ARRAY(
	SELECT token_hash
	  FROM account_tokens
	 WHERE expires_at < now()
	 LIMIT :limit
 ))

-- name: account_tokens.create_by_command
-- For the active user with this address: stores a token that was not sent
-- anywhere, and the row of the audit log.
WITH added AS (
	INSERT INTO account_tokens (token_hash, purpose, user_id, state,
	       expires_at)
	SELECT decode(:hash, 'hex'), :purpose::text, id,
	       keel_token_state(:purpose, hashed_password, email, pending_email),
	       now() + :seconds::integer * interval '1 second'
	  FROM users
	 WHERE email_key = :email_key
	   AND is_active
	RETURNING user_id
)
INSERT INTO audit_log (id, action, target_id)
SELECT :record_id, 'password_reset_link', user_id
  FROM added
