/* SPDX-License-Identifier: ISC */
/* The schema of the response of /. */

#include "modules/docs/docs.h"
#include "openapi/openapi.h"
#include "product.h"

static const struct member	service_members[] = {
	MEMBER(service, name, T_STR, OUT, .example = PRODUCT_TITLE),
	MEMBER(service, version, T_STR, OUT, .example = PRODUCT_VERSION),
	MEMBER(service, docs, T_STR, OUT, .example = "/docs"),
	MEMBER(service, openapi, T_STR, OUT, .example = "/openapi.json"),
};

SCHEMA(service);
