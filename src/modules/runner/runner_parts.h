/* SPDX-License-Identifier: ISC */
/* What the files of this module share. */

#ifndef MODULES_RUNNER_PARTS_H
#define MODULES_RUNNER_PARTS_H

#include "request/ctx.h"

struct health;

/* runner_service.c */

/*
 * As health_service_ready(). Raises ERR_UNAVAILABLE also when the runner is
 * stopping.
 */
struct health	*runner_service_ready(struct ctx *) AWAITS;

/* The metrics page: Prometheus text format 0.0.4, in the ctx's arena. */
const char	*runner_service_metrics(struct ctx *) AWAITS;

#endif
