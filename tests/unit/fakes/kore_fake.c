/* SPDX-License-Identifier: ISC */
/* Replaces Kore's requests and validators in unit tests. */

#include <dlfcn.h>
#include <string.h>

#include "kore_fake.h"

#define MANY	4096
#define DOMAINS	2

struct kore_server_list	kore_servers = LIST_HEAD_INITIALIZER(kore_servers);

static struct kore_server		 server;
static struct kore_domain		 domains[DOMAINS];
static size_t				 ndomains;

static struct kore_validator		 validators[MANY];
static struct kore_runtime_call		 calls[MANY];
static size_t				 nvalidators;

static struct kore_module_handle	 handles[MANY];
static void				*routes[MANY];
static size_t				 nroutes;

static struct kore_handler_params	 params[MANY];
static size_t				 nparams;

struct kore_validator *
fake_validator(const char *name, const char *regex, validator_fn *fn)
{
	struct kore_validator	*v;

	if (nvalidators == MANY)
		abort();
	v = &validators[nvalidators];
	v->name = strdup(name);
	v->arg = strdup(regex != NULL ? regex : name);
	v->type = regex != NULL ? KORE_VALIDATOR_TYPE_REGEX :
	    KORE_VALIDATOR_TYPE_FUNCTION;
	calls[nvalidators].addr = (void *)(uintptr_t)fn;
	v->rcall = fn != NULL ? &calls[nvalidators] : NULL;
	nvalidators++;
	return (v);
}

struct kore_domain *
fake_domain(void)
{
	struct kore_domain	*dom;

	if (LIST_EMPTY(&kore_servers)) {
		LIST_INSERT_HEAD(&kore_servers, &server, list);
		server.name = (char *)(uintptr_t)"api";
		TAILQ_INIT(&server.domains);
		ndomains = 0;
	}
	if (ndomains == DOMAINS)
		abort();
	dom = &domains[ndomains++];
	dom->server = &server;
	dom->domain = (char *)(uintptr_t)"*";
	TAILQ_INIT(&dom->handlers);
	TAILQ_INIT(&dom->redirects);
	TAILQ_INSERT_TAIL(&server.domains, dom, list);
	return (dom);
}

struct kore_module_handle *
fake_route(const char *path, const char *func, void *route)
{
	struct kore_module_handle	*h;
	struct kore_domain		*dom;

	if (nroutes == MANY)
		abort();
	dom = LIST_EMPTY(&kore_servers) ? fake_domain() :
	    &domains[ndomains - 1];
	routes[nroutes] = route;
	h = &handles[nroutes++];
	memset(h, 0, sizeof(*h));
	h->dom = dom;
	h->path = (char *)(uintptr_t)path;
	h->func = (char *)(uintptr_t)func;
	h->methods = HTTP_METHOD_ALL;
	h->type = *path == '/' ? HANDLER_TYPE_STATIC : HANDLER_TYPE_DYNAMIC;
	TAILQ_INIT(&h->params);
	TAILQ_INSERT_TAIL(&dom->handlers, h, list);
	return (h);
}

void
fake_param(struct kore_module_handle *h, int method, int flags,
    const char *name, struct kore_validator *v)
{
	struct kore_handler_params	*p;

	if (nparams == MANY)
		abort();
	p = &params[nparams++];
	p->name = (char *)(uintptr_t)name;
	p->method = (u_int8_t)method;
	p->flags = flags;
	p->validator = v;
	TAILQ_INSERT_TAIL(&h->params, p, list);
}

void
fake_routes_clear(void)
{
	LIST_INIT(&kore_servers);
	nroutes = nparams = 0;
}

/* Like Kore's: looks for the symbol in the whole program. */
void *
kore_module_getsym(const char *symbol, struct kore_runtime **runtime)
{
	size_t	 i, len;

	(void)runtime;
	for (i = 0; i < nroutes; i++) {
		len = strlen(handles[i].func);
		if (strncmp(symbol, handles[i].func, len) == 0 &&
		    strcmp(symbol + len, "__route") == 0)
			return (routes[i]);
	}
	return (dlsym(RTLD_DEFAULT, symbol));
}

struct kore_validator *
kore_validator_lookup(const char *name)
{
	size_t	 i;

	for (i = 0; i < nvalidators; i++) {
		if (strcmp(validators[i].name, name) == 0)
			return (&validators[i]);
	}
	return (NULL);
}

int
kore_runtime_validator(struct kore_runtime_call *call, struct http_request *r,
    const void *value)
{
	validator_fn	*fn = (validator_fn *)(uintptr_t)call->addr;

	return (fn(r, value));
}

const char *
http_method_text(int method)
{
	switch (method) {
	case HTTP_METHOD_GET:
		return ("GET");
	case HTTP_METHOD_POST:
		return ("POST");
	case HTTP_METHOD_PUT:
		return ("PUT");
	case HTTP_METHOD_DELETE:
		return ("DELETE");
	case HTTP_METHOD_HEAD:
		return ("HEAD");
	case HTTP_METHOD_OPTIONS:
		return ("OPTIONS");
	case HTTP_METHOD_PATCH:
		return ("PATCH");
	}
	return ("");
}
