/* SPDX-License-Identifier: ISC */
/* The settings: read from the environment and checked at the start. */

#ifndef SRC_CONFIG_H
#define SRC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/register.h"
#include "utils/jwt.h"

/*
 * A variable of the environment. Every SETTING is listed by check-config and
 * known to the check for misspelt ones; there is no table in C to edit:
 *
 *	SETTING(port, ENV("PORT"), "8888");
 */
struct setting {
	const char	*name;
	const char	*fallback;	/* NULL: unset */
	bool		 secret;	/* shown masked */

	const char	*value;		/* once it has been read */
	bool		 given;		/* by the environment */
};

#define SETTING(title, variable, text, ...)				\
	static struct setting title##_setting = {			\
		.name = variable, .fallback = text, ##__VA_ARGS__	\
	};								\
	REGISTER(settings, title##_setting)

/* Its value now, or its fallback. A variable that is empty counts as unset. */
const char	*setting_read(struct setting *);

/* Who may list the users, and read others than themselves. */
enum user_directory { DIRECTORY_ADMIN, DIRECTORY_AUTHENTICATED };

/*
 * Settings, from the environment and nowhere else (the seed's config.py).
 * Filled once, in the parent, before the fork; constant afterwards.
 */
struct config {
	const char	*host;			/* HOST */
	const char	*port;			/* PORT */
	const char	*admin_port;		/* ADMIN_PORT */
	const char	*state_dir;		/* STATE_DIR */
	const char	*database_url;		/* DATABASE_URL */
	const char	*public_url;		/* PUBLIC_URL */
	const char	*tls_cert;		/* TLS_CERT; may be NULL */
	const char	*tls_key;		/* TLS_KEY; may be NULL */
	unsigned	 workers;		/* WORKERS */
	unsigned	 database_pool;		/* DATABASE_POOL */
	unsigned	 log_level;		/* LOG_LEVEL */
	enum user_directory	 user_directory; /* USER_DIRECTORY */
	struct jwt_key	 jwt_key;	/* SECRET_KEY, ALGORITHM */
};

extern struct config	config;

/*
 * Reads and checks every setting that COMMAND needs. Returns NULL, or a
 * line naming the setting that is missing or wrong, and how it should be.
 */
const char	*config_load(void);

/*
 * Prints every setting as it stands, secrets masked, and the rate limits that
 * came of it (the command check-config).
 */
void		 config_print(void);

#endif
