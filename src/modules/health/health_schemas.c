/* SPDX-License-Identifier: ISC */
/* The schema of the responses of /healthz and /readyz. */

#include "modules/health/health.h"

static const struct field	health_fields[] = {
	FIELD(health, status, T_STR, 0, NULL, .example = "ok"),
};

SCHEMA(health);
