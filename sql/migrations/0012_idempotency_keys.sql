-- Responses to requests with an Idempotency-Key, stored in the transaction of
-- their work, for a day. Nothing of a request can be read here.

CREATE TABLE idempotency_keys (
	scope		bytea PRIMARY KEY,	-- keyed hash of who, method, path, key
	user_id		uuid REFERENCES users (id) ON DELETE CASCADE,	-- who;
					-- NULL: a stranger
	request		bytea NOT NULL,	-- keyed hash of the query and the body
	status		smallint NOT NULL,
	headers		text NOT NULL,	-- lines "name: value"
	body		text,		-- NULL: none
	created_at	timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ix_idempotency_keys_user_id ON idempotency_keys (user_id);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
