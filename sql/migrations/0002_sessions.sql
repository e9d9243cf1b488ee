-- A sign-in. Access tokens name it (`sid`), so that revoking it is in force on
-- the very next request.

CREATE TABLE sessions (
	id		uuid PRIMARY KEY,
	user_id		uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	client		varchar(64) NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT now(),
	expires_at	timestamptz NOT NULL,
	revoked_at	timestamptz
);

CREATE INDEX ix_sessions_user_id ON sessions (user_id);
