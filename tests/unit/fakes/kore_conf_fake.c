/* SPDX-License-Identifier: ISC */
/* Reads kore.conf as Kore does, into the tables of kore_fake.c. */

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kore_fake.h"

#define WORDS	4

static char	problem[512];

/* The route of a block of parameters. */
static struct kore_module_handle *
find_route(const char *path)
{
	struct kore_module_handle	*h;
	struct kore_server		*srv;
	struct kore_domain		*dom;

	LIST_FOREACH(srv, &kore_servers, list) {
		TAILQ_FOREACH(dom, &srv->domains, list) {
			TAILQ_FOREACH(h, &dom->handlers, list) {
				if (strcmp(h->path, path) == 0)
					return (h);
			}
		}
	}
	return (NULL);
}

static int
method_of(const char *name)
{
	int	 method;

	for (method = 1; method < 0x100; method <<= 1) {
		if (strcasecmp(http_method_text(method), name) == 0)
			return (method);
	}
	return (0);
}

static bool
read_validator(const char *name, const char *type, const char *arg)
{
	void	*fn;

	if (strcmp(type, "regex") == 0) {
		fake_validator(name, arg, NULL);
		return (true);
	}
	if ((fn = dlsym(RTLD_DEFAULT, arg)) == NULL)
		return (false);
	fake_validator(name, NULL, (validator_fn *)(uintptr_t)fn);
	return (true);
}

static bool
read_route(const char *path, const char *func)
{
	char	 symbol[128];
	void	*route;

	snprintf(symbol, sizeof(symbol), "%s__route", func);
	if ((route = dlsym(RTLD_DEFAULT, symbol)) == NULL)
		return (false);
	fake_route(strdup(path), strdup(func), route);
	return (true);
}

/* The block that a line is in: its server, and its parameters' route. */
struct block {
	const char			*server;	/* the wanted one */
	bool				 attached;	/* to that server */
	int				 method;
	int				 flags;
	struct kore_module_handle	*params;
};

static bool
read_params(struct block *b, const char *method, const char *path)
{
	b->flags = 0;
	if (strncmp(method, "qs:", 3) == 0) {
		b->flags = KORE_PARAMS_QUERY_STRING;
		method += 3;
	}
	b->method = method_of(method);
	b->params = find_route(path);
	return (b->method != 0 && b->params != NULL);
}

static bool
read_param(const struct block *b, const char *name, const char *validator)
{
	struct kore_validator	*v = kore_validator_lookup(validator);

	if (v == NULL || b->params == NULL)
		return (false);
	fake_param(b->params, b->method, b->flags, strdup(name), v);
	return (true);
}

/* Other lines do not matter here. */
static bool
read_line(struct block *b, const char *const w[WORDS])
{
	if (strcmp(w[0], "validator") == 0)
		return (read_validator(w[1], w[2], w[3]));
	if (strcmp(w[0], "domain") == 0)
		b->attached = false;
	if (strcmp(w[0], "attach") == 0)
		b->attached = strcmp(w[1], b->server) == 0;
	if (!b->attached)
		return (true);
	if (strcmp(w[0], "route") == 0)
		return (read_route(w[1], w[2]));
	if (strcmp(w[0], "params") == 0)
		return (read_params(b, w[1], w[2]));
	if (strcmp(w[0], "validate") == 0)
		return (read_param(b, w[1], w[2]));
	return (true);
}

const char *
fake_conf(const char *file, const char *server)
{
	struct block	 b = { .server = server };
	const char	*words[WORDS];
	char		 line[BUFSIZ], *rest, *word;
	unsigned	 number = 0;
	FILE		*f;
	size_t		 n;

	if ((f = fopen(file, "r")) == NULL) {
		snprintf(problem, sizeof(problem), "%s: %m", file);
		return (problem);
	}
	*problem = '\0';
	while (*problem == '\0' && fgets(line, sizeof(line), f) != NULL) {
		number++;
		for (n = 0; n < WORDS; n++) {
			word = strtok_r(n == 0 ? line : NULL, " \t\n", &rest);
			words[n] = word != NULL ? word : "";
		}
		if (!read_line(&b, words))
			snprintf(problem, sizeof(problem), "%s:%u: %s %s "
			    "does not fit what is linked in", file, number,
			    words[0], words[1]);
	}
	fclose(f);
	return (*problem != '\0' ? problem : NULL);
}
