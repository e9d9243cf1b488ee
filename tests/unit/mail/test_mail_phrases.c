/* SPDX-License-Identifier: ISC */
/* Phrases: what a start refuses, and how their words come into a mail. */

/* sources: src/mail/mail_phrases.c src/mail/mail_texts.c */
/* sources: src/mail/mail_template.c src/mail/mail_text.c */
/* sources: src/base/arena.c src/base/mem.c */

#include "texts_fixture.h"

unsigned char		asset_phrases_en_txt[1000];

static const char	english[] =
			    "by_admin: by an admin\n"
			    "by_client: from {{client}}, {{device}}\n\n"
			    "device: {{program}} on {{system}}\n"
			    "nowhere: nowhere";

const unsigned char	asset_welcome_en_txt[] = "Subject: a\n\n{{by}}\n";
const unsigned char	asset_welcome_en_html[] = "{{by}}";
const unsigned char	asset_frame_html[] = "{{title}}{{content}}";

MAIL(welcome, "by");
PHRASE(by_admin);
PHRASE(by_client, "client", "device");
PHRASE(device, "program", "system");
PHRASE(nowhere);

static void
start(const void *phrase)
{
	const char	*what;

	must(mail_texts_init() == NULL, "an error", "none");
	what = mail_phrases_init();
	if (phrase == NULL)
		must(what == NULL, what, "nothing");
	else
		must(what != NULL && strstr(what, phrase) != NULL,
		    what != NULL ? what : "nothing", phrase);
}

static void
set_english(const char *text)
{
	snprintf((char *)asset_phrases_en_txt, sizeof(asset_phrases_en_txt),
	    "%s", text);
}

static void
test_what_a_start_refuses(void **state)
{
	static const struct {
		const char	*spanish, *phrase;	/* NULL: it is good */
	} cases[] = {
		{ "", NULL }, { "by_admin: por un admin", NULL },
		{ "\n\nby_client: {{device}} {{client}}\n", NULL },
		{ "nowhere: en ning\u00fan lugar\n", NULL },
		{ "por un admin\n", "phrases.es.txt, line 1 must be like" },
		{ "\nby_admin:por\n", "line 2 must be like" },
		{ "by_admin: \n", "line 1 must be like" },
		{ "by-admin: x\n", "line 1 must be like" },
		{ "by_admins: x\n", "no module has PHRASE(by_admins)" },
		{ "by: x\n", "no module has PHRASE(by)" },
		{ "nowhere: x\ty\n", "control character" },
		{ "nowhere: \xff\n", "control character" },
		{ "by_client: {{client}}\n", "by_client does not use device" },
		{ "nowhere: {{url}}\n", "the phrase nowhere declares no url" },
		{ "by_client: {{client}} {{devices}}\n",
		    "declares no devices" },
		{ "nowhere: {{ x\n", "in nowhere, {{ is not followed by" },
		{ "device: {{program}} {{system\n}}", "in device, {{ is not" },
	};
	struct asset	 assets_of[] = { { "phrases_es_txt", NULL },
			    { NULL, NULL } };
	size_t		 i;

	(void)state;
	set_english(english);
	for (i = 0; i < COUNT(cases); i++) {
		assets_of[0].text = cases[i].spanish;
		in_a_process(assets_of, start, cases[i].phrase);
	}

	/* English has all. */
	assets_of[0].text = english;
	set_english("by_admin: x\nby_client: {{client}}{{device}}\n"
	    "device: {{program}}{{system}}\n");
	in_a_process(assets_of, start,
	    "phrases.en.txt has no line 'nowhere: ...'");
}

static const struct asset	all[] = {
	{ "phrases_es_txt", "by_admin: por un admin\n"
	    "device: {{program}} en {{system}}\n"
	    "by_client: con {{device}}, desde {{client}}\n" },
	{ "phrases_es_MX_txt", "by_admin: por el admin" },
	{ "phrases_fr_txt", "nowhere: nulle part\n" },
	{ "welcome_fr_txt", "Subject: a\n\n{{by}}\n" },
	{ "welcome_fr_html", "{{by}}" },
	{ NULL, NULL },
};

static const char *
words(struct arena *arena, const char *locale,
    const struct mail_value *values)
{
	const struct mail_value	*said = mail_say(arena, locale, values);

	must(said != NULL, "no memory", "values");
	must_be(said[0].name, "by");
	must(said[0].ours && said[0].phrase == NULL, "another value", "words");
	return (said[0].value);
}

static void
say(const void *arg)
{
	struct arena	 arena = { .chunks = NULL };

	start(arg);
	must_be(words(&arena, "en", CONTEXT(SAID("by", by_admin))),
	    "by an admin");
	must_be(words(&arena, "es", CONTEXT(SAID("by", by_admin))),
	    "por un admin");
	must_be(words(&arena, "es-MX", CONTEXT(SAID("by", by_admin))),
	    "por el admin");

	/* Phrases within phrases, in the order of each language. */
	must_be(words(&arena, "es-MX", CONTEXT(SAID("by", by_client),
	    OURS("client", "::1"), SAID("device", device),
	    OURS("program", "{{x}}"), OURS("system", "s"))),
	    "con {{x}} en s, desde ::1");
	must_be(words(&arena, "en", CONTEXT(SAID("by", by_client),
	    SAID("client", nowhere), OURS("device", "d"))),
	    "from nowhere, d");

	/* What a language lacks: the default one, then English. */
	must_be(words(&arena, "es", CONTEXT(SAID("by", nowhere))), "nowhere");
	must(mail_default_init("fr") == NULL, "fr", "a default");
	must_be(words(&arena, "es", CONTEXT(SAID("by", nowhere))),
	    "nulle part");
	must_be(words(&arena, "de", CONTEXT(SAID("by", by_admin))),
	    "by an admin");

	/* A plain value stays; a phrase of itself has an end. */
	must_be(words(&arena, "es", CONTEXT(OURS("by", "{{by}}"))), "{{by}}");
	must(mail_say(&arena, "en", CONTEXT(SAID("client", by_client),
	    SAID("device", by_client))) == NULL, "words", "none");
	arena_free(&arena, false);
}

static void
test_words(void **state)
{
	(void)state;
	set_english(english);
	in_a_process(all, say, NULL);
}

/* What a phrase needs must be there before the mail is sent. */
static void
test_missing_values(void **state)
{
	(void)state;
	assert_null(mail_lacks(&welcome_mail, CONTEXT(SAID("by", by_admin))));
	assert_string_equal(mail_lacks(&welcome_mail, CONTEXT(SAID("by",
	    by_client), OURS("client", "c"))), "device");
	assert_string_equal(mail_lacks(&welcome_mail, CONTEXT(SAID("by",
	    by_client), OURS("client", "c"), SAID("device", device),
	    OURS("program", "p"))), "system");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_what_a_start_refuses),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_missing_values),
	};

	return (cmocka_run_group_tests_name("mail_phrases", tests, NULL, NULL));
}
