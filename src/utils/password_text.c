/* SPDX-License-Identifier: ISC */
/* Brings a password into its normal form. */

#include <openssl/crypto.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utils/password_text.h"
#include "utils/utf8.h"

/* libunistring writes into a buffer that is large enough, else into memory. */
static bool
take(uint8_t *made, size_t len, char *out, size_t size)
{
	bool	 fits = made == (uint8_t *)out && len < size;

	if (made != NULL && made != (uint8_t *)out) {
		OPENSSL_cleanse(made, len);
		free(made);
	}
	if (!fits)
		OPENSSL_cleanse(out, size);
	else
		out[len] = '\0';
	return (fits);
}

static bool
normalise(uninorm_t form, const char *typed, char *out, size_t size)
{
	size_t	 n = strlen(typed), len = size;
	uint8_t	*made;

	if (utf8_valid(typed, n)) {
		made = u8_normalize(form, (const uint8_t *)typed, n,
		    (uint8_t *)out, &len);
		return (take(made, len, out, size));
	}
	*out = '\0';
	if (n >= size)
		return (false);
	memcpy(out, typed, n + 1);
	return (true);
}

/* No space composes with what is behind it, so this may come after NFC. */
static void
unite_spaces(char *text)
{
	const char	*p;
	char		*end = text;
	size_t		 n;

	for (p = text; *p != '\0'; p += n) {
		n = utf8_sequence(p, 4);
		if (uc_is_general_category(utf8_code(p, n),
		    UC_SPACE_SEPARATOR)) {
			*end++ = ' ';
		} else {
			memmove(end, p, n);
			end += n;
		}
	}
	*end = '\0';
}

bool
password_normalise(const char *typed, char *out, size_t size)
{
	if (!normalise(UNINORM_NFC, typed, out, size))
		return (false);
	if (utf8_valid(typed, strlen(typed)))
		unite_spaces(out);
	return (true);
}

bool
password_decompose(const char *typed, char *out, size_t size)
{
	return (normalise(UNINORM_NFD, typed, out, size));
}

bool
password_take(const char *typed, char out[static PASSWORD_BYTES_MAX + 1])
{
	size_t	 len = strlen(typed);

	*out = '\0';
	if (len > PASSWORD_BYTES_MAX)
		return (len < PASSWORD_FORM_SIZE && password_normalise(typed,
		    out, PASSWORD_BYTES_MAX + 1));
	memcpy(out, typed, len + 1);
	return (true);
}

/*
 * u8_casefold() normalises, too, but in memory that it does not wipe. Without a
 * form it writes into the buffer.
 */
static bool
fold(const char *typed, char *plain, char *lower, char *out, size_t size)
{
	size_t	 len = PASSWORD_FORM_SIZE;
	uint8_t	*made;

	if (!normalise(UNINORM_NFKD, typed, plain, PASSWORD_FORM_SIZE))
		return (false);
	made = u8_casefold((uint8_t *)plain, strlen(plain), NULL, NULL,
	    (uint8_t *)lower, &len);
	return (take(made, len, lower, PASSWORD_FORM_SIZE) &&
	    normalise(UNINORM_NFKC, lower, out, size));
}

bool
password_fold(const char *typed, char *out, size_t size)
{
	char	*plain = calloc(2, PASSWORD_FORM_SIZE);
	bool	 done = false;

	*out = '\0';
	if (plain != NULL) {
		done = fold(typed, plain, plain + PASSWORD_FORM_SIZE, out,
		    size);
		OPENSSL_cleanse(plain, 2 * PASSWORD_FORM_SIZE);
	}
	free(plain);
	return (done);
}

bool
password_cut(char *text)
{
	size_t	 len = strlen(text);
	ucs4_t	 c;

	if (len == 0)
		return (false);
	do
		len--;
	while (((unsigned char)text[len] & 0xc0) == 0x80);
	c = utf8_code(text + len, strlen(text + len));
	if (!uc_is_general_category(c, UC_NUMBER) &&
	    !uc_is_general_category(c, UC_PUNCTUATION) &&
	    !uc_is_general_category(c, UC_SYMBOL) &&
	    !uc_is_general_category(c, UC_SEPARATOR))
		return (false);
	OPENSSL_cleanse(text + len, strlen(text + len));
	return (true);
}
