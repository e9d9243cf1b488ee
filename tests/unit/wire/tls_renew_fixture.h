/* SPDX-License-Identifier: ISC */
/* A server that serves the pair OLD, the parent's ticks, and what they log. */

#ifndef TESTS_WIRE_TLS_RENEW_FIXTURE_H
#define TESTS_WIRE_TLS_RENEW_FIXTURE_H

#include "wire/tls_fixture.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/metrics.h"

#define TICK_MS		500
#define OLD		1	/* serial numbers */
#define NEW		2

static uint64_t	 clock_ms;

static long
serial_of(SSL_CTX *ctx)
{
	return (ASN1_INTEGER_get(X509_get0_serialNumber(
	    SSL_CTX_get0_certificate(ctx))));
}

/* The message of the one line that the ticks log, or NULL. */
static const char *
tick(unsigned times, bool asked, const char **level)
{
	static char	 message[1024], found[16];
	const char	*text, *line;

	log_capture_begin();
	if (asked)
		tls_renew_soon();
	for (; times > 0; times--) {
		clock_ms += TICK_MS;
		tls_renew_tick(NULL, clock_ms);
	}
	text = log_capture_end();
	if (*text == '\0')
		return (NULL);
	line = strchr(text, '\n');
	assert_string_equal(line, "\n");
	assert_non_null(strstr(text, "\"event\":\"certificate\""));
	assert_int_equal(sscanf(strstr(text, "\"level\""),
	    "\"level\":\"%15[a-z]\"", found), 1);
	assert_int_equal(sscanf(strstr(text, "\"message\""),
	    "\"message\":\"%1023[^\"]\"", message), 1);
	if (level != NULL)
		*level = found;
	return (message);
}

static void
assert_tick(unsigned times, bool asked, const char *want_level,
    const char *phrase)
{
	const char	*level = "", *message = tick(times, asked, &level);

	if (message == NULL)
		fail_msg("no line: %s", phrase);
	else if (strstr(message, phrase) == NULL)
		fail_msg("%s: not %s", message, phrase);
	assert_string_equal(level, want_level);
}

/* Takes the key. */
static void
write_key_only(EVP_PKEY *pkey)
{
	write_key(key, pkey);
	EVP_PKEY_free(pkey);
}

static int
setup(void **state)
{
	(void)state;
	begin_servers();
	unlink(cert);
	unlink(key);
	write_pair(EVP_EC_gen("P-256"), OLD);
	domain.certfile = strdup(cert);
	domain.certkey = strdup(key);
	assert_null(metrics_init());
	assert_null(tls_init(cert, key));
	assert_null(tls_renew_init());
	log_init(LEVEL_INFO, FORMAT_JSON);
	clock_ms = 1000;
	assert_null(tick(1, false, NULL));
	assert_int_equal(serial_of(domain.ssl_ctx), OLD);
	return (0);
}

static int
teardown(void **state)
{
	struct tls_served	*s;

	(void)state;
	for (s = tls_served; s != NULL; s = s->next)
		munmap(s->slot, sizeof(*s->slot));
	end_servers();
	return (0);
}

#endif
