/* SPDX-License-Identifier: ISC */
/* The rules of users (service.py in a FastAPI project). */

#include <string.h>

#include "dependencies.h"
#include "http/conditional.h"
#include "middleware/middleware.h"
#include "middleware/rate_limit.h"
#include "modules/users/users_parts.h"
#include "modules/users/users_repository.h"
#include "utils/email.h"
#include "utils/language_tag.h"
#include "utils/uuid.h"

/* Without this limit, 409 tells which of many addresses are registered. */
RATE_LIMIT(email_changes, 10, HOUR,
    "Changes of the e-mail address by one account from one address",
    .of_account = true);

#define GONE	"User not found"	/* changed or deleted meanwhile */

struct user *
users_service_get_by_id(struct ctx *c, const char *id)
{
	return (users_repository_find_by_id(c, id));
}

struct user *
users_service_find_signed_in(struct ctx *c, const char *user_id,
    const char *session_id, const char *target_id, struct user **target)
{
	struct user	*rows, *user = NULL;
	size_t		 n, i;

	*target = NULL;
	if (target_id == NULL)
		return (users_repository_find_signed_in(c, user_id,
		    session_id));
	rows = users_repository_find_signed_in_and_target(c, user_id,
	    session_id, target_id, &n);
	for (i = 0; i < n; i++) {
		if (strcmp(rows[i].id, user_id) == 0)
			user = &rows[i];
		if (strcmp(rows[i].id, target_id) == 0)
			*target = &rows[i];
	}
	return (user);
}

bool
users_service_verify_email(struct ctx *c, const char *id)
{
	return (users_repository_verify_email(c, id) == 1);
}

static bool
is_admin(const struct user *user)
{
	return (user != NULL && strcmp(user->role, "admin") == 0);
}

/* The address in the form in which it is stored. Raises 422 if not valid. */
static const char *
normal_email(struct ctx *c, const char *email)
{
	char		*normal = ctx_alloc(c, EMAIL_MAX);
	const char	*reason = email_normalise(email, normal, EMAIL_MAX);

	if (reason != NULL)
		raise_invalid(c, "body.email", "invalid_format",
		    "Is not a valid e-mail address: %s", reason);
	return (normal);
}

/*
 * The same for a user who has an address. Theirs may be one that is not valid
 * now, or that was stored in another form: who sends it in any spelling keeps
 * it, and a valid spelling takes its place.
 */
static const char *
kept_or_normal_email(struct ctx *c, const char *email, const char *now)
{
	char	*normal = ctx_alloc(c, EMAIL_MAX);

	if (strcmp(email, now) == 0)
		return (now);
	if (email_normalise(email, normal, EMAIL_MAX) != NULL &&
	    email_is_same(email, now))
		return (now);
	return (normal_email(c, email));
}

/* The language tag as it is stored. v_locale has let it through. */
static const char *
normal_locale(struct ctx *c, const char *locale)
{
	char	*tag = ctx_alloc(c, LANGUAGE_TAG_MAX);

	if (locale == NULL || language_tag(locale, tag) != NULL)
		return (locale);
	return (tag);
}

/* A valid address has a key, unless memory is short. */
static const char *
key_of(struct ctx *c, const char *email)
{
	const char	*key = users_service_email_key(c, email);

	if (key == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (key);
}

/* An admin can see who has an address anyway. */
static bool
hides_taken(const struct user *actor)
{
	return (users_settings.taken_emails == TAKEN_HIDDEN &&
	    !is_admin(actor));
}

/*
 * Raises 409, or lets the owner know instead: with as many statements as a
 * registration has, so that its time tells nothing.
 */
static AWAITS void
refuse_taken(struct ctx *c, const char *email, const struct user *actor)
{
	if (!hides_taken(actor))
		raise_error(c, &ERR_CONFLICT, "Email already registered");
	users_notice_taken(c, email);
	users_audit_taken(c, email);
}

/*
 * Locks the active admins until the end of the open transaction. Raises 403 if
 * the actor is no longer one: the admin who demoted them has been told so.
 * Raises 409 if `demoted`, a user who is to lose this role or be disabled, is
 * the last one. So if two admins demote each other, one of them is refused.
 */
static AWAITS void
act_as_admin(struct ctx *c, const struct user *actor,
    const struct user *demoted)
{
	const struct user	*admins;
	bool			 is_still_admin = false;
	size_t			 n, i;

	admins = users_repository_lock_admins(c, &n);
	for (i = 0; i < n; i++)
		is_still_admin |= strcmp(admins[i].id, actor->id) == 0;
	if (!is_still_admin)
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");
	if (n == 1 && demoted != NULL &&
	    strcmp(admins[0].id, demoted->id) == 0)
		raise_error(c, &ERR_CONFLICT, "The last active admin cannot "
		    "be demoted, deactivated or deleted");
}

struct user *
users_service_create(struct ctx *c, const struct user_create *in,
    const struct user *actor)
{
	struct user	 row = in->user, *user;

	if (strcmp(row.role, "user") != 0 && !is_admin(actor))
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");

	row.id = db_uuid(c);
	row.email = normal_email(c, row.email);
	row.locale = normal_locale(c, row.locale);
	if (strcmp(row.role, "user") != 0)
		depend(c, &recently_confirmed);
	row.hashed_password = users_service_hash_password(c, &row,
	    in->password, "body.password");

	db_begin(c);
	if (strcmp(row.role, "user") != 0)
		act_as_admin(c, actor, NULL);
	user = users_repository_create(c, &row, key_of(c, row.email),
	    actor == NULL ? client_network(c) : NULL);
	if (user == NULL)
		refuse_taken(c, row.email, actor);
	else {
		background(c, send_welcome_email, user);
		users_audit_creation(c, user);
	}
	db_commit(c);
	return (hides_taken(actor) ? NULL : user);
}

/* Does it change what only an admin may change? */
static bool
grants(const struct user_update *change)
{
	return (IS_SET(change, to.role) || IS_SET(change, to.is_active) ||
	    IS_SET(change, to.email_verified));
}

/*
 * Only an admin may change role, is_active or email_verified. Others may send
 * the current values, which are not written: that could undo a change that an
 * admin makes meanwhile.
 */
static void
require_rights(struct ctx *c, const struct user *user,
    struct user_update *change)
{
	schema_unset_same(c, &user_update_schema, change, user,
	    NAMES("role", "is_active", "email_verified"));
	if (grants(change))
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");
}

static bool
is_self(const struct user *user, const struct user *actor)
{
	return (strcmp(user->id, actor->id) == 0);
}

/*
 * What is as it was when the user was read is not written: that could undo a
 * change that is made meanwhile, and needs no confirmation. email_verified with
 * a new address is about that address, so it is written in any case.
 */
static void
unset_unchanged(struct ctx *c, const struct user *user,
    struct user_update *change)
{
	schema_unset_same(c, &user_update_schema, change, user,
	    NAMES("email", "role", "is_active"));
	if (!IS_SET(change, to.email))
		schema_unset_same(c, &user_update_schema, change, user,
		    NAMES("email_verified"));
}

/* Only a name may be changed in a session that is not confirmed. */
static AWAITS void
allow_change(struct ctx *c, const struct user_update *change)
{
	if (IS_SET(change, to.email) || grants(change))
		depend(c, &recently_confirmed);
}

/* The notices of a change that an administrator made. */
static AWAITS void
tell_changes(struct ctx *c, const struct user *before,
    const struct user *after)
{
	if (strcmp(after->role, before->role) != 0)
		users_notice_role(c, before, after);
	if (!email_is_same(after->email, before->email))
		users_notice_email(c, before, after, true);
}

/*
 * What the change is about besides the columns that it writes at once: the
 * user's own address, which waits for a confirmation. See users.h.
 */
static AWAITS const char *
asked_email(struct ctx *c, const struct user *user,
    const struct user_update *in, struct user_update *change,
    const struct user *actor)
{
	const char	*asked;

	if (!IS_SET(change, to.email))
		return (NULL);
	change->to.email = kept_or_normal_email(c, change->to.email,
	    user->email);
	if (!is_self(user, actor))
		return (NULL);
	asked = users_email_asked(user, in, change);
	if (asked != NULL && *asked != '\0') {
		depend(c, &recently_confirmed);
		rate_limit_spend(rate_limit_hold(c, &email_changes_limit,
		    actor->id));
		users_email_check(c, user, asked);
	}
	return (asked);
}

/*
 * The row is locked before it is changed, so that the audit log has the values
 * that were really replaced.
 */
static AWAITS const struct user *
write_change(struct ctx *c, const struct user *user,
    struct user_update *change, const char *asked, const struct user *actor,
    const char *version)
{
	const struct user	*before;
	struct user		*written = NULL;
	const char		*key;
	bool			 as_admin, demotes;

	as_admin = grants(change) || !is_self(user, actor);
	unset_unchanged(c, user, change);
	allow_change(c, change);
	demotes = (IS_SET(change, to.role) &&
	    strcmp(change->to.role, "admin") != 0) ||
	    (IS_SET(change, to.is_active) && !change->to.is_active);
	db_begin(c);
	if (as_admin)
		act_as_admin(c, actor, demotes ? user : NULL);
	if ((before = users_repository_lock(c, user->id)) == NULL)
		raise_gone(c, version, GONE);
	if (ANY_SET(change) || asked == NULL) {
		change->to.id = user->id;
		key = IS_SET(change, to.email) ? key_of(c, change->to.email) :
		    NULL;
		written = users_repository_update(c, change, key, version);
		if (written == NULL)
			raise_gone(c, version, GONE);
		tell_changes(c, before, written);
		version = NULL;
	}
	if (asked != NULL &&
	    (written = users_email_ask(c, before, asked, version)) == NULL)
		raise_gone(c, version, GONE);
	users_audit_update(c, before, written);
	db_commit(c);
	if (!is_self(user, actor))
		written->pending_email = NULL;
	return (written);
}

const struct user *
users_service_update(struct ctx *c, const struct user *user,
    const struct user_update *in, const struct user *actor,
    const char *version)
{
	struct user_update	 change = *in;
	const char		*asked;

	if (!is_admin(actor))
		require_rights(c, user, &change);
	change.to.locale = normal_locale(c, change.to.locale);
	asked = asked_email(c, user, in, &change, actor);
	if (!ANY_SET(&change) && asked == NULL)
		return (user);
	return (write_change(c, user, &change, asked, actor, version));
}

const struct user *
users_service_set_active(struct ctx *c, const struct user *user, bool active,
    const struct user *actor, const char *version)
{
	struct user_update	 change = { .to.is_active = active };

	SET(&change, to.is_active);
	return (write_change(c, user, &change, NULL, actor, version));
}

/* Only a deletion by an admin locks the admins. */
void
users_service_delete(struct ctx *c, const struct user *user,
    const struct user *actor, const char *version)
{
	bool			 as_admin = is_admin(actor);
	const struct user	*deleted;

	db_begin(c);
	if (as_admin)
		act_as_admin(c, actor, user);
	deleted = users_repository_delete(c, user->id, version,
	    db_bool(!as_admin));
	if (deleted == NULL)
		raise_gone(c, version, GONE);
	users_audit_deletion(c, deleted);
	db_commit(c);
}

const char *
users_service_create_admin(const char *email, const char *hashed_password)
{
	char		 id[UUID_TEXT], record_id[UUID_TEXT];
	char		 key[EMAIL_KEY_MAX];
	const char	*problem;
	int64_t		 rows = 0;

	if (!uuid_v7(id) || !uuid_v7(record_id))
		return ("no randomness");
	if (!email_key(email, key, sizeof(key)))
		return ("out of memory");
	problem = users_repository_create_admin_now(id, email, key,
	    hashed_password, record_id, &rows);
	if (problem == NULL && rows == 0)
		problem = "a user with this e-mail address exists already";
	return (problem);
}

const struct user *
users_service_list_now(const char *part, const char *limit, size_t *n,
    const char **problem)
{
	return (users_repository_find_like_now(part, limit, n, problem));
}

const struct role_change *
users_service_set_role_now(const char *email_key, const char *role,
    size_t *n, const char **problem)
{
	char	 record_id[UUID_TEXT], job_id[UUID_TEXT];

	if (uuid_v7(record_id) && uuid_v7(job_id))
		return (users_repository_set_role_now(email_key, role,
		    record_id, job_id, n, problem));
	*problem = "no randomness";
	return (NULL);
}
