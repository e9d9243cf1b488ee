-- SPDX-License-Identifier: ISC
-- name: users.find_by_email
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       pending_email, version, created_at, updated_at
  FROM users
 WHERE lower(email) = lower($1::text)

-- name: users.find_by_id
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       pending_email, version, created_at, updated_at
  FROM users
 WHERE id = $1

-- name: users.find_signed_in
SELECT u.id, u.email, u.name, u.hashed_password, u.role, u.is_active,
       u.email_verified, u.pending_email, u.version, u.created_at,
       u.updated_at
  FROM users u
  JOIN sessions s ON s.user_id = u.id
 WHERE u.id = $1
   AND s.id = $2
   AND u.is_active
   AND s.revoked_at IS NULL
   AND s.expires_at > now()

-- name: users.find_signed_in_and_target
-- Nobody sees another user's pending address.
SELECT a.id, a.email, a.name, a.hashed_password, a.role, a.is_active,
       a.email_verified,
       CASE WHEN a.id = u.id THEN a.pending_email END AS pending_email,
       a.version, a.created_at, a.updated_at
  FROM sessions s
  JOIN users u ON u.id = s.user_id
  JOIN users a ON a.id = ANY (ARRAY[u.id, $3])
 WHERE u.id = $1
   AND s.id = $2
   AND u.is_active
   AND s.revoked_at IS NULL
   AND s.expires_at > now()

-- name: users.create
-- $6 is the network that a user registers from; it becomes a known one.
WITH created AS (
	INSERT INTO users (id, email, name, hashed_password, role)
	VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (lower(email)) DO NOTHING
	RETURNING id, email, name, hashed_password, role, is_active,
	          email_verified, pending_email, version, created_at,
	          updated_at
), network AS (
	INSERT INTO sign_in_networks (user_id, network)
	SELECT id, $6::cidr
	  FROM created
	 WHERE $6::cidr IS NOT NULL
)
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       pending_email, version, created_at, updated_at
  FROM created

-- name: users.create_admin
-- The user and their row in the audit log, whose id is $4: a command has no other
-- transaction.
WITH created AS (
	INSERT INTO users (id, email, name, hashed_password, role,
	       email_verified)
	VALUES ($1, $2, 'Administrator', $3, 'admin', true)
	ON CONFLICT (lower(email)) DO NOTHING
	RETURNING id, role
)
INSERT INTO audit_log (id, action, target_id, changes)
SELECT $4::uuid, 'user_created', id, jsonb_build_object(
       'role', jsonb_build_object('from', NULL, 'to', role))
  FROM created

-- name: users.lock
-- As it is now: nobody else changes it before the transaction ends.
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       pending_email, version, created_at, updated_at
  FROM users
 WHERE id = $1
   FOR NO KEY UPDATE

-- name: users.set_role
-- For a command: gives the user with the address $1 the role $2, records that in
-- the audit log ($3 is the row's id), and stores the job $4, which tells the user
-- as users_notice_role() does. The last active admin stays one. The active admins
-- are locked first, as by users.lock_admins.
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
	 WHERE lower(u.email) = lower($1::text)
	   FOR NO KEY UPDATE OF u
), changed AS (
	UPDATE users
	   SET role = $2::text
	 WHERE id = (SELECT id FROM target WHERE NOT is_last)
	   AND role <> $2
	RETURNING id
), recorded AS (
	INSERT INTO audit_log (id, action, target_id, changes)
	SELECT $3::uuid, 'user_updated', t.id, jsonb_build_object('role',
	       jsonb_build_object('from', t.role, 'to', $2::text))
	  FROM target t
	  JOIN changed USING (id)
), told AS (
	INSERT INTO jobs (id, kind, payload)
	SELECT $4::uuid, 'send_role_notice', jsonb_build_object('id', t.id,
	       'verified', false, 'from', t.role, 'to', $2::text)
	  FROM target t
	  JOIN changed USING (id)
)
SELECT email, role, EXISTS (SELECT FROM changed) AS changed
  FROM target

-- name: users.update
UPDATE users
   SET email = coalesce($2, email),
       name = coalesce($3, name),
       role = coalesce($4, role),
       is_active = coalesce($5, is_active),
       email_verified = coalesce($7, email_verified
           AND lower(coalesce($2, email) COLLATE "C")
               = lower(email COLLATE "C")),
       pending_email = CASE WHEN $2::text IS NULL THEN pending_email END
 WHERE id = $1
   AND version = coalesce($6, version)
RETURNING id, email, name, hashed_password, role, is_active, email_verified,
          pending_email, version, created_at, updated_at

-- name: users.set_pending_email
-- The address $2 waits for its confirmation; NULL: none does any more. The links
-- of an earlier one no longer work, also if it is the same address.
WITH changed AS (
	UPDATE users
	   SET pending_email = $2
	 WHERE id = $1
	   AND version = coalesce($3, version)
	RETURNING id, email, name, hashed_password, role, is_active,
	          email_verified, pending_email, version, created_at,
	          updated_at
), dropped AS (
	DELETE FROM account_tokens t
	 USING changed
	 WHERE t.user_id = changed.id
	   AND t.purpose IN ('email', 'email_cancel')
)
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       pending_email, version, created_at, updated_at
  FROM changed

-- name: users.confirm_email
UPDATE users
   SET email = pending_email,
       pending_email = NULL,
       email_verified = true
 WHERE id = $1
   AND pending_email = $2
RETURNING id, email, name, hashed_password, role, is_active, email_verified,
          pending_email, version, created_at, updated_at

-- name: users.drop_pending_email
-- For a new password: somebody who knew the old one may have asked for the
-- address.
UPDATE users
   SET pending_email = NULL
 WHERE id = $1
   AND pending_email IS NOT NULL

-- name: users.delete
DELETE FROM users
 WHERE id = $1
   AND version = coalesce($2, version)
RETURNING id, email, name, hashed_password, role, is_active, email_verified,
          pending_email, version, created_at, updated_at

-- name: users.delete_unless_admin
DELETE FROM users
 WHERE id = $1
   AND version = coalesce($2, version)
   AND NOT (role = 'admin' AND is_active)
RETURNING id, email, name, hashed_password, role, is_active, email_verified,
          pending_email, version, created_at, updated_at

-- name: users.lock_admins
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       pending_email, version, created_at, updated_at
  FROM users
 WHERE role = 'admin'
   AND is_active
 ORDER BY id
   FOR NO KEY UPDATE

-- name: users.set_password
UPDATE users
   SET hashed_password = $3
 WHERE id = $1
   AND hashed_password = $2

-- name: users.reset_password
-- A new password from somebody who does not know the old one. With $3 they have
-- shown that the address is theirs. A change of it that waits to be confirmed is
-- forgotten: somebody who knew the old password may have asked for it.
UPDATE users
   SET hashed_password = $2,
       email_verified = email_verified OR $3,
       pending_email = NULL
 WHERE id = $1

-- name: users.verify_email
UPDATE users
   SET email_verified = true
 WHERE id = $1
   AND NOT email_verified

-- name: users.count
SELECT count(*) AS total
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)

-- The lists: one statement for each order, so that each has its index. A list
-- starts after ($4, $5), the last row of the page before. The first page starts
-- after a value that comes before every row; for texts in descending order that
-- value is NULL. Each statement is complete, so that it can be read by itself and
-- pasted into psql.

-- name: users.list_by_created_at
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       NULL::varchar AS pending_email, version, created_at, updated_at
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)
   AND (created_at, id)
       > ($4::timestamptz, $5::uuid)
 ORDER BY created_at, id
 LIMIT $6 OFFSET $7

-- name: users.list_by_created_at_desc
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       NULL::varchar AS pending_email, version, created_at, updated_at
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)
   AND (created_at, id)
       < ($4::timestamptz, $5::uuid)
 ORDER BY created_at DESC, id DESC
 LIMIT $6 OFFSET $7

-- name: users.list_by_email
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       NULL::varchar AS pending_email, version, created_at, updated_at
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)
   AND (lower(email) COLLATE "C", id)
       > (lower($4::text) COLLATE "C", $5::uuid)
 ORDER BY lower(email) COLLATE "C", id
 LIMIT $6 OFFSET $7

-- name: users.list_by_email_desc
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       NULL::varchar AS pending_email, version, created_at, updated_at
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)
   AND (lower(email) COLLATE "C", id)
       < (lower(coalesce($4::text, repeat(chr(1114111), 255))) COLLATE "C",
          $5::uuid)
 ORDER BY lower(email) COLLATE "C" DESC, id DESC
 LIMIT $6 OFFSET $7

-- name: users.list_by_name
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       NULL::varchar AS pending_email, version, created_at, updated_at
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)
   AND (lower(name) COLLATE "C", id)
       > (lower($4::text) COLLATE "C", $5::uuid)
 ORDER BY lower(name) COLLATE "C", id
 LIMIT $6 OFFSET $7

-- name: users.list_by_name_desc
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       NULL::varchar AS pending_email, version, created_at, updated_at
  FROM users
 WHERE ($1::text IS NULL OR role = $1)
   AND ($2::boolean IS NULL OR is_active = $2)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0
        OR strpos(lower(email), lower($3)) > 0)
   AND (lower(name) COLLATE "C", id)
       < (lower(coalesce($4::text, repeat(chr(1114111), 255))) COLLATE "C",
          $5::uuid)
 ORDER BY lower(name) COLLATE "C" DESC, id DESC
 LIMIT $6 OFFSET $7
