/* SPDX-License-Identifier: ISC */
/* The kinds of jobs, and how one is stored. */

#include <string.h>

#include "jobs/jobs.h"
#include "jobs/jobs_repository.h"
#include "jobs/runner.h"
#include "utils/complain.h"

#define KIND_MAX	100	/* bytes, as its column */

static const struct field *
find_member(const struct schema *s, const char *name)
{
	const struct field	*f;

	for (f = s->fields; f < s->fields + s->nfields; f++) {
		if (strcmp(f->name, name) == 0)
			return (f);
	}
	return (NULL);
}

static const char *
unique_key(const struct job_kind *k, const void *payload)
{
	const struct field	*f;

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
	const struct field	*f;

	if (k->unique == NULL)
		return (NULL);
	f = k->payload == NULL ? NULL : find_member(k->payload, k->unique);
	if (f == NULL)
		return (complain("the job %s: its payload has no member %s",
		    k->name, k->unique));
	if (f->type != T_STR && f->type != T_UUID)
		return (complain("the job %s: its unique member %s must be a "
		    "T_STR or a T_UUID", k->name, k->unique));
	return (NULL);
}

/* A payload is read back as the struct that it was written from. */
static const char *
check_payload(const struct job_kind *k)
{
	const struct job_payload	*const *p;
	size_t				 i;

	if (!schema_is_readable(k->payload))
		return (complain("the job %s: its payload has a member that "
		    "cannot be read back", k->name));
	for (i = 0; i < k->payload->nfields; i++) {
		if (k->payload->fields[i].flags & SECRET)
			return (complain("the job %s: its payload has the "
			    "secret %s, which would be stored", k->name,
			    k->payload->fields[i].name));
	}
	for (p = __start_keel_job_payloads; p < __stop_keel_job_payloads;
	    p++) {
		if ((*p)->kind == k && strcmp((*p)->structure,
		    k->payload->structure) != 0)
			return (complain("the job %s: its payload is a struct "
			    "%s, and its schema of struct %s", k->name,
			    (*p)->structure, k->payload->structure));
	}
	return (NULL);
}

const char *
jobs_init(void)
{
	struct job_kind	*const *i;
	struct job_kind	*k;
	const char	*what;

	for (i = __start_keel_job_kinds; i < __stop_keel_job_kinds; i++) {
		k = *i;
		if (strlen(k->name) > KIND_MAX)
			return (complain("the job %s: its name is too long",
			    k->name));
		if (k->timeout == 0)
			return (complain("the job %s has no timeout",
			    k->name));
		if (k->every != 0 && k->payload != NULL)
			return (complain("the job %s: what is scheduled has "
			    "no payload", k->name));
		if (k->payload != NULL && (what = check_payload(k)) != NULL)
			return (what);
		if ((what = check_unique(k)) != NULL)
			return (what);
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
