/* SPDX-License-Identifier: ISC */
/* Checks names and titles, and brings them into one form. */

#include <stdlib.h>
#include <string.h>

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "utils/line.h"
#include "utils/utf8.h"

/*
 * Letters, digits, punctuation and symbols can be seen; marks alone, blanks,
 * format and private characters cannot. Some symbols and letters are empty by
 * definition: the fillers of Hangul, which can be ignored by default, the
 * Braille pattern without dots, and a note without a head. A character that is
 * newer than our tables may be a letter.
 */
static bool
is_seen(ucs4_t c)
{
	static const uint32_t	seen = UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N |
				    UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S |
				    UC_CATEGORY_MASK_Cn;

	if (uc_is_property_default_ignorable_code_point(c) ||
	    uc_is_property_not_a_character(c) || c == 0x2800 || c == 0x1d159)
		return (false);
	return (uc_is_general_category_withtable(c, seen));
}

static enum line_fault
fault_of(ucs4_t c)
{
	if ((c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 ||
	    c == 0x2029)
		return (LINE_BREAK);
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc))
		return (LINE_CONTROL);
	if (uc_is_property_bidi_control(c))
		return (LINE_DIRECTION);
	return (LINE_FINE);
}

static bool
is_ascii(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)s[i] >= 0x80)
			return (false);
	}
	return (true);
}

/* The number of characters in NFC; of short memory, as they are. */
static size_t
length_in_nfc(const char *s, size_t len)
{
	size_t	 n = u8_mbsnlen((const uint8_t *)s, len), size = 0;
	uint8_t	*nfc;

	if (is_ascii(s, len))
		return (n);
	nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)s, len, NULL, &size);
	if (nfc == NULL)
		return (n);
	n = u8_mbsnlen(nfc, size);
	free(nfc);
	return (n);
}

enum line_fault
line_check(const char *s, uint32_t *code, size_t *length)
{
	size_t		 len = utf8_strip(&s), i, n;
	bool		 seen = false;
	enum line_fault	 fault;

	*length = length_in_nfc(s, len);
	for (i = 0; i < len; i += n) {
		n = utf8_sequence(s + i, len - i);
		*code = utf8_code(s + i, n);
		if ((fault = fault_of(*code)) != LINE_FINE)
			return (fault);
		seen |= is_seen(*code);
	}
	return (seen ? LINE_FINE : LINE_UNSEEN);
}

bool
line_normal(const char *s, char *out)
{
	size_t	 size = LINE_SIZE(s) - 1, len;
	uint8_t	*nfc;

	len = utf8_strip(&s);
	if (is_ascii(s, len)) {
		memcpy(out, s, len);
		out[len] = '\0';
		return (true);
	}
	nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)s, len,
	    (uint8_t *)out, &size);
	if (nfc != (uint8_t *)out) {
		free(nfc);
		return (false);
	}
	out[size] = '\0';
	return (true);
}
