/* SPDX-License-Identifier: ISC */
/* The audit log, for admins. */

#include "dependencies.h"
#include "http/routes.h"
#include "modules/audit/audit.h"
#include "utils/netaddr.h"

#define EXAMPLE_USER	"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"

ROUTER(admin_audit, "Read the audit log.");

/* In the form in which it is recorded: ::1, not 0:0::1. */
static const char *
address_param(struct ctx *c, const char *name)
{
	const char	*text = query_param(c, name);
	char		*normal = ctx_alloc(c, NETADDR_TEXT);
	struct netaddr	 address;

	if (text == NULL)
		return (NULL);
	if (!netaddr_parse(text, &address))
		raise_invalid(c, ctx_printf(c, "query.%s", name),
		    "invalid_format", "Must be an IP address");
	netaddr_text(&address, normal);
	return (normal);
}

static void
list_audit(struct ctx *c)
{
	audit_list_respond(c, address_param(c, QUERY_NAME("address")),
	    query_time(c, "since"), query_time(c, "until"));
}

ROUTE(admin_audit,
    CURSOR_ONLY_PARAMS,
    PARAM(actor_id, "Only what this user did.", .example = EXAMPLE_USER),
    PARAM(target_id, "Only what was done to this user or job.",
	.example = EXAMPLE_USER),
    PARAM(session_id, "Only what was done in this session.",
	.example = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b56"),
    PARAM(action, "Only this action.", .example = "user_updated"),
    PARAM(address, "Only what was done from this IP address.",
	.example = "192.0.2.1"),
    PARAM(since, "Only from this time on.",
	.example = "2026-01-31T12:00:00Z"),
    PARAM(until, "Only before this time.",
	.example = "2026-02-28T12:00:00Z"),
    GET(list_audit, .auth = require_role("admin"), .out = &audit_list_schema,
	.out_cursor = &audit_list_schema,
	.doc = "List who changed what, the latest first."));
