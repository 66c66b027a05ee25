/* path: where a path leads, and the one way in which a file is opened.
 *
 * Only regular files are opened: to open a pipe waits for its other end, and
 * to open a device may start it. A link is followed unless another user may
 * have made it, to have this process write where that user may not. Functions
 * return 0 or an error: an errno or one of the two below.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "platform.h"

#pragma GCC visibility push(hidden)

#define YJ_PATH_SIZE 4096
#define YJ_NOT_A_FILE (-1)
#define YJ_CUT_SHORT (-2)

struct yj_path_info {
  const char *kind; /* "file", "folder", "pipe", "socket" or "device" */
  uint64_t device, number; /* together they identify the file */
  int64_t size, modified;  /* bytes; seconds of the system's clock */
};

/* The message of an error of these functions, or of an errno; good until the
 * next call. */
const char *yj_path_problem(int error);

/* What the path leads to; or with path NULL, what is open there. */
int yj_path_look(const char *path, yj_handle open, struct yj_path_info *info);

/* The handle of standard input, output or error: 0, 1 or 2. */
yj_handle yj_path_standard(int stream);

/* Writes into `folder` (of YJ_PATH_SIZE) the folder's part of the path, or
 * ".". */
int yj_path_folder(const char *path, char *folder);

/* Writes into `real` (of YJ_PATH_SIZE) where the path leads when it is a link,
 * and else the path itself. There need be nothing there. ELOOP: too many
 * links, or one that is not followed. */
int yj_path_resolve(const char *path, char *real);

enum yj_use {
  YJ_TO_READ, /* a file that is there */
  YJ_JOURNAL, /* to read, and to write at its end; made for its owner alone */
  YJ_PART     /* to read and write; made; a link is not followed */
};

/* Opens a regular file without waiting; *file is -1 on failure. */
int yj_path_open(const char *path, enum yj_use use, yj_handle *file);

/* Makes one folder. */
int yj_path_make_folder(const char *path);

/* Makes the folder, and those above it that are missing. */
int yj_path_make_folders(const char *path);

/* Has what is at `from` replace the file at `to`, which others may have
 * open. */
int yj_path_rename(const char *from, const char *to);

/* Removes a file. */
int yj_path_remove(const char *path);

/* Writes into `real` (of YJ_PATH_SIZE) the path from the root, without
 * links. */
int yj_path_real(const char *path, char *real);

/* Makes an empty file for this user alone, and writes its path into `path` (of
 * YJ_PATH_SIZE). */
int yj_path_temporary(char *path);

/* Writes into `out` the names of what is in the folder, each with a slash
 * behind it, as far as there is room, and into *needed how many bytes they
 * all have. */
int yj_path_names(const char *folder, char *out, size_t room, size_t *needed);

/* Brings to the disk the names that are in the folder of that file. */
int yj_path_sync_folder(const char *path);

/* For yj_path_names(): adds one at the offset `at`; the offset behind it. */
size_t yj_path_add_name(const char *name, char *out, size_t room, size_t at);

/* The length of the folder's part of the path, with its last separator. */
size_t yj_path_folder_length(const char *path);

/* Of what no folder is above: "/", "C:\\", "\\\\server\\share\\". */
size_t yj_path_root_length(const char *path);

/* Whether it stands between the names of a path. */
int yj_path_is_separator(char c);

#pragma GCC visibility pop
