/* lrequest: a table that describes a request, into request.h. What goes out is
 * copied as it is read; the strings of the description stay on the stack,
 * which keeps them alive.
 */
#include <errno.h>
#include <string.h>

#include "lcore.h"
#include "path.h"

/* Pushes the field; whether it is there. Another type raises. [-0, +1, v] */
static int typed_field(lua_State *L, int table, const char *name, int type) {
  lua_getfield(L, table, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != type)
    luaL_error(L, "%s: expected %s, got %s", name, lua_typename(L, type),
               luaL_typename(L, -1));
  return !lua_isnil(L, -1);
}

/* The string under `name`, which stays on the stack, or NULL. Without `len` a
 * zero byte in it raises.                                  [-0, +1, v] */
static const char *string_field(lua_State *L, int request, const char *name,
                                size_t *len) {
  size_t n = 0;
  const char *s = NULL;
  if (typed_field(L, request, name, LUA_TSTRING))
    s = lua_tolstring(L, -1, &n);
  if (len != NULL)
    *len = n;
  else if (s != NULL && strlen(s) != n)
    luaL_error(L, "%s: has a zero byte in it", name);
  return s;
}

static unsigned char flag_field(lua_State *L, int request, const char *name) {
  unsigned char flag;
  lua_getfield(L, request, name);
  flag = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return flag;
}

/* A number of bytes, within limits; 0 where there is none. [-0, +0, v] */
static size_t size_field(lua_State *L, int table, const char *name) {
  const size_t most = SIZE_MAX / 2;
  lua_Number n = 0;
  if (typed_field(L, table, name, LUA_TNUMBER))
    n = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return n > 0 ? (n < (lua_Number)most ? (size_t)n : most) : 0;
}

/* Seconds in Lua, microseconds in C, 0 where there is none; zero or negative
 * seconds are the shortest time.                           [-0, +0, v] */
static int64_t timeout_field(lua_State *L, int timeouts, const char *name) {
  lua_Number seconds = 0;
  int is_given = typed_field(L, timeouts, name, LUA_TNUMBER);
  if (is_given)
    seconds = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return is_given +
         (int64_t)(seconds > 0 ? (seconds < 1e9 ? seconds : 1e9) * 1e6 : 0);
}

static void read_timeouts(lua_State *L, int request,
                          struct yj_timeouts *timeouts) {
  if (typed_field(L, request, "timeouts", LUA_TTABLE)) {
    int at = lua_gettop(L);
    timeouts->connect = timeout_field(L, at, "connect");
    timeouts->head = timeout_field(L, at, "head");
    timeouts->first = timeout_field(L, at, "first");
    timeouts->idle = timeout_field(L, at, "idle");
    timeouts->total = timeout_field(L, at, "total");
  }
  lua_pop(L, 1);
}

/* nil, "what: why", "io"                                   [-0, +3, m] */
static int push_error(lua_State *L, const char *what, int error) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", what, yj_path_problem(error));
  lua_pushliteral(L, "io");
  return 3;
}

/* headers: a list of lines.                                [-0, +0|n, v] */
static int read_headers(lua_State *L, int request, struct yj_outgoing *out) {
  int i, n, error = 0;
  n = typed_field(L, request, "headers", LUA_TTABLE)
          ? (int)lua_rawlen(L, -1) : 0;
  for (i = 1; i <= n && error == 0; i++) {
    const char *line;
    size_t len;
    lua_rawgeti(L, -1, i);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "headers[%d]: expected string, got %s", i,
                 luaL_typename(L, -1));
    line = lua_tolstring(L, -1, &len);
    error = strlen(line) != len ? EINVAL : yj_outgoing_add_header(out, line);
    if (error == EINVAL)
      luaL_error(L, "headers[%d]: has a control character in it", i);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return error == 0 ? 0 : push_error(L, "headers", error);
}

/* Adds the value at the top to the source: a string, or a table with path or
 * data, and base64. 0, or how many results tell why not.   [-0, +0|3, v] */
static int read_piece(lua_State *L, struct yj_source *source) {
  int at = lua_gettop(L), error;
  enum yj_coding coding = YJ_PLAIN;
  const char *path = NULL, *data = NULL;
  size_t len = 0;
  if (lua_type(L, at) == LUA_TSTRING) {
    data = lua_tolstring(L, at, &len);
  } else {
    luaL_checktype(L, at, LUA_TTABLE);
    path = string_field(L, at, "path", NULL);
    if (path == NULL)
      data = string_field(L, at, "data", &len);
    coding = flag_field(L, at, "base64") ? YJ_BASE64 : YJ_PLAIN;
  }
  if (path == NULL && data == NULL)
    return luaL_error(L, "a piece of a body is a string, or has path or data");
  if (path == NULL)
    error = yj_source_add_bytes(source, data, len, coding);
  else
    error = yj_source_add_file(source, path, coding);
  if (error != 0)
    return push_error(L, path == NULL ? "body" : path, error);
  lua_settop(L, at);
  return 0;
}

/* body: a piece, or a list of pieces.                      [-0, +0|n, v] */
static int read_body(lua_State *L, int request, struct yj_outgoing *out) {
  int i, n, results = 0, body;
  lua_getfield(L, request, "body");
  body = lua_gettop(L);
  out->has_body = !lua_isnil(L, body);
  n = lua_istable(L, body) ? (int)lua_rawlen(L, body) : 0;
  if (out->has_body && n == 0)
    results = read_piece(L, &out->body);
  for (i = 1; i <= n && results == 0; i++) {
    lua_rawgeti(L, body, i);
    results = read_piece(L, &out->body);
    if (results == 0)
      lua_settop(L, body);
  }
  if (results == 0)
    lua_settop(L, body - 1);
  return results;
}

/* The part at the top: name, file_name, type, and a piece.  [-0, +0|n, v] */
static int read_part(lua_State *L, struct yj_outgoing *out) {
  int at = lua_gettop(L), results;
  const char *name, *file_name, *type;
  struct yj_part *part;
  luaL_checktype(L, at, LUA_TTABLE);
  name = string_field(L, at, "name", NULL);
  file_name = string_field(L, at, "file_name", NULL);
  type = string_field(L, at, "type", NULL);
  if (name == NULL)
    return luaL_error(L, "a part has a name");
  part = yj_outgoing_add_part(out, name, file_name, type);
  if (part == NULL)
    return push_error(L, name, ENOMEM);
  lua_pushvalue(L, at);
  results = read_piece(L, &part->source);
  if (results == 0)
    lua_settop(L, at);
  return results;
}

/* parts: a list, or nothing.                               [-0, +0|n, v] */
static int read_parts(lua_State *L, int request, struct yj_outgoing *out) {
  int i, n, results = 0;
  n = typed_field(L, request, "parts", LUA_TTABLE)
          ? (int)lua_rawlen(L, -1) : 0;
  for (i = 1; i <= n && results == 0; i++) {
    lua_rawgeti(L, -1, i);
    results = read_part(L, out);
    if (results == 0)
      lua_pop(L, 1);
  }
  if (results == 0)
    lua_pop(L, 1);
  return results;
}

int yj_read_outgoing(lua_State *L, int request, struct yj_outgoing *out) {
  int results;
  luaL_checkstack(L, 12, NULL); /* more would make a job's stack grow */
  results = read_headers(L, request, out);
  if (results == 0)
    results = read_body(L, request, out);
  return results != 0 ? results : read_parts(L, request, out);
}

/* libcurl sends the method as it is: a line end in it would add a header. */
static void check_method(lua_State *L, const char *method) {
  if (*method == '\0' ||
      method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
    luaL_error(L, "method: expected capital letters");
}

void yj_read_request(lua_State *L, int request, struct yj_request *r) {
  memset(r, 0, sizeof *r);
  r->method = string_field(L, request, "method", NULL);
  r->url = string_field(L, request, "url", NULL);
  r->proxy = string_field(L, request, "proxy", NULL);
  r->ca_file = string_field(L, request, "ca_file", NULL);
  r->ca_path = string_field(L, request, "ca_path", NULL);
  if (r->method == NULL || r->url == NULL)
    luaL_error(L, "method and url are needed");
  check_method(L, r->method);
  r->terms.events = flag_field(L, request, "events");
  r->terms.hold = flag_field(L, request, "hold");
  r->terms.once = flag_field(L, request, "once");
  r->terms.peer_port = (int)size_field(L, request, "peer_port");
  r->terms.only_public = flag_field(L, request, "only_public");
  r->terms.max_body = size_field(L, request, "max_body");
  r->terms.max_event = size_field(L, request, "max_event");
  read_timeouts(L, request, &r->terms.timeouts);
}
