/* SPDX-License-Identifier: ISC */
/* The queries on jobs, for admins. */

#define DEFINE_QUERIES
#include "modules/admin_jobs/admin_jobs_repository.h"

QUERIES(admin_jobs);

QUERY(admin_jobs, count, total);
QUERY(admin_jobs, list_by_created_at, admin_job);
QUERY(admin_jobs, list_by_created_at_desc, admin_job);
QUERY(admin_jobs, list_of_status_by_created_at, admin_job);
QUERY(admin_jobs, list_of_status_by_created_at_desc, admin_job);

static const struct page_order	orders[] = {
	{ "created_at", &admin_jobs_list_by_created_at.query, "-infinity",
	    PAGE_FIRST_ID },
	{ "-created_at", &admin_jobs_list_by_created_at_desc.query,
	    "infinity", PAGE_LAST_ID },
};

static const struct page_order	orders_of_status[] = {
	{ "created_at", &admin_jobs_list_of_status_by_created_at.query,
	    "-infinity", PAGE_FIRST_ID },
	{ "-created_at", &admin_jobs_list_of_status_by_created_at_desc.query,
	    "infinity", PAGE_LAST_ID },
};

struct admin_job *
admin_jobs_repository_find_all(struct ctx *c,
    const struct admin_job_filter *filter, const struct page *page,
    int64_t limit, size_t *n)
{
	struct page_order	 order;

	if (filter->status == NULL) {
		order = PAGE_ORDER(c, page, orders, "jobs");
		return (db_query_many(c, order.query, n, PARAMS(filter->kind,
		    order.key, order.id, db_int(c, limit),
		    db_int(c, page->skip))));
	}
	order = PAGE_ORDER(c, page, orders_of_status, "jobs");
	return (db_query_many(c, order.query, n, PARAMS(filter->kind,
	    order.key, order.id, db_int(c, limit), db_int(c, page->skip),
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
