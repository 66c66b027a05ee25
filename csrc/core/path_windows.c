#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "win32.h"

#define SHARED (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static HANDLE open_wide(const wchar_t *path, DWORD access, DWORD how,
                        DWORD flags) {
  return CreateFileW(path, access, SHARED, NULL, how, flags, NULL);
}

/* Opens what is there, a folder as well; 0, or an errno. */
static int open_any(const char *path, DWORD access, HANDLE *opened) {
  wchar_t *wide = yj_wide_path(path);
  if (wide == NULL)
    return errno;
  *opened = open_wide(wide, access, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
  free(wide);
  return *opened != INVALID_HANDLE_VALUE ? 0 : yj_last_errno();
}

static int has_attribute(const char *path, DWORD attribute) {
  wchar_t *wide = yj_wide_path(path);
  DWORD found = wide == NULL ? INVALID_FILE_ATTRIBUTES
                             : GetFileAttributesW(wide);
  free(wide);
  return found != INVALID_FILE_ATTRIBUTES && (found & attribute) != 0;
}

/* ---- looking ---- */

/* Seconds since 1970, of a time in tenths of microseconds since 1601. */
static int64_t seconds_of(FILETIME time) {
  uint64_t ticks = (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
  return (int64_t)(ticks / 10000000) - 11644473600;
}

static int look_at(HANDLE h, struct yj_path_info *info) {
  BY_HANDLE_FILE_INFORMATION found;
  DWORD type = GetFileType(h);
  info->device = info->number = 0;
  info->size = info->modified = 0;
  info->kind = type == FILE_TYPE_PIPE ? "pipe" : "device";
  if (type == FILE_TYPE_UNKNOWN)
    return EBADF;
  if (type != FILE_TYPE_DISK)
    return 0;
  if (!GetFileInformationByHandle(h, &found))
    return yj_last_errno();
  info->kind = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0
                   ? "folder" : "file";
  info->device = found.dwVolumeSerialNumber;
  info->number = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow;
  info->size =
      (int64_t)((uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow);
  info->modified = seconds_of(found.ftLastWriteTime);
  return 0;
}

int yj_path_look(const char *path, yj_handle open, struct yj_path_info *info) {
  HANDLE h;
  int error;
  if (path == NULL)
    return look_at((HANDLE)open, info);
  error = open_any(path, 0, &h);
  if (error != 0)
    return error;
  error = look_at(h, info);
  CloseHandle(h);
  return error;
}

yj_handle yj_path_standard(int stream) {
  return (yj_handle)GetStdHandle(stream == 0   ? STD_INPUT_HANDLE
                                 : stream == 1 ? STD_OUTPUT_HANDLE
                                               : STD_ERROR_HANDLE);
}

int yj_path_is_separator(char c) { return c == '/' || c == '\\'; }

/* Of the next name, with the separators behind it. */
static size_t name_length(const char *path) {
  size_t n = strcspn(path, "/\\");
  return n + strspn(path + n, "/\\");
}

size_t yj_path_root_length(const char *path) {
  size_t n = strspn(path, "/\\");
  if (n >= 2)
    n += name_length(path + n); /* a server; behind it the share */
  if (n > 2)
    return n + name_length(path + n);
  return path[0] != '\0' && path[1] == ':' ? 2 + strspn(path + 2, "/\\") : n;
}

/* ---- where it leads ---- */

static int copy_path(const wchar_t *path, char *out) {
  char *narrow;
  int error = 0;
  if (wcsncmp(path, L"\\\\?\\", 4) == 0 && path[5] == L':')
    path += 4;
  narrow = yj_narrow(path);
  if (narrow == NULL)
    return ENOMEM;
  if (strlen(narrow) < YJ_PATH_SIZE)
    memcpy(out, narrow, strlen(narrow) + 1);
  else
    error = ENAMETOOLONG;
  free(narrow);
  return error;
}

int yj_path_real(const char *path, char *real) {
  wchar_t wide[YJ_PATH_SIZE];
  HANDLE h;
  DWORD n;
  int error = open_any(path, 0, &h);
  if (error != 0)
    return error;
  n = GetFinalPathNameByHandleW(h, wide, YJ_PATH_SIZE, 0);
  error = n == 0 ? yj_last_errno() : n >= YJ_PATH_SIZE ? ENAMETOOLONG : 0;
  CloseHandle(h);
  return error == 0 ? copy_path(wide, real) : error;
}

int yj_path_resolve(const char *path, char *real) {
  size_t n = strlen(path);
  if (has_attribute(path, FILE_ATTRIBUTE_REPARSE_POINT))
    return yj_path_real(path, real);
  if (n >= YJ_PATH_SIZE)
    return ENAMETOOLONG;
  memcpy(real, path, n + 1);
  return 0;
}

/* ---- opening ---- */

/* What is open and no regular file is closed again. */
static int check_opened(HANDLE h) {
  BY_HANDLE_FILE_INFORMATION found;
  if (GetFileType(h) != FILE_TYPE_DISK)
    return YJ_NOT_A_FILE;
  if (!GetFileInformationByHandle(h, &found))
    return yj_last_errno();
  return (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ? ELOOP
                                                                      : 0;
}

int yj_path_open(const char *path, enum yj_use use, yj_handle *file) {
  static const struct {
    DWORD access, how, flags;
  } rows[] = {
      [YJ_TO_READ] = {GENERIC_READ, OPEN_EXISTING, 0},
      [YJ_JOURNAL] = {GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, 0},
      [YJ_PART] = {GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS,
                   FILE_FLAG_OPEN_REPARSE_POINT}};
  wchar_t *wide = yj_wide_path(path);
  HANDLE h;
  int error;
  *file = -1;
  if (wide == NULL)
    return errno;
  h = open_wide(wide, rows[use].access, rows[use].how,
                FILE_ATTRIBUTE_NORMAL | rows[use].flags);
  error = h == INVALID_HANDLE_VALUE ? yj_last_errno() : check_opened(h);
  free(wide);
  if (error == 0)
    *file = (yj_handle)h;
  else if (h != INVALID_HANDLE_VALUE)
    CloseHandle(h);
  else if (has_attribute(path, FILE_ATTRIBUTE_DIRECTORY))
    error = EISDIR;
  return error;
}

int yj_path_make_folder(const char *path) {
  wchar_t *wide = yj_wide_path(path);
  int error;
  if (wide == NULL)
    return errno;
  error = CreateDirectoryW(wide, NULL) ? 0 : yj_last_errno();
  free(wide);
  return error;
}

int yj_path_remove(const char *path) {
  wchar_t *wide = yj_wide_path(path);
  int error;
  if (wide == NULL)
    return errno;
  error = DeleteFileW(wide) ? 0 : yj_last_errno();
  free(wide);
  return error;
}

int yj_path_temporary(char *path) {
  wchar_t folder[MAX_PATH + 1], name[MAX_PATH];
  if (GetTempPathW(MAX_PATH + 1, folder) == 0 ||
      GetTempFileNameW(folder, L"yuanjing", 0, name) == 0)
    return yj_last_errno();
  return copy_path(name, path);
}

/* The pattern that finds all that is in the folder, owned by the caller; NULL
 * with errno set. */
static wchar_t *all_in(const char *folder) {
  char pattern[YJ_PATH_SIZE];
  size_t n = strlen(folder);
  if (n + 3 > sizeof pattern) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  memcpy(pattern, folder, n);
  memcpy(pattern + n, "/*", 3);
  return yj_wide_path(pattern);
}

int yj_path_names(const char *folder, char *out, size_t room, size_t *needed) {
  wchar_t *pattern = all_in(folder);
  WIN32_FIND_DATAW found;
  HANDLE search;
  *needed = 0;
  if (pattern == NULL)
    return errno;
  search = FindFirstFileW(pattern, &found);
  free(pattern);
  if (search == INVALID_HANDLE_VALUE)
    return yj_last_errno();
  do {
    char name[4 * MAX_PATH];
    if (WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, name, sizeof name,
                            NULL, NULL) > 0)
      *needed = yj_path_add_name(name, out, room, *needed);
  } while (FindNextFileW(search, &found));
  FindClose(search);
  return 0;
}

/* ---- renaming ---- */

#define RENAME_EX ((FILE_INFO_BY_HANDLE_CLASS)22) /* FileRenameInfoEx */

struct rename_ex {
  ULONG flags;
  HANDLE folder;
  ULONG length; /* in bytes */
  WCHAR name[YJ_PATH_SIZE];
};

/* As POSIX does it, over a file that others have open: since Windows 10 1709,
 * on NTFS. */
static int rename_open(const wchar_t *from, const wchar_t *to) {
  struct rename_ex how = {3, NULL, 0, {0}}; /* replace, POSIX semantics */
  HANDLE h = open_wide(from, DELETE | SYNCHRONIZE, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS);
  DWORD n = GetFullPathNameW(to, YJ_PATH_SIZE, how.name, NULL);
  BOOL done;
  if (h == INVALID_HANDLE_VALUE)
    return 0;
  how.length = n * (ULONG)sizeof *how.name;
  done = n > 0 && n < YJ_PATH_SIZE &&
         SetFileInformationByHandle(h, RENAME_EX, &how, sizeof how);
  CloseHandle(h);
  return done;
}

int yj_path_rename(const char *from, const char *to) {
  wchar_t *source = yj_wide_path(from);
  wchar_t *target = source == NULL ? NULL : yj_wide_path(to);
  int error = target == NULL ? errno : 0;
  if (error == 0 && !rename_open(source, target) &&
      !MoveFileExW(source, target, MOVEFILE_REPLACE_EXISTING |
                                       MOVEFILE_WRITE_THROUGH))
    error = yj_last_errno();
  free(source);
  free(target);
  return error;
}

/* The file system keeps a journal of names. */
int yj_path_sync_folder(const char *path) {
  (void)path;
  return 0;
}
