/* SPDX-License-Identifier: ISC */
/* Matches values with regular expressions. */

#ifndef UTILS_AUTOMATON_H
#define UTILS_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

struct automaton;

/*
 * Compiles a pattern that posix_problem() accepts; the pattern must outlive the
 * automaton. NULL when it does not accept it, or memory is short.
 */
struct automaton	*automaton_new(const char *pattern);

void	 automaton_free(struct automaton *);

/*
 * Whether the whole value matches, with the result of regexec() in a UTF-8
 * locale. The time is linear in the value's length and never more than
 * automaton_states() squared for a character; no memory is taken. A value that
 * is not UTF-8 does not match.
 */
bool	 automaton_match(const struct automaton *, const char *value);

/* How many characters the pattern stands for, with their repetitions. */
size_t	 automaton_states(const struct automaton *);

/* Does it match values of any length, as a* does? */
bool	 automaton_is_endless(const struct automaton *);

#endif
