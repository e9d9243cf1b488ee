/* SPDX-License-Identifier: ISC */
/* The parts of the OpenAPI description. For src/openapi only. */

#ifndef OPENAPI_OPENAPI_BUILD_H
#define OPENAPI_OPENAPI_BUILD_H

#include <stdbool.h>

#include <jansson.h>

#include "http/routes.h"

/*
 * The parts of the description. The caller owns each json_t that a function
 * returns. A part that cannot be described, or for which memory is short, is
 * reported by openapi_fail(), and then by openapi_init().
 */

#define OPENAPI_NAME_MAX	128
#define OPENAPI_PATH_MAX	512

/* The request id, and the other UUIDs, of examples. */
#define EXAMPLE_ID	"0f8fad5b-d9cb-469f-a165-70867728950e"
#define EXAMPLE_UUID	"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"
#define EXAMPLE_TAG	"\"rAiWmGkTkWUdIsxmEKFHWw\""

/* What kore.conf makes of a list, by its parameters limit and cursor. */
#define IN_PAGES	0x1
#define BY_CURSOR	0x2

/* openapi_build.c */

/* Puts value, which may be NULL, into an object, which then owns it. */
void	 openapi_put(json_t *object, const char *key, json_t *value);

/* The same, under an HTTP status as the key. */
void	 openapi_put_status(json_t *object, int status, json_t *value);

/* The same, at the end of an array. */
void	 openapi_add(json_t *array, json_t *value);

/* Reports what cannot be described; only the first report is kept. */
void	 openapi_fail(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Returns the report; NULL while there is none. */
const char	*openapi_problem(void);

/* Starts a description: no components, nothing reported. */
void	 openapi_begin(void);

/* {"$ref": "#/components/KIND/NAME"}. */
json_t	*openapi_ref(const char *kind, const char *name);

/* Returns whether the component exists; if not, openapi_component_put() it. */
bool	 openapi_component_has(const char *kind, const char *name);
void	 openapi_component_put(const char *kind, const char *name, json_t *);

/* Returns all components by kind; the caller owns them. */
json_t	*openapi_components(void);

/* Returns whether its response has an entity tag. The schema may be NULL. */
bool	 openapi_has_version(const struct schema *);

/* Returns whether it is a GET with an entity tag, which may give 304 or 412. */
bool	 openapi_reads_version(const struct endpoint *);

/* Converts "user_create" to "UserCreate", "NOT_FOUND" to "NotFound". */
void	 openapi_name(const char *from, char out[static OPENAPI_NAME_MAX]);

/* openapi_path.c */

/*
 * Converts kore.conf's ^/api/v1/users/([^/]+)$ to /api/v1/users/{user_id}.
 * False when the path's regex has more than groups and escapes.
 */
bool	 openapi_path(const struct route *, char out[static OPENAPI_PATH_MAX]);

/* openapi_schemas.c */

enum openapi_use { READ_JSON, READ_FORM, RESPONSE };

/* A reference to the component that describes the schema. */
json_t	*openapi_schema(const struct schema *, enum openapi_use);

/* A value of the schema; NULL when no example passes kore.conf's validators. */
json_t	*openapi_example(const struct schema *, enum openapi_use);

/*
 * The schemas of parameters. fallback is the default, and example is a text;
 * both may be NULL. The docs page shows "examples" of a schema; it would send
 * an "example" of a parameter, and so a filter that nobody chose.
 */
json_t	*openapi_query_schema(const struct rule *, const char *fallback,
	    const char *example);
json_t	*openapi_path_schema(enum member_type);

/* The schema of any value of the type. */
json_t	*openapi_type_schema(enum member_type);

/* openapi_headers.c */

/* The headers of every response; with RateLimit where requests are counted. */
json_t	*openapi_headers(bool limited);

/* The same of every error, which also has Vary. */
json_t	*openapi_error_headers(bool limited);

/* Adds a header by its name, or its component's; openapi_headers.c has it. */
void	 openapi_header_put(json_t *headers, const char *name);

/* openapi_responses.c */

/* Every response of a row, with its headers and its body. */
json_t	*openapi_responses(const struct endpoint *, unsigned list_kind);

/* openapi_errors.c */

/* Returns whether the row may raise it, by .raises or its other members. */
bool	 openapi_may_raise(const struct endpoint *, unsigned list_kind,
	    const struct error_kind *);

/* Adds every error to an operation's responses. */
void	 openapi_errors_put(json_t *responses, const struct endpoint *,
	    unsigned list_kind);

#endif
