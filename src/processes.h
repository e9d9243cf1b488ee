/* SPDX-License-Identifier: ISC */
/* Kore's processes after the death of its parent: nothing is left of them. */

#ifndef SRC_PROCESSES_H
#define SRC_PROCESSES_H

/*
 * To be called in the parent, before Kore forks. From then on each process that
 * Kore forks is killed when the parent dies, which neither a worker nor the key
 * manager would notice, and their shared memory is freed when the last of them
 * ends. Returns NULL, or an error message.
 */
const char	*processes_bind(void);

#endif
