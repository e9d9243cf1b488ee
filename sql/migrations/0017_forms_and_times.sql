-- The rows that were there before 0015 and 0016. Requests go on meanwhile.

-- A row that was added while 0016 read the tables takes its constraint away.
DO $$
DECLARE
	one record;
BEGIN
	FOR one IN SELECT conname AS rule, conrelid::regclass AS name
	      FROM pg_constraint
	     WHERE conname = conrelid::regclass || '_times'
	       AND NOT convalidated
	LOOP
		BEGIN
			EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I',
			    one.name, one.rule);
		EXCEPTION WHEN check_violation THEN
			RAISE WARNING '% has a row with a time that is '
			    'infinite, BC or after 9999: the constraint % '
			    'is dropped', one.name, one.rule;
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I',
			    one.name, one.rule);
		END;
	END LOOP;
END
$$;

-- Posts whose text keel_plain() now makes another one are indexed again.
DO $$
DECLARE
	others uuid[];
BEGIN
	SELECT array_agg(id) INTO others
	  FROM posts
	 WHERE octet_length(title || content) > char_length(title || content)
	   AND (title || chr(10) || content IS NOT NFC NORMALIZED
	       OR title || content LIKE U&'%\03C2%')
	   AND language IN (SELECT cfgname FROM pg_ts_config);
	IF others IS NULL THEN
		RETURN;
	END IF;
	ALTER TABLE posts DISABLE TRIGGER posts_touch;
	UPDATE posts
	   SET search = keel_index_text(language::regconfig, title, content)
	 WHERE id = ANY (others);
	ALTER TABLE posts ENABLE TRIGGER posts_touch;
END
$$;

-- Users in the form of a search. The version and updated_at of a row stay.
ALTER TABLE users DISABLE TRIGGER users_touch;
UPDATE users SET folded = '';
ALTER TABLE users ENABLE TRIGGER users_touch;

-- Trigrams find a part of a name or an address without reading all users. A
-- search works without them, too.
DO $$
DECLARE
	place text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
		BEGIN
			CREATE EXTENSION pg_trgm;
		EXCEPTION WHEN insufficient_privilege OR undefined_file OR
		    feature_not_supported THEN
			RAISE NOTICE 'users are searched without an index, '
			    'since this role cannot create the extension '
			    'pg_trgm: see docs/migrations.md';
		END;
	END IF;
	SELECT extnamespace::regnamespace::text INTO place
	  FROM pg_extension
	 WHERE extname = 'pg_trgm';
	IF FOUND THEN
		EXECUTE 'CREATE INDEX ix_users_folded ON users USING gin '
		    '(folded ' || place || '.gin_trgm_ops) '
		    'WITH (fastupdate = off)';
	END IF;
END
$$;
