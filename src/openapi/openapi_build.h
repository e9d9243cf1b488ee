/* SPDX-License-Identifier: ISC */
/* The parts that the description is made of. For src/openapi only. */

#ifndef OPENAPI_OPENAPI_BUILD_H
#define OPENAPI_OPENAPI_BUILD_H

#include <stdbool.h>

#include <jansson.h>

#include "http/routes.h"

/*
 * The parts of a description, for src/openapi alone. Each function returns a
 * value that is the caller's; what is missing for want of memory, or cannot
 * be said, is noted, and openapi_init() tells.
 */

#define OPENAPI_NAME_MAX	128
#define OPENAPI_PATH_MAX	512

/* Where an example needs a request's id, and any other. */
#define EXAMPLE_ID	"0f8fad5b-d9cb-469f-a165-70867728950e"
#define EXAMPLE_UUID	"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"

/* What kore.conf makes of a list: its parameters limit, and cursor. */
#define IN_PAGES	0x1
#define BY_CURSOR	0x2

/* openapi_build.c */

/* Puts value, which may be NULL, into an object; takes it over. */
void	 openapi_put(json_t *object, const char *key, json_t *value);

/* The same under an HTTP status. */
void	 openapi_put_status(json_t *object, int status, json_t *value);

/* The same at the end of an array. */
void	 openapi_add(json_t *array, json_t *value);

/* Notes what cannot be described; the first note counts. */
void	 openapi_fail(const char *, ...) __attribute__((format(printf, 1, 2)));

/* NULL while nothing was noted. */
const char	*openapi_problem(void);

/* A fresh start: no components, nothing noted. */
void	 openapi_begin(void);

/* {"$ref": "#/components/KIND/NAME"}. */
json_t	*openapi_ref(const char *kind, const char *name);

/* Is it there? If not, it is the caller's to openapi_component_put(). */
bool	 openapi_component_has(const char *kind, const char *name);
void	 openapi_component_put(const char *kind, const char *name, json_t *);

/* All that were put, by kind; a fresh start follows. */
json_t	*openapi_components(void);

/* Is it answered with an entity tag? The schema may be NULL. */
bool	 openapi_has_version(const struct schema *);

/* A GET that answers with an entity tag, and may answer 304 or 412. */
bool	 openapi_reads_version(const struct endpoint *);

/* "user_create", or "NOT_FOUND", as "UserCreate" and "NotFound". */
void	 openapi_name(const char *from, char out[static OPENAPI_NAME_MAX]);

/* openapi_path.c */

/*
 * kore.conf's ^/api/v1/users/([^/]+)$ as /api/v1/users/{user_id}. False when
 * it is more of a regex than groups and escapes.
 */
bool	 openapi_path(const struct route *, char out[static OPENAPI_PATH_MAX]);

/* openapi_schemas.c */

enum openapi_use { READ_JSON, READ_FORM, ANSWERED };

/* A reference to the component that describes a schema. */
json_t	*openapi_schema(const struct schema *, enum openapi_use);

/* A value of it; NULL when there is none that kore.conf allows. */
json_t	*openapi_example(const struct schema *);

/* The schema of a query parameter; fallback is what an absent one means. */
json_t	*openapi_query_schema(const struct rule *, const char *fallback);

/* Of a PATH row. */
json_t	*openapi_type_schema(enum field_type);

/* openapi_headers.c */

/* The headers of every answer; RateLimit's where requests are counted. */
json_t	*openapi_headers(bool limited);

/* One more, by its name; openapi_headers.c knows what it says. */
void	 openapi_header_put(json_t *headers, const char *name);

/* openapi_responses.c */

/* Every status of a row, with its headers and its body. */
json_t	*openapi_responses(const struct endpoint *, unsigned list_kind);

/* openapi_errors.c */

/* By the row's .raises, or as follows from the rest of it. */
bool	 openapi_may_raise(const struct endpoint *, unsigned list_kind,
	    const struct error_kind *);

/* Puts every error into an operation's responses. */
void	 openapi_errors_put(json_t *responses, const struct endpoint *,
	    unsigned list_kind);

#endif
