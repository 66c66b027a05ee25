/* lterminal: the terminal and signals, for the command. */
#include "lcore.h"
#include "signals.h"

/* is_terminal(fd)                                          [-0, +1, v] */
static int l_is_terminal(lua_State *L) {
  lua_pushboolean(L, yj_is_terminal((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* terminal_width(fd) -> columns; nil: unknown              [-0, +1, v] */
static int l_terminal_width(lua_State *L) {
  int width = yj_terminal_width((int)luaL_checkinteger(L, 1));
  return yj_push_integer(L, width > 0 ? width : -1);
}

/* show_utf8() -> whether the terminal shows UTF-8 now      [-0, +1, -] */
static int l_show_utf8(lua_State *L) {
  lua_pushboolean(L, yj_show_utf8());
  return 1;
}

/* read_terminal() -> text; nil: the end; false: io.read() reads stdin
 *                                                          [-0, +1, m] */
static int l_read_terminal(lua_State *L) {
  char text[8192];
  int n = yj_read_terminal(text, sizeof text);
  if (n > 0)
    lua_pushlstring(L, text, (size_t)n);
  else if (n == 0)
    lua_pushnil(L);
  else
    lua_pushboolean(L, 0);
  return 1;
}

/* argument(from_end, text) -> an argument of the command line in UTF-8; nil:
 * it is the text                                           [-0, +1, v] */
static int l_argument(lua_State *L) {
  char text[YJ_ARGUMENT_SIZE];
  int from_end = (int)luaL_checkinteger(L, 1);
  int is_other = yj_argument(from_end, luaL_checkstring(L, 2), text);
  lua_pushstring(L, is_other ? text : NULL); /* NULL: nil */
  return 1;
}

/* variable(name) -> its value in UTF-8; nil: as C has it   [-0, +1, v] */
static int l_variable(lua_State *L) {
  char value[YJ_ARGUMENT_SIZE];
  int is_other = yj_variable(luaL_checkstring(L, 1), value);
  lua_pushstring(L, is_other ? value : NULL); /* NULL: nil */
  return 1;
}

/* catch_signals(), caught_signal() -> its number or nil, release_signals():
 * see signals.h                                            [-0, +n, -] */
static int l_catch_signals(lua_State *L) {
  (void)L;
  yj_signals_catch();
  return 0;
}

static int l_caught_signal(lua_State *L) {
  int number = yj_signals_caught();
  return yj_push_integer(L, number != 0 ? number : -1);
}

static int l_release_signals(lua_State *L) {
  (void)L;
  yj_signals_release();
  return 0;
}

static const luaL_Reg functions[] = {
    {"is_terminal", l_is_terminal},       {"terminal_width", l_terminal_width},
    {"catch_signals", l_catch_signals},   {"caught_signal", l_caught_signal},
    {"release_signals", l_release_signals}, {"show_utf8", l_show_utf8},
    {"read_terminal", l_read_terminal},   {"argument", l_argument},
    {"variable", l_variable},             {NULL, NULL}};

void yj_open_terminal(lua_State *L) { luaL_setfuncs(L, functions, 0); }
