#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"

#ifdef F_OFD_SETLK
#define SET_LOCK F_OFD_SETLK
#define GET_LOCK F_OFD_GETLK
#else
#define SET_LOCK F_SETLK
#define GET_LOCK F_GETLK
#endif

/* Sizes beyond 2 GiB need it: the build defines _FILE_OFFSET_BITS. */
typedef char yj_off_t_has_64_bits[sizeof(off_t) >= 8 ? 1 : -1];

int yj_file_open(struct yj_file *f, const char *path) {
  f->pid = getpid();
  return yj_path_open(path, O_RDWR | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR,
                      &f->fd);
}

int yj_file_open_to_read(struct yj_file *f, const char *path) {
  f->pid = getpid();
  return yj_path_open(path, O_RDONLY, 0, &f->fd);
}

/* ---- a file in the making ---- */

/* Only root can give a file away: for others that does nothing. */
static int set_owner_and_mode(int fd, const struct stat *st) {
  if (fchown(fd, st->st_uid, st->st_gid) != 0 && errno != EPERM)
    return errno;
  return fchmod(fd, st->st_mode & 0777) == 0 ? 0 : errno;
}

/* Those who may read the file there may read the one that replaces it, and no
 * others. */
static void take_after(int fd, const char *target) {
  struct stat there;
  if (lstat(target, &there) == 0 && S_ISREG(there.st_mode))
    (void)set_owner_and_mode(fd, &there);
}

static int begin_part(const struct yj_file *f, const char *path) {
  if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
    return errno;
  if (!yj_file_is_at(f, path))
    return EAGAIN; /* the last owner of the lock has moved the file away */
  return yj_file_truncate(f, 0);
}

int yj_file_open_part(struct yj_file *f, const char *path,
                      const char *target) {
  int error = yj_path_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0666, &f->fd);
  f->pid = getpid();
  if (error != 0)
    return error;
  error = begin_part(f, path);
  if (error != 0)
    yj_file_close(f);
  else if (target != NULL)
    take_after(f->fd, target);
  return error;
}

int yj_file_move(const struct yj_file *f, const char *from, const char *to) {
  if (!yj_file_is_at(f, from))
    return ENOENT;
  take_after(f->fd, to);
  return rename(from, to) == 0 ? 0 : errno;
}

int yj_file_lend(int fd, int64_t size) {
  if (ftruncate(fd, (off_t)size) != 0)
    return -1;
  return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

#define HERE ((int64_t)-1) /* the descriptor's own position */

int yj_file_write_at(int fd, const char *bytes, size_t n, int64_t at) {
  while (n > 0) {
    ssize_t written = at == HERE ? write(fd, bytes, n)
                                 : pwrite(fd, bytes, n, (off_t)at);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : ENOSPC;
    bytes += written;
    n -= (size_t)written;
    at = at == HERE ? HERE : at + written;
  }
  return 0;
}

/* ---- a journal ---- */

int yj_file_size(const struct yj_file *f, int64_t *size) {
  struct stat st;
  if (fstat(f->fd, &st) != 0)
    return errno;
  *size = st.st_size;
  return 0;
}

int64_t yj_file_read(const struct yj_file *f, int64_t from, char *out,
                     size_t n) {
  ssize_t got;
  do
    got = pread(f->fd, out, n, (off_t)from);
  while (got < 0 && errno == EINTR);
  return got;
}

int yj_file_append(const struct yj_file *f, const char *bytes, size_t n,
                   int durable) {
  int64_t before = -1;
  int error = yj_file_size(f, &before);
  if (error != 0)
    return error;
  error = yj_file_write_at(f->fd, bytes, n, HERE);
  if (error == 0 && durable)
    error = yj_file_sync(f);
  if (error != 0)
    yj_file_truncate(f, before); /* else its checksum shows the torn tail */
  return error;
}

int yj_file_reserve(const struct yj_file *f, int64_t n) {
#ifdef FALLOC_FL_KEEP_SIZE
  int64_t size = -1;
  int error = yj_file_size(f, &size);
  if (error != 0)
    return error;
  if (fallocate(f->fd, FALLOC_FL_KEEP_SIZE, (off_t)size, (off_t)n) != 0 &&
      errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
    return errno;
#else
  (void)f;
  (void)n;
#endif
  return 0;
}

int yj_file_truncate(const struct yj_file *f, int64_t size) {
  return ftruncate(f->fd, (off_t)size) == 0 ? 0 : errno;
}

int yj_file_copy_mode(const struct yj_file *f, const struct yj_file *other) {
  struct stat st;
  return fstat(other->fd, &st) == 0 ? set_owner_and_mode(f->fd, &st) : errno;
}

int yj_file_link_count(const struct yj_file *f) {
  struct stat st;
  return fstat(f->fd, &st) == 0 ? (int)st.st_nlink : -1;
}

int yj_file_sync(const struct yj_file *f) {
  int failed;
  do
    failed = fdatasync(f->fd);
  while (failed != 0 && errno == EINTR);
  return failed == 0 ? 0 : errno;
}

int yj_file_sync_folder(const char *path) {
  char folder[YJ_PATH_SIZE];
  int fd, error = yj_path_folder(path, folder);
  if (error != 0)
    return error;
  fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
  close(fd);
  return error;
}

static struct flock lock_of(int64_t at, short type) {
  const struct flock lock = {.l_type = type, .l_whence = SEEK_SET,
                             .l_start = (off_t)at, .l_len = 1};
  return lock;
}

static int set_lock(const struct yj_file *f, int64_t at, short type) {
  struct flock lock = lock_of(at, type);
  return fcntl(f->fd, SET_LOCK, &lock) == 0 ? 0 : errno;
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
  if (fcntl(f->fd, GET_LOCK, &lock) != 0)
    return -1;
  return lock.l_type != F_UNLCK;
}

int yj_file_is_at(const struct yj_file *f, const char *path) {
  struct stat mine, there;
  return fstat(f->fd, &mine) == 0 && stat(path, &there) == 0 &&
         mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

void yj_file_close(struct yj_file *f) {
  if (f->fd >= 0)
    close(f->fd);
  f->fd = -1;
}
