#include "file.h"

#include <errno.h>
#include <string.h>

#include "win32.h"

/* NB: a lock keeps others from the bytes themselves here: so this one is of a
 * byte that no file has. */
#define WHOLE ((int64_t)1 << 62)

static HANDLE handle_of(const struct yj_file *f) { return (HANDLE)f->handle; }

static int outcome(BOOL done) { return done ? 0 : yj_last_errno(); }

static OVERLAPPED place(int64_t at) {
  OVERLAPPED where;
  memset(&where, 0, sizeof where);
  where.Offset = (DWORD)at;
  where.OffsetHigh = (DWORD)((uint64_t)at >> 32);
  return where;
}

/* A new file has the rights that its folder passes on. */
void yj_file_take_after(const struct yj_file *f, const char *path) {
  (void)f, (void)path;
}

int yj_file_copy_mode(const struct yj_file *f, const struct yj_file *other) {
  (void)f, (void)other;
  return 0;
}

int yj_file_lend(const struct yj_file *f, int64_t size, struct yj_file *lent) {
  HANDLE self = GetCurrentProcess(), copy;
  int error = yj_file_truncate(f, size);
  if (error == 0)
    error = outcome(DuplicateHandle(self, handle_of(f), self, &copy, 0, FALSE,
                                    DUPLICATE_SAME_ACCESS));
  if (error != 0)
    return error;
  *lent = *f;
  lent->handle = (yj_handle)copy;
  return 0;
}

/* For Windows, too, the offset with all bits set is the end of the file. */
int yj_file_write(const struct yj_file *f, const char *bytes, size_t n,
                  int64_t at) {
  while (n > 0) {
    OVERLAPPED where = place(at);
    DWORD written = 0, some = n < 1u << 30 ? (DWORD)n : 1u << 30;
    if (!WriteFile(handle_of(f), bytes, some, &written, &where))
      return yj_last_errno();
    if (written == 0)
      return ENOSPC;
    bytes += written;
    n -= written;
    at = at == YJ_AT_END ? YJ_AT_END : at + written;
  }
  return 0;
}

int yj_file_size(const struct yj_file *f, int64_t *size) {
  LARGE_INTEGER found;
  int error = outcome(GetFileSizeEx(handle_of(f), &found));
  *size = error == 0 ? found.QuadPart : -1;
  return error;
}

int64_t yj_file_read(const struct yj_file *f, int64_t from, char *out,
                     size_t n) {
  OVERLAPPED where = place(from);
  DWORD got = 0, some = n < 1u << 30 ? (DWORD)n : 1u << 30;
  if (ReadFile(handle_of(f), out, some, &got, &where) ||
      GetLastError() == ERROR_HANDLE_EOF)
    return got;
  errno = yj_last_errno();
  return -1;
}

int yj_file_reserve(const struct yj_file *f, int64_t n) {
  FILE_ALLOCATION_INFO reserved;
  int64_t size;
  int error = yj_file_size(f, &size);
  if (error != 0)
    return error;
  reserved.AllocationSize.QuadPart = size + n;
  error = outcome(SetFileInformationByHandle(handle_of(f), FileAllocationInfo,
                                             &reserved, sizeof reserved));
  return error == ENOSPC ? error : 0;
}

int yj_file_truncate(const struct yj_file *f, int64_t size) {
  FILE_END_OF_FILE_INFO end;
  end.EndOfFile.QuadPart = size;
  return outcome(SetFileInformationByHandle(handle_of(f), FileEndOfFileInfo,
                                            &end, sizeof end));
}

int yj_file_link_count(const struct yj_file *f) {
  BY_HANDLE_FILE_INFORMATION found;
  if (GetFileInformationByHandle(handle_of(f), &found))
    return (int)found.nNumberOfLinks;
  errno = yj_last_errno();
  return -1;
}

int yj_file_sync(const struct yj_file *f) {
  return outcome(FlushFileBuffers(handle_of(f)));
}

/* ---- locks ---- */

static int lock_byte(const struct yj_file *f, int64_t at, DWORD flags) {
  OVERLAPPED where = place(at);
  return outcome(LockFileEx(handle_of(f), LOCKFILE_FAIL_IMMEDIATELY | flags, 0,
                            1, 0, &where));
}

int yj_file_lock(const struct yj_file *f, int64_t at) {
  return lock_byte(f, at, LOCKFILE_EXCLUSIVE_LOCK);
}

int yj_file_unlock(const struct yj_file *f, int64_t at) {
  OVERLAPPED where = place(at);
  return outcome(UnlockFileEx(handle_of(f), 0, 1, 0, &where));
}

/* The system only tells whether one can have it, which keeps others from it
 * for a moment. */
int yj_file_is_locked(const struct yj_file *f, int64_t at) {
  int error = lock_byte(f, at, 0);
  if (error == 0)
    error = yj_file_unlock(f, at);
  errno = error;
  return error == 0 ? 0 : error == EAGAIN ? 1 : -1;
}

int yj_file_claim(const struct yj_file *f) { return yj_file_lock(f, WHOLE); }

void yj_file_close(struct yj_file *f) {
  if (f->handle >= 0)
    CloseHandle(handle_of(f));
  f->handle = -1;
}
