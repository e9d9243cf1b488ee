/* SPDX-License-Identifier: ISC */
/*
 * Checks the names in kore.conf: Kore's own messages are several lines, and do
 * not say what to write.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kore_conf_names.h"
#include "utils/start_error.h"

#define WORD_MAX	512

struct name {
	struct name	*next;
	char		 text[];
};

static bool		(*has_symbol)(const char *);
static struct name	*validators, *paths;	/* paths: of this domain */
static bool		 in_domain, in_params;
static int		 depth;		/* of blocks that are no params */

static void
forget(struct name **list)
{
	struct name	*n;

	while ((n = *list) != NULL) {
		*list = n->next;
		free(n);
	}
}

static bool
is_known(const struct name *list, const char *text)
{
	for (; list != NULL; list = list->next) {
		if (strcmp(list->text, text) == 0)
			return (true);
	}
	return (false);
}

/* Without memory the name is not known, and the start ends. */
static void
remember(struct name **list, const char *text)
{
	size_t		 size = strlen(text) + 1;
	struct name	*n = malloc(sizeof(*n) + size);

	if (n == NULL)
		return;
	memcpy(n->text, text, size);
	n->next = *list;
	*list = n;
}

/* Splits the rest of a line into its first three words; "" is none. */
static void
split(const char *rest, char words[static 3][WORD_MAX])
{
	size_t	 i, len;

	for (i = 0; i < 3; i++) {
		rest += strspn(rest, " \t");
		len = strcspn(rest, " \t");
		snprintf(words[i], WORD_MAX, "%.*s", (int)len, rest);
		rest += len;
	}
}

/* validator NAME regex RULE, validator NAME function FUNCTION */
static const char *
take_validator(char words[static 3][WORD_MAX])
{
	const char	*name = words[0], *type = words[1], *value = words[2];
	bool		 function = strcmp(type, "function") == 0;

	if (*value == '\0' || (!function && strcmp(type, "regex") != 0))
		return (start_error("write validator %s regex RULE, or "
		    "validator %s function FUNCTION", *name == '\0' ? "NAME" :
		    name, *name == '\0' ? "NAME" : name));
	if (is_known(validators, name))
		return ("it is there twice, and only the first one would "
		    "count: take one out");
	if (function && !has_symbol(value))
		return (start_error("no VALIDATOR(%s) is in src", value));
	remember(&validators, name);
	return (NULL);
}

/* route PATH ROUTE */
static const char *
take_route(char words[static 3][WORD_MAX])
{
	const char	*path = words[0], *name = words[1];
	char		 symbol[WORD_MAX + sizeof("__route")];

	if (!in_domain)
		return ("it stands outside of domain * { ... }");
	if (*name == '\0')
		return (start_error("write route %s NAME, for ROUTE(NAME, ...)",
		    path));
	snprintf(symbol, sizeof(symbol), "%s__route", name);
	if (!has_symbol(symbol))
		return (start_error("no router has ROUTE(%s, ...): write one, "
		    "or correct the name", name));
	remember(&paths, path);
	return (NULL);
}

static bool
is_method(const char *word)
{
	static const char *const	 all[] = { "get", "post", "put",
					    "patch", "delete", "head" };
	size_t				 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcasecmp(word, all[i]) == 0)
			return (true);
	}
	return (false);
}

/* params qs:get PATH { */
static const char *
take_params(char words[static 3][WORD_MAX])
{
	const char	*method = words[0], *path = words[1];

	if (in_params)
		return ("the params block above it does not end: write }");
	if (strncasecmp(method, "qs:", 3) == 0)
		method += 3;
	if (!is_method(method) || *path == '\0')
		return ("write params qs:get PATH {, with the path of a "
		    "route");
	if (!is_known(paths, path))
		return (start_error("no route above it has the path %s: write "
		    "the path as in its route, and the block below that",
		    path));
	in_params = true;
	return (NULL);
}

/* validate NAME VALIDATOR */
static const char *
take_validate(char words[static 3][WORD_MAX])
{
	const char	*name = words[0], *validator = words[1];

	if (!in_params)
		return ("it stands outside of params qs:get PATH { ... }");
	if (*validator == '\0')
		return (start_error("write validate %s VALIDATOR", name));
	if (!is_known(validators, validator))
		return (start_error("no validator %s is above it: write "
		    "validator %s regex RULE at the top", validator,
		    validator));
	return (NULL);
}

static void
end_block(void)
{
	if (in_params) {
		in_params = false;
		return;
	}
	if (--depth > 0)
		return;
	depth = 0;
	in_domain = false;
	forget(&paths);
}

/* Of another kind: a domain's, or a server's. */
static void
begin_block(const char *kind, const char *rest)
{
	size_t	 len = strlen(rest);

	if (strcmp(kind, "domain") == 0)
		in_domain = true;
	if (len > 0 && rest[len - 1] == '{')
		depth++;
}

void
conf_names_begin(bool (*symbol)(const char *))
{
	conf_names_end();
	has_symbol = symbol;
	in_domain = in_params = false;
	depth = 0;
}

void
conf_names_end(void)
{
	forget(&validators);
	forget(&paths);
}

const char *
conf_names_take(const char *kind, const char *rest)
{
	char	 words[3][WORD_MAX];

	split(rest, words);
	if (strcmp(kind, "validator") == 0)
		return (take_validator(words));
	if (strcmp(kind, "route") == 0)
		return (take_route(words));
	if (strcmp(kind, "params") == 0)
		return (take_params(words));
	if (strcmp(kind, "validate") == 0)
		return (take_validate(words));
	if (strcmp(kind, "}") == 0)
		end_block();
	else if (!in_params)
		begin_block(kind, rest);
	else if (strcmp(kind, "{") != 0)
		return ("a params block has only lines validate NAME "
		    "VALIDATOR, and ends with }");
	return (NULL);
}
