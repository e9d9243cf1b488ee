-- SPDX-License-Identifier: ISC
-- name: notes.create
INSERT INTO notes (id, owner_id, title, body, pinned, due, post_id)
VALUES (:id, :owner_id, :title, :body, :pinned, :due, :post_id)
RETURNING @note

-- name: notes.find
SELECT @note
  FROM notes
 WHERE id = :id
   AND owner_id = :owner_id

-- name: notes.update
UPDATE notes
   SET title = CASE WHEN :title.set THEN :title ELSE title END,
       body = CASE WHEN :body.set THEN :body ELSE body END,
       pinned = CASE WHEN :pinned.set THEN :pinned ELSE pinned END,
       due = CASE WHEN :due.set THEN :due ELSE due END,
       post_id = CASE WHEN :post_id.set THEN :post_id ELSE post_id END
 WHERE id = :id
   AND version = coalesce(:version, version)
RETURNING @note

-- name: notes.delete
DELETE FROM notes
 WHERE id = :id
   AND version = coalesce(:version, version)

-- list: notes.list by created_at for post_id
SELECT @note
  FROM notes
 WHERE owner_id = :owner_id
