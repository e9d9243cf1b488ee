/* SPDX-License-Identifier: ISC */
/* The settings of mail, checked at start. */

#ifndef MAIL_MAIL_SETTINGS_H
#define MAIL_MAIL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* How mail is sent, and from which address. Constant after the start. */
struct mail_settings {
	const char	*state_dir;	/* contains the folder for mail files */
	const char	*secret;	/* key for the recipients' hashes */
	size_t		 secret_len;
	const char	*host;		/* the server's; NULL: write files */
	unsigned	 port;
	bool		 implicit;	/* smtps: TLS from the first byte */
	bool		 tls;		/* refuse servers without TLS */
	const char	*user;		/* NULL: no authentication */
	const char	*password;
	const char	*ca;		/* a PEM file; NULL: system's */
	const char	*from_name;	/* UTF-8; "" if none */
	const char	*from;		/* the address, ASCII */
	const char	*from_domain;	/* the part after the @ */
};

extern struct mail_settings	mail_settings;

/*
 * Reads the values of SMTP_URL (NULL if unset), SMTP_TLS, SMTP_CA (NULL if
 * unset) and MAIL_FROM. Returns NULL, or an error message that names the
 * setting and contains no password.
 */
const char	*mail_settings_read(const char *url, const char *tls,
		    const char *ca, const char *from,
		    struct mail_settings *);

#endif
