/* SPDX-License-Identifier: ISC */
/* Sends mails from jobs; checks their templates at start. */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "jobs/jobs.h"
#include "mail/smtp.h"
#include "product.h"
#include "utils/email.h"

const char *
mails_init(void)
{
	const char	*problem = mail_texts_init();

	return (problem != NULL ? problem : mail_phrases_init());
}

const char *
mail_init(void)
{
	if (mail_settings.host == NULL) {
		printf(PRODUCT ": mails go to files in %s/mail\n",
		    mail_settings.state_dir);
		return (mail_file_init());
	}
	printf(PRODUCT ": mails go to %s, port %u\n", mail_settings.host,
	    mail_settings.port);
	if (strchr(mail_settings.from_domain, '.') == NULL)
		log_event(LEVEL_WARNING, NULL, "mail", "mails are from %s, "
		    "which few servers take: see " ENV("MAIL_FROM"),
		    mail_settings.from);
	return (smtp_init());
}

/* Raises unless the job may send this mail and these values to `to`. */
static void
check_mail(struct ctx *c, const struct mail *m, const struct mail_to *to,
    const struct mail_value *values)
{
	const char	*lacks;

	if (c->job == NULL)
		raise_error(c, &ERR_INTERNAL, "The mail %s is sent outside of "
		    "a job", m->name);
	if (c->mailed)
		raise_error(c, &ERR_PERMANENT, "A job sends one mail: %s is "
		    "its second", m->name);
	c->mailed = true;
	if ((lacks = mail_lacks(m, values)) != NULL)
		raise_error(c, &ERR_PERMANENT, "The mail %s is not given its "
		    "%s", m->name, lacks);
	for (; values->name != NULL && !to->verified; values++) {
		if (!values->ours)
			raise_error(c, &ERR_PERMANENT, "The mail %s would "
			    "bring %s, which is not ours, to an address that "
			    "is not verified", m->name, values->name);
	}
}

/* A stored address may be older than the rules of email_normalise(). */
static const char *
normal_address(struct ctx *c, const char *address)
{
	char	*normal = ctx_alloc(c, EMAIL_MAX);

	return (email_normalise(address, normal, EMAIL_MAX) == NULL ? normal :
	    address);
}

void
mail_send(struct ctx *c, const struct mail *m, const struct mail_to *to,
    const struct mail_value *values)
{
	struct message	*message;
	struct mail	 said;

	check_mail(c, m, to, values);
	message = ctx_alloc(c, sizeof(*message));
	message->id = c->job->id;
	message->date = c->job->created_at;
	if (!mail_recipient(&c->arena, normal_address(c, to->address),
	    message))
		raise_error(c, &ERR_PERMANENT, "It is not an address that mail "
		    "can be sent to");
	if (!mail_limit_take(c, m, to->address)) {
		log_event(LEVEL_WARNING, c->request_id, "mail",
		    "not sent: its recipient has had as many as %s allows",
		    mail_limit_name(m));
		return;
	}
	said = mail_in(m, to->locale);
	values = mail_say(&c->arena, said.locale, values);
	if (values == NULL || !mail_compose(&c->arena, &said, &mail_settings,
	    values, message))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	if (mail_settings.host == NULL)
		mail_file_write(c, message);
	else
		smtp_send(c, message);
}
