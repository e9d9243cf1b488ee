/* SPDX-License-Identifier: ISC */
/* Hashes passwords with Argon2id; verifies bcrypt hashes, to be replaced. */

#include <argon2.h>
#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utils/base64url.h"
#include "utils/password.h"
#include "utils/password_text.h"

#define ARGON2_MEMORY		19456	/* KiB */
#define ARGON2_PASSES		2
#define ARGON2_LANES		1
#define ARGON2_SALT		16	/* bytes */
#define ARGON2_TAG		32	/* bytes */

/*
 * OWASP calls these equal: 47104 KiB and 1 pass, 19456 and 2, 12288 and 3, 9216
 * and 4, 7168 and 5. A hash with less of either than all of them is weaker.
 */
#define ARGON2_MEMORY_LEAST	7168
#define ARGON2_WORK_LEAST	(7168 * 5)	/* KiB times passes */

/* The costs that a stored hash may have. */
#define ARGON2_MEMORY_LIMIT	(1024 * 1024)	/* KiB */
#define ARGON2_PASSES_LIMIT	16
#define ARGON2_LANES_LIMIT	16
#define ARGON2_TEXT_LIMIT	512	/* bytes */
#define BCRYPT_COST_LIMIT	16

#define BCRYPT_TEXT		60	/* characters */
#define BCRYPT_SETTING		29	/* of them, before the digest */
#define BCRYPT_INPUT		72	/* bytes of the password that count */

struct argon2_text {
	uint32_t	version;
	uint32_t	memory;
	uint32_t	passes;
	uint32_t	lanes;
	size_t		salt;	/* base64 characters */
	size_t		tag;	/* the same */
};

/* The forms in which a password is tried. */
#define FORMS_MAX	3

struct password_forms {
	const char	*form[FORMS_MAX];	/* NULL: it is there before */
	char		 normal[PASSWORD_FORM_SIZE];
	char		 decomposed[PASSWORD_FORM_SIZE];
};

static bool	password_set_forms(struct password_forms *, const char *);
static enum password_verdict	password_verify_forms(
				    const struct password_forms *,
				    const char *);
static enum password_verdict	password_verify_form(const char *,
				    const char *);
static enum password_verdict	password_verify_argon2(const char *,
				    const char *);
static enum password_verdict	password_verify_bcrypt(const char *,
				    const char *);
static bool	password_is_weaker(const struct argon2_text *);
static bool	password_parse_argon2(const char *, struct argon2_text *);
static bool	password_parse_bcrypt(const char *);
static bool	password_skip(const char **, const char *);
static bool	password_number(const char **, const char *, uint32_t *);
static void	password_make_dummy(void);

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char bcrypt_alphabet[] =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static pthread_once_t	dummy_once = PTHREAD_ONCE_INIT;
static char		dummy_hash[PASSWORD_HASH_MAX];

int
password_hash(const char *password, char out[static PASSWORD_HASH_MAX])
{
	unsigned char	 salt[ARGON2_SALT];
	char		*normal = calloc(1, PASSWORD_FORM_SIZE);
	bool		 done;

	done = normal != NULL &&
	    password_normalise(password, normal, PASSWORD_FORM_SIZE) &&
	    RAND_bytes(salt, sizeof(salt)) == 1 &&
	    argon2id_hash_encoded(ARGON2_PASSES, ARGON2_MEMORY, ARGON2_LANES,
	    normal, strlen(normal), salt, sizeof(salt), ARGON2_TAG, out,
	    PASSWORD_HASH_MAX) == ARGON2_OK;
	if (normal != NULL)
		OPENSSL_cleanse(normal, PASSWORD_FORM_SIZE);
	free(normal);
	if (!done)
		out[0] = '\0';
	return (done ? 0 : -1);
}

enum password_verdict
password_verify(const char *password, const char *hash)
{
	struct password_forms	*forms;
	enum password_verdict	 verdict = PASSWORD_ERROR;

	if (hash == NULL)
		return (PASSWORD_UNREADABLE);
	if ((forms = calloc(1, sizeof(*forms))) == NULL)
		return (PASSWORD_ERROR);
	if (password_set_forms(forms, password))
		verdict = password_verify_forms(forms, hash);
	OPENSSL_cleanse(forms, sizeof(*forms));
	free(forms);
	return (verdict);
}

/*
 * The normal form first, which password_hash() takes; older hashes are of what
 * was typed, here or on a device that sends NFD.
 */
static bool
password_set_forms(struct password_forms *f, const char *typed)
{
	if (!password_normalise(typed, f->normal, sizeof(f->normal)) ||
	    !password_decompose(typed, f->decomposed, sizeof(f->decomposed)))
		return (false);
	f->form[0] = f->normal;
	if (strcmp(typed, f->normal) != 0)
		f->form[1] = typed;
	if (strcmp(f->decomposed, f->normal) != 0 &&
	    strcmp(f->decomposed, typed) != 0)
		f->form[2] = f->decomposed;
	return (true);
}

static enum password_verdict
password_verify_forms(const struct password_forms *f, const char *hash)
{
	enum password_verdict	 verdict = PASSWORD_WRONG;
	size_t			 i;

	for (i = 0; i < FORMS_MAX && verdict == PASSWORD_WRONG; i++) {
		if (f->form[i] == NULL)
			continue;
		verdict = password_verify_form(f->form[i], hash);
		if (i > 0 && verdict == PASSWORD_RIGHT)
			verdict = PASSWORD_RIGHT_REHASH;
	}
	return (verdict);
}

static enum password_verdict
password_verify_form(const char *password, const char *hash)
{
	if (strncmp(hash, "$argon2id$", 10) == 0)
		return (password_verify_argon2(password, hash));
	if (hash[0] == '$' && hash[1] == '2')
		return (password_verify_bcrypt(password, hash));
	return (PASSWORD_UNREADABLE);
}

const char *
password_dummy_hash(void)
{
	if (pthread_once(&dummy_once, password_make_dummy) != 0)
		return (NULL);
	return (dummy_hash[0] != '\0' ? dummy_hash : NULL);
}

static void
password_make_dummy(void)
{
	unsigned char	secret[32];
	char		text[BASE64URL_SIZE(sizeof(secret))];

	/* As text, because a password has no NUL. */
	if (RAND_bytes(secret, sizeof(secret)) == 1 &&
	    base64url_encode(text, sizeof(text), secret, sizeof(secret)) != -1)
		(void)password_hash(text, dummy_hash);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(text, sizeof(text));
}

static enum password_verdict
password_verify_argon2(const char *password, const char *hash)
{
	struct argon2_text	t;

	if (!password_parse_argon2(hash, &t))
		return (PASSWORD_UNREADABLE);

	switch (argon2id_verify(hash, password, strlen(password))) {
	case ARGON2_OK:
		break;
	case ARGON2_VERIFY_MISMATCH:
		return (PASSWORD_WRONG);
	case ARGON2_MEMORY_ALLOCATION_ERROR:
	case ARGON2_THREAD_FAIL:
		return (PASSWORD_ERROR);
	default:
		return (PASSWORD_UNREADABLE);
	}
	return (password_is_weaker(&t) ? PASSWORD_RIGHT_REHASH :
	    PASSWORD_RIGHT);
}

/* Lanes decide how it is computed, not how much. */
static bool
password_is_weaker(const struct argon2_text *t)
{
	return (t->version != ARGON2_VERSION_13 ||
	    t->memory < ARGON2_MEMORY_LEAST ||
	    t->memory * t->passes < ARGON2_WORK_LEAST ||
	    t->salt < (ARGON2_SALT * 4 + 2) / 3 ||
	    t->tag < (ARGON2_TAG * 4 + 2) / 3);
}

static enum password_verdict
password_verify_bcrypt(const char *password, const char *hash)
{
	struct crypt_data	*data;
	char			 input[BCRYPT_INPUT + 1];
	const char		*computed;
	enum password_verdict	 verdict;
	size_t			 len;

	if (!password_parse_bcrypt(hash))
		return (PASSWORD_UNREADABLE);
	if ((data = calloc(1, sizeof(*data))) == NULL)
		return (PASSWORD_ERROR);

	/* libxcrypt refuses 512 bytes or more; bcrypt never reads them. */
	len = strnlen(password, BCRYPT_INPUT);
	memcpy(input, password, len);
	input[len] = '\0';
	computed = crypt_rn(input, hash, data, (int)sizeof(*data));

	/*
	 * The digest alone is compared: the setting went into it, and its last
	 * character has spare bits that libxcrypt clears and others did not.
	 */
	if (computed == NULL || strlen(computed) != BCRYPT_TEXT)
		verdict = PASSWORD_ERROR;
	else if (CRYPTO_memcmp(computed + BCRYPT_SETTING,
	    hash + BCRYPT_SETTING, BCRYPT_TEXT - BCRYPT_SETTING) == 0)
		verdict = PASSWORD_RIGHT_REHASH;
	else
		verdict = PASSWORD_WRONG;

	OPENSSL_cleanse(input, sizeof(input));
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return (verdict);
}

/* Checks the parameters before libargon2 uses them. */
static bool
password_parse_argon2(const char *hash, struct argon2_text *t)
{
	const char	*p = hash;

	if (strnlen(hash, ARGON2_TEXT_LIMIT) == ARGON2_TEXT_LIMIT)
		return (false);
	if (!password_skip(&p, "$argon2id"))
		return (false);
	/* Argon2 1.0, before RFC 9106, wrote no version. */
	t->version = ARGON2_VERSION_10;
	if (strncmp(p, "$v=", 3) == 0 &&
	    !password_number(&p, "$v=", &t->version))
		return (false);
	if (!password_number(&p, "$m=", &t->memory) ||
	    !password_number(&p, ",t=", &t->passes) ||
	    !password_number(&p, ",p=", &t->lanes) ||
	    !password_skip(&p, "$"))
		return (false);
	t->salt = strspn(p, base64_alphabet);
	p += t->salt;
	if (!password_skip(&p, "$"))
		return (false);
	t->tag = strspn(p, base64_alphabet);
	p += t->tag;

	/* A shorter tag could be guessed; a shorter salt is an error. */
	return (*p == '\0' && t->salt >= 11 && t->tag >= 22 &&
	    (t->version == ARGON2_VERSION_10 ||
	    t->version == ARGON2_VERSION_13) &&
	    t->memory <= ARGON2_MEMORY_LIMIT &&
	    t->passes <= ARGON2_PASSES_LIMIT &&
	    t->lanes <= ARGON2_LANES_LIMIT);
}

static bool
password_parse_bcrypt(const char *hash)
{
	int	cost;

	if (strnlen(hash, BCRYPT_TEXT + 1) != BCRYPT_TEXT)
		return (false);
	if (hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y')
		return (false);
	if (hash[3] != '$' || hash[6] != '$' ||
	    hash[4] < '0' || hash[4] > '9' || hash[5] < '0' || hash[5] > '9')
		return (false);
	cost = (hash[4] - '0') * 10 + (hash[5] - '0');
	if (cost < 4 || cost > BCRYPT_COST_LIMIT)
		return (false);
	return (strspn(hash + 7, bcrypt_alphabet) == BCRYPT_TEXT - 7);
}

static bool
password_skip(const char **text, const char *prefix)
{
	size_t	len = strlen(prefix);

	if (strncmp(*text, prefix, len) != 0)
		return (false);
	*text += len;
	return (true);
}

/* A prefix and a decimal number without leading zeros, as in libargon2. */
static bool
password_number(const char **text, const char *prefix, uint32_t *value)
{
	const char	*p = *text;
	uint32_t	 v;
	int		 digits;

	if (!password_skip(&p, prefix))
		return (false);
	v = 0;
	for (digits = 0; *p >= '0' && *p <= '9'; digits++, p++) {
		if (digits == 8 || (digits == 1 && v == 0))
			return (false);
		v = v * 10 + (uint32_t)(*p - '0');
	}
	if (digits == 0)
		return (false);
	*text = p;
	*value = v;
	return (true);
}
