/* SPDX-License-Identifier: ISC */
/* The C step of a migration: see step.h. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "database/step.h"
#include "database/step_run.h"
#include "product.h"
#include "utils/start_error.h"

struct step_rows {
	PGresult		*result;	/* NULL: they have ended */
	int			 row;
	struct step_rows	*next;
};

struct step {
	struct migrate		*run;
	bool			 failed;
	const char		*why;		/* of step_fail(); or NULL */
	struct step_rows	*all;
};

/* What a failed statement returns: it has no row, and belongs to nobody. */
static struct step_rows	none;

void
step_fail(struct step *step, const char *fmt, ...)
{
	const char	*said;
	va_list		 ap;

	if (step->failed)
		return;
	va_start(ap, fmt);
	said = start_error_va(fmt, ap);
	va_end(ap);
	step->why = start_error("%s is not applied: its step: %s",
	    step->run->m->name, said);
	step->failed = true;
}

void
step_say(struct step *step, const char *fmt, ...)
{
	va_list	 ap;

	if (step->failed)
		return;
	va_start(ap, fmt);
	fprintf(stderr, PRODUCT ": %s\n", start_error_va(fmt, ap));
	va_end(ap);
}

bool
step_failed(const struct step *step)
{
	return (step->failed);
}

static PGresult *
execute(struct step *step, const char *sql, const char *const *params,
    size_t n)
{
	PGresult	*r;

	if (step->failed)
		return (NULL);
	r = migrate_watched(step->run, sql, params + 1, (int)n - 1, false);
	if (r == NULL)
		step->failed = true;
	return (r);
}

int64_t
step_run_with(struct step *step, const char *sql, const char *const *params,
    size_t n)
{
	PGresult	*r = execute(step, sql, params, n);
	int64_t		 touched = r != NULL ? atoll(PQcmdTuples(r)) : 0;

	PQclear(r);
	return (touched);
}

struct step_rows *
step_rows_with(struct step *step, const char *sql, const char *const *params,
    size_t n)
{
	PGresult		*r = execute(step, sql, params, n);
	struct step_rows	*rows;

	if (r == NULL)
		return (&none);
	if ((rows = calloc(1, sizeof(*rows))) == NULL) {
		PQclear(r);
		step_fail(step, "out of memory");
		return (&none);
	}
	rows->result = r;
	rows->row = -1;
	rows->next = step->all;
	step->all = rows;
	return (rows);
}

static void
end_rows(struct step_rows *rows)
{
	PQclear(rows->result);
	rows->result = NULL;
}

bool
step_next(struct step_rows *rows)
{
	if (rows->result == NULL)
		return (false);
	if (++rows->row < PQntuples(rows->result))
		return (true);
	end_rows(rows);
	return (false);
}

/* Of a column that the statement does not have, NULL, too. */
const char *
step_value(const struct step_rows *rows, int column)
{
	if (rows->result == NULL || rows->row < 0 || column < 0 ||
	    column >= PQnfields(rows->result) ||
	    PQgetisnull(rows->result, rows->row, column))
		return (NULL);
	return (PQgetvalue(rows->result, rows->row, column));
}

/* Its rows are kept until the end, for the value. */
const char *
step_text_with(struct step *step, const char *sql, const char *const *params,
    size_t n)
{
	struct step_rows	*rows = step_rows_with(step, sql, params, n);

	if (rows->result == NULL || PQntuples(rows->result) == 0)
		return (NULL);
	rows->row = 0;
	return (step_value(rows, 0));
}

bool
step_apply(struct migrate *run, const char **why)
{
	struct step		 step = { .run = run };
	struct step_rows	*rows;

	run->m->step(&step);
	while ((rows = step.all) != NULL) {
		step.all = rows->next;
		end_rows(rows);
		free(rows);
	}
	*why = step.why;
	return (!step.failed);
}
