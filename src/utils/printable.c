/* SPDX-License-Identifier: ISC */
/* Writes control characters as escapes. */

#include <string.h>

#include <unictype.h>
#include <unistr.h>

#include "utils/printable.h"
#include "utils/utf8.h"

/* Cc: control; Zl, Zp: ends a line; the others turn the direction around. */
static bool
is_obeyed(ucs4_t c)
{
	return (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc |
	    UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp) ||
	    uc_is_property_bidi_control(c));
}

void
text_puts_printable(struct text *t, const char *s)
{
	size_t	 left = strlen(s), len;
	ucs4_t	 c;

	for (; left > 0; s += len, left -= len) {
		if ((len = utf8_sequence(s, left)) == 0) {
			len = 1;
			text_puts(t, "\\ufffd");
			continue;
		}
		u8_mbtouc(&c, (const uint8_t *)s, len);
		if (is_obeyed(c))
			text_printf(t, "\\u%04x", (unsigned)c);
		else
			text_add(t, s, len);
	}
}
