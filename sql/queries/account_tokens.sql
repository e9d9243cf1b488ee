-- SPDX-License-Identifier: ISC
-- name: account_tokens.create
-- Stores a token of user $3, unless they have meanwhile been deleted, disabled or
-- changed: $4 is their password's hash, $5 their address. $1 the token's hash, $2
-- purpose, $6 the address that it is sent to, $7 seconds until it expires. A job
-- that runs again makes the same token, which then lasts longer.
INSERT INTO account_tokens (token_hash, purpose, user_id, email, state,
       expires_at)
SELECT decode($1, 'hex'), $2::text, id, $6,
       keel_token_state($2, hashed_password, email, pending_email),
       now() + $7::integer * interval '1 second'
  FROM users
 WHERE id = $3
   AND is_active
   AND hashed_password = $4
   AND email = $5
   FOR SHARE
ON CONFLICT (token_hash) DO UPDATE
   SET expires_at = EXCLUDED.expires_at

-- name: account_tokens.find
-- The token with hash $1, if it is good for purpose $2.
SELECT t.user_id, t.email
  FROM account_tokens t
  JOIN users u ON u.id = t.user_id
 WHERE t.token_hash = decode($1, 'hex')
   AND t.purpose = $2
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
	 WHERE t.token_hash = decode($1, 'hex')
	   AND u.is_active
	   FOR NO KEY UPDATE OF u
)
DELETE FROM account_tokens t
 USING owner u
 WHERE t.token_hash = decode($1, 'hex')
   AND t.purpose = $2
   AND t.expires_at > now()
   AND t.user_id = u.id
   AND t.state = keel_token_state(t.purpose, u.hashed_password, u.email,
       u.pending_email)
RETURNING t.user_id, t.email

-- name: account_tokens.drop
-- Deletes the tokens of user $1 for purpose $2.
DELETE FROM account_tokens
 WHERE user_id = $1
   AND purpose = $2

-- name: account_tokens.purge
-- Deletes up to $1 tokens that have expired.
DELETE FROM account_tokens
 WHERE token_hash = ANY (ARRAY(
	SELECT token_hash
	  FROM account_tokens
	 WHERE expires_at < now()
	 LIMIT $1
 ))

-- name: account_tokens.create_by_command
-- For the active user with address $3: stores a token that was not sent anywhere,
-- and the row of the audit log with id $5. $4 seconds until it expires.
WITH added AS (
	INSERT INTO account_tokens (token_hash, purpose, user_id, state,
	       expires_at)
	SELECT decode($1, 'hex'), $2::text, id,
	       keel_token_state($2, hashed_password, email, pending_email),
	       now() + $4::integer * interval '1 second'
	  FROM users
	 WHERE lower(email) = lower($3::text)
	   AND is_active
	RETURNING user_id
)
INSERT INTO audit_log (id, action, target_id)
SELECT $5, 'password_reset_link', user_id
  FROM added
