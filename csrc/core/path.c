#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 40

const char *yj_path_problem(int error) {
  switch (error) {
  case YJ_NOT_A_FILE:
    return "not a file but a device, a pipe or a socket";
  case ELOOP:
    return "a link that is not followed: another user may have made it";
  default:
    return strerror(error);
  }
}

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

int yj_path_look(const char *path, int fd, struct yj_path_info *info) {
  struct stat st;
  if ((path == NULL ? fstat(fd, &st) : stat(path, &st)) != 0)
    return errno;
  info->kind = kind_of(st.st_mode);
  info->device = (uint64_t)st.st_dev;
  info->number = (uint64_t)st.st_ino;
  return 0;
}

/* Of the folder's part of the path, with its slash. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

int yj_path_folder(const char *path, char *folder) {
  size_t n = folder_length(path);
  if (n >= YJ_PATH_SIZE)
    return ENAMETOOLONG;
  memcpy(folder, n == 0 ? "." : path, n == 0 ? 1 : n);
  folder[n == 0 ? 1 : n] = '\0';
  return 0;
}

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
  at = n > 0 && text[0] == '/' ? 0 : folder_length(path);
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
static int open_there(const char *path, int flags, unsigned mode, int *fd) {
  struct stat st;
  int error = lstat(path, &st) == 0 ? problem_of(&st) : 0;
  if (error != 0)
    return error;
  *fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
             (mode_t)mode);
  if (*fd < 0)
    return errno;
  error = fstat(*fd, &st) == 0 ? problem_of(&st) : errno;
  if (error != 0) {
    close(*fd);
    *fd = -1;
  }
  return error;
}

int yj_path_open(const char *path, int flags, unsigned mode, int *fd) {
  char real[YJ_PATH_SIZE];
  int error;
  *fd = -1;
  if ((flags & O_NOFOLLOW) != 0)
    return open_there(path, flags, mode, fd);
  error = yj_path_resolve(path, real);
  return error == 0 ? open_there(real, flags, mode, fd) : error;
}

static int make_folder(const char *path) {
  struct stat st;
  int error = mkdir(path, 0777) == 0 ? 0 : errno;
  if (error == 0 || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
    return 0;
  return error == EEXIST ? ENOTDIR : error;
}

int yj_path_make_folders(const char *path) {
  char part[YJ_PATH_SIZE];
  size_t n;
  int error = 0;
  if (strlen(path) >= sizeof part)
    return ENAMETOOLONG;
  for (n = 1; error == 0 && path[n - 1] != '\0'; n++) {
    if (path[n] != '/' && path[n] != '\0')
      continue;
    memcpy(part, path, n);
    part[n] = '\0';
    error = make_folder(part);
  }
  return error;
}
