/* SPDX-License-Identifier: ISC */
/*
 * The characters that one place of a regular expression matches. The classes,
 * [:alpha:] and so on, are those of a UTF-8 locale, whatever the server's is.
 */

#include <locale.h>
#include <string.h>
#include <wctype.h>

#include "utils/charset.h"
#include "utils/posix.h"
#include "utils/utf8.h"

static locale_t	utf8;
static wctype_t	types[POSIX_CLASSES];

static bool
locale_load(void)
{
	int	 i;

	if (utf8 != (locale_t)0)
		return (true);
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (utf8 == (locale_t)0)
		return (false);
	for (i = 0; i < POSIX_CLASSES; i++)
		types[i] = wctype_l(posix_classes[i], utf8);
	return (true);
}

static bool
in_class(uint32_t code, int class)
{
	return (iswctype_l((wint_t)code, types[class], utf8) != 0);
}

static bool
item_has(const struct posix_item *item, uint32_t code)
{
	if (item->class != -1)
		return (in_class(code, item->class));
	return (code >= item->from && code <= item->to);
}

static void
ascii_add(struct charset *set, const struct posix_item *item)
{
	uint32_t	 c;

	for (c = 0; c < 0x80; c++) {
		if (item_has(item, c))
			set->ascii[c / 64] |= (uint64_t)1 << c % 64;
	}
}

static void
read_bracket(struct charset *set, const char *p)
{
	struct posix_item	 item;
	const char		*items;
	bool			 more;

	set->not = *p == '^';
	p += set->not;
	items = p;
	do {
		more = posix_bracket_next(&p, &item);
		ascii_add(set, &item);
		if (item.class != -1)
			set->classes |= 1u << item.class;
		else if (item.from >= 0x80)
			set->items = items;
	} while (more);
	if (set->not) {
		set->ascii[0] = ~set->ascii[0];
		set->ascii[1] = ~set->ascii[1];
	}
}

bool
charset_read(struct charset *set, const char *text)
{
	struct posix_item	 item = { .class = -1 };

	memset(set, 0, sizeof(*set));
	if (!locale_load())
		return (false);
	if (*text == '[') {
		read_bracket(set, text + 1);
		return (true);
	}
	if (*text == '.') {
		memset(set->ascii, 0xff, sizeof(set->ascii));
		set->not = true;
		return (true);
	}
	if (*text == '\\')
		text++;
	item.from = utf8_code(text, utf8_sequence(text, 4));
	item.to = item.from;
	set->code = item.from;
	ascii_add(set, &item);
	return (true);
}

static bool
is_in_classes(unsigned classes, uint32_t code)
{
	for (; classes != 0; classes &= classes - 1) {
		if (in_class(code, __builtin_ctz(classes)))
			return (true);
	}
	return (false);
}

static bool
is_in_items(const char *p, uint32_t code)
{
	struct posix_item	 item;
	bool			 more;

	do {
		more = posix_bracket_next(&p, &item);
		if (item.class == -1 && code == item.from)
			return (true);
	} while (more);
	return (false);
}

bool
charset_has(const struct charset *set, uint32_t code)
{
	bool	 listed;

	if (code < 0x80)
		return ((set->ascii[code / 64] >> code % 64 & 1) != 0);
	listed = code == set->code || is_in_classes(set->classes, code) ||
	    (set->items != NULL && is_in_items(set->items, code));
	return (listed != set->not);
}
