/* SPDX-License-Identifier: ISC */
/*
 * The keys of session tickets. OpenSSL would make one for each context and keep
 * it for ever: then a session would not survive a new certificate, and who has
 * read a worker's memory could decrypt what TLS 1.2 clients sent long before.
 */

#include <sys/mman.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "wire/tls_tickets.h"

#define NAME_BYTES	16
#define IV_BYTES	16	/* of CIPHER */
#define KEY_BYTES	32	/* of CIPHER and of DIGEST */
#define CIPHER		EVP_aes_256_cbc()
#define DIGEST		"SHA256"

#define SLOTS		4
#define LIVE		(SLOTS - 1)

struct key {
	unsigned char	 name[NAME_BYTES];
	unsigned char	 cipher[KEY_BYTES];
	unsigned char	 mac[KEY_BYTES];
};

/*
 * The newest key encrypts, and the LIVE newest ones decrypt. The parent writes
 * into the one slot that is not live, so no worker sees half a key.
 */
static struct ring {
	_Atomic unsigned	 newest;	/* its slot is newest % SLOTS */
	struct key		 keys[SLOTS];
}		*ring;
static uint64_t	 due;		/* when the next key comes; 0: not yet known */

static const struct key *
key_of_age(unsigned newest, unsigned age)
{
	return (&ring->keys[(newest - age) % SLOTS]);
}

static bool
add_key(void)
{
	struct key	*next = &ring->keys[(ring->newest + 1) % SLOTS];

	if (RAND_bytes((unsigned char *)next, sizeof(*next)) != 1)
		return (false);
	ring->newest++;
	return (true);
}

const char *
tls_tickets_init(void)
{
	ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		return ("cannot map shared memory");
	/* No client can know the name of a slot that is not yet used. */
	if (RAND_bytes((unsigned char *)ring->keys, sizeof(ring->keys)) != 1)
		return ("cannot make a key for session tickets");
	due = 0;
	return (NULL);
}

/* Without random bytes the old key stays, and the next tick tries again. */
void
tls_tickets_tick(uint64_t now)
{
	if (due != 0 && (now < due || !add_key()))
		return;
	due = now + TLS_TICKETS_MS;
}

static bool
set_mac(EVP_MAC_CTX *mac, const struct key *k)
{
	OSSL_PARAM	 params[3];
	char		 digest[] = DIGEST;
	struct key	 copy = *k;
	bool		 done;

	params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
	    copy.mac, sizeof(copy.mac));
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
	    digest, 0);
	params[2] = OSSL_PARAM_construct_end();
	done = EVP_MAC_CTX_set_params(mac, params) == 1;
	OPENSSL_cleanse(&copy, sizeof(copy));
	return (done);
}

/* Returns 1, or -1: the handshake fails. */
static int
encrypt(unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac)
{
	const struct key	*k = key_of_age(ring->newest, 0);

	memcpy(name, k->name, NAME_BYTES);
	if (RAND_bytes(iv, IV_BYTES) != 1 || EVP_EncryptInit_ex2(cipher,
	    CIPHER, k->cipher, iv, NULL) != 1 || !set_mac(mac, k))
		return (-1);
	return (1);
}

/* Returns 1, 2: good, but send a new one; 0: unknown, a full handshake. */
static int
decrypt(const unsigned char *name, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	unsigned		 newest = ring->newest, age;
	const struct key	*k;

	for (age = 0; age < LIVE; age++) {
		k = key_of_age(newest, age);
		if (memcmp(k->name, name, NAME_BYTES) != 0)
			continue;
		if (EVP_DecryptInit_ex2(cipher, CIPHER, k->cipher, iv,
		    NULL) != 1 || !set_mac(mac, k))
			return (-1);
		return (age == 0 ? 1 : 2);
	}
	return (0);
}

static int
use_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypting)
{
	(void)ssl;
	return (encrypting ? encrypt(name, iv, cipher, mac) :
	    decrypt(name, iv, cipher, mac));
}

/* A ticket is accepted as long as its key is there at least. */
void
tls_tickets_use(SSL_CTX *ctx)
{
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_key);
	SSL_CTX_set_timeout(ctx,
	    (long)((LIVE - 1) * TLS_TICKETS_MS / 1000));
}
