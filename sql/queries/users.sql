-- name: users.find_by_email
SELECT id, email, name, hashed_password, role, is_active, email_verified,
       created_at, updated_at
  FROM users
 WHERE lower(email) = lower($1::text)

-- name: users.find_signed_in
SELECT u.id, u.email, u.name, u.hashed_password, u.role, u.is_active,
       u.email_verified, u.created_at, u.updated_at
  FROM users u
  JOIN sessions s ON s.user_id = u.id
 WHERE u.id = $1
   AND s.id = $2
   AND u.is_active
   AND s.revoked_at IS NULL
   AND s.expires_at > now()

-- name: users.create
INSERT INTO users (id, email, name, hashed_password, role)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lower(email)) DO NOTHING
RETURNING id, email, name, hashed_password, role, is_active, email_verified,
          created_at, updated_at

-- name: users.create_admin
INSERT INTO users (id, email, name, hashed_password, role, email_verified)
VALUES ($1, $2, 'Administrator', $3, 'admin', true)
ON CONFLICT (lower(email)) DO NOTHING

-- name: users.rehash
UPDATE users
   SET hashed_password = $3
 WHERE id = $1
   AND hashed_password = $2
