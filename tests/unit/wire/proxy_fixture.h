/* SPDX-License-Identifier: ISC */
/* Headers of the PROXY protocol, as a proxy sends them. */

#ifndef TESTS_PROXY_FIXTURE_H
#define TESTS_PROXY_FIXTURE_H

#include <stddef.h>
#include <string.h>

#define SIGNATURE	"\r\n\r\n\0\r\nQUIT\n"

/* The client is 203.0.113.9:56324; the proxy was asked at 192.0.2.1:443. */
#define TCP4_CLIENT	SIGNATURE "\x21\x11\x00\x0c"			\
			"\xcb\x00\x71\x09\xc0\x00\x02\x01\xdc\x04\x01\xbb"

/* 2001:db8::9 */
#define TCP6_CLIENT	SIGNATURE "\x21\x21\x00\x24"			\
			"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"	\
			"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"	\
			"\xdc\x04\x01\xbb"

/* A check by the proxy itself. */
#define LOCAL_CHECK	SIGNATURE "\x20\x00\x00\x00"

#endif
