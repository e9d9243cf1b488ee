/* SPDX-License-Identifier: ISC */
/*
 * Instead of src/product.h: the unit tests are compiled with Keel's names in
 * every project, so they need no change in a project of another name.
 */

#ifndef SRC_PRODUCT_H
#define SRC_PRODUCT_H

#include "../../src/version.h"

#define PRODUCT		"keel"
#define PRODUCT_TITLE	"Keel"
#define PRODUCT_AUTHORS	"The Keel authors"
#define PRODUCT_VERSION	KEEL_VERSION
#define PRODUCT_STORED	"keel"

#define ENV(name)	"KEEL_" name

#endif
