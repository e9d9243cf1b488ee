/* SPDX-License-Identifier: ISC */
/* Resolves dependencies, or the overrides that tests set. */

#include <stdlib.h>
#include <string.h>

#include "request/depend.h"

#define OVERRIDES_MAX	16

static void
resolve_public(struct ctx *c, const struct dependency *d)
{
	(void)c;
	(void)d;
}

const struct dependency	public = {
	.name = "public", .resolve = resolve_public, .everybody = true,
	.doc = "For everybody",
};

static struct override {
	const char			*handler;
	const struct dependency		*dependency;	/* or */
	const char			*file;
	void				(*resolve)(struct ctx *,
					    const struct dependency *);
	repository_fn			*rows;
} overrides[OVERRIDES_MAX];

static unsigned	noverrides;	/* the last one wins */

static struct override *
add(const char *handler)
{
	struct override	*o = &overrides[noverrides];

	if (noverrides == OVERRIDES_MAX)
		abort();
	noverrides++;
	memset(o, 0, sizeof(*o));
	o->handler = handler;
	return (o);
}

void
override_dependency(const struct dependency *d,
    void (*resolve)(struct ctx *, const struct dependency *),
    const char *handler)
{
	struct override	*o = add(handler);

	o->dependency = d;
	o->resolve = resolve;
}

void
override_repository(const char *file, repository_fn *rows,
    const char *handler)
{
	struct override	*o = add(handler);

	o->file = file;
	o->rows = rows;
}

void
overrides_clear(void)
{
	noverrides = 0;
}

static bool
applies_to(const struct override *o, const struct ctx *c)
{
	return (c->endpoint != NULL &&
	    strcmp(c->endpoint->name, o->handler) == 0);
}

static AWAITS void
resolve(struct ctx *c, const struct dependency *d)
{
	const struct override	*o;
	unsigned		 i;

	for (i = noverrides; i > 0; i--) {
		o = &overrides[i - 1];
		if (o->dependency == d && applies_to(o, c)) {
			o->resolve(c, d);
			return;
		}
	}
	d->resolve(c, d);
}

/*
 * A dependency only reads who may do this: its statements do not open the
 * transaction of db_enclose().
 */
void
depend(struct ctx *c, const struct dependency *d)
{
	void	(*on_first)(struct ctx *) = c->on_first;

	c->on_first = NULL;
	resolve(c, d);
	c->on_first = on_first;
}

repository_fn *
override_of_query(const struct ctx *c, const char *name)
{
	const struct override	*o;
	unsigned		 i;
	size_t			 len;

	for (i = noverrides; i > 0; i--) {
		o = &overrides[i - 1];
		if (o->file == NULL || !applies_to(o, c))
			continue;
		len = strlen(o->file);
		if (strncmp(name, o->file, len) == 0 && name[len] == '.')
			return (o->rows);
	}
	return (NULL);
}

bool
overrides_database(const struct ctx *c)
{
	const struct override	*o;

	for (o = overrides; o < overrides + noverrides; o++) {
		if (o->file != NULL && applies_to(o, c))
			return (true);
	}
	return (false);
}
