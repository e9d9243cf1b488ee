/* SPDX-License-Identifier: ISC */
/* Text that others wrote, for a terminal. */

#include <stdbool.h>
#include <string.h>

#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

#include "utils/terminal.h"
#include "utils/utf8.h"

#define JOINER_NOT	0x200c
#define JOINER		0x200d

static bool
is_shown(ucs4_t c)
{
	static const uint32_t	 hidden = UC_CATEGORY_MASK_Cc |
				    UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Zl |
				    UC_CATEGORY_MASK_Zp;

	return (c == JOINER || c == JOINER_NOT ||
	    !uc_is_general_category_withtable(c, hidden));
}

/* The character's length, and what to write for it. */
static size_t
next_character(const char *s, size_t left, const char **shown, size_t *n)
{
	size_t	 len = utf8_sequence(s, left);
	ucs4_t	 c;

	if (len > 0)
		u8_mbtouc(&c, (const uint8_t *)s, len);
	*shown = len > 0 && is_shown(c) ? s : "?";
	*n = *shown == s ? len : 1;
	return (len > 0 ? len : 1);
}

void
terminal_text(const char *s, char *out, size_t size)
{
	size_t		 left = strlen(s), len, n;
	const char	*shown;

	for (; left > 0; s += len, left -= len) {
		len = next_character(s, left, &shown, &n);
		if (n >= size)
			break;
		memcpy(out, shown, n);
		out += n;
		size -= n;
	}
	*out = '\0';
}

unsigned
terminal_width(const char *s)
{
	int	 width = u8_width((const uint8_t *)s, strlen(s), "UTF-8");

	return (width > 0 ? (unsigned)width : 0);
}
