/* SPDX-License-Identifier: ISC */
/*
 * The names that a project of its own changes. Every room may use them; none
 * below modules spells them out.
 */

#ifndef SRC_PRODUCT_H
#define SRC_PRODUCT_H

#define PRODUCT		"keel"	/* in messages, file names, the database */
#define PRODUCT_TITLE	"Keel"	/* in the description of the API */
#define PRODUCT_AUTHORS	"The Keel authors"

/* The variable of the environment that sets something: ENV("PORT"). */
#define ENV(name)	"KEEL_" name

#endif
