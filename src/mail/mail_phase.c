/* SPDX-License-Identifier: ISC */
/* The phases of an SMTP session, and how long each may take (RFC 5321). */

#include <string.h>

#include "mail/smtp.h"

static const struct {
	const char	*command;	/* that begins it; NULL: none does */
	const char	*what;		/* that we wait for */
	const unsigned	*seconds;
} phases[] = {
	[PHASE_CONNECT] = { NULL, "no connection",
	    &mail_settings.connect_seconds },
	[PHASE_GREETING] = { NULL, "no greeting",
	    &mail_settings.reply_seconds },
	[PHASE_EHLO] = { "EHLO", "no reply to EHLO",
	    &mail_settings.reply_seconds },
	[PHASE_STARTTLS] = { "STARTTLS", "no reply to STARTTLS",
	    &mail_settings.reply_seconds },
	[PHASE_TLS] = { NULL, "no TLS", &mail_settings.connect_seconds },
	[PHASE_AUTH] = { "AUTH", "no reply to AUTH",
	    &mail_settings.reply_seconds },
	[PHASE_MAIL] = { "MAIL", "no reply to MAIL",
	    &mail_settings.reply_seconds },
	[PHASE_RCPT] = { "RCPT", "no reply to RCPT",
	    &mail_settings.reply_seconds },
	[PHASE_DATA] = { "DATA", "no reply to DATA",
	    &mail_settings.data_seconds },
	[PHASE_MESSAGE] = { NULL, "it did not take the message",
	    &mail_settings.block_seconds },
	[PHASE_END] = { NULL, "no reply to the end of the message",
	    &mail_settings.end_seconds },
};

#define NPHASES	(sizeof(phases) / sizeof(phases[0]))

bool
smtp_is_command(const char *line, size_t len, const char *command)
{
	size_t	 n = strlen(command);

	return (len >= n && memcmp(line, command, n) == 0 &&
	    (len == n || line[n] == ' ' || line[n] == '\r'));
}

enum smtp_phase
smtp_phase_of(const char *line, size_t len, enum smtp_phase before)
{
	size_t	 i;

	for (i = 0; i < NPHASES; i++) {
		if (phases[i].command != NULL &&
		    smtp_is_command(line, len, phases[i].command))
			return ((enum smtp_phase)i);
	}
	return (smtp_is_command(line, len, "HELO") ? PHASE_EHLO : before);
}

unsigned
smtp_phase_seconds(enum smtp_phase phase)
{
	return (*phases[phase].seconds);
}

const char *
smtp_phase_missed(enum smtp_phase phase)
{
	return (phases[phase].what);
}
