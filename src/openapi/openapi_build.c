/* SPDX-License-Identifier: ISC */
/* What all parts of the description share: components, names, the problem. */

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "openapi/openapi_build.h"
#include "utils/start_error.h"

static json_t	*components;
static const char	*problem;	/* the first one */

void
openapi_begin(void)
{
	problem = NULL;
	json_decref(components);
	components = json_object();
}

void
openapi_fail(const char *fmt, ...)
{
	va_list	 ap;

	if (problem != NULL)
		return;
	va_start(ap, fmt);
	problem = start_error_va(fmt, ap);
	va_end(ap);
}

const char *
openapi_problem(void)
{
	return (problem);
}

void
openapi_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) == -1)
		openapi_fail("out of memory");
}

void
openapi_put_status(json_t *object, int status, json_t *value)
{
	char	 key[16];

	snprintf(key, sizeof(key), "%d", status);
	openapi_put(object, key, value);
}

void
openapi_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) == -1)
		openapi_fail("out of memory");
}

json_t *
openapi_ref(const char *kind, const char *name)
{
	return (json_pack("{s:s+++}", "$ref", "#/components/", kind, "/",
	    name));
}

bool
openapi_component_has(const char *kind, const char *name)
{
	return (json_object_get(json_object_get(components, kind), name) !=
	    NULL);
}

void
openapi_component_put(const char *kind, const char *name, json_t *component)
{
	if (json_object_get(components, kind) == NULL)
		openapi_put(components, kind, json_object());
	openapi_put(json_object_get(components, kind), name, component);
}

json_t *
openapi_components(void)
{
	json_t	*all = components;

	components = NULL;
	return (all);
}

bool
openapi_has_version(const struct schema *s)
{
	return (s != NULL && s->version != NULL);
}

bool
openapi_reads_version(const struct endpoint *e)
{
	return (e->verb == VERB_GET && openapi_has_version(e->out));
}

void
openapi_name(const char *from, char out[static OPENAPI_NAME_MAX])
{
	size_t	 n = 0;
	bool	 first = true;

	for (; *from != '\0' && n < OPENAPI_NAME_MAX - 1; from++) {
		if (*from == '_') {
			first = true;
			continue;
		}
		out[n++] = (char)(first ? toupper((unsigned char)*from) :
		    tolower((unsigned char)*from));
		first = false;
	}
	out[n] = '\0';
}
