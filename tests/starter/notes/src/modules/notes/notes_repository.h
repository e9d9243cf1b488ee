/* SPDX-License-Identifier: ISC */
/* The statements of sql/queries/notes.sql, for the module itself. */

#ifndef MODULES_NOTES_REPOSITORY_H
#define MODULES_NOTES_REPOSITORY_H

#include "modules/notes/notes.h"

QUERY_ONE_FROM(notes, create, note, note, id, owner_id);
QUERY_MAYBE_ONE(notes, find, note, id, owner_id);
QUERY_MAYBE_ONE_FROM(notes, update, note, note_update, id, version);
QUERY_EXEC(notes, delete, id, version);

#endif
