#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 40

/* Of XSI: a header that is asked for POSIX alone does not declare it. */
char *realpath(const char *path, char *resolved);

#if defined(PATH_MAX) && PATH_MAX > YJ_PATH_SIZE
#error "realpath() needs a longer buffer"
#endif

static int problem_of(const struct stat *st) {
  if (S_ISREG(st->st_mode))
    return 0;
  return S_ISDIR(st->st_mode) ? EISDIR
         : S_ISLNK(st->st_mode) ? ELOOP : YJ_NOT_A_FILE;
}

static const char *kind_of(mode_t mode) {
  return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder"
         : S_ISFIFO(mode) ? "pipe" : S_ISSOCK(mode) ? "socket" : "device";
}

int yj_path_look(const char *path, yj_handle open, struct yj_path_info *info) {
  struct stat st;
  if ((path == NULL ? fstat(open, &st) : stat(path, &st)) != 0)
    return errno;
  info->kind = kind_of(st.st_mode);
  info->device = (uint64_t)st.st_dev;
  info->number = (uint64_t)st.st_ino;
  info->size = (int64_t)st.st_size;
  info->modified = (int64_t)st.st_mtime;
  return 0;
}

yj_handle yj_path_standard(int stream) { return stream; }

int yj_path_is_separator(char c) { return c == '/'; }

size_t yj_path_root_length(const char *path) { return path[0] == '/'; }

static int is_trusted(uid_t user) { return user == 0 || user == geteuid(); }

/* Whether another user may have made the link: it is that user's, and either
 * the folder is, too, or others may write in it, as in /tmp. */
static int is_foreign(const char *path, const struct stat *link) {
  char folder[YJ_PATH_SIZE];
  struct stat st;
  if (is_trusted(link->st_uid))
    return 0;
  return yj_path_folder(path, folder) != 0 || stat(folder, &st) != 0 ||
         !is_trusted(st.st_uid) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* Puts what the link says in its place. */
static int follow(char *path) {
  char text[YJ_PATH_SIZE];
  ssize_t n = readlink(path, text, sizeof text);
  size_t at;
  if (n < 0)
    return errno;
  at = n > 0 && text[0] == '/' ? 0 : yj_path_folder_length(path);
  if (at + (size_t)n >= YJ_PATH_SIZE)
    return ENAMETOOLONG;
  memcpy(path + at, text, (size_t)n);
  path[at + (size_t)n] = '\0';
  return 0;
}

int yj_path_resolve(const char *path, char *real) {
  int links, error = 0;
  struct stat st;
  size_t n = strlen(path);
  if (n >= YJ_PATH_SIZE)
    return ENAMETOOLONG;
  memcpy(real, path, n + 1);
  for (links = 0; links < MOST_LINKS && error == 0; links++) {
    if (lstat(real, &st) != 0)
      return errno == ENOENT ? 0 : errno;
    if (!S_ISLNK(st.st_mode))
      return 0;
    error = is_foreign(real, &st) ? ELOOP : follow(real);
  }
  return error == 0 ? ELOOP : error;
}

/* NB: looks before opening, which alone may rewind a tape, and after, since
 * the file may have been replaced in between. */
static int open_there(const char *path, int flags, mode_t mode, int *fd) {
  struct stat st;
  int error = lstat(path, &st) == 0 ? problem_of(&st) : 0;
  if (error != 0)
    return error;
  *fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
             mode);
  if (*fd < 0)
    return errno;
  error = fstat(*fd, &st) == 0 ? problem_of(&st) : errno;
  if (error != 0) {
    close(*fd);
    *fd = -1;
  }
  return error;
}

int yj_path_open(const char *path, enum yj_use use, yj_handle *file) {
  static const struct {
    int flags;
    mode_t mode;
  } how[] = {[YJ_TO_READ] = {O_RDONLY, 0},
             [YJ_JOURNAL] = {O_RDWR | O_CREAT | O_APPEND, 0600},
             [YJ_PART] = {O_RDWR | O_CREAT, 0666}};
  char real[YJ_PATH_SIZE];
  int error;
  *file = -1;
  if (use != YJ_PART) {
    error = yj_path_resolve(path, real);
    if (error != 0)
      return error;
    path = real;
  }
  return open_there(path, how[use].flags, how[use].mode, file);
}

int yj_path_make_folder(const char *path) {
  return mkdir(path, 0777) == 0 ? 0 : errno;
}

int yj_path_rename(const char *from, const char *to) {
  return rename(from, to) == 0 ? 0 : errno;
}

int yj_path_remove(const char *path) {
  return unlink(path) == 0 ? 0 : errno;
}

int yj_path_real(const char *path, char *real) {
  return realpath(path, real) != NULL ? 0 : errno;
}

int yj_path_temporary(char *path) {
  static const char pattern[] = "/tmp/yuanjing_XXXXXX";
  int fd;
  memcpy(path, pattern, sizeof pattern);
  fd = mkstemp(path);
  if (fd < 0)
    return errno;
  close(fd);
  return 0;
}

int yj_path_names(const char *folder, char *out, size_t room, size_t *needed) {
  DIR *dir = opendir(folder);
  struct dirent *entry;
  *needed = 0;
  if (dir == NULL)
    return errno;
  while ((entry = readdir(dir)) != NULL)
    *needed = yj_path_add_name(entry->d_name, out, room, *needed);
  closedir(dir);
  return 0;
}

int yj_path_sync_folder(const char *path) {
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
