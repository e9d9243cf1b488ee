/* SPDX-License-Identifier: ISC */
/* Replaces libcurl's easy interface in unit tests. */

#ifndef TESTS_FAKES_CURL_FAKE_H
#define TESTS_FAKES_CURL_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define FAKE_CURL_READ	32	/* bytes of the message, at a time */

/*
 * What one curl_easy_perform() does, in order; a NULL ends it:
 *
 *	"socket"	makes a connection
 *	"> MAIL ..."	sends a line
 *	"< 250 Ok"	receives one
 *	"read"		reads the message to its end
 *	"part"		reads a part of it
 *	"tcp", "tls"	it is connected so far
 *	"wait 1500"	that many milliseconds pass
 *	"progress"	tells of its progress
 *	"uploaded"	the same: what was read is sent
 *	"error Text"	writes into the error buffer
 *	"hook"		calls fake_curl.hook()
 *
 * It ends early if a callback stops it, with CURLE_ABORTED_BY_CALLBACK.
 */
struct fake_perform {
	const char	*steps[16];
	CURLcode	 result;
	long		 connects;	/* CURLINFO_NUM_CONNECTS */
};

struct fake_easy;

extern struct fake_curl {
	/* Set by the test. */
	const struct fake_perform	*performs;	/* the next ones */
	void				(*hook)(void);
	curl_socket_t			 socket;	/* the active one */
	const char			*ca_path;	/* CAPATH if not set */
	bool				 no_init, no_list, no_global;
	unsigned			 option_fails;	/* the n-th; 0: none */

	/* Seen by the test. */
	unsigned			 ninits, ncleanups, nperforms, noptions;
	unsigned			 nreads;	/* of one message */
	unsigned			 nlists;	/* that are not freed */
	long				 global;	/* curl_global_init() */
	struct fake_easy		*last;		/* that performed */
	bool				 last_is_kept;
	char				 message[4096];
	size_t				 message_len;
	uint64_t			 now;		/* milliseconds */
} fake_curl;

/* The value of an option of the last handle; texts are copies. */
long		 fake_curl_long(CURLoption);
const char	*fake_curl_text(CURLoption);
void		*fake_curl_pointer(CURLoption);

#endif
