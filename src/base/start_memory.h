/* SPDX-License-Identifier: ISC */
/* Gives back the memory that only a start needs. */

#ifndef BASE_START_MEMORY_H
#define BASE_START_MEMORY_H

/*
 * Call it at the end of a start. It returns free memory of malloc()'s, and the
 * pages of programs and libraries that are as in their files: those still in
 * use come back from the page cache when they are touched. Without /proc, these
 * stay.
 */
void	start_memory_free(void);

#endif
