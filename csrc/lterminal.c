/* lterminal: what a command needs of the terminal and of signals, and Lua has
 * not. Nothing of it is touched unless it is called. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lcore.h"

/* is_terminal(fd)                                          [-0, +1, v] */
int yj_l_is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* terminal_width(fd) -> columns, or nil where nobody knows [-0, +1, v] */
int yj_l_terminal_width(lua_State *L) {
  struct winsize size;
  int fd = (int)luaL_checkinteger(L, 1);
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    lua_pushinteger(L, size.ws_col);
  else
    lua_pushnil(L);
  return 1;
}

/* ---- signals ---- */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define N_SIGNALS (sizeof signals / sizeof *signals)

static struct sigaction before[N_SIGNALS]; /* whose they were; is_catching */
static int is_catching;
static volatile sig_atomic_t caught;

/* Runs in between anything: it may set this and nothing else. */
static void on_signal(int number) { caught = number; }

/* catch_signals(): from now on the first SIGINT, SIGTERM or SIGHUP is noted,
 * and ends a wait; the second of a kind does what it does by default. What is
 * ignored (SIGHUP under nohup) stays so. Called again it is for the next first
 * one.                                                     [-0, +0, -] */
int yj_l_catch_signals(lua_State *L) {
  struct sigaction ours, old;
  size_t i;
  (void)L;
  memset(&ours, 0, sizeof ours);
  sigemptyset(&ours.sa_mask);
  ours.sa_handler = on_signal;
  ours.sa_flags = (int)SA_RESETHAND; /* no SA_RESTART: a read ends, too */
  caught = 0;
  for (i = 0; i < N_SIGNALS; i++) {
    sigaction(signals[i], NULL, &old);
    if (!is_catching)
      before[i] = old;
    if (old.sa_handler != SIG_IGN)
      sigaction(signals[i], &ours, NULL);
  }
  is_catching = 1;
  return 0;
}

/* caught_signal() -> its number, or nil                    [-0, +1, -] */
int yj_l_caught_signal(lua_State *L) {
  if (caught != 0)
    lua_pushinteger(L, caught);
  else
    lua_pushnil(L);
  return 1;
}

/* release_signals(): to whom they belonged before          [-0, +0, -] */
int yj_l_release_signals(lua_State *L) {
  size_t i;
  (void)L;
  for (i = 0; is_catching && i < N_SIGNALS; i++)
    sigaction(signals[i], &before[i], NULL);
  is_catching = 0;
  return 0;
}
