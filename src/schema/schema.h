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

#include "base/register.h"

/*
 * A schema lists the members of a body and the place of each in a C struct.
 * Which values are valid is decided in kore.conf, by the validator that a FIELD
 * names. It is like a subclass of Pydantic's BaseModel.
 *
 *	users.h:	 struct user_create { const char *email; ... };
 *			 SCHEMA_BODY(user_create);
 *	users_schemas.c: FIELD(user_create, email, T_STR, REQUIRED, "v_email")
 *			 SCHEMA(user_create);
 *	users_router.c:	 const struct user_create *in = user_create_body(c);
 */

/* T_TIME, T_JSON and T_LIST are for responses only. */
enum field_type { T_STR, T_UUID, T_BOOL, T_INT, T_TIME, T_JSON, T_LIST };

/* A T_TIME with this value is null. It is outside the range of timefmt.h. */
#define TIME_NULL	INT64_MIN

#define REQUIRED	0x1
#define SECRET		0x2	/* wiped when the request ends */
#define NULLABLE	0x4	/* may be null; in a body: set, and NULL */
#define ETAG		0x8	/* sent as ETag, not as member; needs an id */
#define EXPECTED	0x10	/* described as required; the service checks */

#define FINGERPRINT_BYTES	32

struct ctx;
struct jsonw;
struct rule;

struct field {
	const char	*structure;	/* the struct it is in */
	const char	*name;
	enum field_type	 type;
	unsigned	 flags;
	size_t		 offset;
	const char	*validator;	/* NULL: any; a response is unchecked */
	const char	*fallback;	/* text; the value if absent, or NULL */
	const char	*example;	/* text, for the description */
	const char	*doc;		/* for it, too; may be NULL */

	const struct schema	*of;		/* T_LIST: the items' schema */
	size_t			 count;		/* offset of their number */
};

/*
 * The members that a body had: Pydantic's model_dump(exclude_unset=True). It
 * has a bit for each byte of the struct; a member's bit is at its offset.
 */
#define FIELD_SET_BITS	256

struct field_set {
	uint64_t	bits[FIELD_SET_BITS / 64];
};

struct schema {
	const char		*name;
	const char		*structure;	/* the struct of its fields */
	const struct field	*fields;
	size_t			 nfields;
	size_t			 size;
	size_t			 set;		/* field_set's offset; or 0 */
	const struct rule	**rules;	/* one per field, at start */

	/* If it has an ETAG; set at start by schema_tag_init(). */
	const struct field	*id, *version;
	unsigned char		 fingerprint[FINGERPRINT_BYTES];
};

/* The C type of each field type; a FIELD of another type does not compile. */
#define TYPE_T_STR	const char *
#define TYPE_T_UUID	const char *
#define TYPE_T_BOOL	bool
#define TYPE_T_INT	int64_t
#define TYPE_T_TIME	int64_t		/* microseconds since 1970, UTC */
#define TYPE_T_JSON	const char *	/* the text of an object */

/* Nothing, and a compile error with these words unless ok. */
#define MUST(ok, words)							\
	(0 * sizeof(struct { _Static_assert(ok, words); int unused; }))

/* offsetof(); does not compile unless the member has the type's C type. */
#define TYPED_OFFSET(s, member, type)					\
	(offsetof(struct s, member) + MUST(__builtin_types_compatible_p( \
	    TYPE_##type, __typeof__(((struct s *)0)->member)),		\
	    #s "." #member " has another C type than " #type))

#define FIELD(s, member, ftype, fflags, fvalidator, ...)		\
	{ .structure = #s, .name = #member, .type = ftype,		\
	  .flags = fflags, .offset = TYPED_OFFSET(s, member, ftype),	\
	  .validator = fvalidator, ##__VA_ARGS__ }

/*
 * An array in a response: s has `const struct ITEM *member` and their number in
 * `size_t member_count`; the schema ITEM writes each.
 */
#define LIST(s, member, item)						\
	{ .structure = #s, .name = #member, .type = T_LIST,		\
	  .of = &item##_schema, .count = offsetof(struct s, member##_count), \
	  .offset = offsetof(struct s, member) +			\
	      MUST(__builtin_types_compatible_p(const struct item *,	\
	      __typeof__(((struct s *)0)->member)),			\
	      #s "." #member " is no const struct " #item " *") }

/*
 * For the header: declares NAME_schema and its typed reader. Declare the schema
 * of a response with SCHEMA_RESPONSE (http/schema_response.h).
 */
#define SCHEMA_BODY(s)	SCHEMA_BODY_OF(s, s)
#define SCHEMA_BODY_OF(s, structure)					\
	extern struct schema s##_schema;				\
	static inline const struct structure *				\
	s##_body(struct ctx *c)						\
	{								\
		return (schema_read_body(c, &s##_schema));		\
	}

#define SCHEMA_FORM(s)							\
	extern struct schema s##_schema;				\
	static inline const struct s *					\
	s##_form(struct ctx *c)		/* its row has .form */		\
	{								\
		return (schema_read_form(c, &s##_schema));		\
	}

/* For one .c file, below `static const struct field NAME_fields[]`. */
#define SCHEMA(s)	SCHEMA_OF(s, s)
#define SCHEMA_OF(s, st, ...)						\
	struct schema s##_schema = {					\
		.name = #s, .structure = #st, .fields = s##_fields,	\
		.nfields = sizeof(s##_fields) / sizeof(s##_fields[0]),	\
		.size = sizeof(struct st), ##__VA_ARGS__		\
	};								\
	REGISTER(schemas, s##_schema)

/* For an update: struct st has a `struct field_set set`, but not first. */
#define SCHEMA_UPDATE(s, st)						\
	SCHEMA_OF(s, st, .set = offsetof(struct st, set));		\
	_Static_assert(offsetof(struct st, set) != 0, "set stands first")

/* Returns whether the body that *in was read from had the member. */
#define IS_SET(in, member)						\
	field_is_set(&(in)->set, offsetof(__typeof__(*(in)), member))

/* Marks and unmarks a member in code; returns whether any is marked. */
#define SET(in, member)							\
	field_set_mark(&(in)->set, offsetof(__typeof__(*(in)), member), true)
#define UNSET(in, member)						\
	field_set_mark(&(in)->set, offsetof(__typeof__(*(in)), member), false)
#define ANY_SET(in)	field_set_any(&(in)->set)

static inline void
field_set_mark(struct field_set *set, size_t offset, bool on)
{
	uint64_t	 bit = UINT64_C(1) << (offset % 64);

	if (on)
		set->bits[offset / 64] |= bit;
	else
		set->bits[offset / 64] &= ~bit;
}

static inline bool
field_set_any(const struct field_set *set)
{
	uint64_t	 any = 0;
	size_t		 i;

	for (i = 0; i < FIELD_SET_BITS / 64; i++)
		any |= set->bits[i];
	return (any != 0);
}

static inline bool
field_is_set(const struct field_set *set, size_t offset)
{
	return (set->bits[offset / 64] >> (offset % 64) & 1);
}

/* The media types of bodies; a PATCH takes MERGE_PATCH (RFC 7396), too. */
#define JSON_TYPE	"application/json"
#define MERGE_PATCH	"application/merge-patch+json"
#define FORM_TYPE	"application/x-www-form-urlencoded"
#define ACCEPT_PATCH	MERGE_PATCH ", " JSON_TYPE	/* RFC 5789, 3.1 */

/*
 * Reads the body as a JSON object, or as a form by the rules of OAuth 2.0 (RFC
 * 6749, 3.2): unknown members are ignored, empty ones count as absent, and
 * repeated ones are errors. Returns the struct, in the request's memory. Raises
 * 400, 415 or 422; the details name every bad member.
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
 * Finds the fields id and version of a schema with an ETAG, and makes its
 * fingerprint from everything that decides what it writes. False when it has a
 * version but no id, or memory is short. Part of schemas_init().
 */
bool		 schema_tag_init(struct schema *);

/* Returns the schema's members of *in as a JSON object, in the ctx's memory. */
const char	*schema_write(struct ctx *, const struct schema *,
		    const void *in);

/* Writes the same with a writer, as the member `key`; NULL in an array. */
void		 schema_write_object(struct jsonw *, const char *key,
		    const struct schema *, const void *in);

/* Returns whether all fields have types that a request body can have. */
bool		 schema_is_readable(const struct schema *);

/* Writes a field's fallback, which must exist, into its place in *out. */
void		 field_set_fallback(const struct field *, void *out);

/*
 * In the parent, once: looks up each field's validator and checks each
 * fallback. Returns NULL, or an error message that names the schema.
 */
const char	*schemas_init(void);

#endif
