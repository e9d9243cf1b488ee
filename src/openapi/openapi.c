/* SPDX-License-Identifier: ISC */
/* Describes the API: the document, its paths and its operations. */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "http/respond.h"
#include "middleware/rate_limit.h"
#include "openapi/openapi.h"
#include "openapi/openapi_build.h"
#include "product.h"
#include "utils/hex.h"
#include "utils/text.h"

#define API_SERVER	"api"		/* kore.conf's; admin is left out */

static const char	api_doc[] =
    "Requests and responses are JSON. Times are UTC (RFC 3339), ids are "
    "UUIDs.\n\n"
    "Sign in at the token endpoint, and send the access token as "
    "`Authorization: Bearer`. Every error has the same envelope, `Error`; "
    "only the errors of a sign-in are OAuth's (RFC 6749, 5.2). If Accept "
    "names `application/problem+json`, each of them is a `Problem` instead "
    "(RFC 9457).\n\n"
    "In requests, members and parameters that are not described here are "
    "refused, except by the token endpoint, and where the operation says that "
    "a query is ignored. A PATCH body may say `application/merge-patch+json`, "
    "too (RFC 7396). A boolean in a query is `true`, `True` or `1`, or "
    "`false`, `False` or `0`; an empty filter counts as absent.\n\n"
    "Later versions may add members to responses: clients must ignore the "
    "ones that they do not know.\n\n"
    "Every response also has the headers `Date` and "
    "`X-Content-Type-Options`. Every GET has a HEAD, and every path "
    "has OPTIONS.";

static struct static_file	file;

/* The parts of the document that is being made. */
static json_t	*paths, *tags;
static json_t	*operation_ids;		/* a set */
static char	 token_url[OPENAPI_PATH_MAX];

static json_t *
new_parameter(const char *name, const char *in, bool required,
    json_t *schema)
{
	return (json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in,
	    "required", required, "schema", schema));
}

/* The PARAM row of a query parameter; NULL if it has none. */
static const struct route_row *
param_row(const struct route *r, const char *name)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_PARAM &&
		    strcmp(r->rows[i].name, name) == 0)
			return (&r->rows[i]);
	}
	return (NULL);
}

static void
add_query(json_t *parameters, const struct route *r,
    const struct endpoint *e)
{
	const struct kore_handler_params	*p;
	const struct route_row			*row;
	json_t					*o;

	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if (!query_is_of(p, e))
			continue;
		row = param_row(r, p->name);
		o = new_parameter(p->name, "query", false,
		    openapi_query_schema(rule_of(p->validator),
		    row != NULL ? row->fallback : NULL,
		    row != NULL ? row->example : NULL));
		if (row != NULL)
			openapi_put(o, "description", json_string(row->doc));
		openapi_add(parameters, o);
	}
}

static void
add_precondition(json_t *parameters, const char *component, const char *name,
    const char *doc)
{
	json_t	*o;

	if (!openapi_component_has("parameters", component)) {
		o = new_parameter(name, "header", false, json_pack(
		    "{s:s, s:[s]}", "type", "string", "examples",
		    EXAMPLE_TAG));
		openapi_put(o, "description", json_string(doc));
		openapi_component_put("parameters", component, o);
	}
	openapi_add(parameters, openapi_ref("parameters", component));
}

static void
add_idempotency_key(json_t *parameters)
{
	static const char	 name[] = "IdempotencyKey";
	json_t			*o;

	if (!openapi_component_has("parameters", name)) {
		o = new_parameter("Idempotency-Key", "header", false,
		    json_pack("{s:s, s:i, s:i, s:s, s:[s]}", "type", "string",
		    "minLength", 1, "maxLength", 255, "pattern",
		    "^[!-~]([ -~]*[!-~])?$",
		    "examples", EXAMPLE_ID));
		openapi_put(o, "description", json_string("Makes the request "
		    "safe to repeat: for 24 hours, the same request with the "
		    "same key gets the stored response, and nothing is done "
		    "again."));
		openapi_component_put("parameters", name, o);
	}
	openapi_add(parameters, openapi_ref("parameters", name));
}

static json_t *
describe_parameters(const struct route *r, const struct endpoint *e)
{
	json_t			*parameters = json_array();
	const struct route_row	*row = NULL;

	while ((row = route_next_path_row(r, row)) != NULL)
		openapi_add(parameters, new_parameter(row->name, "path", true,
		    openapi_path_schema(row->type)));
	add_query(parameters, r, e);
	if (e->if_match || openapi_reads_version(e)) {
		add_precondition(parameters, "IfMatch", "If-Match",
		    "Only if the entity tag is one of these.");
		add_precondition(parameters, "IfNoneMatch", "If-None-Match",
		    "Only if the entity tag is none of these.");
	}
	if (e->idempotent)
		add_idempotency_key(parameters);
	return (parameters);
}

static bool
has_query(const struct route *r, const struct endpoint *e, const char *name)
{
	const struct kore_handler_params	*p;

	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if (query_is_of(p, e) && strcmp(p->name, name) == 0)
			return (true);
	}
	return (false);
}

/* What kind of list the operation returns, from its query parameters. */
static unsigned
list_kind(const struct route *r, const struct endpoint *e)
{
	return ((has_query(r, e, "limit") ? IN_PAGES : 0) |
	    (has_query(r, e, "cursor") ? BY_CURSOR : 0));
}

static json_t *
describe_body(const struct endpoint *e)
{
	json_t	*media, *content = json_object(), *body;

	media = json_pack("{s:o, s:o*}", "schema", openapi_schema(e->in,
	    e->form ? READ_FORM : READ_JSON), "example",
	    openapi_example(e->in, READ_JSON));
	openapi_put(content, e->form ? FORM_TYPE : JSON_TYPE, media);
	if (e->verb == VERB_PATCH)
		openapi_put(content, MERGE_PATCH, json_incref(media));
	body = json_pack("{s:b, s:o}", "required", 1, "content", content);
	if (e->body_max != 0)
		openapi_put(body, "description", json_sprintf(
		    "Up to %zu bytes; above that, 413.", e->body_max));
	return (body);
}

/* Two ways to send a token, and none where it is optional. */
static json_t *
describe_security(const struct endpoint *e)
{
	json_t	*ways = json_array();

	if (endpoint_is_public(e))
		return (ways);
	if (e->auth->optional)
		openapi_add(ways, json_object());
	if (token_url[0] != '\0')
		openapi_add(ways, json_pack("{s:[]}", "oauth2"));
	openapi_add(ways, json_pack("{s:[]}", "bearer"));
	return (ways);
}

static json_t *
describe_schemes(void)
{
	json_t	*schemes = json_object();

	if (token_url[0] != '\0')
		openapi_put(schemes, "oauth2", json_pack(
		    "{s:s, s:s, s:{s:{s:s+, s:s+, s:{}}}}", "type", "oauth2",
		    "description", "Sign in with e-mail address and password.",
		    "flows", "password", "tokenUrl", public_path(), token_url,
		    "refreshUrl", public_path(), token_url, "scopes"));
	openapi_put(schemes, "bearer", json_pack("{s:s, s:s, s:s, s:s}",
	    "type", "http", "scheme", "bearer", "bearerFormat", "JWT",
	    "description", "Use an access token that you have."));
	return (schemes);
}

/* Who may call the operation, and what its rate limit counts. */
static json_t *
describe_access(const struct endpoint *e)
{
	const char *const	*role;
	char			 line[512];
	struct text		 t = text_in(line, sizeof(line));

	text_puts(&t, e->auth == NULL ? "For everybody" : e->auth->doc);
	for (role = e->auth != NULL ? e->auth->roles : NULL;
	    role != NULL && *role != NULL; role++)
		text_printf(&t, "%s `%s`", role == e->auth->roles ? "" : ",",
		    *role);
	text_puts(&t, ".");
	if (e->also != NULL)
		text_printf(&t, " %s.", e->also->doc);
	if (e->limit != NULL)
		text_printf(&t, " %s are limited.", e->limit->doc);
	if (e->any_query)
		text_puts(&t, " A query is ignored.");
	if (t.cut)
		openapi_fail("%s: too many roles to describe", e->name);
	return (json_string(line));
}

static json_t *
describe_operation(const struct route *r, const struct endpoint *e)
{
	json_t	*o = json_object(), *parameters;
	size_t	 len = e->doc != NULL ? strlen(e->doc) : 0;

	if (len == 0) {
		openapi_fail("%s: %s in ROUTE(%s) has no .doc: write .doc = "
		    "\"What it does.\"", r->router->file, e->name, r->name);
		return (o);
	}
	openapi_put(o, "tags", json_pack("[s]", r->router->name));
	openapi_put(o, "operationId", json_string(e->name));
	openapi_put(o, "summary", json_stringn(e->doc,
	    len - (e->doc[len - 1] == '.')));
	openapi_put(o, "description", describe_access(e));
	openapi_put(o, "security", describe_security(e));
	parameters = describe_parameters(r, e);
	if (json_array_size(parameters) > 0)
		openapi_put(o, "parameters", parameters);
	else
		json_decref(parameters);
	if (e->in != NULL)
		openapi_put(o, "requestBody", describe_body(e));
	openapi_put(o, "responses", openapi_responses(e, list_kind(r, e)));
	return (o);
}

static bool
is_described(const struct route *r, const struct endpoint *e)
{
	return (!e->hidden &&
	    strcmp(r->hdlr->dom->server->name, API_SERVER) == 0);
}

static void
add_tag(const struct router *router)
{
	json_t	*tag;
	size_t	 i;

	json_array_foreach(tags, i, tag) {
		if (strcmp(json_string_value(json_object_get(tag, "name")),
		    router->name) == 0)
			return;
	}
	openapi_add(tags, json_pack("{s:s, s:s}", "name", router->name,
	    "description", router->doc));
}

static void
describe_row(const struct route *r, const struct endpoint *e)
{
	char	 path[OPENAPI_PATH_MAX], method[16];
	size_t	 i;

	if (!is_described(r, e))
		return;
	if (!openapi_path(r, path)) {
		openapi_fail("kore.conf: the route %s %s cannot be described: "
		    "its path is more than groups: write one like "
		    "^/notes/([^/]+)$, or .hidden = true in its rows",
		    route_path(r), r->name);
		return;
	}
	if (json_object_get(operation_ids, e->name) != NULL)
		openapi_fail("kore.conf: the handler %s of %s %s has another "
		    "route: two operations of one name: write a handler "
		    "of its own, or .hidden = true in one of the rows",
		    e->name, route_path(r), r->name);
	openapi_put(operation_ids, e->name, json_true());

	snprintf(method, sizeof(method), "%s", endpoint_verb_name(e->verb));
	for (i = 0; method[i] != '\0'; i++)
		method[i] = (char)tolower((unsigned char)method[i]);
	if (json_object_get(paths, path) == NULL)
		openapi_put(paths, path, json_object());
	openapi_put(json_object_get(paths, path), method,
	    describe_operation(r, e));
	add_tag(r->router);
}

static void
find_token_url(const struct route *r, const struct endpoint *e)
{
	if (is_described(r, e) && e->errors == OAUTH && e->form &&
	    e->out != NULL && token_url[0] == '\0' &&
	    !openapi_path(r, token_url))
		token_url[0] = '\0';
}

static json_t *
describe_api(void)
{
	json_t	*components;

	openapi_begin();
	paths = json_object();
	tags = json_array();
	operation_ids = json_object();
	token_url[0] = '\0';
	routes_walk(find_token_url);
	routes_walk(describe_row);
	json_decref(operation_ids);
	components = openapi_components();
	openapi_put(components, "securitySchemes", describe_schemes());

	return (json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s}, s:{s:s, s:s}}, "
	    "s:[{s:s, s:s}], s:o, s:o, s:o}", "openapi", "3.1.0",
	    "info", "title", PRODUCT_TITLE, "version", PRODUCT_VERSION,
	    "description", api_doc, "contact", "name", PRODUCT_AUTHORS,
	    "license", "name", "ISC", "identifier", "ISC",
	    "servers", "url", *public_path() != '\0' ? public_path() : "/",
	    "description", "This server.",
	    "tags", tags, "paths", paths, "components", components));
}

/* Like kodev's entity tags for assets: the SHA-256 of the whole text. */
static const char *
entity_tag(const char *text)
{
	static char	 tag[2 * SHA256_DIGEST_LENGTH + 3];
	unsigned char	 digest[SHA256_DIGEST_LENGTH];

	if (!EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL))
		openapi_fail("cannot hash the description");
	tag[0] = '"';
	hex_text(tag + 1, digest, sizeof(digest));
	strcat(tag, "\"");
	return (tag);
}

const char *
openapi_init(void)
{
	json_t	*root = describe_api();
	char	*text = NULL;

	if (openapi_problem() == NULL && (root == NULL ||
	    (text = json_dumps(root, JSON_COMPACT)) == NULL))
		openapi_fail("out of memory");
	json_decref(root);
	if (openapi_problem() != NULL)
		return (openapi_problem());
	file.type = "application/json";
	file.plain.bytes = text;
	file.plain.len = strlen(text);
	file.plain.etag = entity_tag(text);
	return (openapi_problem());
}

const struct static_file *
openapi_file(void)
{
	return (&file);
}
