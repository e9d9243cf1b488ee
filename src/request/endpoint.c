/* SPDX-License-Identifier: ISC */
/* The names of the HTTP methods. */

#include "request/endpoint.h"

const char *
endpoint_verb_name(enum http_verb verb)
{
	static const char *const	 names[] = {
		[VERB_NONE] = "", [VERB_GET] = "GET", [VERB_POST] = "POST",
		[VERB_PUT] = "PUT", [VERB_PATCH] = "PATCH",
		[VERB_DELETE] = "DELETE",
	};

	return (names[verb]);
}
