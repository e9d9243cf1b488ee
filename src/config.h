/* SPDX-License-Identifier: ISC */
/* The settings: read from the environment and checked at the start. */

#ifndef SRC_CONFIG_H
#define SRC_CONFIG_H

#include <stdbool.h>

#include "base/register.h"
#include "utils/jwt.h"

/* What the value of a setting must be. */
enum setting_type {
	SETTING_TEXT,		/* any text */
	SETTING_NUMBER,		/* decimal digits, from min to max */
	SETTING_CHOICE		/* one of the choices */
};

/*
 * A setting. tests/lint/settings.py makes the tables of docs/settings.md from
 * these rows, and check-config prints them. The server's rows are in
 * src/config_table.c; any file may add more:
 *
 *	static unsigned	 posts_max;
 *
 *	SETTINGS(posts,
 *	    {
 *		ENV("POSTS_MAX"), NUMBER(1, 1000), .number = &posts_max,
 *		.fallback = "100",
 *		.meaning = "Posts that one user may have.",
 *	    });
 *
 * The server, the job runner and check-config read them at the start, before
 * the fork. An empty variable counts as unset. The runner does not ask for what
 * only the server needs, nor does it check more of it than its type.
 */
struct setting {
	const char	*name;		/* the environment variable */

	enum setting_type	 type;
	unsigned		 min, max;	/* for a number */
	const char *const	*choices;	/* ends with NULL */

	/* Where to store the value. Each may be NULL. */
	const char	**text;		/* set to NULL if unset */
	unsigned	*number;	/* the number, or the choice's index;
					   unchanged if unset */

	/* The default: a text, or a function that returns it. */
	const char	*fallback;
	const char	*(*find_fallback)(void);
	const char	*required;	/* no default: tells how to set it */

	/*
	 * Called after this row and those above it are read, to check several
	 * settings or to pass them on. Returns NULL, or the error message that
	 * ends the start.
	 */
	const char	*(*then)(void);

	bool		 secret;	/* print it masked */
	bool		 serving;	/* only the server needs it */

	/* For docs/settings.md. */
	const char	*meaning;	/* one sentence */
	const char	*values;	/* the valid values, besides type */
	const char	*unset;		/* the default, if fallback is NULL */

	/* Set when it is read. */
	const char	*value;
	bool		 given;		/* by the environment */
};

#define TEXT			.type = SETTING_TEXT
#define NUMBER(least, most)						\
	.type = SETTING_NUMBER, .min = (least), .max = (most)
#define CHOICE(...)							\
	.type = SETTING_CHOICE,						\
	.choices = (const char *const[]){ __VA_ARGS__, NULL }
#define FLAG			CHOICE("0", "1")

struct settings_table {
	const char	*title;
	struct setting	*rows;
	size_t		 n;
};

#define SETTINGS(name_of_table, ...)					\
	static struct setting name_of_table##_rows[] = { __VA_ARGS__ };	\
	static struct settings_table name_of_table##_settings = {	\
		.title = #name_of_table, .rows = name_of_table##_rows,	\
		.n = sizeof(name_of_table##_rows) /			\
		    sizeof(name_of_table##_rows[0])			\
	};								\
	REGISTER(settings, name_of_table##_settings)

/* Who may list users and read other users. */
enum user_directory { DIRECTORY_ADMIN, DIRECTORY_AUTHENTICATED };

/* Who may create users: everybody, or admins. */
enum registration { REGISTRATION_OPEN, REGISTRATION_CLOSED };

/*
 * The settings of the modules and the files in src; folders keep their own.
 * Filled once, in the parent, before the fork; constant afterwards.
 */
struct config {
	bool		 for_jobs;	/* for the runner, not the server */
	const char	*host;		/* where it listens: perhaps a socket */
	const char	*host_name;	/* what says so, for messages */
	const char	*port;
	const char	*admin_port;
	const char	*jobs_admin_port;	/* the runner's; NULL: none */
	const char	*database_url;
	const char	*database_listen_url;	/* or NULL */
	const char	*migrate_url;	/* may be NULL */
	unsigned	 migrate_lock_seconds;
	const char	*public_url;
	unsigned	 tls_off;	/* HTTP without TLS */
	const char	*tls_cert;	/* may be NULL */
	const char	*tls_key;	/* may be NULL */
	unsigned	 workers;
	unsigned	 database_pool;
	unsigned	 drain_delay_seconds;
	unsigned	 drain_seconds;
	unsigned	 log_level;	/* enum log_level */
	unsigned	 log_format;	/* enum log_format */
	unsigned	 user_directory;	/* enum user_directory */
	unsigned	 session_seconds;
	unsigned	 session_idle_seconds;
	unsigned	 sessions_per_user;
	unsigned	 registration;	/* enum registration */
	unsigned	 confirm_seconds;
	struct jwt_key	 jwt_key;
};

extern struct config	config;

/* Is the host a Unix socket? */
bool		 config_host_is_socket(void);

/*
 * Reads and checks the settings that COMMAND needs. Returns NULL, or an error
 * message that names the missing or wrong setting.
 */
const char	*config_load(void);

/*
 * Checks the secrets (previous may be NULL), and sets the keys of tokens and
 * cursors. Uses config.jwt_key.alg and config.public_url. Returns NULL, or an
 * error message that names the setting.
 */
const char	*config_use_secrets(const char *secret, const char *previous);

/*
 * For a runner without SECRET_KEY, which signs nothing: makes a key of this
 * process for the links in mails. An attempt by another runner then sends
 * another link, and both work. Returns NULL, or an error message.
 */
const char	*config_use_own_secret(void);

/*
 * The command check-config: prints every setting's value, secrets masked, and
 * the rate limits.
 */
void		 config_print(void);

#endif
