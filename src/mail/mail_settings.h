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

#ifndef KEEL_MAIL_SETTINGS_H
#define KEEL_MAIL_SETTINGS_H

#include <stdbool.h>

/* How mail leaves, and whose it is. Constant after the start. */
struct mail_settings {
	const char	*host;		/* the server's; NULL: files */
	unsigned	 port;
	bool		 implicit;	/* smtps: TLS from the first byte */
	bool		 tls;		/* never without */
	const char	*user;		/* NULL: nobody signs in */
	const char	*password;
	const char	*ca;		/* a PEM file; NULL: the system's */
	const char	*from_name;	/* UTF-8; "" if there is none */
	const char	*from;		/* the address, ASCII */
	const char	*from_domain;	/* what follows its @ */
};

/*
 * Reads the texts of KEEL_SMTP_URL (NULL if unset), KEEL_SMTP_TLS,
 * KEEL_SMTP_CA (NULL if unset) and KEEL_MAIL_FROM. Returns NULL, or a line
 * that names the setting and what is wrong with it, and holds no password.
 */
const char	*mail_settings_read(const char *url, const char *tls,
		    const char *ca, const char *from,
		    struct mail_settings *);

#endif
