/* SPDX-License-Identifier: ISC */
/* The commands of ./keel besides serve, like those of Django's manage.py. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "commands_output.h"
#include "commands_queries.h"
#include "commands_users.h"
#include "config.h"
#include "database/database.h"
#include "exit.h"
#include "http/routes.h"
#include "jobs_main.h"
#include "modules/audit/audit.h"
#include "modules/users/users.h"
#include "openapi/openapi.h"
#include "product.h"
#include "signals.h"
#include "utils/uuid.h"
#include "wire/tls.h"
#include "wire/wire.h"

/* Two blanks end a column: require_role("admin", "staff") contains one. */
#define ROUTE_COLUMNS	"%-6s  %-40s  %-18s  %-41s  "
#define ROUTE_AUTH_MAX	128

static void
show_route(const struct route *r, const struct endpoint *e)
{
	char	 auth[ROUTE_AUTH_MAX];

	snprintf(auth, sizeof(auth), "%s%s%s", endpoint_is_public(e) ?
	    "-" : e->auth->name, e->also != NULL ? ", " : "", e->also != NULL ?
	    e->also->name : "");
	printf(ROUTE_COLUMNS "%s\n", endpoint_verb_name(e->verb),
	    route_path(r), e->name, auth, e->doc != NULL ? e->doc : "");
}

static void
command_routes(void)
{
	printf(ROUTE_COLUMNS "%s\n", "METHOD", "PATH", "HANDLER", "AUTH",
	    "DOC");
	routes_walk(show_route);
}

/* Prints exactly the bytes of GET /openapi.json. */
static void
command_openapi(void)
{
	const struct static_file	*f = openapi_file();

	fwrite(f->plain.bytes, 1, f->plain.len, stdout);
}

static void
command_migrate(void)
{
	const char	*problem;

	exit_if(migrations_take_signals());
	if (signals_noted() != 0)	/* before that */
		exit_by_signal(signals_noted(), "ended by a signal");
	if (config.migrate_url != NULL)
		database_init(config.migrate_url, ENV("MIGRATE_URL"));
	problem = migrations_run(getenv(ENV("DRY_RUN")) != NULL,
	    config.migrate_lock_seconds);
	if (problem != NULL && migrations_ended_by() != 0)
		exit_by_signal(migrations_ended_by(), problem);
	exit_if(problem);
}

/* Of an e-mail address, or of an id: that of a deleted user, too. */
static const char *
find_user_id(const char *user)
{
	static char		 id[UUID_TEXT];
	const struct user	*found;
	const char		*problem = NULL;

	if (uuid_parse(user, id))
		return (id);
	found = users_service_find_now(user, &problem);
	exit_if(problem);
	if (found == NULL)
		exit_fail("no user has the e-mail address %s; a deleted one "
		    "is found by their id", user);
	return (found->id);
}

static void
command_audit(void)
{
	const char		*user = getenv(ENV("USER"));
	struct audit_options	 options;

	options.lines = getenv(ENV("LINES"));
	options.action = getenv(ENV("ACTION"));
	options.user_id = user != NULL ? find_user_id(user) : NULL;
	options.since = getenv(ENV("SINCE"));
	options.json = getenv(ENV("JSON")) != NULL;
	exit_if(audit_command(&options));
}

/* With --jobs, of the runner, which needs no certificate. */
static void
command_check_config(void)
{
	config_print();
	if (!config.for_jobs) {
		exit_if(wire_check());
		exit_if(tls_choose(config.tls_off));
		exit_if(tls_init(config.tls_cert, config.tls_key));
		tls_print();
	}
	exit_if(database_check());
	printf(PRODUCT ": the configuration is good\n");
}

/* Where to listen, apart from the other connections; or NULL. */
static struct servers *
find_listener(void)
{
	struct servers	*servers;
	const char	*problem, *useless;

	if (config.database_listen_url == NULL)
		return (NULL);
	servers = servers_of(config.database_listen_url,
	    ENV("DATABASE_LISTEN_URL"), &problem);
	exit_if(problem);
	if ((useless = database_listen_useless(servers)) == NULL)
		return (servers);
	fprintf(stderr, PRODUCT ": warning: " ENV("DATABASE_LISTEN_URL") ": "
	    "%s; the connections of " ENV("DATABASE_URL") " listen instead\n",
	    useless);
	return (NULL);
}

static void __attribute__((noreturn))
command_jobs(void)
{
	struct servers	*listen;
	const char	*problem;

	exit_if(database_check());
	listen = find_listener();
	jobs_main(database_servers(&problem), listen);
}

bool
commands_is(const char *name)
{
	const char	*asked = getenv(ENV("COMMAND"));

	return (asked != NULL && strcmp(asked, name) == 0);
}

bool
commands_serves(void)
{
	return (getenv(ENV("COMMAND")) == NULL || commands_is("serve"));
}

#define DONE	"; the command has done its work"
#define LOST	"; the link is lost, so make another one"

static const struct command {
	const char	*name;
	void		(*run)(void);
	const char	*changed;	/* said if its output is lost */
} commands[] = {
	{ "audit", command_audit, NULL },
	{ "check-config", command_check_config, NULL },
	{ "create-admin", command_create_admin, DONE },
	{ "email-key", command_email_key, NULL },
	{ "end-sessions", command_end_sessions, DONE },
	{ "migrate", command_migrate, DONE },
	{ "openapi", command_openapi, NULL },
	{ "queries", command_queries, NULL },
	{ "reset-password", command_reset_password, LOST },
	{ "routes", command_routes, NULL },
	{ "set-role", command_set_role, DONE },
	{ "unlock", command_unlock, DONE },
	{ "users", command_users, NULL },
};

static void __attribute__((noreturn))
run(const struct command *command)
{
	const char	*changed = command->changed, *problem;

	commands_output_begin();
	command->run();
	if (changed == NULL || getenv(ENV("DRY_RUN")) != NULL)
		changed = "";
	if ((problem = commands_output_end()) != NULL)
		exit_fail("%s%s", problem, changed);
	exit_with(0);
}

/* Kore's handlers note a signal for its loop, which a command does not have. */
static void
obey_signals(void)
{
	static const int	 numbers[] = { SIGINT, SIGQUIT, SIGTERM };
	size_t			 i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
}

void
commands_run(void)
{
	const char	*name = getenv(ENV("COMMAND"));
	size_t		 i;

	if (commands_serves())
		return;
	if (commands_is("jobs"))
		command_jobs();
	if (strcmp(name, "migrate") != 0)	/* it has its own */
		obey_signals();
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			run(&commands[i]);
	}
	exit_fail("unknown command '%s'", name);
}
