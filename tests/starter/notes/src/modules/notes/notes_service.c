/* SPDX-License-Identifier: ISC */
/* The rules of notes (service.py in a FastAPI project). */

#include "http/conditional.h"
#include "modules/notes/notes_repository.h"

struct note *
notes_service_create(struct ctx *c, const struct note *in, const char *owner_id)
{
	return (notes_repository_create(c, in, db_uuid(c), owner_id));
}

struct note *
notes_service_get(struct ctx *c, const char *id, const char *owner_id)
{
	struct note	*note = notes_repository_find(c, id, owner_id);

	if (note == NULL)
		raise_error(c, &ERR_NOT_FOUND, "Note not found");
	return (note);
}

struct note *
notes_service_update(struct ctx *c, const char *id,
    const struct note_update *in, const char *version)
{
	struct note	*note = notes_repository_update(c, in, id, version);

	if (note == NULL)
		raise_gone(c, version, "Note not found");
	return (note);
}

void
notes_service_delete(struct ctx *c, const char *id, const char *version)
{
	if (notes_repository_delete(c, id, version) == 0)
		raise_gone(c, version, "Note not found");
}
