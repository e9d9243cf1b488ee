/* SPDX-License-Identifier: ISC */
/*
 * Schemas: the members of a request's or a response's body, and their types;
 * what Pydantic models are to FastAPI.
 */

#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/register.h"
#include "schema/member.h"
#include "schema/member_set.h"

/*
 * A schema lists members, and the place of each in a C struct. One table serves
 * a row of the database, the response that shows it, and the bodies that write
 * it, like an SQLModel:
 *
 *	users.h:	 struct user { const char *id; const char *email; ... };
 *			 SCHEMA_RESPONSE(user, user);
 *			 SCHEMA_UPDATE_BODY(user_update, user);
 *	users_models.c:	 static const struct member user_members[] = {
 *				 MEMBER(user, id, T_UUID, OUT),
 *				 MEMBER(user, email, T_STR, OUT,
 *				     .validator = "v_email"),
 *				 MEMBER(user, hashed_password, T_STR, 0),
 *			 };
 *			 SCHEMA(user);
 *	users_schemas.c: SCHEMA_PATCH(user_update, user,
 *			     .only = NAMES("email"));
 *	users_router.c:	 const struct user_update *in = user_update_body(c);
 *
 * Only members that are OUT can be in a response. Which values of a body are
 * valid is decided in kore.conf, by the validator that a MEMBER names.
 */

#define FINGERPRINT_BYTES	32

struct ctx;
struct jsonw;
struct rule;

/*
 * Without .like, a schema has its own table of members. With it, it takes the
 * members .only of that schema (NULL: all), and then .also.
 */
struct schema {
	const char		*name;
	const char		*file;		/* that defines it */
	const char		*structure;	/* the struct of its members */
	const struct member	*members;
	size_t			 nmembers;
	size_t			 size;
	size_t			 set;		/* member_set's offset; or 0 */
	struct schema		*like;
	const char *const	*only;		/* names; ends with NULL */
	bool			 partial;	/* none is REQUIRED: a PATCH */
	bool			 sparse;	/* all are SPARSE: ?fields */
	bool			 required;	/* all are REQUIRED */
	const char *const	*optional;	/* except these; or NULL */
	const struct member	*also;		/* ends with a NULL name */
	const struct rule	**rules;	/* one per member, at start */

	/* If it has an ETAG; set at start by schema_tag_init(). */
	const struct member	*id, *version;
	unsigned char		 fingerprint[FINGERPRINT_BYTES];
};

/*
 * What the code of a file does with a schema: reads a body, a form, responds
 * with it, or compares its ETAG. routes_check() compares that with the rows of
 * the file.
 */
enum schema_use_kind {
	SCHEMA_READ, SCHEMA_READ_FORM, SCHEMA_SENT, SCHEMA_CREATED,
	SCHEMA_COMPARED
};

struct schema_use {
	const struct schema	*schema;
	enum schema_use_kind	 kind;
	const char		*file;
};

/*
 * Notes that, in an inline function of a header. The compiler drops the note
 * from each file that does not call the function.
 */
#define SCHEMA_USED(s, use_kind) do {					\
	static const struct schema_use	 use = {			\
		&s##_schema, use_kind, __BASE_FILE__			\
	};								\
	static const struct schema_use	*const note			\
	    __attribute__((section("registered_schema_uses"))) = &use;	\
	__asm__ volatile ("" : : "X" (&note));				\
} while (0)

/*
 * For the header: declares NAME_schema and its typed reader. Declare the schema
 * of a response with SCHEMA_RESPONSE (http/schema_response.h).
 */
#define SCHEMA_BODY(s)	SCHEMA_BODY_OF(s, s)
#define SCHEMA_BODY_OF(s, st)						\
	SCHEMA_DECLARE(s, st);						\
	static inline const struct st *					\
	s##_body(struct ctx *c)						\
	{								\
		SCHEMA_USED(s, SCHEMA_READ);				\
		return (schema_read_body(c, &s##_schema));		\
	}

/* For an update: the new values, and which of them the body had: IS_SET(). */
#define SCHEMA_UPDATE_BODY(s, base)					\
	struct s {							\
		struct base		 to;				\
		struct member_set	 set;				\
	};								\
	SCHEMA_BODY(s)

#define SCHEMA_FORM(s)	SCHEMA_FORM_OF(s, s)
#define SCHEMA_FORM_OF(s, st)						\
	SCHEMA_DECLARE(s, st);						\
	static inline const struct st *					\
	s##_form(struct ctx *c)		/* its row has .form */		\
	{								\
		SCHEMA_USED(s, SCHEMA_READ_FORM);			\
		return (schema_read_form(c, &s##_schema));		\
	}

/*
 * For the header: a schema that is neither read nor sent, such as that of a
 * row. NAME_struct is never defined: only its type is used.
 */
#define SCHEMA_DECLARE(s, st)						\
	extern struct schema s##_schema;				\
	extern struct st s##_struct;					\
	static const char s##_structure[] __attribute__((unused)) = #st

/* For one .c file, below `static const struct member NAME_members[]`. */
#define SCHEMA(s)	SCHEMA_OF(s, s)
#define SCHEMA_OF(s, st, ...)						\
	struct schema s##_schema = {					\
		.name = #s, .file = __FILE__, .structure = #st,		\
		.members = s##_members,					\
		.nmembers = sizeof(s##_members) / sizeof(s##_members[0]), \
		.size = sizeof(struct st), ##__VA_ARGS__		\
	};								\
	REGISTER(schemas, s##_schema)

/* For an update: struct st has a `struct member_set set`, but not first. */
#define SCHEMA_UPDATE(s, st)						\
	SCHEMA_OF(s, st, .set = offsetof(struct st, set));		\
	_Static_assert(offsetof(struct st, set) != 0, "set stands first")

/*
 * A schema with members of another one, `base`, and of the same struct:
 *
 *	SCHEMA_LIKE(user_replace, user_update, .required = true,
 *	    .optional = NAMES("email_verified"));
 *
 * .only lists the names of those that it takes, in its own order.
 */
#define SCHEMA_LIKE(s, base, ...)					\
	_Static_assert(__builtin_types_compatible_p(			\
	    __typeof__(s##_struct), __typeof__(base##_struct)),		\
	    #s " has another struct than " #base);			\
	SCHEMA_DERIVED(s, base, ##__VA_ARGS__)

/* The same with a struct that begins with that of the base, and its name. */
#define SCHEMA_EXTENDS(s, base, ...)					\
	SCHEMA_BEGINS(s, base, base);					\
	SCHEMA_DERIVED(s, base, ##__VA_ARGS__)

/*
 * For a PATCH: no member is REQUIRED. The struct has `to`, the struct of the
 * base, which has the new values, and `set`, which says what is to be changed.
 */
#define SCHEMA_PATCH(s, base, ...)					\
	SCHEMA_BEGINS(s, base, to);					\
	SCHEMA_DERIVED(s, base, .partial = true,			\
	    .set = offsetof(__typeof__(s##_struct), set), ##__VA_ARGS__)

#define SCHEMA_BEGINS(s, base, inner)					\
	_Static_assert(offsetof(__typeof__(s##_struct), inner) == 0 &&	\
	    __builtin_types_compatible_p(__typeof__(s##_struct.inner),	\
	    __typeof__(base##_struct)),					\
	    "the struct of " #s " does not begin with that of " #base)

#define SCHEMA_DERIVED(s, base, ...)					\
	struct schema s##_schema = {					\
		.name = #s, .file = __FILE__, .structure = s##_structure, \
		.size = sizeof(s##_struct), .like = &base##_schema,	\
		##__VA_ARGS__						\
	};								\
	REGISTER(schemas, s##_schema)

#define NAMES(...)	((const char *const[]){ __VA_ARGS__, NULL })

/* Is the name one of NAMES()? NULL has none. */
static inline bool
names_have(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return (true);
	}
	return (false);
}

#define MEMBERS(...)							\
	((const struct member[]){ __VA_ARGS__, { .name = NULL } })

/* Returns whether the body that *in was read from had the member. */
#define IS_SET(in, member)						\
	member_is_set(&(in)->set, offsetof(__typeof__(*(in)), member))

/* Marks and unmarks a member in code; returns whether any is marked. */
#define SET(in, member)							\
	member_set_mark(&(in)->set, offsetof(__typeof__(*(in)), member), true)
#define UNSET(in, member)						\
	member_set_mark(&(in)->set, offsetof(__typeof__(*(in)), member), false)
#define ANY_SET(in)	member_set_any(&(in)->set)

/* The media types of bodies; a PATCH takes MERGE_PATCH (RFC 7396), too. */
#define JSON_TYPE	"application/json"
#define MERGE_PATCH	"application/merge-patch+json"
#define FORM_TYPE	"application/x-www-form-urlencoded"
#define ACCEPT_PATCH	MERGE_PATCH ", " JSON_TYPE	/* RFC 5789, 3.1 */

/*
 * Reads the body as a JSON object, or as a form by the rules of OAuth 2.0 (RFC
 * 6749, 3.2): unknown members are ignored, empty ones count as absent, and
 * repeated ones are errors. In JSON unknown members are errors, except in the
 * payload of a job, which another version may have stored. Returns the struct,
 * in the request's memory. Raises 400, 415 or 422; the details name every bad
 * member.
 */
const void	*schema_read_body(struct ctx *, const struct schema *);
const void	*schema_read_form(struct ctx *, const struct schema *);

/* The id and the version of a row; its schema must have an ETAG. */
static inline const char *
schema_row_id(const struct schema *s, const void *row)
{
	return (*(const char *const *)((const char *)row + s->id->offset));
}

static inline int64_t
schema_row_version(const struct schema *s, const void *row)
{
	return (*(const int64_t *)((const char *)row + s->version->offset));
}

/*
 * Finds the members id and version of a schema with an ETAG, and makes its
 * fingerprint from everything that decides what it writes. False when it has a
 * version but no id, or memory is short. Part of schemas_init().
 */
bool		 schema_tag_init(struct schema *);

/* The value of a member of *in as a text, in the ctx's memory; NULL is null. */
const char	*schema_text(struct ctx *, const struct member *,
		    const void *in);

/*
 * Unmarks the named members of an update, *in, that have the values of *row, a
 * struct of the schema that it is like. Raises ERR_INTERNAL for a name that is
 * no member.
 */
void		 schema_unset_same(struct ctx *, const struct schema *,
		    void *in, const void *row, const char *const *names);

/* Returns the schema's members of *in as a JSON object, in the ctx's memory. */
const char	*schema_write(struct ctx *, const struct schema *,
		    const void *in);

/* Is this member of the struct *in left out of a response? */
static inline bool
schema_is_left_out(const struct member *m, const void *in)
{
	if ((m->flags & OUT) == 0)
		return (true);
	return ((m->flags & OPTIONAL) != 0 &&
	    *(const char *const *)((const char *)in + m->offset) == NULL);
}

/* Writes the same with a writer, as the member `key`; NULL in an array. */
void		 schema_write_object(struct jsonw *, const char *key,
		    const struct schema *, const void *in);

/* Returns the schema's member of that name; NULL if it has none. */
static inline const struct member *
schema_own_member(const struct schema *s, const char *name)
{
	const struct member	*m;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (strcmp(m->name, name) == 0)
			return (m);
	}
	return (NULL);
}

/* The same, also of a schema that it is like and whose member it leaves out. */
const struct member	*schema_member(const struct schema *,
			    const char *name);

/* The number of members that a row of the database has as columns. */
static inline size_t
schema_columns(const struct schema *s)
{
	size_t	 n = s->nmembers;

	while (n > 0 && s->members[n - 1].type == T_OBJECT)
		n--;
	return (n);
}

/*
 * Returns a copy of the schema, in the ctx's memory, which of the members that
 * are SPARSE, its own and those of its lists' items, writes only those that
 * names has.
 */
const struct schema	*schema_pick(struct ctx *, const struct schema *,
			    const char *const *names);

/* Returns whether all members have types that a request body can have. */
bool		 schema_is_readable(const struct schema *);

/* Writes a member's fallback, which must exist, into its place in *out. */
void		 schema_set_fallback(const struct member *, void *out);

/*
 * In the parent, once: looks up each member's validator and checks each
 * fallback. Returns NULL, or an error message that names the schema.
 */
const char	*schemas_init(void);

#endif
