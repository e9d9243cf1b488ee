/* SPDX-License-Identifier: ISC */
/* Idempotency-Key: a POST that clients can repeat. */

#ifndef MODULES_IDEMPOTENCY_H
#define MODULES_IDEMPOTENCY_H

#include "request/ctx.h"

/*
 * An endpoint with .idempotent = true needs nothing more: src/app.c calls these
 * around its handler. All that the handler writes is one transaction, with the
 * answer in it. So the answer is stored if, and only if, the work is done; a
 * request that comes again, for a day, gets that answer.
 *
 * An answer belongs to who asked, the method, the path and the key, and to the
 * body, too, if a stranger asked: they all are one "who", and must not see each
 * other's answers. These names, the query and the body are stored as keyed
 * hashes. After the change of SECRET_KEY, the answers of before are found with
 * SECRET_KEY_PREVIOUS.
 */

/* idempotency_service.c */

/*
 * Reads the header. Without it, the functions below do nothing. Records a
 * detail for raise_validation() unless it is one line of 1 to 255 printable
 * ASCII characters; blanks around them do not count.
 */
void	 idempotency_read(struct ctx *);

/*
 * Before the handler, when the request is known to be allowed: ends the request
 * with the stored answer if there is one. Otherwise, the handler's first
 * statement looks once more, in its transaction, for an answer that was stored
 * meanwhile. Raises 422 if the key was sent with another request. That first
 * statement raises ERR_IN_PROGRESS if the key is being used right now.
 */
void	 idempotency_begin(struct ctx *) AWAITS;

/* After it: stores the response that is set, and commits. */
void	 idempotency_end(struct ctx *) AWAITS;

/* Deletes answers that are a day old. */
void	 idempotency_service_purge(struct ctx *) AWAITS;

#endif
