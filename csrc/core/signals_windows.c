#include "signals.h"

#include <signal.h>

#include "win32.h"

#ifndef SIGHUP
#define SIGHUP 1
#endif

static volatile LONG caught;
static yj_socket wake_up[2] = {YJ_NO_SOCKET, YJ_NO_SOCKET};

/* Windows calls it on a thread of its own. When it returns FALSE, as it does
 * for the second signal, the process ends. */
static BOOL WINAPI on_event(DWORD event) {
  const LONG number = event == CTRL_C_EVENT       ? SIGINT
                      : event == CTRL_BREAK_EVENT ? SIGTERM : SIGHUP;
  if (InterlockedCompareExchange(&caught, number, 0) != 0)
    return FALSE;
  yj_pipe_write(wake_up[1]);
  return TRUE;
}

void yj_signals_catch(void) {
  if (wake_up[0] == YJ_NO_SOCKET && yj_pipe_open(wake_up) != 0)
    wake_up[0] = wake_up[1] = YJ_NO_SOCKET;
  InterlockedExchange(&caught, 0);
  SetConsoleCtrlHandler(on_event, FALSE);
  SetConsoleCtrlHandler(on_event, TRUE);
}

int yj_signals_caught(void) { return caught; }

void yj_signals_release(void) { SetConsoleCtrlHandler(on_event, FALSE); }

yj_socket yj_signals_fd(void) { return wake_up[0]; }
