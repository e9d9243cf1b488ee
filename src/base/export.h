/* SPDX-License-Identifier: ISC */
/* What Kore finds by name. */

#ifndef BASE_EXPORT_H
#define BASE_EXPORT_H

/* What Kore must find by name; everything else is hidden (conf/build.conf). */
#define EXPORT	__attribute__((visibility("default")))

#endif
