/* win32: what the files NAME_windows.c share. */
#pragma once

#include "platform.h"

#include <wchar.h>
#include <windows.h>

#pragma GCC visibility push(hidden)

/* The errno of an error of Windows or of its sockets. */
int yj_errno_of(unsigned long error);

/* errno_of(GetLastError()), which is never 0. */
int yj_last_errno(void);

/* The text in UTF-16, or a whole path of any length; owned by the caller.
 * NULL, with errno set, when it is not UTF-8, or out of memory. */
wchar_t *yj_wide(const char *text);
wchar_t *yj_wide_path(const char *path);

/* The text in UTF-8, owned by the caller; NULL: out of memory. */
char *yj_narrow(const wchar_t *text);

#pragma GCC visibility pop
