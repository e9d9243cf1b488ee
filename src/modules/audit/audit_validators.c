/* SPDX-License-Identifier: ISC */
/* Validators of kore.conf for ids, times and addresses in a query. */

#include "schema/validator.h"
#include "utils/netaddr.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"

VALIDATOR_FACTS(v_uuid, .format = "uuid");

VALIDATOR(v_uuid)
{
	char	 id[UUID_TEXT];

	if (uuid_parse(value, id))
		return (VALID);
	validator_reject("invalid_format", "Must be a UUID");
	return (INVALID);
}

VALIDATOR_FACTS(v_time, .format = "date-time");

VALIDATOR(v_time)
{
	int64_t	 us;

	if (timefmt_parse_rfc3339(value, &us))
		return (VALID);
	validator_reject("invalid_format", "Must be a time of RFC 3339, such "
	    "as 2026-01-31T12:00:00Z; + is %%2B in a query");
	return (INVALID);
}

VALIDATOR_FACTS(v_address, .doc = "An IPv4 or IPv6 address.");

VALIDATOR(v_address)
{
	struct netaddr	 address;

	if (netaddr_parse(value, &address))
		return (VALID);
	validator_reject("invalid_format", "Must be an IP address");
	return (INVALID);
}
