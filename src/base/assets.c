/* SPDX-License-Identifier: ISC */
/*
 * Finds assets by their symbols. kodev hides them, so the dynamic linker does
 * not know them: this reads the symbol table of the ELF file itself.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/assets.h"

#define PREFIX	"asset_"

/* What kodev makes of each asset besides its text. */
static const char *const	others[] = {
	"asset_len_", "asset_mtime_", "asset_sha256_", "asset_serve_"
};

struct image {
	const char	*data;		/* the file */
	size_t		 size;
	const char	*base;		/* where it is in memory */
};

static bool
has_prefix(const char *text, const char *prefix)
{
	return (strncmp(text, prefix, strlen(prefix)) == 0);
}

static bool
is_asset(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (has_prefix(name, others[i]))
			return (false);
	}
	return (has_prefix(name, PREFIX));
}

/* Is that part within the file? */
static bool
is_inside(const struct image *m, uint64_t offset, uint64_t size)
{
	return (offset <= m->size && size <= m->size - offset);
}

static void
read_symbols(const struct image *m, const ElfW(Shdr) *table,
    const ElfW(Shdr) *names, bool (*found)(void *, const char *, const char *),
    void *arg)
{
	const ElfW(Sym)	*s, *end;
	const char	*name;

	if (!is_inside(m, table->sh_offset, table->sh_size) ||
	    !is_inside(m, names->sh_offset, names->sh_size))
		return;
	s = (const void *)(m->data + table->sh_offset);
	end = s + table->sh_size / sizeof(*s);
	for (; s < end; s++) {
		if (s->st_shndx == SHN_UNDEF || s->st_name >= names->sh_size)
			continue;
		name = m->data + names->sh_offset + s->st_name;
		if (is_asset(name) && !found(arg, name + strlen(PREFIX),
		    m->base + s->st_value))
			return;
	}
}

static void
read_image(const struct image *m,
    bool (*found)(void *, const char *, const char *), void *arg)
{
	const ElfW(Ehdr)	*head = (const void *)m->data;
	const ElfW(Shdr)	*sections, *s;

	if (!is_inside(m, 0, sizeof(*head)) ||
	    memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
	    !is_inside(m, head->e_shoff,
	    head->e_shnum * (uint64_t)sizeof(*sections)))
		return;
	sections = (const void *)(m->data + head->e_shoff);
	for (s = sections; s < sections + head->e_shnum; s++) {
		if (s->sh_type == SHT_SYMTAB && s->sh_link < head->e_shnum)
			read_symbols(m, s, &sections[s->sh_link], found, arg);
	}
}

/* The path is the one that Kore opened; the working folder is the same. */
void
assets_each(bool (*found)(void *, const char *, const char *), void *arg)
{
	struct link_map	*map;
	struct image	 m;
	struct stat	 st;
	Dl_info		 info;
	void		*data;
	int		 fd;

	if (dladdr1((const void *)(uintptr_t)assets_each, &info,
	    (void **)(void *)&map, RTLD_DL_LINKMAP) == 0)
		return;
	/* The program itself has no name there: in unit tests. */
	fd = open(*map->l_name != '\0' ? map->l_name : "/proc/self/exe",
	    O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && (data = mmap(NULL, (size_t)st.st_size,
	    PROT_READ, MAP_PRIVATE, fd, 0)) != MAP_FAILED) {
		m.data = data;
		m.size = (size_t)st.st_size;
		m.base = (const char *)map->l_addr;
		read_image(&m, found, arg);
		munmap(data, m.size);
	}
	close(fd);
}
