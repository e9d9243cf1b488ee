/* SPDX-License-Identifier: ISC */
/* Registration: tables to which each file adds its own rows. */

#ifndef BASE_REGISTER_H
#define BASE_REGISTER_H

/*
 * Puts a pointer to `thing` into a section of the module. Code at start loops
 * over the section, so there is no central list to edit.
 */
#define REGISTER(section_name, thing)					\
	static __typeof__(thing) *const thing##_registered		\
	    __attribute__((used, section("registered_" #section_name))) = \
	    &(thing)

/* Declares the two ends of such a section. */
#define REGISTERED(type, section_name)					\
	extern type	*const __start_registered_##section_name[];	\
	extern type	*const __stop_registered_##section_name[]

/* Loops over it: i points at a pointer to each thing. */
#define EACH_REGISTERED(i, section_name)				\
	for (i = __start_registered_##section_name;			\
	    i < __stop_registered_##section_name; i++)

#endif
