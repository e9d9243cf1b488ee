-- name: sessions.create
INSERT INTO sessions (id, user_id, client, expires_at)
SELECT $1, id, $3, $4
  FROM users
 WHERE id = $2
   AND is_active
