/* SPDX-License-Identifier: ISC */
/* The version of Keel itself, which each release changes. */

#ifndef SRC_VERSION_H
#define SRC_VERSION_H

#define KEEL_VERSION	"1.0.0"

#endif
