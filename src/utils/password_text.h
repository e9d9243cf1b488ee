/* SPDX-License-Identifier: ISC */
/* The forms in which the same password may be typed. */

#ifndef UTILS_PASSWORD_TEXT_H
#define UTILS_PASSWORD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One device sends an accented letter as one code point (NFC), another one as a
 * letter and an accent (NFD). So passwords are compared in a normal form: that
 * of RFC 8265, 4.2.2 (OpaqueString), in NFC and with U+0020 for every other
 * space (category Zs). Nothing is refused. Thread-safe.
 */

/* What a password may have, as it was typed or else in its normal form. */
#define PASSWORD_BYTES_MAX	1024

/* NFC and NFD have at most three bytes for each one. */
#define PASSWORD_FORM_SIZE	(3 * PASSWORD_BYTES_MAX + 1)

/*
 * Writes the normal form, or NFD without any other change. A text that is not
 * valid UTF-8 is written as it is. False, and out is "", if it does not fit in
 * size bytes, or memory is short. The caller wipes out.
 */
bool	password_normalise(const char *typed, char *out, size_t size);
bool	password_decompose(const char *typed, char *out, size_t size);

/*
 * Writes a password that is not too long: as it was typed, or in its normal
 * form if only that fits. False, and out is "", if neither does; no hash is of
 * such a password.
 */
bool	password_take(const char *typed,
	    char out[static PASSWORD_BYTES_MAX + 1]);

/*
 * Writes the password for a comparison with a list, in lower case (NFKC, full
 * case folding). False, and out is "", as above.
 */
bool	password_fold(const char *typed, char *out, size_t size);

/*
 * Cuts off the last character of a text, valid UTF-8, if it is a digit,
 * punctuation, a symbol or a blank. False if it is none, or the text is empty.
 */
bool	password_cut(char *text);

#endif
