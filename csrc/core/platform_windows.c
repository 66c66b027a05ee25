#include "win32.h"

#include <bcrypt.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <locale.h>
#include <shellapi.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"

/* ---- errors and texts ---- */

int yj_errno_of(unsigned long error) {
  static const struct {
    unsigned long error;
    int number;
  } rows[] = {{ERROR_FILE_NOT_FOUND, ENOENT},
              {ERROR_PATH_NOT_FOUND, ENOENT},
              {ERROR_INVALID_DRIVE, ENOENT},
              {ERROR_BAD_NETPATH, ENOENT},
              {ERROR_BAD_NET_NAME, ENOENT},
              {ERROR_ACCESS_DENIED, EACCES},
              {ERROR_WRITE_PROTECT, EROFS},
              {ERROR_SHARING_VIOLATION, EBUSY},
              {ERROR_LOCK_VIOLATION, EAGAIN},
              {ERROR_IO_PENDING, EAGAIN},
              {ERROR_ALREADY_EXISTS, EEXIST},
              {ERROR_FILE_EXISTS, EEXIST},
              {ERROR_DIRECTORY, ENOTDIR},
              {ERROR_DISK_FULL, ENOSPC},
              {ERROR_HANDLE_DISK_FULL, ENOSPC},
              {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
              {ERROR_OUTOFMEMORY, ENOMEM},
              {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
              {ERROR_INVALID_NAME, EINVAL},
              {ERROR_INVALID_PARAMETER, EINVAL},
              {ERROR_INVALID_HANDLE, EBADF},
              {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
              {ERROR_NO_UNICODE_TRANSLATION, EILSEQ},
              {ERROR_NOT_SAME_DEVICE, EXDEV},
              {WSAEMFILE, EMFILE},
              {WSAENOBUFS, ENOMEM}};
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].error == error)
      return rows[i].number;
  return EIO;
}

int yj_last_errno(void) { return yj_errno_of(GetLastError()); }

wchar_t *yj_wide(const char *text) {
  int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL,
                              0);
  wchar_t *wide = n > 0 ? malloc((size_t)n * sizeof *wide) : NULL;
  errno = n > 0 ? ENOMEM : EILSEQ;
  if (wide != NULL)
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, n);
  return wide;
}

/* Only behind this prefix may a path be longer than 260 characters. */
#define PREFIX L"\\\\?\\"
#define PREFIX_LENGTH 4

wchar_t *yj_wide_path(const char *path) {
  wchar_t *wide = yj_wide(path), *whole = NULL;
  DWORD size;
  if (wide == NULL || wcslen(wide) < MAX_PATH - 20 || wide[0] == L'\\')
    return wide;
  size = GetFullPathNameW(wide, 0, NULL, NULL);
  if (size > 0)
    whole = malloc((PREFIX_LENGTH + (size_t)size) * sizeof *whole);
  if (whole != NULL) {
    memcpy(whole, PREFIX, sizeof PREFIX);
    GetFullPathNameW(wide, size, whole + PREFIX_LENGTH, NULL);
  }
  free(wide);
  errno = ENOMEM;
  return whole;
}

char *yj_narrow(const wchar_t *text) {
  int n = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *narrow = malloc((size_t)n + 1);
  if (narrow != NULL)
    WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, n, NULL, NULL);
  return narrow;
}

/* ---- clock, threads, random bytes ---- */

int64_t yj_now(void) {
  LARGE_INTEGER rate, at;
  QueryPerformanceFrequency(&rate);
  QueryPerformanceCounter(&at);
  return at.QuadPart / rate.QuadPart * 1000000 +
         at.QuadPart % rate.QuadPart * 1000000 / rate.QuadPart;
}

static BOOL CALLBACK run_once(INIT_ONCE *once, void *start, void **context) {
  (void)once, (void)context;
  (*(void (**)(void))start)();
  return TRUE;
}

void yj_call_once(yj_once *once, void (*start)(void)) {
  InitOnceExecuteOnce(once, run_once, (void *)&start, NULL);
}

int yj_random(void *out, size_t n) {
  return BCryptGenRandom(NULL, out, (ULONG)n,
                         BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0 ? 0 : EIO;
}

/* The system's own reader for a locale rounds less well, and knows no hexadecimal:
 * where the locale has another point, the thread has the C locale meanwhile. */
double yj_strtod(const char *text) {
  char before[256];
  double value;
  int mode;
  if (strcmp(localeconv()->decimal_point, ".") == 0)
    return strtod(text, NULL);
  mode = _configthreadlocale(_ENABLE_PER_THREAD_LOCALE);
  (void)snprintf(before, sizeof before, "%s", setlocale(LC_NUMERIC, NULL));
  (void)setlocale(LC_NUMERIC, "C");
  value = strtod(text, NULL);
  (void)setlocale(LC_NUMERIC, before);
  (void)_configthreadlocale(mode);
  return value;
}

/* ---- the process ---- */

int64_t yj_process(void) { return GetCurrentProcessId(); }

int yj_watch_forks(void (*enter_child)(void)) {
  (void)enter_child;
  return 0;
}

const char *yj_library_of(const void *address) {
  static char path[4 * MAX_PATH];
  wchar_t wide[MAX_PATH];
  HMODULE library;
  if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                              GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                          address, &library) ||
      GetModuleFileNameW(library, wide, MAX_PATH) == 0)
    return NULL;
  return WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, sizeof path, NULL,
                             NULL) > 0 ? path : NULL;
}

void yj_pin_library(const void *address) {
  HMODULE library;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                         GET_MODULE_HANDLE_EX_FLAG_PIN,
                     address, &library);
}

/* Here libcurl brings its TLS with it. */
void *yj_symbol(const char *name) {
  (void)name;
  return NULL;
}

/* Whether the C runtime, which knows the system's code page alone, would have
 * made this text of it. */
static int is_text_of(const wchar_t *argument, const char *text) {
  char narrow[YJ_ARGUMENT_SIZE];
  int n = WideCharToMultiByte(CP_ACP, 0, argument, -1, narrow, sizeof narrow,
                              NULL, NULL);
  return n > 0 && strcmp(narrow, text) == 0;
}

int yj_argument(int from_end, const char *text, char *out) {
  int n, found = 0;
  wchar_t **list = CommandLineToArgvW(GetCommandLineW(), &n);
  if (list != NULL && from_end < n && is_text_of(list[n - 1 - from_end], text))
    found = WideCharToMultiByte(CP_UTF8, 0, list[n - 1 - from_end], -1, out,
                                YJ_ARGUMENT_SIZE, NULL, NULL) > 0;
  LocalFree(list);
  return found;
}

int yj_variable(const char *name, char *out) {
  wchar_t *wide = yj_wide(name), value[YJ_ARGUMENT_SIZE];
  DWORD n = wide == NULL ? 0
                         : GetEnvironmentVariableW(wide, value,
                                                   YJ_ARGUMENT_SIZE);
  free(wide);
  return n > 0 && n < YJ_ARGUMENT_SIZE &&
         WideCharToMultiByte(CP_UTF8, 0, value, -1, out, YJ_ARGUMENT_SIZE,
                             NULL, NULL) > 0;
}

/* ---- the terminal ---- */

enum { CTRL_D = 4, CTRL_Z = 26 };

static HANDLE standard(int stream) {
  return (HANDLE)yj_path_standard(stream);
}

int yj_is_terminal(int stream) {
  DWORD mode;
  return GetConsoleMode(standard(stream), &mode) != 0;
}

int yj_terminal_width(int stream) {
  CONSOLE_SCREEN_BUFFER_INFO info;
  return GetConsoleScreenBufferInfo(standard(stream), &info)
             ? info.srWindow.Right - info.srWindow.Left + 1 : 0;
}

static UINT code_page;

static void restore_code_page(void) { SetConsoleOutputCP(code_page); }

/* NB: the console would keep the code page when the process has ended. What is
 * written is written as it is, without a carriage return before each line
 * feed: it may be a picture. */
int yj_show_utf8(void) {
  int stream;
  DWORD mode;
  _setmode(1, _O_BINARY);
  _setmode(2, _O_BINARY);
  for (stream = 1; stream <= 2; stream++)
    if (GetConsoleMode(standard(stream), &mode))
      SetConsoleMode(standard(stream),
                     mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  if (code_page == 0) {
    code_page = GetConsoleOutputCP();
    if (code_page != 0 && SetConsoleOutputCP(CP_UTF8))
      atexit(restore_code_page);
  }
  return 1;
}

/* What is no console, a pipe or a file, is read without looking. */
int yj_wait_readable(int fd, int ms) {
  return !yj_is_terminal(fd) ||
         WaitForSingleObject(standard(fd), (DWORD)ms) == WAIT_OBJECT_0;
}

/* C reads a console in a code page that has not every character. Ctrl-D ends
 * the input as it does elsewhere, and Ctrl-Z as it does on Windows. */
int yj_read_terminal(char *out, size_t size) {
  static CONSOLE_READCONSOLE_CONTROL ends = {sizeof ends, 0,
                                             1 << CTRL_D | 1 << CTRL_Z, 0};
  wchar_t line[2048];
  DWORD n = 0;
  if (!yj_is_terminal(0))
    return -1;
  if (!ReadConsoleW(standard(0), line, sizeof line / sizeof *line, &n, &ends))
    return 0;
  while (n > 0 && (line[n - 1] == CTRL_D || line[n - 1] == CTRL_Z))
    n--;
  if (n == 0)
    return 0;
  return WideCharToMultiByte(CP_UTF8, 0, line, (int)n, out, (int)size, NULL,
                             NULL);
}

/* ---- sockets ---- */

static void start_sockets(void) {
  WSADATA data;
  (void)WSAStartup(MAKEWORD(2, 2), &data);
}

yj_socket yj_socket_open(int family, int type, int protocol) {
  static yj_once started = YJ_ONCE;
  yj_call_once(&started, start_sockets);
  return WSASocketW(family, type, protocol, NULL, 0,
                    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

int yj_socket_close(yj_socket s, int ends) {
  (void)ends;
  return closesocket(s) == 0 ? 0 : yj_errno_of((DWORD)WSAGetLastError());
}

/* ---- SIGPIPE ---- */

int yj_sigpipe_block(void) { return 0; }

void yj_sigpipe_unblock(int blocked) { (void)blocked; }
