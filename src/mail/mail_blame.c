/* SPDX-License-Identifier: ISC */
/*
 * Whom a mail server's 5xx is about. If it is the message or its recipient, no
 * later attempt helps. If it is us, our name, our address, our password, our
 * right to send, or the server itself, somebody will mend it, and then the mail
 * should go. Servers tell what they think of HELO and of the sender at RCPT
 * too, or at the end, so the phase alone does not decide.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mail/smtp.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

enum about { UNKNOWN, US, MESSAGE };

/*
 * Enhanced codes (RFC 3463, and IANA's list of them). The subject 0 and the
 * details that are not here say no more than the basic code.
 */
static const struct {
	int		 subject, detail;	/* detail -1: all others */
	enum about	 at_mail, later;
} statuses[] = {
	{ 1, 6, MESSAGE, MESSAGE },	/* the mailbox has moved */
	{ 1, 7, US, US },		/* the sender's address, its syntax */
	{ 1, 8, US, US },		/* the sender's domain */
	{ 1, 10, MESSAGE, MESSAGE },	/* the domain takes no mail */
	{ 1, 0, US, UNKNOWN },
	{ 1, -1, US, MESSAGE },		/* at MAIL, the address is ours */
	{ 2, 3, MESSAGE, MESSAGE },	/* the message is too long */
	{ 2, -1, US, MESSAGE },
	{ 3, 0, US, UNKNOWN },
	{ 3, 4, MESSAGE, MESSAGE },	/* the message is too big */
	{ 3, -1, US, US },		/* the server is full, shut, wrong */
	{ 4, 5, US, US },		/* too much is sent, perhaps by us */
	{ 4, -1, US, UNKNOWN },
	{ 5, -1, US, US },		/* commands */
	{ 6, -1, MESSAGE, MESSAGE },	/* the content */
	{ 7, 17, MESSAGE, MESSAGE },	/* the mailbox has another owner */
	{ 7, 18, MESSAGE, MESSAGE },	/* the domain has another owner */
	{ 7, -1, US, US },		/* policy, rights, signatures */
};

/* Basic codes that are about us at every command. */
static const char *const	 ours[] = {
	"500", "502", "503", "504",		/* commands */
	"530", "534", "535", "538",		/* signing in (RFC 4954) */
	"555",					/* what MAIL and RCPT ask for */
	"571",					/* as 5.7.1 */
};

/* Words of replies whose codes say nothing, such as Exim's. */
static const char *const	 words[] = {
	"relay", "sender", "authent", "helo", "ehlo", "spf", "blacklist",
	"blocklist", "blocked",
};

static enum about
by_status(enum smtp_phase phase, const char *status)
{
	int	 subject, detail;
	size_t	 i;
	char	*end;

	if (*status == '\0')
		return (UNKNOWN);
	if (*status != '5')		/* it contradicts the 5xx */
		return (US);
	subject = (int)strtol(status + 2, &end, 10);
	detail = (int)strtol(end + 1, NULL, 10);
	for (i = 0; i < COUNT(statuses); i++) {
		if (statuses[i].subject == subject &&
		    (statuses[i].detail == detail || statuses[i].detail == -1))
			return (phase == PHASE_MAIL ? statuses[i].at_mail :
			    statuses[i].later);
	}
	return (UNKNOWN);
}

static enum about
by_code(enum smtp_phase phase, const char *code)
{
	size_t	 i;

	for (i = 0; i < COUNT(ours); i++) {
		if (strcmp(code, ours[i]) == 0)
			return (US);
	}
	if (strcmp(code, "556") == 0)	/* its domain takes none (RFC 7504) */
		return (MESSAGE);
	if (phase == PHASE_MAIL)	/* too big (RFC 1870), or the sender */
		return (strcmp(code, "552") == 0 ? MESSAGE : US);
	if (strcmp(code, "501") == 0)	/* bad syntax, of an address at RCPT */
		return (phase == PHASE_RCPT ? MESSAGE : US);
	return (UNKNOWN);
}

static enum about
by_words(const char *text)
{
	size_t	 i;

	for (i = 0; i < COUNT(words); i++) {
		if (strcasestr(text, words[i]) != NULL)
			return (US);
	}
	return (UNKNOWN);
}

bool
mail_is_refused(enum smtp_phase phase, const struct reply *r)
{
	enum about	 about;

	if (*r->code != '5' || phase < PHASE_MAIL)
		return (false);
	if ((about = by_status(phase, r->status)) == UNKNOWN)
		about = by_code(phase, r->code);
	if (about == UNKNOWN)
		about = by_words(r->text);
	return (about != US);
}
