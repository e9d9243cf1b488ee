-- SPDX-License-Identifier: ISC
-- name: sign_ins.count_attempt
-- Counts an attempt as failed before the password is checked, so that attempts at
-- the same time all count. Returns no row when the most attempts that are allowed
-- in a row have failed, unless the user is known in this network.
INSERT INTO sign_in_failures AS f (account, user_id)
VALUES (:account, :user_id)
ON CONFLICT (account) DO UPDATE
   SET failures = least(f.failures + 1, 1000000),
       last_at = now()
 WHERE f.failures < :most
    OR EXISTS (
	SELECT
	  FROM sign_in_networks
	 WHERE user_id = :user_id
	   AND network = :network
    )
RETURNING EXISTS (
	SELECT
	  FROM sign_in_networks
	 WHERE user_id = :user_id
	   AND network = :network
       ) AS known

-- name: sign_ins.forget_failures
DELETE FROM sign_in_failures
 WHERE account = :user_id
RETURNING failures

-- name: sign_ins.forget_failures_of_email
-- For a command: the same for the user with this address, and records that in the
-- audit log.
WITH target AS (
	SELECT id, email
	  FROM users
	 WHERE email_key = :email_key
), forgotten AS (
	DELETE FROM sign_in_failures
	 WHERE account = (SELECT id::text FROM target)
	RETURNING failures
), recorded AS (
	INSERT INTO audit_log (id, action, target_id, changes)
	SELECT :record_id::uuid, 'account_unlocked', id, jsonb_build_object(
	       'failures', jsonb_build_object('from', failures::text,
	       'to', NULL))
	  FROM target, forgotten
)
SELECT email, coalesce((SELECT failures FROM forgotten), 0) AS count
  FROM target

-- name: sign_ins.forget_networks
DELETE FROM sign_in_networks
 WHERE user_id = :user_id
   AND network <> :kept

-- name: sign_ins.purge_failures
-- Deletes counts of accounts that do not exist, a week after the last attempt.
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
	 LIMIT :limit
 ))

-- name: sign_ins.purge_networks
-- Deletes networks that had no sign-in for more than a year.
DELETE FROM sign_in_networks
 WHERE (user_id, network) IN (
	SELECT user_id, network
	  FROM sign_in_networks
	 WHERE last_at < now() - interval '400 days'
	 LIMIT :limit
 )
