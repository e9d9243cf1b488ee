/* SPDX-License-Identifier: ISC */
/* Frees a request that was read. */

#include <openssl/crypto.h>

#include "base/mem.h"
#include "wire/wire.h"

void
wire_request_free(struct wire_request *r)
{
	if (r == NULL)
		return;
	if (r->body != NULL)
		OPENSSL_cleanse(r->body, r->body_size);
	OPENSSL_cleanse(r->text, r->text_len);
	mem_free(r->body);
	mem_free(r);
}
