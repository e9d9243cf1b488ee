/* SPDX-License-Identifier: ISC */
/* Memory for the statements, and the error messages about them. */

#include <stdarg.h>
#include <stdlib.h>

#include "database/query_load.h"
#include "utils/start_error.h"

/* All of it, since a text that grows leaves pieces behind. */
struct block {
	struct block	*next;
	_Alignas(16) char	 data[];
};

static struct block	*blocks;

void *
query_alloc(size_t len)
{
	struct block	*b = calloc(1, sizeof(*b) + len);

	if (b == NULL)
		return (NULL);
	b->next = blocks;
	blocks = b;
	return (b->data);
}

char *
query_strndup(const char *s, size_t len)
{
	char	*copy = query_alloc(len + 1);

	if (copy != NULL)
		memcpy(copy, s, len);
	return (copy);
}

static void *
grow(void *from, size_t len)
{
	(void)from;
	return (query_alloc(len));
}

struct text
query_text(void)
{
	return ((struct text){ .alloc = grow });
}

void
query_memory_free(void)
{
	struct block	*b;

	while ((b = blocks) != NULL) {
		blocks = b->next;
		free(b);
	}
}

const char *
section_problem(const struct query_section *s, const char *fmt, ...)
{
	const char	*said;
	va_list		 ap;

	va_start(ap, fmt);
	said = start_error_va(fmt, ap);
	va_end(ap);
	return (start_error("sql/queries/%s.sql: %s: %s", s->file, s->name,
	    said));
}
