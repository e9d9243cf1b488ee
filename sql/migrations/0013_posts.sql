-- Posts in every order that a list may have, and their full text.

-- The first index also has the columns that a count needs.
CREATE INDEX ix_posts_created_at ON posts (created_at, id)
	INCLUDE (author_id, published_at);
CREATE INDEX ix_posts_published_at ON posts
	((coalesce(published_at, '-infinity')), id);
CREATE INDEX ix_posts_title ON posts (lower(title) COLLATE "C", id);
CREATE INDEX ix_posts_author_created_at ON posts (author_id, created_at, id);
DROP INDEX ix_posts_author_id;

-- How the words of a post are cut to their stems: the name of a text search
-- configuration. It is no regconfig, since pg_upgrade refuses tables with one.
ALTER TABLE posts
	ADD COLUMN language varchar(63) NOT NULL DEFAULT 'english',
	ADD COLUMN search tsvector NOT NULL DEFAULT '';

-- The languages of all posts: a search has another query in each of them.
CREATE TABLE post_languages (
	language	varchar(63) PRIMARY KEY
);

-- A text with blanks for the signs of addresses, paths and tags: PostgreSQL looks
-- for these behind each word, and a text of 100,000 such as a_a_a_ would take it
-- minutes. It would also leave out what stands in a tag.
CREATE FUNCTION keel_plain(text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN translate($1, '_~/@.<>&\', '         ');

-- A tsvector has at most a megabyte. Of a text that needs more, the beginning is
-- indexed.
CREATE FUNCTION keel_index_text(config regconfig, title text, content text)
	RETURNS tsvector LANGUAGE plpgsql STABLE AS $$
DECLARE
	indexed integer := length(content);
BEGIN
	LOOP
		BEGIN
			RETURN setweight(to_tsvector(config,
			    keel_plain(title)), 'A') ||
			    to_tsvector(config,
			    keel_plain(left(content, indexed)));
		EXCEPTION WHEN program_limit_exceeded THEN
			indexed := indexed / 2;
		END;
	END LOOP;
END
$$;

CREATE FUNCTION keel_index_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM post_languages l
	    WHERE l.language = NEW.language) THEN
		INSERT INTO post_languages VALUES (NEW.language)
		    ON CONFLICT DO NOTHING;
	END IF;
	NEW.search := keel_index_text(NEW.language::regconfig, NEW.title,
	    NEW.content);
	RETURN NEW;
END
$$;

CREATE TRIGGER posts_index BEFORE INSERT ON posts
	FOR EACH ROW EXECUTE FUNCTION keel_index_post();
CREATE TRIGGER posts_index_again BEFORE UPDATE ON posts
	FOR EACH ROW WHEN (OLD.title <> NEW.title OR
	    OLD.content <> NEW.content OR OLD.language <> NEW.language)
	EXECUTE FUNCTION keel_index_post();

-- The posts that exist are indexed. Their version and updated_at stay.
ALTER TABLE posts DISABLE TRIGGER posts_touch;
UPDATE posts SET search = keel_index_text('english', title, content);
INSERT INTO post_languages SELECT DISTINCT language FROM posts;
ALTER TABLE posts ENABLE TRIGGER posts_touch;

CREATE INDEX ix_posts_search ON posts USING gin (search);

-- What a search looks for. PostgreSQL fails at more than 32 signs for NOT in
-- front of a word: such a search finds nothing.
CREATE FUNCTION keel_search_query(language text, q text) RETURNS tsquery
	LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN websearch_to_tsquery(language::regconfig, keel_plain(q));
EXCEPTION WHEN internal_error THEN
	RETURN '';
END
$$;

-- About how many posts a search finds, without reading them: what the planner
-- expects. PostgreSQL refuses EXPLAIN in a STABLE function.
CREATE FUNCTION keel_estimate_posts(q text, drafts boolean) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	language text;
	plan jsonb;
	total bigint := 0;
BEGIN
	FOR language IN SELECT l.language FROM post_languages l LOOP
		EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM posts '
		    'WHERE language = %L AND search @@ %L::tsquery '
		    'AND (%L OR published_at IS NOT NULL)', language,
		    keel_search_query(language, q), drafts) INTO plan;
		total := total + (plan->0->'Plan'->>'Plan Rows')::bigint;
	END LOOP;
	RETURN total;
END
$$;
