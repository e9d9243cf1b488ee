/* SPDX-License-Identifier: ISC */
/* The schema of the responses of /healthz and /readyz. */

#include "modules/health/health.h"
#include "product.h"

static const struct member	health_members[] = {
	MEMBER(health, status, T_STR, OUT, .example = "ok"),
	MEMBER(health, warning, T_STR, OUT | OPTIONAL,
	    .example = "No job runner was seen for a minute: background work "
	    "waits until ./" PRODUCT " jobs runs"),
};

SCHEMA(health);
