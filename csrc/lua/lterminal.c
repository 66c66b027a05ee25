/* lterminal: what a command needs of the terminal and of signals, and Lua has
 * not. Nothing of it is touched unless it is called. */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>

#include "lcore.h"
#include "signals.h"

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

/* catch_signals(), caught_signal() -> its number or nil, release_signals(): see
 * signals.h                                                [-0, +n, -] */
int yj_l_catch_signals(lua_State *L) {
  (void)L;
  yj_signals_catch();
  return 0;
}

int yj_l_caught_signal(lua_State *L) {
  if (yj_signals_caught() != 0)
    lua_pushinteger(L, yj_signals_caught());
  else
    lua_pushnil(L);
  return 1;
}

int yj_l_release_signals(lua_State *L) {
  (void)L;
  yj_signals_release();
  return 0;
}
