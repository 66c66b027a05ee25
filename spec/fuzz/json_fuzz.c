/* csrc/core/json.c against lua-cjson: one takes a text if and only if the other
 * does, and the fields found here are those found there. And what json.h says
 * of verdicts: what is invalid stays so whatever follows, and what is
 * incomplete can be completed.
 * with: json
 * ldflags: -llua5.4
 * seeds: json
 * short: 60000
 * options: -max_len=512 -detect_leaks=0 -dict=spec/fuzz/json.dict */
#include <lauxlib.h>
#include <lualib.h>

#include "fuzz.h"
#include "json.h"
#include "keys.h"

#define COMPLETED ((size_t)64) /* longer texts would take too long */
#define LONGEST ((size_t)8000)

static lua_State *L; /* cjson's decode is at 1 */

static void start(void) {
  L = luaL_newstate();
  REQUIRE(L != NULL);
  luaL_openlibs(L);
  REQUIRE(luaL_dostring(L, "return require('cjson').new().decode") == LUA_OK);
}

/* The unit of the escape at p, or -1. */
static int unit_at(const char *p, const char *end) {
  unsigned unit = 0;
  int i;
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
    return -1;
  for (i = 2; i < 6; i++) {
    if (memchr("0123456789abcdefABCDEF", p[i], 22) == NULL)
      return -1;
    unit = unit << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0'
                                              : (p[i] | 0x20) - 'a' + 10);
  }
  return (int)unit;
}

/* Half a pair becomes U+FFFD, as it does here: cjson refuses it. NB: outside of
 * a string a backslash is refused in any case. */
static void mend_halves(char *text, size_t len) {
  char *p = text, *end = text + len;
  while (p < end) {
    int unit = unit_at(p, end), next;
    if (*p != '\\') {
      p++;
      continue;
    }
    next = (unit & ~0x3FF) == 0xD800 ? unit_at(p + 6, end) : -1;
    if ((next & ~0x3FF) == 0xDC00 && next >= 0) {
      p += 12;
      continue;
    }
    if (unit >= 0 && (unit & ~0x7FF) == 0xD800)
      memcpy(p + 2, "fffd", 4);
    p += unit >= 0 ? 6 : 2;
  }
}

/* Leaves what cjson makes of it at 2; whether it takes it. */
static int decode(const char *text, size_t len) {
  char *mended = malloc(len == 0 ? 1 : len);
  REQUIRE(mended != NULL);
  memcpy(mended, text, len);
  mend_halves(mended, len);
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_pushlstring(L, mended, len);
  free(mended);
  return lua_pcall(L, 1, 1, 0) == LUA_OK;
}

static enum yj_json_verdict judge(const char *text, size_t len,
                                  size_t *used) {
  return yj_json_read(text, len, NULL, NULL, 0, used, NULL);
}

/* ---- fields ---- */

static void check_string(const struct yj_json_value *value, int i) {
  size_t want_len, len;
  const char *want = lua_tolstring(L, i, &want_len);
  char *out = malloc(value->len == 0 ? 1 : value->len);
  int halves = 0;
  REQUIRE(out != NULL);
  len = yj_json_unescape(value, out, &halves);
  if (halves)
    len = yj_json_join_halves(out, len, NULL);
  REQUIRE_BYTES(out, len, want, want_len);
  REQUIRE(value->escaped == (memchr(value->text, '\\', value->len) != NULL));
  free(out);
}

static void check_number(const struct yj_json_value *value, int i) {
  char *text = malloc(value->len + 1), *end;
  double number;
  REQUIRE(text != NULL);
  memcpy(text, value->text, value->len);
  text[value->len] = '\0';
  number = strtod(text, &end);
  REQUIRE(end == text + value->len);
  REQUIRE(number == lua_tonumber(L, i) ||
          (number != number && lua_tonumber(L, i) != lua_tonumber(L, i)));
  free(text);
}

static void check_nested(const struct yj_json_value *value) {
  size_t used = 0;
  REQUIRE(*value->text == (value->type == YJ_JSON_ARRAY ? '[' : '{'));
  REQUIRE(judge(value->text, value->len, &used) == YJ_JSON_WHOLE);
  REQUIRE(used == value->len);
}

/* The field against cjson's value at the top, nil where there is none. */
static void check_field(const struct yj_json_value *value) {
  static const int types[] = {LUA_TNIL,     LUA_TLIGHTUSERDATA, LUA_TBOOLEAN,
                              LUA_TBOOLEAN, LUA_TNUMBER,        LUA_TSTRING,
                              LUA_TTABLE,   LUA_TTABLE};
  int i = lua_gettop(L);
  REQUIRE(lua_type(L, i) == types[value->type]);
  REQUIRE(!value->escaped || value->type == YJ_JSON_STRING);
  switch (value->type) {
  case YJ_JSON_FALSE: case YJ_JSON_TRUE:
    REQUIRE(lua_toboolean(L, i) == (value->type == YJ_JSON_TRUE));
    break;
  case YJ_JSON_NUMBER: check_number(value, i); break;
  case YJ_JSON_STRING: check_string(value, i); break;
  case YJ_JSON_OBJECT: case YJ_JSON_ARRAY: check_nested(value); break;
  default: break;
  }
}

/* Puts the member of the table at the top there instead, nil if it has none,
 * or is none, or is not of the kind (cjson makes tables of both kinds: a list
 * has no names, an object no 1). */
static void descend(const char *name, size_t len) {
  if (lua_type(L, -1) != LUA_TTABLE)
    lua_pushnil(L);
  else
    lua_pushlstring(L, name, len), lua_rawget(L, -2);
  lua_remove(L, -2);
}

static void check_fields(const struct yj_json_key *keys,
                         const struct yj_json_value *values) {
  luaL_checkstack(L, 4, "keys nested too deep");
  for (; keys->name != NULL; keys++) {
    lua_pushvalue(L, -1);
    descend(keys->name, keys->name_len);
    if (keys->slot >= 0)
      check_field(&values[keys->slot]);
    if (keys->first && lua_type(L, -1) == LUA_TTABLE)
      lua_rawgeti(L, -1, 1), lua_remove(L, -2);
    if (keys->inside != NULL)
      check_fields(keys->inside, values);
    lua_pop(L, 1);
  }
}

/* ---- verdicts ---- */

static void check_against_cjson(const char *text, size_t len) {
  struct yj_json_value values[FUZZ_SLOTS];
  size_t used = 0, used_too = 0;
  enum yj_json_verdict verdict =
      yj_json_read(text, len, fuzz_keys, values, FUZZ_SLOTS, &used, NULL);
  int is_whole = verdict == YJ_JSON_WHOLE && used == len;
  REQUIRE(judge(text, len, &used_too) == verdict && used_too == used);
  REQUIRE(decode(text, len) == is_whole);
  if (is_whole)
    check_fields(fuzz_keys, values);
  if (verdict == YJ_JSON_WHOLE && used < len)
    REQUIRE(decode(text, used));
}

/* What is said of a prefix holds for the text. */
static void check_prefix(const char *text, size_t len, size_t n) {
  size_t used = 0, used_too = 0;
  enum yj_json_verdict verdict;
  fuzz_hide(text + n, len - n);
  verdict = judge(text, n, &used);
  fuzz_unhide(text + n, len - n);
  if (verdict == YJ_JSON_INVALID)
    REQUIRE(judge(text, len, &used_too) == YJ_JSON_INVALID);
  if (verdict == YJ_JSON_WHOLE && used < n) {
    REQUIRE(judge(text, len, &used_too) == YJ_JSON_WHOLE);
    REQUIRE(used == used_too);
  }
}

/* Adds a byte that belongs to the value; in an order in which each ends
 * something. */
static enum yj_json_verdict add_byte(char *text, size_t *len) {
  static const char order[] = "\"]})0:\\udcrealsnfityTRUEALSNFIY";
  size_t i, used;
  enum yj_json_verdict verdict = YJ_JSON_INVALID;
  ++*len;
  for (i = 0; order[i] != '\0' && verdict == YJ_JSON_INVALID; i++) {
    text[*len - 1] = order[i];
    verdict = judge(text, *len, &used);
    if (verdict == YJ_JSON_WHOLE && used < *len)
      verdict = YJ_JSON_INVALID; /* it is a value without that byte */
  }
  return verdict;
}

static void complete(const char *text, size_t len) {
  char longer[4 * COMPLETED + 16];
  enum yj_json_verdict verdict = YJ_JSON_INCOMPLETE;
  memcpy(longer, text, len);
  while (verdict == YJ_JSON_INCOMPLETE && len < sizeof longer)
    verdict = add_byte(longer, &len);
  if (verdict != YJ_JSON_WHOLE)
    fuzz_show("completed", longer, len);
  REQUIRE(verdict == YJ_JSON_WHOLE);
  REQUIRE(decode(longer, len));
}

/* The next line of the input n times. */
static size_t repeat(struct fuzz_input *in, size_t n, char *out) {
  const char *line = in->text;
  size_t len = 0, i;
  while (in->len > 0 && fuzz_byte(in) != '\n')
    len++;
  if (n * len > LONGEST)
    return 0;
  for (i = 0; i < n; i++)
    memcpy(out + i * len, line, len);
  return n * len;
}

/* Something deep or long: a line once, one about a thousand times, one once,
 * one as often as the second, and one once. */
static void check_large(struct fuzz_input *in) {
  char *text = malloc(5 * LONGEST);
  size_t n = 990 + fuzz_byte(in) % 20, len = 0, i;
  REQUIRE(text != NULL);
  for (i = 0; i < 5; i++)
    len += repeat(in, i % 2 ? n : 1, text + len);
  text = realloc(text, len + (len == 0));
  REQUIRE(text != NULL);
  check_against_cjson(text, len);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {(const char *)data, size};
  unsigned cut = fuzz_byte(&in);
  size_t used;
  if (L == NULL)
    start();
  if (cut == 255) {
    check_large(&in);
    return 0;
  }
  check_against_cjson(in.text, in.len);
  check_prefix(in.text, in.len, cut * (in.len + 1) / 256);
  if (in.len <= COMPLETED &&
      judge(in.text, in.len, &used) == YJ_JSON_INCOMPLETE)
    complete(in.text, in.len);
  return 0;
}
