-- Users and posts, as the seed's models; times are aware, ids are made as v7.

CREATE FUNCTION keel_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.updated_at := now();
	NEW.version := OLD.version + 1;
	RETURN NEW;
END
$$;

CREATE TABLE users (
	id		uuid PRIMARY KEY,
	email		varchar(255) NOT NULL,
	name		varchar(100) NOT NULL,
	hashed_password	varchar(255) NOT NULL,
	role		varchar(50) NOT NULL DEFAULT 'user'
			CHECK (role IN ('user', 'staff', 'admin')),
	is_active	boolean NOT NULL DEFAULT true,
	email_verified	boolean NOT NULL DEFAULT false,
	version		bigint NOT NULL DEFAULT 1,
	created_at	timestamptz NOT NULL DEFAULT now(),
	updated_at	timestamptz NOT NULL DEFAULT now()
);

-- One account per address, whatever its case.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX ix_users_email_role ON users (email, role);
CREATE INDEX ix_users_created_at ON users (created_at, id);

CREATE TRIGGER users_touch BEFORE UPDATE ON users
	FOR EACH ROW EXECUTE FUNCTION keel_touch();

CREATE TABLE posts (
	id		uuid PRIMARY KEY,
	title		varchar(255) NOT NULL,
	content		text NOT NULL,
	author_id	uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	published_at	timestamptz,
	version		bigint NOT NULL DEFAULT 1,
	created_at	timestamptz NOT NULL DEFAULT now(),
	updated_at	timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ix_posts_author_id ON posts (author_id);

CREATE TRIGGER posts_touch BEFORE UPDATE ON posts
	FOR EACH ROW EXECUTE FUNCTION keel_touch();
