/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_DEPENDENCIES_H
#define KEEL_DEPENDENCIES_H

#include "modules/users/users.h"
#include "runtime/endpoint.h"

/*
 * What handlers depend on, and ROUTE rows declare (the seed's
 * dependencies.py).
 */

/* .auth = &signed_in: 401 unless the access token is good. */
extern const struct dependency	signed_in;

/*
 * Who is signed in, read from the database for this request: a deactivation
 * or a new role is in force at once. Only in endpoints with .auth.
 */
const struct user	*current_user(const struct ctx *);

/* The same where signing in is optional: NULL when no token was sent. */
const struct user	*current_user_or_none(struct ctx *) AWAITS;

#endif
