/* SPDX-License-Identifier: ISC */
/* Notes, which only their owner sees. */

#ifndef MODULES_NOTES_H
#define MODULES_NOTES_H

#include "database/database.h"
#include "database/list.h"

/* notes_models.c */

struct note {
	const char	*id;
	const char	*owner_id;
	const char	*title;
	const char	*body;	/* NULL: none */
	bool		 pinned;
	int64_t		 due;	/* TIME_NULL: none */
	const char	*post_id;
	int64_t		 version;
	int64_t		 created_at;
	int64_t		 updated_at;
};

SCHEMA_RESPONSE(note, note);
SCHEMA_BODY_OF(note_create, note);
SCHEMA_UPDATE_BODY(note_update, note);
LISTS(notes, list, note, owner_id);

/* notes_service.c */

struct note	*notes_service_create(struct ctx *, const struct note *in,
		    const char *owner_id) AWAITS;

/* Raises ERR_NOT_FOUND unless the note exists and is the owner's. */
struct note	*notes_service_get(struct ctx *, const char *id,
		    const char *owner_id) AWAITS;

/* Raise ERR_PRECONDITION_FAILED or ERR_NOT_FOUND if it has changed since. */
struct note	*notes_service_update(struct ctx *, const char *id,
		    const struct note_update *in, const char *version) AWAITS;
void		 notes_service_delete(struct ctx *, const char *id,
		    const char *version) AWAITS;

#endif
