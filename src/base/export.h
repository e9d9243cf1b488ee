/* SPDX-License-Identifier: ISC */
/* Marks the symbols that Kore looks up by name. */

#ifndef BASE_EXPORT_H
#define BASE_EXPORT_H

/* Kore looks these up by name; all others are hidden (conf/build.conf). */
#define EXPORT	__attribute__((visibility("default")))

#endif
