/* SPDX-License-Identifier: ISC */
/*
 * Migration 0014: gives each user the key of their address. It calls
 * email_key(), which a later version may change; that version then has a
 * migration that makes all keys anew.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/step.h"
#include "utils/email.h"
#include "utils/terminal.h"
#include "utils/text.h"
#include "utils/uuid.h"

#define BATCH		1000
#define BATCH_TEXT	"1000"
#define SHOWN_MAX	1100	/* bytes of an address of 255 characters */

/* Arrays of PostgreSQL, of what one statement writes. */
struct batch {
	char	ids[BATCH * (UUID_TEXT + 1) + 3];
	char	keys[BATCH * (2 * EMAIL_KEY_MAX + 3) + 3];
	char	last[UUID_TEXT];
	size_t	n, unusable;
};

static void
add_quoted(struct text *t, const char *key)
{
	text_puts(t, "\"");
	for (; *key != '\0'; key++) {
		if (*key == '"' || *key == '\\')
			text_puts(t, "\\");
		text_add(t, key, 1);
	}
	text_puts(t, "\"");
}

/* Reads the next users, and makes their keys. */
static void
read_batch(struct step *step, struct batch *b)
{
	struct text		 ids = text_in(b->ids, sizeof(b->ids));
	struct text		 keys = text_in(b->keys, sizeof(b->keys));
	struct step_rows	*users;
	char			 key[EMAIL_KEY_MAX];

	users = step_rows(step, "SELECT id, email FROM users "
	    "WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT " BATCH_TEXT,
	    *b->last != '\0' ? b->last : NULL);
	for (b->n = 0; step_next(users); b->n++) {
		snprintf(b->last, sizeof(b->last), "%s", step_value(users, 0));
		if (!email_key(step_value(users, 1), key, sizeof(key))) {
			step_say(step, "the address of the user %s is too "
			    "long for a key", b->last);
			b->unusable++;
		}
		text_puts(&ids, b->n == 0 ? "{" : ",");
		text_puts(&ids, b->last);
		text_puts(&keys, b->n == 0 ? "{" : ",");
		add_quoted(&keys, key);
	}
	text_puts(&ids, "}");
	text_puts(&keys, "}");
}

static void
fill_batches(struct step *step, struct batch *b)
{
	do {
		read_batch(step, b);
		if (b->n > 0)
			step_run(step, "UPDATE users u "
			    "SET email_key = made.key FROM unnest($1::uuid[], "
			    "$2::text[]) AS made (id, key) "
			    "WHERE u.id = made.id", b->ids, b->keys);
	} while (b->n == BATCH && !step_failed(step));
	if (b->unusable > 0)
		step_fail(step, "give the users above shorter addresses, and "
		    "run ./keel migrate again");
}

/* Each with the one who was there first. */
static void
refuse_collisions(struct step *step)
{
	struct step_rows	*pairs;
	char			 first[SHOWN_MAX], other[SHOWN_MAX];
	size_t			 n;

	pairs = step_rows(step, "SELECT first_email, first_id, email, id FROM ("
	    "SELECT email, id, email_key, created_at, "
	    "first_value(email) OVER same AS first_email, "
	    "first_value(id) OVER same AS first_id FROM users "
	    "WINDOW same AS (PARTITION BY email_key ORDER BY created_at, id)"
	    ") u WHERE id <> first_id ORDER BY email_key, created_at, id");
	for (n = 0; step_next(pairs); n++) {
		terminal_text(step_value(pairs, 0), first, sizeof(first));
		terminal_text(step_value(pairs, 2), other, sizeof(other));
		step_say(step, "two users have the same address: %s (%s) and "
		    "%s (%s)", first, step_value(pairs, 1), other,
		    step_value(pairs, 3));
	}
	if (n > 0)
		step_fail(step, "of each pair above, delete one, or give them "
		    "another address, and run ./keel migrate again");
}

static void
fill_keys(struct step *step)
{
	struct batch	*b = calloc(1, sizeof(*b));

	if (b == NULL) {
		step_fail(step, "out of memory");
		return;
	}
	/* The rows keep their version and updated_at. */
	step_run(step, "ALTER TABLE users DROP CONSTRAINT users_email_key, "
	    "DISABLE TRIGGER users_email_key_given, "
	    "DISABLE TRIGGER users_email_key_made, "
	    "DISABLE TRIGGER users_touch");
	fill_batches(step, b);
	free(b);
	refuse_collisions(step);
	step_run(step, "ALTER TABLE users "
	    "ADD CONSTRAINT users_email_key UNIQUE (email_key), "
	    "ENABLE TRIGGER users_email_key_given, "
	    "ENABLE TRIGGER users_email_key_made, "
	    "ENABLE TRIGGER users_touch");
}

MIGRATION(0014_email_keys, .step = fill_keys,
    .step_if = "EXISTS (SELECT FROM users)");
