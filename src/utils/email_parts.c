/* SPDX-License-Identifier: ISC */
/* What is refused on both sides of an address's @, and how that is said. */

#include <unictype.h>

#include <stdio.h>

#include "utils/email_parts.h"

#define REASON_MAX	80	/* bytes */

const char email_no_memory[] = "could not be checked";
const char email_too_long[] = "must be at most 254 bytes long";

/* A combining mark at the beginning would change the text before it. */
bool
email_is_unsafe(uint32_t uc, bool is_first)
{
	return (uc_is_general_category_withtable(uc, UC_CATEGORY_MASK_Z |
	    UC_CATEGORY_MASK_C | (is_first ? UC_CATEGORY_MASK_M : 0)));
}

const char *
email_refused(uint32_t uc, const char *where)
{
	static _Thread_local char	 reason[REASON_MAX];

	snprintf(reason, sizeof(reason), "has U+%04X %s the @, which is not "
	    "allowed there", (unsigned)uc, where);
	return (reason);
}
