/* signals: notes the first SIGINT, SIGTERM or SIGHUP, and ends a wait, even
 * one that has not begun yet: a program that looks at the flag and then waits
 * misses none. For the command alone; a host's signals are its own.
 */
#pragma once

#include "platform.h"

#pragma GCC visibility push(hidden)

/* Notes the first signal of each kind from now on; the second does what it
 * does by default. An ignored one (SIGHUP under nohup) stays ignored. */
void yj_signals_catch(void);

/* The number of the one that was noted, or 0. */
int yj_signals_caught(void);

/* Restores what the signals did before. */
void yj_signals_release(void);

/* For a poller: readable once a signal was noted, until it is drained;
 * YJ_NO_SOCKET while none was ever caught. It stays open as long as the process. */
yj_socket yj_signals_fd(void);

#pragma GCC visibility pop
