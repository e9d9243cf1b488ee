/* SPDX-License-Identifier: ISC */
/* Checks the kinds of jobs, and stores jobs. */

#include <string.h>

#include "base/register.h"
#include "jobs/jobs.h"
#include "jobs/jobs_repository.h"
#include "jobs/runner.h"
#include "utils/start_error.h"

#define KIND_MAX	100	/* bytes, like the column jobs.kind */

static const struct member *
find_member(const struct schema *s, const char *name)
{
	const struct member	*f;

	for (f = s->members; f < s->members + s->nmembers; f++) {
		if (strcmp(f->name, name) == 0)
			return (f);
	}
	return (NULL);
}

static const char *
unique_key(const struct job_kind *k, const void *payload)
{
	const struct member	*f;

	if (k->unique == NULL)
		return (NULL);
	f = find_member(k->payload, k->unique);
	return (*(const char *const *)((const char *)payload + f->offset));
}

void
job_store(struct ctx *c, const struct job_kind *k, const void *payload)
{
	if (c->transaction == NULL)
		raise_error(c, &ERR_INTERNAL, "%s outside of a transaction",
		    k->name);
	jobs_repository_enqueue(c, k->name,
	    k->payload != NULL ? schema_write(c, k->payload, payload) : "{}",
	    unique_key(k, payload));
}

static const char *
check_unique(const struct job_kind *k)
{
	const struct member	*f;

	if (k->unique == NULL)
		return (NULL);
	f = k->payload == NULL ? NULL : find_member(k->payload, k->unique);
	if (f == NULL)
		return (start_error("the job %s: its payload has no member %s",
		    k->name, k->unique));
	if (f->type != T_STR && f->type != T_UUID)
		return (start_error("the job %s: its unique member %s must be "
		    "a T_STR or a T_UUID", k->name, k->unique));
	return (NULL);
}

/* A payload must be readable as the struct from which it was written. */
static const char *
check_payload(const struct job_kind *k)
{
	const struct job_payload	*const *p;
	size_t				 i;

	if (!schema_is_readable(k->payload))
		return (start_error("the job %s: its payload has a member that "
		    "cannot be read back", k->name));
	for (i = 0; i < k->payload->nmembers; i++) {
		if ((k->payload->members[i].flags & OUT) == 0)
			return (start_error("the job %s: its payload has the "
			    "member %s, which is not OUT, so it is not stored",
			    k->name, k->payload->members[i].name));
		if (k->payload->members[i].flags & SECRET)
			return (start_error("the job %s: its payload has the "
			    "secret %s, which would be stored", k->name,
			    k->payload->members[i].name));
	}
	EACH_REGISTERED(p, job_payloads) {
		if ((*p)->kind == k && strcmp((*p)->structure,
		    k->payload->structure) != 0)
			return (start_error("the job %s: its payload is a "
			    "struct %s, and its schema of struct %s", k->name,
			    (*p)->structure, k->payload->structure));
	}
	return (NULL);
}

const char *
jobs_init(void)
{
	struct job_kind	*const *i;
	struct job_kind	*k;
	const char	*problem;

	EACH_REGISTERED(i, job_kinds) {
		k = *i;
		if (strlen(k->name) > KIND_MAX)
			return (start_error("the job %s: its name is too long",
			    k->name));
		if (k->timeout == 0)
			return (start_error("the job %s has no timeout",
			    k->name));
		if (k->every != 0 && k->payload != NULL)
			return (start_error("the job %s: what is scheduled has "
			    "no payload", k->name));
		if (k->payload != NULL && (problem = check_payload(k)) != NULL)
			return (problem);
		if ((problem = check_unique(k)) != NULL)
			return (problem);
		if (k->attempts == 0)
			k->attempts = 1;
		if (k->backoff_max < k->backoff)
			k->backoff_max = k->backoff;
		k->endpoint.name = k->name;
		k->endpoint.handler = k->handler;
		k->endpoint.in = k->payload;
	}
	return (NULL);
}
