/* SPDX-License-Identifier: ISC */
/* Compares a password with its owner's name and address. */

#include <openssl/crypto.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utils/password_personal.h"

/*
 * One code point is up to 18 in NFKD (U+FDFA, three bytes), and three without
 * case; NFD has up to three times the bytes. What has changed by NFKD changes
 * less without case: two for each.
 */
#define PLAIN_MAX	20
#define LOWER_MAX	4
#define NFD_GROWTH	3
#define FOLD_GROWTH	12

/* Code points, folded; they belong to a struct folded. */
struct run {
	const uint32_t	*s;
	size_t		 len;
};

struct folded {
	uint32_t	*s;	/* all of them */
	size_t		 len;
	uint32_t	*dense;	/* letters, marks and numbers */
	size_t		 dense_len;
	size_t		 size;	/* bytes of each */
};

/* The accents of Latin, Greek and Cyrillic, which NFKD sets apart. */
static bool
is_accent(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f);
}

static bool
is_number(uint32_t c)
{
	return (uc_is_general_category(c, UC_NUMBER));
}

static bool
is_letter(uint32_t c)
{
	return (uc_is_general_category(c, UC_LETTER) ||
	    uc_is_general_category(c, UC_MARK));
}

static void
drop_folded(struct folded *f)
{
	if (f->s != NULL)
		OPENSSL_cleanse(f->s, f->size);
	if (f->dense != NULL)
		OPENSSL_cleanse(f->dense, f->size);
	free(f->s);
	free(f->dense);
}

static void
add(struct folded *f, uint32_t c)
{
	if (is_accent(c) || f->len == f->size / sizeof(*f->s))
		return;
	f->s[f->len++] = c;
	if (is_letter(c) || is_number(c))
		f->dense[f->dense_len++] = c;
}

/* A character in compatible ones, and each of these without case. */
static void
add_folded(struct folded *f, uint32_t c)
{
	uint32_t	 plain[PLAIN_MAX], lower[LOWER_MAX];
	size_t		 n = PLAIN_MAX, m, i, j;

	if (u32_normalize(UNINORM_NFKD, &c, 1, plain, &n) != plain)
		return;
	for (i = 0; i < n; i++) {
		m = LOWER_MAX;
		if (u32_casefold(&plain[i], 1, NULL, NULL, lower, &m) != lower)
			continue;
		for (j = 0; j < m; j++)
			add(f, lower[j]);
	}
	OPENSSL_cleanse(plain, sizeof(plain));
	OPENSSL_cleanse(lower, sizeof(lower));
}

/*
 * libunistring would leave parts of a longer text in memory, so this goes
 * character by character, when NFD has brought accents into their order.
 */
static bool
fold(const char *text, size_t len, struct folded *f)
{
	size_t		 n = NFD_GROWTH * len + 1, size = n, i;
	uint8_t		*apart = malloc(n), *made = NULL;
	ucs4_t		 c;

	memset(f, 0, sizeof(*f));
	if (apart != NULL)
		made = u8_normalize(UNINORM_NFD, (const uint8_t *)text, len,
		    apart, &n);
	if (made != NULL) {
		f->size = (n + 1) * FOLD_GROWTH * sizeof(*f->s);
		f->s = malloc(f->size);
		f->dense = malloc(f->size);
	}
	if (f->s != NULL && f->dense != NULL) {
		for (i = 0; i < n; add_folded(f, c))
			i += (size_t)u8_mbtouc(&c, apart + i, n - i);
	}
	if (apart != NULL)
		OPENSSL_cleanse(apart, size);
	free(apart);
	return (f->s != NULL && f->dense != NULL);
}

static bool
has_letter(const uint32_t *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (is_letter(s[i]))
			return (true);
	}
	return (false);
}

/* Is `all` the run, with no letter beside it? */
static bool
surrounds(const uint32_t *all, size_t len, struct run run)
{
	size_t	 at;

	for (at = 0; at + run.len <= len; at++) {
		if (memcmp(all + at, run.s, run.len * sizeof(*run.s)) == 0 &&
		    !has_letter(all, at) && !has_letter(all + at + run.len,
		    len - at - run.len))
			return (true);
	}
	return (false);
}

static bool
is_most(const struct folded *password, struct run run)
{
	return (run.len * 2 > password->len &&
	    (surrounds(password->s, password->len, run) ||
	    surrounds(password->dense, password->dense_len, run)));
}

/* As it is, without what is no letter or number, and without outer numbers. */
static bool
is_from(const struct folded *password, const char *text, size_t len)
{
	struct folded	 f;
	struct run	 run;
	bool		 found = false;

	if (fold(text, len, &f)) {
		run = (struct run){ f.dense, f.dense_len };
		found = is_most(password, (struct run){ f.s, f.len }) ||
		    is_most(password, run);
		for (; run.len > 0 && is_number(*run.s); run.len--)
			run.s++;
		while (run.len > 0 && is_number(run.s[run.len - 1]))
			run.len--;
		found |= is_most(password, run);
	}
	drop_folded(&f);
	return (found);
}

/* The length in bytes of the word at s, or of what is between two words. */
static size_t
word_length(const char *s, size_t len, bool *is_word)
{
	size_t	 n = 0, size;
	ucs4_t	 c;
	bool	 in;

	while (n < len) {
		size = (size_t)u8_mbtouc(&c, (const uint8_t *)s + n, len - n);
		in = is_letter(c) || is_number(c);
		if (n > 0 && in != *is_word)
			break;
		*is_word = in;
		n += size;
	}
	return (n);
}

/* The whole text, or one of its words. */
static bool
is_from_any(const struct folded *password, const char *text, size_t len)
{
	bool	 is_word = false, found = is_from(password, text, len);
	size_t	 i, n;

	for (i = 0; i < len && !found; i += n) {
		n = word_length(text + i, len - i, &is_word);
		found = is_word && is_from(password, text + i, n);
	}
	return (found);
}

bool
password_is_personal(const char *password, const char *email, const char *name)
{
	struct folded	 f;
	const char	*at;
	bool		 found = false;

	if (fold(password, strlen(password), &f)) {
		if (email != NULL) {
			at = strrchr(email, '@');
			found = is_from(&f, email, strlen(email)) ||
			    is_from_any(&f, email, at != NULL ?
			    (size_t)(at - email) : strlen(email));
		}
		if (name != NULL)
			found |= is_from_any(&f, name, strlen(name));
	}
	drop_folded(&f);
	return (found);
}
