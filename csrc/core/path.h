/* path: where a path leads, and the one way in which a file is opened.
 *
 * Only regular files are opened: to open a pipe waits for its other end, and
 * to open a device may start it. A link is followed unless another user may
 * have made it, to have this process write where that user may not. Functions
 * return 0 or an error: an errno or YJ_NOT_A_FILE. Nothing here knows Lua or
 * libcurl.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define YJ_PATH_SIZE 4096
#define YJ_NOT_A_FILE (-1)

struct yj_path_info {
  const char *kind; /* "file", "folder", "pipe", "socket" or "device" */
  uint64_t device, number; /* together they identify the file */
};

/* The message of an error of these functions, or of an errno; good until the
 * next call. */
const char *yj_path_problem(int error);

/* What the path leads to; or with path NULL, what is open as fd. */
int yj_path_look(const char *path, int fd, struct yj_path_info *info);

/* Writes into `folder` (of YJ_PATH_SIZE) the folder's part of the path, or
 * ".". */
int yj_path_folder(const char *path, char *folder);

/* Writes into `real` (of YJ_PATH_SIZE) where the path leads when it is a link,
 * and else the path itself. There need be nothing there. ELOOP: too many
 * links, or one that is not followed. */
int yj_path_resolve(const char *path, char *real);

/* Opens a regular file without waiting; *fd is -1 on failure. With O_NOFOLLOW
 * no link is followed. `mode` is for a file that is made. */
int yj_path_open(const char *path, int flags, unsigned mode, int *fd);

/* Makes the folder, and those above it that are missing. */
int yj_path_make_folders(const char *path);

#pragma GCC visibility pop
