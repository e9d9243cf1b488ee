/* SPDX-License-Identifier: ISC */
/*
 * Limits how many mails one address gets. The count is kept in the database, so
 * that it survives deleted accounts, restarts and runners; and under a hash, so
 * that the address is not stored there.
 */

#include "jobs/jobs.h"
#include "mail/smtp.h"
#include "middleware/rate_limit.h"
#include "product.h"
#include "utils/email.h"
#include "utils/keyed_hash.h"

#define BATCH	1000	/* rows per statement, which has five seconds */

QUERIES(mail);
QUERY(mail, count, none, recipient, job_id, most, seconds);
QUERY(mail, purge_recipients, none, limit);

MIGRATION(0008_mail_recipients);

RATE_LIMIT(recipient_mails, 5, DAY, "Mails to one e-mail address",
    .no_client = true);

RATE_LIMIT(recipient_notices, 5, DAY,
    "Notices of one kind to one e-mail address", .no_client = true);

static const struct rate_limit *
limit_of(const struct mail *m)
{
	return (m->notice ? &recipient_notices_limit : &recipient_mails_limit);
}

const char *
mail_limit_name(const struct mail *m)
{
	return (limit_of(m)->name);
}

/* What its count is about, besides the recipient. */
static const char *
purpose_of(struct ctx *c, const struct mail *m)
{
	if (m->notice)
		return (ctx_printf(c, PRODUCT_STORED " notice %s", m->name));
	return (PRODUCT_STORED " recipient");
}

bool
mail_limit_take(struct ctx *c, const struct mail *m, const char *address)
{
	const struct rate_limit	*limit = limit_of(m);
	char			*mailbox = ctx_alloc(c, EMAIL_KEY_MAX);
	char			*hash = ctx_alloc(c, KEYED_HASH_TEXT);

	if (rate_limit_off())
		return (true);
	if (!email_mailbox(address, mailbox, EMAIL_KEY_MAX))
		raise_error(c, &ERR_PERMANENT, "It is not an address that mail "
		    "can be sent to");
	if (!keyed_hash(mail_settings.secret, mail_settings.secret_len,
	    purpose_of(c, m), mailbox, hash))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (db_exec(c, mail_count, hash, c->job->id,
	    db_int(c, limit->quota), db_int(c, limit->window)) == 1);
}

static void
purge_recipients(struct ctx *c)
{
	while (db_exec(c, mail_purge_recipients, db_int(c, BATCH)) == BATCH)
		;
}

JOB(purge_recipients, .every = 3600, .attempts = 5, .backoff = 60,
    .timeout = 300);
