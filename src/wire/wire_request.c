/* SPDX-License-Identifier: ISC */
/* Frees a request that was read, and counts what is left. */

#include <openssl/crypto.h>

#include "base/mem.h"
#include "wire/wire_conn.h"

struct wire_used	wire_used;

size_t
wire_memory(void)
{
	return (wire_used.all);
}

void
wire_request_free(struct wire_request *r)
{
	if (r == NULL)
		return;
	wire_used.all -= r->counted;
	if (r->is_large)
		wire_used.large -= r->counted;
	if (r->body != NULL)
		OPENSSL_cleanse(r->body, r->body_size);
	OPENSSL_cleanse(r->text, r->text_len);
	mem_free(r->body);
	mem_free(r);
}
