-- Users in every order that a list may have, and times that move when a row does.

-- Behind created_at and id the order is total; email and name are compared
-- without regard to case, by code point, whatever the database's locale.
CREATE INDEX ix_users_list_email ON users (lower(email) COLLATE "C", id);
CREATE INDEX ix_users_list_name ON users (lower(name) COLLATE "C", id);

-- An update that changes nothing is none: not to an entity tag either.
DROP TRIGGER users_touch ON users;
CREATE TRIGGER users_touch BEFORE UPDATE ON users
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
	EXECUTE FUNCTION keel_touch();

DROP TRIGGER posts_touch ON posts;
CREATE TRIGGER posts_touch BEFORE UPDATE ON posts
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
	EXECUTE FUNCTION keel_touch();

-- A user's sessions, the latest first.
DROP INDEX ix_sessions_user_id;
CREATE INDEX ix_sessions_user_id ON sessions (user_id, created_at, id);

-- Whoever is let in no longer has no sessions either: not even when he is let
-- in again.
CREATE FUNCTION keel_end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sessions
	   SET revoked_at = now()
	 WHERE user_id = NEW.id
	   AND revoked_at IS NULL;
	RETURN NULL;
END
$$;

CREATE TRIGGER users_end_sessions AFTER UPDATE OF is_active ON users
	FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active)
	EXECUTE FUNCTION keel_end_sessions();
