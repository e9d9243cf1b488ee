/* SPDX-License-Identifier: ISC */
/*
 * Notes the loaded files at the start, because a signal's handler must not ask
 * the dynamic loader, whose lock the crash may hold.
 */

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crash_modules.h"

#define MODULES_MAX	96

static struct crash_module	modules[MODULES_MAX];
static size_t			count;

/* The id that the linker makes of a file's content: a note called "GNU". */
static void
find_build(struct crash_module *m, const char *note, size_t size)
{
	ElfW(Nhdr)	 head;
	size_t		 name, len;

	while (size >= sizeof(head)) {
		memcpy(&head, note, sizeof(head));
		name = ((size_t)head.n_namesz + 3) & ~(size_t)3;
		len = ((size_t)head.n_descsz + 3) & ~(size_t)3;
		if (size - sizeof(head) < name + len)
			return;
		note += sizeof(head);
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    memcmp(note, ELF_NOTE_GNU, 4) == 0 &&
		    head.n_descsz <= BUILD_ID_MAX) {
			memcpy(m->build, note + name, head.n_descsz);
			m->build_len = head.n_descsz;
			return;
		}
		note += name + len;
		size -= sizeof(head) + name + len;
	}
}

/* The program itself has no name there, and ours is relative to its folder. */
static const char *
absolute(const char *name)
{
	static char	 program[PATH_MAX];
	char		*path;
	ssize_t		 len;

	if (*name == '\0') {
		len = readlink("/proc/self/exe", program, sizeof(program) - 1);
		return (len > 0 ? program : "program");
	}
	if (*name == '/' || strchr(name, '/') == NULL ||
	    (path = realpath(name, NULL)) == NULL)
		return (name);
	return (path);
}

static int
note_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct crash_module	*m = &modules[count];
	const ElfW(Phdr)	*p = info->dlpi_phdr;
	const char		*slash;
	int			 i;

	(void)size;
	(void)arg;
	if (count == MODULES_MAX)
		return (1);
	memset(m, 0, sizeof(*m));
	m->base = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++, p++) {
		if (p->p_type == PT_NOTE && m->build_len == 0)
			find_build(m, (const char *)(m->base + p->p_vaddr),
			    p->p_memsz);
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		if (m->end == 0)
			m->begin = m->base + p->p_vaddr;
		m->end = m->base + p->p_vaddr + p->p_memsz;
	}
	m->file = absolute(info->dlpi_name);
	slash = strrchr(m->file, '/');
	m->name = slash != NULL ? slash + 1 : m->file;
	count++;
	return (0);
}

void
crash_modules_note(void)
{
	count = 0;
	dl_iterate_phdr(note_module, NULL);
}

struct crash_module *
crash_module_at(uintptr_t address)
{
	size_t	 i;

	for (i = 0; i < count; i++) {
		if (address >= modules[i].begin && address < modules[i].end)
			return (&modules[i]);
	}
	return (NULL);
}

struct crash_module *
crash_module_next(const struct crash_module *m)
{
	size_t	 i;

	for (i = m == NULL ? 0 : (size_t)(m - modules) + 1; i < count; i++) {
		if (modules[i].named)
			return (&modules[i]);
	}
	return (NULL);
}
