/* SPDX-License-Identifier: ISC */
/* The file in memory that Kore's key manager reads. */

#include <sys/types.h>
#include <sys/mman.h>

#include <kore/kore.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "product.h"
#include "utils/start_error.h"
#include "wire/tls_keymgr.h"

static bool
write_key(int fd)
{
	EVP_PKEY	*key = EVP_EC_gen("P-256");
	BIO		*out = BIO_new_fd(fd, BIO_NOCLOSE);
	bool		 written;

	written = key != NULL && out != NULL && PEM_write_bio_PrivateKey(out,
	    key, NULL, NULL, 0, NULL, NULL) == 1;
	BIO_free(out);
	EVP_PKEY_free(key);
	return (written);
}

/* The descriptor stays open, in the key manager as well: it is the name. */
const char *
tls_keymgr_divert(void)
{
	char			 name[32];
	struct kore_server	*srv;
	struct kore_domain	*dom;
	int			 fd;

	if ((fd = memfd_create(PRODUCT, MFD_CLOEXEC)) == -1)
		return (start_error("memfd_create: %m"));
	if (!write_key(fd))
		return (start_error("cannot make a key for Kore"));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	LIST_FOREACH(srv, &kore_servers, list) {
		TAILQ_FOREACH(dom, &srv->domains, list) {
			kore_free(dom->certfile);
			kore_free(dom->certkey);
			dom->certfile = kore_strdup(name);
			dom->certkey = kore_strdup(name);
		}
	}
	return (NULL);
}
