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

/*
 * The validators of kore.conf that are functions: rules a regex cannot say, or
 * cannot say with the seed's messages.
 */

#include <unistr.h>
#include <unictype.h>

#include "runtime/validator.h"
#include "utils/email.h"
#include "utils/utf8.h"

#define EMAIL_BYTES_MAX	255	/* users.email */
#define PASSWORD_MIN	8	/* characters; the seed's UserCreate */
#define PASSWORD_MAX	128

VALIDATOR(v_email)
{
	char		 normal[EMAIL_MAX];
	const char	*reason;

	if ((reason = email_normalise(value, normal, sizeof(normal))) == NULL)
		return (VALID);
	validator_reject("invalid_format",
	    "Is not a valid e-mail address: %s", reason);
	return (INVALID);
}

static bool
is_digit(ucs4_t c)
{
	return (uc_digit_value(c) >= 0);
}

/* As Python's any(c.isupper() for c in v), of every script. */
static bool
has_any(const char *value, bool (*is)(ucs4_t))
{
	const uint8_t	*s = (const uint8_t *)value;
	ucs4_t		 c;

	while ((s = u8_next(&c, s)) != NULL) {
		if (is(c))
			return (true);
	}
	return (false);
}

VALIDATOR(v_password)
{
	size_t	 len = utf8_length(value);
	bool	 upper = has_any(value, uc_is_property_uppercase),
		 digit = has_any(value, is_digit);

	if (len < PASSWORD_MIN)
		validator_reject("too_short",
		    "Password must have at least %d characters", PASSWORD_MIN);
	if (len > PASSWORD_MAX)
		validator_reject("too_long",
		    "Password must have at most %d characters", PASSWORD_MAX);
	if (!upper)
		validator_reject("no_uppercase",
		    "Password must contain uppercase letter");
	if (!digit)
		validator_reject("no_digit", "Password must contain digit");
	return (len >= PASSWORD_MIN && len <= PASSWORD_MAX && upper && digit ?
	    VALID : INVALID);
}
