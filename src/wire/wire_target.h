/* SPDX-License-Identifier: ISC */
/* The target of a request, and hosts. For src/wire only. */

#ifndef WIRE_WIRE_TARGET_H
#define WIRE_WIRE_TARGET_H

#include <stdbool.h>

#include "wire/wire_head.h"

/* Pure functions. */

/*
 * Is it a name, an IPv4 address or [IPv6], and perhaps a port (RFC 3986, 3.2.2
 * and 3.2.3)?
 */
bool	 host_is_valid(const char *host);

/*
 * Splits a target (RFC 9112, 3.2) of the request h->method into h->path, which
 * it normalizes, h->query, and h->host if the target has one. Changes the text,
 * which they point into. Returns NULL, or what is wrong with it.
 */
const char	*target_parse(struct head *h, char *target);

#endif
