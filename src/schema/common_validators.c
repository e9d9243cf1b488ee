/* SPDX-License-Identifier: ISC */
/*
 * Validators of kore.conf that are functions, for values that any resource may
 * have: a regex cannot express them, or cannot report with the right message.
 */

#include <string.h>

#include "schema/validator.h"
#include "utils/email.h"
#include "utils/language_tag.h"
#include "utils/netaddr.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"
#include "utils/uuid.h"

#define EMAIL_CHARS_MAX	254	/* RFC 5321, 4.5.3.1.3 */
#define KNOWN_CHARS_MAX	255	/* of the column */

VALIDATOR_FACTS(v_email, .format = "idn-email", .min = 3,
    .max = EMAIL_CHARS_MAX, .doc = "An e-mail address, in any script.");

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

/* Of ASCII, or U+0080 to U+009F. */
static bool
is_control(const char *s)
{
	unsigned char	 c = (unsigned char)s[0];

	return (c < 0x20 || c == 0x7f ||
	    (c == 0xc2 && (unsigned char)s[1] < 0xa0));
}

VALIDATOR_FACTS(v_known_email, .format = "idn-email", .min = 3,
    .max = KNOWN_CHARS_MAX,
    .doc = "An e-mail address; it may be one that was stored under older "
    "rules.");

/* Could it have been an address, under any rules? */
static bool
is_like_email(const char *text)
{
	const char	*at = strrchr(text, '@'), *p;
	char		 key[EMAIL_KEY_MAX];

	if (at == NULL || at == text || at[1] == '\0' ||
	    (strchr(text, '@') != at && *text != '"'))
		return (false);
	for (p = text; *p != '\0'; p++) {
		if (is_control(p))
			return (false);
	}
	return (utf8_length(text) <= KNOWN_CHARS_MAX &&
	    email_key(text, key, sizeof(key)));
}

VALIDATOR(v_known_email)
{
	char		 normal[EMAIL_MAX];
	const char	*reason;

	reason = email_normalise(value, normal, sizeof(normal));
	if (reason == NULL || is_like_email(value))
		return (VALID);
	validator_reject("invalid_format",
	    "Is not a valid e-mail address: %s", reason);
	return (INVALID);
}

VALIDATOR_FACTS(v_locale, .max = LANGUAGE_TAG_MAX - 1,
    .pattern = "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$",
    .doc = "A language tag (BCP 47), such as en, pt-BR or zh-Hant.");

VALIDATOR(v_locale)
{
	char		 tag[LANGUAGE_TAG_MAX];
	const char	*reason;

	if ((reason = language_tag(value, tag)) == NULL)
		return (VALID);
	validator_reject(utf8_length(value) >= LANGUAGE_TAG_MAX ? "too_long" :
	    "invalid_format", "Is not a valid language tag: it %s", reason);
	return (INVALID);
}

VALIDATOR_FACTS(v_uuid, .format = "uuid");

VALIDATOR(v_uuid)
{
	char	 id[UUID_TEXT];

	if (uuid_parse(value, id))
		return (VALID);
	validator_reject("invalid_format", "Must be a UUID");
	return (INVALID);
}

VALIDATOR_FACTS(v_time, .format = "date-time");

VALIDATOR(v_time)
{
	int64_t	 us;

	if (timefmt_parse_rfc3339(value, &us))
		return (VALID);
	validator_reject(timefmt_is_beyond(value) ? "out_of_range" :
	    "invalid_format", "Must be a time of RFC 3339, such as "
	    "2026-01-31T12:00:00Z; + is %%2B in a query");
	return (INVALID);
}

VALIDATOR_FACTS(v_address, .doc = "An IPv4 or IPv6 address.");

VALIDATOR(v_address)
{
	struct netaddr	 address;

	if (netaddr_parse(value, &address))
		return (VALID);
	validator_reject("invalid_format", "Must be an IP address");
	return (INVALID);
}
