/* SPDX-License-Identifier: ISC */
/* The endpoints of notes (router.py in a FastAPI project). */

#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "modules/notes/notes.h"

ROUTER(notes, "Notes of the signed-in user.");

/* The note that the path names. */
static AWAITS const struct note *
target_note(struct ctx *c)
{
	return (notes_service_get(c, path_param(c, "note_id"), c->user_id));
}

static void
list_notes(struct ctx *c)
{
	notes_list_respond(c, c->user_id);
}

/* Writes respond before they commit: an error means that nothing is written. */
static void
create_note(struct ctx *c)
{
	const struct note	*in = note_create_body(c);

	db_begin(c);
	note_respond_created(c, notes_service_create(c, in, c->user_id));
	db_commit(c);
}

static void
read_note(struct ctx *c)
{
	note_respond(c, target_note(c));
}

static void
update_note(struct ctx *c)
{
	const struct note_update	*in = note_update_body(c);
	const struct note		*note = target_note(c);
	const char			*version = note_precondition(c, note);

	db_begin(c);
	note_respond(c, notes_service_update(c, note->id, in, version));
	db_commit(c);
}

static void
delete_note(struct ctx *c)
{
	const struct note	*note = target_note(c);

	notes_service_delete(c, note->id, note_precondition(c, note));
	respond_empty(c, 204);
}

ROUTE(notes_collection,
    PAGE_PARAMS, CURSOR_PARAMS("-created_at"),
    PARAM(post_id, "Only notes of this post.",
	.example = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"),
    GET(list_notes, .auth = &signed_in, .out = &note_list_schema,
	.out_cursor = &note_cursor_list_schema, .doc = "List your notes."),
    POST(create_note, .auth = &signed_in, .in = &note_create_schema,
	.out = &note_schema, .status = 201, .idempotent = true,
	.doc = "Write a note."));

ROUTE(notes_item,
    PATH(note_id, T_UUID),
    GET(read_note, .auth = &signed_in, .out = &note_schema,
	.raises = RAISES(&ERR_NOT_FOUND), .doc = "Read a note."),
    PATCH(update_note, .auth = &signed_in, .in = &note_update_schema,
	.out = &note_schema, .if_match = true, .raises = RAISES(&ERR_NOT_FOUND),
	.doc = "Change a note."),
    DELETE(delete_note, .auth = &signed_in, .status = 204, .if_match = true,
	.raises = RAISES(&ERR_NOT_FOUND), .doc = "Delete a note."));
