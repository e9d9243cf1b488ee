-- What is searched is found in any case, and in any form of Unicode in which it
-- was typed or stored.

-- A text as it is compared: in NFKC and lower case, with one sigma, ss for a
-- sharp s, i for the Turkish capital, and without characters that cannot be seen.
-- In the ASCII part no locale counts; in the rest all of UTF-8 agree.
CREATE FUNCTION keel_fold(text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN octet_length($1) = char_length($1)
	    THEN lower($1 COLLATE "C") COLLATE "default"
	    ELSE normalize(replace(replace(translate(lower(
	    lower(normalize($1, NFKC) COLLATE "C") COLLATE "default"),
	    U&'\03C2\0130\00AD\034F\061C\200B\200C\200D\200E\200F\2060\FEFF'
	    '\FE00\FE01\FE02\FE03\FE04\FE05\FE06\FE07\FE08\FE09\FE0A\FE0B'
	    '\FE0C\FE0D\FE0E\FE0F', U&'\03C3i'),
	    U&'\00DF', 'ss'), U&'i\0307', 'i'), NFC) COLLATE "default" END;

-- The pattern of LIKE for texts that contain this one, folded.
CREATE FUNCTION keel_like(text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '%' || replace(replace(replace(keel_fold($1), '\', '\\'),
	    '%', '\%'), '_', '\_') || '%';

-- The name and the address of a user as a search compares them. It is no
-- generated column: a trigger with OLD.* IS DISTINCT FROM NEW.* can have none.
-- 0017 fills it for those who are there.
ALTER TABLE users ADD COLUMN folded text NOT NULL DEFAULT '';

CREATE FUNCTION keel_fold_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.folded := keel_fold(NEW.name || chr(10) || NEW.email);
	RETURN NEW;
END
$$;

-- Without its columns: the type of those of a trigger cannot be altered.
CREATE TRIGGER users_fold BEFORE INSERT OR UPDATE ON users
	FOR EACH ROW EXECUTE FUNCTION keel_fold_user();

-- Posts are indexed, and searched, in NFC and with one sigma. Which posts that
-- changes: see 0017.
CREATE OR REPLACE FUNCTION keel_plain(text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN translate(CASE WHEN octet_length($1) = char_length($1) THEN $1
	    ELSE normalize($1, NFC) END, U&'_~/@.<>&\\\03C2',
	    U&'         \03C3');

-- A language whose configuration is gone finds nothing; others are searched.
CREATE OR REPLACE FUNCTION keel_search_query(language text, q text)
	RETURNS tsquery LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN websearch_to_tsquery(language::regconfig, keel_plain(q));
EXCEPTION WHEN internal_error OR undefined_object THEN
	RETURN '';
END
$$;
