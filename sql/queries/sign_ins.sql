-- SPDX-License-Identifier: ISC
-- name: sign_ins.count_attempt
-- Counts an attempt as failed before the password is checked, so that attempts at
-- the same time all count. Returns no row when $4 attempts in a row have failed,
-- unless the user is known in this network. $1 account, $2 its user, $3 network.
INSERT INTO sign_in_failures AS f (account, user_id)
VALUES ($1, $2)
ON CONFLICT (account) DO UPDATE
   SET failures = least(f.failures + 1, 1000000),
       last_at = now()
 WHERE f.failures < $4
    OR EXISTS (
	SELECT
	  FROM sign_in_networks
	 WHERE user_id = $2
	   AND network = $3
    )
RETURNING EXISTS (
	SELECT
	  FROM sign_in_networks
	 WHERE user_id = $2
	   AND network = $3
       ) AS known

-- name: sign_ins.forget_failures
DELETE FROM sign_in_failures
 WHERE account = $1
RETURNING failures

-- name: sign_ins.forget_failures_of_email
-- For a command: the same for the user with the address $1, and records that in
-- the audit log ($2 is the row's id).
WITH target AS (
	SELECT id, email
	  FROM users
	 WHERE lower(email) = lower($1::text)
), forgotten AS (
	DELETE FROM sign_in_failures
	 WHERE account = (SELECT id::text FROM target)
	RETURNING failures
), recorded AS (
	INSERT INTO audit_log (id, action, target_id, changes)
	SELECT $2::uuid, 'account_unlocked', id, jsonb_build_object('failures',
	       jsonb_build_object('from', failures::text, 'to', NULL))
	  FROM target, forgotten
)
SELECT email, coalesce((SELECT failures FROM forgotten), 0) AS count
  FROM target

-- name: sign_ins.forget_networks
-- Deletes all networks of user $1 except $2.
DELETE FROM sign_in_networks
 WHERE user_id = $1
   AND network <> $2

-- name: sign_ins.purge_failures
-- Deletes up to $1 counts of accounts that do not exist, a week after the last
-- attempt.
DELETE FROM sign_in_failures
 WHERE account = ANY (ARRAY(
	SELECT account
	  FROM sign_in_failures f
	 WHERE last_at < now() - interval '7 days'
	   AND NOT EXISTS (
		SELECT
		  FROM users
		 WHERE id = f.user_id
	       )
	 LIMIT $1
 ))

-- name: sign_ins.purge_networks
-- Deletes up to $1 networks that had no sign-in for more than a year.
DELETE FROM sign_in_networks
 WHERE (user_id, network) IN (
	SELECT user_id, network
	  FROM sign_in_networks
	 WHERE last_at < now() - interval '400 days'
	 LIMIT $1
 )
