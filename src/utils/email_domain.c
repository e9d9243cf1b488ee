/* SPDX-License-Identifier: ISC */
/* Checks the domains of e-mail addresses by the rules of email-validator. */

#include <idn2.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <stdlib.h>
#include <string.h>

#include "utils/email_parts.h"
#include "utils/utf8.h"

#define FULLWIDTH_DOT	0xff0e	/* ends a label, as U+3002 and U+FF61 do */

static const char	*email_domain_characters(const char *);
static const char	*email_host(const char *, bool);
static const char	*email_label(char *, struct email_domain *);
static bool		 email_mixes_numbers(const uint8_t *);
static const char	*email_idn_reason(int);
static bool		 email_is_special(const char *);

static const char bad_domain[] = "must have a valid domain after the @";

const char *
email_domain_read(const char *in, bool is_public, struct email_domain *out)
{
	const char	*why;
	uint8_t		*ascii = NULL;
	char		*label, *next;
	int		 rc;

	if (*in == '\0')
		return ("must have something after the @");
	if ((why = email_domain_characters(in)) != NULL)
		return (why);

	rc = idn2_lookup_u8((const uint8_t *)in, &ascii, IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return (email_idn_reason(rc));
	out->ascii_len = strlen((char *)ascii);
	out->len = 0;
	why = email_host((char *)ascii, is_public);

	for (label = (char *)ascii; label != NULL && why == NULL;
	    label = next) {
		if ((next = strchr(label, '.')) != NULL)
			*next++ = '\0';
		why = email_label(label, out);
		if (why == NULL && next != NULL) {
			if (out->len == EMAIL_TOTAL)
				why = email_too_long;
			else
				out->text[out->len++] = '.';
		}
	}
	idn2_free(ascii);
	out->text[out->len] = '\0';
	return (why);
}

/* Would the mapping of UTS 46 make it a dot, and others beside it? */
static bool
email_hides_dot(ucs4_t uc)
{
	ucs4_t	 parts[UC_DECOMPOSITION_MAX_LENGTH];
	int	 tag, n, i;

	if (uc == FULLWIDTH_DOT)
		return (false);
	n = uc_decomposition(uc, &tag, parts);
	for (i = 0; i < n; i++) {
		if (parts[i] == '.')
			return (true);
	}
	return (false);
}

/*
 * Refuses what UTS 46 would leave out without a word, or what is dangerous to
 * show: else two texts that look alike, or do not, name one domain.
 */
static const char *
email_domain_characters(const char *in)
{
	const char	*p;
	size_t		 n;
	ucs4_t		 uc;

	for (p = in; *p != '\0'; p += n) {
		n = utf8_sequence(p, 4);
		uc = utf8_code(p, n);
		if (uc < 0x80 ? !uc_is_alnum(uc) && uc != '-' && uc != '.' :
		    email_is_unsafe(uc, p == in) || email_hides_dot(uc) ||
		    uc_is_property_default_ignorable_code_point(uc))
			return (email_refused(uc, "after"));
	}
	return (NULL);
}

/* Checks the whole host name, given in lower-case ASCII. */
static const char *
email_host(const char *host, bool is_public)
{
	size_t	len = strlen(host);

	if (len > EMAIL_DOMAIN)
		return (email_too_long);
	if (len == 0 || host[0] == '.' || host[len - 1] == '.' ||
	    strstr(host, "..") != NULL)
		return ("must not have a leading, trailing or double dot "
		    "after the @");
	if (is_public && strchr(host, '.') == NULL)
		return ("must have a dot after the @");
	/* Every top-level domain ends with a letter; IP addresses do not. */
	if (is_public && (host[len - 1] < 'a' || host[len - 1] > 'z'))
		return ("must end with a top-level domain");
	if (is_public && email_is_special(host))
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
email_label(char *label, struct email_domain *out)
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
	else if ((n = strlen(text)) > EMAIL_TOTAL - out->len)
		why = email_too_long;
	else {
		memcpy(out->text + out->len, text, n);
		out->len += n;
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
		return (email_no_memory);
	case IDN2_TOO_BIG_DOMAIN:
		return (email_too_long);
	case IDN2_2HYPHEN:
		return ("must not have a label with hyphens in its third and "
		    "fourth place after the @");
	default:
		return (bad_domain);
	}
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
