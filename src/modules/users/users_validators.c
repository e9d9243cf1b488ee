/* SPDX-License-Identifier: ISC */
/* The rules for passwords, which kore.conf chooses from. */

#include <unistr.h>
#include <unictype.h>

#include "schema/validator.h"
#include "utils/utf8.h"
#include "utils/wordlist.h"

#define PASSWORD_MIN	8	/* characters */
#define PASSWORD_MAX	128

/* assets/common_passwords.txt */
extern const unsigned char	asset_common_passwords_txt[];
extern const unsigned int	asset_len_common_passwords_txt;

static bool
is_digit(ucs4_t c)
{
	return (uc_digit_value(c) >= 0);
}

/* Like Python's any(c.isupper() for c in v), in every script. */
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

static bool
length_valid(const char *value)
{
	size_t	 len = utf8_length(value);

	if (len < PASSWORD_MIN)
		validator_reject("too_short",
		    "Password must have at least %d characters", PASSWORD_MIN);
	if (len > PASSWORD_MAX)
		validator_reject("too_long",
		    "Password must have at most %d characters", PASSWORD_MAX);
	return (len >= PASSWORD_MIN && len <= PASSWORD_MAX);
}

/*
 * Compares the password as it was typed: Test1234 is valid, although test1234
 * is on the list.
 */
static bool
uncommon(const char *value)
{
	if (!wordlist_has((const char *)asset_common_passwords_txt,
	    asset_len_common_passwords_txt, value))
		return (true);
	validator_reject("too_common",
	    "Password is one of the 10,000 most common");
	return (false);
}

VALIDATOR_FACTS(v_password, .format = "password", .min = PASSWORD_MIN,
    .max = PASSWORD_MAX, .doc = "Contains an uppercase letter and a digit. "
    "Not one of the 10,000 most common passwords.");

/* The default: a capital letter, a digit, and no common password. */
VALIDATOR(v_password)
{
	bool	 upper = has_any(value, uc_is_property_uppercase),
		 digit = has_any(value, is_digit);
	bool	 length = length_valid(value);

	if (!upper)
		validator_reject("no_uppercase",
		    "Password must contain uppercase letter");
	if (!digit)
		validator_reject("no_digit", "Password must contain digit");
	return (length && upper && digit && uncommon(value) ? VALID : INVALID);
}

VALIDATOR_FACTS(v_passphrase, .format = "password", .min = PASSWORD_MIN,
    .max = PASSWORD_MAX, .doc = "Not one of the 10,000 most common passwords.");

/* An alternative for kore.conf: NIST SP 800-63B, 5.1.1.2. */
VALIDATOR(v_passphrase)
{
	bool	 length = length_valid(value);

	return (uncommon(value) && length ? VALID : INVALID);
}
