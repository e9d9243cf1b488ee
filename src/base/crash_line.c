/* SPDX-License-Identifier: ISC */
/*
 * The line of a crash, which tools/backtrace.py reads. So it is JSON even on a
 * terminal, where the log is text.
 */

#include <sys/types.h>

#include <string.h>
#include <unistd.h>

#include "base/crash_modules.h"
#include "base/crash_report.h"
#include "base/jsonw.h"
#include "base/log_write.h"
#include "utils/timefmt.h"

#define LINE_SIZE	4096	/* written in one piece, even to a pipe */
#define FRAMES_ROOM	1600	/* of it, so many bytes are for the frames */
#define END_ROOM	8	/* for what follows the last frame */

static const char	hex_digits[] = "0123456789abcdef";

const int	crash_signals[] = {
	SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, 0
};

static const struct {
	int		 number;
	int		 code;
	const char	*text;
} causes[] = {
	{ SIGSEGV, SEGV_MAPERR, "no memory is there" },
	{ SIGSEGV, SEGV_ACCERR, "the memory there does not permit it" },
	{ SIGSEGV, SI_KERNEL, "what it used as an address is none" },
	{ SIGBUS, BUS_ADRALN, "the address is not aligned" },
	{ SIGBUS, BUS_ADRERR, "it is beyond the end of a file in memory" },
	{ SIGFPE, FPE_INTDIV, "a division by zero" },
	{ SIGILL, ILL_ILLOPN, "an illegal instruction" },
};

/*
 * Returns the digits' place at the buffer's end. snprintf() may take a lock.
 */
static const char *
number_text(char buffer[static 24], uint64_t value, unsigned base)
{
	char	*p = buffer + 23;

	*p = '\0';
	do {
		*--p = hex_digits[value % base];
	} while ((value /= base) != 0);
	return (p);
}

static void
add_decimal(struct text *t, uint64_t value)
{
	char	 buffer[24];

	text_puts(t, number_text(buffer, value, 10));
}

static void
add_hex(struct text *t, uint64_t value)
{
	char	 buffer[24];

	text_add(t, "0x", 2);
	text_puts(t, number_text(buffer, value, 16));
}

/* Was it sent, not caused by an instruction? */
static bool
was_sent(const struct crash_report *r)
{
	return (r->info.si_code <= 0);
}

bool
crash_address(const struct crash_report *r, uintptr_t *address)
{
	*address = (uintptr_t)r->info.si_addr;
	/* The kernel does not know the address of SI_KERNEL. */
	return (r->number != 0 && !was_sent(r) &&
	    r->info.si_code != SI_KERNEL);
}

static void
put_text(struct jsonw *j, const char *key, const char *value)
{
	jsonw_string(j, key, *value != '\0' ? value : NULL);
}

static const char *
signal_name(int number)
{
	switch (number) {
	case SIGSEGV:
		return ("SIGSEGV");
	case SIGBUS:
		return ("SIGBUS");
	case SIGILL:
		return ("SIGILL");
	case SIGFPE:
		return ("SIGFPE");
	case SIGABRT:
		return ("SIGABRT");
	}
	return (NULL);
}

static void
add_code(struct text *t, const struct crash_report *r)
{
	size_t	 i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].number == r->number &&
		    causes[i].code == r->info.si_code) {
			text_puts(t, causes[i].text);
			return;
		}
	}
	text_puts(t, "its code is ");
	add_decimal(t, (uint64_t)r->info.si_code);
}

static void
put_cause(struct jsonw *j, const struct crash_report *r)
{
	char		 buffer[64];
	struct text	 t = text_in(buffer, sizeof(buffer));

	if (r->number == 0) {
		text_puts(&t, "a sanitizer's report");
	} else if (r->overflow) {
		text_puts(&t, "the coroutine's stack is used up");
	} else if (!was_sent(r)) {
		add_code(&t, r);
	} else if (r->info.si_pid == getpid()) {
		text_puts(&t, r->number == SIGABRT ? "abort()" : "raise()");
	} else {
		text_puts(&t, "sent by process ");
		add_decimal(&t, (uint64_t)r->info.si_pid);
	}
	jsonw_string(j, "cause", buffer);
}

static void
put_address(struct jsonw *j, const struct crash_report *r)
{
	char		 buffer[32];
	struct text	 t = text_in(buffer, sizeof(buffer));
	uintptr_t	 address;

	if (crash_address(r, &address))
		add_hex(&t, address);
	put_text(j, "address", buffer);
}

static void
put_process(struct jsonw *j, const struct crash_report *r)
{
	char		 buffer[64];
	struct text	 t = text_in(buffer, sizeof(buffer));

	text_puts(&t, r->process);
	if (r->process_number != 0) {
		text_add(&t, " ", 1);
		add_decimal(&t, r->process_number);
	}
	if (r->other_thread)
		text_puts(&t, ", a thread");
	jsonw_string(j, "process", buffer);
	jsonw_raw(j, "pid", number_text(buffer, (uint64_t)getpid(), 10));
}

static void
name_modules(const struct crash_report *r)
{
	struct crash_module	*m;
	size_t			 i;

	for (i = 0; i < r->nframes; i++) {
		if ((m = crash_module_at(r->frames[i])) != NULL)
			m->named = true;
	}
}

static bool
has_room(const struct jsonw *j, size_t bytes)
{
	return (j->text.size - j->text.len > bytes);
}

static void
put_module(struct jsonw *j, const struct crash_module *m)
{
	char		 id[2 * BUILD_ID_MAX + 1], hex[32];
	struct text	 build = text_in(id, sizeof(id));
	struct text	 base = text_in(hex, sizeof(hex));
	size_t		 i;

	for (i = 0; i < m->build_len; i++) {
		text_add(&build, &hex_digits[m->build[i] >> 4], 1);
		text_add(&build, &hex_digits[m->build[i] & 15], 1);
	}
	add_hex(&base, m->base);
	jsonw_object(j, NULL);
	jsonw_string(j, "name", m->name);
	jsonw_string(j, "base", hex);
	put_text(j, "build", id);
	jsonw_string(j, "file", m->file);
	jsonw_object_end(j);
}

/* A module whose long path would take the frames' room is left out. */
static void
put_modules(struct jsonw *j)
{
	const struct crash_module	*m = NULL;

	jsonw_array(j, "modules");
	while ((m = crash_module_next(m)) != NULL) {
		if (has_room(j, 3 * strlen(m->file) + 128 + FRAMES_ROOM))
			put_module(j, m);
	}
	jsonw_array_end(j);
}

/* "libc.so.6+0x1a2b3": the same in every process, wherever it is loaded. */
static void
put_frame(struct jsonw *j, uintptr_t address)
{
	const struct crash_module	*m = crash_module_at(address);
	char				 buffer[128];
	struct text			 t = text_in(buffer, sizeof(buffer));

	if (m != NULL && strlen(m->name) < 64) {
		text_puts(&t, m->name);
		text_add(&t, "+", 1);
		address -= m->base;
	}
	add_hex(&t, address);
	if (has_room(j, t.len + END_ROOM))
		jsonw_string(j, NULL, buffer);
}

void
crash_write(const struct crash_report *r)
{
	static char		 line[LINE_SIZE];
	static struct jsonw	 j;
	size_t			 i;

	name_modules(r);
	jsonw_init_fixed(&j, line, sizeof(line));
	jsonw_object(&j, NULL);
	jsonw_time(&j, "time", timefmt_now());
	jsonw_string(&j, "level", "error");
	jsonw_string(&j, "event", "crash");
	put_text(&j, "request_id", r->request_id);
	jsonw_string(&j, "signal", signal_name(r->number));
	put_cause(&j, r);
	put_address(&j, r);
	put_process(&j, r);
	put_text(&j, "method", r->method);
	put_text(&j, "route", r->route);
	put_text(&j, "pattern", r->pattern);
	put_modules(&j);
	jsonw_array(&j, "frames");
	for (i = 0; i < r->nframes; i++)
		put_frame(&j, r->frames[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	if (j.text.cut)
		return;
	line[j.text.len] = '\n';
	log_write_last(line, j.text.len + 1);
}
