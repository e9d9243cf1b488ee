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
	    __attribute__((used, section("registered_" #section_name))) = \
	    &(thing)


/* What was put there: the declaration of a section's ends. */
#define REGISTERED(type, section_name)					\
	extern type	*const __start_registered_##section_name[];	\
	extern type	*const __stop_registered_##section_name[]

/* A loop over it: i points at a pointer to each thing. */
#define EACH_REGISTERED(i, section_name)				\
	for (i = __start_registered_##section_name;			\
	    i < __stop_registered_##section_name; i++)

#endif
