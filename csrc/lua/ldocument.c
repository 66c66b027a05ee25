/* ldocument: a JSON text as Lua values, and numbers as texts.
 *
 * json.h has checked the text: nothing is checked here again. A null field is
 * not there; in a list null is a light userdata of NULL, as in cjson. Whole
 * numbers are integers where Lua has them; one with more digits than a double
 * holds stays a text, for ids are texts (docs/platform.md#what-comes-back).
 */
#include <string.h>

#include "lcore.h"
#include "number.h"

#define LONG 16 /* digits that a double may not hold */

struct builder {
  lua_State *L;
  const char *p; /* where the next token is, or blanks before it */
  const char *end;
  int keep_halves; /* of surrogate pairs, for core.sound() */
};

static void build_value(struct builder *b);

static char skip_blanks(struct builder *b) {
  while (*b->p == ' ' || *b->p == '\n' || *b->p == '\t' || *b->p == '\r')
    b->p++;
  return *b->p;
}

/* ---- strings ---- */

/* Unescaped in a userdata: scratch that has an owner, whatever is raised.
 *                                                          [-0, +1, m] */
static void push_escaped(lua_State *L, const char *text, size_t len,
                         int keep_halves) {
  const struct yj_json_value value = {YJ_JSON_STRING, 1, text, len};
  char *scratch = lua_newuserdata(L, len);
  int halves = 0;
  len = yj_json_unescape(&value, scratch, &halves);
  if (halves && !keep_halves)
    len = yj_json_join_halves(scratch, len, NULL);
  lua_pushlstring(L, scratch, len);
  lua_remove(L, -2);
}

/* The closing quote: one behind an even number of backslashes. */
static const char *find_quote(const char *text, const char *end) {
  const char *quote = text, *p;
  for (;; quote++) {
    quote = memchr(quote, '"', (size_t)(end - quote));
    for (p = quote; p[-1] == '\\'; p--)
      continue;
    if ((quote - p) % 2 == 0)
      return quote;
  }
}

/* [-0, +1, m] */
static void build_string(struct builder *b) {
  const char *text = b->p + 1, *quote = find_quote(text, b->end);
  size_t len = (size_t)(quote - text);
  b->p = quote + 1;
  if (memchr(text, '\\', len) != NULL)
    push_escaped(b->L, text, len, b->keep_halves);
  else
    lua_pushlstring(b->L, text, len);
}

/* ---- numbers ---- */

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* A float of the integers' range: its ends are powers of two, so exact.
 *                                                           [-0, +1, -] */
static void push_whole(lua_State *L, lua_Number number) {
#if LUA_VERSION_NUM >= 503
  const lua_Number least = (lua_Number)LUA_MININTEGER;
  if (number >= least && number < -least &&
      (lua_Number)(lua_Integer)number == number) {
    lua_pushinteger(L, (lua_Integer)number);
    return;
  }
#endif
  lua_pushnumber(L, number);
}

/* Blanks and NUL are below all other ASCII. */
static int ends_token(char c) {
  return c == ',' || c == '}' || c == ']' || (unsigned char)c <= ' ';
}

/* Digits alone are read here; strtod() reads infinity and NaN, too, and takes
 * what json.h takes.                                       [-0, +1, m] */
static void build_number(struct builder *b) {
  const char *start = b->p, *digits = start + (*start == '-'), *p = digits;
  lua_Number number = 0;
  for (; is_digit(*p); p++)
    number = number * 10 + (*p - '0');
  b->p = p;
  while (!ends_token(*b->p))
    b->p++;
  if (b->p != p || p == digits)
    push_whole(b->L, (lua_Number)yj_strtod(start));
  else if (p - digits >= LONG)
    lua_pushlstring(b->L, start, (size_t)(p - start));
  else
    push_whole(b->L, *start == '-' ? -number : number);
}

/* ---- tables ---- */

/* A null field is not there.                               [-0, +0, m] */
static void build_field(struct builder *b) {
  build_string(b);
  skip_blanks(b);
  b->p++; /* the colon */
  build_value(b);
  lua_rawset(b->L, -3);
}

static void build_item(struct builder *b, int n) {
  build_value(b);
  if (lua_isnil(b->L, -1)) {
    lua_pop(b->L, 1);
    lua_pushlightuserdata(b->L, NULL);
  }
  lua_rawseti(b->L, -2, n);
}

/* Most lists of a chunk have one item, and most objects four fields at most: a
 * table that need not grow takes a third fewer instructions.
 *                                                          [-0, +1, m] */
static void build_table(struct builder *b, char close) {
  int is_list = close == ']', n = 0;
  luaL_checkstack(b->L, 8, "document nested too deep");
  lua_createtable(b->L, is_list, is_list ? 0 : 4);
  b->p++;
  while (skip_blanks(b) != close) {
    if (is_list)
      build_item(b, ++n);
    else
      build_field(b);
    if (skip_blanks(b) == ',')
      b->p++;
  }
  b->p++;
}

/* [-0, +1, m] */
static void build_value(struct builder *b) {
  lua_State *L = b->L;
  char c = skip_blanks(b);
  if (c == '"')
    build_string(b);
  else if (c == '{' || c == '[')
    build_table(b, c == '{' ? '}' : ']');
  else if (c == 't' || c == 'f' || (c == 'n' && b->p[1] == 'u')) {
    if (c == 'n')
      lua_pushnil(L);
    else
      lua_pushboolean(L, c == 't');
    b->p += c == 'f' ? 5 : 4;
  } else {
    build_number(b);
  }
}

/* decode(text[, from[, keep_halves]]) -> the first value from there, bytes up
 * to what is behind it | nil, "incomplete" | "invalid" | "null", bytes
 *                                                          [-0, +2|3, v] */
static int l_decode(lua_State *L) {
  struct builder b;
  size_t len, used = 0;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_Integer from = luaL_optinteger(L, 2, 1);
  enum yj_json_verdict verdict;
  luaL_argcheck(L, from >= 1 && (size_t)from <= len + 1, 2, "out of range");
  text += from - 1;
  len -= (size_t)from - 1;
  verdict = yj_json_read(text, len, NULL, NULL, 0, &used, NULL);
  b.keep_halves = lua_toboolean(L, 3);
  lua_settop(L, 1);
  if (verdict != YJ_JSON_WHOLE)
    return yj_push_fail(L, verdict == YJ_JSON_INCOMPLETE ? "incomplete"
                                                         : "invalid");
  b.L = L;
  b.p = text;
  b.end = text + len;
  build_value(&b);
  if (lua_isnil(L, -1))
    lua_pushliteral(L, "null");
  lua_pushinteger(L, (lua_Integer)used);
  return lua_gettop(L) - 1;
}

/* number(value[, digits]) -> its text, see number.h; an integer of Lua's has
 * all its digits | nil: it is infinity or NaN              [-0, +1, v] */
static int l_number(lua_State *L) {
  char text[YJ_NUMBER_SIZE];
  lua_Number value = luaL_checknumber(L, 1);
  lua_Integer digits = luaL_optinteger(L, 2, YJ_NUMBER_SHORTEST);
  size_t len;
  luaL_argcheck(L, digits >= 0 && digits <= YJ_NUMBER_DIGITS, 2,
                "out of range");
#if LUA_VERSION_NUM >= 503
  if (lua_isinteger(L, 1)) {
    lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, 1));
    return 1;
  }
#endif
  len = yj_number_write((double)value, (int)digits, text);
  if (len == 0)
    lua_pushnil(L);
  else
    lua_pushlstring(L, text, len);
  return 1;
}

static const luaL_Reg functions[] = {
    {"decode", l_decode}, {"number", l_number}, {NULL, NULL}};

void yj_open_document(lua_State *L) { luaL_setfuncs(L, functions, 0); }
