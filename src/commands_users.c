/* SPDX-License-Identifier: ISC */
/* The commands about users, for the one who has only a shell. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "commands_users.h"
#include "database/database.h"
#include "exit.h"
#include "modules/account/account.h"
#include "modules/auth/auth.h"
#include "modules/users/users.h"
#include "product.h"
#include "schema/validator.h"
#include "utils/email.h"
#include "utils/password.h"
#include "utils/password_list.h"
#include "utils/password_text.h"
#include "utils/terminal.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"

/* In bytes, with the line's end: see password_text.h. */
#define PASSWORD_LINE_MAX	(PASSWORD_FORM_SIZE + 2)

#define USERS_MAX	100	/* that are shown */
#define ONE_MORE	"101"	/* that are read */
#define COLUMNS		6
#define CELL_MAX	1100	/* bytes; an address has up to 255 characters */

static void
require_valid(const char *validator, const char *subject, const char *value)
{
	const char	*reason;

	if ((reason = rule_reason(rule_find(validator), value)) != NULL)
		exit_fail("%s: %s", subject, reason);
}

/* Reads the password from a line of standard input, never an argument. */
static void
read_password(char out[static PASSWORD_LINE_MAX])
{
	if (fgets(out, PASSWORD_LINE_MAX, stdin) == NULL && ferror(stdin))
		exit_fail("cannot read the password: %m");
	if (*out == '\0')
		exit_fail("no password given");
	if (strlen(out) == PASSWORD_LINE_MAX - 1)
		exit_fail("the password: is too long");
	out[strcspn(out, "\r\n")] = '\0';
	if (!utf8_valid(out, strlen(out)))
		exit_fail("the password: is not valid UTF-8");
	require_valid("v_password", "the password", out);
}

/* What the service checks, too, and a rule cannot. */
static void
require_new_password(const char *email, const char *password)
{
	const struct user	 admin = { .email = email,
				    .name = "Administrator" };
	const char		*problem;
	int			 error = 0;

	problem = users_service_password_problem(&admin, password);
	if (problem != NULL)
		exit_fail("the password: %s", problem);
	switch (password_list_find(password, &error)) {
	case PASSWORD_LISTED:
		exit_fail("the password: " PASSWORD_LISTED_TEXT);
	case PASSWORD_LIST_FAILED:
		exit_fail(ENV("PASSWORD_LIST") ": cannot read the list: %s",
		    error == 0 ? "it was changed" : strerror(error));
	case PASSWORD_UNLISTED:
		break;
	}
}

void
command_create_admin(void)
{
	static char	 password[PASSWORD_BYTES_MAX + 1], normal[EMAIL_MAX];
	static char	 hash[PASSWORD_HASH_MAX];
	static char	 line[PASSWORD_LINE_MAX];
	const char	*email = getenv(ENV("EMAIL"));

	if (email == NULL)
		exit_fail("create-admin needs an e-mail address");
	require_valid("v_email", "the address", email);
	if (email_normalise(email, normal, sizeof(normal)) != NULL)
		exit_fail("the address: is not a valid e-mail address");
	read_password(line);
	if (!password_take(line, password))
		exit_fail("the password: is too long");
	OPENSSL_cleanse(line, sizeof(line));
	require_new_password(normal, password);
	if (password_hash(password, hash) != 0)
		exit_fail("cannot hash the password: out of memory");
	OPENSSL_cleanse(password, sizeof(password));
	exit_if(users_service_create_admin(normal, hash));
	printf(PRODUCT ": created the admin %s\n", normal);
}

/* The address of a user. It may be one that is not valid now. */
static const char *
typed_address(const char *command)
{
	const char	*email = getenv(ENV("EMAIL"));

	if (email == NULL || *email == '\0')
		exit_fail("%s needs an e-mail address", command);
	if (!utf8_valid(email, strlen(email)))
		exit_fail("the address: is not valid UTF-8");
	return (email);
}

/* By it the user is looked up. */
static const char *
key_of(const char *email)
{
	static char	 key[EMAIL_KEY_MAX];

	if (!email_key(email, key, sizeof(key)))
		exit_fail("the address: is too long");
	return (key);
}

/* For who writes rows of users with psql. */
void
command_email_key(void)
{
	printf("%s\n", key_of(typed_address("email-key")));
}

/* For messages. */
static const char *
shown(const char *text)
{
	static char	 out[CELL_MAX];

	terminal_text(text, out, sizeof(out));
	return (out);
}

static void
require_user(size_t n, const char *email)
{
	if (n == 0)
		exit_fail("no user has the address %s", shown(email));
}

void
command_set_role(void)
{
	const char			*role = getenv(ENV("ROLE"));
	const char			*email = typed_address("set-role");
	const char			*problem = NULL;
	const struct role_change	*done;
	size_t				 n = 0;

	if (role == NULL)
		exit_fail("set-role needs a role");
	require_valid("v_role", "the role", role);
	exit_if(database_check());
	done = users_service_set_role_now(key_of(email), role, &n, &problem);
	exit_if(problem);
	require_user(n, email);
	if (strcmp(done->role, role) == 0)
		printf(PRODUCT ": %s has the role %s already\n",
		    shown(done->email), role);
	else if (!done->changed)
		exit_fail("%s is the last active admin, and cannot be "
		    "demoted", shown(done->email));
	else
		printf(PRODUCT ": the role of %s is now %s, and was %s\n",
		    shown(done->email), role, done->role);
}

void
command_end_sessions(void)
{
	const char			*email = typed_address("end-sessions");
	const char			*problem = NULL;
	const struct account_help	*done;
	size_t				 n = 0;

	exit_if(database_check());
	done = auth_service_end_sessions_now(key_of(email), &n, &problem);
	exit_if(problem);
	require_user(n, email);
	printf(PRODUCT ": ended %" PRId64 " session%s of %s\n", done->count,
	    done->count == 1 ? "" : "s", shown(done->email));
}

void
command_unlock(void)
{
	const char			*email = typed_address("unlock");
	const char			*problem = NULL;
	const struct account_help	*done;
	size_t				 n = 0;

	exit_if(database_check());
	done = auth_service_unlock_now(key_of(email), &n, &problem);
	exit_if(problem);
	require_user(n, email);
	printf(PRODUCT ": forgot %" PRId64 " failed sign-in%s of %s; an "
	    "address that had too many still waits for up to a minute\n",
	    done->count, done->count == 1 ? "" : "s", shown(done->email));
}

/* Prints the link and nothing else: no mail is sent. */
void
command_reset_password(void)
{
	const char	*email = typed_address("reset-password");
	const char	*link, *problem = NULL;

	link = account_service_reset_link(key_of(email), &problem);
	exit_if(problem);
	printf("%s\n", link);
}

/* The cells of a user, or the titles for NULL. */
static void
fill_cells(const struct user *user, char cells[static COLUMNS][CELL_MAX])
{
	static const char *const titles[COLUMNS] = { "E-MAIL", "NAME", "ROLE",
	    "ACTIVE", "VERIFIED", "CREATED (UTC)" };
	char		 time[TIMEFMT_TEXT];
	size_t		 i;

	if (user == NULL) {
		for (i = 0; i < COLUMNS; i++)
			strcpy(cells[i], titles[i]);
		return;
	}
	terminal_text(user->email, cells[0], CELL_MAX);
	terminal_text(user->name, cells[1], CELL_MAX);
	terminal_text(user->role, cells[2], CELL_MAX);
	strcpy(cells[3], user->is_active ? "yes" : "no");
	strcpy(cells[4], user->email_verified ? "yes" : "no");
	timefmt_rfc3339(user->created_at, time);
	snprintf(cells[5], CELL_MAX, "%.10s %.8s", time, time + 11);
}

/* Two blanks end a column. */
static void
print_cells(char cells[static COLUMNS][CELL_MAX], const unsigned *widths)
{
	size_t	 i;

	for (i = 0; i < COLUMNS - 1; i++)
		printf("%s%*s", cells[i],
		    (int)(widths[i] - terminal_width(cells[i])) + 2, "");
	printf("%s\n", cells[i]);
}

static void
print_users(const struct user *users, size_t n)
{
	static char	 cells[COLUMNS][CELL_MAX];
	unsigned	 widths[COLUMNS] = { 0 }, width;
	size_t		 row, i;

	for (row = 0; row <= n; row++) {
		fill_cells(row == 0 ? NULL : &users[row - 1], cells);
		for (i = 0; i < COLUMNS; i++) {
			width = terminal_width(cells[i]);
			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
	for (row = 0; row <= n; row++) {
		fill_cells(row == 0 ? NULL : &users[row - 1], cells);
		print_cells(cells, widths);
	}
}

void
command_users(void)
{
	const char		*part = getenv(ENV("PART")), *problem = NULL;
	const struct user	*users;
	size_t			 n = 0;

	if (part != NULL && *part == '\0')
		part = NULL;
	if (part != NULL && !utf8_valid(part, strlen(part)))
		exit_fail("the part: is not valid UTF-8");
	if (part != NULL)
		require_valid("v_search", "the part", part);
	exit_if(database_check());
	users = users_service_list_now(part, ONE_MORE, &n, &problem);
	exit_if(problem);
	print_users(users, n > USERS_MAX ? USERS_MAX : n);
	if (n > USERS_MAX)
		printf("... the first %d; ./keel users PART lists those "
		    "whose name or address contains PART\n", USERS_MAX);
}
