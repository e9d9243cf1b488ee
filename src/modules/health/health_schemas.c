/* SPDX-License-Identifier: ISC */
/* The schema of the responses of /healthz and /readyz. */

#include "modules/health/health.h"

static const struct member	health_members[] = {
	MEMBER(health, status, T_STR, OUT, .example = "ok"),
};

SCHEMA(health);
