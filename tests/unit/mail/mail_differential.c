/* SPDX-License-Identifier: ISC */
/*
 * Not a test: the C side of mail_differential.py. Reads pairs of a recipient's
 * address and a name, in hexadecimal, one pair per line. Writes for each the
 * message in hexadecimal, or "no".
 */

/* sources: src/mail/mail_compose.c src/mail/mail_template.c */
/* sources: src/mail/mail_text.c src/mail/mail_settings.c */
/* sources: src/base/arena.c src/base/mem.c */

#include "mail_fixture.h"

#include "utils/hex.h"

static char *
decode(char *hex)
{
	char	*p, *q;

	for (p = q = hex; p[0] != '\0' && p[1] != '\0'; p += 2)
		*q++ = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
	*q = '\0';
	return (hex);
}

static bool
compose(struct arena *arena, const char *to, const char *name,
    struct message *message)
{
	struct mail		 m = mail_of("Subject: Hi {{name}}!\n\n"
				    "Dear {{name}},\n{{name}}\n",
				    "<p>Dear <b title=\"{{name}}\">{{name}}"
				    "</b>,</p>\n{{url}}\n");
	struct mail_settings	 settings;
	bool			 done;

	assert_null(mail_settings_read(NULL, false, NULL, "keel@x.example",
	    &settings));
	message->id = JOB_ID;
	message->date = DATE;
	done = mail_recipient(arena, to, message);
	if (done)
		assert_true(mail_compose(arena, &m, &settings, CONTEXT(
		    FROM_USER("name", name),
		    OURS("url", "https://x.example")),
		    message));
	return (done);
}

int
main(void)
{
	struct message	 message;
	struct arena	 arena = { .chunks = NULL };
	char		*line = NULL, *to, *name;
	size_t		 size = 0, i;

	while (getline(&line, &size, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		name = line;
		to = strsep(&name, " ");
		memset(&message, 0, sizeof(message));
		if (!compose(&arena, decode(to), decode(name), &message))
			printf("no");
		for (i = 0; i < message.len; i++)
			printf("%02x", (unsigned)(unsigned char)
			    message.data[i]);
		printf("\n");
		arena_free(&arena, false);
	}
	free(line);
	return (0);
}
