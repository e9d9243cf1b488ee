/* SPDX-License-Identifier: ISC */
/*
 * Kore 4.1's parameters, validators and JSON: invalid values disappear, a regex
 * counts bytes, and its JSON is not that of RFC 8259. Keel uses query_read(),
 * schema_read_form(), rule_check(), and jansson in schema_read_body().
 */

#include <kore/kore.h>
#include <kore/http.h>

int	params(struct http_request *);
int	json(struct http_request *);

int
params(struct http_request *req)
{
	struct kore_buf	 buf;
	struct http_arg	*arg;

	http_populate_qs(req);
	kore_buf_init(&buf, 128);
	kore_buf_appendf(&buf, "given:");
	TAILQ_FOREACH(arg, &req->arguments, list)
		kore_buf_appendf(&buf, " %s=%s", arg->name, arg->s_value);
	http_response(req, 200, buf.data, buf.offset);
	kore_buf_cleanup(&buf);
	return (KORE_RESULT_OK);
}

int
json(struct http_request *req)
{
	struct kore_json	 json;
	int			 status;

	kore_json_init(&json, req->http_body->data, req->content_length);
	status = kore_json_parse(&json) ? 200 : 400;
	kore_json_cleanup(&json);
	http_response(req, status, NULL, 0);
	return (KORE_RESULT_OK);
}
