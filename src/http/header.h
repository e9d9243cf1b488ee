/* SPDX-License-Identifier: ISC */
/* Headers of requests. */

#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include "request/ctx.h"

/*
 * The value of a header, without blanks around it; NULL if it is not sent.
 * Records a detail for raise_validation(), and returns NULL, if it is sent
 * twice. name has small letters.
 */
const char	*header_once(struct ctx *, const char *name);

#endif
