/* file: an open file. A journal's records are on the disk whole or not at all,
 * and a download takes its name when it is whole.
 *
 * Several processes may share a journal. Locks are advisory, of single bytes
 * at any offset; they belong to the open file (on Linux) and end with the
 * process, however it ends. On systems where they belong to the process, a
 * process may open a file only once. Functions return 0 or an errno unless
 * they say otherwise.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "path.h"

#pragma GCC visibility push(hidden)

/* handle < 0: closed. */
struct yj_file {
  yj_handle handle;
  int64_t process; /* that opened it: a forked child shares its locks */
};

/* See path.h for what is refused. On failure the file is closed. */
int yj_file_open(struct yj_file *f, const char *path, enum yj_use use);

/* Opens or makes a part: a file under a name of its own until it is whole. It
 * is empty, and this writer's alone (EAGAIN: another one has it); those who
 * may read `target`, if that is there, may read it. No link is followed. */
int yj_file_open_part(struct yj_file *f, const char *path, const char *target);

/* Has the part replace the file at `to`, with its owner and mode; ENOENT when
 * `from` is not this file any more. */
int yj_file_move(const struct yj_file *f, const char *from, const char *to);

/* Cuts the file to that size, and opens it once more for the caller, with the
 * same locks. */
int yj_file_lend(const struct yj_file *f, int64_t size, struct yj_file *lent);

/* Writes all of it at that offset; YJ_AT_END: at the end of a journal. */
#define YJ_AT_END ((int64_t)-1)
int yj_file_write(const struct yj_file *f, const char *bytes, size_t n,
                  int64_t at);

int yj_file_size(const struct yj_file *f, int64_t *size);

/* Reads up to n bytes from there; how many came, or -1 with errno set. */
int64_t yj_file_read(const struct yj_file *f, int64_t from, char *out,
                     size_t n);

/* Writes at the end; with `durable` it is on the disk when this returns. A
 * failure leaves the file as it was. NB: the caller holds a lock, or this may
 * cut off what another process appends meanwhile. */
int yj_file_append(const struct yj_file *f, const char *bytes, size_t n,
                   int durable);

/* Makes room behind the end, so that the next append does not find the disk
 * full. The end stays where it is. Where the system can not, nothing
 * happens. */
int yj_file_reserve(const struct yj_file *f, int64_t n);

int yj_file_truncate(const struct yj_file *f, int64_t size);

/* Takes over the mode and, where that is allowed, the owner of another
 * file. */
int yj_file_copy_mode(const struct yj_file *f, const struct yj_file *other);

/* How many names it has in its file system; -1 with errno set. */
int yj_file_link_count(const struct yj_file *f);

/* Those who may read the file at `path` may read this one, and no others. */
void yj_file_take_after(const struct yj_file *f, const char *path);

/* Brings the file's bytes to the disk. */
int yj_file_sync(const struct yj_file *f);

/* The lock of the whole file, which a lent one has as well; EAGAIN while
 * another open file has it. */
int yj_file_claim(const struct yj_file *f);

/* The lock of one byte; EAGAIN while another open file has it: never waits. */
int yj_file_lock(const struct yj_file *f, int64_t at);
int yj_file_unlock(const struct yj_file *f, int64_t at);

/* 1: another open file has that lock; 0: none has; -1 with errno set. NB: not
 * to be asked about a lock that this file has: Windows gives it away then. */
int yj_file_is_locked(const struct yj_file *f, int64_t at);

/* Whether the path still leads to this file. */
int yj_file_is_at(const struct yj_file *f, const char *path);

/* Idempotent. */
void yj_file_close(struct yj_file *f);

#pragma GCC visibility pop
