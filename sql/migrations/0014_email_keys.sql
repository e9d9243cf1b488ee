-- One key for each address: see email_key() in src/utils/email.h. The step writes
-- the keys of the users who are there, in place of something that is unique.

DROP INDEX users_email_key;
ALTER TABLE users ADD COLUMN email_key text COLLATE "C" NOT NULL
	DEFAULT gen_random_uuid();
ALTER TABLE users
	ALTER COLUMN email_key DROP DEFAULT,
	ADD CONSTRAINT users_email_key UNIQUE (email_key);

-- SET email_key = ... leaves no other trace for a trigger where the value stays:
-- a blank in front of it, with which no key begins. The next trigger, in the
-- order of their names, takes it away.
CREATE FUNCTION keel_email_key_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.email_key := ' ' || NEW.email_key;
	RETURN NEW;
END
$$;

-- For who writes users without the server: makes the key of an ASCII address
-- where none is given, and refuses a key that is another's.
CREATE FUNCTION keel_email_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	given text;
BEGIN
	IF TG_OP = 'INSERT' THEN
		given := NEW.email_key;
	ELSIF starts_with(NEW.email_key, ' ') THEN
		given := substr(NEW.email_key, 2);
		NEW.email_key := given;
	END IF;
	IF NEW.email IS NULL OR (TG_OP = 'UPDATE' AND NEW.email = OLD.email AND
	    NEW.email_key = OLD.email_key) THEN
		RETURN NEW;
	END IF;

	-- PostgreSQL knows no form of a label that begins with xn--.
	IF NEW.email COLLATE "C" ~ '^[!-~]*$' AND
	    NEW.email COLLATE "C" !~* '[@.]xn--[^@]*$' THEN
		NEW.email_key := lower(NEW.email COLLATE "C");
		IF given <> NEW.email_key THEN
			RAISE EXCEPTION 'the email_key of % is %, not %',
			    NEW.email, NEW.email_key, given
			    USING ERRCODE = 'check_violation';
		END IF;
	ELSIF given IS NULL THEN
		RAISE EXCEPTION 'PostgreSQL cannot make the email_key of the '
		    'address %', NEW.email USING ERRCODE = 'check_violation',
		    HINT = 'Set email, and email_key to what ./keel email-key '
		    'prints for it.';
	ELSIF starts_with(given, ' ') THEN
		RAISE EXCEPTION 'no email_key begins with a blank'
		    USING ERRCODE = 'check_violation';
	END IF;
	RETURN NEW;
END
$$;

CREATE TRIGGER users_email_key_given BEFORE UPDATE OF email_key ON users
	FOR EACH ROW EXECUTE FUNCTION keel_email_key_given();
-- Without its columns: the type of those of a trigger cannot be altered.
CREATE TRIGGER users_email_key_made BEFORE INSERT OR UPDATE ON users
	FOR EACH ROW EXECUTE FUNCTION keel_email_key();
