/* SPDX-License-Identifier: ISC */
/* What /healthz and /readyz answer. */

#include "modules/health/health.h"

static const struct field	health_fields[] = {
	FIELD(health, status, T_STR, 0, NULL, .example = "ok"),
};

SCHEMA(health);
