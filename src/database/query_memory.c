/* SPDX-License-Identifier: ISC */
/* Memory for the statements. */

#include <stdlib.h>

#include "database/query_load.h"

#define GROW_FIRST	8	/* a power of two */

struct block {
	struct block	*next;
	_Alignas(16) char	 data[];
};

static struct block	*kept;
static struct block	*scratch;	/* texts, and what they grew out of */

static void *
add_block(struct block **list, size_t len)
{
	struct block	*b = calloc(1, sizeof(*b) + len);

	if (b == NULL)
		return (NULL);
	b->next = *list;
	*list = b;
	return (b->data);
}

static void
free_blocks(struct block **list)
{
	struct block	*b;

	while ((b = *list) != NULL) {
		*list = b->next;
		free(b);
	}
}

void *
query_alloc(size_t len)
{
	return (add_block(&kept, len));
}

char *
query_strndup(const char *s, size_t len)
{
	char	*copy = query_alloc(len + 1);

	if (copy != NULL)
		memcpy(copy, s, len);
	return (copy);
}

/* It doubles whenever n is a power of two. */
void *
query_grow(void *items, size_t n, size_t size)
{
	void	*bigger;

	if (n != 0 && (n < GROW_FIRST || (n & (n - 1)) != 0))
		return (items);
	bigger = query_alloc((n == 0 ? GROW_FIRST : 2 * n) * size);
	if (bigger != NULL && n > 0)
		memcpy(bigger, items, n * size);
	return (bigger);
}

static void *
grow_text(void *from, size_t len)
{
	(void)from;
	return (add_block(&scratch, len));
}

struct text
query_text(void)
{
	return ((struct text){ .alloc = grow_text });
}

char *
query_keep(const struct text *t)
{
	return (t->cut ? NULL : query_strndup(t->data, t->len));
}

void
query_scratch_free(void)
{
	free_blocks(&scratch);
}

void
query_memory_free(void)
{
	free_blocks(&scratch);
	free_blocks(&kept);
}
