/* SPDX-License-Identifier: ISC */
/*
 * Language tags (BCP 47), by the grammar of RFC 5646, 2.1:
 *
 *	language[-extlang]*3 [-Script] [-REGION] *(-variant) *(-extension)
 *	[-x-private]
 */

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "utils/language_tag.h"

#define SUBTAG_MAX	8
#define EXTLANGS_MAX	3

/*
 * The tags that were registered before the grammar and do not fit it. Those
 * that fit it need no list.
 */
static const char *const	irregular[] = {
	"en-GB-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak",
	"i-klingon", "i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao", "i-tay",
	"i-tsu", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE",
};

/* Where the reader is: at a subtag of len characters; 0: at the end. */
struct reader {
	const char	*start;		/* of the tag */
	const char	*at;
	size_t		 len;
};

static void
next(struct reader *r)
{
	r->at += r->len;
	if (*r->at == '-')
		r->at++;
	r->len = strcspn(r->at, "-");
}

static bool
is_all(const char *s, size_t len, int (*is)(int))
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (!is((unsigned char)s[i]))
			return (false);
	}
	return (true);
}

static bool
is_letters(const struct reader *r, size_t len)
{
	return (r->len == len && is_all(r->at, len, isalpha));
}

static bool
is_region(const struct reader *r)
{
	return (is_letters(r, 2) ||
	    (r->len == 3 && is_all(r->at, 3, isdigit)));
}

static bool
is_variant(const struct reader *r)
{
	return (r->len >= 5 ||
	    (r->len == 4 && isdigit((unsigned char)*r->at)));
}

/* Has a subtag like this one stood between `from` and here? */
static bool
was_there(const struct reader *r, const char *from)
{
	struct reader	 before = { from, from, strcspn(from, "-") };

	for (; before.at < r->at; next(&before)) {
		if (before.len == r->len &&
		    strncasecmp(before.at, r->at, r->len) == 0)
			return (true);
	}
	return (false);
}

/* The language, its extlangs, the script and the region. */
static const char *
read_language(struct reader *r)
{
	size_t	 n = r->len, i;

	if (n < 2 || !is_all(r->at, n, isalpha))
		return ("must begin with a language of 2 to 8 letters, such as "
		    "en");
	next(r);
	for (i = 0; n <= 3 && i < EXTLANGS_MAX && is_letters(r, 3); i++)
		next(r);
	if (is_letters(r, 4))
		next(r);
	if (is_region(r))
		next(r);
	return (NULL);
}

static const char *
read_variants(struct reader *r)
{
	const char	*first = r->at;

	for (; is_variant(r); next(r)) {
		if (was_there(r, first))
			return ("must not have the same variant twice");
	}
	return (NULL);
}

/* Each is a single character and subtags of at least two. */
static const char *
read_extensions(struct reader *r)
{
	bool		 seen[UINT8_MAX + 1] = { false };
	unsigned char	 single;

	while (r->len == 1 && tolower((unsigned char)*r->at) != 'x') {
		single = (unsigned char)tolower((unsigned char)*r->at);
		if (seen[single])
			return ("must not have the same single-letter subtag "
			    "twice");
		seen[single] = true;
		next(r);
		if (r->len < 2)
			return ("must have a subtag of 2 to 8 characters "
			    "behind a single letter");
		while (r->len >= 2)
			next(r);
	}
	return (NULL);
}

/* Takes all that is left. */
static const char *
read_private(struct reader *r)
{
	if (r->len != 1)		/* read_extensions() has left an x */
		return (r->len == 0 ? NULL : "must have its subtags in the "
		    "order language, script, region, such as zh-Hant-TW");
	next(r);
	if (r->len == 0)
		return ("must have a subtag behind x");
	while (r->len > 0)
		next(r);
	return (NULL);
}

static const char *
read_tag(const char *in)
{
	struct reader	 r = { in, in, strcspn(in, "-") };
	const char	*problem = NULL;

	if (r.len != 1 || tolower((unsigned char)*in) != 'x') {
		if ((problem = read_language(&r)) == NULL &&
		    (problem = read_variants(&r)) == NULL)
			problem = read_extensions(&r);
	}
	return (problem != NULL ? problem : read_private(&r));
}

/* What is wrong with the characters, or the lengths of the subtags. */
static const char *
check_characters(const char *in)
{
	size_t	 len = 0;

	if (*in == '\0')
		return ("must not be empty");
	for (; *in != '\0'; in++) {
		if (*in == '_')
			return ("must be written with a hyphen, not an "
			    "underscore: en-US, not en_US");
		if (*in != '-' && ((*in & 0x80) ||
		    !isalnum((unsigned char)*in)))
			return ("must consist of letters, digits and hyphens");
		if (*in == '-' && len == 0)
			return ("must not have an empty subtag");
		len = *in == '-' ? 0 : len + 1;
		if (len > SUBTAG_MAX)
			return ("must have subtags of at most 8 characters");
	}
	return (len == 0 ? "must not have an empty subtag" : NULL);
}

/*
 * RFC 5646, 2.1.1: lower case, but for subtags of two letters, in upper case,
 * and of four, in title case, that are neither first nor behind a single one.
 */
static void
write_tag(const char *in, char *out)
{
	struct reader	 r = { in, in, strcspn(in, "-") };
	bool		 single = false;
	size_t		 i;
	int		 c;

	for (; r.len > 0; next(&r)) {
		for (i = 0; i < r.len; i++) {
			c = (unsigned char)r.at[i];
			if (r.at != in && !single &&
			    (r.len == 2 || (r.len == 4 && i == 0)))
				c = toupper(c);
			else
				c = tolower(c);
			out[r.at - in + (ptrdiff_t)i] = (char)c;
		}
		single = single || r.len == 1;
		out[r.at - in + (ptrdiff_t)r.len] = r.at[r.len];
	}
}

const char *
language_tag(const char *in, char out[LANGUAGE_TAG_MAX])
{
	const char	*problem;
	size_t		 i;

	*out = '\0';
	if (strnlen(in, LANGUAGE_TAG_MAX) == LANGUAGE_TAG_MAX)
		return ("must have at most 35 characters");
	if ((problem = check_characters(in)) != NULL)
		return (problem);
	for (i = 0; i < sizeof(irregular) / sizeof(irregular[0]); i++) {
		if (strcasecmp(in, irregular[i]) == 0) {
			strcpy(out, irregular[i]);
			return (NULL);
		}
	}
	if ((problem = read_tag(in)) == NULL)
		write_tag(in, out);
	return (problem);
}

bool
language_tag_shorten(char *tag)
{
	char	*hyphen = strrchr(tag, '-');

	if (hyphen == NULL) {
		*tag = '\0';
		return (false);
	}
	*hyphen = '\0';
	/* A single one says what followed it. */
	if (hyphen - tag >= 2 && hyphen[-2] == '-')
		hyphen[-2] = '\0';
	return (true);
}
