/* SPDX-License-Identifier: ISC */
/* The settings: read from the environment and checked at the start. */

#ifndef SRC_CONFIG_H
#define SRC_CONFIG_H

#include <stdbool.h>

#include "base/register.h"
#include "utils/jwt.h"

/* What the text of a setting must be. */
enum setting_type {
	SETTING_TEXT,		/* any text */
	SETTING_NUMBER,		/* decimal digits, from min to max */
	SETTING_CHOICE,		/* one of the choices */
	SETTING_ADDRESS		/* an IP address */
};

/*
 * A setting: everything about it is in its row. docs/settings.md has a table
 * that tests/lint/settings.py makes from the rows, and check-config prints
 * them. src/config_table.c has the server's own; any file may add more:
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
 * They are read when the server, the job runner or check-config starts, before
 * the fork. A variable that is empty counts as unset.
 */
struct setting {
	const char	*name;		/* the variable of the environment */

	enum setting_type	 type;
	unsigned		 min, max;	/* of a number */
	const char *const	*choices;	/* up to NULL */

	/* The targets, each NULL or filled in. */
	const char	**text;		/* NULL is stored if it is unset */
	unsigned	*number;	/* the number, or the choice's index;
					   if it is unset, not changed */

	/* The default: a text, or a function that finds one. */
	const char	*fallback;
	const char	*(*find_fallback)(void);
	const char	*required;	/* there is none: how to set it */

	/*
	 * What follows once this row and those above it are read: a check of
	 * several settings, or handing them to a room. Returns NULL, or the
	 * line that ends the start.
	 */
	const char	*(*then)(void);

	bool		 secret;	/* is printed masked */

	/* For docs/settings.md. */
	const char	*meaning;	/* one sentence */
	const char	*values;	/* what the type does not say of them */
	const char	*unset;		/* the default, if fallback is NULL */

	/* Once it is read. */
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
#define ADDRESS			.type = SETTING_ADDRESS

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

/*
 * The settings that the top and the modules use; the rooms below have theirs.
 * Filled once, in the parent, before the fork; constant afterwards.
 */
struct config {
	const char	*host;
	const char	*port;
	const char	*admin_port;
	const char	*database_url;
	const char	*public_url;
	const char	*tls_cert;	/* may be NULL */
	const char	*tls_key;	/* may be NULL */
	unsigned	 workers;
	unsigned	 database_pool;
	unsigned	 log_level;	/* enum log_level */
	unsigned	 user_directory;	/* enum user_directory */
	struct jwt_key	 jwt_key;
};

extern struct config	config;

/*
 * Reads and checks the settings that COMMAND needs. Returns NULL, or a line
 * that names the setting that is missing or wrong, and says how it must be.
 */
const char	*config_load(void);

/*
 * Prints every setting as it stands, secrets masked, and the rate limits that
 * result from them (the command check-config).
 */
void		 config_print(void);

#endif
