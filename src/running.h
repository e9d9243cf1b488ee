/* SPDX-License-Identifier: ISC */
/* What the process does now. */

#ifndef SRC_RUNNING_H
#define SRC_RUNNING_H

#include "base/crash.h"

/* For crash_init(): tells the request or the job of the running coroutine. */
void	running_tell(struct crash_facts *, const void *address);

#endif
