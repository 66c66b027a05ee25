/* json: reads a few fields out of one JSON value without building anything.
 *
 * One pass validates the whole value and remembers where the wanted fields
 * lie; a chunk of a stream then costs no full decode until somebody asks for
 * the rest. It takes and refuses exactly what lua-cjson's default instance
 * does (decode depth 1000, NaN and the like included), so that a document read
 * here can always be decoded there. Nothing here knows Lua or libcurl.
 */
#ifndef YJ_JSON_H
#define YJ_JSON_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

enum yj_json_type {
  YJ_JSON_ABSENT, /* the field was not in the document */
  YJ_JSON_NULL,
  YJ_JSON_FALSE,
  YJ_JSON_TRUE,
  YJ_JSON_NUMBER,
  YJ_JSON_STRING,
  YJ_JSON_OBJECT,
  YJ_JSON_ARRAY
};

/* Where a field lies: a slice of the caller's text, never owned. A string's
 * slice is what stands between its quotes, escapes and all. */
struct yj_json_value {
  enum yj_json_type type;
  int escaped; /* a string with a backslash in it */
  const char *text;
  size_t len;
};

/* A wanted field: the value under `name` goes to values[slot] (slot < 0: not
 * kept), and the value is searched on with `inside`, a list that ends with a
 * NULL name. With `first` the value must be an array and `inside` is looked
 * for in its first element; without it the value must be an object. */
struct yj_json_key {
  const char *name;
  unsigned char name_len;
  unsigned char first;
  signed char slot;
  const struct yj_json_key *inside;
};

enum yj_json_verdict {
  YJ_JSON_WHOLE,      /* a valid value stands at the start of the text */
  YJ_JSON_INCOMPLETE, /* the text ends inside what may yet become a value */
  YJ_JSON_INVALID     /* not JSON, whatever might follow */
};

/* Reads the one value at the start of text, blanks around it skipped. With
 * YJ_JSON_WHOLE *used is the number of bytes up to the next thing that is not
 * blank, so *used < len tells of something behind the value. `keys` (may be
 * NULL) are the wanted fields of a top-level object; values[0..n_values) is
 * cleared first. Where a name stands twice in an object the last one counts, as
 * in cjson, and what was found inside the earlier one is forgotten. Names
 * with escapes in them are compared unescaped. */
enum yj_json_verdict yj_json_read(const char *text, size_t len,
                                  const struct yj_json_key *keys,
                                  struct yj_json_value *values,
                                  size_t n_values, size_t *used);

/* Reads the string whose opening quote is at *p, and moves *p behind its closing
 * one; *escaped tells whether there is a backslash in it. */
enum yj_json_verdict yj_json_read_string(const char **p, const char *end,
                                         int *escaped);

/* Writes the string's bytes, escapes resolved, to out, which has room for
 * value->len bytes; returns how many were written. The value must come from
 * yj_json_read(), which has checked every escape. */
size_t yj_json_unescape(const struct yj_json_value *value, char *out);

#pragma GCC visibility pop

#endif
