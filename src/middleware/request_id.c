/* SPDX-License-Identifier: ISC */
/* The request id, which the response and the log share. */

#include <string.h>

#include "middleware/middleware.h"
#include "utils/uuid.h"

void
request_id_assign(char id[static REQUEST_ID_MAX + 1], const char *header)
{
	static const char	 allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t			 len;

	if (header != NULL) {
		len = strlen(header);
		if (len >= 1 && len <= REQUEST_ID_MAX &&
		    strspn(header, allowed) == len) {
			memcpy(id, header, len + 1);
			return;
		}
	}
	if (!uuid_v7(id))
		id[0] = '\0';
}
