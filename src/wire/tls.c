/* SPDX-License-Identifier: ISC */
/* Which certificate each domain serves. */

#include <sys/types.h>

#include <kore/kore.h>

#include <openssl/evp.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "product.h"
#include "utils/start_error.h"
#include "utils/timefmt.h"
#include "wire/tls.h"
#include "wire/tls_context.h"
#include "wire/tls_served.h"
#include "wire/tls_tickets.h"
#include "wire/wire.h"

struct tls_served	*tls_served;

void
tls_text_digest(const struct tls_text *text,
    unsigned char out[static SHA256_DIGEST_LENGTH])
{
	EVP_Digest(text, sizeof(*text), out, NULL, EVP_sha256(), NULL);
}

void
tls_serve(struct tls_served *s, SSL_CTX *ctx)
{
	struct kore_server	*srv;
	struct kore_domain	*dom;

	LIST_FOREACH(srv, &kore_servers, list) {
		TAILQ_FOREACH(dom, &srv->domains, list) {
			if (dom->ssl_ctx != s->ctx)
				continue;
			SSL_CTX_up_ref(ctx);
			SSL_CTX_free(dom->ssl_ctx);
			dom->ssl_ctx = ctx;
		}
	}
	SSL_CTX_free(s->ctx);
	s->ctx = ctx;
}

int64_t
tls_days_left(const struct tls_served *s)
{
	return (timefmt_whole_days(s->expires - timefmt_now()));
}

const char *
tls_left(const struct tls_served *s)
{
	static char	 text[96];
	char		 when[TIMEFMT_HTTP];
	int64_t		 days = tls_days_left(s);
	bool		 early = timefmt_now() < s->begins;

	timefmt_http(early ? s->begins : s->expires, when);
	if (early || days < 0)
		snprintf(text, sizeof(text), "%s %s", early ?
		    "not valid before" : "expired on", when);
	else
		snprintf(text, sizeof(text), "%" PRId64 " day%s left, until "
		    "%s", days, days == 1 ? "" : "s", when);
	return (text);
}

static struct tls_served *
find(const char *certfile, const char *keyfile)
{
	struct tls_served	*s;

	for (s = tls_served; s != NULL; s = s->next) {
		if (strcmp(s->files.cert, certfile) == 0 &&
		    strcmp(s->files.key, keyfile) == 0)
			return (s);
	}
	return (NULL);
}

SSL_CTX *
tls_accept(struct tls_served *s, const struct tls_text *text, bool renewed,
    const char **problem)
{
	struct tls_pair	 pair;
	SSL_CTX		*ctx = NULL;

	if ((*problem = tls_pair_parse(&s->files, text, &pair)) != NULL)
		return (NULL);
	if (renewed)
		*problem = tls_pair_valid(&s->files, &pair, timefmt_now());
	if (*problem == NULL)
		ctx = tls_context_new(&s->files, &pair, problem);
	if (ctx != NULL)
		*problem = tls_context_try(&s->files, ctx);
	if (*problem == NULL) {
		tls_text_digest(text, s->digest);
		s->begins = pair.begins;
		s->expires = pair.expires;
	} else {
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	tls_pair_free(&pair);
	return (ctx);
}

static const char *
load(struct tls_served *s)
{
	static struct tls_text	 text;
	const char		*problem = tls_text_read(&s->files, &text);

	if (problem == NULL)
		s->ctx = tls_accept(s, &text, false, &problem);
	OPENSSL_cleanse(&text, sizeof(text));
	return (problem);
}

static const char *
domain_init(struct kore_domain *dom, const char *certfile,
    const char *keyfile)
{
	struct tls_served	*s;
	const char		*problem;

	/* Not checked by our contexts: it would let everybody in. */
	if (dom->cafile != NULL)
		return (start_error("kore.conf: the domain %s has "
		    "client_verify, which " PRODUCT " does not do",
		    dom->domain));
	if ((s = find(certfile, keyfile)) == NULL) {
		s = kore_calloc(1, sizeof(*s));
		s->files.cert = kore_strdup(certfile);
		s->files.key = kore_strdup(keyfile);
		if ((problem = load(s)) != NULL)
			return (problem);
		s->next = tls_served;
		tls_served = s;
	}
	SSL_CTX_up_ref(s->ctx);
	dom->ssl_ctx = s->ctx;
	return (NULL);
}

static void
say_default(const struct kore_domain *dom)
{
	log_event(LEVEL_WARNING, NULL, "start", ENV("TLS_CERT") " is not set: "
	    "serving kore.conf's certificate %s", dom->certfile);
}

const char *
tls_choose(bool off)
{
	struct kore_server	*srv;

	if (kore_server_lookup(wire_settings.admin) == NULL)
		return (start_error("kore.conf has no server %s",
		    wire_settings.admin));
	LIST_FOREACH(srv, &kore_servers, list) {
		if (off)
			srv->tls = 0;
		else if (!srv->tls && !wire_is_for_operators(srv->name))
			return (start_error("kore.conf: the server %s has "
			    "`tls no`: write `tls yes`, or set " ENV("TLS")
			    "=off", srv->name));
	}
	return (NULL);
}

const char *
tls_init(const char *certfile, const char *keyfile)
{
	struct kore_server	*srv;
	struct kore_domain	*dom;
	const char		*problem;

	if ((problem = tls_tickets_init()) != NULL)
		return (problem);
	LIST_FOREACH(srv, &kore_servers, list) {
		if (!srv->tls)
			continue;
		TAILQ_FOREACH(dom, &srv->domains, list) {
			if (certfile == NULL)
				say_default(dom);
			problem = domain_init(dom,
			    certfile != NULL ? certfile : dom->certfile,
			    keyfile != NULL ? keyfile : dom->certkey);
			if (problem != NULL)
				return (problem);
		}
	}
	return (NULL);
}

void
tls_print(void)
{
	const struct tls_served	*s;

	for (s = tls_served; s != NULL; s = s->next)
		printf("%-28s %s: %s\n", "certificate", s->files.cert,
		    tls_left(s));
}

void
tls_worker_init(void)
{
	kore_msg_unregister(KORE_MSG_CERTIFICATE);
}
