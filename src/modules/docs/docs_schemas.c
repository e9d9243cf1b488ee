/* SPDX-License-Identifier: ISC */
/* The schema of the response of /. */

#include "modules/docs/docs.h"
#include "openapi/openapi.h"
#include "product.h"

static const struct field	service_fields[] = {
	FIELD(service, name, T_STR, 0, NULL, .example = PRODUCT_TITLE),
	FIELD(service, version, T_STR, 0, NULL, .example = API_VERSION),
	FIELD(service, docs, T_STR, 0, NULL, .example = "/docs"),
	FIELD(service, openapi, T_STR, 0, NULL, .example = "/openapi.json"),
};

SCHEMA(service);
