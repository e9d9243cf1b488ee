-- Tokens of links in mails: to set a new password, to verify an address. Each
-- works once, for one purpose, and only while what it changes is as it was.

ALTER TABLE users ADD COLUMN pending_email varchar(255);

CREATE TABLE account_tokens (
	token_hash	bytea PRIMARY KEY,	-- SHA-256
	purpose		varchar(32) NOT NULL,
	user_id		uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	email		varchar(255),	-- it was sent there; NULL: a command
					-- has printed it
	state		bytea NOT NULL,	-- keel_token_state() when it was made
	created_at	timestamptz NOT NULL DEFAULT now(),
	expires_at	timestamptz NOT NULL
);

CREATE INDEX ix_account_tokens_user_id ON account_tokens (user_id, purpose);
CREATE INDEX ix_account_tokens_expires_at ON account_tokens (expires_at);

-- What a token of this purpose changes, as a hash. A token dies when this is no
-- longer what it was.
CREATE FUNCTION keel_token_state(purpose text, hashed_password text,
    email text, pending_email text) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT sha256(convert_to(concat_ws(' ', purpose, email,
	    CASE WHEN purpose = 'reset' THEN hashed_password END,
	    CASE WHEN purpose LIKE 'email%' THEN pending_email END), 'UTF8'))
$$;
