/* SPDX-License-Identifier: ISC */
/* The origin of a web page, as browsers send it. */

#ifndef UTILS_ORIGIN_H
#define UTILS_ORIGIN_H

/* https://, a host of 253 bytes, a port. */
#define ORIGIN_MAX	267

/*
 * Checks that a browser can send exactly this text as the Origin of a page that
 * came by http or https (RFC 6454, 7.1; URL Standard, 3.5 and 4.5). Returns
 * NULL, or what is wrong: a phrase that follows the text. Pure.
 */
const char	*origin_problem(const char *text);

#endif
