#include "file.h"

#include <errno.h>

int yj_file_open(struct yj_file *f, const char *path, enum yj_use use) {
  f->process = yj_process();
  return yj_path_open(path, use, &f->handle);
}

int yj_file_is_at(const struct yj_file *f, const char *path) {
  struct yj_path_info mine, there;
  return yj_path_look(NULL, f->handle, &mine) == 0 &&
         yj_path_look(path, f->handle, &there) == 0 &&
         mine.device == there.device && mine.number == there.number;
}

/* ---- a file in the making ---- */

static int begin_part(const struct yj_file *f, const char *path) {
  int error = yj_file_claim(f);
  if (error != 0)
    return error;
  if (!yj_file_is_at(f, path))
    return EAGAIN; /* the last owner of the lock has moved the file away */
  return yj_file_truncate(f, 0);
}

int yj_file_open_part(struct yj_file *f, const char *path,
                      const char *target) {
  int error = yj_file_open(f, path, YJ_PART);
  if (error != 0)
    return error;
  error = begin_part(f, path);
  if (error != 0)
    yj_file_close(f);
  else if (target != NULL)
    yj_file_take_after(f, target);
  return error;
}

int yj_file_move(const struct yj_file *f, const char *from, const char *to) {
  if (!yj_file_is_at(f, from))
    return ENOENT;
  yj_file_take_after(f, to);
  return yj_path_rename(from, to);
}

/* ---- a journal ---- */

int yj_file_append(const struct yj_file *f, const char *bytes, size_t n,
                   int durable) {
  int64_t before = -1;
  int error = yj_file_size(f, &before);
  if (error != 0)
    return error;
  error = yj_file_write(f, bytes, n, YJ_AT_END);
  if (error == 0 && durable)
    error = yj_file_sync(f);
  if (error != 0)
    yj_file_truncate(f, before); /* else its checksum shows the torn tail */
  return error;
}
