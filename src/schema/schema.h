/* SPDX-License-Identifier: ISC */
/*
 * Schemas: which members a body or an answer has, and of which types; the
 * place of Pydantic's models.
 */

#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/register.h"

/*
 * A schema says which members a body has and where in a C struct each lands;
 * which values are valid is kore.conf's to say, through the validator a FIELD
 * names. The twin of a Pydantic model.
 *
 *	users.h:	 struct user_create { const char *email; ... };
 *			 SCHEMA_BODY(user_create);
 *	users_schemas.c: FIELD(user_create, email, T_STR, REQUIRED, "v_email")
 *			 SCHEMA(user_create);
 *	users_router.c:	 const struct user_create *in = user_create_body(c);
 */

/* T_TIME, T_JSON and T_LIST are answered only; nobody sends them. */
enum field_type { T_STR, T_UUID, T_BOOL, T_INT, T_TIME, T_JSON, T_LIST };

/* A T_TIME that is null: no time that can be written is near it. */
#define TIME_NULL	INT64_MIN

#define REQUIRED	0x1
#define SECRET		0x2	/* wiped from our memory at the request's end */
#define NULLABLE	0x4	/* may be null; in a body: set, and NULL */
#define ETAG		0x8	/* an answer's version: a header, no member;
				   the schema has a T_UUID id then */

#define FINGERPRINT_BYTES	32

struct ctx;
struct jsonw;
struct rule;

struct field {
	const char	*structure;	/* whose member it is */
	const char	*name;
	enum field_type	 type;
	unsigned	 flags;
	size_t		 offset;
	const char	*validator;	/* NULL: the type is all there is */
	const char	*fallback;	/* what an absent one means, as text */
	const char	*example;	/* for the description, as text */

	const struct schema	*of;		/* T_LIST: of its items */
	size_t			 count;		/* and where their number is */
};

/*
 * Which members a body had: the seed's model_dump(exclude_unset=True). A bit
 * for each byte of the struct; the one at a member's offset is the member's.
 */
#define FIELD_SET_BITS	256

struct field_set {
	uint64_t	bits[FIELD_SET_BITS / 64];
};

struct schema {
	const char		*name;
	const char		*structure;	/* where its fields live */
	const struct field	*fields;
	size_t			 nfields;
	size_t			 size;
	size_t			 set;		/* the struct field_set; or 0 */
	const struct rule	**rules;	/* one per field, at start */

	/* At start, of one with an ETAG: schema_tag_init(). */
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

/* offsetof(), and a compile error unless the member has the type's C type. */
#define TYPED_OFFSET(s, member, type)					\
	(offsetof(struct s, member) + MUST(__builtin_types_compatible_p( \
	    TYPE_##type, __typeof__(((struct s *)0)->member)),		\
	    #s "." #member " has another C type than " #type))

#define FIELD(s, member, ftype, fflags, fvalidator, ...)		\
	{ .structure = #s, .name = #member, .type = ftype,		\
	  .flags = fflags, .offset = TYPED_OFFSET(s, member, ftype),	\
	  .validator = fvalidator, ##__VA_ARGS__ }

/*
 * An answer's array: s has `const struct ITEM *member`, and how many there are
 * in `size_t member_count`; each is written by the schema ITEM.
 */
#define LIST(s, member, item)						\
	{ .structure = #s, .name = #member, .type = T_LIST,		\
	  .of = &item##_schema, .count = offsetof(struct s, member##_count), \
	  .offset = offsetof(struct s, member) +			\
	      MUST(__builtin_types_compatible_p(const struct item *,	\
	      __typeof__(((struct s *)0)->member)),			\
	      #s "." #member " is no const struct " #item " *") }

/*
 * In the header: NAME_schema, and its typed reader. A schema that is answered
 * is declared with SCHEMA_RESPONSE (http/schema_response.h).
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
	s##_form(struct ctx *c)						\
	{								\
		return (schema_read_form(c, &s##_schema));		\
	}

/* In one .c file, below `static const struct field NAME_fields[]`. */
#define SCHEMA(s)	SCHEMA_OF(s, s)
#define SCHEMA_OF(s, st, ...)						\
	struct schema s##_schema = {					\
		.name = #s, .structure = #st, .fields = s##_fields,	\
		.nfields = sizeof(s##_fields) / sizeof(s##_fields[0]),	\
		.size = sizeof(struct st), ##__VA_ARGS__		\
	};								\
	REGISTER(schemas, s##_schema)

/* The same for an update: struct st has a `struct field_set set`, not first. */
#define SCHEMA_UPDATE(s, st)						\
	SCHEMA_OF(s, st, .set = offsetof(struct st, set));		\
	_Static_assert(offsetof(struct st, set) != 0, "set stands first")

/* Was the member in the body that *in was read from? */
#define IS_SET(in, member)						\
	field_is_set(&(in)->set, offsetof(__typeof__(*(in)), member))

/* The same for what the code itself changes: mark, unmark, is any marked? */
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

/*
 * Reads the body as a JSON object, or as an application/x-www-form-urlencoded
 * one by the rules of OAuth 2.0 (RFC 6749, 3.2: unknown members are ignored,
 * empty ones absent, repeated ones an error). Returns the struct, in the
 * request's memory; raises 400, 415 or 422 naming every bad member.
 */
const void	*schema_read_body(struct ctx *, const struct schema *);
const void	*schema_read_form(struct ctx *, const struct schema *);

/* The id and the version of a row whose schema has an ETAG. */
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
 * Finds the id and the version of a schema that has an ETAG, and makes its
 * fingerprint: of all that decides what it writes. False when it has the one
 * and not the other, or memory is short. Part of schemas_init().
 */
bool		 schema_tag_init(struct schema *);

/* The schema's members of *in as a JSON object, in the ctx's memory. */
const char	*schema_write(struct ctx *, const struct schema *,
		    const void *in);

/* The same into a writer, under a key; NULL for none. */
void		 schema_write_object(struct jsonw *, const char *key,
		    const struct schema *, const void *in);

/* Are all of its fields of types that a body can have? */
bool		 schema_is_readable(const struct schema *);

/* Puts a field's fallback, which it has, into its place in *out. */
void		 field_set_fallback(const struct field *, void *out);

/*
 * In the parent, once: looks up every field's validator. Returns NULL, or a
 * line that names the validator kore.conf lacks.
 */
const char	*schemas_init(void);

#endif
