/* SPDX-License-Identifier: ISC */
/* Finds the hash of a password in a sorted file, by halving. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utils/hex.h"
#include "utils/password_list.h"
#include "utils/password_text.h"
#include "utils/start_error.h"

#define DIGEST		20	/* bytes of a SHA-1 */
#define DIGITS		(2 * DIGEST)
#define NTLM_DIGITS	32
#define LINE_BYTES	64	/* at most, with its end */
#define SAMPLES		64	/* lines that are looked at when it is opened */

/* Some bytes of the file, around one that is asked for. */
struct window {
	char	 text[2 * LINE_BYTES];
	off_t	 from;
	size_t	 len;
};

struct line {
	unsigned char	 digest[DIGEST];
	off_t		 start, next;
};

enum seek { SEEK_FOUND, SEEK_NO_LINE, SEEK_ERROR };

static int	list_fd = -1;
static off_t	list_size;	/* when it was opened */

static enum seek
fill(struct window *w, off_t from)
{
	ssize_t	 n;

	w->from = from;
	do {
		n = pread(list_fd, w->text, sizeof(w->text), from);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return (SEEK_ERROR);
	w->len = (size_t)n;
	if ((off_t)w->len > list_size - from)
		w->len = (size_t)(list_size - from);
	return (SEEK_FOUND);
}

/* How many hex digits begin the text. */
static size_t
count_digits(const char *text, size_t len)
{
	size_t	 n = 0;

	while (n < len && hex_value(text[n]) != -1)
		n++;
	return (n);
}

/* The length of a line's colon, count and end; 0 if they are not these. */
static size_t
tail_length(const char *text, size_t len, bool last)
{
	size_t	 n = 1;

	if (len < 2 || text[0] != ':')
		return (0);
	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	if (n == 1)
		return (0);
	if (n < len && text[n] == '\r')
		n++;
	if (n == len)
		return (last ? n : 0);
	return (text[n] == '\n' ? n + 1 : 0);
}

static enum seek
parse(const struct window *w, size_t at, struct line *line)
{
	const char	*text = w->text + at;
	size_t		 len = w->len - at, tail, i;

	if (count_digits(text, len) != DIGITS)
		return (SEEK_NO_LINE);
	tail = tail_length(text + DIGITS, len - DIGITS,
	    w->from + (off_t)w->len == list_size);
	if (tail == 0)
		return (SEEK_NO_LINE);
	for (i = 0; i < DIGEST; i++)
		line->digest[i] = (unsigned char)(hex_value(text[2 * i]) << 4 |
		    hex_value(text[2 * i + 1]));
	line->start = w->from + (off_t)at;
	line->next = line->start + (off_t)(DIGITS + tail);
	return (SEEK_FOUND);
}

/* The line of this byte. low is where a line begins, not behind it. */
static enum seek
line_at(off_t low, off_t byte, struct line *line)
{
	struct window	 w;
	off_t		 from = byte - low > LINE_BYTES ? byte - LINE_BYTES :
			    low;
	size_t		 at = (size_t)(byte - from);

	if (fill(&w, from) == SEEK_ERROR)
		return (SEEK_ERROR);
	if (at >= w.len)
		return (SEEK_NO_LINE);
	while (at > 0 && w.text[at - 1] != '\n')
		at--;
	if (at == 0 && from != low)
		return (SEEK_NO_LINE);
	return (parse(&w, at, line));
}

/* What is wrong with a list that has no first line. */
static const char *
first_line_problem(const char *name, const char *path)
{
	struct window	 w;

	if (fill(&w, 0) == SEEK_ERROR)
		return (start_error("%s: cannot read %s: %m", name, path));
	if (count_digits(w.text, w.len) == NTLM_DIGITS)
		return (start_error("%s: %s is the NTLM edition of Pwned "
		    "Passwords, but the SHA-1 one is needed", name, path));
	return (start_error("%s: %s does not begin like Pwned Passwords: with "
	    "the %d hex digits of a SHA-1, a colon and a count", name, path,
	    DIGITS));
}

/* The last line, too: of the samples, the last one ends the file. */
static const char *
check_lines(const char *name, const char *path)
{
	struct line	 line, before;
	off_t		 byte;
	int		 i;

	if (line_at(0, 0, &before) != SEEK_FOUND)
		return (first_line_problem(name, path));
	for (i = 1; i <= SAMPLES; i++) {
		byte = (off_t)((double)(list_size - 1) / SAMPLES * i);
		if (i == SAMPLES)
			byte = list_size - 1;
		if (line_at(0, byte, &line) != SEEK_FOUND)
			return (start_error("%s: %s has a line at byte %lld "
			    "that is not the %d hex digits of a SHA-1, a colon "
			    "and a count", name, path, (long long)byte,
			    DIGITS));
		if (line.start != before.start &&
		    memcmp(line.digest, before.digest, DIGEST) <= 0)
			return (start_error("%s: %s is not ordered by hash",
			    name, path));
		before = line;
	}
	return (NULL);
}

/* O_NONBLOCK: opening a FIFO would wait for a writer. */
const char *
password_list_open(const char *name, const char *path)
{
	struct stat	 st;

	if (list_fd != -1)
		close(list_fd);
	list_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (list_fd == -1 || fstat(list_fd, &st) == -1)
		return (start_error("%s: cannot read %s: %m", name, path));
	if (!S_ISREG(st.st_mode))
		return (start_error("%s: %s is not a file", name, path));
	if (st.st_size == 0)
		return (start_error("%s: %s is empty", name, path));
	list_size = st.st_size;
	return (check_lines(name, path));
}

static enum seek
find(const unsigned char digest[static DIGEST], bool *found)
{
	struct line	 line;
	off_t		 low = 0, high = list_size;
	enum seek	 seek;
	int		 order;

	*found = false;
	while (low < high && !*found) {
		seek = line_at(low, low + (high - low) / 2, &line);
		if (seek != SEEK_FOUND)
			return (seek);
		order = memcmp(line.digest, digest, DIGEST);
		*found = order == 0;
		if (order < 0)
			low = line.next;
		else
			high = line.start;
	}
	return (SEEK_FOUND);
}

enum password_listing
password_list_find(const char *password, int *error)
{
	unsigned char	 digest[DIGEST];
	char		*normal;
	bool		 found = false, hashed;
	enum seek	 seek = SEEK_ERROR;

	if (list_fd == -1)
		return (PASSWORD_UNLISTED);
	errno = ENOMEM;
	if ((normal = calloc(1, PASSWORD_FORM_SIZE)) != NULL) {
		hashed = password_normalise(password, normal,
		    PASSWORD_FORM_SIZE) && EVP_Digest(normal, strlen(normal),
		    digest, NULL, EVP_sha1(), NULL) == 1;
		OPENSSL_cleanse(normal, PASSWORD_FORM_SIZE);
		free(normal);
		seek = hashed ? find(digest, &found) : SEEK_ERROR;
		OPENSSL_cleanse(digest, sizeof(digest));
	}
	if (seek == SEEK_FOUND)
		return (found ? PASSWORD_LISTED : PASSWORD_UNLISTED);
	*error = seek == SEEK_ERROR ? errno : 0;
	return (PASSWORD_LIST_FAILED);
}
