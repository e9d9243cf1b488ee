/* SPDX-License-Identifier: ISC */
/* Finds the client's address, also behind trusted proxies. */

#include <string.h>

#include "base/log.h"
#include "middleware/middleware.h"
#include "product.h"
#include "wire/wire.h"

#define IPV4_NETWORK	24	/* bits */
#define IPV6_CUSTOMER	56

/* Parses one entry of a list. If it is no address: false, *a is unchanged. */
static bool
entry_parse(const char *list, size_t len, struct netaddr *a)
{
	char	 text[NETADDR_TEXT + 8], *end;

	while (len > 0 && (*list == ' ' || *list == '\t')) {
		list++;
		len--;
	}
	while (len > 0 && (list[len - 1] == ' ' || list[len - 1] == '\t'))
		len--;
	if (len == 0 || len >= sizeof(text))
		return (false);
	memcpy(text, list, len);
	text[len] = '\0';
	/* Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711. */
	if (*text == '[' && (end = strchr(text, ']')) != NULL) {
		*end = '\0';
		return (netaddr_parse(text + 1, a));
	}
	if ((end = strchr(text, ':')) != NULL && strchr(end + 1, ':') == NULL)
		*end = '\0';
	return (netaddr_parse(text, a));
}

/*
 * Reads the addresses of X-Forwarded-For from the last to the first: each proxy
 * appends its peer. True when the client is found; the entries before it are
 * not trusted.
 */
static bool
walk_list(struct ctx *c, const char *list)
{
	size_t	 end = strlen(list), start;

	for (;; end = start - 1) {
		for (start = end; start > 0 && list[start - 1] != ',';
		    start--)
			;
		if (!entry_parse(list + start, end - start, &c->address) ||
		    !wire_trusts(&c->address))
			return (true);
		if (start == 0)
			return (false);
	}
}

/* Logs once: a client forges the header, or a proxy is not configured. */
static void
warn_untrusted(const struct ctx *c)
{
	static bool	 warned;

	if (warned || head_value(&c->sent->head, "x-forwarded-for") == NULL)
		return;
	warned = true;
	log_event(LEVEL_WARNING, NULL, "proxy", "X-Forwarded-For from %s is "
	    "not believed: " ENV("TRUSTED_PROXIES") " does not name it",
	    c->client);
}

void
client_address_assign(struct ctx *c, const struct sockaddr *peer)
{
	const struct head_line	*line = NULL;

	netaddr_from(peer, &c->address);
	if (!wire_trusts(&c->address)) {
		netaddr_text(&c->address, c->client);
		warn_untrusted(c);
		return;
	}
	while ((line = head_previous(&c->sent->head, line,
	    "x-forwarded-for")) != NULL && !walk_list(c, line->value))
		;
	netaddr_text(&c->address, c->client);
}

const char *
client_network(struct ctx *c)
{
	char	*text = ctx_alloc(c, NETWORK_TEXT);

	netaddr_network_text(&c->address, c->address.ipv6 ? IPV6_CUSTOMER :
	    IPV4_NETWORK, text);
	return (text);
}
