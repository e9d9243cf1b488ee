/* SPDX-License-Identifier: ISC */
/* Rows of the notes table (models.py in a FastAPI project). */

#define DEFINE_QUERIES
#include "modules/notes/notes_repository.h"

static const struct member	note_members[] = {
	MEMBER(note, id, T_UUID, OUT),
	MEMBER(note, owner_id, T_UUID, OUT),
	MEMBER(note, title, T_STR, OUT | REQUIRED, .validator = "v_note_title",
	    .example = "Title"),
	MEMBER(note, body, T_STR, OUT | OR_NULL, .validator = "v_note_body",
	    .example = "Some body"),
	MEMBER(note, pinned, T_BOOL, OUT | REQUIRED),
	MEMBER(note, due, T_TIME, OUT | OR_NULL),
	MEMBER(note, post_id, T_UUID, OUT | REQUIRED,
	    .example = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"),
	MEMBER(note, version, T_INT, ETAG),
	MEMBER(note, created_at, T_TIME, OUT),
	MEMBER(note, updated_at, T_TIME, OUT),
};

#define FIELDS	NAMES("title", "body", "pinned", "due", "post_id")

SCHEMA(note);
SCHEMA_LIKE(note_create, note, .only = FIELDS);
SCHEMA_PATCH(note_update, note, .only = FIELDS);
LIST_QUERY(notes, list, note, .sort = "-created_at");

CONSTRAINT(notes_post_id_fkey, "There is no such post", .member = "post_id");
QUERIES(notes);
MIGRATION(1001_notes);
