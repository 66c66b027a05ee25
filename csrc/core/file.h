/* file: an open file, whose journals' records are on the disk whole or not at
 * all, and whose downloads take their name when they are whole.
 *
 * Several processes may share a journal. Locks are advisory and of single
 * bytes, at any offset; they belong to the open file (on Linux) and end with
 * the process, however it ends. Where they belong to the process instead, a
 * process may open a file just once. Functions return 0 or an errno unless they
 * say otherwise. Nothing here knows Lua or libcurl.
 */
#ifndef YJ_FILE_H
#define YJ_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

/* fd < 0: closed. */
struct yj_file {
  int fd;
  pid_t pid; /* that opened it: a forked child shares its locks */
};

/* Opens or makes it, for its owner alone; see path.h for what is refused. On
 * failure the file is closed. */
int yj_file_open(struct yj_file *f, const char *path);

/* Opens one that is there, for yj_file_size() and yj_file_read(). */
int yj_file_open_to_read(struct yj_file *f, const char *path);

/* A file in the making, under a name of its own until it is whole: opens or
 * makes it, empty, for this writer alone (EAGAIN: another one has it), readable
 * for whom `target` is, if that is there. No link is followed. */
int yj_file_open_part(struct yj_file *f, const char *path, const char *target);

/* Has the part take the place of what stands at `to`, with its owner and mode;
 * ENOENT when `from` is not this file any more. */
int yj_file_move(const struct yj_file *f, const char *from, const char *to);

/* A descriptor of its own for who writes to the file, cut to that size; -1 with
 * errno set. */
int yj_file_lend(int fd, int64_t size);

/* Writes all of it there. */
int yj_file_write_at(int fd, const char *bytes, size_t n, int64_t at);

int yj_file_size(const struct yj_file *f, int64_t *size);

/* Reads up to n bytes from there; how many came, or -1 with errno set. */
int64_t yj_file_read(const struct yj_file *f, int64_t from, char *out,
                     size_t n);

/* Writes at the end; with `durable` it is on the disk when this returns. What
 * fails leaves the file as it was. NB: the caller holds a lock, or what another
 * process appends meanwhile may be cut off. */
int yj_file_append(const struct yj_file *f, const char *bytes, size_t n,
                   int durable);

/* Makes room behind the end, which stays where it is, so that what is appended
 * next does not find the disk full. Where that is unknown it does nothing. */
int yj_file_reserve(const struct yj_file *f, size_t n);

int yj_file_truncate(const struct yj_file *f, int64_t size);

/* The mode and, where that is allowed, the owner of another file. */
int yj_file_copy_mode(const struct yj_file *f, const struct yj_file *other);

/* How many names it has in its file system; -1 with errno set. */
int yj_file_link_count(const struct yj_file *f);

/* The file's bytes, and the name of a file in its folder, are on the disk. */
int yj_file_sync(const struct yj_file *f);
int yj_file_sync_folder(const char *path);

/* The lock of one byte; EAGAIN while somebody else has it: it never waits. */
int yj_file_lock(const struct yj_file *f, int64_t at);
int yj_file_unlock(const struct yj_file *f, int64_t at);

/* 1: somebody else has that lock; 0: nobody has; -1 with errno set. */
int yj_file_is_locked(const struct yj_file *f, int64_t at);

/* Whether the path still leads to this file. */
int yj_file_is_at(const struct yj_file *f, const char *path);

/* Idempotent. */
void yj_file_close(struct yj_file *f);

#pragma GCC visibility pop

#endif
