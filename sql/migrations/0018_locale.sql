-- The language in which a user wants their mails: a tag of BCP 47, or NULL for the
-- setting's. The version before does not know the column, and still writes users.
ALTER TABLE users ADD COLUMN locale varchar(35)
	CONSTRAINT users_locale_tag
	CHECK (locale ~ '^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$');
