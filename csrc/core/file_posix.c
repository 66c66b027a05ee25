#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef F_OFD_SETLK
#define SET_LOCK F_OFD_SETLK
#define GET_LOCK F_OFD_GETLK
#else
#define SET_LOCK F_SETLK
#define GET_LOCK F_GETLK
#endif

/* Sizes beyond 2 GiB need it: the build defines _FILE_OFFSET_BITS. */
typedef char yj_off_t_has_64_bits[sizeof(off_t) >= 8 ? 1 : -1];

/* Only root can give a file away: for others that does nothing. */
static int set_owner_and_mode(int fd, const struct stat *st) {
  if (fchown(fd, st->st_uid, st->st_gid) != 0 && errno != EPERM)
    return errno;
  return fchmod(fd, st->st_mode & 0777) == 0 ? 0 : errno;
}

void yj_file_take_after(const struct yj_file *f, const char *path) {
  struct stat there;
  if (lstat(path, &there) == 0 && S_ISREG(there.st_mode))
    (void)set_owner_and_mode(f->handle, &there);
}

int yj_file_lend(const struct yj_file *f, int64_t size, struct yj_file *lent) {
  int error = yj_file_truncate(f, size);
  if (error != 0)
    return error;
  *lent = *f;
  lent->handle = fcntl(f->handle, F_DUPFD_CLOEXEC, 0);
  return lent->handle >= 0 ? 0 : errno;
}

int yj_file_write(const struct yj_file *f, const char *bytes, size_t n,
                  int64_t at) {
  while (n > 0) {
    ssize_t written = at == YJ_AT_END
                          ? write(f->handle, bytes, n)
                          : pwrite(f->handle, bytes, n, (off_t)at);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : ENOSPC;
    bytes += written;
    n -= (size_t)written;
    at = at == YJ_AT_END ? YJ_AT_END : at + written;
  }
  return 0;
}

int yj_file_size(const struct yj_file *f, int64_t *size) {
  struct stat st;
  if (fstat(f->handle, &st) != 0)
    return errno;
  *size = st.st_size;
  return 0;
}

int64_t yj_file_read(const struct yj_file *f, int64_t from, char *out,
                     size_t n) {
  ssize_t got;
  do
    got = pread(f->handle, out, n, (off_t)from);
  while (got < 0 && errno == EINTR);
  return got;
}

int yj_file_reserve(const struct yj_file *f, int64_t n) {
#ifdef FALLOC_FL_KEEP_SIZE
  int64_t size = -1;
  int error = yj_file_size(f, &size);
  if (error != 0)
    return error;
  if (fallocate(f->handle, FALLOC_FL_KEEP_SIZE, (off_t)size, (off_t)n) != 0 &&
      errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
    return errno;
#else
  (void)f;
  (void)n;
#endif
  return 0;
}

int yj_file_truncate(const struct yj_file *f, int64_t size) {
  return ftruncate(f->handle, (off_t)size) == 0 ? 0 : errno;
}

int yj_file_copy_mode(const struct yj_file *f, const struct yj_file *other) {
  struct stat st;
  return fstat(other->handle, &st) == 0 ? set_owner_and_mode(f->handle, &st)
                                        : errno;
}

int yj_file_link_count(const struct yj_file *f) {
  struct stat st;
  return fstat(f->handle, &st) == 0 ? (int)st.st_nlink : -1;
}

/* Where it exists, only F_FULLFSYNC makes the disk write its cache out. */
static int sync_data(int fd) {
#ifdef F_FULLFSYNC
  return fcntl(fd, F_FULLFSYNC) == 0 ? 0 : fsync(fd);
#else
  return fdatasync(fd);
#endif
}

int yj_file_sync(const struct yj_file *f) {
  int failed;
  do
    failed = sync_data(f->handle);
  while (failed != 0 && errno == EINTR);
  return failed == 0 ? 0 : errno;
}

static struct flock lock_of(int64_t at, short type) {
  const struct flock lock = {.l_type = type, .l_whence = SEEK_SET,
                             .l_start = (off_t)at, .l_len = 1};
  return lock;
}

static int set_lock(const struct yj_file *f, int64_t at, short type) {
  struct flock lock = lock_of(at, type);
  return fcntl(f->handle, SET_LOCK, &lock) == 0 ? 0 : errno;
}

int yj_file_lock(const struct yj_file *f, int64_t at) {
  int error = set_lock(f, at, F_WRLCK);
  return error == EACCES ? EAGAIN : error;
}

int yj_file_unlock(const struct yj_file *f, int64_t at) {
  return set_lock(f, at, F_UNLCK);
}

int yj_file_is_locked(const struct yj_file *f, int64_t at) {
  struct flock lock = lock_of(at, F_WRLCK);
  if (fcntl(f->handle, GET_LOCK, &lock) != 0)
    return -1;
  return lock.l_type != F_UNLCK;
}

int yj_file_claim(const struct yj_file *f) {
  return flock(f->handle, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

void yj_file_close(struct yj_file *f) {
  if (f->handle >= 0)
    close(f->handle);
  f->handle = -1;
}
