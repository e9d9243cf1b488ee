-- SPDX-License-Identifier: ISC
-- name: users.find_by_email
SELECT @user
  FROM users
 WHERE email_key = :email_key

-- name: users.find_by_id
SELECT @user
  FROM users
 WHERE id = :id

-- name: users.find_signed_in
SELECT u.@user
  FROM users u
  JOIN sessions s ON s.user_id = u.id
 WHERE u.id = :id
   AND s.id = :session_id
   AND u.is_active
   AND s.revoked_at IS NULL
   AND s.expires_at > now()

-- name: users.find_signed_in_and_target
-- Nobody sees another user's pending address.
SELECT a.@user(CASE WHEN a.id = u.id THEN a.pending_email END
       AS pending_email)
  FROM sessions s
  JOIN users u ON u.id = s.user_id
  JOIN users a ON a.id = ANY (ARRAY[u.id, :target_id])
 WHERE u.id = :id
   AND s.id = :session_id
   AND u.is_active
   AND s.revoked_at IS NULL
   AND s.expires_at > now()

-- name: users.create
-- The network that a user registers from becomes a known one.
WITH created AS (
	INSERT INTO users (id, email, email_key, name, locale,
	       hashed_password, role)
	VALUES (:id, :email, :email_key, :name, :locale, :hashed_password,
	       :role)
	ON CONFLICT (email_key) DO NOTHING
	RETURNING @user
), network AS (
	INSERT INTO sign_in_networks (user_id, network)
	SELECT id, :network::cidr
	  FROM created
	 WHERE :network::cidr IS NOT NULL
)
SELECT @user
  FROM created

-- name: users.create_admin
-- The user and their row in the audit log: a command has no other transaction.
WITH created AS (
	INSERT INTO users (id, email, email_key, name, hashed_password, role,
	       email_verified)
	VALUES (:id, :email, :email_key, 'Administrator', :hashed_password,
	       'admin', true)
	ON CONFLICT (email_key) DO NOTHING
	RETURNING id, role
)
INSERT INTO audit_log (id, action, target_id, changes)
SELECT :record_id::uuid, 'user_created', id, jsonb_build_object(
       'role', jsonb_build_object('from', NULL, 'to', role))
  FROM created

-- name: users.lock
-- As it is now: nobody else changes it before the transaction ends.
SELECT @user
  FROM users
 WHERE id = :id
   FOR NO KEY UPDATE

-- name: users.set_role
-- For a command: gives the user with this address the role, records that in the
-- audit log, and stores the job that tells the user, as users_notice_role() does.
-- The last active admin stays one. The active admins are locked first, as by
-- users.lock_admins.
WITH admins AS (
	SELECT id
	  FROM users
	 WHERE role = 'admin'
	   AND is_active
	 ORDER BY id
	   FOR NO KEY UPDATE
), target AS (
	SELECT u.id, u.email, u.role,
	       n.admins = 1 AND u.role = 'admin' AND u.is_active AS is_last
	  FROM users u, (SELECT count(*) AS admins FROM admins) n
	 WHERE u.email_key = :email_key
	   FOR NO KEY UPDATE OF u
), changed AS (
	UPDATE users
	   SET role = :role::text
	 WHERE id = (SELECT id FROM target WHERE NOT is_last)
	   AND role <> :role
	RETURNING id
), recorded AS (
	INSERT INTO audit_log (id, action, target_id, changes)
	SELECT :record_id::uuid, 'user_updated', t.id, jsonb_build_object(
	       'role', jsonb_build_object('from', t.role, 'to', :role::text))
	  FROM target t
	  JOIN changed USING (id)
), told AS (
	INSERT INTO jobs (id, kind, payload, user_id)
	SELECT :job_id::uuid, 'send_role_notice', jsonb_build_object(
	       'id', t.id, 'verified', false, 'from', t.role,
	       'to', :role::text), t.id
	  FROM target t
	  JOIN changed USING (id)
)
SELECT email, role, EXISTS (SELECT FROM changed) AS changed
  FROM target

-- name: users.update
-- A new address is not verified, unless the change says that it is.
UPDATE users
   SET email = CASE WHEN :email.set THEN :email ELSE email END,
       email_key = CASE WHEN :email.set THEN :email_key ELSE email_key END,
       name = CASE WHEN :name.set THEN :name ELSE name END,
       locale = CASE WHEN :locale.set THEN :locale ELSE locale END,
       role = CASE WHEN :role.set THEN :role ELSE role END,
       is_active = CASE WHEN :is_active.set THEN :is_active
           ELSE is_active END,
       email_verified = CASE WHEN :email_verified.set THEN :email_verified
           ELSE email_verified AND (NOT :email.set
               OR :email_key = email_key) END,
       pending_email = CASE WHEN NOT :email.set THEN pending_email END
 WHERE id = :id
   AND version = coalesce(:version, version)
RETURNING @user

-- name: users.set_pending_email
-- This address waits for its confirmation; NULL: none does any more. The links of
-- an earlier one no longer work, also if it is the same address.
WITH changed AS (
	UPDATE users
	   SET pending_email = :email
	 WHERE id = :id
	   AND version = coalesce(:version, version)
	RETURNING @user
), dropped AS (
	DELETE FROM account_tokens t
	 USING changed
	 WHERE t.user_id = changed.id
	   AND t.purpose IN ('email', 'email_cancel')
)
SELECT @user
  FROM changed

-- name: users.confirm_email
UPDATE users
   SET email = pending_email,
       email_key = :email_key,
       pending_email = NULL,
       email_verified = true
 WHERE id = :id
   AND pending_email = :email
RETURNING @user

-- name: users.drop_pending_email
-- For a new password: somebody who knew the old one may have asked for the
-- address.
UPDATE users
   SET pending_email = NULL
 WHERE id = :id
   AND pending_email IS NOT NULL

-- name: users.delete
DELETE FROM users
 WHERE id = :id
   AND version = coalesce(:version, version)
   AND NOT (:except_admins::boolean AND role = 'admin' AND is_active)
RETURNING @user

-- name: users.lock_admins
SELECT @user
  FROM users
 WHERE role = 'admin'
   AND is_active
 ORDER BY id
   FOR NO KEY UPDATE

-- name: users.set_password
UPDATE users
   SET hashed_password = :new_hash
 WHERE id = :id
   AND hashed_password = :old_hash

-- name: users.reset_password
-- A new password from somebody who does not know the old one. Where they have
-- shown that the address is theirs, it is verified. A change of it that waits to
-- be confirmed is forgotten: somebody who knew the old password may have asked for
-- it.
UPDATE users
   SET hashed_password = :new_hash,
       email_verified = email_verified OR :verified,
       pending_email = NULL
 WHERE id = :id

-- name: users.verify_email
UPDATE users
   SET email_verified = true
 WHERE id = :id
   AND NOT email_verified

-- name: users.find_like
-- For a command.
SELECT @user
  FROM users
 WHERE (:part::text IS NULL OR folded LIKE (SELECT keel_like(:part)))
 ORDER BY lower(email) COLLATE "C", id
 LIMIT :limit

-- list: users.list by created_at, lower(email), lower(name)
-- Nobody sees another user's pending address.
SELECT @user(NULL::varchar AS pending_email)
  FROM users
 WHERE (:role::text IS NULL OR role = :role)
   AND (:is_active::boolean IS NULL OR is_active = :is_active)

-- list: users.search by created_at, lower(email), lower(name)
-- Because of the OFFSET 0, PostgreSQL looks for the text first: otherwise it
-- might read all users in their order. It makes the pattern once, not for each
-- user. The filters are those of users.list.
SELECT u.@user(NULL::varchar AS pending_email)
  FROM (SELECT *
          FROM users
         WHERE folded LIKE (SELECT keel_like(:q))
           AND CASE WHEN :role::text IS NULL THEN true
               ELSE role = :role END
           AND CASE WHEN :is_active::boolean IS NULL THEN true
               ELSE is_active = :is_active END
        OFFSET 0) AS u
