/* SPDX-License-Identifier: ISC */
/* Language tags (BCP 47): en, pt-BR, zh-Hant-TW. */

#ifndef UTILS_LANGUAGE_TAG_H
#define UTILS_LANGUAGE_TAG_H

#include <stdbool.h>

/* The longest tag, its NUL included; RFC 5646, 4.4.1. */
#define LANGUAGE_TAG_MAX	36

/*
 * Checks that the NUL-terminated text is a well-formed tag (RFC 5646, 2.1 and
 * 2.2.9) of at most 35 characters, and writes it into out in the case that the
 * RFC recommends: en-us becomes en-US, ZH-hant-tw zh-Hant-TW. Whether the
 * subtags are registered is not checked, because the registry grows. Returns
 * NULL. Otherwise returns a constant phrase that says what is wrong and follows
 * the field's name, and out is "". out and in may not overlap.
 */
const char	*language_tag(const char *in, char out[LANGUAGE_TAG_MAX]);

/*
 * Shortens a tag for the look-up of RFC 4647, 3.4: zh-Hant-TW becomes zh-Hant,
 * and en-u-ca becomes en. False when nothing would be left; the tag is "" then.
 */
bool		 language_tag_shorten(char *tag);

#endif
