/* SPDX-License-Identifier: ISC */
/* Checks e-mail addresses by the rules of Python's email-validator. */

#include <idn2.h>
#include <uninorm.h>
#include <unictype.h>
#include <unistr.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utils/email.h"
#include "utils/utf8.h"

/* Maximum lengths from RFC 5321 section 4.5.3.1 and RFC 3696's erratum 1690. */
#define EMAIL_TOTAL	254	/* bytes */
#define EMAIL_LOCAL	64	/* code points */
#define EMAIL_DOMAIN	253	/* bytes in ASCII */

static const char	*email_local(const char *, size_t, char *, size_t *,
			    bool *);
static const char	*email_local_international(const char *, size_t,
			    char *, size_t *);
static const char	*email_domain(const char *, char *, size_t *,
			    size_t *);
static const char	*email_host(const char *);
static const char	*email_label(char *, char *, size_t, size_t *);
static bool		 email_mixes_numbers(const uint8_t *);
static const char	*email_idn_reason(int);
static bool		 email_is_atext(char);
static bool		 email_is_special(const char *);

static const char no_memory[] = "could not be checked";
static const char too_long[] = "must be at most 254 bytes long";
static const char bad_domain[] = "must have a valid domain after the @";
static const char bad_local[] =
    "has a character before the @ that is not allowed";

const char *
email_normalise(const char *in, char *out, size_t outsize)
{
	char		 local[EMAIL_TOTAL + 1], domain[EMAIL_TOTAL + 1];
	const char	*at, *why;
	size_t		 len, local_len = 0, domain_len, ascii_len;
	bool		 ascii;

	if (outsize > 0)
		out[0] = '\0';
	len = strnlen(in, EMAIL_INPUT_MAX + 1);
	if (len > EMAIL_INPUT_MAX)
		return (too_long);
	if (!utf8_valid(in, len))
		return ("must be valid UTF-8");
	if ((at = strchr(in, '@')) == NULL || strchr(at + 1, '@') != NULL)
		return ("must contain exactly one @");

	why = email_local(in, (size_t)(at - in), local, &local_len, &ascii);
	if (why != NULL)
		return (why);
	why = email_domain(at + 1, domain, &domain_len, &ascii_len);
	if (why != NULL)
		return (why);

	/*
	 * An address with an ASCII local part may be sent with its domain in
	 * ASCII, which is longer. Any other address is sent as UTF-8.
	 */
	if (local_len + 1 + domain_len > EMAIL_TOTAL ||
	    (ascii && local_len + 1 + ascii_len > EMAIL_TOTAL))
		return (too_long);
	if (local_len + 1 + domain_len >= outsize)
		return ("is too long to be kept");
	memcpy(out, local, local_len);
	out[local_len] = '@';
	memcpy(out + local_len + 1, domain, domain_len);
	out[local_len + 1 + domain_len] = '\0';
	return (NULL);
}

/* Writes at most EMAIL_TOTAL bytes and no NUL. */
static const char *
email_local(const char *in, size_t len, char *local, size_t *local_len,
    bool *ascii)
{
	size_t	i, points;

	if (len == 0)
		return ("must have something before the @");

	*ascii = true;
	points = 0;
	for (i = 0; i < len; i++) {
		if (((unsigned char)in[i] & 0xc0) != 0x80)
			points++;
		if ((unsigned char)in[i] >= 0x80)
			*ascii = false;
		else if (in[i] == '.') {
			if (i == 0 || i == len - 1 || in[i - 1] == '.')
				return ("must not have a leading, trailing "
				    "or double dot before the @");
		} else if (!email_is_atext(in[i]))
			return (bad_local);
	}
	if (points > EMAIL_LOCAL)
		return ("must have at most 64 characters before the @");
	if (!*ascii)
		return (email_local_international(in, len, local, local_len));

	memcpy(local, in, len);
	*local_len = len;
	return (NULL);
}

static const char *
email_local_international(const char *in, size_t len, char *local,
    size_t *local_len)
{
	const char	*why = NULL;
	uint8_t		*nfc;
	ucs4_t		 uc;
	size_t		 i, n;

	nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)in, len, NULL, &n);
	if (nfc == NULL)
		return (no_memory);
	if (n > EMAIL_TOTAL)
		why = too_long;

	for (i = 0; i < n && why == NULL; ) {
		/* A leading combining mark would change the text before it. */
		if (u8_mbtouc(&uc, nfc + i, n - i) <= 0 ||
		    uc_is_general_category_withtable(uc,
		    UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_C) ||
		    (i == 0 && uc_is_general_category_withtable(uc,
		    UC_CATEGORY_MASK_M)))
			why = bad_local;
		i += (size_t)u8_mblen(nfc + i, n - i);
	}
	if (why == NULL) {
		memcpy(local, nfc, n);
		*local_len = n;
	}
	free(nfc);
	return (why);
}

/*
 * Writes the domain in Unicode, at most EMAIL_TOTAL bytes and no NUL, and its
 * length in ASCII into *ascii_len.
 */
static const char *
email_domain(const char *in, char *domain, size_t *domain_len,
    size_t *ascii_len)
{
	const char	*why;
	uint8_t		*ascii = NULL;
	char		*label, *next;
	int		 rc;

	if (*in == '\0')
		return ("must have something after the @");

	rc = idn2_lookup_u8((const uint8_t *)in, &ascii, IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return (email_idn_reason(rc));
	*ascii_len = strlen((char *)ascii);
	*domain_len = 0;
	why = email_host((char *)ascii);

	for (label = (char *)ascii; label != NULL && why == NULL;
	    label = next) {
		if ((next = strchr(label, '.')) != NULL)
			*next++ = '\0';
		why = email_label(label, domain, EMAIL_TOTAL, domain_len);
		if (why == NULL && next != NULL) {
			if (*domain_len == EMAIL_TOTAL)
				why = too_long;
			else
				domain[(*domain_len)++] = '.';
		}
	}
	idn2_free(ascii);
	return (why);
}

/* Checks the whole host name, given in lower-case ASCII. */
static const char *
email_host(const char *host)
{
	size_t	len = strlen(host);

	if (len > EMAIL_DOMAIN)
		return (too_long);
	if (len == 0 || host[0] == '.' || host[len - 1] == '.' ||
	    strstr(host, "..") != NULL)
		return ("must not have a leading, trailing or double dot "
		    "after the @");
	if (strchr(host, '.') == NULL)
		return ("must have a dot after the @");
	/* Every top-level domain ends with a letter; IP addresses do not. */
	if (host[len - 1] < 'a' || host[len - 1] > 'z')
		return ("must end with a top-level domain");
	if (email_is_special(host))
		return ("must not be in a domain reserved for special use");
	/* libidn2 does not check ASCII input; RFC 1123 restricts it. */
	if (strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != len)
		return (bad_domain);
	return (NULL);
}

/*
 * Converts one label of a host from ASCII to Unicode and appends it. UTS 46
 * accepts what IDNA 2008 does not (emoji, underscores), so the label is checked
 * again by the rules for registering a name (RFC 5891 section 4).
 */
static const char *
email_label(char *label, char *domain, size_t size, size_t *len)
{
	const char	*why = NULL;
	char		*text = NULL;
	uint8_t		*ascii = NULL;
	size_t		 n;
	int		 rc;

	rc = idn2_to_unicode_8z8z(label, &text, 0);
	if (rc != IDN2_OK)
		return (email_idn_reason(rc));
	rc = idn2_register_u8((uint8_t *)text, NULL, &ascii, 0);
	if (rc != IDN2_OK)
		why = email_idn_reason(rc);
	else if (email_mixes_numbers((uint8_t *)text))
		why = bad_domain;
	else if ((n = strlen(text)) > size - *len)
		why = too_long;
	else {
		memcpy(domain + *len, text, n);
		*len += n;
	}
	idn2_free(ascii);
	idn2_free(text);
	return (why);
}

/* RFC 5893 section 2 rule 4, which libidn2 2.3 does not check. */
static bool
email_mixes_numbers(const uint8_t *label)
{
	const uint8_t	*p = label;
	ucs4_t		 uc;
	bool		 european = false, arabic = false;

	while ((p = u8_next(&uc, p)) != NULL) {
		switch (uc_bidi_category(uc)) {
		case UC_BIDI_EN:
			european = true;
			break;
		case UC_BIDI_AN:
			arabic = true;
			break;
		}
	}
	return (european && arabic);
}

static const char *
email_idn_reason(int rc)
{
	switch (rc) {
	case IDN2_MALLOC:
		return (no_memory);
	case IDN2_TOO_BIG_DOMAIN:
		return (too_long);
	default:
		return (bad_domain);
	}
}

/* RFC 5322 section 3.2.3. */
static bool
email_is_atext(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL));
}

/*
 * Special-use domain names of the IANA registry under which no address can
 * exist. The example domains are allowed (RFC 6761 section 6.5).
 */
static bool
email_is_special(const char *host)
{
	static const char *const	special[] = {
		"arpa", "invalid", "local", "localhost", "onion", "test",
	};
	const char			*last;
	size_t				 i;

	last = strrchr(host, '.');
	last = last != NULL ? last + 1 : host;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (strcmp(last, special[i]) == 0)
			return (true);
	}
	return (false);
}

bool
email_mailbox(const char *address, char *out, size_t size)
{
	const char	*at = strrchr(address, '@');
	size_t		 len, plus;

	if (at == NULL || !utf8_lower(address, out, size))
		return (false);
	len = (size_t)(strrchr(out, '@') - out);
	plus = strcspn(out, "+");
	if (plus > 0 && plus < len)
		memmove(out + plus, out + len, strlen(out + len) + 1);
	return (true);
}
