/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* The work that users make (the seed's background tasks). */

#include "config.h"
#include "mail/mail.h"
#include "modules/users/users.h"

/* A payload names the user: what is his is read when it is used. */
static const struct field	user_ref_fields[] = {
	FIELD(user, id, T_UUID, REQUIRED, NULL),
};

SCHEMA_OF(user_ref, user);

MAIL(welcome, "url");

static void
send_welcome_email(struct ctx *c)
{
	const struct user	*in = send_welcome_email_payload(c);
	const struct user	*user = users_service_get_by_id(c, in->id);

	if (user == NULL)
		return;
	mail_send(c, &welcome_mail, MAIL_TO(user->email, user->email_verified),
	    CONTEXT(OURS("url", config.public_url)));
}

JOB(send_welcome_email, .payload = &user_ref_schema, .unique = "id",
    .attempts = 20, .backoff = 10, .backoff_max = 3600, .timeout = 60);
