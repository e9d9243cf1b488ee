-- Who changed what, and who signed in or was refused. Rows are only added; the
-- oldest are deleted after a while. They outlive the users that they name.

CREATE TABLE audit_log (
	id		uuid PRIMARY KEY,
	created_at	timestamptz NOT NULL DEFAULT now(),
	action		varchar(64) NOT NULL,
	actor_id	uuid,		-- who did it; NULL: a stranger, a command
	session_id	uuid,		-- in which session
	target_id	uuid,		-- the user, job, ... that it was done to
	account		varchar(64),	-- instead: a keyed hash, for an e-mail
					-- address that no user has
	address		varchar(64),	-- the client's; NULL: a command
	request_id	varchar(64),
	changes		jsonb		-- {"role": {"from": "user", "to": "admin"}}
);

CREATE INDEX ix_audit_log_created_at ON audit_log (created_at, id);
CREATE INDEX ix_audit_log_actor_id ON audit_log (actor_id, created_at, id);
CREATE INDEX ix_audit_log_target_id ON audit_log (target_id, created_at, id);
CREATE INDEX ix_audit_log_session_id ON audit_log (session_id, created_at, id);
CREATE INDEX ix_audit_log_address ON audit_log (address, created_at, id);
CREATE INDEX ix_audit_log_action ON audit_log (action, created_at, id);

CREATE FUNCTION keel_audit_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' AND OLD.created_at < now() - interval '1 day' THEN
		RETURN OLD;
	END IF;
	RAISE EXCEPTION 'rows of audit_log are not changed, and not deleted on '
	    'their first day';
END
$$;

CREATE TRIGGER audit_log_only_added BEFORE UPDATE OR DELETE ON audit_log
	FOR EACH ROW EXECUTE FUNCTION keel_audit_only_added();
CREATE TRIGGER audit_log_not_truncated BEFORE TRUNCATE ON audit_log
	FOR EACH STATEMENT EXECUTE FUNCTION keel_audit_only_added();
