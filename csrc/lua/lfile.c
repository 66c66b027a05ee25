/* lfile: file.h, path.h and address.h for Lua. Failures are nil, message,
 * errno. */
#include <errno.h>
#include <string.h>

#include "address.h"
#include "file.h"
#include "lcore.h"
#include "path.h"

#define FILE_MT "yuanjing.core.File"
#define LARGEST 9007199254740992.0

static struct yj_file *check(lua_State *L) {
  struct yj_file *f = yj_check_self(L, FILE_MT);
  if (f->handle < 0)
    luaL_error(L, "the file is closed");
  return f;
}

struct yj_file *yj_check_file(lua_State *L, int arg) {
  struct yj_file *f = luaL_checkudata(L, arg, FILE_MT);
  luaL_argcheck(L, f->handle >= 0, arg, "the file is closed");
  return f;
}

int64_t yj_check_offset(lua_State *L, int arg) {
  lua_Number n = luaL_checknumber(L, arg);
  luaL_argcheck(L, n >= 0 && n <= LARGEST, arg, "out of range");
  return (int64_t)n;
}

/* The path, or NULL and an error at the top for a zero byte, where the
 * system's path would end.                                 [-0, +0|3, v] */
static const char *check_path(lua_State *L, int arg) {
  size_t n;
  const char *path = luaL_checklstring(L, arg, &n);
  if (strlen(path) == n)
    return path;
  yj_push_fail(L, "a path with a zero byte");
  lua_pushinteger(L, EINVAL);
  return NULL;
}

/* The path that was written, or as yj_push_error()            [-0, +1|3, m] */
static int push_path(lua_State *L, int error, const char *path) {
  if (error != 0)
    return yj_push_error(L, error);
  lua_pushstring(L, path);
  return 1;
}

/* [-0, +1|3, v] */
static int by_path(lua_State *L, int (*act)(const char *path)) {
  const char *path = check_path(L, 1);
  return path == NULL ? 3 : yj_push_outcome(L, act(path));
}

/* [-0, +1|3, v] */
static int by_writing(lua_State *L,
                      int (*act)(const char *path, char *result)) {
  char result[YJ_PATH_SIZE];
  const char *path = check_path(L, 1);
  return path == NULL ? 3 : push_path(L, act(path, result), result);
}

/* [-0, +1|3, v] */
static int by_offset(lua_State *L,
                     int (*act)(const struct yj_file *f, int64_t at)) {
  struct yj_file *f = check(L);
  return yj_push_outcome(L, act(f, yj_check_offset(L, 2)));
}

static struct yj_file *new_file(lua_State *L) {
  struct yj_file *f = yj_newuserdata(L, sizeof *f);
  memset(f, 0, sizeof *f);
  f->handle = -1;
  luaL_setmetatable(L, FILE_MT);
  return f;
}

/* [-0, +1|3, v] */
static int by_opening(lua_State *L, enum yj_use use) {
  const char *path = check_path(L, 1);
  int error;
  if (path == NULL)
    return 3;
  error = yj_file_open(new_file(L), path, use);
  return error == 0 ? 1 : yj_push_error(L, error);
}

/* file(path) -> File, a journal                            [-0, +1|3, v] */
static int l_file(lua_State *L) { return by_opening(L, YJ_JOURNAL); }

/* open_to_read(path) -> File                               [-0, +1|3, v] */
static int l_open_to_read(lua_State *L) {
  return by_opening(L, YJ_TO_READ);
}

/* part(path[, target]) -> File in the making               [-0, +1|3, v] */
static int l_part(lua_State *L) {
  const char *path = check_path(L, 1), *target = NULL;
  int error, has_target = !lua_isnoneornil(L, 2);
  if (path != NULL && has_target)
    target = check_path(L, 2);
  if (path == NULL || (target == NULL && has_target))
    return 3;
  lua_settop(L, 2);
  error = yj_file_open_part(new_file(L), path, target);
  if (error == 0)
    return 1;
  yj_push_error(L, error);
  if (error == EAGAIN) {
    lua_pushliteral(L, "another download writes it");
    lua_replace(L, -3);
  }
  return 3;
}

/* look(path, or 0 to 2) -> kind, identity, size, modified [-0, +3|4, v] */
static int l_look(lua_State *L) {
  const char *path = NULL;
  yj_handle stream = -1;
  struct yj_path_info info;
  int error;
  if (lua_type(L, 1) == LUA_TNUMBER) {
    stream = yj_path_standard((int)lua_tointeger(L, 1));
  } else {
    path = check_path(L, 1);
    if (path == NULL)
      return 3;
  }
  error = yj_path_look(path, stream, &info);
  if (error != 0)
    return yj_push_error(L, error);
  lua_pushstring(L, info.kind);
  lua_pushfstring(L, "%f:%f", (lua_Number)info.device,
                  (lua_Number)info.number);
  lua_pushnumber(L, (lua_Number)info.size);
  lua_pushnumber(L, (lua_Number)info.modified);
  return 4;
}

/* resolve(path) -> where a link leads, or the path         [-0, +1|3, v] */
static int l_resolve(lua_State *L) {
  return by_writing(L, yj_path_resolve);
}

/* rename(from, to) -> true: over a file that is there      [-0, +1|3, v] */
static int l_rename(lua_State *L) {
  const char *from = check_path(L, 1);
  const char *to = from == NULL ? NULL : check_path(L, 2);
  return to == NULL ? 3 : yj_push_outcome(L, yj_path_rename(from, to));
}

/* remove(path) -> true                                     [-0, +1|3, v] */
static int l_remove(lua_State *L) { return by_path(L, yj_path_remove); }

/* temporary() -> the path of a new, empty file             [-0, +1|3, m] */
static int l_temporary(lua_State *L) {
  char path[YJ_PATH_SIZE];
  return push_path(L, yj_path_temporary(path), path);
}

/* names(folder) -> of what is in it, a slash behind each   [-0, +1|3, v] */
static int l_names(lua_State *L) {
  const char *folder = check_path(L, 1);
  char *names = NULL;
  size_t room = 0, needed = 0;
  int error;
  if (folder == NULL)
    return 3;
  error = yj_path_names(folder, names, room, &needed);
  while (error == 0 && needed > room) { /* or more came meanwhile */
    room = 2 * needed;
    names = lua_newuserdata(L, room);
    error = yj_path_names(folder, names, room, &needed);
  }
  if (error != 0)
    return yj_push_error(L, error);
  lua_pushlstring(L, names, needed);
  return 1;
}

/* split_path(path) -> folder with its separator, name      [-0, +2, v] */
static int l_split_path(lua_State *L) {
  size_t size;
  const char *path = luaL_checklstring(L, 1, &size);
  size_t n = yj_path_folder_length(path);
  lua_pushlstring(L, path, n);
  lua_pushlstring(L, path + n, size - n);
  return 2;
}

/* make_folders(path) -> true                               [-0, +1|3, v] */
static int l_make_folders(lua_State *L) {
  return by_path(L, yj_path_make_folders);
}

/* network(host) -> "public" or "private"; nil: a name      [-0, +1, v] */
static int l_network(lua_State *L) {
  static const char *const names[] = {[YJ_NO_ADDRESS] = NULL,
                                      [YJ_PUBLIC] = "public",
                                      [YJ_PRIVATE] = "private"};
  lua_pushstring(L, names[yj_network_of(luaL_checkstring(L, 1))]);
  return 1;
}

/* real_path(path) -> from the root and without links       [-0, +1|3, v] */
static int l_real_path(lua_State *L) {
  return by_writing(L, yj_path_real);
}

/* sync_folder(path of a file in it) -> true                [-0, +1|3, v] */
static int l_sync_folder(lua_State *L) {
  return by_path(L, yj_path_sync_folder);
}

/* size() -> bytes                                          [-0, +1|3, v] */
static int l_size(lua_State *L) {
  int64_t size = 0;
  int error = yj_file_size(check(L), &size);
  if (error != 0)
    return yj_push_error(L, error);
  yj_pushcount(L, size);
  return 1;
}

/* read(from, n) -> bytes, fewer at the end                 [-0, +1|3, v] */
static int l_read(lua_State *L) {
  struct yj_file *f = check(L);
  int64_t from = yj_check_offset(L, 2), wanted = yj_check_offset(L, 3), got;
  int64_t size = 0;
  char *scratch;
  int error = yj_file_size(f, &size);
  if (error != 0)
    return yj_push_error(L, error);
  luaL_argcheck(L, wanted <= 1 << 28, 3, "out of range");
  wanted = size <= from ? 0 : size - from < wanted ? size - from : wanted;
  scratch = lua_newuserdata(L, (size_t)wanted + 1);
  got = yj_file_read(check(L), from, scratch, (size_t)wanted);
  if (got < 0)
    return yj_push_error(L, errno);
  lua_pushlstring(L, scratch, (size_t)got);
  return 1;
}

/* append(text, durable) -> true                            [-0, +1|3, v] */
static int l_append(lua_State *L) {
  size_t n;
  struct yj_file *f = check(L);
  const char *bytes = luaL_checklstring(L, 2, &n);
  return yj_push_outcome(L, yj_file_append(f, bytes, n, lua_toboolean(L, 3)));
}

/* write(text, offset) -> true                              [-0, +1|3, v] */
static int l_write(lua_State *L) {
  size_t n;
  struct yj_file *f = check(L);
  const char *bytes = luaL_checklstring(L, 2, &n);
  return yj_push_outcome(L, yj_file_write(f, bytes, n, yj_check_offset(L, 3)));
}

/* reserve(bytes) -> true                                   [-0, +1|3, v] */
static int l_reserve(lua_State *L) { return by_offset(L, yj_file_reserve); }

/* truncate(size) -> true                                   [-0, +1|3, v] */
static int l_truncate(lua_State *L) { return by_offset(L, yj_file_truncate); }

/* sync() -> true                                           [-0, +1|3, v] */
static int l_sync(lua_State *L) {
  return yj_push_outcome(L, yj_file_sync(check(L)));
}

/* copy_mode(other) -> true                                 [-0, +1|3, v] */
static int l_copy_mode(lua_State *L) {
  struct yj_file *f = check(L);
  struct yj_file *other = luaL_checkudata(L, 2, FILE_MT);
  return yj_push_outcome(L, yj_file_copy_mode(f, other));
}

/* link_count() -> how many names it has                    [-0, +1|3, v] */
static int l_link_count(lua_State *L) {
  int count = yj_file_link_count(check(L));
  if (count < 0)
    return yj_push_error(L, errno);
  lua_pushinteger(L, count);
  return 1;
}

/* lock(offset) -> true; false: another open file has it    [-0, +1|3, v] */
static int l_lock(lua_State *L) {
  struct yj_file *f = check(L);
  int error = yj_file_lock(f, yj_check_offset(L, 2));
  if (error != EAGAIN)
    return yj_push_outcome(L, error);
  lua_pushboolean(L, 0);
  return 1;
}

/* unlock(offset) -> true                                   [-0, +1|3, v] */
static int l_unlock(lua_State *L) { return by_offset(L, yj_file_unlock); }

/* is_locked(offset) -> whether another open file has it    [-0, +1|3, v] */
static int l_is_locked(lua_State *L) {
  struct yj_file *f = check(L);
  int locked = yj_file_is_locked(f, yj_check_offset(L, 2));
  if (locked < 0)
    return yj_push_error(L, errno);
  lua_pushboolean(L, locked);
  return 1;
}

/* is_at(path) -> whether it still leads to this file       [-0, +1, v] */
static int l_is_at(lua_State *L) {
  struct yj_file *f = check(L);
  lua_pushboolean(L, yj_file_is_at(f, luaL_checkstring(L, 2)));
  return 1;
}

/* move(from, to) -> true: a whole part replaces the file   [-0, +1|3, v] */
static int l_move(lua_State *L) {
  struct yj_file *f = check(L);
  const char *from = check_path(L, 2);
  const char *to = from == NULL ? NULL : check_path(L, 3);
  return to == NULL ? 3 : yj_push_outcome(L, yj_file_move(f, from, to));
}

/* is_mine() -> whether this process has opened it          [-0, +1, v] */
static int l_is_mine(lua_State *L) {
  lua_pushboolean(L, check(L)->process == yj_process());
  return 1;
}

/* close(), __gc and __close                                [-0, +0, v] */
static int l_close(lua_State *L) {
  yj_file_close(yj_check_self(L, FILE_MT));
  return 0;
}

static const luaL_Reg methods[] = {
    {"size", l_size},           {"read", l_read},
    {"append", l_append},       {"write", l_write},
    {"reserve", l_reserve},
    {"truncate", l_truncate},   {"sync", l_sync},
    {"lock", l_lock},           {"unlock", l_unlock},
    {"is_locked", l_is_locked}, {"is_at", l_is_at},
    {"is_mine", l_is_mine},     {"move", l_move},
    {"copy_mode", l_copy_mode}, {"link_count", l_link_count},
    {"close", l_close},         {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"file", l_file},           {"open_to_read", l_open_to_read},
    {"part", l_part},           {"look", l_look},
    {"resolve", l_resolve},     {"make_folders", l_make_folders},
    {"network", l_network},     {"real_path", l_real_path},
    {"sync_folder", l_sync_folder}, {"rename", l_rename},
    {"remove", l_remove},       {"temporary", l_temporary},
    {"names", l_names},         {"split_path", l_split_path},
    {NULL, NULL}};

void yj_open_file(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  yj_new_class(L, FILE_MT, methods, l_close, l_close);
}
