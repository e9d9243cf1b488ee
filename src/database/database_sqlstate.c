/* SPDX-License-Identifier: ISC */
/* What an error of PostgreSQL means for a request. */

#include <string.h>

#include "base/log.h"
#include "base/register.h"
#include "database/database.h"
#include "database/sqlstate.h"
#include "request/endpoint.h"

REGISTERED(const struct constraint, constraints);

/* A migration has made a prepared statement invalid. */
bool
sqlstate_is_stale(const char *state)
{
	return (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0);
}

/* The server is read-only: a standby, or a demoted primary. */
bool
sqlstate_is_read_only(const char *state)
{
	return (strcmp(state, "25006") == 0);
}

/*
 * The statement is correct, but the server cannot run it now. An error that
 * ends the session (25P03, 28000) is not listed: the connection is lost.
 */
static bool
is_unavailable(const char *state)
{
	static const char *const states[] = {
		"08",		/* connection exception */
		"25006",	/* read-only transaction */
		"53",		/* no more memory, disk or connections */
		"55P03",	/* lock not available */
		"57",		/* operator intervention */
		"58",		/* system error, for example of a disk */
	};
	size_t		 i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strncmp(state, states[i], strlen(states[i])) == 0)
			return (true);
	}
	return (false);
}

/* Too long, out of range, or invalid in the database's encoding. */
static bool
does_not_fit(const char *state)
{
	return (strcmp(state, "22001") == 0 || strcmp(state, "22003") == 0 ||
	    strcmp(state, "22021") == 0);
}

static bool
body_has(const struct ctx *c, const char *member)
{
	return (c->endpoint != NULL && c->endpoint->in != NULL &&
	    schema_own_member(c->endpoint->in, member) != NULL);
}

/*
 * Raises the constraint's own error if it has one: CONSTRAINT. To delete a row
 * that others refer to violates a foreign key, too, but without such a body.
 */
static void
raise_constraint(struct ctx *c, const PGresult *r)
{
	const char	*name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
	const struct constraint	*const *k;

	for (k = __start_registered_constraints; name != NULL &&
	    k < __stop_registered_constraints; k++) {
		if (strcmp((*k)->name, name) != 0)
			continue;
		if ((*k)->member == NULL)
			raise_error(c, &ERR_CONFLICT, "%s", (*k)->message);
		if (body_has(c, (*k)->member))
			raise_invalid(c, ctx_printf(c, "body.%s",
			    (*k)->member), "not_found", "%s", (*k)->message);
	}
}

/*
 * Raises the error for an SQLSTATE (PostgreSQL, appendix A). The database's
 * message goes to the log, never to the client.
 */
void
raise_sqlstate(struct ctx *c, const struct query *q, const PGresult *r)
{
	const char	*state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char	*text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char	*name = q != NULL ? q->name : "transaction";

	if (state == NULL)
		state = "08000";
	if (text == NULL)
		text = "no message";
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) {
		c->error.retry = true;
		raise_error(c, &ERR_UNAVAILABLE,
		    "The request collided with another");
	}
	if (sqlstate_is_stale(state)) {
		c->error.retry = true;
		raise_error(c, &ERR_UNAVAILABLE, "The schema has changed");
	}
	if (does_not_fit(state)) {
		log_event(LEVEL_WARNING, c->request_id, "database",
		    "%s: %s: %s", name, state, text);
		raise_invalid(c, "body", "out_of_range",
		    "A value does not fit the database");
	}
	if (strncmp(state, "23", 2) == 0) {
		raise_constraint(c, r);
		log_event(LEVEL_ERROR, c->request_id, "integrity",
		    "%s: %s: %s", name, state, text);
		raise_error(c, &ERR_CONFLICT, "Resource already exists or "
		    "constraint violation");
	}
	if (is_unavailable(state)) {
		if (!c->quiet)
			log_event(LEVEL_WARNING, c->request_id, "database",
			    "%s: %s: %s", name, state, text);
		raise_error(c, &ERR_UNAVAILABLE, sqlstate_is_read_only(state) ?
		    "The database is read-only" :
		    "The database is unavailable");
	}
	raise_error(c, &ERR_INTERNAL, "%s: %s: %s", name, state, text);
}
