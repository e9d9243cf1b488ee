-- How often an account's password was guessed wrong in a row, and where its
-- user signs in from.

-- One row per account that somebody tried. account is the user's id; for an
-- address that nobody has, a keyed hash of it, so that both count alike.
CREATE TABLE sign_in_failures (
	account		varchar(64) PRIMARY KEY,
	user_id		uuid,
	failures	integer NOT NULL DEFAULT 1,
	last_at		timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ix_sign_in_failures_last_at ON sign_in_failures (last_at);

-- Networks in which a user registered or signed in: /24 of IPv4, /56 of IPv6.
CREATE TABLE sign_in_networks (
	user_id		uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	network		cidr NOT NULL,
	last_at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, network)
);

CREATE INDEX ix_sign_in_networks_last_at ON sign_in_networks (last_at);

-- Where the users who are signed in now come from. A client that is no address
-- has none.
CREATE FUNCTION keel_network_of(client text) RETURNS cidr LANGUAGE plpgsql AS $$
BEGIN
	RETURN network(set_masklen(client::inet,
	    CASE family(client::inet) WHEN 4 THEN 24 ELSE 56 END));
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;

INSERT INTO sign_in_networks (user_id, network, last_at)
SELECT user_id, keel_network_of(client), max(created_at)
  FROM sessions
 WHERE revoked_at IS NULL
   AND expires_at > now()
   AND keel_network_of(client) IS NOT NULL
 GROUP BY 1, 2;

DROP FUNCTION keel_network_of(text);

-- A new password has not been guessed yet.
CREATE FUNCTION keel_forget_failures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM sign_in_failures
	 WHERE account = NEW.id::text;
	RETURN NULL;
END
$$;

CREATE TRIGGER users_forget_failures AFTER UPDATE OF hashed_password ON users
	FOR EACH ROW WHEN (OLD.hashed_password <> NEW.hashed_password)
	EXECUTE FUNCTION keel_forget_failures();
