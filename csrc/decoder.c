#include "decoder.h"

#include <string.h>

#define DEFAULT_LIMIT ((size_t)16 << 20)
#define FIELD_NAME ((size_t)6)          /* data: and a blank */
#define MOST_WARM ((size_t)512)         /* as long as most chunks are */
#define FOREIGN_LIMIT ((size_t)8 << 10) /* enough of an error page to show */

enum slot {
  DELTA_CONTENT,
  MESSAGE_CONTENT,
  TOP_CONTENT,
  DELTA_REASONING,
  MESSAGE_REASONING,
  TOP_REASONING,
  FINISH_REASON,
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

#define KEY(name, slot, inside) {(name), sizeof(name) - 1, 0, (slot), (inside)}
#define FIRST_OF(name, inside) {(name), sizeof(name) - 1, 1, -1, (inside)}
#define END_OF_KEYS {NULL, 0, 0, -1, NULL}

static const struct yj_json_key delta_keys[] = {
    KEY("content", DELTA_CONTENT, NULL),
    KEY("reasoning_content", DELTA_REASONING, NULL), END_OF_KEYS};

static const struct yj_json_key message_keys[] = {
    KEY("content", MESSAGE_CONTENT, NULL),
    KEY("reasoning_content", MESSAGE_REASONING, NULL), END_OF_KEYS};

static const struct yj_json_key choice_keys[] = {
    KEY("delta", -1, delta_keys), KEY("message", -1, message_keys),
    KEY("finish_reason", FINISH_REASON, NULL), END_OF_KEYS};

/* Where a chunk of the platform keeps what a stream needs (PLATFORM.md
 * section 5). The odd ones stand in no healthy chunk: whoever finds one takes
 * the trouble of a full decode. */
static const struct yj_json_key chunk_keys[] = {
    FIRST_OF("choices", choice_keys),
    KEY("content", TOP_CONTENT, NULL),
    KEY("reasoning_content", TOP_REASONING, NULL),
    KEY("finish", FINISH, NULL),
    KEY("usage", USAGE, NULL),
    KEY("error", ERROR, NULL),
    KEY("status", STATUS, NULL),
    KEY("taskstatus", TASKSTATUS, NULL),
    KEY("success", SUCCESS, NULL),
    KEY("errcode", ERRCODE, NULL),
    KEY("taskid", TASKID, NULL),
    END_OF_KEYS};

/* With many streams the cache has forgotten what a reader touches soon. */
static void warm(const struct yj_decoder *d) {
  yj_buf_warm(&d->shape.text, 0, MOST_WARM);
  yj_buf_warm(&d->content, d->content.tail, 1);
}

int yj_decoder_feed(struct yj_decoder *d, const char *bytes, size_t n) {
  if (d->verdict != YJ_EVENT_PENDING)
    return 1;
  warm(d);
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
  if (--d->pins == 0 && d->closed)
    yj_decoder_free(d);
}

void yj_decoder_free(struct yj_decoder *d) {
  d->pins = 0;
  yj_buf_free(&d->inbox);
  yj_buf_free(&d->pending);
  yj_buf_free(&d->content);
  yj_buf_free(&d->reasoning);
  yj_buf_free(&d->finish_reason);
  yj_buf_free(&d->tail);
  yj_shape_free(&d->shape);
}

/* A final verdict stays; the bytes that led to a bad one stay in pending. */
static enum yj_event settle(struct yj_decoder *d, enum yj_event verdict) {
  d->verdict = verdict;
  yj_buf_free(&d->inbox);
  return verdict;
}

enum yj_event yj_decoder_give_up(struct yj_decoder *d) {
  return settle(d, YJ_EVENT_NO_MEMORY);
}

static size_t limit_of(const struct yj_decoder *d) {
  return d->limit == 0 ? DEFAULT_LIMIT : d->limit;
}

static int is_there(const struct yj_json_value *v) {
  return v->type != YJ_JSON_ABSENT && v->type != YJ_JSON_NULL;
}

/* The string among three places to look: the copies in a chunk are never
 * added up (PLATFORM.md section 5). */
static const struct yj_json_value *pick(const struct yj_json_value *values) {
  int i;
  for (i = 0; i < 2; i++)
    if (values[i].type == YJ_JSON_STRING && values[i].len > 0)
      break;
  return &values[i];
}

/* Adds the string to `text` and says where it stands there; 0: no memory. */
static int keep_text(struct yj_buf *text, const struct yj_json_value *value,
                     struct yj_slice *slice) {
  char *room;
  slice->text = "";
  slice->len = 0;
  if (value->type != YJ_JSON_STRING || value->len == 0)
    return 1;
  room = yj_buf_reserve(text, value->len);
  if (room == NULL)
    return 0;
  slice->text = room;
  slice->len = yj_json_unescape(value, room);
  yj_buf_commit(text, slice->len);
  return 1;
}

/* The last chunk is the shape's last document already, unless that could not
 * keep it; one that has a usage stays when others follow. */
static int keep_tail(struct yj_decoder *d, const struct yj_chunk *chunk,
                     int in_shape) {
  if (d->tail_usage && !chunk->usage)
    return 1;
  d->tail_usage = (unsigned char)chunk->usage;
  d->tail_in_shape = (unsigned char)(in_shape && !chunk->usage);
  if (d->tail_in_shape)
    return 1;
  yj_buf_clear(&d->tail);
  return yj_buf_append(&d->tail, chunk->json.text, chunk->json.len);
}

const struct yj_buf *yj_decoder_tail(const struct yj_decoder *d) {
  return d->tail_in_shape ? &d->shape.text : &d->tail;
}

static int keep_finish(struct yj_decoder *d, const struct yj_json_value *values,
                       struct yj_chunk *chunk) {
  const struct yj_json_value *reason = &values[FINISH_REASON];
  const struct yj_json_value *finish = &values[FINISH];
  chunk->finish_reason.text = "";
  chunk->finish_reason.len = 0;
  if (finish->len == 1 && finish->text[0] == '1')
    d->finished = 1;
  if (reason->type != YJ_JSON_STRING || reason->len == 0)
    return 1;
  d->finished = 1;
  yj_buf_clear(&d->finish_reason);
  return keep_text(&d->finish_reason, reason, &chunk->finish_reason);
}

static enum yj_event fill_chunk(struct yj_decoder *d, struct yj_chunk *chunk,
                                const struct yj_json_value *values,
                                int in_shape) {
  int i;
  chunk->usage = is_there(&values[USAGE]);
  chunk->odd = 0;
  for (i = FIRST_ODD; i < N_SLOTS; i++)
    chunk->odd |= is_there(&values[i]);
  d->begun = 1;
  if (keep_text(&d->content, pick(values + DELTA_CONTENT), &chunk->content) &&
      keep_text(&d->reasoning, pick(values + DELTA_REASONING),
                &chunk->reasoning) &&
      keep_finish(d, values, chunk) && keep_tail(d, chunk, in_shape))
    return YJ_EVENT_CHUNK;
  return settle(d, YJ_EVENT_NO_MEMORY);
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

static int is_done_mark(const struct yj_slice *s) {
  return s->len == 6 && memcmp(s->text, "[DONE]", 6) == 0;
}

/* Follows the brackets and quotes of what is added to pending, so that a value
 * spread over many lines is read once, when it can be whole. */
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

/* Adds a line to pending; PENDING, or why that can not be. */
static enum yj_event hold(struct yj_decoder *d, const struct yj_slice *line) {
  size_t len = yj_buf_len(&d->pending), limit = limit_of(d);
  if (len >= limit || line->len > limit - len)
    return settle(d, YJ_EVENT_TOO_LARGE);
  if (len > 0 && !yj_buf_append(&d->pending, "\n", 1))
    return settle(d, YJ_EVENT_NO_MEMORY);
  if (!yj_buf_append(&d->pending, line->text, line->len))
    return settle(d, YJ_EVENT_NO_MEMORY);
  return YJ_EVENT_PENDING;
}

/* Keeps text that is no JSON, where the caller finds it; a final verdict. */
static enum yj_event refuse(struct yj_decoder *d, const struct yj_slice *text,
                            enum yj_event verdict) {
  forget_pending(d);
  if (!yj_buf_append(&d->pending, text->text, text->len))
    return settle(d, YJ_EVENT_NO_MEMORY);
  return settle(d, verdict);
}

/* A line that follows no open value. */
static enum yj_event read_line(struct yj_decoder *d, struct yj_slice *line,
                               int bare, struct yj_chunk *chunk) {
  struct yj_json_value values[N_SLOTS];
  size_t used = 0;
  struct yj_slice rest;
  switch (yj_shape_read(&d->shape, line->text, line->len, chunk_keys, values,
                        N_SLOTS, &used)) {
  case YJ_JSON_WHOLE:
    chunk->json.text = line->text;
    chunk->json.len = used;
    rest.text = line->text + used;
    rest.len = line->len - used;
    d->several = rest.len > 0;
    if (d->several && hold(d, &rest) != YJ_EVENT_PENDING)
      return d->verdict;
    return fill_chunk(d, chunk, values, d->shape.is_last);
  case YJ_JSON_INCOMPLETE:
    follow(d, line->text, line->len);
    return hold(d, line);
  default:
    if (d->begun || !bare)
      return refuse(d, line, YJ_EVENT_BAD);
    d->foreign = 1;
    return hold(d, line);
  }
}

/* Reads what lies in pending; `unfit` is the verdict if the value in it is not
 * whole, unless more lines may follow it. */
static enum yj_event read_pending(struct yj_decoder *d, enum yj_event unfit,
                                  struct yj_chunk *chunk) {
  struct yj_json_value values[N_SLOTS];
  size_t used = 0;
  struct yj_slice text;
  enum yj_event event;
  text.text = yj_buf_bytes(&d->pending);
  text.len = yj_buf_len(&d->pending);
  switch (yj_json_read(text.text, text.len, chunk_keys, values, N_SLOTS,
                       &used)) {
  case YJ_JSON_WHOLE:
    chunk->json.text = text.text;
    chunk->json.len = used;
    event = fill_chunk(d, chunk, values, 0);
    /* the slice outlives this: consuming moves indices, not bytes */
    yj_buf_consume(&d->pending, used);
    d->several = yj_buf_len(&d->pending) > 0;
    d->depth = 0;
    d->in_string = d->in_escape = 0;
    return event;
  case YJ_JSON_INCOMPLETE:
    if (!d->several)
      return settle(d, unfit);
    d->several = 0;
    follow(d, text.text, text.len);
    return YJ_EVENT_PENDING;
  default:
    return settle(d, is_done_mark(&text) ? YJ_EVENT_DONE : YJ_EVENT_BAD);
  }
}

/* A line while a value is open: it may be its next part. */
static enum yj_event extend(struct yj_decoder *d, const struct yj_slice *line,
                            struct yj_chunk *chunk) {
  size_t depth = d->depth;
  if (hold(d, line) != YJ_EVENT_PENDING)
    return d->verdict;
  if (d->foreign)
    return yj_buf_len(&d->pending) > FOREIGN_LIMIT ? settle(d, YJ_EVENT_BAD)
                                                   : YJ_EVENT_PENDING;
  follow(d, line->text, line->len);
  if (depth > 0 && d->depth == 0 && !d->in_string)
    return read_pending(d, YJ_EVENT_BAD, chunk);
  return YJ_EVENT_PENDING;
}

/* [DONE] where a value is open: the rest of that was lost. */
static enum yj_event take_line(struct yj_decoder *d, struct yj_slice *line,
                               enum yj_line kind, struct yj_chunk *chunk) {
  if (line->len > limit_of(d))
    return settle(d, YJ_EVENT_TOO_LARGE);
  trim(line);
  if (is_done_mark(line) && !d->in_string)
    return settle(d, yj_buf_len(&d->pending) > 0 ? YJ_EVENT_BAD
                                                 : YJ_EVENT_DONE);
  if (yj_buf_len(&d->pending) > 0 && kind == YJ_LINE_BLANK && !d->foreign)
    return read_pending(d, YJ_EVENT_BAD, chunk);
  if (yj_buf_len(&d->pending) > 0)
    return extend(d, line, chunk);
  if (line->len == 0)
    return YJ_EVENT_PENDING;
  return read_line(d, line, kind == YJ_LINE_BARE, chunk);
}

static enum yj_event at_end(struct yj_decoder *d, struct yj_chunk *chunk) {
  if (yj_buf_len(&d->pending) == 0)
    return settle(d, YJ_EVENT_END);
  if (d->foreign)
    return settle(d, YJ_EVENT_BAD);
  return read_pending(d, YJ_EVENT_CUT, chunk);
}

enum yj_event yj_decoder_next(struct yj_decoder *d, struct yj_chunk *chunk) {
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
    else if (yj_buf_len(&d->inbox) > limit_of(d) + FIELD_NAME)
      event = settle(d, YJ_EVENT_TOO_LARGE);
    else
      break;
  }
  return event;
}
