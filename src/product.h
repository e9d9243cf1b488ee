/* SPDX-License-Identifier: ISC */
/*
 * The product's names. `./keel init` writes those of your own project. All
 * files may use these macros, and no other file of src contains the names
 * (tests/lint/names.py). The command ./keel has its name in every project.
 */

#ifndef SRC_PRODUCT_H
#define SRC_PRODUCT_H

#include "version.h"

/* In messages, the Server header, tokens, metrics and the units. */
#define PRODUCT		"keel"

/* In the description of the API, pages and mails. */
#define PRODUCT_TITLE	"Keel"
#define PRODUCT_AUTHORS	"The Keel authors"
#define PRODUCT_VERSION	KEEL_VERSION

/* The name of an environment variable: ENV("PORT"). */
#define ENV(name)	"KEEL_" name

/*
 * In the names of tables and functions, and in what hashes of rows are made
 * with. It stays when a project gets its own name, so its data stay good.
 */
#define PRODUCT_STORED	"keel"

#endif
