/* signals: the first SIGINT, SIGTERM or SIGHUP is noted and ends a wait, also
 * one that has not begun yet: whoever looks at the flag and then waits misses
 * none. For the command alone; a host's signals are its own. Nothing here knows
 * Lua or libcurl.
 */
#ifndef YJ_SIGNALS_H
#define YJ_SIGNALS_H

#pragma GCC visibility push(hidden)

/* From now on the first of each kind is noted; the second does what it does by
 * default. What is ignored (SIGHUP under nohup) stays so. Called again it is for
 * the next first one. */
void yj_signals_catch(void);

/* The number of the one that was noted, or 0. */
int yj_signals_caught(void);

/* Gives the signals back to whom they belonged before. */
void yj_signals_release(void);

/* For a poller: readable once a signal was noted, until it is heard; -1 while
 * none was ever caught. It stays open as long as the process. */
int yj_signals_fd(void);
void yj_signals_hear(void);

#pragma GCC visibility pop

#endif
