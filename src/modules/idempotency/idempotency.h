/* SPDX-License-Identifier: ISC */
/* Idempotency-Key: a POST that clients can repeat. */

#ifndef MODULES_IDEMPOTENCY_H
#define MODULES_IDEMPOTENCY_H

#include "request/ctx.h"

/*
 * An endpoint with .idempotent = true needs nothing more: src/app.c calls these
 * around its handler. All that the handler writes is one transaction, with the
 * response in it. So the response is stored if, and only if, the work is done.
 * The same request gets that response again, for a day.
 *
 * A response belongs to a user, a method, a path and a key. Requests without a
 * user have no other name, and must not see each other's responses: theirs
 * belong to the query and the body, too. All of this is stored as keyed hashes.
 * After a change of SECRET_KEY, older responses are found with
 * SECRET_KEY_PREVIOUS.
 */

/* idempotency_service.c */

/*
 * Reads the header. Without it, the functions below do nothing. Records a
 * detail for raise_validation() unless it is one line of 1 to 255 printable
 * ASCII characters; blanks around them do not count.
 */
void	 idempotency_service_read(struct ctx *);

/*
 * Before the handler, when the request is known to be allowed: ends the request
 * with the stored response if there is one. Otherwise, the handler's first
 * statement looks once more, in its transaction, for a response that was stored
 * meanwhile. It raises ERR_IN_PROGRESS if another request with the key is being
 * handled. Both raise 422 if the key was sent with another request.
 */
void	 idempotency_service_begin(struct ctx *) AWAITS;

/* After it: stores the response that is set, and commits. */
void	 idempotency_service_end(struct ctx *) AWAITS;

/* Deletes responses that are a day old. */
void	 idempotency_service_purge(struct ctx *) AWAITS;

#endif
