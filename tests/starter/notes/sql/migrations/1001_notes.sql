-- Notes, each with the user who owns it.

CREATE TABLE notes (
	id		uuid PRIMARY KEY,
	owner_id	uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	title		varchar(120) NOT NULL,
	body		text,
	pinned		boolean NOT NULL,
	due		timestamptz,
	post_id		uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	version		bigint NOT NULL DEFAULT 1,
	created_at	timestamptz NOT NULL DEFAULT now(),
	updated_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (keel_is_time(created_at)),
	CHECK (keel_is_time(updated_at)),
	CHECK (keel_is_time(due))
);

-- Lists, and the rows that go with a row that they refer to.
CREATE INDEX ix_notes_created_at ON notes (owner_id, created_at, id);
CREATE INDEX ix_notes_post_id ON notes (post_id, created_at, id);

CREATE TRIGGER notes_touch BEFORE UPDATE ON notes
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
	EXECUTE FUNCTION keel_touch();
