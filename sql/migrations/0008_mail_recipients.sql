-- How much mail an address had lately, whether or not it has an account still.
-- recipient is a keyed hash; full_at is when it may have all of its mails at
-- once again; jobs are the last ones that were counted.
CREATE TABLE mail_recipients (
	recipient	varchar(64) PRIMARY KEY,
	jobs		uuid[] NOT NULL,
	full_at		timestamptz NOT NULL
);

CREATE INDEX ix_mail_recipients_full_at ON mail_recipients (full_at);
