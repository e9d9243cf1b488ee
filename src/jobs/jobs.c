/* SPDX-License-Identifier: ISC */
/* Checks the kinds of jobs, and stores jobs. */

#include <string.h>

#include "base/register.h"
#include "jobs/jobs.h"
#include "jobs/jobs_repository.h"
#include "jobs/rounds.h"
#include "jobs/runner.h"
#include "utils/start_error.h"
#include "utils/timefmt.h"

#define KIND_MAX	100	/* bytes, like the column jobs.kind */
#define YEARS_MAX	10	/* how far from now a job's time may be */
#define SECONDS_MAX	(YEARS_MAX * INT64_C(31622400))	/* leap years */

/* "FILE: the job NAME" and then the text. */
#define job_error(k, fmt, ...)						\
	start_error("%s: the job %s" fmt, (k)->file, (k)->name,		\
	    ##__VA_ARGS__)

/* The text of that member of the payload; NULL without a name. */
static const char *
payload_text(const struct job_kind *k, const char *name, const void *payload)
{
	const struct member	*m;

	if (name == NULL)
		return (NULL);
	m = schema_own_member(k->payload, name);
	return (*(const char *const *)((const char *)payload + m->offset));
}

static void	store(struct ctx *, const struct job_kind *, const void *,
		    int64_t, const int64_t *) AWAITS;

/* After these seconds or, if `at` is not NULL, at that time. */
static void
store(struct ctx *c, const struct job_kind *k, const void *payload,
    int64_t seconds, const int64_t *at)
{
	if (c->transaction == NULL)
		raise_error(c, &ERR_INTERNAL, "%s outside of a transaction",
		    k->name);
	jobs_repository_enqueue(c, k->name,
	    k->payload != NULL ? schema_write(c, k->payload, payload) : "{}",
	    payload_text(k, k->unique, payload),
	    payload_text(k, k->user, payload), seconds, at);
}

void
job_store(struct ctx *c, const struct job_kind *k, const void *payload)
{
	store(c, k, payload, 0, NULL);
}

void
job_store_in(struct ctx *c, int64_t seconds, const struct job_kind *k,
    const void *payload)
{
	if (seconds < 0 || seconds > SECONDS_MAX)
		raise_error(c, &ERR_INTERNAL, "background_in(c, %lld, %s, ...)"
		    ": the seconds must be from 0 to %lld, ten years",
		    (long long)seconds, k->name, (long long)SECONDS_MAX);
	store(c, k, payload, seconds, NULL);
}

void
job_store_at(struct ctx *c, int64_t when, const struct job_kind *k,
    const void *payload)
{
	int64_t	 now = timefmt_now(), most = SECONDS_MAX * 1000000;

	if (when < now - most || when > now + most)
		raise_error(c, &ERR_INTERNAL, "background_at(c, %lld, %s, ...)"
		    ": the time must be within ten years of now, in "
		    "microseconds since 1970", (long long)when, k->name);
	store(c, k, payload, 0, &when);
}

static const char *
check_unique(const struct job_kind *k)
{
	const struct member	*m;

	if (k->unique == NULL)
		return (NULL);
	m = k->payload == NULL ? NULL :
	    schema_own_member(k->payload, k->unique);
	if (m == NULL)
		return (job_error(k, ": its payload has no member %s, which "
		    ".unique names", k->unique));
	if (m->type != T_STR && m->type != T_UUID)
		return (job_error(k, ": its unique member %s must be a T_STR "
		    "or a T_UUID", k->unique));
	return (NULL);
}

static const char *
check_user(const struct job_kind *k)
{
	const struct member	*m;

	if (k->user == NULL)
		return (NULL);
	m = k->payload == NULL ? NULL :
	    schema_own_member(k->payload, k->user);
	if (m == NULL)
		return (job_error(k, ": its payload has no member %s, which "
		    ".user names", k->user));
	if (m->type != T_UUID)
		return (job_error(k, ": its member %s, which .user names, must "
		    "be a T_UUID: the id of a user", k->user));
	return (NULL);
}

/* A payload must be readable as the struct from which it was written. */
static const char *
check_payload(const struct job_kind *k)
{
	size_t	 i;

	if (!schema_is_readable(k->payload))
		return (job_error(k, ": its .payload = &%s_schema has a member "
		    "that cannot be read back (T_JSON, T_LIST or T_OBJECT): "
		    "store an id, and read the row in the handler",
		    k->payload->name));
	for (i = 0; i < k->payload->nmembers; i++) {
		if ((k->payload->members[i].flags & OUT) == 0)
			return (job_error(k, ": its payload has the member "
			    "%s, which is not OUT, so it is not stored: write "
			    "OUT, or list the others in .only",
			    k->payload->members[i].name));
		if (k->payload->members[i].flags & SECRET)
			return (job_error(k, ": its payload has the secret %s, "
			    "which would be stored: store an id, and read the "
			    "row in the handler", k->payload->members[i].name));
	}
	return (NULL);
}

/* What its header declares must be what is stored and read. */
static const char *
check_declared(const struct job_kind *k)
{
	const struct job_payload	*const *p;
	bool				 is_declared = false;

	EACH_REGISTERED(p, job_payloads) {
		if ((*p)->kind != k)
			continue;
		is_declared = true;
		if (k->payload == NULL)
			return (job_error(k, " has no .payload, and its "
			    "JOB_KIND declares a struct %s: write .payload = "
			    "&NAME_schema", (*p)->structure));
		if (strcmp((*p)->structure, k->payload->structure) != 0)
			return (job_error(k, ": its JOB_KIND declares a struct "
			    "%s, and its .payload = &%s_schema is of struct "
			    "%s", (*p)->structure, k->payload->name,
			    k->payload->structure));
	}
	if (!is_declared && !rounds_has(k))
		return (job_error(k, " is never stored: write JOB_KIND(%s, "
		    "STRUCT) in a header, or schedule it with .every or "
		    ".daily",
		    k->name));
	return (NULL);
}

static const char *
check_kind(const struct job_kind *k)
{
	const char	*problem;

	if (strlen(k->name) > KIND_MAX)
		return (job_error(k, ": its name is too long: at most %d bytes",
		    KIND_MAX));
	if (k->timeout == 0)
		return (job_error(k, " has no .timeout: write the seconds that "
		    "an attempt may take"));
	if (rounds_has(k) && k->payload != NULL)
		return (job_error(k, ": what is scheduled has no payload: "
		    "leave out %s or .payload", k->every != 0 ? ".every" :
		    ".daily"));
	if ((problem = rounds_check(k)) != NULL)
		return (job_error(k, "%s", problem));
	if (k->payload != NULL && (problem = check_payload(k)) != NULL)
		return (problem);
	if ((problem = check_declared(k)) != NULL)
		return (problem);
	if ((problem = check_unique(k)) != NULL)
		return (problem);
	return (check_user(k));
}

const char *
jobs_init(void)
{
	const struct job_payload	*const *p;
	struct job_kind			*const *i;
	struct job_kind			*k;
	const char			*problem;

	EACH_REGISTERED(p, job_payloads) {
		if ((*p)->kind == NULL)
			return (start_error("%s: JOB_KIND(%s) has no JOB(%s, "
			    "...) in a .c file", (*p)->file, (*p)->name,
			    (*p)->name));
	}
	EACH_REGISTERED(i, job_kinds) {
		k = *i;
		if ((problem = check_kind(k)) != NULL)
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
