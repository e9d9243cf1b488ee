/* SPDX-License-Identifier: ISC */
/* Phrases: a few words that code chooses, in the language of the mail. */

#include <stdio.h>
#include <string.h>

#include "base/register.h"
#include "mail/compose.h"
#include "utils/start_error.h"

#define DEPTH_MAX	3	/* phrases within phrases */

#define PLACE		"assets/mail/%s/phrases.%s.txt"

/* assets/mail/en/phrases.en.txt */
extern const unsigned char	asset_phrases_en_txt[];

REGISTERED(const struct mail_phrase, mail_phrases);

/* A line "name: words". */
struct line {
	const char	*name, *words;
	size_t		 name_len, len;	/* of the words */
};

static const char *
english(void)
{
	return ((const char *)asset_phrases_en_txt);
}

/* Reads the line at p, and returns where the next one begins. */
static const char *
read_line(const char *p, struct line *line)
{
	size_t	 len = strcspn(p, "\n");

	line->name = p;
	line->name_len = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
	line->words = NULL;
	if (line->name_len > 0 && line->name_len + 2 < len &&
	    strncmp(p + line->name_len, ": ", 2) == 0) {
		line->words = p + line->name_len + 2;
		line->len = len - line->name_len - 2;
	}
	return (p + len + (p[len] == '\n' ? 1 : 0));
}

static bool
is_line_of(const struct line *line, const char *name)
{
	return (line->words != NULL && strlen(name) == line->name_len &&
	    memcmp(line->name, name, line->name_len) == 0);
}

static bool
find_line(const char *text, const char *name, struct line *line)
{
	while (*text != '\0') {
		text = read_line(text, line);
		if (is_line_of(line, name))
			return (true);
	}
	return (false);
}

static const struct mail_phrase *
phrase_of(const struct line *line)
{
	const struct mail_phrase	*const *p;

	EACH_REGISTERED(p, mail_phrases) {
		if (is_line_of(line, (*p)->name))
			return (*p);
	}
	return (NULL);
}

static bool
declares(const struct mail_phrase *p, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < p->nvalues; i++) {
		if (strlen(p->values[i]) == len &&
		    memcmp(p->values[i], name, len) == 0)
			return (true);
	}
	return (false);
}

/* The next placeholder of a line, at or after p; NULL: none, or a bad one. */
static const char *
next_gap(const struct line *line, const char *p, bool *bad)
{
	size_t	 left = (size_t)(line->words + line->len - p), n, len;

	p = memmem(p, left, "{{", 2);
	*bad = p != NULL && (mail_gap(p, &n, &len) == NULL ||
	    p + len > line->words + line->len);
	return (*bad ? NULL : p);
}

static bool
uses(const struct line *line, const char *value)
{
	const char	*p, *name;
	size_t		 n, len;
	bool		 bad;

	for (p = line->words; (p = next_gap(line, p, &bad)) != NULL;
	    p += len) {
		name = mail_gap(p, &n, &len);
		if (strlen(value) == n && memcmp(name, value, n) == 0)
			return (true);
	}
	return (false);
}

/* A line whose placeholders are not those of the phrase. */
static const char *
check_gaps(const char *tag, const struct mail_phrase *phrase,
    const struct line *line)
{
	const char	*p, *name;
	size_t		 i, n, len;
	bool		 bad;

	for (p = line->words; (p = next_gap(line, p, &bad)) != NULL;
	    p += len) {
		name = mail_gap(p, &n, &len);
		if (!declares(phrase, name, n))
			return (start_error(PLACE ": the phrase %s declares "
			    "no %.*s", tag, tag, phrase->name, (int)n, name));
	}
	if (bad)
		return (start_error(PLACE ": in %s, {{ is not followed by a "
		    "name in small letters and }}", tag, tag, phrase->name));
	for (i = 0; i < phrase->nvalues; i++) {
		if (!uses(line, phrase->values[i]))
			return (start_error(PLACE ": %s does not use %s", tag,
			    tag, phrase->name, phrase->values[i]));
	}
	return (NULL);
}

static const char *
check_phrases(const char *tag, const char *text)
{
	const struct mail_phrase	*phrase;
	const char			*problem;
	struct line			 line;
	unsigned			 number = 0;

	if ((problem = mail_bad_character(text)) != NULL)
		return (start_error(PLACE " has %s", tag, tag, problem));
	while (*text != '\0') {
		number++;
		if (*text == '\n') {
			text++;
			continue;
		}
		text = read_line(text, &line);
		if (line.words == NULL)
			return (start_error(PLACE ", line %u must be like "
			    "'name: words'", tag, tag, number));
		if ((phrase = phrase_of(&line)) == NULL)
			return (start_error(PLACE ", line %u: no module has "
			    "PHRASE(%.*s)", tag, tag, number,
			    (int)line.name_len, line.name));
		if ((problem = check_gaps(tag, phrase, &line)) != NULL)
			return (problem);
	}
	return (NULL);
}

const char *
mail_phrases_init(void)
{
	const struct mail_phrase	*const *p;
	struct line			 line;

	EACH_REGISTERED(p, mail_phrases) {
		if (!find_line(english(), (*p)->name, &line))
			return (start_error(PLACE " has no line '%s: ...'",
			    "en", "en", (*p)->name));
	}
	return (mail_texts_phrases(check_phrases));
}

/* In that language, or in a wider one. */
static bool
find_in(const char *locale, const char *name, struct line *line)
{
	char		 tag[LANGUAGE_TAG_MAX];
	const char	*text;

	snprintf(tag, sizeof(tag), "%s", locale);
	do {
		text = mail_phrases_in(tag);
		if (text != NULL && find_line(text, name, line))
			return (true);
	} while (language_tag_shorten(tag));
	return (false);
}

/* Adds the value; a phrase's own placeholders have values of the mail. */
static void
add_words(struct text *t, const char *locale,
    const struct mail_value *values, const struct mail_value *v,
    unsigned depth)
{
	struct line	 line;
	const char	*p, *gap, *name;
	size_t		 n, len;
	bool		 bad;

	if (v->name == NULL || depth > DEPTH_MAX ||
	    (v->phrase == NULL && v->value == NULL)) {
		t->cut = true;
		return;
	}
	if (v->phrase == NULL) {
		text_puts(t, v->value);
		return;
	}
	if (!find_in(locale, v->phrase->name, &line) &&
	    !find_in(mail_default_language(), v->phrase->name, &line) &&
	    !find_line(english(), v->phrase->name, &line)) {
		t->cut = true;			/* see mail_phrases_init() */
		return;
	}
	for (p = line.words; (gap = next_gap(&line, p, &bad)) != NULL;
	    p = gap + len) {
		text_add(t, p, (size_t)(gap - p));
		name = mail_gap(gap, &n, &len);
		add_words(t, locale, values, mail_value_of(values, name, n),
		    depth + 1);
	}
	text_add(t, p, (size_t)(line.words + line.len - p));
}

const struct mail_value *
mail_say(struct arena *arena, const char *locale,
    const struct mail_value *values)
{
	struct mail_value	*said;
	struct text		 t;
	size_t			 n, i;

	for (n = 1; values[n - 1].name != NULL; n++)
		continue;
	if ((said = arena_alloc(arena, n * sizeof(*said))) == NULL)
		return (NULL);
	memcpy(said, values, n * sizeof(*said));
	for (i = 0; i < n; i++) {
		if (said[i].phrase == NULL)
			continue;
		t = arena_text(arena);
		add_words(&t, locale, values, &values[i], 0);
		if (t.cut)
			return (NULL);
		said[i].value = t.data;
		said[i].phrase = NULL;
	}
	return (said);
}
