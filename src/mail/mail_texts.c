/* SPDX-License-Identifier: ISC */
/*
 * The texts of mails, by language: finds the files of assets/mail at start, and
 * chooses those of a recipient.
 *
 * kodev names an asset by the last part of its path, so a file's name has its
 * language, too: assets/mail/es/welcome.es.txt is asset_welcome_es_txt. English
 * is linked by name, see MAIL(); the others are found by their symbols.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assets.h"
#include "base/register.h"
#include "mail/compose.h"
#include "utils/start_error.h"

#define ENGLISH		"en"
#define SUBJECT		"Subject: "
#define NAME_MAX_BYTES	200	/* of a file */

REGISTERED(const struct mail, mails);

/* The language of recipients who have none: MAIL_LOCALE. */
static char	default_tag[LANGUAGE_TAG_MAX] = ENGLISH;

/* What stands in such files, too; neither is a mail. */
#define FRAME		"frame"
#define PHRASES		"phrases"
static const char *const	others[] = { FRAME, PHRASES };

/* assets/mail/TAG/NAME.TAG.txt or .html */
struct file {
	struct file	*next;
	char		 name[NAME_MAX_BYTES];
	char		 tag[LANGUAGE_TAG_MAX];
	bool		 html;
	const char	*text;
};

/* Filled at start, and constant afterwards. */
static struct file	*files;

/* A start without memory. */
static const char	short_of_memory[] = "out of memory";

static const struct file *
find(const char *name, const char *tag, bool html)
{
	const struct file	*f;

	for (f = files; f != NULL; f = f->next) {
		if (f->html == html && strcmp(f->tag, tag) == 0 &&
		    strcmp(f->name, name) == 0)
			return (f);
	}
	return (NULL);
}

static const struct mail *
mail_called(const char *name)
{
	const struct mail	*const *m;

	EACH_REGISTERED(m, mails) {
		if (strcmp((*m)->name, name) == 0)
			return (*m);
	}
	return (NULL);
}

/* Does a file's name begin with this one, up to its language or its end? */
static size_t
match(const char *asset, const char *name)
{
	size_t	 len = strlen(name);

	return (strncmp(asset, name, len) == 0 && (asset[len] == '_' ||
	    asset[len] == '\0') ? len : 0);
}

/* How long the part before the language is; 0: it is no file of mails. */
static size_t
name_of(const char *asset)
{
	const struct mail	*const *m;
	size_t			 i, len, longest = 0;

	EACH_REGISTERED(m, mails) {
		if ((len = match(asset, (*m)->name)) > longest)
			longest = len;
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if ((len = match(asset, others[i])) > longest)
			longest = len;
	}
	return (longest);
}

/*
 * The language at the end of an asset's name, "es_MX". False when it is none:
 * then a file may be something else, such as welcome_page.html.
 */
static bool
read_language(const char *text, char tag[LANGUAGE_TAG_MAX])
{
	char	 hyphens[LANGUAGE_TAG_MAX], *p;

	snprintf(hyphens, sizeof(hyphens), "%s", text);
	for (p = hyphens; *p != '\0'; p++) {
		if (*p == '_')
			*p = '-';
	}
	return (strlen(text) < sizeof(hyphens) &&
	    language_tag(hyphens, tag) == NULL);
}

/* Cuts "_txt" or "_html" off. */
static bool
cut_ending(char *asset, bool *html)
{
	size_t	 len = strlen(asset);

	*html = len > 5 && strcmp(asset + len - 5, "_html") == 0;
	if (!*html && (len <= 4 || strcmp(asset + len - 4, "_txt") != 0))
		return (false);
	asset[len - (*html ? 5 : 4)] = '\0';
	return (true);
}

static bool
is_subject(const char *text)
{
	return (strncmp(text, SUBJECT, sizeof(SUBJECT) - 1) == 0);
}

/* What to do with a text that is a mail's, but cannot be used. */
static const char *
misnamed(const char *asset, size_t len)
{
	const char	*rest = asset + len;

	if (len == 0)
		return (start_error("the text of a mail, %s.txt in assets, "
		    "belongs to none: no module has MAIL(NAME, ...) or "
		    "NOTICE(NAME, ...) for assets/mail/LANGUAGE/"
		    "NAME.LANGUAGE.txt", asset));
	if (*rest == '\0')
		return (start_error("%s.txt in assets/mail has no language: "
		    "call it assets/mail/" ENGLISH "/%s." ENGLISH ".txt if it "
		    "is English, and its .html likewise", asset, asset));
	return (start_error("%.*s.%s.txt in assets/mail: %s is no language tag "
	    "such as es or pt-BR", (int)len, asset, rest + 1, rest + 1));
}

/* Keeps each file that may be a mail's. */
static bool
keep_file(void *arg, const char *asset, const char *text)
{
	const char	**problem = arg;
	struct file	*f;
	char		 name[NAME_MAX_BYTES], tag[LANGUAGE_TAG_MAX];
	bool		 html, is_mail;
	size_t		 len;

	snprintf(name, sizeof(name), "%s", asset);
	if (strlen(asset) >= sizeof(name) || !cut_ending(name, &html))
		return (true);
	is_mail = !html && is_subject(text);
	len = name_of(name);
	if (len == 0 || name[len] == '\0' ||
	    !read_language(name + len + 1, tag)) {
		*problem = is_mail ? misnamed(name, len) : NULL;
		return (!is_mail);
	}
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		*problem = short_of_memory;
		return (false);
	}
	name[len] = '\0';
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->tag, sizeof(f->tag), "%s", tag);
	f->html = html;
	f->text = text;
	f->next = files;
	files = f;
	return (true);
}

/* Is it a language of mails: has it the text of one? */
static bool
is_language(const char *tag)
{
	const struct file	*f;

	for (f = files; f != NULL; f = f->next) {
		if (!f->html && is_subject(f->text) && strcmp(f->tag, tag) == 0)
			return (true);
	}
	return (strcmp(tag, ENGLISH) == 0);
}

/* The two halves of a mail. */
static const char *
check_pair(const struct file *f)
{
	if (mail_called(f->name) == NULL || !is_language(f->tag) ||
	    find(f->name, f->tag, !f->html) != NULL)
		return (NULL);
	return (start_error("assets/mail/%s/%s.%s.%s has no %s.%s.%s beside "
	    "it: a mail has both", f->tag, f->name, f->tag,
	    f->html ? "html" : "txt", f->name, f->tag,
	    f->html ? "txt" : "html"));
}

/* The mail with its texts of that language; false if it has none. */
static bool
take(const struct mail *mail, const char *tag, struct mail *out)
{
	const struct file	*text = find(mail->name, tag, false);
	const struct file	*html = find(mail->name, tag, true);
	const struct file	*frame = find(FRAME, tag, true);
	bool			 english = strcmp(tag, ENGLISH) == 0;

	if (!english && (text == NULL || html == NULL))
		return (false);
	*out = *mail;
	snprintf(out->locale, sizeof(out->locale), "%s", tag);
	if (!english) {
		out->text = text->text;
		out->html = html->text;
	}
	if (frame != NULL)
		out->frame = frame->text;
	return (true);
}

/* Every mail in every language that it has. */
static const char *
check_mails(void)
{
	const struct mail	*const *m;
	const struct file	*f;
	const char		*problem;
	struct mail		 one;

	EACH_REGISTERED(m, mails) {
		if ((*m)->text == NULL || (*m)->html == NULL)
			return (start_error("the mail %s has no assets/mail/"
			    ENGLISH "/%s." ENGLISH ".%s", (*m)->name,
			    (*m)->name, (*m)->text == NULL ? "txt" : "html"));
		take(*m, ENGLISH, &one);
		if ((problem = mail_check(&one)) != NULL)
			return (problem);
		for (f = files; f != NULL; f = f->next) {
			if (!f->html && strcmp(f->name, (*m)->name) == 0 &&
			    take(*m, f->tag, &one) &&
			    (problem = mail_check(&one)) != NULL)
				return (problem);
		}
	}
	return (NULL);
}

const char *
mail_texts_init(void)
{
	const struct file	*f;
	const char		*problem = NULL;

	assets_each(keep_file, &problem);
	for (f = files; f != NULL && problem == NULL; f = f->next)
		problem = check_pair(f);
	return (problem != NULL ? problem : check_mails());
}

const char *
mail_texts_phrases(const char *(*check)(const char *, const char *))
{
	const struct file	*f;
	const char		*problem = NULL;

	for (f = files; f != NULL && problem == NULL; f = f->next) {
		if (!f->html && strcmp(f->name, PHRASES) == 0)
			problem = check(f->tag, f->text);
	}
	return (problem);
}

/* RFC 4647, 3.4: es-MX, es. */
static bool
look_up(const struct mail *mail, const char *locale, struct mail *out)
{
	char	 tag[LANGUAGE_TAG_MAX];

	if (locale == NULL || language_tag(locale, tag) != NULL)
		return (false);
	do {
		if (take(mail, tag, out))
			return (true);
	} while (language_tag_shorten(tag));
	return (false);
}

struct mail
mail_in(const struct mail *mail, const char *locale)
{
	struct mail	 out;

	if (!look_up(mail, locale, &out) &&
	    !look_up(mail, default_tag, &out))
		take(mail, ENGLISH, &out);
	return (out);
}

const char *
mail_phrases_in(const char *tag)
{
	const struct file	*f = find(PHRASES, tag, false);

	return (f != NULL ? f->text : NULL);
}

const char *
mail_default_language(void)
{
	return (default_tag);
}

static void
list_languages(struct text *t)
{
	const struct file	*f, *g;

	text_puts(t, ENGLISH);
	for (f = files; f != NULL; f = f->next) {
		if (!is_subject(f->text) || strcmp(f->tag, ENGLISH) == 0)
			continue;
		for (g = files; g != f; g = g->next) {
			if (is_subject(g->text) && strcmp(g->tag, f->tag) == 0)
				break;
		}
		if (g == f)
			text_printf(t, ", %s", f->tag);
	}
}

const char *
mail_default_init(const char *locale)
{
	char		 tag[LANGUAGE_TAG_MAX], all[512];
	struct text	 t = text_in(all, sizeof(all));
	const char	*problem;

	if ((problem = language_tag(locale, tag)) != NULL)
		return (problem);
	if (!is_language(tag)) {
		list_languages(&t);
		return (start_error("must be a language of assets/mail: %s",
		    all));
	}
	memcpy(default_tag, tag, sizeof(tag));
	return (NULL);
}
