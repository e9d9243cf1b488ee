/* SPDX-License-Identifier: ISC */
/* Writes JSON text. */

#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * Writes JSON text member by member, commas included. The text grows in an
 * arena, or stays in a buffer of the caller's. text.cut is set when it does not
 * fit or memory is short; nothing more is written then.
 */
struct jsonw {
	struct text	text;
	bool		comma;
};

void	jsonw_init(struct jsonw *, struct arena *);
void	jsonw_init_fixed(struct jsonw *, char *buf, size_t size);

/* key is NULL inside an array; a NULL string is null; raw must be JSON. */
void	jsonw_object(struct jsonw *, const char *key);
void	jsonw_object_end(struct jsonw *);
void	jsonw_array(struct jsonw *, const char *key);
void	jsonw_array_end(struct jsonw *);
void	jsonw_string(struct jsonw *, const char *key, const char *value);
void	jsonw_raw(struct jsonw *, const char *key, const char *json);
void	jsonw_int(struct jsonw *, const char *key, int64_t value);
void	jsonw_bool(struct jsonw *, const char *key, bool value);
void	jsonw_null(struct jsonw *, const char *key);
void	jsonw_time(struct jsonw *, const char *key, int64_t us);

#endif
