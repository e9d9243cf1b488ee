/* SPDX-License-Identifier: ISC */
/* The rules for passwords, which kore.conf chooses from. */

#include <string.h>

#include <openssl/crypto.h>
#include <unictype.h>
#include <unistr.h>

#include "schema/validator.h"
#include "utils/password_text.h"
#include "utils/utf8.h"
#include "utils/wordlist.h"

#define PASSWORD_MIN	8	/* characters */
#define PASSWORD_MAX	128

/* assets/common_passwords.txt */
extern const unsigned char	asset_common_passwords_txt[];
extern const unsigned int	asset_len_common_passwords_txt;

/* assets/common_passwords_folded.txt, made by tools/fold_passwords.py */
extern const unsigned char	asset_common_passwords_folded_txt[];
extern const unsigned int	asset_len_common_passwords_folded_txt;

/* What is checked, and what it is compared with. Wiped after each check. */
static char	 normal[PASSWORD_FORM_SIZE], folded[PASSWORD_FORM_SIZE];

/* The normal form. A text that has none is too long anyway. */
static const char *
normal_form(const char *value)
{
	return (password_normalise(value, normal, sizeof(normal)) ? normal :
	    value);
}

static void
wipe(void)
{
	OPENSSL_cleanse(normal, sizeof(normal));
	OPENSSL_cleanse(folded, sizeof(folded));
}

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

static bool
uncommon(bool is_common)
{
	if (is_common)
		validator_reject("too_common",
		    "Password is one of the 10,000 most common");
	return (!is_common);
}

/*
 * Compares the password as it was typed: Test1234 is valid, although test1234
 * is on the list.
 */
static bool
is_listed(const char *value)
{
	return (wordlist_has((const char *)asset_common_passwords_txt,
	    asset_len_common_passwords_txt, value));
}

static bool
is_listed_folded(const char *word)
{
	return (wordlist_has((const char *)asset_common_passwords_folded_txt,
	    asset_len_common_passwords_folded_txt, word));
}

/*
 * Compares it without case, and without what is behind a listed one: each of
 * the digits and punctuation at its end, one after the other. What remains says
 * little about a password of which it is less than half: "monkey" and six
 * digits. But the listed ones are long enough.
 */
static bool
is_like_listed(const char *value)
{
	size_t	 len, all;

	if (!password_fold(value, folded, sizeof(folded)))
		return (false);
	all = utf8_length(folded);
	do {
		len = utf8_length(folded);
		if ((len >= PASSWORD_MIN || len * 2 > all) &&
		    is_listed_folded(folded))
			return (true);
	} while (password_cut(folded));
	return (false);
}

VALIDATOR_FACTS(v_password, .format = "password", .min = PASSWORD_MIN,
    .max = PASSWORD_MAX, .doc = "Contains an uppercase letter and a digit. "
    "Not one of the 10,000 most common passwords.");

/* The default: a capital letter, a digit, and no common password. */
VALIDATOR(v_password)
{
	const char	*text = normal_form(value);
	bool		 upper = has_any(text, uc_is_property_uppercase),
			 digit = has_any(text, is_digit),
			 length = length_valid(text), valid;

	if (!upper)
		validator_reject("no_uppercase",
		    "Password must contain uppercase letter");
	if (!digit)
		validator_reject("no_digit", "Password must contain digit");
	valid = length && upper && digit && uncommon(is_listed(text));
	wipe();
	return (valid ? VALID : INVALID);
}

VALIDATOR_FACTS(v_passphrase, .format = "password", .min = PASSWORD_MIN,
    .max = PASSWORD_MAX, .doc = "Not one of the 10,000 most common passwords, "
    "also with other digits behind it.");

/* An alternative for kore.conf: NIST SP 800-63B, 5.1.1.2. */
VALIDATOR(v_passphrase)
{
	const char	*text = normal_form(value);
	bool		 length = length_valid(text), valid;

	valid = uncommon(is_like_listed(text)) && length;
	wipe();
	return (valid ? VALID : INVALID);
}
