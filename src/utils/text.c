/* SPDX-License-Identifier: ISC */
/* Text that is put together piece by piece. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utils/text.h"

#define TEXT_INITIAL	512

struct text
text_in(char *buffer, size_t size)
{
	struct text	 t = { .data = buffer, .size = size, .cut = size == 0 };

	if (size > 0)
		*buffer = '\0';
	return (t);
}

/* Room for so many bytes more and a NUL. */
static bool
reserve(struct text *t, size_t more)
{
	size_t	 size = t->size != 0 ? t->size : TEXT_INITIAL;
	char	*data;

	if (t->cut)
		return (false);
	if (t->size - t->len > more)
		return (true);

	while (size - t->len <= more)
		size *= 2;
	if (t->alloc == NULL || (data = t->alloc(t->from, size)) == NULL) {
		t->cut = true;
		return (false);
	}
	if (t->len > 0)
		memcpy(data, t->data, t->len);
	t->data = data;
	t->size = size;
	return (true);
}

void
text_add(struct text *t, const char *s, size_t len)
{
	if (!reserve(t, len))
		return;
	memcpy(t->data + t->len, s, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void
text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	size_t	 room = t->cut ? 0 : t->size - t->len;
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(room > 0 ? t->data + t->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < room) {
		t->len += (size_t)n;
		return;
	}

	/* A piece that does not fit is left out as a whole. */
	if (room > 0)
		t->data[t->len] = '\0';
	if (n < 0)
		t->cut = true;
	if (n < 0 || !reserve(t, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(t->data + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}
