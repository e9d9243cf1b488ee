/* SPDX-License-Identifier: ISC */
/* The queries on jobs, for admins. */

#include <string.h>

#include "modules/admin_jobs/admin_jobs_repository.h"

QUERIES(admin_jobs);

QUERY(admin_jobs, count, total);
QUERY(admin_jobs, list_by_created_at, admin_job);
QUERY(admin_jobs, list_by_created_at_desc, admin_job);
QUERY(admin_jobs, list_of_status_by_created_at, admin_job);
QUERY(admin_jobs, list_of_status_by_created_at_desc, admin_job);
QUERY(admin_jobs, retry, admin_job);

/* The orders of a list; key and id come before the first row of each. */
static const struct order {
	const char		*sort;
	const struct query	*all, *of_status;
	const char		*key, *id;
} orders[] = {
	{ "created_at", &admin_jobs_list_by_created_at.query,
	    &admin_jobs_list_of_status_by_created_at.query,
	    "-infinity", PAGE_FIRST_ID },
	{ "-created_at", &admin_jobs_list_by_created_at_desc.query,
	    &admin_jobs_list_of_status_by_created_at_desc.query,
	    "infinity", PAGE_LAST_ID },
};

static const struct order *
find_order(struct ctx *c, const char *sort)
{
	size_t	 i;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(orders[i].sort, sort) == 0)
			return (&orders[i]);
	}
	raise_invalid(c, "query.sort", "not_allowed", "Is no order of jobs");
}

struct admin_job *
admin_jobs_repository_find_all(struct ctx *c,
    const struct admin_job_filter *filter, const struct page *page,
    int64_t limit, size_t *n)
{
	const struct order	*order = find_order(c, page->sort);
	bool			 start = page->after_id == NULL;
	const char		*key = start ? order->key : page->after_key,
				*id = start ? order->id : page->after_id;

	if (filter->status == NULL)
		return (db_query_many(c, order->all, n, PARAMS(filter->kind,
		    key, id, db_int(c, limit), db_int(c, page->skip))));
	return (db_query_many(c, order->of_status, n, PARAMS(filter->kind,
	    key, id, db_int(c, limit), db_int(c, page->skip),
	    filter->status)));
}

int64_t
admin_jobs_repository_count(struct ctx *c,
    const struct admin_job_filter *filter)
{
	return (db_one(c, admin_jobs_count, filter->kind,
	    filter->status)->total);
}

const char *
admin_jobs_repository_sort_key(struct ctx *c, const struct admin_job *job)
{
	return (db_time(c, job->created_at));
}

struct admin_job *
admin_jobs_repository_retry(struct ctx *c, const char *id)
{
	return (db_maybe_one(c, admin_jobs_retry, id));
}
