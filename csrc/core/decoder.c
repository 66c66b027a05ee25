#include "decoder.h"

#include <string.h>

#define DEFAULT_LIMIT ((size_t)16 << 20)
#define FIELD_NAME ((size_t)6)          /* "data: " */
#define ORDER_MARK ((size_t)3)          /* "\xEF\xBB\xBF" */
#define FOREIGN_LIMIT ((size_t)8 << 10) /* enough of an error page to show */

enum slot {
  DELTA_CONTENT,
  CHOICE_TEXT,
  TOP_CONTENT,
  DELTA_REASONING,
  DELTA_REASONING_TOO,
  TOP_REASONING,
  N_TEXTS,
  FINISH_REASON = N_TEXTS,
  FINISH,
  USAGE,
  FIRST_ODD,
  ERROR = FIRST_ODD,
  STATUS,
  TASKSTATUS,
  SUCCESS,
  ERRCODE,
  TASKID,
  N_SLOTS
};

#define KEY(name, slot, inside) \
  {(name), sizeof(name) - 1, 0, 0, (slot), (inside)}
#define FIRST_OF(name, inside) \
  {(name), sizeof(name) - 1, 1, 0, -1, (inside)}
#define ZERO(name) {(name), sizeof(name) - 1, 0, 1, -1, NULL}
#define USUAL(name) KEY(name, -1, NULL)
#define END_OF_KEYS {NULL, 0, 0, 0, -1, NULL}

static const struct yj_json_key delta_keys[] = {
    KEY("content", DELTA_CONTENT, NULL), USUAL("role"),
    KEY("reasoning_content", DELTA_REASONING, NULL),
    KEY("reasoning", DELTA_REASONING_TOO, NULL), END_OF_KEYS};

static const struct yj_json_key choice_keys[] = {
    KEY("delta", -1, delta_keys), ZERO("index"),
    KEY("finish_reason", FINISH_REASON, NULL), KEY("text", CHOICE_TEXT, NULL),
    END_OF_KEYS};

/* What a usual chunk of the platform, or of OpenAI's, has
 * (docs/platform.md#chat-streams). From `error` on a value makes it odd. */
static const struct yj_json_key chunk_keys[] = {
    FIRST_OF("choices", choice_keys),
    KEY("content", TOP_CONTENT, NULL),
    KEY("reasoning_content", TOP_REASONING, NULL),
    KEY("finish", FINISH, NULL),
    KEY("usage", USAGE, NULL),
    USUAL("id"),
    USUAL("object"),
    USUAL("created"),
    USUAL("model"),
    USUAL("llmusageid"),
    USUAL("system_fingerprint"),
    USUAL("service_tier"),
    KEY("error", ERROR, NULL),
    KEY("status", STATUS, NULL),
    KEY("taskstatus", TASKSTATUS, NULL),
    KEY("success", SUCCESS, NULL),
    KEY("errcode", ERRCODE, NULL),
    KEY("taskid", TASKID, NULL),
    END_OF_KEYS};

int yj_decoder_feed(struct yj_decoder *d, const char *bytes, size_t n) {
  if (d->verdict != YJ_EVENT_PENDING)
    return 1;
  return yj_buf_append(&d->inbox, bytes, n);
}

void yj_decoder_end(struct yj_decoder *d) { d->ended = 1; }

int yj_decoder_has_unread(const struct yj_decoder *d) {
  return d->verdict == YJ_EVENT_PENDING &&
         (d->several || yj_sse_has_data(&d->sse, &d->inbox));
}

void yj_decoder_close(struct yj_decoder *d) {
  d->closed = 1;
  d->verdict = YJ_EVENT_END;
  if (d->pins == 0)
    yj_decoder_free(d);
}

void yj_decoder_unpin(struct yj_decoder *d) {
  if (--d->pins > 0)
    return;
  if (d->closed)
    yj_decoder_free(d);
  if (d->on_unpin != NULL)
    d->on_unpin(d);
}

void yj_decoder_free(struct yj_decoder *d) {
  d->pins = 0;
  yj_buf_free(&d->inbox);
  yj_buf_free(&d->pending);
  yj_buf_free(&d->content);
  yj_buf_free(&d->reasoning);
  yj_buf_free(&d->first);
  yj_buf_free(&d->aside);
  yj_buf_free(&d->tail);
  yj_shape_free(&d->shape);
}

static enum yj_event end_with(struct yj_decoder *d, enum yj_event verdict) {
  d->verdict = verdict;
  yj_buf_free(&d->inbox);
  return verdict;
}

enum yj_event yj_decoder_give_up(struct yj_decoder *d) {
  return end_with(d, YJ_EVENT_NO_MEMORY);
}

static size_t limit_of(const struct yj_decoder *d) {
  return d->limit == 0 ? DEFAULT_LIMIT : d->limit;
}

static int is_there(const struct yj_json_value *v) {
  return v->type != YJ_JSON_ABSENT && v->type != YJ_JSON_NULL;
}

static int is_text(const struct yj_json_value *v) {
  return v->type == YJ_JSON_STRING && v->len > 0;
}

/* The first of three places that has a string: the others are copies of it. */
static const struct yj_json_value *pick(const struct yj_json_value *values) {
  int i;
  for (i = 0; i < 2; i++)
    if (is_text(&values[i]))
      break;
  return &values[i];
}

/* Some vendors send null as a word: "", "null", "None". */
static int is_null_word(const struct yj_json_value *v) {
  char word[4];
  size_t i;
  if (v->len != 0 && v->len != sizeof word)
    return 0;
  for (i = 0; i < v->len; i++)
    word[i] = (char)(v->text[i] | 0x20);
  return v->len == 0 || memcmp(word, "null", 4) == 0 ||
         memcmp(word, "none", 4) == 0;
}

static int is_digit(const struct yj_json_value *v, char digit) {
  return v->len == 1 && v->text[0] == digit;
}

static int has_reason(const struct yj_json_value *values) {
  return is_there(&values[FINISH_REASON]) &&
         !is_null_word(&values[FINISH_REASON]);
}

/* Whether a chunk has more than texts and a usage. */
static int looks_odd(const struct yj_json_value *values,
                             const struct yj_json_rest *rest) {
  int known = is_there(&values[USAGE]), i;
  for (i = 0; i < N_TEXTS; i++) {
    if (is_there(&values[i]) && values[i].type != YJ_JSON_STRING)
      return 1;
    known |= values[i].type == YJ_JSON_STRING;
  }
  for (i = FIRST_ODD; i < N_SLOTS; i++)
    if (is_there(&values[i]))
      return 1;
  return !known || rest->inside;
}

/* A chunk that looks like the one before is as odd as that, unless its texts
 * make a difference: without any, the rest may be a failure; with finish "1"
 * they may be those of the whole stream once more. */
static int is_odd(const struct yj_decoder *d,
                  const struct yj_json_value *values,
                  const struct yj_json_rest *rest, int has_text) {
  if ((!rest->same || d->shape_odd) && looks_odd(values, rest))
    return 1;
  return (rest->top && !has_text) || has_reason(values) ||
         (has_text && is_digit(&values[FINISH], '1'));
}

/* Makes UTF-8 of a text that has halves of pairs, behind the half that waits
 * in *half. A first half at its end waits there next. */
static size_t join_halves(char *room, size_t n, uint16_t *half) {
  char before[3];
  size_t m = yj_json_put_half(before, *half);
  memmove(room + m, room, n);
  memcpy(room, before, m);
  return yj_json_join_halves(room, m + n, half);
}

/* Writes the text behind those so far; the slice becomes what was written, and
 * has to be committed. 0: no memory. */
static inline int write_text(struct yj_buf *text, uint16_t *half,
                             const struct yj_json_value *value, int halves,
                             struct yj_slice *slice) {
  char *room = yj_buf_reserve(text, value->len + 3);
  size_t n;
  if (room == NULL)
    return 0;
  n = yj_json_unescape(value, room, &halves);
  if (halves || *half != 0)
    n = join_halves(room, n, half);
  slice->text = room;
  slice->len = n;
  return 1;
}

/* Whether a text begins with all so far: it may be the whole once more. */
static inline int grows(const struct yj_buf *text,
                        const struct yj_slice *slice) {
  size_t len = yj_buf_len(text);
  return slice->len > len && len > 0 &&
         memcmp(slice->text, yj_buf_bytes(text), len) == 0;
}

static int add_text(struct yj_buf *text, uint16_t *half,
                    struct yj_slice *slice) {
  struct yj_json_value value = {YJ_JSON_STRING, 0, slice->text, slice->len};
  if (value.len == 0)
    return 1;
  if (!write_text(text, half, &value, 1, slice))
    return 0;
  yj_buf_commit(text, slice->len);
  return 1;
}

int yj_decoder_add(struct yj_decoder *d, struct yj_slice *content,
                   struct yj_slice *reasoning) {
  d->begun = d->progress = 1;
  return add_text(&d->content, &d->content_half, content) &&
         add_text(&d->reasoning, &d->reasoning_half, reasoning);
}

static const struct yj_slice nothing = {"", 0};

/* At the end of the bytes half a pair becomes U+FFFD. */
static int flush_halves(struct yj_decoder *d, struct yj_chunk *chunk) {
  static const char replacement[] = "\xEF\xBF\xBD";
  static const struct yj_slice document = {"{}", 2};
  struct yj_slice text = {replacement, 3};
  memset(chunk, 0, sizeof *chunk);
  chunk->json = document;
  chunk->content = d->content_half != 0 ? text : nothing;
  chunk->reasoning = d->reasoning_half != 0 ? text : nothing;
  d->content_half = d->reasoning_half = 0;
  return yj_decoder_add(d, &chunk->content, &chunk->reasoning);
}

/* The shape has the last chunk already, if it could keep it. A chunk with a
 * usage stays when others follow. */
static int keep_tail(struct yj_decoder *d, const struct yj_chunk *chunk,
                     int in_shape) {
  if (d->tail_usage && !chunk->usage)
    return 1;
  d->tail_usage = chunk->usage;
  d->tail_in_shape = (unsigned char)(in_shape && !chunk->usage);
  if (d->tail_in_shape)
    return 1;
  yj_buf_clear(&d->tail);
  return yj_buf_append(&d->tail, chunk->json.text, chunk->json.len);
}

const struct yj_buf *yj_decoder_tail(const struct yj_decoder *d) {
  return d->tail_in_shape ? &d->shape.text : &d->tail;
}

/* Keeps a chunk whose set of names is new (0: that of the chunk before). */
static int keep_first(struct yj_decoder *d, const struct yj_chunk *chunk,
                      uint64_t names) {
  int i;
  if (names == 0 || d->n_names == YJ_NAMES)
    return 1;
  for (i = 0; i < d->n_names; i++)
    if (d->names[i] == names)
      return 1;
  d->names[d->n_names++] = names;
  return yj_buf_append(&d->first, chunk->json.text, chunk->json.len);
}

/* After more text the answer is not complete any more. */
static void note_state(struct yj_decoder *d, struct yj_chunk *chunk,
                       const struct yj_json_value *values, int has_text) {
  if (has_text)
    d->finished = 0;
  else if (is_digit(&values[FINISH], '1'))
    d->finished = 1;
  d->progress |= has_text || !d->begun || (chunk->usage && !d->tail_usage);
  d->begun = 1;
  d->usual++;
}

/* Adds the texts of a chunk to those so far. 0: no memory. A chunk that begins
 * with all of them becomes odd, and nothing is added. */
static int keep_texts(struct yj_decoder *d, struct yj_chunk *chunk,
                      const struct yj_json_value *content,
                      const struct yj_json_value *reasoning) {
  uint16_t content_half = d->content_half, reasoning_half = d->reasoning_half;
  if ((is_text(content) && !write_text(&d->content, &d->content_half, content,
                                       0, &chunk->content)) ||
      (is_text(reasoning) && !write_text(&d->reasoning, &d->reasoning_half,
                                         reasoning, 0, &chunk->reasoning)))
    return 0;
  if (grows(&d->content, &chunk->content) ||
      grows(&d->reasoning, &chunk->reasoning)) {
    d->content_half = content_half;
    d->reasoning_half = reasoning_half;
    chunk->content = chunk->reasoning = nothing;
    chunk->odd = YJ_ODD;
  }
  yj_buf_commit(&d->content, chunk->content.len);
  yj_buf_commit(&d->reasoning, chunk->reasoning.len);
  return 1;
}

static enum yj_event fill_chunk(struct yj_decoder *d, struct yj_chunk *chunk,
                                const struct yj_json_value *values,
                                const struct yj_json_rest *rest,
                                int in_shape) {
  const struct yj_json_value *content = pick(values + DELTA_CONTENT);
  const struct yj_json_value *reasoning = pick(values + DELTA_REASONING);
  int has_text = is_text(content) || is_text(reasoning), kept = 1;
  chunk->content = chunk->reasoning = nothing;
  chunk->usage = is_there(&values[USAGE]) != 0;
  chunk->odd = is_odd(d, values, rest, has_text) != 0;
  if (in_shape)
    d->shape_odd = chunk->odd;
  if (d->sse.failing || d->watched)
    chunk->odd = d->sse.failing ? YJ_FAILING : YJ_ODD;
  if (!chunk->odd)
    kept = keep_texts(d, chunk, content, reasoning);
  if (kept && !chunk->odd) { /* its texts are new */
    note_state(d, chunk, values, has_text);
    kept = keep_first(d, chunk, rest->names);
  }
  if (!kept || !keep_tail(d, chunk, in_shape))
    return end_with(d, YJ_EVENT_NO_MEMORY);
  return YJ_EVENT_CHUNK;
}

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(struct yj_slice *s) {
  while (s->len > 0 && is_blank(s->text[0])) {
    s->text++;
    s->len--;
  }
  while (s->len > 0 && is_blank(s->text[s->len - 1]))
    s->len--;
}

/* [DONE], or the same as a JSON string. */
static inline int is_done_mark(const struct yj_slice *s) {
  return (s->len == 6 && memcmp(s->text, "[DONE]", 6) == 0) ||
         (s->len == 8 && memcmp(s->text, "\"[DONE]\"", 8) == 0);
}

/* Counts the brackets of what is added to pending, so that a value of many
 * lines is read once, when it can be whole. */
static void follow(struct yj_decoder *d, const char *text, size_t len) {
  size_t i;
  for (i = 0; i < len; i++) {
    char c = text[i];
    if (d->in_escape)
      d->in_escape = 0;
    else if (d->in_string && c == '\\')
      d->in_escape = 1;
    else if (c == '"')
      d->in_string = !d->in_string;
    else if (!d->in_string && (c == '{' || c == '['))
      d->depth++;
    else if (!d->in_string && (c == '}' || c == ']') && d->depth > 0)
      d->depth--;
  }
}

static void forget_pending(struct yj_decoder *d) {
  yj_buf_clear(&d->pending);
  d->depth = 0;
  d->in_string = d->in_escape = d->several = 0;
}

/* Adds a line to pending; PENDING, or why not. */
static enum yj_event hold(struct yj_decoder *d, const struct yj_slice *line) {
  size_t len = yj_buf_len(&d->pending), limit = limit_of(d);
  if (len >= limit || line->len > limit - len)
    return end_with(d, YJ_EVENT_TOO_LARGE);
  if (len > 0 && !yj_buf_append(&d->pending, "\n", 1))
    return end_with(d, YJ_EVENT_NO_MEMORY);
  if (!yj_buf_append(&d->pending, line->text, line->len))
    return end_with(d, YJ_EVENT_NO_MEMORY);
  return YJ_EVENT_PENDING;
}

/* Ends with that verdict, and the text in pending. */
static enum yj_event refuse(struct yj_decoder *d, const struct yj_slice *text,
                            enum yj_event verdict) {
  forget_pending(d);
  if (!yj_buf_append(&d->pending, text->text, text->len))
    return end_with(d, YJ_EVENT_NO_MEMORY);
  return end_with(d, verdict);
}

static enum yj_event refuse_aside(struct yj_decoder *d) {
  struct yj_slice text = {yj_buf_bytes(&d->aside), yj_buf_len(&d->aside)};
  return refuse(d, &text, YJ_EVENT_BAD);
}

/* Keeps a bare line that is no JSON. When a body has nothing else, as an error
 * page, this ends it at a limit. */
static enum yj_event set_aside(struct yj_decoder *d,
                               const struct yj_slice *line) {
  size_t len = yj_buf_len(&d->aside);
  if (len > FOREIGN_LIMIT && d->begun)
    return YJ_EVENT_PENDING;
  if (!yj_buf_append(&d->aside, line->text, line->len) ||
      !yj_buf_append(&d->aside, "\n", 1))
    return end_with(d, YJ_EVENT_NO_MEMORY);
  return len > FOREIGN_LIMIT ? refuse_aside(d) : YJ_EVENT_PENDING;
}

/* A line outside any value. */
static enum yj_event read_line(struct yj_decoder *d, struct yj_slice *line,
                               int bare, struct yj_chunk *chunk) {
  struct yj_json_value values[N_SLOTS];
  struct yj_json_rest rest;
  size_t used = 0;
  struct yj_slice more;
  switch (yj_shape_read(&d->shape, line->text, line->len, chunk_keys, values,
                        N_SLOTS, &used, &rest)) {
  case YJ_JSON_WHOLE:
    chunk->json.text = line->text;
    chunk->json.len = used;
    more.text = line->text + used;
    more.len = line->len - used;
    d->several = more.len > 0;
    d->bare = bare != 0;
    if (d->several && hold(d, &more) != YJ_EVENT_PENDING)
      return d->verdict;
    return fill_chunk(d, chunk, values, &rest, d->shape.is_last);
  case YJ_JSON_INCOMPLETE:
    d->bare = bare != 0;
    follow(d, line->text, line->len);
    return hold(d, line);
  default:
    if (bare)
      return d->begun ? refuse(d, line, YJ_EVENT_BAD) : set_aside(d, line);
    memset(chunk, 0, sizeof *chunk);
    chunk->json = *line;
    chunk->odd = d->sse.failing ? YJ_FAILING : YJ_ODD;
    return YJ_EVENT_CHUNK;
  }
}

/* Reads what is in pending; `unfit` is the verdict if its value is not whole
 * and no line can complete it. */
static enum yj_event read_pending(struct yj_decoder *d, enum yj_event unfit,
                                  struct yj_chunk *chunk) {
  struct yj_json_value values[N_SLOTS];
  struct yj_json_rest rest;
  size_t used = 0;
  struct yj_slice text = {yj_buf_bytes(&d->pending), yj_buf_len(&d->pending)};
  enum yj_event event;
  switch (yj_json_read(text.text, text.len, chunk_keys, values, N_SLOTS,
                       &used, &rest)) {
  case YJ_JSON_WHOLE:
    chunk->json.text = text.text;
    chunk->json.len = used;
    event = fill_chunk(d, chunk, values, &rest, 0);
    /* NB: consuming moves indices, not the bytes of the chunk's slice */
    yj_buf_consume(&d->pending, used);
    d->several = yj_buf_len(&d->pending) > 0;
    d->depth = 0;
    d->in_string = d->in_escape = 0;
    return event;
  case YJ_JSON_INCOMPLETE:
    if (!d->several)
      return end_with(d, unfit);
    d->several = 0;
    follow(d, text.text, text.len);
    return YJ_EVENT_PENDING;
  default:
    return end_with(d, is_done_mark(&text) ? YJ_EVENT_DONE : YJ_EVENT_BAD);
  }
}

/* A line while a value is open: it may be its next part. */
static enum yj_event extend(struct yj_decoder *d, const struct yj_slice *line,
                            struct yj_chunk *chunk) {
  size_t depth = d->depth;
  if (hold(d, line) != YJ_EVENT_PENDING)
    return d->verdict;
  follow(d, line->text, line->len);
  if (depth > 0 && d->depth == 0 && !d->in_string)
    return read_pending(d, YJ_EVENT_BAD, chunk);
  return YJ_EVENT_PENDING;
}

/* Whether a bare line is JSON: it begins with a bracket, or follows such a
 * line. */
static int is_json(const struct yj_decoder *d, const struct yj_slice *line) {
  if (yj_buf_len(&d->pending) > 0)
    return d->bare;
  return line->len > 0 && (*line->text == '{' || *line->text == '[');
}

/* After [DONE] inside a value the rest of that value is lost: BAD. */
static enum yj_event take_line(struct yj_decoder *d, struct yj_slice *line,
                               enum yj_line kind, struct yj_chunk *chunk) {
  int is_open = yj_buf_len(&d->pending) > 0;
  if (line->len > limit_of(d))
    return end_with(d, YJ_EVENT_TOO_LARGE);
  trim(line);
  if (is_done_mark(line) && !d->in_string)
    return end_with(d, is_open ? YJ_EVENT_BAD : YJ_EVENT_DONE);
  if (kind == YJ_LINE_BARE && !is_json(d, line))
    return set_aside(d, line);
  if (is_open)
    return kind == YJ_LINE_BLANK ? read_pending(d, YJ_EVENT_BAD, chunk)
                                 : extend(d, line, chunk);
  if (line->len == 0)
    return YJ_EVENT_PENDING;
  return read_line(d, line, kind == YJ_LINE_BARE, chunk);
}

static enum yj_event at_end(struct yj_decoder *d, struct yj_chunk *chunk) {
  if (yj_buf_len(&d->pending) > 0)
    return read_pending(d, YJ_EVENT_CUT, chunk);
  if (!d->begun && yj_buf_len(&d->aside) > 0)
    return refuse_aside(d);
  return end_with(d, YJ_EVENT_END);
}

/* Whether the line that has not ended yet is longer than any that may come. The
 * field's name and a byte order mark do not count. */
static int is_line_too_long(const struct yj_decoder *d) {
  size_t len = yj_buf_len(&d->inbox), most = limit_of(d) + FIELD_NAME;
  return len > most && (len > most + ORDER_MARK ||
                        (unsigned char)*yj_buf_bytes(&d->inbox) != 0xEF);
}

static enum yj_event next_event(struct yj_decoder *d, struct yj_chunk *chunk) {
  struct yj_slice line;
  enum yj_line kind;
  enum yj_event event = d->verdict;
  if (event == YJ_EVENT_PENDING && d->several)
    event = read_pending(d, YJ_EVENT_BAD, chunk);
  while (event == YJ_EVENT_PENDING) {
    kind = yj_sse_next(&d->sse, &d->inbox, d->ended, &line);
    if (kind != YJ_LINE_MORE)
      event = take_line(d, &line, kind, chunk);
    else if (d->ended)
      event = at_end(d, chunk);
    else if (is_line_too_long(d))
      event = end_with(d, YJ_EVENT_TOO_LARGE);
    else
      break;
  }
  if (event > YJ_EVENT_CHUNK && (d->content_half | d->reasoning_half) != 0 &&
      flush_halves(d, chunk))
    return YJ_EVENT_CHUNK;
  return event;
}

static int is_wanted(enum yj_wanted wanted, const struct yj_chunk *chunk) {
  return wanted == YJ_CHUNKS || chunk->odd ||
         (wanted == YJ_TEXTS && chunk->content.len > 0);
}

enum yj_event yj_decoder_next(struct yj_decoder *d, enum yj_wanted wanted,
                              struct yj_chunk *chunk) {
  enum yj_event event;
  do
    event = next_event(d, chunk);
  while (event == YJ_EVENT_CHUNK && !is_wanted(wanted, chunk));
  return event;
}
