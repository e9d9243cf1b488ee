/* SPDX-License-Identifier: ISC */
/* Which members a body had. */

#ifndef SCHEMA_MEMBER_SET_H
#define SCHEMA_MEMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The members that a body had: Pydantic's model_dump(exclude_unset=True). It
 * has a bit for each byte of the struct; a member's bit is at its offset.
 */
#define MEMBER_SET_BITS	256

struct member_set {
	uint64_t	bits[MEMBER_SET_BITS / 64];
};

static inline void
member_set_mark(struct member_set *set, size_t offset, bool on)
{
	uint64_t	 bit = UINT64_C(1) << (offset % 64);

	if (on)
		set->bits[offset / 64] |= bit;
	else
		set->bits[offset / 64] &= ~bit;
}

static inline bool
member_set_any(const struct member_set *set)
{
	uint64_t	 any = 0;
	size_t		 i;

	for (i = 0; i < MEMBER_SET_BITS / 64; i++)
		any |= set->bits[i];
	return (any != 0);
}

static inline bool
member_is_set(const struct member_set *set, size_t offset)
{
	return (set->bits[offset / 64] >> (offset % 64) & 1);
}

#endif
