/* SPDX-License-Identifier: ISC */
/* Templates: finds placeholders and fills them with values. */

#include <string.h>

#include "mail/compose.h"
#include "product.h"
#include "utils/html.h"
#include "utils/start_error.h"
#include "utils/utf8.h"

#define NAME_MAX_BYTES	40
#define SUBJECT_VALUE	100	/* characters; longer values are cut */
#define SUBJECT		"Subject: "

/* What every mail may use without declaring it: the product's title. */
#define PRODUCT_GAP	"product"

/* In assets/mail/frame.html; the last two in this order. */
#define FRAME_LANG	"{{lang}}"
#define FRAME_TITLE	"{{title}}"
#define FRAME_CONTENT	"{{content}}"

const char *
mail_gap(const char *p, size_t *name_len, size_t *len)
{
	size_t	 n;

	n = strspn(p + 2, "abcdefghijklmnopqrstuvwxyz_");
	if (n == 0 || n > NAME_MAX_BYTES || strncmp(p + 2 + n, "}}", 2) != 0)
		return (NULL);
	*name_len = n;
	*len = n + 4;
	return (p + 2);
}

static bool
is_called(const char *name, size_t len, const char *called)
{
	return (strlen(called) == len && strncmp(called, name, len) == 0);
}

const struct mail_value *
mail_value_of(const struct mail_value *v, const char *name, size_t len)
{
	while (v->name != NULL && !is_called(name, len, v->name))
		v++;
	return (v);
}

static const char *
find_value(const struct mail_value *values, const char *name, size_t len)
{
	const struct mail_value	*v = mail_value_of(values, name, len);

	if (v->name != NULL)
		return (v->value);
	return (is_called(name, len, PRODUCT_GAP) ? PRODUCT_TITLE : NULL);
}

/*
 * A run of characters that could break a line or change the direction of text
 * becomes one blank; bytes that are not UTF-8 become U+FFFD.
 */
static void
add_value(struct text *t, enum mail_part part, const char *s)
{
	size_t	 n, chars = 0;
	bool	 control, before = false;

	for (; *s != '\0'; s += n > 0 ? n : 1, before = control) {
		n = utf8_sequence(s, strlen(s));
		control = mail_is_control(s, n);
		if (control && before)
			continue;
		if (part == PART_SUBJECT && chars++ == SUBJECT_VALUE) {
			text_puts(t, "\u2026");
			return;
		}
		if (control)
			text_puts(t, " ");
		else if (n == 0)
			text_puts(t, "\ufffd");
		else if (part == PART_HTML)
			html_escape(t, s, n);
		else
			text_add(t, s, n);
	}
}

static void
expand(struct text *t, enum mail_part part, const char *p, size_t len,
    const struct mail_value *values)
{
	const char	*end = p + len, *gap, *name;
	size_t		 name_len, gap_len;

	while ((gap = memmem(p, (size_t)(end - p), "{{", 2)) != NULL) {
		text_add(t, p, (size_t)(gap - p));
		name = mail_gap(gap, &name_len, &gap_len);
		if (name == NULL) {		/* see mail_check() */
			t->cut = true;
			return;
		}
		add_value(t, part, find_value(values, name, name_len));
		p = gap + gap_len;
	}
	text_add(t, p, (size_t)(end - p));
}

static void
expand_subject(struct text *t, const struct mail *m, enum mail_part part,
    const struct mail_value *values)
{
	size_t	 skip = sizeof(SUBJECT) - 1;

	expand(t, part, m->text + skip, strcspn(m->text, "\n") - skip,
	    values);
}

/* A part of the frame: the language is in its head and around the content. */
static void
expand_frame(struct text *t, const struct mail *m, const char *p, size_t len)
{
	const char	*end = p + len, *gap;

	while ((gap = memmem(p, (size_t)(end - p), FRAME_LANG,
	    sizeof(FRAME_LANG) - 1)) != NULL) {
		text_add(t, p, (size_t)(gap - p));
		text_puts(t, m->locale);
		p = gap + sizeof(FRAME_LANG) - 1;
	}
	text_add(t, p, (size_t)(end - p));
}

/* The frame is around the HTML of every mail; its title is the subject. */
static void
expand_html(struct text *t, const struct mail *m,
    const struct mail_value *values)
{
	const char	*rest = "", *title, *content;

	if (m->frame != NULL) {			/* see check_frame() */
		title = strstr(m->frame, FRAME_TITLE);
		expand_frame(t, m, m->frame, (size_t)(title - m->frame));
		expand_subject(t, m, PART_HTML, values);
		title += sizeof(FRAME_TITLE) - 1;
		content = strstr(title, FRAME_CONTENT);
		expand_frame(t, m, title, (size_t)(content - title));
		rest = content + sizeof(FRAME_CONTENT) - 1;
	}
	expand(t, PART_HTML, m->html, strlen(m->html), values);
	expand_frame(t, m, rest, strlen(rest));
}

void
mail_expand(struct text *t, const struct mail *m, enum mail_part part,
    const struct mail_value *values)
{
	size_t	 line = strcspn(m->text, "\n");

	switch (part) {
	case PART_SUBJECT:
		expand_subject(t, m, part, values);
		break;
	case PART_TEXT:
		expand(t, part, m->text + line + 2,
		    strlen(m->text + line + 2), values);
		break;
	case PART_HTML:
		expand_html(t, m, values);
	}
}

static const char *
first_lacking(const char *const *names, size_t n,
    const struct mail_value *values)
{
	const struct mail_value	*v;
	size_t			 i;

	for (i = 0; i < n; i++) {
		v = mail_value_of(values, names[i], strlen(names[i]));
		if (v->name == NULL || (v->value == NULL && v->phrase == NULL))
			return (names[i]);
	}
	return (NULL);
}

const char *
mail_lacks(const struct mail *m, const struct mail_value *values)
{
	const struct mail_value	*v;
	const char		*lacks;

	lacks = first_lacking(m->values, m->nvalues, values);
	for (v = values; lacks == NULL && v->name != NULL; v++) {
		if (v->phrase != NULL)
			lacks = first_lacking(v->phrase->values,
			    v->phrase->nvalues, values);
	}
	return (lacks);
}

static bool
is_declared(const struct mail *m, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < m->nvalues; i++) {
		if (is_called(name, len, m->values[i]))
			return (true);
	}
	return (is_called(name, len, PRODUCT_GAP));
}

const char *
mail_bad_character(const char *p)
{
	size_t	 n;

	for (; *p != '\0'; p += n) {
		n = utf8_sequence(p, strlen(p));
		if (n == 0 || (mail_is_control(p, n) && *p != '\n'))
			return ("a control character, a tab, or what is not "
			    "UTF-8");
	}
	return (NULL);
}

/* The file as it is in assets/mail. */
#define PLACE		"assets/mail/%s/%s.%s.%s"
#define FILE_OF(m, end)	(m)->locale, (m)->name, (m)->locale, end

static const char *
check_gaps(const struct mail *m, const char *file, const char *text)
{
	const char	*p, *q, *name, *bad;
	size_t		 name_len, len;
	unsigned	 line;

	for (p = strstr(text, "{{"); p != NULL; p = strstr(p + len, "{{")) {
		for (line = 1, q = text; q < p; q++)
			line += *q == '\n';
		if ((name = mail_gap(p, &name_len, &len)) == NULL)
			return (start_error(PLACE ", line %u: {{ is not "
			    "followed by a name in small letters and }}",
			    FILE_OF(m, file), line));
		if (!is_declared(m, name, name_len))
			return (start_error(PLACE ", line %u: the mail "
			    "declares no %.*s", FILE_OF(m, file), line,
			    (int)name_len, name));
	}
	if ((bad = mail_bad_character(text)) != NULL)
		return (start_error(PLACE " has %s", FILE_OF(m, file), bad));
	return (NULL);
}

static bool
uses(const char *text, const char *name)
{
	size_t	 len = strlen(name);

	while ((text = strstr(text, "{{")) != NULL) {
		text += 2;
		if (strncmp(text, name, len) == 0 &&
		    strncmp(text + len, "}}", 2) == 0)
			return (true);
	}
	return (false);
}

static const char *
check_frame(const struct mail *m)
{
	const char	*title;

	if (m->frame == NULL)
		return (NULL);
	title = strstr(m->frame, FRAME_TITLE);
	if (title == NULL || strstr(title, FRAME_CONTENT) == NULL)
		return (start_error("assets/mail/frame.html must have "
		    FRAME_TITLE " and then " FRAME_CONTENT));
	return (NULL);
}

const char *
mail_check(const struct mail *m)
{
	size_t		 i, line = strcspn(m->text, "\n");
	const char	*problem;

	if (strncmp(m->text, SUBJECT, sizeof(SUBJECT) - 1) != 0 ||
	    line == sizeof(SUBJECT) - 1 ||
	    strncmp(m->text + line, "\n\n", 2) != 0)
		return (start_error(PLACE " must begin with a line "
		    "'Subject: ...' and an empty one", FILE_OF(m, "txt")));
	if ((problem = check_frame(m)) != NULL ||
	    (problem = check_gaps(m, "txt", m->text)) != NULL ||
	    (problem = check_gaps(m, "html", m->html)) != NULL)
		return (problem);
	for (i = 0; i < m->nvalues; i++) {
		if (!uses(m->text, m->values[i]) &&
		    !uses(m->html, m->values[i]))
			return (start_error("the mail %s declares %s, which "
			    "neither " PLACE " nor .html uses", m->name,
			    m->values[i], FILE_OF(m, "txt")));
	}
	return (NULL);
}
