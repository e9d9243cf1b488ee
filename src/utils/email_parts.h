/* SPDX-License-Identifier: ISC */
/* What the files of e-mail addresses offer to each other. */

#ifndef UTILS_EMAIL_PARTS_H
#define UTILS_EMAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maximum lengths from RFC 5321 section 4.5.3.1 and RFC 3696's erratum 1690. */
#define EMAIL_TOTAL	254	/* bytes */
#define EMAIL_LOCAL	64	/* code points */
#define EMAIL_DOMAIN	253	/* bytes in ASCII */

struct email_domain {
	char	text[EMAIL_TOTAL + 1];	/* in Unicode */
	size_t	len;			/* of it */
	size_t	ascii_len;		/* of the form with xn-- */
};

/*
 * Reads the domain of an address. is_public: a domain that cannot be on the
 * Internet, such as localhost, is refused, too. Returns NULL, or a phrase as
 * email_normalise() does.
 */
const char	*email_domain_read(const char *, bool is_public,
		    struct email_domain *);

/*
 * A phrase that names the character, in memory of the thread; where: "before",
 * or "after" the @.
 */
const char	*email_refused(uint32_t, const char *where);

/*
 * Would the character, in valid text, be dangerous in an address: invisible,
 * not assigned, a blank, or, at the beginning, combining?
 */
bool		 email_is_unsafe(uint32_t, bool is_first);

/* Phrases. */
extern const char	email_no_memory[], email_too_long[];

#endif
