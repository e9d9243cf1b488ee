/* SPDX-License-Identifier: ISC */
/* OpenSSL, for the clients of wire_fake.c, which has them and includes this. */

#ifndef TESTS_FAKES_TLS_FAKE_H
#define TESTS_FAKES_TLS_FAKE_H

#define AHEAD	16384		/* bytes that OpenSSL reads at once */

/*
 * OpenSSL reads ahead: it takes all that the client has sent, up to 16 KiB, and
 * gives it out in pieces. A BIO and a TLS connection are the peer here.
 */
static void
read_ahead(struct peer *p, SSL *ssl)
{
	size_t	 got = p->endless || p->len > AHEAD ? AHEAD : p->len;
	int	 result = has_more(p) ? 1 : -1;

	p->asked++;
	p->ahead = got;
	if (p->callback != NULL)
		p->callback((BIO *)(void *)ssl, BIO_CB_READ | BIO_CB_RETURN,
		    NULL, AHEAD, 0, 0, result, &got);
}

/* A record without data: OpenSSL wants more, and errno is not set. */
int
SSL_read(SSL *ssl, void *to, int len)
{
	struct peer	*p = (struct peer *)(void *)ssl;
	size_t		 n;

	p->reads++;
	if (p->updates > 0) {
		p->updates--;
		return (-1);
	}
	if (p->ahead == 0)
		read_ahead(p, ssl);
	if (p->ahead > 0 && !p->cut) {
		n = take(p, to, p->ahead < (size_t)len ? p->ahead :
		    (size_t)len, false);
		p->ahead -= n;
		return ((int)n);
	}
	errno = EAGAIN;
	return (p->closed ? 0 : -1);
}

int
SSL_has_pending(const SSL *ssl)
{
	return (((const struct peer *)(const void *)ssl)->ahead > 0);
}

/* SSL_set_mode() and SSL_clear_mode(). */
long
SSL_ctrl(SSL *ssl, int what, long mode, void *arg)
{
	struct peer	*p = (struct peer *)(void *)ssl;

	assert_null(arg);
	assert_int_equal(mode, SSL_MODE_RELEASE_BUFFERS);
	p->keeps = what == SSL_CTRL_CLEAR_MODE;
	return (0);
}

int
SSL_free_buffers(SSL *ssl)
{
	((struct peer *)(void *)ssl)->frees++;
	return (1);
}

BIO *
SSL_get_rbio(const SSL *ssl)
{
	return ((BIO *)(void *)(uintptr_t)ssl);
}

void
BIO_set_callback_ex(BIO *bio, BIO_callback_fn_ex callback)
{
	((struct peer *)(void *)bio)->callback = callback;
}

void
BIO_set_callback_arg(BIO *bio, char *arg)
{
	((struct peer *)(void *)bio)->callback_arg = arg;
}

char *
BIO_get_callback_arg(const BIO *bio)
{
	return (((const struct peer *)(const void *)bio)->callback_arg);
}

int
SSL_get_error(const SSL *ssl, int n)
{
	(void)ssl;
	return (n == 0 ? SSL_ERROR_ZERO_RETURN : SSL_ERROR_WANT_READ);
}

int
SSL_shutdown(SSL *ssl)
{
	struct peer	*p = (struct peer *)(void *)ssl;

	p->notified = !p->ended;
	return (0);
}

#endif
