/* SPDX-License-Identifier: ISC */
/* Reads a database URL, and writes libpq's strings. For src/database only. */

#ifndef DATABASE_CONNINFO_H
#define DATABASE_CONNINFO_H

#include <limits.h>
#include <stdbool.h>

#define CONNINFO_SIZE		4096
#define SERVER_NAME_SIZE	400
#define HOSTS_MAX		16
#define ADDRESS_SIZE		64	/* IPv6, with an interface */

/* One of the URL's hosts. */
struct host {
	char	name[256];	/* or an address, or a path; or empty */
	char	address[ADDRESS_SIZE];	/* if it is known without a lookup */
	char	port[8];
};

/* What a URL says, with libpq's defaults and ours. */
struct conninfo {
	const char	*setting;	/* it comes from, for messages */
	struct host	 hosts[HOSTS_MAX];
	unsigned	 nhosts;
	char		 common[CONNINFO_SIZE];	/* of all hosts */
	bool		 has_sslmode;
	char		 sslmode[16];	/* the URL's */
	bool		 proves_password;	/* and does not send it */
	char		 authorities[PATH_MAX];	/* the file */
};

/*
 * Reads the URL that a setting has, which must not be freed. Returns NULL, or
 * an error message, which says nothing of a password.
 */
const char	*conninfo_read(struct conninfo *, const char *url,
		    const char *setting);

/*
 * For conninfo_read(): lists with commas between the items, or NULL. As in
 * libpq, one port may stand for all.
 */
const char	*conninfo_read_hosts(struct conninfo *, const char *names,
		    const char *addresses, const char *ports);

/* Must the host's name be looked up? */
bool		 host_is_name(const struct host *);

/*
 * Writes the string for one server: the host at an address, which is empty if
 * the host is a path. Returns NULL, or an error message.
 */
const char	*conninfo_write(const struct conninfo *, const struct host *,
		    const char *address, char out[static CONNINFO_SIZE]);

/*
 * The server, for messages: `127.0.0.1:5432`, `db1 (192.0.2.7:5432)`, or
 * `/tmp:5432`.
 */
void		 conninfo_name(const struct host *, const char *address,
		    char out[static SERVER_NAME_SIZE]);

/*
 * At the start: refuses a server whose certificate cannot be checked, though it
 * should be, and warns if the password may go to an impostor. Returns NULL, or
 * an error message.
 */
const char	*conninfo_check_tls(const struct conninfo *,
		    const char *address);

#endif
