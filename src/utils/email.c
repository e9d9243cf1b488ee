/* SPDX-License-Identifier: ISC */
/* Checks e-mail addresses by the rules of Python's email-validator. */

#include <uninorm.h>
#include <unistr.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/email.h"
#include "utils/email_parts.h"
#include "utils/utf8.h"

struct local {
	char	text[EMAIL_TOTAL + 1];
	size_t	len;
};

static const char	*email_local(const char *, size_t, struct local *);
static const char	*email_atoms(const char *, size_t);
static bool		 email_is_atext(uint32_t);

const char *
email_normalise(const char *in, char *out, size_t outsize)
{
	char			 text[EMAIL_TOTAL + 1];
	struct email_domain	 domain;
	struct local		 local;
	const char		*why;
	char			*at;
	size_t			 len;

	if (outsize > 0)
		out[0] = '\0';
	len = strnlen(in, EMAIL_INPUT_MAX + 1);
	if (len > EMAIL_INPUT_MAX)
		return (email_too_long);
	if (!utf8_valid(in, len))
		return ("must be valid UTF-8");
	if ((len = utf8_strip(&in)) > EMAIL_TOTAL)
		return (email_too_long);
	memcpy(text, in, len);
	text[len] = '\0';
	if ((at = strchr(text, '@')) == NULL || strchr(at + 1, '@') != NULL)
		return ("must contain exactly one @");

	why = email_local(text, (size_t)(at - text), &local);
	if (why == NULL)
		why = email_domain_read(at + 1, true, &domain);
	if (why != NULL)
		return (why);

	/* It may be sent with its domain in ASCII, which is longer. */
	if (local.len + 1 + domain.len > EMAIL_TOTAL ||
	    local.len + 1 + domain.ascii_len > EMAIL_TOTAL)
		return (email_too_long);
	if (local.len + 1 + domain.len >= outsize)
		return ("is too long to be kept");
	snprintf(out, outsize, "%s@%s", local.text, domain.text);
	return (NULL);
}

/* NFC can make a character of ASCII: U+037E becomes a semicolon. */
static const char *
email_local(const char *in, size_t len, struct local *local)
{
	uint8_t		*nfc;
	const char	*why;

	if (len == 0)
		return ("must have something before the @");
	if ((why = email_atoms(in, len)) != NULL)
		return (why);

	nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)in, len, NULL,
	    &local->len);
	if (nfc == NULL)
		return (email_no_memory);
	if (local->len > EMAIL_TOTAL)
		why = email_too_long;
	else {
		memcpy(local->text, nfc, local->len);
		local->text[local->len] = '\0';
		why = email_atoms(local->text, local->len);
	}
	free(nfc);
	return (why);
}

static const char *
email_atoms(const char *text, size_t len)
{
	size_t		 i, n, points = 0;
	uint32_t	 uc;

	for (i = 0; i < len; i += n) {
		n = utf8_sequence(text + i, len - i);
		uc = utf8_code(text + i, n);
		points++;
		if (uc == '.') {
			if (i == 0 || i == len - 1 || text[i - 1] == '.')
				return ("must not have a leading, trailing "
				    "or double dot before the @");
		} else if (uc < 0x80 ? !email_is_atext(uc) :
		    email_is_unsafe(uc, i == 0))
			return (email_refused(uc, "before"));
	}
	return (points > EMAIL_LOCAL ?
	    "must have at most 64 characters before the @" : NULL);
}

/* RFC 5322 section 3.2.3. */
static bool
email_is_atext(uint32_t c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", (int)c) != NULL));
}
