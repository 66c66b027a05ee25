/* ldecoder: decoder.h for Lua, and what a transfer shares with it. */
#include <string.h>

#include "lcore.h"

static const char *const event_names[] = {
    [YJ_EVENT_PENDING] = "pending",     [YJ_EVENT_CHUNK] = "chunk",
    [YJ_EVENT_DONE] = "done",           [YJ_EVENT_END] = "end",
    [YJ_EVENT_CUT] = "cut",             [YJ_EVENT_BAD] = "bad",
    [YJ_EVENT_TOO_LARGE] = "too_large", [YJ_EVENT_NO_MEMORY] = "no_memory"};

static void push_slice(lua_State *L, const struct yj_slice *s) {
  lua_pushlstring(L, s->text, s->len);
}

static void push_or_nil(lua_State *L, const char *text, size_t len) {
  if (len > 0)
    lua_pushlstring(L, text, len);
  else
    lua_pushnil(L);
}

static void push_buf_or_nil(lua_State *L, const struct yj_buf *b) {
  push_or_nil(L, yj_buf_bytes(b), yj_buf_len(b));
}

/* A userdata, for few readers need the document. LuaJIT hashes twelve bytes of
 * a string, and those of a stream's documents are the same: to make strings of
 * them takes eight times as long. */
static void push_bytes(lua_State *L, const struct yj_slice *s) {
  memcpy(yj_newbytes(L, s->len), s->text, s->len);
}

/* text(bytes) -> the string for what push_bytes() has made [-0, +1, v] */
static int l_text_of_bytes(lua_State *L) {
  lua_settop(L, 1);
  if (lua_type(L, 1) == LUA_TUSERDATA && !lua_getmetatable(L, 1))
    lua_pushlstring(L, lua_touserdata(L, 1), (size_t)lua_rawlen(L, 1));
  else
    luaL_checkstring(L, 1);
  return 1;
}

/* nil, name[, the text that is not JSON, or set aside]     [-0, +2|3, m] */
static int push_no_chunk(lua_State *L, enum yj_event event,
                         const struct yj_decoder *d) {
  int is_broken = event == YJ_EVENT_BAD || event == YJ_EVENT_CUT;
  lua_pushnil(L);
  lua_pushstring(L, event_names[event]);
  if (event == YJ_EVENT_PENDING)
    return 2;
  push_buf_or_nil(L, is_broken ? &d->pending : &d->aside);
  return 3;
}

/* true: odd; "failing": more than that; false              [-0, +1, m] */
static void push_odd_mark(lua_State *L, const struct yj_chunk *chunk) {
  if (chunk->odd == YJ_FAILING)
    lua_pushliteral(L, "failing");
  else
    lua_pushboolean(L, chunk->odd);
}

/* content, json, reasoning?, has usage, odd                [-0, +5, m] */
static int push_chunk(lua_State *L, int as_bytes,
                      const struct yj_chunk *chunk) {
  push_slice(L, &chunk->content);
  (as_bytes ? push_bytes : push_slice)(L, &chunk->json);
  push_or_nil(L, chunk->reasoning.text, chunk->reasoning.len);
  lua_pushboolean(L, chunk->usage);
  push_odd_mark(L, chunk);
  return 5;
}

/* nil, "odd", json, odd                                    [-0, +4, m] */
static int push_odd(lua_State *L, const struct yj_chunk *chunk) {
  lua_pushnil(L);
  lua_pushliteral(L, "odd");
  push_slice(L, &chunk->json);
  push_odd_mark(L, chunk);
  return 4;
}

int yj_push_event(lua_State *L, enum yj_wanted wanted, int as_bytes,
                  enum yj_event event, const struct yj_chunk *chunk,
                  const struct yj_decoder *d) {
  if (event != YJ_EVENT_CHUNK)
    return push_no_chunk(L, event, d);
  if (wanted == YJ_CHUNKS)
    return push_chunk(L, as_bytes, chunk);
  if (chunk->odd)
    return push_odd(L, chunk);
  push_slice(L, &chunk->content);
  return 1;
}

/* Of a Transfer as well, for yj_stream_methods.            [-0, +0, v] */
static struct yj_decoder *check(lua_State *L) {
  return yj_check_self(L, YJ_DECODER_MT);
}

static struct yj_decoder *check_open(lua_State *L) {
  struct yj_decoder *d = check(L);
  luaL_argcheck(L, !d->closed, 1, "it is closed");
  return d;
}

/* One that nobody else is reading. */
static struct yj_decoder *check_free(lua_State *L) {
  struct yj_decoder *d = check(L);
  if (d->pins > 0)
    luaL_error(L, YJ_IS_READ);
  return d;
}

/* summary() -> content, reasoning?, the first chunks with their names, one
 * behind the other?, json of the last chunk (of the last that has a usage)?
 *                                                          [-0, +4, v] */
static int l_summary(lua_State *L) {
  struct yj_decoder *d = check_open(L);
  yj_decoder_pin(d);
  lua_pushlstring(L, yj_buf_bytes(&d->content), yj_buf_len(&d->content));
  push_buf_or_nil(L, &d->reasoning);
  push_buf_or_nil(L, &d->first);
  push_buf_or_nil(L, yj_decoder_tail(d));
  yj_decoder_unpin(d);
  return 4;
}

/* outline() -> finished, begun, whether there is any content, json of the last
 * chunk that has a usage?: without the text, which may be long
 *                                                          [-0, +4, v] */
static int l_outline(lua_State *L) {
  struct yj_decoder *d = check_open(L);
  lua_pushboolean(L, d->finished);
  lua_pushboolean(L, d->begun);
  lua_pushboolean(L, yj_buf_len(&d->content) > 0);
  yj_decoder_pin(d);
  push_or_nil(L, yj_buf_bytes(&d->tail),
              d->tail_usage ? yj_buf_len(&d->tail) : 0);
  yj_decoder_unpin(d);
  return 4;
}

/* usual() -> how many chunks were not odd, bytes of content and of reasoning
 * so far                                                   [-0, +3, v] */
static int l_usual(lua_State *L) {
  const struct yj_decoder *d = check_open(L);
  lua_pushinteger(L, (lua_Integer)d->usual);
  lua_pushinteger(L, (lua_Integer)yj_buf_len(&d->content));
  lua_pushinteger(L, (lua_Integer)yj_buf_len(&d->reasoning));
  return 3;
}

/* add(content, reasoning[, finished]) -> both, joined: what was in an odd
 * chunk, and whether the answer is complete now            [-0, +2, v] */
static int l_add(lua_State *L) {
  struct yj_decoder *d = check_open(L);
  struct yj_slice content, reasoning;
  content.text = luaL_checklstring(L, 2, &content.len);
  reasoning.text = luaL_checklstring(L, 3, &reasoning.len);
  check_free(L);
  if (!lua_isnoneornil(L, 4))
    d->finished = lua_toboolean(L, 4) != 0;
  if (!yj_decoder_add(d, &content, &reasoning))
    return luaL_error(L, "not enough memory");
  yj_decoder_pin(d);
  push_slice(L, &content);
  push_slice(L, &reasoning);
  yj_decoder_unpin(d);
  return 2;
}

/* watch(is_on): each chunk is odd from now on, or those that look odd again
 *                                                          [-0, +0, v] */
static int l_watch(lua_State *L) {
  check_open(L)->watched = lua_toboolean(L, 2) != 0;
  return 0;
}

const luaL_Reg yj_stream_methods[] = {{"summary", l_summary},
                                      {"outline", l_outline},
                                      {"usual", l_usual},
                                      {"add", l_add},
                                      {"watch", l_watch},
                                      {NULL, NULL}};

/* decoder([limit]) -> Decoder; limit in bytes of one event [-0, +1, v] */
static int l_decoder(lua_State *L) {
  lua_Number limit = luaL_optnumber(L, 1, 0);
  struct yj_decoder *d;
  luaL_argcheck(L, limit >= 0 && limit < 1e15, 1, "limit out of range");
  d = yj_newuserdata(L, sizeof *d);
  memset(d, 0, sizeof *d);
  luaL_setmetatable(L, YJ_DECODER_MT);
  d->limit = (size_t)limit;
  return 1;
}

/* feed(bytes)                                              [-0, +0, v] */
static int l_feed(lua_State *L) {
  size_t n;
  struct yj_decoder *d = check_free(L);
  const char *bytes = luaL_checklstring(L, 2, &n);
  if (!yj_decoder_feed(d, bytes, n))
    return luaL_error(L, "not enough memory");
  return 0;
}

/* finish(): no more bytes will come                        [-0, +0, v] */
static int l_finish(lua_State *L) {
  yj_decoder_end(check(L));
  return 0;
}

static int read_on(lua_State *L, enum yj_wanted wanted) {
  struct yj_decoder *d = check_free(L);
  struct yj_chunk chunk;
  enum yj_event event = yj_decoder_next(d, wanted, &chunk);
  int n;
  yj_decoder_pin(d);
  n = yj_push_event(L, wanted, lua_toboolean(L, 2), event, &chunk, d);
  yj_decoder_unpin(d);
  return n;
}

/* next([as_bytes]) -> content, json (as bytes for text()), reasoning?,
 *          has usage, odd
 *        | nil, "pending"
 *        | nil, "done" | "end" | "too_large" | "no_memory", set aside?
 *        | nil, "bad" | "cut", text                        [-0, +n, m] */
static int l_next(lua_State *L) { return read_on(L, YJ_CHUNKS); }

/* text() -> the next text that is not empty | nil, "odd", json, odd
 *         | nil, ... as next()                             [-0, +n, m] */
static int l_text(lua_State *L) { return read_on(L, YJ_TEXTS); }

/* drain() -> nil, "odd", json, odd | nil, ... as next(): reads chunks away
 * until there is something else                            [-0, +n, m] */
static int l_drain(lua_State *L) { return read_on(L, YJ_ODDITIES); }

/* close() and __close                                      [-0, +0, v] */
static int l_close(lua_State *L) {
  yj_decoder_close(check(L));
  return 0;
}

static int l_collect(lua_State *L) {
  yj_decoder_free(check(L));
  return 0;
}

static const luaL_Reg methods[] = {
    {"feed", l_feed}, {"finish", l_finish}, {"next", l_next}, {"text", l_text},
    {"drain", l_drain}, {"close", l_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"decoder", l_decoder}, {"text", l_text_of_bytes}, {NULL, NULL}};

void yj_open_decoder(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  yj_new_class(L, YJ_DECODER_MT, methods, l_close, l_collect);
  yj_add_methods(L, YJ_DECODER_MT, yj_stream_methods);
}
