/* SPDX-License-Identifier: ISC */
/* Registration: tables that files add their own rows to. */

#ifndef BASE_REGISTER_H
#define BASE_REGISTER_H

/*
 * Puts a pointer to a thing into a section of the module that is walked at
 * start, so that there is no central list to edit.
 */
#define REGISTER(section_name, thing)					\
	static __typeof__(thing) *const thing##_registered		\
	    __attribute__((used, section("keel_" #section_name))) = &(thing)

#endif
