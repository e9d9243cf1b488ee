/* SPDX-License-Identifier: ISC */
/* The settings of mail, checked at start. */

#ifndef MAIL_MAIL_SETTINGS_H
#define MAIL_MAIL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* How mail is sent, and its sender. Constant after the start. */
struct mail_settings {
	const char	*state_dir;	/* contains the folder for mail files */
	const char	*secret;	/* key for the recipients' hashes */
	size_t		 secret_len;
	const char	*host;		/* the server's; NULL: write files */
	unsigned	 port;
	bool		 implicit;	/* smtps: TLS from the first byte */
	bool		 tls;		/* is required */
	const char	*user;		/* NULL: no authentication */
	const char	*password;
	const char	*ca;		/* a PEM file; NULL: system's */
	const char	*from_name;	/* UTF-8; "" if none */
	const char	*from;		/* the address, ASCII */
	const char	*from_domain;	/* the part after the @ */

	/* How long to wait (RFC 5321, 4.5.3.2). */
	unsigned	 connect_seconds;	/* TCP, TLS: ours */
	unsigned	 reply_seconds;	/* the greeting, replies to commands */
	unsigned	 data_seconds;	/* the reply to DATA */
	unsigned	 block_seconds;	/* to send a block of the message */
	unsigned	 end_seconds;	/* the reply to the message's end */
};

extern struct mail_settings	mail_settings;

/*
 * Reads SMTP_URL (NULL if unset), whether SMTP_TLS requires TLS, SMTP_CA (NULL
 * if unset) and MAIL_FROM. Clears the time-outs, which have rows of their own.
 * Returns NULL, or a line that names the setting and what is wrong with it,
 * without the password.
 */
const char	*mail_settings_read(const char *url, bool tls,
		    const char *ca, const char *from,
		    struct mail_settings *);

#endif
