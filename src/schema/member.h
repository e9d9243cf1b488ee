/* SPDX-License-Identifier: ISC */
/* The members of schemas: their types, flags, and places in a C struct. */

#ifndef SCHEMA_MEMBER_H
#define SCHEMA_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema;

/* T_JSON and those after it are for responses only. */
enum member_type {
	T_STR, T_UUID, T_BOOL, T_INT, T_TIME, T_JSON, T_LIST, T_OBJECT
};

/*
 * What null is in a struct, for a member that is OR_NULL; a text is NULL. No
 * T_TIME is TIME_NULL, and no T_INT that is OR_NULL is INT_NULL. A T_TIME of a
 * body is in the range of timefmt.h; one of a row may be outside of it, if
 * somebody wrote it by SQL. A T_BOOL that is OR_NULL has this enum.
 */
#define TIME_NULL	INT64_MIN
#define INT_NULL	INT64_MIN

enum bool_or_null {
	BOOL_NULL = -1,
	BOOL_FALSE = 0,
	BOOL_TRUE = 1
};

#define REQUIRED	0x1	/* in a body */
#define SECRET		0x2	/* wiped when the request ends */
#define OR_NULL		0x4	/* may be null; in a body: set, and NULL */
#define ETAG		0x8	/* sent as ETag, not as member; needs an id */
#define EXPECTED	0x10	/* described as required; the service checks */
#define OPTIONAL	0x20	/* a text, or an OBJECT; a response leaves it
				   out when NULL */
#define OUT		0x40	/* may be in a response, or a job's payload */
#define SPARSE		0x80	/* schema_pick() may leave it out */

struct member {
	const char	*structure;	/* the struct it is in */
	const char	*name;
	enum member_type	 type;
	unsigned	 flags;
	size_t		 offset;
	const char	*validator;	/* NULL: any; a response is unchecked */
	const char	*fallback;	/* text; the value if absent, or NULL */
	const char	*example;	/* text, for the description */
	const char	*doc;		/* for it, too; may be NULL */

	const struct schema	*of;		/* T_LIST: the items' schema;
						   T_OBJECT: its own */
	size_t			 count;		/* T_LIST: offset of their
						   number */
};

/* The C type of each type; a MEMBER of another one does not compile. */
#define TYPE_T_STR	const char *
#define TYPE_T_UUID	const char *
#define TYPE_T_BOOL	bool		/* OR_NULL: enum bool_or_null */
#define TYPE_T_INT	int64_t
#define TYPE_T_TIME	int64_t		/* microseconds since 1970, UTC */
#define TYPE_T_JSON	const char *	/* the text of an object */

/* Nothing, and a compile error with these words unless ok. */
#define MUST(ok, words)							\
	(0 * sizeof(struct { _Static_assert(ok, words); int unused; }))

/* offsetof(); does not compile unless the member has the type's C type. */
#define TYPED_OFFSET(s, member, mtype, mflags)				\
	(offsetof(struct s, member) +					\
	    MUST(IS_NULLABLE_BOOL(mtype, mflags) ||			\
	    __builtin_types_compatible_p(TYPE_##mtype,			\
	    __typeof__(((struct s *)0)->member)),			\
	    #s "." #member " has another C type than " #mtype) +	\
	    MUST(!IS_NULLABLE_BOOL(mtype, mflags) ||			\
	    __builtin_types_compatible_p(enum bool_or_null,		\
	    __typeof__(((struct s *)0)->member)),			\
	    #s "." #member " is a T_BOOL and OR_NULL, and no enum "	\
	    "bool_or_null"))

#define IS_NULLABLE_BOOL(mtype, mflags)					\
	((mtype) == T_BOOL && ((mflags) & OR_NULL) != 0)

#define MEMBER(s, member, mtype, mflags, ...)				\
	MEMBER_AT(s, #member, member, mtype, mflags, ##__VA_ARGS__)

/* The same for a member of the struct `inner` in struct s. */
#define MEMBER_OF(s, inner, member, mtype, mflags, ...)			\
	MEMBER_AT(s, #member, inner.member, mtype, mflags, ##__VA_ARGS__)

#define MEMBER_AT(s, title, place, mtype, mflags, ...)			\
	{ .structure = #s, .name = title, .type = mtype,		\
	  .flags = (mflags) + (unsigned)MUST(((mflags) & OPTIONAL) == 0 || \
	      __builtin_types_compatible_p(TYPE_##mtype, const char *),	\
	      #s "." #place " is OPTIONAL, and no text"),		\
	  .offset = TYPED_OFFSET(s, place, mtype, mflags), ##__VA_ARGS__ }

/*
 * An array in a response: s has `const struct ITEM *member` and their number in
 * `size_t member_count`; the schema ITEM writes each.
 */
#define LIST(s, member, item)						\
	{ .structure = #s, .name = #member, .type = T_LIST, .flags = OUT, \
	  .of = &item##_schema, .count = offsetof(struct s, member##_count), \
	  .offset = offsetof(struct s, member) +			\
	      MUST(__builtin_types_compatible_p(const struct item *,	\
	      __typeof__(((struct s *)0)->member)),			\
	      #s "." #member " is no const struct " #item " *") }

/*
 * An object in a response, which the schema `item` writes: s has `const struct
 * ITEM *member`. With OPTIONAL it may be NULL. In the table of a row it stands
 * behind all columns: code sets it, not the database. If s has an ETAG, so has
 * `item`: an ETag of s changes with the object.
 */
#define OBJECT(s, member, item, mflags)					\
	{ .structure = #s, .name = #member, .type = T_OBJECT,		\
	  .flags = (mflags) + (unsigned)MUST(				\
	      ((mflags) & ~(OUT | OPTIONAL | SPARSE)) == 0, #s "."	\
	      #member " is an OBJECT: it is OUT, OPTIONAL or SPARSE"),	\
	  .of = &item##_schema,						\
	  .offset = offsetof(struct s, member) +			\
	      MUST(__builtin_types_compatible_p(const struct item *,	\
	      __typeof__(((struct s *)0)->member)),			\
	      #s "." #member " is no const struct " #item " *") }

/* The null of a T_BOOL has a place of its own only with OR_NULL. */
static inline enum bool_or_null
member_bool(const struct member *m, const void *place)
{
	if (m->flags & OR_NULL)
		return (*(const enum bool_or_null *)place);
	return (*(const bool *)place ? BOOL_TRUE : BOOL_FALSE);
}

static inline void
member_put_bool(const struct member *m, void *place, bool value)
{
	if (m->flags & OR_NULL)
		*(enum bool_or_null *)place = value ? BOOL_TRUE : BOOL_FALSE;
	else
		*(bool *)place = value;
}

/* Is this T_INT null? One that is not OR_NULL never is. */
static inline bool
member_is_int_null(const struct member *m, const void *place)
{
	return ((m->flags & OR_NULL) != 0 &&
	    *(const int64_t *)place == INT_NULL);
}

/*
 * Makes a member null. A T_BOOL or T_INT that is not OR_NULL becomes zero, but
 * a T_TIME always TIME_NULL: zero is a time in 1970.
 */
static inline void
member_put_null(const struct member *m, void *place)
{
	bool	 can = (m->flags & OR_NULL) != 0;

	if (m->type == T_TIME)
		*(int64_t *)place = TIME_NULL;
	else if (m->type == T_INT)
		*(int64_t *)place = can ? INT_NULL : 0;
	else if (m->type == T_BOOL && can)
		*(enum bool_or_null *)place = BOOL_NULL;
	else if (m->type == T_BOOL)
		*(bool *)place = false;
	else
		*(const char **)place = NULL;
}

#endif
