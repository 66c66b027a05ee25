#include "shape.h"

#include <string.h>

/* The place of the comparison, in the document and in the kept one. */
struct cursor {
  const char *p, *end;       /* the document */
  const char *kept;          /* the document kept */
  size_t at, kept_len;
};

/* Whether the next n bytes are the same; if so, moves behind them. */
static int same(struct cursor *c, size_t n) {
  if ((size_t)(c->end - c->p) < n || memcmp(c->p, c->kept + c->at, n) != 0)
    return 0;
  c->p += n;
  c->at += n;
  return 1;
}

/* Whether the string here is written as `read` is: chunks have a text twice,
 * and it need not be read again. */
static int is_repeated(const struct cursor *c,
                       const struct yj_json_value *read) {
  return read != NULL && (size_t)(c->end - c->p) >= read->len + 2 &&
         memcmp(c->p, read->text - 1, read->len + 2) == 0;
}

/* A string, of any content. */
static int match_string(struct cursor *c, const struct yj_shape_field *field,
                        struct yj_json_value *value,
                        const struct yj_json_value *last) {
  const char *begin;
  if (!same(c, (size_t)field->begin - 1 - c->at))
    return 0;
  begin = c->p + 1;
  if (is_repeated(c, last)) {
    value->escaped = last->escaped;
    c->p += last->len + 2;
  } else if (yj_json_read_string(&c->p, c->end, &value->escaped) !=
             YJ_JSON_WHOLE) {
    return 0;
  }
  c->at = field->end + 1;
  value->text = begin;
  value->len = (size_t)(c->p - 1 - begin);
  return 1;
}

static int match_same(struct cursor *c, const struct yj_shape_field *field,
                      struct yj_json_value *value) {
  if (!same(c, field->end - c->at))
    return 0;
  value->escaped = 0;
  value->len = field->end - field->begin;
  value->text = c->p - value->len;
  return 1;
}

static int match(const struct yj_shape *shape, const char *text, size_t len,
                 struct yj_json_value *values) {
  struct cursor c = {text, text + len, yj_buf_bytes(&shape->text), 0,
                     yj_buf_len(&shape->text)};
  const struct yj_json_value *string = NULL; /* the last one */
  size_t i;
  for (i = 0; i < shape->n_fields; i++) {
    const struct yj_shape_field *field = &shape->fields[i];
    struct yj_json_value *value = &values[field->slot];
    value->type = (enum yj_json_type)field->type;
    if (!(field->type == YJ_JSON_STRING
              ? match_string(&c, field, value, string)
              : match_same(&c, field, value)))
      return 0;
    if (field->type == YJ_JSON_STRING)
      string = value;
  }
  return (size_t)(c.end - c.p) == c.kept_len - c.at &&
         same(&c, c.kept_len - c.at);
}

/* Keeps a document's text, or nothing when out of memory. */
static int keep(struct yj_shape *shape, const char *text, size_t len) {
  yj_buf_clear(&shape->text);
  shape->is_last = yj_buf_append(&shape->text, text, len) != 0;
  return shape->is_last;
}

static void place(struct yj_shape_field *field, const char *text,
                  const struct yj_json_value *value) {
  size_t begin = (size_t)(value->text - text);
  field->begin = (uint16_t)begin;
  field->end = (uint16_t)(begin + value->len);
}

/* The document that has been compared replaces the other. */
static void replace(struct yj_shape *shape, const char *text, size_t len,
                    const struct yj_json_value *values) {
  size_t i;
  if (keep(shape, text, len))
    for (i = 0; i < shape->n_fields; i++)
      place(&shape->fields[i], text, &values[shape->fields[i].slot]);
}

/* Inserts a field, by where it begins. */
static void insert(struct yj_shape *shape, size_t slot, const char *text,
                   const struct yj_json_value *value) {
  size_t begin = (size_t)(value->text - text), i = shape->n_fields++;
  for (; i > 0 && shape->fields[i - 1].begin > begin; i--)
    shape->fields[i] = shape->fields[i - 1];
  shape->fields[i].slot = (uint8_t)slot;
  shape->fields[i].type = (uint8_t)value->type;
  place(&shape->fields[i], text, value);
}

static void learn(struct yj_shape *shape, const char *text, size_t len,
                  const struct yj_json_value *values, size_t n_values) {
  size_t i;
  shape->n_fields = 0;
  if (n_values > YJ_SHAPE_FIELDS || !keep(shape, text, len))
    return;
  for (i = 0; i < n_values; i++)
    if (values[i].type != YJ_JSON_ABSENT)
      insert(shape, i, text, &values[i]);
}

enum yj_json_verdict yj_shape_read(struct yj_shape *shape, const char *text,
                                   size_t len, const struct yj_json_key *keys,
                                   struct yj_json_value *values,
                                   size_t n_values, size_t *used,
                                   struct yj_json_rest *rest) {
  enum yj_json_verdict verdict;
  memset(values, 0, n_values * sizeof *values);
  shape->is_last = 0;
  if (yj_buf_len(&shape->text) > 0 && len <= YJ_SHAPE_LONGEST &&
      match(shape, text, len, values)) {
    replace(shape, text, len, values);
    *used = len;
    rest->top = shape->top;
    rest->inside = shape->inside;
    rest->same = 1;
    rest->names = 0;
    return YJ_JSON_WHOLE;
  }
  verdict = yj_json_read(text, len, keys, values, n_values, used, rest);
  if (verdict == YJ_JSON_WHOLE && *used == len && len <= YJ_SHAPE_LONGEST) {
    learn(shape, text, len, values, n_values);
    shape->top = rest->top;
    shape->inside = rest->inside;
  }
  return verdict;
}

void yj_shape_free(struct yj_shape *shape) {
  yj_buf_free(&shape->text);
  shape->n_fields = 0;
}
