#include "path.h"

#include <errno.h>
#include <string.h>

const char *yj_path_problem(int error) {
  switch (error) {
  case YJ_NOT_A_FILE:
    return "not a file but a device, a pipe or a socket";
  case YJ_CUT_SHORT:
    return "it has become shorter";
  case ELOOP:
    return "a link that is not followed: another user may have made it";
  default:
    return strerror(error);
  }
}

size_t yj_path_folder_length(const char *path) {
  size_t n = strlen(path), root = yj_path_root_length(path);
  while (n > root && !yj_path_is_separator(path[n - 1]))
    n--;
  return n;
}

int yj_path_folder(const char *path, char *folder) {
  size_t n = yj_path_folder_length(path);
  if (n >= YJ_PATH_SIZE)
    return ENAMETOOLONG;
  memcpy(folder, n == 0 ? "." : path, n == 0 ? 1 : n);
  folder[n == 0 ? 1 : n] = '\0';
  return 0;
}

size_t yj_path_add_name(const char *name, char *out, size_t room, size_t at) {
  size_t n = strlen(name);
  if (at + n < room) {
    memcpy(out + at, name, n + 1);
    out[at + n] = '/';
  }
  return at + n + 1;
}

static int is_folder(const char *path) {
  struct yj_path_info info;
  return yj_path_look(path, -1, &info) == 0 &&
         strcmp(info.kind, "folder") == 0;
}

static int ensure_folder(const char *path) {
  int error = yj_path_make_folder(path);
  if (error == 0 || is_folder(path))
    return 0;
  return error == EEXIST ? ENOTDIR : error;
}

int yj_path_make_folders(const char *path) {
  char part[YJ_PATH_SIZE];
  size_t n = yj_path_root_length(path);
  int error = 0;
  if (strlen(path) >= sizeof part)
    return ENAMETOOLONG;
  for (n = n > 0 ? n : 1; error == 0 && path[n - 1] != '\0'; n++) {
    if (!yj_path_is_separator(path[n]) && path[n] != '\0')
      continue;
    memcpy(part, path, n);
    part[n] = '\0';
    error = ensure_folder(part);
  }
  return error;
}
