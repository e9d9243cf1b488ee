/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_RUNTIME_PIDFILE_H
#define KEEL_RUNTIME_PIDFILE_H

/*
 * The file that holds the id of Kore's parent while it serves:
 * KEEL_STATE_DIR/kore.PID.pid, or kore.pid when that is not set.
 */

/* Before Kore's main(). Kore writes its own file to /dev/null then. */
void		 pidfile_divert(void);

/*
 * Writes the file, and has Kore remove it in the end. To be called last before
 * Kore goes on: it would remove /dev/null. Returns NULL, or a line that says
 * what is wrong with the folder. A file that cannot be written is complained
 * of on standard error; the server can do without.
 */
const char	*pidfile_write(void);

/* Removes it, for an end that is not Kore's. */
void		 pidfile_remove(void);

#endif
