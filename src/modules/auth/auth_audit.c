/* SPDX-License-Identifier: ISC */
/* What the audit log says of sessions that were ended. */

#include "modules/audit/audit.h"
#include "modules/auth/auth_parts.h"

AUDIT_ACTION(session_ended, "A session was ended: by its user, by the holder "
    "of one of its tokens, or because its user has too many.");

void
auth_audit_ended(struct ctx *c, const char *user_id, const char *session_id,
    int64_t n, const char *how)
{
	audit(c, session_ended, .actor_id = user_id, .target_id = user_id,
	    CHANGES({ "how", NULL, how }, { "session", session_id, NULL },
	    { "sessions", session_id == NULL ?
	    ctx_printf(c, "%lld", (long long)n) : NULL, NULL }));
}
