-- SPDX-License-Identifier: ISC
-- name: posts.create
INSERT INTO posts (id, author_id, title, content, published_at, language)
VALUES (:id, :author_id, :title, :content,
       CASE WHEN :published::boolean THEN now() END, :language)
RETURNING @post(0 AS relevance)

-- name: posts.find
SELECT @post(0 AS relevance)
  FROM posts
 WHERE id = :id

-- name: posts.update
-- A post that is published already keeps its time.
UPDATE posts
   SET title = CASE WHEN :title.set THEN :title ELSE title END,
       content = CASE WHEN :content.set THEN :content ELSE content END,
       published_at = CASE WHEN NOT :published.set THEN published_at
           WHEN :published::boolean THEN coalesce(published_at, now()) END
 WHERE id = :id
   AND version = coalesce(:version, version)
RETURNING @post(0 AS relevance)

-- name: posts.delete
DELETE FROM posts
 WHERE id = :id
   AND version = coalesce(:version, version)

-- name: posts.authors
SELECT @post_author
  FROM users
 WHERE id = ANY (:ids::uuid[])

-- name: posts.contents
-- NULL if they have more than :most bytes together. A post may have become a
-- draft since the page was read: only who may read it gets it.
SELECT @post_content(CASE WHEN sum(octet_length(content)) OVER () <=
       :most::bigint THEN content END AS content)
  FROM posts
 WHERE id = ANY (:ids::uuid[])
   AND (published_at IS NOT NULL OR author_id = :viewer_id
       OR :sees_all::boolean)

-- name: posts.estimate
SELECT keel_estimate_posts(:q, :sees_all) AS total

-- list: posts.list by created_at, coalesce(published_at, '-infinity'),
--     lower(title) for author_id
-- Drafts stand last in -published_at, the order that most clients use, so a
-- list of published posts need not step over them. The condition on
-- coalesce(...) stands for published_at IS NOT NULL, since the index has that.
-- The CASEs: see audit.list. The contents of a page come from posts.contents.
SELECT @post('' AS content, 0 AS relevance)
  FROM posts
 WHERE CASE WHEN :sees_all::boolean THEN true
       WHEN :viewer_id::uuid IS NULL THEN
       coalesce(published_at, '-infinity') > '-infinity'
       ELSE published_at IS NOT NULL OR author_id = :viewer_id END
   AND CASE WHEN :published::boolean IS NULL THEN true
       ELSE (coalesce(published_at, '-infinity') > '-infinity') =
       :published END
   AND CASE WHEN :created_since::timestamptz IS NULL THEN true
       ELSE created_at >= :created_since END
   AND CASE WHEN :created_until::timestamptz IS NULL THEN true
       ELSE created_at < :created_until END
   AND CASE WHEN :published_since::timestamptz IS NULL THEN true
       ELSE coalesce(published_at, '-infinity') >= :published_since END
   AND CASE WHEN :published_until::timestamptz IS NULL THEN true
       ELSE coalesce(published_at, '-infinity') > '-infinity' AND
       coalesce(published_at, '-infinity') < :published_until END

-- list: posts.search by relevance, created_at,
--     coalesce(published_at, '-infinity'), lower(title)
-- The filters are those of posts.list. Each language has another query of the
-- same words; because of the first OFFSET 0, PostgreSQL makes it once, not for
-- each post. Because of the second one, it looks for the words first: otherwise
-- it might read all posts in their order, to find the first ones that match.
-- With the ||, ts_rank() adds up what each word is worth. For words that must
-- all be there, it would compare the places of each with those of each other,
-- which can take half a second for one post.
SELECT p.@post('' AS content,
       (ts_rank(p.search, p.query || p.query) * 1e9)::bigint AS relevance)
  FROM (SELECT posts.*, l.query
          FROM (SELECT language AS its,
                       keel_search_query(language, :q) AS query
                  FROM post_languages OFFSET 0) AS l
          JOIN posts ON search @@ l.query AND language = l.its
         WHERE CASE WHEN :sees_all::boolean THEN true
               WHEN :viewer_id::uuid IS NULL THEN
               coalesce(published_at, '-infinity') > '-infinity'
               ELSE published_at IS NOT NULL OR
               author_id = :viewer_id END
           AND CASE WHEN :author_id::uuid IS NULL THEN true
               ELSE author_id = :author_id END
           AND CASE WHEN :published::boolean IS NULL THEN true
               ELSE (coalesce(published_at, '-infinity') > '-infinity') =
               :published END
           AND CASE WHEN :created_since::timestamptz IS NULL THEN true
               ELSE created_at >= :created_since END
           AND CASE WHEN :created_until::timestamptz IS NULL THEN true
               ELSE created_at < :created_until END
           AND CASE WHEN :published_since::timestamptz IS NULL THEN true
               ELSE coalesce(published_at, '-infinity') >= :published_since END
           AND CASE WHEN :published_until::timestamptz IS NULL THEN true
               ELSE coalesce(published_at, '-infinity') > '-infinity' AND
               coalesce(published_at, '-infinity') < :published_until END
        OFFSET 0) AS p
