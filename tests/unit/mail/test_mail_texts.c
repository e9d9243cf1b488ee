/* SPDX-License-Identifier: ISC */
/* The texts of each language: what a start refuses, and which are chosen. */

/* sources: src/mail/mail_texts.c src/mail/mail_template.c */
/* sources: src/mail/mail_text.c src/base/arena.c src/base/mem.c */

#include "texts_fixture.h"

#include "base/register.h"

const unsigned char	asset_welcome_en_txt[] = TEXT;
const unsigned char	asset_welcome_en_html[] = HTML;
const unsigned char	asset_welcome_back_en_txt[] = TEXT;
const unsigned char	asset_welcome_back_en_html[] = HTML;
const unsigned char	asset_frame_html[] = "{{title}}{{content}}";

MAIL(welcome, "url");
MAIL(welcome_back, "url");

/* A mail whose English a test takes away. */
static struct mail	lonely = { .name = "lonely", .html = "x",
			    .text = "Subject: a\n\n" };

REGISTER(mails, lonely);

static void
start(const void *phrase)
{
	const char	*what = mail_texts_init();

	if (phrase == NULL)
		must(what == NULL, what, "nothing");
	else
		must(what != NULL && strstr(what, phrase) != NULL,
		    what != NULL ? what : "nothing", phrase);
}

static void
test_what_a_start_refuses(void **state)
{
	static const struct {
		struct asset	 assets[4];
		const char	*phrase;	/* NULL: it is good */
	} cases[] = {
		{ { { "common_passwords_txt", "abc" },
		    { "welcome_page_html", "x" }, { "docs_html", "" } },
		    NULL },
		{ { { "welcome_es_txt", TEXT }, { "welcome_es_html", HTML } },
		    NULL },
		{ { { "welcome_back_es_txt", TEXT },
		    { "welcome_back_es_html", HTML } }, NULL },
		{ { { "welcome_zh_Hant_TW_txt", TEXT },
		    { "welcome_zh_Hant_TW_html", HTML } }, NULL },

		/* One half. */
		{ { { "welcome_es_txt", TEXT } }, "assets/mail/es/"
		    "welcome.es.txt has no welcome.es.html beside it" },
		{ { { "welcome_es_txt", TEXT }, { "welcome_es_html", HTML },
		    { "welcome_back_es_html", HTML } }, "assets/mail/es/"
		    "welcome_back.es.html has no welcome_back.es.txt" },
		{ { { "welcome_es_MX_txt", TEXT },
		    { "welcome_es_html", HTML } },
		    "welcome.es-MX.txt has no welcome.es-MX.html" },

		/* Names. */
		{ { { "welcome_txt", TEXT }, { "welcome_html", HTML } },
		    "call it assets/mail/en/welcome.en.txt" },
		{ { { "welcome_spanish_text_x_txt", TEXT } },
		    "spanish_text_x is no language tag" },
		{ { { "welcom_es_txt", TEXT }, { "welcom_es_html", HTML } },
		    "welcom_es.txt in assets, belongs to none" },

		/* Each language has the placeholders. */
		{ { { "welcome_es_txt", "Subject: a\n\n{{link}}" },
		    { "welcome_es_html", HTML } },
		    "welcome.es.txt, line 3: the mail declares no link" },
		{ { { "welcome_es_txt", TEXT }, { "welcome_es_html", "{{x" } },
		    "assets/mail/es/welcome.es.html, line 1: {{" },
		{ { { "welcome_es_txt", "Subject: a\n\nb" },
		    { "welcome_es_html", "c" } }, "declares url, which "
		    "neither assets/mail/es/welcome.es.txt nor .html uses" },
		{ { { "welcome_es_txt", "Asunto: a\n\n{{url}}" },
		    { "welcome_es_html", HTML } },
		    "welcome.es.txt must begin with a line 'Subject: ...'" },
		{ { { "welcome_es_txt", TEXT }, { "welcome_es_html", HTML },
		    { "frame_es_html", "{{content}}" } },
		    "frame.html must have" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		in_a_process(cases[i].assets, start, cases[i].phrase);
}

static const struct asset	texts[] = {
	{ "welcome_es_txt", TEXT "es" }, { "welcome_es_html", HTML "es" },
	{ "welcome_pt_br_txt", TEXT "pt" }, { "welcome_pt_br_html", HTML },
	{ "welcome_zh_Hant_txt", TEXT }, { "welcome_zh_Hant_html", HTML },
	{ "welcome_fr_txt", TEXT }, { "welcome_fr_html", HTML },
	{ "welcome_back_es_MX_txt", TEXT }, { "welcome_back_es_MX_html", HTML },
	{ "frame_fr_html", "fr {{title}}{{content}}" }, { NULL, NULL },
};

/* The language of a mail to whom; after a plus, the default. */
static void
look_up(const void *arg)
{
	static const char *const	 rows[][4] = {
		{ "en", "es", "es", "en" }, { "en", "es-MX", "es", "es-MX" },
		{ "en", "ES-mx-x-a", "es", "es-MX" },
		{ "en", "es-419", "es", "en" }, { "en", "pt-BR", "pt-BR",
		    "en" }, { "en", "pt", "en", "en" }, { "en", "pt-PT", "en",
		    "en" }, { "en", "zh-Hant-TW", "zh-Hant", "en" },
		{ "en", "zh", "en", "en" }, { "en", "de", "en", "en" },
		{ "en", NULL, "en", "en" }, { "en", "", "en", "en" },
		{ "en", "es_MX", "en", "en" }, { "en", "en-GB", "en", "en" },
		{ "fr", "de", "fr", "en" }, { "fr", NULL, "fr", "en" },
		{ "fr", "es", "es", "en" }, { "FR", "no tag", "fr", "en" },
		{ "fr", "en", "en", "en" }, { "es-mx", "de", "es", "es-MX" },
	};
	struct mail	 mail;
	size_t		 i;

	(void)arg;
	start(NULL);
	for (i = 0; i < COUNT(rows); i++) {
		must(mail_default_init(rows[i][0]) == NULL, rows[i][0],
		    "a default");
		mail = mail_in(&welcome_mail, rows[i][1]);
		must_be(mail.locale, rows[i][2]);
		mail = mail_in(&welcome_back_mail, rows[i][1]);
		must_be(mail.locale, rows[i][3]);
	}
	mail = mail_in(&welcome_mail, "es");
	must_be(mail.text, TEXT "es");
	must_be(mail.html, HTML "es");
	must_be(mail.frame, "{{title}}{{content}}");
	must_be(mail_in(&welcome_mail, "fr").frame, texts[10].text);
	must_be(mail_in(&welcome_mail, "en").text, TEXT);
}

static void
test_the_look_up(void **state)
{
	(void)state;
	in_a_process(texts, look_up, NULL);
}

static void
set_default(const void *arg)
{
	const char	*what;

	start(arg);
	what = mail_default_init("de");
	must(what != NULL && strncmp(what, "must be a language of "
	    "assets/mail: en, ", 17) == 0, what, "the languages");
	must(strstr(what, "pt-BR") != NULL && strstr(what, "es-MX") != NULL,
	    what, "all of them");
	must(strstr(strstr(what, "zh-Hant") + 1, "zh-Hant") == NULL, what,
	    "each once");
	must_be(mail_default_language(), "en");
	what = mail_default_init("en_US");
	must(what != NULL && strstr(what, "underscore") != NULL, what, "why");
	must(mail_default_init("ES") == NULL, "ES", "a default");
	must_be(mail_default_language(), "es");

	/* Its texts must be there: es is not enough. */
	must(mail_default_init("es-AR") != NULL, "es-AR", "an error");
	must_be(mail_default_language(), "es");
}

static void
test_the_default(void **state)
{
	(void)state;
	in_a_process(texts, set_default, NULL);
}

static void
lack_english(const void *half)
{
	if (strcmp(half, "html") == 0)
		lonely.html = NULL;
	else
		lonely.text = NULL;
	start(strcmp(half, "html") == 0 ?
	    "the mail lonely has no assets/mail/en/lonely.en.html" :
	    "the mail lonely has no assets/mail/en/lonely.en.txt");
}

static void
test_every_mail_is_in_english(void **state)
{
	(void)state;
	in_a_process(texts, lack_english, "txt");
	in_a_process(texts, lack_english, "html");
}

/* A module without symbols has English, which is linked by name. */
static void
test_english_needs_no_symbols(void **state)
{
	static const struct asset	 none = { NULL, NULL };

	(void)state;
	in_a_process(&none, start, NULL);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_what_a_start_refuses),
		cmocka_unit_test(test_the_look_up),
		cmocka_unit_test(test_the_default),
		cmocka_unit_test(test_every_mail_is_in_english),
		cmocka_unit_test(test_english_needs_no_symbols),
	};

	return (cmocka_run_group_tests_name("mail_texts", tests, NULL, NULL));
}
