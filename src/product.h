/* SPDX-License-Identifier: ISC */
/*
 * The product's names: change them in your own project. All files may use these
 * macros; outside modules, no file contains the names themselves.
 */

#ifndef SRC_PRODUCT_H
#define SRC_PRODUCT_H

#define PRODUCT		"keel"	/* in messages, file names, the database */
#define PRODUCT_TITLE	"Keel"	/* in the description of the API */
#define PRODUCT_AUTHORS	"The Keel authors"

/* The name of an environment variable: ENV("PORT"). */
#define ENV(name)	"KEEL_" name

#endif
