-- A session goes on with refresh tokens. It knows when and from where it was
-- last used, and when its user last proved that they know the password.

ALTER TABLE sessions
	ADD COLUMN device	varchar(255),	-- User-Agent; NULL: none was sent
	ADD COLUMN last_client	varchar(64),	-- NULL: not used since the sign-in
	ADD COLUMN last_used_at	timestamptz NOT NULL DEFAULT now(),
	ADD COLUMN confirmed_at	timestamptz NOT NULL DEFAULT '-infinity';

-- A sign-in confirms its session. Sessions from before this migration are not
-- confirmed.
ALTER TABLE sessions ALTER COLUMN confirmed_at SET DEFAULT now();

-- For deleting those that were ended.
CREATE INDEX ix_sessions_revoked_at ON sessions (revoked_at)
	WHERE revoked_at IS NOT NULL;

-- The live token of a session is the one that has not been used.
CREATE TABLE refresh_tokens (
	token_hash	bytea PRIMARY KEY,	-- SHA-256
	session_id	uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	created_at	timestamptz NOT NULL DEFAULT now(),
	used_at		timestamptz
);

CREATE INDEX ix_refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX ix_refresh_tokens_used_at ON refresh_tokens (used_at)
	WHERE used_at IS NOT NULL;
